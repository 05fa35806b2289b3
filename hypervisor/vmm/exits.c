/*
 * Exit handlers that are too small for a file of their own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/exits.h"

outcome_t
exits_unknown(struct vcpu *v, uint64_t esr)
{

	/*
	 * HVC and SMC turned off, illegal state, and whatever a CPU may trap
	 * that this table does not know: to the guest it is undefined.
	 */
	(void)v;
	return (ESR_EC(esr) == EC_PC_ALIGN || ESR_EC(esr) == EC_ILL ?
	    OUTCOME_STOP : OUTCOME_UNDEF);
}

outcome_t
exits_wfx(struct vcpu *v, uint64_t esr)
{

	if (WFX_IS_WFE(esr))
		return (OUTCOME_SWITCH);
	return (vcpu_wait(v));
}

outcome_t
exits_fp(struct vcpu *v, uint64_t esr)
{

	(void)esr;
	port_take_fp(v);
	return (OUTCOME_RETRY);
}

outcome_t
exits_serror(struct vcpu *v, uint64_t esr)
{

	/* It happened while this guest ran: it gets to know. */
	(void)esr;
	port_inject_serror(v);
	return (OUTCOME_RETRY);
}
