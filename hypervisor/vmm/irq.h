/*
 * Physical interrupts: whose is it?
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef VMM_IRQ_H
#define	VMM_IRQ_H

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
	unsigned int	vtimer, hyp_timer, maintenance, pmu;
};

void	irq_init(const struct irq_ops *ops, const struct irq_private *p);
/* Physical numbers behind the guest's virtual timer and PMU interrupts. */
unsigned int irq_vtimer(void);
unsigned int irq_pmu(void);
/* A passed-through SPI: physical number = virtual number. */
void	irq_assign(struct vm *vm, unsigned int intid, bool edge);
/* NULL: nobody's. */
struct vm *irq_owner(unsigned int intid);
/* An SPI of the hypervisor's own. */
void	irq_own(unsigned int intid, bool edge, void (*handler)(void));
/*
 * Acknowledges one interrupt on this CPU and serves it; v is the loaded
 * vCPU or NULL. RETRY: just resume; SWITCH: let the scheduler choose.
 */
outcome_t irq_handle(struct pcpu *p, struct vcpu *v);

#endif
