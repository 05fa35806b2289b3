/*
 * The SMC Calling Convention as a guest meets it (DEN 0028): dispatch,
 * architecture calls, and the hypervisor's own (abi/hypercall.h).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "abi/hypercall.h"
#include "vmm/ext/workaround.h"
#include "vmm_fake.h"

#define	VERSION		0x80000000u
#define	ARCH_FEATURES	0x80000001u
#define	WORKAROUND_1	0x80008000u
#define	WORKAROUND_2	0x80007fffu
#define	WORKAROUND_3	0x80003fffu

static struct vcpu *const v = &vmm_vcpu[0];

static outcome_t
call(uint64_t fn, uint64_t a1, uint64_t a2)
{

	v->x[0] = fn;
	v->x[1] = a1;
	v->x[2] = a2;
	return (smccc_hvc(v, ESR(EC_HVC64, 0)));
}

#define	RETURNS(value, fn, a1) do {					\
	ATF_CHECK_EQ(OUTCOME_DONE, call(fn, a1, 0));			\
	ATF_CHECK_EQ_MSG((uint64_t)(int64_t)(value), v->x[0],		\
	    "%#lx(%#lx): %ld", (unsigned long)(fn),			\
	    (unsigned long)(a1), (long)v->x[0]);			\
	ATF_CHECK_EQ(0, vmm_fake_changed(v) & ~7u);			\
} while (0)

ATF_TC_WITHOUT_HEAD(version);
ATF_TC_BODY(version, tc)
{

	vmm_fake_reset();
	RETURNS(0x10001, VERSION, 0);
	/* The identifier is in W0. */
	RETURNS(0x10001, 0xffffffff00000000ull | VERSION, 0);
	ATF_CHECK_EQ(0, vmm_fake_changed(&vmm_vcpu[1]));
}

ATF_TC_WITHOUT_HEAD(arch_features);
ATF_TC_BODY(arch_features, tc)
{

	vmm_fake_reset();
	workaround_init(false);
	RETURNS(0, ARCH_FEATURES, VERSION);
	RETURNS(0, ARCH_FEATURES, ARCH_FEATURES);
	RETURNS(0, ARCH_FEATURES, 0x1200000000 | VERSION);
	RETURNS(-1, ARCH_FEATURES, 0x80000002);
	RETURNS(-1, ARCH_FEATURES, WORKAROUND_1);
	RETURNS(-1, ARCH_FEATURES, WORKAROUND_2);
	RETURNS(-1, ARCH_FEATURES, WORKAROUND_3);
	RETURNS(-1, ARCH_FEATURES, 0);
	RETURNS(-1, ARCH_FEATURES, 0x84000000);
}

/* Everything that is nobody's is NOT_SUPPORTED and does nothing. */
ATF_TC_WITHOUT_HEAD(unknown);
ATF_TC_BODY(unknown, tc)
{
	static const uint32_t fids[] = {
		0, 1, 0x04000000, 0x44000003,		/* yielding */
		0x32000000, 0x72000000, 0xb2000000,	/* Trusted OS */
		0x80000002, 0xc0000000, 0xc0000001,
		0x80010000,				/* SVE hint: not 1.1 */
		0x81000000, 0x82000000, 0x83000000, 0x85000000,
		0x86000001, 0x8600ff00, 0x8600ff02, 0xc600ff01,
		0xc6000000, 0xc6000006, 0xc600000f, 0xc6000010, 0xc6010001,
		0xc5000001, 0xc3000003, 0xc7000003, 0x87000001,
		0xc7000000, 0xff000000, 0xffffffff, 0x8000ffff,
		WORKAROUND_1, WORKAROUND_2, WORKAROUND_3,
	};
	unsigned int i;

	for (i = 0; i < nitems(fids); i++) {
		vmm_fake_reset();
		workaround_init(false);
		RETURNS(-1, fids[i], 0x101);
		ATF_CHECK_EQ(0x101, v->x[1]);
		ATF_CHECK_EQ(0, vcpu_fake.ncalls);
	}
}

