/*
 * Interrupts as a device tree writes them, to INTIDs of the GIC. Must not
 * know what they are for.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef PLATFORM_INTID_H
#define	PLATFORM_INTID_H

#include "platform/platform.h"
#include "platform/tree.h"

/*
 * Entry i of a list for the GIC, of that many cells each; absent: 0. Where
 * gic is not 0 the list is an interrupts-extended: each entry starts with a
 * phandle, and is absent unless it is this one.
 */
void	intid_decode(const struct tree_value *v, unsigned int i,
	    unsigned int cells, uint32_t gic, struct platform_irq *irq);
/*
 * The first interrupt of the node being visited, through one interrupt-map
 * if need be; absent where it does not end at the GIC with this phandle.
 */
void	intid_of_node(const struct tree *t, uint32_t gic, unsigned int cells,
	    struct platform_irq *irq);

#endif
