/*
 * Configuration space of a VM's functions; see pci_config.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "devices/pci_config.h"

#define	CAP_MSI		0x05
#define	CAP_EXPRESS	0x10
#define	EXPRESS_CAPS	4		/* of the device */
#define	 EXPRESS_FLR	(1u << 28)
#define	EXPRESS_CONTROL	8
#define	 EXPRESS_RESET	(1u << 15)
#define	CAP_MSIX	0x11
#define	CAP_EA		0x14		/* Enhanced Allocation */
#define	MSI_64		(1u << 23)	/* 4 bytes longer; with masks 8 more */
#define	MSI_MASKS	(1u << 24)
#define	MSI_LOG2(cap)	((cap) >> 17 & 7)
#define	MSIX_BYTES	12
#define	MSIX_LAST(cap)	((cap) >> 16 & 0x7ff)
#define	CAP_CONTROL	2		/* of both: bits that turn them on */
#define	CAPS_MAX	48		/* that fit */

/* What a guest may have set; I/O space is not there. */
#define	COMMAND_MASK	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |	\
			    PCI_COMMAND_NO_INTX | 1u << 6 | 1u << 8)
#define	STATUS_W1C	0xf900u		/* of the 16 bits of status */
#define	MULTI_FUNCTION	(1u << 23)
#define	BIST		0xff000000u

static uint32_t
hw_read(const struct pci_function *f, unsigned int reg)
{

	return (f->ops->read(f->rid, reg, 4));
}

static void
hw_command(const struct pci_function *f, uint32_t command)
{

	f->ops->write(f->rid, PCI_COMMAND, 2, command);
}

uint64_t
pci_config_size(const struct pci_config_ops *ops, unsigned int rid,
    unsigned int bar, uint64_t *address, uint32_t *flags)
{
	unsigned int reg = PCI_BAR(bar);
	uint32_t low = ops->read(rid, reg, 4), high = 0;
	uint32_t mask, mask_high = ~0u;

	*flags = low & 15;
	if ((low & PCI_BAR_IO) != 0) {
		*address = low & ~3u;
		return (0);
	}
	bool wide = (low & PCI_BAR_64) != 0 && bar + 1 < PCI_BARS;
	ops->write(rid, reg, 4, ~0u);
	mask = ops->read(rid, reg, 4) & ~15u;
	ops->write(rid, reg, 4, low);
	if (wide) {
		high = ops->read(rid, reg + 4, 4);
		ops->write(rid, reg + 4, 4, ~0u);
		mask_high = ops->read(rid, reg + 4, 4);
		ops->write(rid, reg + 4, 4, high);
	}
	*address = (uint64_t)high << 32 | (low & ~15u);
	if (mask == 0 && (!wide || mask_high == 0))
		return (0);
	return (~((uint64_t)mask_high << 32 | mask) + 1);
}

unsigned int
pci_config_messages(const struct pci_function *f)
{
	unsigned int n = f->msix != 0 ? MSIX_LAST(hw_read(f, f->msix)) + 1 : 0;
	unsigned int msi = f->msi != 0 ? 1u << MSI_LOG2(hw_read(f, f->msi)) :
	    0;

	return (n > msi ? n : msi);
}

/* Firmware, or a guest, may have turned them on. */
static void
no_messages(const struct pci_function *f)
{

	if (f->msi != 0)
		f->ops->write(f->rid, f->msi + CAP_CONTROL, 2, 0);
	if (f->msix != 0)
		f->ops->write(f->rid, f->msix + CAP_CONTROL, 2, 0);
}

/* The first dword of a capability, with no more messages than are given. */
static uint32_t
messages(const struct pci_function *f, unsigned int reg, uint32_t cap)
{
	uint32_t last = f->messages - 1u, log2 = MSI_LOG2(cap);

	if (reg == f->msix)
		return (MSIX_LAST(cap) <= last ? cap :
		    (cap & ~(0x7ffu << 16)) | last << 16);
	while (log2 > 0 && 1u << log2 > f->messages)
		log2--;
	return ((cap & ~(7u << 17)) | log2 << 17);
}

