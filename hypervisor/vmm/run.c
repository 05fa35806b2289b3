/*
 * The one place that acts on outcomes: injects, switches, stops. (The
 * vectors move the PC, and resume after DONE and RETRY, with the same
 * numbers.) Must not know why a handler decided as it did.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/exits.h"

struct vcpu *
run_outcome(outcome_t o, struct vcpu *v, uint64_t esr)
{

	if (likely(o == OUTCOME_SWITCH))
		return (sched_next(v->pcpu, v));
	switch (o) {
	case OUTCOME_UNDEF:
		port_inject_undef(v);
		return (v);
	case OUTCOME_ABORT:
		if (v->vm->denied == NULL || !v->vm->denied(v, esr))
			port_inject_abort(v, esr);
		return (v);
	case OUTCOME_STOP:
		log_vm(v->vm, "stopped: vCPU %u cannot go on from ESR_EL2 "
		    "0x%lx", v->index, esr);
		port_vcpu_dump(v);
		vm_stop(v->vm, VM_STOP_FAULT);
		break;
	}
	return (sched_next(v->pcpu, v));
}
