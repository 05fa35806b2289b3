/*
 * PSCI as a guest calls it (DEN 0022), through the dispatch of vmm/smccc.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "vmm_fake.h"
#include "vmm/psci.h"

#define	FN32(n)		(0x84000000u + (n))
#define	FN64(n)		(0xc4000000u + (n))
#define	SUSPEND		1
#define	OFF		2
#define	ON		3
#define	AFFINITY	4
#define	FEATURES	10

#define	ENTRY		(MACHINE_RAM_BASE + 0x80000ull)

static struct vcpu *const v = &vmm_vcpu[0];

static outcome_t
call(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{

	v->x[0] = fn;
	v->x[1] = a1;
	v->x[2] = a2;
	v->x[3] = a3;
	return (smccc_hvc(v, ESR(EC_HVC64, 0)));
}

/* A call that returns, with this value. */
#define	RETURNS(value, fn, a1, a2, a3) do {				\
	ATF_CHECK_EQ(OUTCOME_DONE, call(fn, a1, a2, a3));		\
	ATF_CHECK_EQ_MSG((uint64_t)(int64_t)(value), v->x[0],		\
	    "%#lx(%#lx, %#lx): %ld", (unsigned long)(fn),		\
	    (unsigned long)(a1), (unsigned long)(a2), (long)v->x[0]);	\
	ATF_CHECK_EQ(0, vmm_fake_changed(v) & ~0xfu);			\
} while (0)

ATF_TC_WITHOUT_HEAD(version);
ATF_TC_BODY(version, tc)
{

	vmm_fake_reset();
	RETURNS(0x10001, FN32(0), 0, 0, 0);
	RETURNS(PSCI_NOT_SUPPORTED, FN64(0), 0, 0, 0);
}

ATF_TC_WITHOUT_HEAD(features);
ATF_TC_BODY(features, tc)
{
	static const uint32_t there[] = { FN32(0), FN32(1), FN64(1), FN32(2),
	    FN32(3), FN64(3), FN32(4), FN64(4), FN32(6), FN32(8), FN32(9),
	    FN32(10), FN32(12), FN64(12), 0x80000000u };
	uint32_t n;
	unsigned int i;

	vmm_fake_reset();
	for (i = 0; i < nitems(there); i++)
		RETURNS(0, FN32(FEATURES), there[i], 0, 0);
	/* And no others of the range, nor of another. */
	for (n = 0; n < 0x20; n++) {
		bool b32 = false, b64 = false;

		for (i = 0; i < nitems(there); i++) {
			b32 |= there[i] == FN32(n);
			b64 |= there[i] == FN64(n);
		}
		RETURNS(b32 ? 0 : -1, FN32(FEATURES), FN32(n), 0, 0);
		RETURNS(b64 ? 0 : -1, FN32(FEATURES), FN64(n), 0, 0);
	}
	RETURNS(-1, FN32(FEATURES), 0x04000000, 0, 0);
	RETURNS(-1, FN32(FEATURES), 0x86000001, 0, 0);
	RETURNS(-1, FN32(FEATURES), 0x84010000, 0, 0);
	RETURNS(-1, FN32(FEATURES), 0xffffffff, 0, 0);
	RETURNS(-1, FN64(FEATURES), FN32(0), 0, 0);
}

/* What FEATURES denies is not there. */
ATF_TC_WITHOUT_HEAD(unsupported);
ATF_TC_BODY(unsupported, tc)
{
	uint32_t n;

	for (n = 0; n < 0x40; n++) {
		vmm_fake_reset();
		call(FN32(FEATURES), FN32(n), 0, 0);
		if (v->x[0] != 0)
			RETURNS(-1, FN32(n), 0, 0, 0);
		call(FN32(FEATURES), FN64(n), 0, 0);
		if (v->x[0] != 0)
			RETURNS(-1, FN64(n), 0, 0, 0);
		ATF_CHECK_EQ(0, vmm_fake.stops);
		ATF_CHECK_EQ(0, vmm_fake.requests);
	}
}

