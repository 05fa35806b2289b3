/*
 * Device ranges and SPIs of the machine that VMs ask for: the node
 * "passthrough" of a bundle (abi/bundle.h), and what the guest's tree says of
 * them. Must not know what the devices are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/bundle.h"
#include "lib/dtw.h"
#include "lib/extent.h"
#include "lib/string.h"
#include "vmm/bundle.h"

#define	NODE_NAME	46		/* less the unit address */

/* What a node under passthrough says. */
struct asked {
	struct tree_value reg, spis, compatible;
	bool		edge, read_only;
};

#define	AT(member)	offsetof(struct asked, member)

/* Has c any of this range, by its own addresses or by the machine's? */
static bool
has_range(const struct vm_config *c, uint64_t ipa, uint64_t pa, uint64_t size)
{

	for (unsigned int i = 0; i < c->ndevices; i++) {
		const struct vm_device *d = &c->devices[i];

		if (extent_overlap(ipa, size, d->ipa.v, d->size) ||
		    extent_overlap(pa, size, d->pa.v, d->size))
			return (true);
	}
	return (false);
}

static bool
has_spi(const struct vm_config *c, uint32_t intid)
{

	for (unsigned int i = 0; i < c->nspis; i++)
		if (c->spis[i].intid == intid)
			return (true);
	return (false);
}

/* The VM that was given any of this range, or this SPI (0: none). */
static const struct vm *
owner(uint64_t pa, uint64_t size, uint32_t intid)
{
	const struct vm *vm;

	for (unsigned int i = 0; i < VM_MAX; i++)
		if ((vm = vm_by_index(i)) != NULL && (has_range(&vm->config,
		    UINT64_MAX, pa, size) || has_spi(&vm->config, intid)))
			return (vm);
	return (NULL);
}

/* May a guest have this range, of those that it asked for until now? */
static bool
check_range(const struct tree_node *n, const struct vm_config *c, uint64_t ipa,
    uint64_t pa, uint64_t size)
{
	static const struct {
		uint32_t	base, size;
		const char	*what;
	} emulated[] = {
		{ MACHINE_GICD_BASE, MACHINE_GICD_SIZE, "GIC" },
		{ MACHINE_GICC_BASE, MACHINE_GICC_SIZE, "GIC" },
		{ MACHINE_GICR_BASE, MACHINE_GICR_STRIDE * MACHINE_MAX_VCPUS,
		    "GIC" },
		{ MACHINE_ITS_BASE, MACHINE_ITS_SIZE, "ITS" },
		{ MACHINE_UART_BASE, MACHINE_UART_SIZE, "UART" },
		{ MACHINE_RTC_BASE, MACHINE_RTC_SIZE, "clock" },
		{ MACHINE_VIRTIO_BASE, MACHINE_VIRTIO_SIZE, "virtio window" },
		{ MACHINE_SHARE_BASE, MACHINE_SHARE_SIZE, "shared memory" },
	};
	const char *why = NULL;

	if (size == 0 || ((ipa | pa | size) & (PAGE_SIZE - 1)) != 0)
		why = "not whole pages";
	else if (ipa + size < ipa || (ipa + size - 1) >> host.ipa_bits != 0 ||
	    pa + size < pa)
		why = "ends beyond the addresses there are";
	else if (extent_overlap(ipa, size, MACHINE_RAM_BASE, c->memory))
		why = "overlaps the VM's RAM";
	else if (has_range(c, ipa, pa, size))
		why = "overlaps another range of this VM";
	if (why != NULL)
		return (node_say(n, "reg", "IPA 0x%lx: %s", ipa, why));
	for (unsigned int i = 0; i < nitems(emulated); i++)
		if (extent_overlap(ipa, size, emulated[i].base,
		    emulated[i].size))
			return (node_say(n, "reg", "IPA 0x%lx: overlaps the "
			    "VM's %s", ipa, emulated[i].what));
	if ((why = host.owner_of_pa(PA(pa), size)) != NULL)
		return (node_say(n, "reg", "PA 0x%lx: is %s", pa, why));
	const struct vm *vm = owner(pa, size, 0);
	return (vm == NULL || node_say(n, "reg", "PA 0x%lx: is given to VM %s "
	    "already", pa, vm->config.name));
}

bool
passthrough_spi(const struct tree_node *n, const char *prop,
    struct vm_config *c, uint32_t intid, bool edge)
{
	const struct vm *vm = owner(0, 0, intid);
	const char *why;

	if (c->nspis == VM_MAX_PASSTHROUGH)
		return (node_say(n, prop, "more than %d", VM_MAX_PASSTHROUGH));
	if (intid < 32 || intid >= MACHINE_NR_INTID)
		return (node_say(n, prop, "%u is no SPI (32 to %d)",
		    intid, MACHINE_NR_INTID - 1));
	if (intid == MACHINE_UART_INTID || intid == MACHINE_RTC_INTID)
		return (node_say(n, prop, "%u is that of the VM's %s",
		    intid, intid == MACHINE_UART_INTID ? "UART" : "clock"));
	if (has_spi(c, intid))
		return (node_say(n, prop, "%u is named twice", intid));
	if ((why = host.owner_of_intid(intid)) != NULL)
		return (node_say(n, prop, "%u is %s", intid, why));
	if (vm != NULL)
		return (node_say(n, prop, "%u is given to VM %s already",
		    intid, vm->config.name));
	c->spis[c->nspis++] = (struct vm_spi){ intid, edge };
	return (true);
}

