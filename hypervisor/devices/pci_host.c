/*
 * The machine's PCI host bridge: where its configuration space is, which
 * addresses are free, whose interrupts its pins are, what streams its
 * requests are (Devicetree Specification v0.4, 2.4.3; Linux's bindings
 * pci/host-generic-pci.yaml and pci/pci-iommu.txt). Of its buses only the
 * root's is looked at. Must not know VMs.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "devices/pci.h"
#include "devices/private.h"
#include "lib/string.h"
#include "platform/pass.h"
#include "vmm/bundle.h"

#define	SPACE(high)	((high) >> 24 & 3)	/* 2: memory, 32 bits */
#define	PREFETCH	(1u << 30)
#define	ROWS_MAX	1024		/* of a map */

static volatile uint8_t *ecam;

static volatile uint8_t *
config(unsigned int rid, unsigned int reg)
{

	/* The root bus's first function is where the ECAM begins. */
	return (ecam + ((rid & 0xffu) << 12) + reg);
}

static uint32_t
read_ecam(unsigned int rid, unsigned int reg, unsigned int size)
{
	volatile uint8_t *p = config(rid, reg);

	return (size == 4 ? *(volatile uint32_t *)p :
	    size == 2 ? *(volatile uint16_t *)p : *p);
}

static void
write_ecam(unsigned int rid, unsigned int reg, unsigned int size,
    uint32_t value)
{
	volatile uint8_t *p = config(rid, reg);

	if (size == 4)
		*(volatile uint32_t *)p = value;
	else if (size == 2)
		*(volatile uint16_t *)p = (uint16_t)value;
	else
		*p = (uint8_t)value;
}

const struct pci_config_ops pci_host_ops = { read_ecam, write_ecam };

struct search {
	struct pass	pass;
	struct pci_host	*h;
	const struct platform *plat;
	const char	*why;
	uint32_t	gic, gic_cells, gic_unit_cells;
};

/* The interrupt controller: who the map's rows are to name. */
static int
visit_gic(void *ctx, struct tree_node *n)
{
	struct search *s = ctx;
	struct platform_range r;
	struct tree_value v;

	if (!tree_get(n, "interrupt-controller", &v) ||
	    pass_reg(&s->pass, n, 0, &r) != 1 ||
	    r.base.v != s->plat->gic.gicd.base.v)
		return (0);
	s->gic = tree_u32(n, "phandle", 0);
	s->gic_cells = tree_u32(n, "#interrupt-cells", 3);
	s->gic_unit_cells = tree_u32(n, "#address-cells", 0);
	return (1);
}

/* A row: unit address (3), pin, controller, its unit address, specifier. */
static void
read_interrupts(struct search *s, const struct tree_node *n)
{
	uint32_t spec = 5 + s->gic_unit_cells, row = spec + s->gic_cells;
	struct tree_value map, mask;

	if (!tree_get(n, "interrupt-map", &map) || s->gic == 0 ||
	    s->gic_cells - 3 > 1 || s->gic_unit_cells > 2)
		return;
	bool masked = tree_get(n, "interrupt-map-mask", &mask);
	uint32_t unit = masked ? tree_cell(&mask, 0) : ~0u;
	uint32_t pins = masked ? tree_cell(&mask, 3) : ~0u;
	for (uint32_t at = 0; at / row < ROWS_MAX && at + row <= map.len / 4;
	    at += row) {
		uint32_t spi = tree_cell(&map, at + spec + 1);
		bool level = (tree_cell(&map, at + spec + 2) & 3) == 0;

		if (tree_cell(&map, at + 4) != s->gic ||
		    tree_cell(&map, at + spec) != 0 || spi >= 988 || !level)
			continue;
		for (uint32_t dev = 0; dev < 32; dev++)
			for (uint32_t pin = 1; pin <= 4; pin++)
				if (((tree_cell(&map, at) ^ dev << 11) &
				    unit) == 0 && ((tree_cell(&map, at + 3) ^
				    pin) & pins) == 0)
					s->h->intid[dev][pin - 1] =
					    (uint16_t)(spi + 32);
	}
}