ATF_TC_WITHOUT_HEAD(cpu_on);
ATF_TC_BODY(cpu_on, tc)
{

	vmm_fake_reset();
	RETURNS(PSCI_SUCCESS, FN64(ON), 0x101, ENTRY, 0x123456789abcdef0);
	ATF_CHECK_EQ(VCPU_ON_PENDING, vmm_vcpu[3].power);
	ATF_CHECK_EQ(ENTRY, vmm_vcpu[3].start_pc);
	ATF_CHECK_EQ(0x123456789abcdef0, vmm_vcpu[3].start_x0);
	ATF_CHECK_EQ(1, vmm_fake.requests);
	ATF_CHECK_EQ(&vmm_vcpu[3], vmm_fake.requested);
	ATF_CHECK_EQ(VCPU_REQ_START, vmm_fake.request);
	ATF_CHECK_EQ(VCPU_OFF, vmm_vcpu[1].power);
	ATF_CHECK_EQ(VCPU_OFF, vmm_vcpu[2].power);
	/* The target starts by what is asked, not by what comes later. */
	RETURNS(PSCI_ON_PENDING, FN64(ON), 0x101, ENTRY + 4, 1);
	ATF_CHECK_EQ(ENTRY, vmm_vcpu[3].start_pc);
	ATF_CHECK_EQ(0x123456789abcdef0, vmm_vcpu[3].start_x0);
	ATF_CHECK_EQ(1, vmm_fake.requests);
}

/* SMC32: the upper halves of the registers do not count. */
ATF_TC_WITHOUT_HEAD(cpu_on_32);
ATF_TC_BODY(cpu_on_32, tc)
{

	vmm_fake_reset();
	RETURNS(PSCI_SUCCESS, FN32(ON), 0xdead00000001, 0x1200000000 | ENTRY,
	    0xffffffff00000007);
	ATF_CHECK_EQ(VCPU_ON_PENDING, vmm_vcpu[1].power);
	ATF_CHECK_EQ(ENTRY, vmm_vcpu[1].start_pc);
	ATF_CHECK_EQ(7, vmm_vcpu[1].start_x0);
}

/* AArch32: bit 0 says that it starts in T32. */
ATF_TC_WITHOUT_HEAD(cpu_on_aarch32);
ATF_TC_BODY(cpu_on_aarch32, tc)
{

	for (unsigned int low = 0; low < 4; low++) {
		vmm_fake_reset();
		RETURNS(low == 0 ? PSCI_SUCCESS : PSCI_INVALID_ADDRESS,
		    FN32(ON), 1, ENTRY | low, 0);
		vmm_fake_reset();
		v->vm->config.image.aarch32 = true;
		RETURNS(low == 2 ? PSCI_INVALID_ADDRESS : PSCI_SUCCESS,
		    FN32(ON), 1, ENTRY | low, 0);
		if (low != 2)
			ATF_CHECK_EQ(ENTRY | low, vmm_vcpu[1].start_pc);
	}
}

ATF_TC_WITHOUT_HEAD(cpu_on_parameters);
ATF_TC_BODY(cpu_on_parameters, tc)
{
	static const uint64_t targets[] = { 2, 0x102, 0x10000, 0x1000000,
	    0x80000001, 0x40000001, 0x100000000, 0x10000000001, ~0ull };
	static const uint64_t entries[] = { 0, MACHINE_RAM_BASE - 4,
	    MACHINE_RAM_BASE + VMM_FAKE_MEMORY, ENTRY + 2, ENTRY + 1, ~3ull,
	    MACHINE_GICD_BASE, 0x8000000000000000 | ENTRY };
	unsigned int i;

	vmm_fake_reset();
	for (i = 0; i < nitems(targets); i++)
		RETURNS(PSCI_INVALID_PARAMETERS, FN64(ON), targets[i], ENTRY,
		    0);
	for (i = 0; i < nitems(entries); i++)
		RETURNS(PSCI_INVALID_ADDRESS, FN64(ON), 1, entries[i], 0);
	ATF_CHECK_EQ(VCPU_OFF, vmm_vcpu[1].power);
	ATF_CHECK_EQ(0, vmm_fake.requests);
	/* The ends of RAM are good. */
	RETURNS(PSCI_SUCCESS, FN64(ON), 1, MACHINE_RAM_BASE, 0);
	RETURNS(PSCI_SUCCESS, FN64(ON), 0x100,
	    MACHINE_RAM_BASE + VMM_FAKE_MEMORY - 4, 0);
}