ATF_TC_WITHOUT_HEAD(immediate);
ATF_TC_BODY(immediate, tc)
{
	static const uint32_t fids[] = { VERSION, 0x84000000, 0x84000008,
	    HC_UID, HC_YIELD };
	unsigned int i;

	for (i = 0; i < nitems(fids); i++) {
		vmm_fake_reset();
		v->x[0] = fids[i];
		ATF_CHECK_EQ(OUTCOME_DONE, smccc_hvc(v, ESR(EC_HVC64, 1)));
		ATF_CHECK_EQ(-1, (int64_t)v->x[0]);
		v->x[0] = fids[i];
		ATF_CHECK_EQ(OUTCOME_DONE, smccc_hvc(v,
		    ESR(EC_SMC64, 0x8000)));
		ATF_CHECK_EQ(-1, (int64_t)v->x[0]);
		ATF_CHECK_EQ(0, vmm_fake_changed(v) & ~1u);
		ATF_CHECK_EQ(0, vmm_fake.stops);
	}
}

ATF_TC_WITHOUT_HEAD(smc);
ATF_TC_BODY(smc, tc)
{

	vmm_fake_reset();
	v->x[0] = VERSION;
	ATF_CHECK_EQ(OUTCOME_DONE, smccc_hvc(v, ESR(EC_SMC64, 0)));
	ATF_CHECK_EQ(0x10001, v->x[0]);
	v->x[0] = 0x84000000;
	ATF_CHECK_EQ(OUTCOME_DONE, smccc_hvc(v, ESR(EC_SMC64, 0)));
	ATF_CHECK_EQ(0x10001, v->x[0]);
	v->x[0] = 0x12345678;
	ATF_CHECK_EQ(OUTCOME_DONE, smccc_hvc(v, ESR(EC_SMC64, 0)));
	ATF_CHECK_EQ(-1, (int64_t)v->x[0]);
}

/* A firmware of our making. */
static int32_t fw_psci, fw_smccc, fw_has_version, fw_1, fw_2, fw_3;

static uint64_t
firmware(uint64_t fn, uint64_t a1)
{
	int32_t r = -1;

	switch (fn) {
	case 0x84000000:
		r = fw_psci;
		break;
	case 0x8400000a:
		r = a1 == VERSION ? fw_has_version : -1;
		break;
	case VERSION:
		/* Who has not been told of this call hangs by it. */
		ATF_REQUIRE_EQ(0, fw_has_version);
		r = fw_smccc;
		break;
	case ARCH_FEATURES:
		ATF_REQUIRE(fw_smccc >= 0x10001);
		r = a1 == WORKAROUND_1 ? fw_1 : a1 == WORKAROUND_2 ? fw_2 :
		    a1 == WORKAROUND_3 ? fw_3 : -1;
		break;
	case WORKAROUND_1:
	case WORKAROUND_2:
	case WORKAROUND_3:
		r = 77;
		break;
	}
	return ((uint32_t)r);	/* as firmware of 32 bits leaves it */
}

static void
start(int32_t psci, int32_t has_version, int32_t smccc)
{

	vmm_fake_reset();
	vcpu_fake.firmware = firmware;
	fw_psci = psci;
	fw_has_version = has_version;
	fw_smccc = smccc;
	workaround_init(true);
	vcpu_fake.ncalls = 0;
}

ATF_TC_WITHOUT_HEAD(workarounds);
ATF_TC_BODY(workarounds, tc)
{

	fw_1 = 0;
	fw_2 = 0;
	fw_3 = -1;
	start(0x10001, 0, 0x10001);
	RETURNS(0, ARCH_FEATURES, WORKAROUND_1);
	/* On for good: no guest needs to turn it on. */
	RETURNS(1, ARCH_FEATURES, WORKAROUND_2);
	RETURNS(-1, ARCH_FEATURES, WORKAROUND_3);
	vcpu_fake.ncalls = 0;
	RETURNS(0, WORKAROUND_1, 0);
	ATF_CHECK_EQ(1, vcpu_fake.ncalls);
	ATF_CHECK_EQ(WORKAROUND_1, vcpu_fake.calls[0].fn);
	/* A guest's wish to turn it off is not passed on. */
	RETURNS(0, WORKAROUND_2, 0);
	ATF_CHECK_EQ(1, vcpu_fake.ncalls);
	RETURNS(-1, WORKAROUND_3, 0);
	ATF_CHECK_EQ(1, vcpu_fake.ncalls);
	/* "1": this CPU needs it not. */
	fw_1 = 1;
	RETURNS(1, ARCH_FEATURES, WORKAROUND_1);
	fw_2 = -1;
	fw_3 = 0;
	start(0x10001, 0, 0x10002);
	RETURNS(-1, ARCH_FEATURES, WORKAROUND_2);
	RETURNS(-1, WORKAROUND_2, 0);
	RETURNS(0, ARCH_FEATURES, WORKAROUND_3);
	RETURNS(0, WORKAROUND_3, 0);
	ATF_CHECK_EQ(WORKAROUND_3, vcpu_fake.calls[2].fn);
}

