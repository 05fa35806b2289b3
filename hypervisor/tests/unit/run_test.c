/*
 * The one place that acts on outcomes, and the exit handlers too small for a
 * file of their own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>
#include "vmm/exits.h"
#include "vmm_fake.h"

#define	V	(&vmm_vcpu[0])

ATF_TC_WITHOUT_HEAD(injects);
ATF_TC_BODY(injects, tc)
{

	vmm_fake_reset();
	ATF_CHECK_EQ(V, run_outcome(OUTCOME_UNDEF, V, 1));
	ATF_CHECK_EQ(1, vcpu_fake.undefs);
	ATF_CHECK_EQ(0, vcpu_fake.aborts);
	ATF_CHECK_EQ(V, run_outcome(OUTCOME_ABORT, V, 0x1234));
	ATF_CHECK_EQ(1, vcpu_fake.aborts);
	ATF_CHECK_EQ(0x1234, vcpu_fake.abort_esr);
	ATF_CHECK_EQ(0, vmm_fake.turns + vmm_fake.logs + vmm_fake.stops);
}

static bool looked_after;

static bool
denied(struct vcpu *v, uint64_t esr)
{

	ATF_CHECK_EQ(V, v);
	ATF_CHECK_EQ(0x1234, esr);
	return (looked_after);
}

/* An abort that somebody may prevent. */
ATF_TC_WITHOUT_HEAD(asks);
ATF_TC_BODY(asks, tc)
{

	vmm_fake_reset();
	V->vm->denied = denied;
	looked_after = true;
	ATF_CHECK_EQ(V, run_outcome(OUTCOME_ABORT, V, 0x1234));
	ATF_CHECK_EQ(0, vcpu_fake.aborts);
	looked_after = false;
	ATF_CHECK_EQ(V, run_outcome(OUTCOME_ABORT, V, 0x1234));
	ATF_CHECK_EQ(1, vcpu_fake.aborts);
	V->vm->denied = NULL;
}

ATF_TC_WITHOUT_HEAD(gives_way);
ATF_TC_BODY(gives_way, tc)
{

	vmm_fake_reset();
	ATF_CHECK_EQ(&vmm_vcpu[1], run_outcome(OUTCOME_SWITCH, V, 0));
	ATF_CHECK_EQ(1, vmm_fake.turns);
	ATF_CHECK_EQ(V, vmm_fake.before);
	ATF_CHECK_EQ(0, vmm_fake.logs + vmm_fake.stops);
}

/* One line that says which vCPU and why, its registers, and the next one. */
ATF_TC_WITHOUT_HEAD(stops);
ATF_TC_BODY(stops, tc)
{

	vmm_fake_reset();
	ATF_CHECK_EQ(&vmm_vcpu[1], run_outcome(OUTCOME_STOP, V,
	    ESR(EC_DABT_LOW, 0x30)));
	ATF_CHECK_EQ(1, vmm_fake.logs);
	ATF_CHECK_STREQ("vm : stopped: vCPU 0 cannot go on "
	    "from ESR_EL2 0x92000030",
	    vmm_fake.log);
	ATF_CHECK_EQ(1, V->arch.dumps);
	ATF_CHECK_EQ(1, vmm_fake.stops);
	ATF_CHECK_EQ(V->vm, vmm_fake.stopped);
	ATF_CHECK_EQ(VM_STOP_FAULT, vmm_fake.why);
	ATF_CHECK_EQ(V, vmm_fake.before);
}

/* What no handler knows is undefined; but no state to go on from stops. */
ATF_TC_WITHOUT_HEAD(unknown);
ATF_TC_BODY(unknown, tc)
{
	unsigned int ec;

	for (ec = 0; ec < EC_COUNT; ec++) {
		vmm_fake_reset();
		ATF_CHECK_EQ_MSG(ec == EC_PC_ALIGN || ec == EC_ILL ?
		    OUTCOME_STOP : OUTCOME_UNDEF, exits_unknown(V,
		    ESR(ec, 0x1ffffff)), "class %#x", ec);
		ATF_CHECK_EQ(0, vmm_fake_changed(V));
	}
}

ATF_TC_WITHOUT_HEAD(small);
ATF_TC_BODY(small, tc)
{

	vmm_fake_reset();
	vmm_fake.wait = OUTCOME_DONE;
	ATF_CHECK_EQ(OUTCOME_DONE, exits_wfx(V, ESR(EC_WFX, 0)));
	ATF_CHECK_EQ(1, vmm_fake.waits);
	ATF_CHECK_EQ(OUTCOME_SWITCH, exits_wfx(V, ESR(EC_WFX, 1)));
	ATF_CHECK_EQ(1, vmm_fake.waits);
	ATF_CHECK_EQ(OUTCOME_RETRY, exits_fp(V, ESR(EC_FP, 0)));
	ATF_CHECK_EQ(OUTCOME_RETRY, exits_serror(V, 0));
	ATF_CHECK_EQ(1, vcpu_fake.serrors);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, injects);
	ATF_TP_ADD_TC(tp, asks);
	ATF_TP_ADD_TC(tp, gives_way);
	ATF_TP_ADD_TC(tp, stops);
	ATF_TP_ADD_TC(tp, unknown);
	ATF_TP_ADD_TC(tp, small);
	return (atf_no_error());
}
