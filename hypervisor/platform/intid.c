/*
 * Interrupt specifiers; see intid.h. Their form for a GIC: type, number,
 * flags (Linux's binding arm,gic-v3; types 0 SPI, 1 PPI; flags 1 rising,
 * 2 falling edge, 4 active high, 8 low). Extended ranges are not supported.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "platform/intid.h"

#define	SPI_MAX		988	/* INTIDs 32 to 1019 */
#define	PPI_MAX		16

static void
intid_specifier(const struct tree_value *v, uint32_t at,
    struct platform_irq *irq)
{
	uint32_t type = tree_cell(v, at), n = tree_cell(v, at + 1);
	uint32_t flags = tree_cell(v, at + 2);

	if (type == 0 && n < SPI_MAX)
		irq->intid = (uint16_t)(32 + n);
	else if (type == 1 && n < PPI_MAX)
		irq->intid = (uint16_t)(16 + n);
	else
		return;
	irq->edge = (flags & 3) != 0;
	irq->low = (flags & 0xa) != 0;
}

void
intid_decode(const struct tree_value *v, unsigned int i, unsigned int cells,
    uint32_t gic, struct platform_irq *irq)
{
	unsigned int head = gic != 0 ? 1 : 0, entry = head + cells;

	*irq = (struct platform_irq){ 0 };
	if (cells >= 3 && cells <= 4 && i < v->len / (entry * 4) &&
	    (head == 0 || tree_cell(v, i * entry) == gic))
		intid_specifier(v, i * entry + head, irq);
}

/*
 * Through an interrupt-map (Devicetree Specification v0.4, 2.4.3), whose
 * rows are: unit address, specifier, parent, the parent's unit address and
 * specifier. Rows for other parents than the GIC would need these sizes of
 * theirs: such a map is not understood.
 */
static void
intid_mapped(const struct tree *t, const struct tree_frame *nexus,
    uint32_t gic, unsigned int cells, struct platform_irq *irq)
{
	const struct tree_value *map = &nexus->map;
	const struct tree_value *spec = &t->prop[TREE_INTERRUPTS];
	const struct tree_value *reg = &t->prop[TREE_REG];
	uint32_t key = nexus->acells + nexus->irq_cells;
	uint32_t n = map->len / 4, row, i, have, mask, unit;

	if (nexus->acells > 3 || nexus->irq_cells > 4 ||
	    spec->len / 4 < nexus->irq_cells)
		return;
	/* What one row takes: find where the second one names the GIC. */
	for (unit = 0; unit <= 2; unit++) {
		row = key + 1 + unit + cells;
		if (n % row == 0 && (n == row || (n > row &&
		    tree_cell(map, row + key) == gic)))
			break;
	}
	if (unit > 2)
		return;
	for (; n >= row; n -= row) {
		for (i = 0; i < key; i++) {
			mask = i < nexus->mask.len / 4 ?
			    tree_cell(&nexus->mask, i) : ~0u;
			if (i >= nexus->acells)
				have = tree_cell(spec, i - nexus->acells);
			else
				have = tree_has(t, TREE_REG) &&
				    i < reg->len / 4 ? tree_cell(reg, i) : 0;
			if ((have & mask) != (tree_cell(map,
			    map->len / 4 - n + i) & mask))
				break;
		}
		if (i == key && tree_cell(map, map->len / 4 - n + key) == gic) {
			intid_specifier(map, map->len / 4 - n + key + 1 + unit,
			    irq);
			return;
		}
	}
}

void
intid_of_node(const struct tree *t, uint32_t gic, unsigned int cells,
    struct platform_irq *irq)
{
	const struct tree_frame *f = &t->frame[t->depth];

	*irq = (struct platform_irq){ 0 };
	if (gic == 0 || cells < 3 || cells > 4)
		return;
	if (tree_has(t, TREE_INTERRUPTS_EXTENDED)) {
		intid_decode(&t->prop[TREE_INTERRUPTS_EXTENDED], 0, cells,
		    gic, irq);
	} else if (!tree_has(t, TREE_INTERRUPTS)) {
		return;
	} else if (f->irq_nexus >= 0) {
		intid_mapped(t, &t->frame[f->irq_nexus], gic, cells, irq);
	} else if (f->irq_parent == gic)
		intid_decode(&t->prop[TREE_INTERRUPTS], 0, cells, 0, irq);
}
