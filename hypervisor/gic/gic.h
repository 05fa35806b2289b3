/*
 * The real interrupt controller: acknowledge, end, enable, send; and
 * through port/lr.h the list registers. GICv2 or GICv3, chosen at run time
 * by what the device tree says. Must not know vCPUs or VMs.
 *
 * Interrupts end in two steps (EOImode 1): irq.eoi() drops the priority,
 * irq.deactivate() or, for a hardware-mapped interrupt, the guest's own end
 * of interrupt deactivates (IHI 0069, 4.3.2).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/irq.h"

struct platform_gic;

struct gic_ops {
	struct irq_ops	irq;		/* enable: SPIs to this CPU */
	unsigned int	version;
	/* This CPU's own part. NULL, or why not: a format for mpidr. */
	const char *(*init_cpu)(uint64_t mpidr);
	void	(*route)(unsigned int intid);	/* an SPI, to this CPU */
	void	(*kick)(unsigned int cpu);	/* index of the pcpu */
};

extern const struct gic_ops *gic;
/* Registers: the distributor's, and by CPU those of private interrupts. */
extern uintptr_t gicd, gic_frame[PCPU_MAX];

/* Chooses gic and initialises the distributor, once, on the boot CPU. */
void	gic_init(const struct platform_gic *g);
unsigned int gic_lines(void);		/* INTIDs, SPIs included */
