/*
 * Interrupts as a device tree writes them, to INTIDs of the GIC; see pass.h.
 * Their form there: type, number, flags (Linux's binding arm,gic-v3; types 0
 * SPI, 1 PPI; flags 1 rising, 2 falling edge, 4 active high, 8 low).
 * Extended ranges are not supported. Must not know what they are for.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "platform/nexus.h"

#define	SPI_MAX		988	/* INTIDs 32 to 1019 */
#define	PPI_MAX		16

void
intid_specifier(const struct tree_value *v, uint32_t at,
    struct platform_irq *irq)
{
	uint32_t type = tree_cell(v, at), n = tree_cell(v, at + 1);

	if (type > 1 || n >= (type == 0 ? SPI_MAX : PPI_MAX))
		return;
	irq->intid = (uint16_t)(n + (type == 0 ? 32 : 16));
	irq->edge = (tree_cell(v, at + 2) & 3) != 0;
}

void
intid_decode(const struct pass *s, const struct tree_value *v, uint32_t i,
    bool extended, struct platform_irq *irq)
{
	uint32_t at = i * (s->gic_cells + extended);

	if (v->len / 4 >= at + s->gic_cells + extended &&
	    (!extended || tree_cell(v, at) == s->gic))
		intid_specifier(v, at + extended, irq);
}

/* Devicetree Specification v0.4, 2.4.1: of the nearest that has one. */
uint32_t
intid_parent(const struct tree_node *n, const struct tree_node **nexus)
{
	struct tree_value v;

	for (*nexus = NULL; !tree_get(n, "interrupt-parent", &v); n = n->up) {
		if (n->up == NULL)
			return (0);
		if (tree_u32(n->up, "#interrupt-cells", 0) != 0) {
			if (tree_get(n->up, "interrupt-map", &v))
				*nexus = n->up;
			return (tree_u32(n->up, "phandle", 0));
		}
	}
	return (tree_cell(&v, 0));
}

void
intid_of_node(const struct pass *s, const struct tree_node *n,
    struct platform_irq *irq)
{
	const struct tree_node *nexus;
	struct tree_value v;

	if (s->gic == 0)
		return;
	if (tree_get(n, "interrupts-extended", &v)) {
		intid_decode(s, &v, 0, true, irq);
	} else if (tree_get(n, "interrupts", &v)) {
		uint32_t parent = intid_parent(n, &nexus);

		if (nexus != NULL)
			nexus_map(s, n, nexus, &v, irq);
		else if (parent == s->gic)
			intid_decode(s, &v, 0, false, irq);
	}
}
