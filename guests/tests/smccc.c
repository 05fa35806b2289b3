/*
 * smccc: the calling convention (DEN 0028) and Apiary's hypercalls
 * (abi/hypercall.h). Must not know PSCI beyond its version.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#include "abi/hypercall.h"
#include "abi/stats.h"

#define	SMCCC_VERSION		0x80000000u
#define	SMCCC_ARCH_FEATURES	0x80000001u
#define	NOT_SUPPORTED		((uint64_t)-1)
#define	WORKAROUND_CALLS	50u	/* test_loader.py counts them */

/* All of x0 to x17 before and after a call. */
static uint64_t regs[18];
void	call_all_hvc(uint64_t *), call_all_smc(uint64_t *);
#define	CALL_ALL(insn)							\
"	.text\n"							\
"	.globl	call_all_" insn "\n"					\
"call_all_" insn ":\n"							\
"	stp	x29, x30, [sp, #-32]!\n"				\
"	str	x0, [sp, #16]\n"					\
"	mov	x30, x0\n"						\
"	ldp	x0, x1, [x30]\n"					\
"	ldp	x2, x3, [x30, #16]\n"					\
"	ldp	x4, x5, [x30, #32]\n"					\
"	ldp	x6, x7, [x30, #48]\n"					\
"	ldp	x8, x9, [x30, #64]\n"					\
"	ldp	x10, x11, [x30, #80]\n"					\
"	ldp	x12, x13, [x30, #96]\n"					\
"	ldp	x14, x15, [x30, #112]\n"				\
"	ldp	x16, x17, [x30, #128]\n"				\
"	" insn "	#0\n"						\
"	ldr	x30, [sp, #16]\n"					\
"	stp	x0, x1, [x30]\n"					\
"	stp	x2, x3, [x30, #16]\n"					\
"	stp	x4, x5, [x30, #32]\n"					\
"	stp	x6, x7, [x30, #48]\n"					\
"	stp	x8, x9, [x30, #64]\n"					\
"	stp	x10, x11, [x30, #80]\n"					\
"	stp	x12, x13, [x30, #96]\n"					\
"	stp	x14, x15, [x30, #112]\n"				\
"	stp	x16, x17, [x30, #128]\n"				\
"	ldp	x29, x30, [sp], #32\n"					\
"	ret\n"
__asm__(CALL_ALL("hvc") CALL_ALL("smc"));

/* SMCCC 1.1 is found by PSCI_FEATURES (DEN 0028, appendix B). */
static void
need_1_1(void)
{

	if (!machine.apiary &&
	    psci(PSCI_FEATURES, SMCCC_VERSION, 0, 0) < 0)
		case_skip("PSCI says there is no SMCCC 1.1 here");
}

static struct smccc_result
call(uint64_t fn, uint64_t a1)
{

	return (machine.psci_smc ? smc(fn, a1, 0, 0) : hvc(fn, a1, 0, 0));
}

static void
version(void)
{

	need_1_1();
	CHECK_EQ(psci(PSCI_FEATURES, SMCCC_VERSION, 0, 0), 0);
	CHECK(call(SMCCC_VERSION, 0).x0 >= 0x10001);
	CHECK(call(SMCCC_VERSION, 0).x0 < 0x20000);
}

static void
arch_features(void)
{

	need_1_1();
	CHECK_EQ(call(SMCCC_ARCH_FEATURES, SMCCC_VERSION).x0, 0);
	CHECK_EQ(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES).x0, 0);
	CHECK_EQ((int32_t)call(SMCCC_ARCH_FEATURES, 0x8000fffe).x0, -1);
	/* PSCI's are not of this service. */
	CHECK_EQ((int32_t)call(SMCCC_ARCH_FEATURES, PSCI_VERSION).x0, -1);
}

static void
preserved_over(void (*fn)(uint64_t *), uint32_t fid)
{
	unsigned int i;

	regs[0] = fid;
	for (i = 1; i < nitems(regs); i++)
		regs[i] = 0x1111111111111111ul * (i % 16) + i;
	regs[1] = 0;
	fn(regs);
	for (i = 4; i < nitems(regs); i++)
		if (regs[i] != 0x1111111111111111ul * (i % 16) + i) {
			print("x%u after %#x: %#lx\n", i, fid, regs[i]);
			CHECK(!"x4 to x17 are kept");
		}
}

/*
 * What firmware does against speculation (DEN 0028, 7.5 and on): offered and
 * callable, or neither. Boot argument workarounds: it has all of them.
 */