/* Firmware that must not be asked, and is not. */
ATF_TC_WITHOUT_HEAD(old_firmware);
ATF_TC_BODY(old_firmware, tc)
{

	fw_1 = fw_2 = fw_3 = 0;
	start(0x2, 0, 0x10001);			/* PSCI 0.2 */
	RETURNS(-1, ARCH_FEATURES, WORKAROUND_1);
	RETURNS(-1, WORKAROUND_1, 0);
	start(-1, 0, 0x10001);
	RETURNS(-1, WORKAROUND_1, 0);
	start(0x10000, -1, 0x10001);		/* no SMCCC_VERSION */
	RETURNS(-1, WORKAROUND_1, 0);
	start(0x10000, 0, 0x10000);		/* SMCCC 1.0 */
	RETURNS(-1, ARCH_FEATURES, WORKAROUND_1);
	RETURNS(-1, WORKAROUND_1, 0);
	ATF_CHECK_EQ(0, vcpu_fake.ncalls);
	/* None at all. */
	vmm_fake_reset();
	vcpu_fake.firmware = firmware;
	fw_smccc = 0x10001;
	workaround_init(false);
	RETURNS(-1, WORKAROUND_1, 0);
	ATF_CHECK_EQ(0, vcpu_fake.ncalls);
}

ATF_TC_WITHOUT_HEAD(hc_query);
ATF_TC_BODY(hc_query, tc)
{

	vmm_fake_reset();
	ATF_CHECK_EQ(OUTCOME_DONE, call(HC_UID, 0, 0));
	ATF_CHECK_EQ(HC_UID_0, v->x[0]);
	ATF_CHECK_EQ(HC_UID_1, v->x[1]);
	ATF_CHECK_EQ(HC_UID_2, v->x[2]);
	ATF_CHECK_EQ(HC_UID_3, v->x[3]);
	ATF_CHECK_EQ(0xf, vmm_fake_changed(v));
	ATF_CHECK_EQ(OUTCOME_DONE, call(HC_REVISION, 0, 0));
	ATF_CHECK_EQ(HC_VERSION_MAJOR, v->x[0]);
	ATF_CHECK_EQ(HC_VERSION_MINOR, v->x[1]);
}

ATF_TC_WITHOUT_HEAD(hc_yield);
ATF_TC_BODY(hc_yield, tc)
{

	vmm_fake_reset();
	v->x[0] = HC_YIELD;
	ATF_CHECK_EQ(OUTCOME_SWITCH, smccc_hvc(v, ESR(EC_HVC64, 0)));
	ATF_CHECK_EQ(0, v->x[0]);
	ATF_CHECK_EQ(1, vmm_fake_changed(v));
	v->x[0] = HC_YIELD;
	ATF_CHECK_EQ(OUTCOME_SWITCH, smccc_hvc(v, ESR(EC_SMC64, 0)));
}