static bool
read_device(const struct tree_node *n, struct vm_config *c)
{
	struct asked is = { .edge = false };
	static const struct node_prop props[] = {
		{ "reg", NODE_BYTES, .at = AT(reg) },
		{ "interrupts", NODE_BYTES, .at = AT(spis) },
		{ "edge", NODE_FLAG, .at = AT(edge) },
		{ "read-only", NODE_FLAG, .at = AT(read_only) },
		{ "compatible", NODE_BYTES, .at = AT(compatible) },
	};

	if (!node_read(n, props, nitems(props), &is))
		return (false);
	/* Three times two cells each; or it is nothing but an interrupt. */
	unsigned int nregs = is.reg.len / 24, nspis = is.spis.len / 4;
	if (nregs + nspis == 0 || is.reg.len % 24 != 0)
		return (node_say(n, "reg", "wants IPA, PA and size, two "
		    "cells each"));
	if (is.spis.len % 4 != 0)
		return (node_say(n, "interrupts", "wants one cell each"));
	if (c->ndevices + nregs > VM_MAX_PASSTHROUGH)
		return (node_say(n, "reg", "more than %d ranges",
		    VM_MAX_PASSTHROUGH));
	c->fdt_bytes += NODE_NAME + 114 + is.compatible.len + nregs * 16 +
	    nspis * 12;
	for (unsigned int i = 0; i < nregs; i++) {
		uint64_t ipa = tree_number(&is.reg, i * 6, 2);
		uint64_t pa = tree_number(&is.reg, i * 6 + 2, 2);
		uint64_t size = tree_number(&is.reg, i * 6 + 4, 2);

		if (!check_range(n, c, ipa, pa, size))
			return (false);
		c->devices[c->ndevices++] = (struct vm_device){ IPA(ipa),
		    PA(pa), size, is.read_only };
	}
	for (unsigned int i = 0; i < nspis; i++)
		if (!passthrough_spi(n, "interrupts", c, tree_cell(&is.spis,
		    i), is.edge))
			return (false);
	return (true);
}

bool
passthrough_read(struct tree_node *n, struct vm_config *c)
{
	struct tree_node dev;

	c->fdt_bytes += 128;
	if (!node_read(n, NULL, 0, NULL))
		return (false);
	while (tree_child(n, &dev))
		if (!read_device(&dev, c))
			return (false);
	return (true);
}

/* What the bundle says of a passed-through device, and no more. */
static void
write_device(struct dtw *t, const struct tree_node *n)
{
	uint32_t reg[VM_MAX_PASSTHROUGH * 4], spi[VM_MAX_PASSTHROUGH * 3];
	uint32_t *r = reg, *s = spi;
	struct tree_value regs, spis, v;
	uint32_t trigger = tree_get(n, "edge", &v) ? 1 : 4;
	int len = 0;

	tree_get(n, "reg", &regs);
	tree_get(n, "interrupts", &spis);
	while (len < NODE_NAME && n->name[len] != '\0' && n->name[len] != '@')
		len++;
	dtw_node(t, "%.*s@%lx", len, n->name, regs.len != 0 ?
	    tree_number(&regs, 0, 2) : tree_cell(&spis, 0));
	if (tree_get(n, "compatible", &v))
		dtw_bytes(t, "compatible", v.data, v.len);
	for (uint32_t i = 0; i < regs.len / 4; i++)
		if (i % 6 / 2 != 1)		/* IPA, PA, size: not the PA */
			*r++ = tree_cell(&regs, i);
	for (uint32_t i = 0; i < spis.len / 4; i++) {
		*s++ = 0;
		*s++ = tree_cell(&spis, i) - 32;
		*s++ = trigger;
	}
	if (r != reg)
		dtw_cells(t, "reg", reg, (size_t)(r - reg));
	if (s != spi)
		dtw_cells(t, "interrupts", spi, (size_t)(s - spi));
	dtw_end(t);
}

void
passthrough_write(struct dtw *t, struct tree_node vm)
{
	struct tree_node n, dev;

	vm.next = vm.props;			/* from the first child on */
	while (tree_child(&vm, &n)) {
		if (strcmp(n.name, BUNDLE_PASSTHROUGH) != 0)
			continue;
		dtw_node(t, "passthrough");
		dtw_string(t, "compatible", "simple-bus");
		DTW_CELLS(t, "#address-cells", 2);
		DTW_CELLS(t, "#size-cells", 2);
		dtw_bytes(t, "ranges", "", 0);
		while (tree_child(&n, &dev))
			write_device(t, &dev);
		dtw_end(t);
	}
}