ATF_TC_WITHOUT_HEAD(cpu_on_states);
ATF_TC_BODY(cpu_on_states, tc)
{

	vmm_fake_reset();
	RETURNS(PSCI_ALREADY_ON, FN64(ON), 0, ENTRY, 0);
	vmm_vcpu[1].power = VCPU_ON;
	RETURNS(PSCI_ALREADY_ON, FN64(ON), 1, ENTRY, 0);
	/* Whoever comes second while the VM stops starts nothing. */
	vmm_vm.state = VM_STOPPING;
	RETURNS(PSCI_INTERNAL_FAILURE, FN64(ON), 0x100, ENTRY, 0);
	ATF_CHECK_EQ(VCPU_OFF, vmm_vcpu[2].power);
	ATF_CHECK_EQ(0, vmm_fake.requests);
}

ATF_TC_WITHOUT_HEAD(cpu_off);
ATF_TC_BODY(cpu_off, tc)
{

	vmm_fake_reset();
	vmm_vcpu[2].power = VCPU_ON;
	ATF_CHECK_EQ(OUTCOME_SWITCH, call(FN32(OFF), 0, 0, 0));
	ATF_CHECK_EQ(VCPU_OFF, v->power);
	ATF_CHECK_EQ(0, vmm_fake.stops);
	/* Off and on again by another. */
	vmm_vcpu[2].x[0] = FN64(ON);
	vmm_vcpu[2].x[1] = 0;
	vmm_vcpu[2].x[2] = ENTRY;
	smccc_hvc(&vmm_vcpu[2], ESR(EC_HVC64, 0));
	ATF_CHECK_EQ(PSCI_SUCCESS, vmm_vcpu[2].x[0]);
	ATF_CHECK_EQ(VCPU_ON_PENDING, v->power);
	/* One that is about to start is one that is left. */
	vmm_vcpu[2].x[0] = FN32(OFF);
	ATF_CHECK_EQ(OUTCOME_SWITCH, smccc_hvc(&vmm_vcpu[2],
	    ESR(EC_HVC64, 0)));
	ATF_CHECK_EQ(0, vmm_fake.stops);
}

ATF_TC_WITHOUT_HEAD(cpu_off_last);
ATF_TC_BODY(cpu_off_last, tc)
{

	vmm_fake_reset();
	ATF_CHECK_EQ(OUTCOME_SWITCH, call(FN32(OFF), 0, 0, 0));
	ATF_CHECK_EQ(1, vmm_fake.stops);
	ATF_CHECK_EQ(VM_STOP_OFF, vmm_fake.why);
	ATF_CHECK_EQ(1, vmm_fake.logs);
}

ATF_TC_WITHOUT_HEAD(affinity_info);
ATF_TC_BODY(affinity_info, tc)
{

	vmm_fake_reset();
	vmm_vcpu[2].power = VCPU_ON_PENDING;
	RETURNS(0, FN64(AFFINITY), 0, 0, 0);
	RETURNS(1, FN64(AFFINITY), 1, 0, 0);
	RETURNS(2, FN64(AFFINITY), 0x100, 0, 0);
	RETURNS(1, FN32(AFFINITY), 0x101, 0, 0);
	RETURNS(-2, FN64(AFFINITY), 2, 0, 0);
	RETURNS(-2, FN64(AFFINITY), 0x80000000, 0, 0);
	/* Level 1: clusters; the lowest field does not count. */
	RETURNS(0, FN64(AFFINITY), 0x0, 1, 0);
	RETURNS(0, FN64(AFFINITY), 0xff, 1, 0);
	RETURNS(2, FN64(AFFINITY), 0x100, 1, 0);
	RETURNS(2, FN64(AFFINITY), 0x101, 1, 0);
	vmm_vcpu[2].power = VCPU_OFF;
	RETURNS(1, FN64(AFFINITY), 0x100, 1, 0);
	vmm_vcpu[3].power = VCPU_ON;
	RETURNS(0, FN64(AFFINITY), 0x100, 1, 0);
	RETURNS(-2, FN64(AFFINITY), 0x200, 1, 0);
	/* One that starts does not hide one that is on. */
	vmm_vcpu[1].power = VCPU_ON_PENDING;
	RETURNS(0, FN64(AFFINITY), 0, 1, 0);
	/* Above. */
	RETURNS(0, FN64(AFFINITY), 0, 2, 0);
	RETURNS(-2, FN64(AFFINITY), 0x10000, 2, 0);
	RETURNS(0, FN64(AFFINITY), 0, 3, 0);
	RETURNS(-2, FN64(AFFINITY), 0x100000000, 3, 0);
	RETURNS(-2, FN64(AFFINITY), 0, 4, 0);
	RETURNS(-2, FN64(AFFINITY), 0, 0xffffffff, 0);
	/* lowest_affinity_level has 32 bits. */
	RETURNS(0, FN64(AFFINITY), 0, 0x100000000, 0);
	/* SMC32 knows no Aff3. */
	RETURNS(0, FN32(AFFINITY), 0xff00000000, 0, 0);
}