static void
workarounds(void)
{
	static const uint32_t fids[] = { 0x80008000, 0x80007fff, 0x80003fff };
	char unused[2];
	bool all = machine_arg("workarounds", unused, sizeof(unused));
	unsigned int i, n;

	need_1_1();
	for (i = 0; i < nitems(fids); i++) {
		int32_t there = (int32_t)call(SMCCC_ARCH_FEATURES, fids[i]).x0;

		print("%#x: %d\n", fids[i], there);
		/* -2: this CPU needs it not (of the second alone). */
		CHECK(there >= -1 || (there == -2 && i == 1));
		CHECK(there != -1 || !all);
		if (there < 0) {
			CHECK_EQ((int32_t)call(fids[i], 1).x0, -1);
			continue;
		}
		/* They return nothing, so 0 or what was there. */
		for (n = 0; n < WORKAROUND_CALLS; n++)
			CHECK_EQ((int32_t)call(fids[i], 1).x0 == -1, 0);
		if (machine.psci_smc)
			preserved_over(call_all_smc, fids[i]);
		else
			preserved_over(call_all_hvc, fids[i]);
	}
}

/* A number nobody has, in every owner, fast and yielding, 32 and 64. */
static void
unknown(void)
{
	unsigned int top;

	need_1_1();
	for (top = 0; top < 256; top++) {
		uint64_t fid = (uint64_t)top << 24 | 0xfe5d;
		struct smccc_result r = call(fid, 0);

		if ((int32_t)r.x0 != -1) {
			print("%#lx: %#lx\n", fid, r.x0);
			CHECK(!"NOT_SUPPORTED");
		}
	}
}

static void
unknown_low(void)
{
	unsigned int n;

	for (n = 0x20; n < 0x400; n++)
		CHECK((int32_t)hvc(0x80000000u | n, 0, 0, 0).x0 == -1 &&
		    (int32_t)hvc(0x84000000u | n, 0, 0, 0).x0 == -1 &&
		    (int32_t)hvc(0xc6000000u | n, 0, 0, 0).x0 == -1);
}

/* -1 as 64 bits for SMC64 and for SMC32 (DEN 0028, "unknown function"). */
static void
unknown_is_64bit(void)
{

	CHECK_EQ(hvc(0xc600fe5d, 0, 0, 0).x0, NOT_SUPPORTED);
	CHECK_EQ(hvc(0xc400003f, 0, 0, 0).x0, NOT_SUPPORTED);
}

static void
preserved(void)
{
	static const uint32_t fids[] = { SMCCC_VERSION, PSCI_VERSION,
	    HC_UID, HC_WHOAMI, HC_YIELD, HC_BOOT, HC_STATS, 0xc600fe5d };
	unsigned int i;

	for (i = 0; i < nitems(fids); i++) {
		preserved_over(call_all_hvc, fids[i]);
		if (machine.smc)
			preserved_over(call_all_smc, fids[i]);
	}
}

/* 1.1: results beyond those a call has are kept too. */
static void
preserved_results(void)
{

	regs[0] = SMCCC_VERSION;
	regs[1] = 1;
	regs[2] = 2;
	regs[3] = 3;
	call_all_hvc(regs);
	CHECK_EQ(regs[1], 1);
	CHECK_EQ(regs[2], 2);
	CHECK_EQ(regs[3], 3);
}

static void
by_smc(void)
{

	CHECK_EQ(smc(SMCCC_VERSION, 0, 0, 0).x0, hvc(SMCCC_VERSION, 0, 0,
	    0).x0);
	CHECK_EQ(smc(PSCI_VERSION, 0, 0, 0).x0, hvc(PSCI_VERSION, 0, 0,
	    0).x0);
	CHECK_EQ(smc(HC_UID, 0, 0, 0).x0, HC_UID_0);
	CHECK_EQ((int32_t)smc(0xc600fe5d, 0, 0, 0).x0, -1);
}

/* Immediates other than 0 are reserved. */
static void
immediate(void)
{
	register uint64_t x0 __asm__("x0") = PSCI_VERSION;

	__asm__ volatile("hvc #1" : "+r" (x0) : : "x1", "x2", "x3", "memory");
	CHECK_EQ((int32_t)x0, -1);
	x0 = HC_UID;
	__asm__ volatile("smc #0xffff" : "+r" (x0) : : "x1", "x2", "x3",
	    "memory");
	CHECK_EQ((int32_t)x0, -1);
}

/* Bits 63 to 32 of x0 are not part of the function identifier. */
static void
upper_half(void)
{

	CHECK_EQ(hvc(0xdeadbeef00000000ul | SMCCC_VERSION, 0, 0, 0).x0,
	    hvc(SMCCC_VERSION, 0, 0, 0).x0);
}

/*
 * By the UID a guest knows Apiary, and cases need it. So who runs this under
 * Apiary says so: boot argument apiary.
 */