static void
read_map(struct pci_map *m, const struct tree_node *n, const char *prop,
    const char *mask)
{
	struct tree_value v;

	m->mask = tree_u32(n, mask, ~0u);
	if (!tree_get(n, prop, &v))
		return;
	for (uint32_t i = 0; i < v.len / 16 && m->n < PCI_MAP_ROWS; i++) {
		m->row[m->n].rid = tree_cell(&v, i * 4);
		m->row[m->n].phandle = tree_cell(&v, i * 4 + 1);
		m->row[m->n].to = tree_cell(&v, i * 4 + 2);
		m->row[m->n++].length = tree_cell(&v, i * 4 + 3);
	}
}

/* The first range of memory that any BAR can be in. */
static const char *
read_window(struct search *s, const struct tree_node *n)
{
	struct pci_host *h = s->h;
	uint32_t up = tree_u32(n->up, "#address-cells", 2);
	uint32_t row = 5 + up;
	struct tree_value v;

	if (tree_u32(n, "#address-cells", 0) != 3 || up - 1 > 1 ||
	    !tree_get(n, "ranges", &v))
		return ("has no ranges that are understood");
	if (n->up->up != NULL && (!tree_get(n->up, "ranges", &v) ||
	    v.len != 0))
		return ("is behind ranges of another bus");
	tree_get(n, "ranges", &v);
	for (uint32_t at = 0; at / row < ROWS_MAX && at + row <= v.len / 4;
	    at += row) {
		uint32_t high = tree_cell(&v, at);

		if (SPACE(high) != 2 || (high & PREFETCH) != 0)
			continue;
		h->pci = tree_number(&v, at + 1, 2);
		h->window.base = PA(tree_number(&v, at + 3, up));
		h->window.size = tree_number(&v, at + 3 + up, 2);
		if (((h->pci | h->window.base.v) & (PAGE_SIZE - 1)) == 0 &&
		    h->window.size - 1 < UINT32_MAX &&
		    (h->pci + h->window.size - 1) >> 32 == 0 &&
		    pass_range_ok(&h->window) &&
		    !extent_meets(&s->plat->ram, h->window.base.v,
		    h->window.size) &&
		    extent_add(&h->free, h->pci, h->window.size) == 0)
			return (NULL);
	}
	return ("has no range of memory of 32 bits");
}

static int
visit_host(void *ctx, struct tree_node *n)
{
	struct pci_host *h = ((struct search *)ctx)->h;
	struct search *s = ctx;
	struct tree_value v;

	if (n->up == NULL || !tree_get(n, "compatible", &v) ||
	    !tree_lists(&v, "pci-host-ecam-generic") || !pass_okay(n) ||
	    pass_reg(&s->pass, n, 0, &h->ecam) != 1)
		return (0);
	h->bus = tree_u32(n, "bus-range", 0) & 0xff;
	h->coherent = tree_get(n, "dma-coherent", &v);
	if (h->ecam.size < 1ul << 20 || h->ecam.base.v % PAGE_SIZE != 0)
		s->why = "has an ECAM of less than a bus";
	else if ((s->why = read_window(s, n)) == NULL) {
		read_interrupts(s, n);
		read_map(&h->streams, n, "iommu-map", "iommu-map-mask");
		read_map(&h->messages, n, "msi-map", "msi-map-mask");
		/* Without a map they are called what they are. */
		if (h->messages.n == 0 && tree_get(n, "msi-parent", &v)) {
			h->messages.row[0].phandle = tree_cell(&v, 0);
			h->messages.row[0].length = 1u << 16;
			h->messages.n = 1;
		}
	}
	return (1);
}

static void
keep(struct pci_host *h, uint64_t base, uint64_t size)
{

	/* Whole pages, as a VM gets them. If too many pieces are left: none. */
	if (extent_remove(&h->free, round_down(base, PAGE_SIZE), round_up(base +
	    size, PAGE_SIZE) - round_down(base, PAGE_SIZE)) != 0)
		h->free.n = 0;
}

