/*
 * What the files of this room share while a device tree is read. Must not
 * be known outside of it, but to devices/dma.c, which reads the tree again.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/print.h"
#include "lib/tree.h"
#include "platform/platform.h"

struct pass {
	struct platform	*p;
	struct tree_node root;
	char		*err;
	size_t		errlen;
	/* The interrupt controller: phandle, and cells of what is sent it. */
	uint32_t	gic, gic_cells, gic_unit_cells;
	/* Interrupts whose meaning is known when the GIC is. */
	struct tree_value timer_irqs, timer_names, pmu_irqs;
	uint32_t	timer_parent;	/* phandle */
	bool		timer_extended;
	const char	*stdout_path;	/* NULL without */
	unsigned int	version;	/* of what is being read */
	const char	*intc;		/* compatible of another controller */
};

/* "PATH: ..." to s->err; n may be NULL. Returns -1. */
int	pass_fail(struct pass *s, const struct tree_node *n, const char *fmt,
	    ...) __attribute__((cold, format(printf, 3, 4)));
/* Status okay, its ancestors' included. */
bool	pass_okay(const struct tree_node *n);
/* Of no bytes, or where Armv8 can have memory. */
bool	pass_range_ok(const struct platform_range *r);
/*
 * Entry i of reg, in addresses of the CPU. 1 when it is there, 0 when reg
 * ends before it, -1 with err written when it makes no sense.
 */
int	pass_reg(struct pass *s, const struct tree_node *n, uint32_t i,
	    struct platform_range *r);

/*
 * Entry i of a list of interrupts for the GIC, to irq; an extended one has
 * the controller's phandle in front of each. Nothing is done where it is not
 * there, not the GIC's, or not an SPI or PPI.
 */
void	intid_decode(const struct pass *s, const struct tree_value *v,
	    uint32_t i, bool extended, struct platform_irq *irq);
/* The one in the cells from at on. */
void	intid_specifier(const struct tree_value *v, uint32_t at,
	    struct platform_irq *irq);
/* Phandle of n's interrupt parent, 0: none; *nexus if it has a map. */
uint32_t intid_parent(const struct tree_node *n,
	    const struct tree_node **nexus);
/* The node's first interrupt, through one interrupt-map if need be. */
void	intid_of_node(const struct pass *s, const struct tree_node *n,
	    struct platform_irq *irq);

/*
 * The ranges of n, a memory node or one that tells what is reserved, to
 * p->ram or p->reserved. 0, or -1 and err.
 */
int	ram_read(struct pass *s, const struct tree_node *n,
	    struct extents *set);
/* Takes p->reserved, and the reservations at dtb, out of p->ram. */
int	ram_finish(struct pass *s, const void *dtb);

/* p->console; -1 and err where none is named, its base is then 0. */
int	console_find(struct pass *s);
/* Takes n for it; 0, or -1 and err. */
int	console_read(struct pass *s, const struct tree_node *n);
