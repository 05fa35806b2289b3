/*
 * Physical interrupts find their owners here: the virtual timer first, for
 * its latency is what guests feel. Must not know which GIC it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/irq.h"
#include "abi/machine.h"
#include "vmm/exits.h"
#include "vmm/host.h"
#include "vmm/log.h"
#include "vmm/pcpu.h"
#include "vmm/sched.h"
#include "vmm/vm.h"

#define	INTID_SPURIOUS	1020
/* Above it GICv2 has the CPU that sent an SGI (IHI 0048B, 4.4.4). */
#define	INTID(iar)	((iar) & 0x3ff)

static const struct irq_ops *ops;
static struct irq_private private;

static struct {
	struct vm	*vm;
	void		(*handler)(void);
} spis[INTID_SPURIOUS];

void
irq_init(const struct irq_ops *o, const struct irq_private *p)
{

	ops = o;
	private = *p;
}

unsigned int
irq_vtimer(void)
{

	return (private.vtimer);
}

unsigned int
irq_pmu(void)
{

	return (private.pmu);
}

void
irq_assign(struct vm *vm, unsigned int intid, bool edge)
{

	spis[intid].vm = vm;
	ops->enable(intid, edge);
}

struct vm *
irq_owner(unsigned int intid)
{

	return (spis[intid].vm);
}

void
irq_own(unsigned int intid, bool edge, void (*handler)(void))
{

	spis[intid].handler = handler;
	ops->enable(intid, edge);
}

static outcome_t
serve_spi(struct vcpu *v, uint32_t iar)
{
	unsigned int intid = INTID(iar);

	if (spis[intid].vm != NULL) {
		/* Stays active until the guest ends it. */
		vgic_inject(&spis[intid].vm->gic, v != NULL &&
		    v->vm == spis[intid].vm ? &v->gic : NULL, intid);
		ops->eoi(iar);
		return (OUTCOME_RETRY);
	}
	if (spis[intid].handler != NULL)
		spis[intid].handler();
	ops->eoi(iar);
	ops->deactivate(iar);
	return (OUTCOME_RETRY);
}

static outcome_t
serve_rest(struct pcpu *p, struct vcpu *v, uint32_t iar)
{
	unsigned int intid = INTID(iar);
	bool others;

	if (intid >= 32)
		return (serve_spi(v, iar));
	if (intid == private.pmu && v != NULL) {
		vgic_inject_private(&v->gic, MACHINE_PMU_INTID);
		v->waiting = 0;
		ops->eoi(iar);
		return (OUTCOME_RETRY);
	}
	if (intid == private.hyp_timer) {
		others = sched_timer(p);
		ops->eoi(iar);
		ops->deactivate(iar);
		return (others || v == NULL || v != p->current ||
		    v->requests != 0 ? OUTCOME_SWITCH : OUTCOME_RETRY);
	}
	if (intid == private.maintenance && v != NULL)
		vgic_sync(&v->gic);
	ops->eoi(iar);
	ops->deactivate(iar);
	return (OUTCOME_RETRY);
}

outcome_t
irq_handle(struct pcpu *p, struct vcpu *v)
{
	uint32_t iar = ops->ack();

	if (likely(iar == private.vtimer)) {
		if (likely(v != NULL)) {
			vgic_inject_private(&v->gic, MACHINE_VTIMER_INTID);
			v->waiting = 0;
		}
		ops->eoi(iar);
		return (OUTCOME_RETRY);
	}
	if (INTID(iar) >= INTID_SPURIOUS)
		return (OUTCOME_RETRY);
	if (INTID(iar) < 16) {		/* another CPU's kick */
		ops->eoi(iar);
		ops->deactivate(iar);
		if (unlikely(host.stop != NULL))
			host.stop();
		if (v != NULL && v == p->current &&
		    v->requests == VCPU_REQ_GIC) {
			__atomic_fetch_and(&v->requests, ~VCPU_REQ_GIC,
			    __ATOMIC_ACQUIRE);
			vgic_sync(&v->gic);
			return (p->nvcpus > 1 ? OUTCOME_SWITCH :
			    OUTCOME_RETRY);
		}
		return (OUTCOME_SWITCH);
	}
	return (serve_rest(p, v, iar));
}

outcome_t
exits_irq(struct vcpu *v, uint64_t esr)
{

	(void)esr;
	return (irq_handle(v->pcpu, v));
}