static void
uid(void)
{
	char unused[8];
	struct smccc_result r;

	if (!machine.apiary && !machine_arg("apiary", unused, sizeof(unused)))
		case_skip("needs Apiary's hypercalls");
	r = hvc(HC_UID, 0, 0, 0);
	CHECK_EQ(r.x0, HC_UID_0);
	CHECK_EQ(r.x1, HC_UID_1);
	CHECK_EQ(r.x2, HC_UID_2);
	CHECK_EQ(r.x3, HC_UID_3);
	r = hvc(HC_REVISION, 0, 0, 0);
	CHECK_EQ(r.x0, HC_VERSION_MAJOR);
	CHECK_EQ(r.x1, HC_VERSION_MINOR);
}

static void
whoami(void)
{
	struct smccc_result r = hvc(HC_WHOAMI, 0, 0, 0);

	CHECK_EQ(r.x0, 0);
	CHECK(r.x1 < 64);
	CHECK_EQ(r.x2, 0);
	CHECK(r.x3 < 256);
}

static volatile uint32_t other_is = ~0u;

static void
other(void *unused)
{

	(void)unused;
	publish(&other_is, (uint32_t)hvc(HC_WHOAMI, 0, 0, 0).x2);
}

static void
whoami_other(void)
{

	other_is = ~0u;
	REQUIRE(smp_on(1, other, NULL) == 0);
	CHECK(wait_for(&other_is, 1));
}

static void
yield(void)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		CHECK_EQ(hvc(HC_YIELD, 0, 0, 0).x0, 0);
}

static void
stats(void)
{
	uint64_t before = hvc(HC_STATS, 0, EXIT_HVC, 0).x1;
	unsigned int i, class;

	for (i = 0; i < 10; i++)
		hvc(SMCCC_VERSION, 0, 0, 0);
	/* These ten, and the one that asked before or the one that asks. */
	CHECK_EQ(hvc(HC_STATS, 0, EXIT_HVC, 0).x1 - before, 11);
	before = hvc(HC_STATS, 0, EXIT_SMC, 0).x1;
	if (machine.smc)
		smc(SMCCC_VERSION, 0, 0, 0);
	CHECK_EQ(hvc(HC_STATS, 0, EXIT_SMC, 0).x1 - before, machine.smc);
	before = hvc(HC_STATS, 0, EXIT_DATA_ABORT, 0).x1;
	for (i = 0; i < 5; i++)
		mmio_read(machine.gicd + 4);
	CHECK_EQ(hvc(HC_STATS, 0, EXIT_DATA_ABORT, 0).x1 - before, 5);
	for (class = 0; class < EXIT_CLASSES; class++)
		CHECK_EQ(hvc(HC_STATS, 0, class, 0).x0, 0);
}

static void
stats_bad(void)
{

	CHECK_EQ(hvc(HC_STATS, machine.ncpus, 0, 0).x0, HC_E_INVALID);
	CHECK_EQ(hvc(HC_STATS, ~0ul, 0, 0).x0, HC_E_INVALID);
	CHECK_EQ(hvc(HC_STATS, 1ul << 32, 0, 0).x0, HC_E_INVALID);
	CHECK_EQ(hvc(HC_STATS, 0, EXIT_CLASSES, 0).x0, HC_E_INVALID);
	CHECK_EQ(hvc(HC_STATS, 0, ~0ul, 0).x0, HC_E_INVALID);
}

static void
boot(void)
{
	struct smccc_result r = hvc(HC_BOOT, 0, 0, 0);

	CHECK_EQ(r.x0, 0);
	CHECK(r.x1 < r.x2);
	CHECK(r.x3 <= r.x2 - r.x1);
	/* The first entry lies before now. */
	CHECK(r.x2 < read_sysreg(cntpct_el0));
}

const char guest_name[] = "smccc";
const struct guest_case guest_cases[] = {
	{ "version", version, 0, 0 },
	{ "arch_features", arch_features, 0, 0 },
	{ "workarounds", workarounds, 0, 0 },
	{ "unknown", unknown, 0, 0 },
	{ "unknown_low", unknown_low, 0, NEED_APIARY },
	{ "unknown_is_64bit", unknown_is_64bit, 0, NEED_APIARY },
	{ "preserved", preserved, 0, NEED_APIARY },
	{ "preserved_results", preserved_results, 0, NEED_APIARY },
	{ "by_smc", by_smc, 0, NEED_APIARY | NEED_SMC },
	{ "immediate", immediate, 0, NEED_APIARY | NEED_SMC },
	{ "upper_half", upper_half, 0, NEED_APIARY },
	{ "uid", uid, 0, 0 },
	{ "whoami", whoami, 0, NEED_APIARY },
	{ "whoami_other", whoami_other, 2, NEED_APIARY },
	{ "yield", yield, 0, NEED_APIARY },
	{ "stats", stats, 0, NEED_APIARY },
	{ "stats_bad", stats_bad, 0, NEED_APIARY },
	{ "boot", boot, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
