/*
 * Calls by HVC and trapped SMC, dispatched by convention and owner, then by
 * number, through tables; and the calls of the Arm architecture service
 * (DEN 0028). Every function takes the same path. Must not know what the
 * other services do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/exits.h"
#include "vmm/psci.h"

/*
 * Version 1.1: what 1.2 and 1.3 add (results in x4-x17, a hint that the
 * SVE registers are not live) is of no use to our calls.
 */
#define	SMCCC_VERSION_1_1	0x10001

#define	SMCCC_ARCH_FEATURES	0x80000001u
#define	SMCCC_WORKAROUND_1	0x80008000u
#define	SMCCC_WORKAROUND_2	0x80007fffu
#define	SMCCC_WORKAROUND_3	0x80003fffu
/* Firmware's, to find out whether it knows SMCCC 1.1. */
#define	PSCI_VERSION		0x84000000u
#define	PSCI_FEATURES		0x8400000au

static bool firmware_1_1;
static uint32_t taken[3];		/* workarounds that firmware offers */

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

/* What firmware says of one of its workarounds, on this CPU. */
static int32_t
workaround(uint32_t fid)
{

	if (!firmware_1_1)
		return (SMCCC_NOT_SUPPORTED);
	int32_t answer = (int32_t)port_firmware(SMCCC_ARCH_FEATURES, fid, 0, 0);
	/*
	 * Firmware starts with this mitigation on, and there it stays for
	 * all guests. So a guest need not call: 1.
	 */
	if (fid == SMCCC_WORKAROUND_2 && answer >= 0)
		return (1);
	return (answer);
}

void
smccc_init(bool firmware)
{
	static const uint32_t fids[] = { SMCCC_WORKAROUND_1,
	    SMCCC_WORKAROUND_2, SMCCC_WORKAROUND_3 };

	firmware_1_1 = firmware &&
	    (int32_t)port_firmware(PSCI_VERSION, 0, 0, 0) >= 0x10000 &&
	    (int32_t)port_firmware(PSCI_FEATURES, SMCCC_VERSION, 0, 0) >= 0 &&
	    (int32_t)port_firmware(SMCCC_VERSION, 0, 0, 0) >=
	    SMCCC_VERSION_1_1;
	for (unsigned int i = 0; i < nitems(fids); i++)
		taken[i] = workaround(fids[i]) >= 0 ? fids[i] : 0;
}

/* Passes a workaround on. False: it is none, or none of this firmware's. */
static bool
smccc_workaround(struct vcpu *v)
{
	uint32_t fid = smccc_fid(v);

	for (unsigned int i = 0; i < nitems(taken); i++) {
		if (taken[i] != fid)
			continue;
		if (fid != SMCCC_WORKAROUND_2)
			port_firmware(fid, 0, 0, 0);
		v->x[0] = 0;
		return (true);
	}
	return (false);
}

SMCCC_ANSWER(smccc_unknown, SMCCC_NOT_SUPPORTED)
static SMCCC_ANSWER(smccc_version, SMCCC_VERSION_1_1)

static outcome_t
smccc_arch_features(struct vcpu *v)
{
	uint32_t of = (uint32_t)v->x[1];

	switch (of) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return (smccc_return(v, 0));
	case SMCCC_WORKAROUND_1:
	case SMCCC_WORKAROUND_2:
	case SMCCC_WORKAROUND_3:
		return (smccc_return(v, workaround(of)));
	}
	return (smccc_return(v, SMCCC_NOT_SUPPORTED));
}

/*
 * Not in a table: numbers far apart, immediates that must be zero. Not
 * inline, so that the caller needs no stack.
 */
static __attribute__((noinline)) outcome_t
smccc_other(struct vcpu *v, uint64_t esr)
{

	/* Non-zero immediates are reserved (DEN 0028, "Immediate value"). */
	if ((esr & 0xffff) == 0 && (smccc_workaround(v) || hypercall_query(v)))
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