ATF_TC_WITHOUT_HEAD(cpu_suspend);
ATF_TC_BODY(cpu_suspend, tc)
{

	vmm_fake_reset();
	vmm_fake.wait = OUTCOME_SWITCH;
	ATF_CHECK_EQ(OUTCOME_SWITCH, call(FN64(SUSPEND), 0, 0, 0));
	ATF_CHECK_EQ(PSCI_SUCCESS, v->x[0]);
	ATF_CHECK_EQ(1, vmm_fake.waits);
	/* Something is pending already. */
	vmm_fake.wait = OUTCOME_DONE;
	RETURNS(PSCI_SUCCESS, FN32(SUSPEND), 0x0100ffff, 0, 0);
	/* Power down: with a good entry as standby, else refused. */
	RETURNS(PSCI_SUCCESS, FN64(SUSPEND), 0x01010000, ENTRY, 0);
	ATF_CHECK_EQ(3, vmm_fake.waits);
	RETURNS(PSCI_INVALID_ADDRESS, FN64(SUSPEND), 0x01010000, 0x1000, 0);
	RETURNS(PSCI_INVALID_ADDRESS, FN64(12), 0x1000, 0, 0);
	/* Bits that must be zero. */
	RETURNS(PSCI_INVALID_PARAMETERS, FN64(SUSPEND), 0x00020000, 0, 0);
	RETURNS(PSCI_INVALID_PARAMETERS, FN64(SUSPEND), 0x04000000, 0, 0);
	RETURNS(PSCI_INVALID_PARAMETERS, FN64(SUSPEND), 0x80000000, 0, 0);
	ATF_CHECK_EQ(3, vmm_fake.waits);
	RETURNS(PSCI_SUCCESS, FN64(12), ENTRY, 0, 0);
	RETURNS(PSCI_SUCCESS, FN32(12), 0xf00000000 | ENTRY, 0, 0);
	ATF_CHECK_EQ(5, vmm_fake.waits);
}

ATF_TC_WITHOUT_HEAD(system);
ATF_TC_BODY(system, tc)
{

	vmm_fake_reset();
	ATF_CHECK_EQ(OUTCOME_SWITCH, call(FN32(8), 0, 0, 0));
	ATF_CHECK_EQ(1, vmm_fake.stops);
	ATF_CHECK_EQ(&vmm_vm, vmm_fake.stopped);
	ATF_CHECK_EQ(VM_STOP_OFF, vmm_fake.why);
	vmm_fake_reset();
	ATF_CHECK_EQ(OUTCOME_SWITCH, call(FN32(9), 0, 0, 0));
	ATF_CHECK_EQ(1, vmm_fake.stops);
	ATF_CHECK_EQ(VM_STOP_RESET, vmm_fake.why);
}

ATF_TC_WITHOUT_HEAD(migrate);
ATF_TC_BODY(migrate, tc)
{

	vmm_fake_reset();
	RETURNS(2, FN32(6), 0, 0, 0);
	RETURNS(-1, FN32(5), 1, 0, 0);
	RETURNS(-1, FN64(5), 1, 0, 0);
	RETURNS(-1, FN32(7), 0, 0, 0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, version);
	ATF_TP_ADD_TC(tp, features);
	ATF_TP_ADD_TC(tp, unsupported);
	ATF_TP_ADD_TC(tp, cpu_on);
	ATF_TP_ADD_TC(tp, cpu_on_32);
	ATF_TP_ADD_TC(tp, cpu_on_aarch32);
	ATF_TP_ADD_TC(tp, cpu_on_parameters);
	ATF_TP_ADD_TC(tp, cpu_on_states);
	ATF_TP_ADD_TC(tp, cpu_off);
	ATF_TP_ADD_TC(tp, cpu_off_last);
	ATF_TP_ADD_TC(tp, affinity_info);
	ATF_TP_ADD_TC(tp, cpu_suspend);
	ATF_TP_ADD_TC(tp, system);
	ATF_TP_ADD_TC(tp, migrate);
	return (atf_no_error());
}
