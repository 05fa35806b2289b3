/*
 * Physical interrupts find their owners here: the virtual timer first, for
 * its latency is what guests feel. Must not know which GIC it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/irq.h"
#include "vmm/exits.h"

/* Above it GICv2 has the CPU that sent an SGI (IHI 0048B, 4.4.4). */
#define	INTID(iar)	((iar) & 0x3ff)

const struct irq_ops *irq_ops;
struct irq_private irq_private;

static uint8_t owners[IRQ_SPURIOUS];	/* VM's index + 1; 0: nobody */
static void (*own_handler)(void);
bool (*irq_rest)(struct vcpu *v, uint32_t iar);

void
irq_assign(struct vm *vm, unsigned int intid, bool edge)
{

	owners[intid] = vm->index + 1;
	irq_ops->enable(intid, edge);
}

void
irq_own(unsigned int intid, bool edge, void (*handler)(void))
{

	own_handler = handler;
	irq_ops->enable(intid, edge);
}

static __attribute__((cold, noinline)) outcome_t
serve_rest(struct pcpu *p, struct vcpu *v, uint32_t iar)
{
	/* Of an SPI or a PPI the rest is 0; of LPIs see irq_rest. */
	struct vm *vm = owners[INTID(iar)] == 0 ? NULL :
	    vm_by_index(owners[INTID(iar)] - 1);
	outcome_t outcome = OUTCOME_RETRY;
	bool guests = false;	/* stays active until the guest ends it */

	if (vm != NULL) {
		vgic_inject(&vm->gic, v != NULL && v->vm == vm ? &v->gic :
		    NULL, iar);
		guests = true;
	} else if (iar - 32 < IRQ_LPI - 32 && own_handler != NULL)
		own_handler();		/* no VM's, and so ours */
	else if (iar == irq_private.pmu && v != NULL) {
		vgic_inject_private(&v->gic, MACHINE_PMU_INTID);
		v->waiting = 0;
		guests = true;
	} else if (iar == irq_private.hyp_timer) {
		if (sched_timer(p) || v == NULL || v != p->current ||
		    v->requests != 0)
			outcome = OUTCOME_SWITCH;
	} else if (iar == irq_private.maintenance && v != NULL)
		vgic_sync(&v->gic);
	else if (irq_rest != NULL)
		guests = irq_rest(v, iar);
	irq_ops->eoi(iar);
	if (!guests)
		irq_ops->deactivate(iar);
	return (outcome);
}

outcome_t
irq_handle(struct pcpu *p, struct vcpu *v)
{
	uint32_t iar = irq_ops->ack();

	if (likely(iar == irq_private.vtimer)) {
		if (likely(v != NULL)) {
			vgic_inject_private(&v->gic, MACHINE_VTIMER_INTID);
			v->waiting = 0;
		}
		irq_ops->eoi(iar);
		return (OUTCOME_RETRY);
	}
	if (INTID(iar) >= IRQ_SPURIOUS)
		return (OUTCOME_RETRY);
	if (INTID(iar) < 16) {		/* another CPU's kick */
		irq_ops->eoi(iar);
		irq_ops->deactivate(iar);
		if (unlikely(host.stop != NULL))
			host.stop();
		if (unlikely(v == NULL || v != p->current))
			return (OUTCOME_SWITCH);
		if (likely(v->requests == VCPU_REQ_GIC)) {
			__atomic_fetch_and(&v->requests, ~VCPU_REQ_GIC,
			    __ATOMIC_ACQUIRE);
			vgic_sync(&v->gic);
			if (likely(p->nvcpus == 1))
				return (OUTCOME_RETRY);
		} else if (v->requests != 0)
			return (OUTCOME_SWITCH);
		/* Who else was kicked has its turn, but not this one's. */
		return (sched_timer(p) ? OUTCOME_SWITCH : OUTCOME_RETRY);
	}
	return (serve_rest(p, v, iar));
}

outcome_t
exits_irq(struct vcpu *v, uint64_t esr)
{

	(void)esr;
	return (irq_handle(v->pcpu, v));
}