/* Capabilities that matter, by their offsets. */
static const char *
find_caps(struct pci_function *f)
{
	unsigned int at;

	if ((hw_read(f, PCI_COMMAND) & PCI_STATUS_CAPS) == 0)
		return (NULL);
	at = hw_read(f, PCI_CAPS) & 0xfc;
	for (unsigned int i = 0; at >= 0x40 && i < CAPS_MAX; i++) {
		uint32_t cap = hw_read(f, at);

		if ((cap & 0xff) == CAP_MSI) {
			f->msi = (uint8_t)at;
			f->msi_bytes = (uint8_t)(12 + (cap & MSI_64 ? 4 : 0) +
			    (cap & MSI_MASKS ? 8 : 0));
		} else if ((cap & 0xff) == CAP_MSIX)
			f->msix = (uint8_t)at;
		else if ((cap & 0xff) == CAP_EXPRESS &&
		    (hw_read(f, at + EXPRESS_CAPS) & EXPRESS_FLR) != 0)
			f->flr = (uint8_t)at;
		else if ((cap & 0xff) == CAP_EA)
			return ("of fixed addresses (Enhanced Allocation)");
		at = cap >> 8 & 0xfc;
	}
	return (NULL);
}

const char *
pci_config_init(struct pci_function *f, const struct pci_config_ops *ops,
    unsigned int rid)
{
	uint64_t address;
	uint32_t flags;

	*f = (struct pci_function){ .ops = ops, .rid = (uint16_t)rid };
	if ((hw_read(f, PCI_VENDOR) & 0xffff) == 0xffff)
		return ("not there");
	if (PCI_HEADER_TYPE(hw_read(f, PCI_CACHE_LINE)) != 0)
		return ("a bridge: what is behind it stays the machine's");
	hw_command(f, PCI_COMMAND_NO_INTX);
	f->pin = (uint8_t)PCI_PIN(hw_read(f, PCI_INTERRUPT));
	if (f->pin > 4)
		return ("broken: its interrupt pin is none of four");
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		f->bar[i].size = pci_config_size(ops, rid, i, &address,
		    &flags);
		/* A power of two, or the function is broken. */
		if ((f->bar[i].size & (f->bar[i].size - 1)) != 0)
			return ("broken: a BAR has no size");
		if (f->bar[i].size == 0)
			continue;
		f->bar[i].flags = flags;
		if ((flags & PCI_BAR_64) != 0 && i + 1 < PCI_BARS)
			f->bar[++i].upper = true;
	}
	const char *why = find_caps(f);
	no_messages(f);
	return (why);
}

/* Whether all BARs are where the VM may have them. */
static bool
placed(const struct pci_function *f)
{

	for (unsigned int i = 0; i < PCI_BARS; i++)
		if (f->bar[i].size != 0 && (f->bar[i].size > f->window_size ||
		    f->bar[i].value - f->window >
		    f->window_size - f->bar[i].size))
			return (false);
	return (true);
}

/* What the guest has set, to the function: memory only where all is placed. */
static void
apply(const struct pci_function *f)
{
	uint32_t command = f->command;

	if ((command & PCI_COMMAND_MEMORY) == 0 || !placed(f)) {
		hw_command(f, command & ~PCI_COMMAND_MEMORY);
		return;
	}
	/* It may have forgotten them, by a reset of its own. */
	hw_command(f, command & ~PCI_COMMAND_MEMORY);
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		if (f->bar[i].size == 0)
			continue;
		f->ops->write(f->rid, PCI_BAR(i), 4,
		    (uint32_t)f->bar[i].value);
		if ((f->bar[i].flags & PCI_BAR_64) != 0)
			f->ops->write(f->rid, PCI_BAR(i) + 4, 4,
			    (uint32_t)(f->bar[i].value >> 32));
	}
	hw_command(f, command);
}

void
pci_config_off(struct pci_function *f)
{

	f->command = 0;
	f->line = 0;
	for (unsigned int i = 0; i < PCI_BARS; i++)
		f->bar[i].value = 0;
	pci_config_on(f);
}

void
pci_config_on(const struct pci_function *f)
{

	hw_command(f, PCI_COMMAND_NO_INTX);
	no_messages(f);
}

void
pci_config_reset(const struct pci_function *f)
{
	unsigned int reg = f->flr + EXPRESS_CONTROL;

	if (f->flr != 0)
		f->ops->write(f->rid, reg, 2, f->ops->read(f->rid, reg, 2) |
		    EXPRESS_RESET);
}

