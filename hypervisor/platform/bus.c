/*
 * From an address on a bus to its parent's; see bus.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "platform/bus.h"

const char *
bus_translate(const struct tree_node *bus, const struct tree_value *ranges,
    uint64_t *addr)
{
	uint32_t cells = tree_u32(bus, "#address-cells", 2);
	uint32_t up = tree_u32(bus->up, "#address-cells", 2);
	uint32_t size = tree_u32(bus, "#size-cells", 1);
	uint32_t entry = cells + up + size, i;
	uint64_t base;

	if (up - 1 > 1 || cells - 1 > 1 || size - 1 > 1)
		return ("behind ranges of more than two cells");
	if (ranges->len % (entry * 4) != 0)
		return ("behind ranges of a broken length");
	for (i = 0;; i += entry) {
		if (i == ranges->len / 4)
			return ("outside the ranges of its bus");
		base = tree_number(ranges, i, cells);
		if (*addr - base < tree_number(ranges, i + cells + up, size))
			break;
	}
	*addr += tree_number(ranges, i + cells, up) - base;
	return (NULL);
}
