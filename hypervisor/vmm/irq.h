/*
 * Physical interrupts: whose is it?
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"

struct pcpu;

/* What the VMM needs of the real interrupt controller (IHI 0069, 4.3.2). */
struct irq_ops {
	uint32_t (*ack)(void);
	void	(*eoi)(uint32_t iar);		/* priority drop */
	void	(*deactivate)(uint32_t iar);
	void	(*enable)(unsigned int intid, bool edge);
};

/* INTIDs of the private interrupts that we use; from the device tree. */
struct irq_private {
	unsigned int	vtimer, hyp_timer, maintenance;
	unsigned int	pmu;		/* 0: none */
};

/* Set once, before the first interrupt. */
extern const struct irq_ops *irq_ops;
extern struct irq_private irq_private;

/* A passed-through SPI: physical number = virtual number. */
void	irq_assign(struct vm *vm, unsigned int intid, bool edge);
#define	IRQ_SPURIOUS	1020		/* this INTID up to 1023: nothing */
#define	IRQ_LPI		8192		/* LPIs from here on */
/*
 * What is nobody's, LPIs included: v is as below. True: it is not to be
 * deactivated. The low ten bits of an LPI must be those of no VM's SPI.
 */
extern bool (*irq_rest)(struct vcpu *v, uint32_t iar);
/* SPIs of the hypervisor's own: the last handler takes those of all. */
void	irq_own(unsigned int intid, bool edge, void (*handler)(void));
/*
 * Acknowledges one interrupt on this CPU and serves it; v is the loaded
 * vCPU or NULL. RETRY: just resume; SWITCH: let the scheduler choose.
 */
outcome_t irq_handle(struct pcpu *p, struct vcpu *v);
