/*
 * The real interrupt controller: acknowledge, end, enable, send; and
 * through port/lr.h the list registers. GICv2 or GICv3, chosen at run time
 * by what the device tree says. Must not know vCPUs or VMs.
 *
 * Interrupts end in two steps (EOImode 1): gic_ops->eoi() drops the
 * priority, gic_ops->deactivate() or, for a hardware-mapped interrupt, the
 * guest's own end of interrupt deactivates (IHI 0069, 4.3.2).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef GIC_GIC_H
#define	GIC_GIC_H

#include "lib/types.h"

#define	GIC_SPURIOUS	1020		/* this INTID and above: nothing */
#define	GIC_SGI_KICK	0		/* our only SGI between CPUs */

struct platform_gic;

struct gic_ops {
	unsigned int	version;
	/* Distributor, once, on the boot CPU; 0 or -1 with a line in err. */
	int	(*init)(const struct platform_gic *g, char *err, size_t len);
	/* This CPU's own part. */
	int	(*init_cpu)(uint64_t mpidr, char *err, size_t len);
	uint32_t (*ack)(void);		/* INTID; GICv2: with source CPU */
	void	(*eoi)(uint32_t iar);
	void	(*deactivate)(uint32_t iar);
	/* SPIs are routed to the CPU that enables them. */
	void	(*enable)(unsigned int intid, bool edge);
	unsigned int (*lines)(void);	/* INTIDs, SPIs included */
	void	(*kick)(unsigned int cpu);	/* index of the pcpu */
	/* Looks for faults, with the EL2 timer of this INTID; may be NULL. */
	void	(*check)(unsigned int timer);
};

extern const struct gic_ops *gic;

/* Chooses gic and lr_ops, and initialises the distributor. */
int	gic_init(const struct platform_gic *g, char *err, size_t len);
/* PPIs that every CPU needs: timers, maintenance. */
void	gic_enable_private(const unsigned int *intids, unsigned int n);

extern const struct gic_ops gicv2_ops, gicv3_ops;

#endif