ATF_TC_WITHOUT_HEAD(hc_stats);
ATF_TC_BODY(hc_stats, tc)
{
	uint64_t sum = 0, all = 0;
	unsigned int i;

	vmm_fake_reset();
	for (i = 0; i < nitems(vmm_vcpu[2].exits); i++) {
		vmm_vcpu[2].exits[i] = 1000 + i;
		all += 1000 + i;
	}
	for (i = 0; i < EXIT_CLASSES; i++)
		vmm_vcpu[2].ticks[i] = 77 + i;
	for (i = 0; i < EXIT_CLASSES; i++) {
		ATF_CHECK_EQ(OUTCOME_DONE, call(HC_STATS, 2, i));
		ATF_CHECK_EQ(0, v->x[0]);
		ATF_CHECK_EQ(77 + i, v->x[2]);
		sum += v->x[1];
	}
	/* Every class of exception is in one row, and in one only. */
	ATF_CHECK_EQ(all, sum);
	call(HC_STATS, 2, EXIT_HVC);
	ATF_CHECK_EQ(2000 + EC_HVC64 + EC_HVC32, v->x[1]);
	call(HC_STATS, 2, EXIT_SMC);
	ATF_CHECK_EQ(2000 + EC_SMC64 + EC_SMC32, v->x[1]);
	call(HC_STATS, 2, EXIT_SYSREG);
	ATF_CHECK_EQ(7000 + EC_SYSREG + EC_CP15 + EC_CP15_64 + EC_CP14 +
	    EC_CP14_MEM + EC_VMRS + EC_CP14_64, v->x[1]);
	call(HC_STATS, 2, EXIT_DATA_ABORT);
	ATF_CHECK_EQ(1000 + EC_DABT_LOW, v->x[1]);
	call(HC_STATS, 2, EXIT_IRQ);
	ATF_CHECK_EQ(1000 + VCPU_EXIT_IRQ, v->x[1]);
	call(HC_STATS, 2, EXIT_SERROR);
	ATF_CHECK_EQ(1000 + VCPU_EXIT_SERROR, v->x[1]);
	/* Its own VM only, its own classes only. */
	call(HC_STATS, VMM_FAKE_VCPUS, 0);
	ATF_CHECK_EQ(HC_E_INVALID, (int64_t)v->x[0]);
	call(HC_STATS, ~0ull, 0);
	ATF_CHECK_EQ(HC_E_INVALID, (int64_t)v->x[0]);
	call(HC_STATS, 0, EXIT_CLASSES);
	ATF_CHECK_EQ(HC_E_INVALID, (int64_t)v->x[0]);
	call(HC_STATS, 0x100000000, ~0ull);
	ATF_CHECK_EQ(HC_E_INVALID, (int64_t)v->x[0]);
}

ATF_TC_WITHOUT_HEAD(hc_boot);
ATF_TC_BODY(hc_boot, tc)
{

	vmm_fake_reset();
	hypercall_boot_entry = 11;
	vmm_vm.first_entry = 22;
	vmm_vm.copy_ticks = 33;
	ATF_CHECK_EQ(OUTCOME_DONE, call(HC_BOOT, 0, 0));
	ATF_CHECK_EQ(0, v->x[0]);
	ATF_CHECK_EQ(11, v->x[1]);
	ATF_CHECK_EQ(22, v->x[2]);
	ATF_CHECK_EQ(33, v->x[3]);
}

ATF_TC_WITHOUT_HEAD(hc_whoami);
ATF_TC_BODY(hc_whoami, tc)
{

	vmm_fake_reset();
	vmm_vcpu[1].x[0] = HC_WHOAMI;
	ATF_CHECK_EQ(OUTCOME_DONE, smccc_hvc(&vmm_vcpu[1],
	    ESR(EC_HVC64, 0)));
	ATF_CHECK_EQ(0, vmm_vcpu[1].x[0]);
	ATF_CHECK_EQ(3, vmm_vcpu[1].x[1]);
	ATF_CHECK_EQ(1, vmm_vcpu[1].x[2]);
	ATF_CHECK_EQ(5, vmm_vcpu[1].x[3]);
	ATF_CHECK_EQ(0xf, vmm_fake_changed(&vmm_vcpu[1]));
}

ATF_TC_WITHOUT_HEAD(hc_release);
ATF_TC_BODY(hc_release, tc)
{

	vmm_fake_reset();
	ATF_CHECK_EQ(OUTCOME_DONE, call(HC_RELEASE, 0x40001000, 0));
	ATF_CHECK_EQ(0, v->x[0]);
	ATF_CHECK_EQ(0x40001000, vmm_fake.released.v);
	ATF_CHECK_EQ(OUTCOME_DONE, call(HC_RELEASE, 0x40001008, 0));
	ATF_CHECK_EQ(HC_E_INVALID, (int64_t)v->x[0]);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, version);
	ATF_TP_ADD_TC(tp, arch_features);
	ATF_TP_ADD_TC(tp, unknown);
	ATF_TP_ADD_TC(tp, immediate);
	ATF_TP_ADD_TC(tp, smc);
	ATF_TP_ADD_TC(tp, workarounds);
	ATF_TP_ADD_TC(tp, old_firmware);
	ATF_TP_ADD_TC(tp, hc_query);
	ATF_TP_ADD_TC(tp, hc_yield);
	ATF_TP_ADD_TC(tp, hc_stats);
	ATF_TP_ADD_TC(tp, hc_boot);
	ATF_TP_ADD_TC(tp, hc_whoami);
	ATF_TP_ADD_TC(tp, hc_release);
	return (atf_no_error());
}
