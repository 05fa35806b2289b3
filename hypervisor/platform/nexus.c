/*
 * Interrupt maps; see nexus.h. Must not know what the interrupts are for.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "platform/nexus.h"

/*
 * Rows are: unit address, specifier, parent, the parent's unit address and
 * specifier. Other parents than the GIC have other sizes of the last two: a
 * map with such rows is not understood.
 */
void
nexus_map(const struct pass *s, const struct tree_node *n,
    const struct tree_node *nexus, const struct tree_value *spec,
    struct platform_irq *irq)
{
	/* Of 64 bits: they cannot wrap. */
	uint64_t unit = tree_u32(nexus, "#address-cells", 2), i;
	uint64_t key = unit + tree_u32(nexus, "#interrupt-cells", 0);
	uint64_t spec_at = key + 1 + s->gic_unit_cells;
	struct tree_value map, mask, reg;

	tree_get(nexus, "interrupt-map", &map);
	tree_get(nexus, "interrupt-map-mask", &mask);
	tree_get(n, "reg", &reg);
	for (uint64_t at = 0; at + spec_at + s->gic_cells <= map.len / 4;
	    at += spec_at + s->gic_cells) {
		for (i = 0; i < key; i++) {
			uint32_t differ = tree_cell(&map, at + i) ^ (i < unit ?
			    tree_cell(&reg, i) : tree_cell(spec, i - unit));

			if (mask.data != NULL)
				differ &= tree_cell(&mask, i);
			if (differ != 0)
				break;
		}
		if (i == key && tree_cell(&map, at + key) == s->gic) {
			intid_specifier(&map, at + spec_at, irq);
			return;
		}
	}
}