/* What has been given addresses by firmware keeps them. */
static void
keep_used(struct pci_host *h)
{
	uint64_t address, size;
	uint32_t flags;

	for (unsigned int rid = h->bus << 8; rid < (h->bus + 1) << 8; rid++) {
		if ((read_ecam(rid, PCI_VENDOR, 4) & 0xffff) == 0xffff)
			continue;
		bool bridge = PCI_HEADER_TYPE(read_ecam(rid, PCI_CACHE_LINE,
		    4)) != 0;
		uint32_t command = read_ecam(rid, PCI_COMMAND, 2);
		if (bridge) {
			uint32_t v = read_ecam(rid, PCI_BRIDGE_MEMORY, 4);
			uint64_t base = (v & 0xfff0u) << 16;
			uint64_t end = (v & 0xfff00000u) + 0x100000ul;

			if (base < end && (command & PCI_COMMAND_MEMORY) != 0)
				keep(h, base, end - base);
		}
		for (unsigned int i = 0; i < (bridge ? 2 : PCI_BARS); i++) {
			if (read_ecam(rid, PCI_BAR(i), 4) == 0)
				continue;
			/* Nothing may decode what is written to size it. */
			write_ecam(rid, PCI_COMMAND, 2,
			    command & ~PCI_COMMAND_MEMORY);
			size = pci_config_size(&pci_host_ops, rid, i, &address,
			    &flags);
			write_ecam(rid, PCI_COMMAND, 2, command);
			if (size != 0)
				keep(h, address, size);
			i += (flags & (PCI_BAR_64 | PCI_BAR_IO)) == PCI_BAR_64;
		}
	}
}

const char *
pci_host_find(struct pci_host *h, const void *dtb,
    const struct platform *plat,
    void (*map)(pa_t base, uint64_t size, enum pt_memory memory))
{
	char err[VM_ERR];
	struct search s = { .h = h, .plat = plat, .pass = { .err = err,
	    .errlen = VM_ERR } };
	struct tree_node root, again;

	*h = (struct pci_host){ .bus = 0 };
	if (tree_open(&root, dtb, DEVICES_DTB_MAX, err, VM_ERR) != 0)
		return ("no device tree that can be read");
	again = root;
	tree_walk(&again, visit_gic, &s);
	if (tree_walk(&root, visit_host, &s) == 0)
		return ("no PCI host bridge with an ECAM (pci-host-ecam-"
		    "generic) in the machine's device tree");
	if (s.why != NULL)
		return (s.why);
	h->ecam.size = 1ul << 20;	/* of one bus */
	map(h->ecam.base, h->ecam.size, PT_DEVICE);
	ecam = port_pa_to_ptr(h->ecam.base);
	keep_used(h);
	return (NULL);
}

bool
pci_host_bridge(const struct pci_host *h, unsigned int bus,
    unsigned int *bridge)
{

	for (unsigned int rid = h->bus << 8; rid < (h->bus + 1) << 8; rid++) {
		uint32_t buses = read_ecam(rid, PCI_BRIDGE_BUSES, 4);

		if ((read_ecam(rid, PCI_VENDOR, 4) & 0xffff) == 0xffff ||
		    PCI_HEADER_TYPE(read_ecam(rid, PCI_CACHE_LINE, 4)) != 1 ||
		    bus < (buses >> 8 & 0xff) || bus > (buses >> 16 & 0xff))
			continue;
		*bridge = rid;
		return (true);
	}
	return (false);
}

bool
pci_map_find(const struct pci_map *m, unsigned int rid, uint32_t *phandle,
    uint32_t *to)
{

	for (unsigned int i = 0; i < m->n; i++) {
		uint32_t at = (rid & m->mask) - m->row[i].rid;

		if (at < m->row[i].length) {
			*phandle = m->row[i].phandle;
			*to = m->row[i].to + at;
			return (true);
		}
	}
	return (false);
}

uint32_t
pci_map_last(const struct pci_host *h, const struct pci_map *m,
    uint32_t phandle)
{
	uint32_t last = 0, to, of;

	for (unsigned int rid = h->bus << 8; rid < (h->bus + 1) << 8; rid++)
		if (pci_map_find(m, rid, &of, &to) && of == phandle &&
		    to > last)
			last = to;
	return (last);
}
