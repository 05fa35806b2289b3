/*
 * What is asked of a vCPU from outside, and its waiting for interrupts.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/vm.h"

void
vcpu_request(struct vcpu *v, uint32_t req)
{

	__atomic_fetch_or(&v->requests, req, __ATOMIC_SEQ_CST);
	v->waiting = 0;
	port_mb();
	if (v->pcpu->index != port_cpu())
		port_kick_cpu(v->pcpu->index);
	else if (v->pcpu->current != v)
		sched_soon();			/* it wants a turn */
}

/* The state an OFF vCPU left in the CPU is of no use to anybody. */
static void
forget(struct vcpu *v)
{

	if (v->pcpu->loaded == v)
		sched_unload(v->pcpu);
	port_vcpu_disown(v);
}

bool
vcpu_attend(struct vcpu *v)
{
	uint32_t req = __atomic_exchange_n(&v->requests, 0, __ATOMIC_SEQ_CST);
	struct vm *vm = v->vm;

	if (req & VCPU_REQ_STOP) {
		forget(v);
		v->power = VCPU_OFF;
		v->waiting = 0;
		v->cleaned = 0;
		if (vm_vcpu_stopped(vm))
			req = VCPU_REQ_SCRUB;
	}
	if (req & VCPU_REQ_SCRUB && !vm_scrub(v)) {
		__atomic_fetch_or(&v->requests, VCPU_REQ_SCRUB,
		    __ATOMIC_RELAXED);
		return (false);
	}
	if (req & VCPU_REQ_START) {
		forget(v);
		spin_lock(&vm->lock);
		if (v->power == VCPU_ON_PENDING) {
			port_vcpu_reset(v, v->start_pc, v->start_x0);
			vgic_cpu_on(&v->gic);
			v->ptimer = (struct vtimer){ 0 };
			v->waiting = 0;
			v->power = VCPU_ON;
		}
		spin_unlock(&vm->lock);
		if (unlikely(vm->first_entry == 0))
			vm->first_entry = port_counter();
	}
	if (req & VCPU_REQ_TIMER)
		sched_timer_changed(v);
	if (req & VCPU_REQ_GIC && v->pcpu->loaded == v)
		vgic_sync(&v->gic);
	return (true);
}

outcome_t
vcpu_wait(struct vcpu *v)
{

	v->waiting = 1;
	/* Whoever makes an interrupt pending clears waiting after that. */
	port_mb();
	if (vgic_pending(&v->gic)) {
		v->waiting = 0;
		return (OUTCOME_DONE);
	}
	/* What is asked of it is attended to on the way to the next. */
	if (v->requests != 0)
		v->waiting = 0;
	return (OUTCOME_SWITCH);
}