static uint32_t
bar_read(const struct pci_function *f, unsigned int i)
{

	return (f->bar[i].upper ? (uint32_t)(f->bar[i - 1].value >> 32) :
	    (uint32_t)f->bar[i].value | f->bar[i].flags);
}

static void
bar_write(struct pci_function *f, unsigned int i, uint32_t v)
{
	bool upper = f->bar[i].upper;
	uint64_t old;

	i -= upper;
	if (f->bar[i].size == 0)
		return;
	old = f->bar[i].value;
	f->bar[i].value = (upper ? (uint64_t)v << 32 | (uint32_t)old :
	    (old >> 32 << 32 | v)) & ~(f->bar[i].size - 1);
	apply(f);
}

static bool
hidden(const struct pci_function *f, unsigned int reg)
{

	return (f->messages == 0 &&
	    ((f->msi != 0 && reg - f->msi < f->msi_bytes) ||
	    (f->msix != 0 && reg - f->msix < MSIX_BYTES)));
}

/* What the guest finds in the four bytes at reg. */
static uint32_t
get(const struct pci_function *f, unsigned int reg)
{

	if (reg >= PCI_CONFIG_SIZE)
		return (0);
	if (reg >= PCI_BAR(0) && reg < PCI_BAR(PCI_BARS))
		return (bar_read(f, (reg - PCI_BAR(0)) / 4));
	if (reg == PCI_ROM)
		return (0);
	uint32_t v = hw_read(f, reg);
	if (reg == PCI_COMMAND)
		return ((v & 0xffff0000u) | f->command);
	if (reg == PCI_CACHE_LINE)
		return (v & ~(MULTI_FUNCTION | BIST));
	if (reg == PCI_INTERRUPT)
		return ((v & ~0xffu) | f->line);
	/* A null capability, in the list as before. */
	if (reg != 0 && (reg == f->msi || reg == f->msix))
		return (f->messages != 0 ? messages(f, reg, v) : v & 0xff00u);
	return (hidden(f, reg) ? 0 : v);
}

static void
put(struct pci_function *f, unsigned int reg, unsigned int size, uint32_t v)
{
	unsigned int shift = 8 * (reg & 3), at = reg & ~3u;
	uint32_t bytes = (size == 4 ? ~0u : (1u << 8 * size) - 1) << shift;

	if (at >= 0x40) {
		if (at < PCI_CONFIG_SIZE && !hidden(f, at))
			f->ops->write(f->rid, reg, size, v);
		return;
	}
	uint32_t old = get(f, at), new = (old & ~bytes) | (v << shift & bytes);
	if (at == PCI_COMMAND) {
		if ((bytes >> 16 & STATUS_W1C) != 0)
			f->ops->write(f->rid, PCI_COMMAND + 2, 2,
			    (v << shift & bytes) >> 16 & STATUS_W1C);
		f->command = (uint16_t)(new & COMMAND_MASK);
		if ((bytes & 0xffff) != 0)
			apply(f);
	} else if (at == PCI_CACHE_LINE)
		f->ops->write(f->rid, at, 2, new & 0xffff);
	else if (at >= PCI_BAR(0) && at < PCI_BAR(PCI_BARS))
		bar_write(f, (at - PCI_BAR(0)) / 4, new);
	else if (at == PCI_INTERRUPT)
		f->line = (uint8_t)new;
}

enum mmio_result
pci_config_mmio(struct pci_bus *b, struct mmio *m)
{
	unsigned int slot = m->offset >> 15, reg = m->offset & 0xfff;
	bool there = slot < b->n && (m->offset >> 12 & 7) == 0;

	if (m->size > 4 || m->offset % m->size != 0)
		return (MMIO_FAULT);
	if (m->write) {
		if (there)
			put(&b->slot[slot], reg, m->size, (uint32_t)m->value);
		return (MMIO_OK);
	}
	uint32_t v = there ? get(&b->slot[slot], reg & ~3u) : ~0u;
	v >>= 8 * (reg & 3);
	m->value = m->size == 4 ? v : v & ((1u << 8 * m->size) - 1);
	return (MMIO_OK);
}
