/*
 * A sweep over sets and ways; see set_way.h.
 *
 * Cache maintenance by set and way names no address, so on a machine that
 * is shared nobody can do it for a guest. What a guest may count on is a
 * whole sweep of a level: all it wrote before has then reached memory. Set
 * 0 of way 0 is part of every sweep and stands for it: there its memory is
 * cleaned and invalidated by address; the other operations of the sweep
 * have nothing left to do. (Invalidate alone may clean, too: DDI 0487 D19.2,
 * HCR_EL2.SWIO.) It is done bit by bit, the instruction executed again for
 * each, so that other VMs have their turns.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/ext/set_way.h"
#include "vmm/vm.h"

outcome_t
set_way_trap(struct vcpu *v, uint64_t esr)
{

	if (SYS_READ(esr))
		return (OUTCOME_UNDEF);
	/* Way and set are the bits above the level [3:1]. */
	return ((vcpu_reg(v, SYS_RT(esr)) & 0xfffffff0) == 0 &&
	    stage2_clean(&v->vm->s2, &v->cleaned) ? OUTCOME_RETRY :
	    OUTCOME_DONE);
}
