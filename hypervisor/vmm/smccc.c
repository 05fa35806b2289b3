/*
 * Calls by HVC and trapped SMC, dispatched by convention and owner, then by
 * number, through tables; and the calls of the Arm architecture service
 * (DEN 0028). Every function takes the same path. Must not know what the
 * other services do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/exits.h"
#include "vmm/ext/identity.h"
#include "vmm/ext/workaround.h"
#include "vmm/psci.h"

/*
 * Version 1.1: what 1.2 and 1.3 add (results in x4-x17, a hint that the
 * SVE registers are not live) is of no use to our calls.
 */
#define	SMCCC_VERSION_1_1	0x10001

static smccc_fn smccc_version, smccc_arch_features;

static smccc_fn *const arch_calls32[SMCCC_CALLS] = {
	smccc_version,
	smccc_arch_features,
	[2 ... SMCCC_CALLS - 1] = smccc_unknown,
};

static smccc_fn *const no_calls[SMCCC_CALLS] = {
	[0 ... SMCCC_CALLS - 1] = smccc_unknown,
};

/*
 * By bits 31 to 24 of the function identifier: fast or yielding, convention,
 * owner. There are no yielding calls: they are for a Trusted OS.
 */
#define	FAST32(owner)	(SMCCC_FAST >> SMCCC_OWNER_SHIFT | (owner))
#define	FAST64(owner)	(FAST32(owner) | SMCCC_64 >> SMCCC_OWNER_SHIFT)
static smccc_fn *const *const services[256] = {
	[0 ... FAST32(0) - 1] = no_calls,
	[FAST32(SMCCC_ARCH)] = arch_calls32,
	[FAST32(1) ... FAST32(3)] = no_calls,
	[FAST32(SMCCC_STANDARD)] = psci_calls32,
	[FAST32(5) ... FAST64(3)] = no_calls,
	[FAST64(SMCCC_STANDARD)] = psci_calls64,
	[FAST64(5)] = no_calls,
	[FAST64(SMCCC_HYP)] = hypercall_calls64,
	[FAST64(7) ... FAST64(63)] = no_calls,
};

SMCCC_ANSWER(smccc_unknown, SMCCC_NOT_SUPPORTED)
static SMCCC_ANSWER(smccc_version, SMCCC_VERSION_1_1)

static outcome_t
smccc_arch_features(struct vcpu *v)
{
	uint32_t of = (uint32_t)v->x[1];

	return (smccc_return(v, of == SMCCC_VERSION ||
	    of == SMCCC_ARCH_FEATURES ? 0 : workaround_offered(of)));
}

/*
 * Not in a table: numbers far apart, immediates that must be zero. Not
 * inline, so that the caller needs no stack.
 */
static __attribute__((noinline)) outcome_t
smccc_other(struct vcpu *v, uint64_t esr)
{

	/* Non-zero immediates are reserved (DEN 0028, "Immediate value"). */
	if ((esr & 0xffff) == 0 && (workaround_call(v) || identity_query(v)))
		return (OUTCOME_DONE);
	return (smccc_unknown(v));
}

outcome_t
smccc_hvc(struct vcpu *v, uint64_t esr)
{
	uint32_t fid = smccc_fid(v);

	if (unlikely((esr & 0xffff) != 0) ||
	    unlikely(SMCCC_NUMBER(fid) >= SMCCC_CALLS))
		return (smccc_other(v, esr));
	return (services[fid >> SMCCC_OWNER_SHIFT]
	    [fid & (SMCCC_CALLS - 1)](v));
}
