/*
 * AArch32's syndromes and PSTATE as arithmetic: conditions, the IT state,
 * banked registers, CP15 by AArch64's names, what an exception leaves.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "arch/aarch64/ext/aarch32.h"
#include "port/trap.h"

#define	N	(1ull << 31)
#define	Z	(1ull << 30)
#define	C	(1ull << 29)
#define	V	(1ull << 28)
#define	T	(1ull << 5)
#define	SVC	0x13u

static uint64_t
syndrome(unsigned int ec, uint32_t iss)
{

	return ((uint64_t)ec << ESR_EC_SHIFT | ESR_IL | iss);
}

/* IT[7:0] where a PSTATE has it. */
static uint64_t
it(unsigned int state)
{

	return ((uint64_t)(state >> 2) << 10 | (uint64_t)(state & 3) << 25);
}

ATF_TC_WITHOUT_HEAD(conditions);
ATF_TC_BODY(conditions, tc)
{
	/* Of EQ to LE: with which flags it is true (NZCV as a number). */
	static const uint16_t true_with[15] = {
		0xf0f0, 0x0f0f, 0xcccc, 0x3333, 0xff00, 0x00ff, 0xaaaa, 0x5555,
		0x0c0c, 0xf3f3, 0xaa55, 0x55aa, 0x0a05, 0xf5fa, 0xffff,
	};

	for (unsigned int cond = 0; cond < 15; cond++)
		for (uint64_t nzcv = 0; nzcv < 16; nzcv++) {
			bool want = true_with[cond] >> nzcv & 1;
			uint32_t iss = 1u << 24 | cond << 20;

			ATF_CHECK_EQ_MSG(want, aarch32_passes(syndrome(EC_CP15,
			    iss), nzcv << 28 | SVC), "%u %lx", cond,
			    (unsigned long)nzcv);
			/* CV is 0: the IT state says. */
			ATF_CHECK_EQ(want, aarch32_passes(syndrome(EC_WFX,
			    0xf << 20), nzcv << 28 | it(cond << 4 | 8) | T));
		}
	/* Outside of a block, and without a condition in its syndrome. */
	ATF_CHECK(aarch32_passes(syndrome(EC_WFX, 0), Z | SVC));
	ATF_CHECK(aarch32_passes(syndrome(EC_HVC32, 0), SVC));
	ATF_CHECK(aarch32_passes(syndrome(EC_DABT_LOW, 1u << 24), SVC));
	ATF_CHECK(aarch32_passes(syndrome(EC_UNKNOWN, 0), it(0x08) | T));
	/* SMC: only where it is not known to have passed. */
	ATF_CHECK(aarch32_passes(syndrome(EC_SMC32, 1u << 24), SVC));
	ATF_CHECK(!aarch32_passes(syndrome(EC_SMC32, 1u << 24 | 1u << 19),
	    SVC));
}

ATF_TC_WITHOUT_HEAD(it_state);
ATF_TC_BODY(it_state, tc)
{
	uint64_t rest = N | C | 1u << 9 | 0xf0000 | T | SVC;

	/* ITTEE EQ: four instructions, and the block is over. */
	ATF_CHECK_EQ(rest | it(0x0e), aarch32_next(rest | it(0x07)));
	ATF_CHECK_EQ(rest | it(0x1c), aarch32_next(rest | it(0x0e)));
	ATF_CHECK_EQ(rest | it(0x18), aarch32_next(rest | it(0x1c)));
	ATF_CHECK_EQ(rest, aarch32_next(rest | it(0x18)));
	ATF_CHECK_EQ(rest | it(0xc8), aarch32_next(rest | it(0xc4)));
	ATF_CHECK_EQ(rest, aarch32_next(rest));
}

ATF_TC_WITHOUT_HEAD(banked);
ATF_TC_BODY(banked, tc)
{
	static const struct {
		unsigned int	mode, sp, lr, r8;
	} cases[] = {
		{ 0x10, 13, 14, 8 }, { 0x11, 29, 30, 24 }, { 0x12, 17, 16, 8 },
		{ 0x13, 19, 18, 8 }, { 0x17, 21, 20, 8 }, { 0x1b, 23, 22, 8 },
		{ 0x1f, 13, 14, 8 },
	};

	for (unsigned int i = 0; i < nitems(cases); i++) {
		unsigned int m = cases[i].mode;

		ATF_CHECK_EQ(cases[i].sp, aarch32_register(13, N | m));
		ATF_CHECK_EQ(cases[i].lr, aarch32_register(14, m));
		for (unsigned int n = 0; n < 5; n++)
			ATF_CHECK_EQ(cases[i].r8 + n,
			    aarch32_register(8 + n, m));
		/* Shared, and what is a view of AArch64's already. */
		for (unsigned int n = 0; n < 8; n++)
			ATF_CHECK_EQ(n, aarch32_register(n, m));
		for (unsigned int n = 15; n < 32; n++)
			ATF_CHECK_EQ(n, aarch32_register(n, m));
	}
}

/* p15 or p14, op1, c<n>, c<m>, op2: register 5, a read. */
static uint64_t
mrc(unsigned int ec, unsigned int op1, unsigned int n, unsigned int m,
    unsigned int op2)
{

	return (aarch32_sysreg(syndrome(ec, 0xe << 20 | 1u << 24 | op2 << 17 |
	    op1 << 14 | n << 10 | 5 << 5 | m << 1 | 1)));
}

static uint64_t
mcrr(unsigned int ec, unsigned int op1, unsigned int m)
{

	return (aarch32_sysreg(syndrome(ec, 1u << 24 | 0xe << 20 | op1 << 16 |
	    6 << 10 | 5 << 5 | m << 1)));
}

#define	READ	(5u << 5 | 1)
#define	WRITE	(5u << 5)

ATF_TC_WITHOUT_HEAD(cp15);
ATF_TC_BODY(cp15, tc)
{

	/* One to one. */
	ATF_CHECK_EQ(SYS_REG(3, 0, 0, 1, 1) | READ, mrc(EC_CP15, 0, 0, 1, 1));
	ATF_CHECK_EQ(SYS_REG(3, 0, 0, 2, 7) | READ, mrc(EC_CP15, 0, 0, 2, 7));
	ATF_CHECK_EQ(SYS_REG(3, 0, 0, 3, 4) | READ, mrc(EC_CP15, 0, 0, 3, 4));
	ATF_CHECK_EQ(SYS_REG(1, 0, 7, 14, 2) | READ,
	    mrc(EC_CP15, 0, 7, 14, 2));
	ATF_CHECK_EQ(SYS_REG(3, 3, 9, 12, 0) | READ,
	    mrc(EC_CP15, 0, 9, 12, 0));
	ATF_CHECK_EQ(SYS_REG(3, 3, 9, 13, 2) | READ,
	    mrc(EC_CP15, 0, 9, 13, 2));
	ATF_CHECK_EQ(SYS_REG(3, 3, 9, 14, 0) | READ,
	    mrc(EC_CP15, 0, 9, 14, 0));
	ATF_CHECK_EQ(SYS_REG(3, 0, 9, 14, 1) | READ,
	    mrc(EC_CP15, 0, 9, 14, 1));
	ATF_CHECK_EQ(SYS_REG(3, 3, 9, 14, 3) | READ,
	    mrc(EC_CP15, 0, 9, 14, 3));
	ATF_CHECK_EQ(SYS_REG(3, 0, 12, 11, 1) | READ,
	    mrc(EC_CP15, 0, 12, 11, 1));
	ATF_CHECK_EQ(SYS_REG(3, 3, 14, 2, 1) | READ,
	    mrc(EC_CP15, 0, 14, 2, 1));
	ATF_CHECK_EQ(SYS_REG(3, 3, 14, 15, 7) | READ,
	    mrc(EC_CP15, 0, 14, 15, 7));
	/* By another name: ACTLR2, PMCEID2, reserved ID registers. */
	ATF_CHECK_EQ(SYS_REG(3, 0, 1, 0, 1) | READ, mrc(EC_CP15, 0, 1, 0, 1));
	ATF_CHECK_EQ(SYS_REG(3, 0, 1, 0, 1) | READ, mrc(EC_CP15, 0, 1, 0, 3));
	ATF_CHECK_EQ(SYS_REG(3, 3, 9, 12, 6) | READ,
	    mrc(EC_CP15, 0, 9, 14, 4));
	ATF_CHECK_EQ(SYS_REG(3, 0, 0, 3, 7) | READ, mrc(EC_CP15, 0, 0, 3, 0));
	ATF_CHECK_EQ(SYS_REG(3, 0, 0, 3, 7) | READ, mrc(EC_CP15, 0, 0, 5, 0));
	/* The maker's own, and what does not trap. */
	ATF_CHECK_EQ(0, mrc(EC_CP15, 0, 15, 0, 0));
	ATF_CHECK_EQ(0, mrc(EC_CP15, 1, 9, 0, 2));
	ATF_CHECK_EQ(0, mrc(EC_CP15, 0, 1, 0, 2));
	/* Of 64 bits. */
	ATF_CHECK_EQ(SYS_REG(3, 3, 14, 2, 2) | WRITE, mcrr(EC_CP15_64, 2, 14));
	ATF_CHECK_EQ(SYS_REG(3, 3, 9, 13, 0) | WRITE, mcrr(EC_CP15_64, 0, 9));
	ATF_CHECK_EQ(SYS_REG(3, 0, 12, 11, 5) | WRITE,
	    mcrr(EC_CP15_64, 0, 12));
	ATF_CHECK_EQ(SYS_REG(3, 0, 12, 11, 6) | WRITE,
	    mcrr(EC_CP15_64, 1, 12));
	ATF_CHECK_EQ(SYS_REG(3, 0, 12, 11, 7) | WRITE,
	    mcrr(EC_CP15_64, 2, 12));
	ATF_CHECK_EQ(0, mcrr(EC_CP15_64, 3, 14));
}

ATF_TC_WITHOUT_HEAD(cp14_vmrs);
ATF_TC_BODY(cp14_vmrs, tc)
{
	uint64_t debug = SYS_REG(2, 0, 0, 2, 2);

	ATF_CHECK_EQ(debug | READ, mrc(EC_CP14, 0, 0, 0, 0));
	ATF_CHECK_EQ(debug | READ, mrc(EC_CP14, 0, 0, 5, 4));
	ATF_CHECK_EQ(SYS_REG(2, 0, 1, 3, 4) | READ, mrc(EC_CP14, 0, 1, 3, 4));
	ATF_CHECK_EQ(SYS_REG(2, 0, 1, 4, 4) | READ, mrc(EC_CP14, 0, 1, 4, 4));
	ATF_CHECK_EQ(0, mrc(EC_CP14, 1, 0, 0, 0));		/* trace */
	ATF_CHECK_EQ(debug | WRITE, mcrr(EC_CP14_64, 0, 1));
	ATF_CHECK_EQ(debug | WRITE, mcrr(EC_CP14_64, 0, 2));
	ATF_CHECK_EQ(0, mcrr(EC_CP14_64, 1, 1));
	ATF_CHECK_EQ(0, mcrr(EC_CP14_64, 0, 3));
	ATF_CHECK_EQ(debug, aarch32_sysreg(syndrome(EC_CP14_MEM, 0)) & ~0x3e1);
	/* MVFR2, 1, 0; FPSID is not ours. */
	ATF_CHECK_EQ(SYS_REG(3, 0, 0, 3, 2) | READ, mrc(EC_VMRS, 7, 5, 0, 0));
	ATF_CHECK_EQ(SYS_REG(3, 0, 0, 3, 1) | READ, mrc(EC_VMRS, 7, 6, 0, 0));
	ATF_CHECK_EQ(SYS_REG(3, 0, 0, 3, 0) | READ, mrc(EC_VMRS, 7, 7, 0, 0));
	ATF_CHECK_EQ(0, mrc(EC_VMRS, 7, 0, 0, 0));
	ATF_CHECK_EQ(0, aarch32_sysreg(syndrome(EC_DABT_LOW, 0)));
}

ATF_TC_WITHOUT_HEAD(exception_entry);
ATF_TC_BODY(exception_entry, tc)
{
	uint64_t flags = N | V | 1u << 27 | 0x50000;
	uint64_t from = flags | 1u << 9 | T | it(0xc4) | 1u << 20 | 0x10;

	/* Flags stay, IT, T, E and IL do not; A as it was, I set. */
	ATF_CHECK_EQ(flags | 0x80 | AARCH32_UND,
	    aarch32_enter(from, 1u << 23, AARCH32_UND, false, false));
	ATF_CHECK_EQ(flags | 0x180 | AARCH32_ABT,
	    aarch32_enter(from, 1u << 23, AARCH32_ABT, false, false));
	ATF_CHECK_EQ(flags | 0x1c0 | AARCH32_UND, aarch32_enter(from | 0x140,
	    1u << 23, AARCH32_UND, false, false));
	/* SCTLR.TE and EE. */
	ATF_CHECK_EQ(flags | 0x2a0 | AARCH32_UND, aarch32_enter(from,
	    1u << 23 | 1u << 25 | 1u << 30, AARCH32_UND, false, false));
	/* PAN, by SPAN, and SSBS, by DSSBS, where the CPU has them. */
	ATF_CHECK_EQ(flags | 1u << 22 | 0x80 | AARCH32_UND,
	    aarch32_enter(from, 0, AARCH32_UND, true, false));
	ATF_CHECK_EQ(flags | 1u << 22 | 0x80 | AARCH32_UND, aarch32_enter(
	    from | 1u << 22, 1u << 23, AARCH32_UND, true, false));
	ATF_CHECK_EQ(flags | 1u << 23 | 0x80 | AARCH32_UND, aarch32_enter(
	    from, 1u << 23 | 1u << 31, AARCH32_UND, true, true));
	ATF_CHECK_EQ(flags | 0x80 | AARCH32_UND, aarch32_enter(
	    from, 1u << 31, AARCH32_UND, false, false));
	/* DIT is bit 24 to us, 21 in an SPSR, where we have SS. */
	ATF_CHECK_EQ(0x200010, aarch32_spsr(1u << 24 | 0x10));
	ATF_CHECK_EQ(0x000010, aarch32_spsr(1u << 21 | 0x10));
	ATF_CHECK_EQ(0xf80ffe3f, aarch32_spsr(0xf80ffe3f));
}

ATF_TC_WITHOUT_HEAD(fault_status);
ATF_TC_BODY(fault_status, tc)
{
	uint64_t data = syndrome(EC_DABT_LOW, 0x07);
	uint64_t insn = syndrome(EC_IABT_LOW, 0x07);

	ATF_CHECK_EQ(0x008, aarch32_fsr(data, false, 1));
	ATF_CHECK_EQ(0x808, aarch32_fsr(data | ABT_WRITE, false, 1));
	ATF_CHECK_EQ(0x2808, aarch32_fsr(data | ABT_WRITE | ABT_CM, false, 1));
	ATF_CHECK_EQ(0x008, aarch32_fsr(insn | ABT_WRITE, false, 1));
	ATF_CHECK_EQ(0x00c, aarch32_fsr(insn | ABT_S1PTW, false, 1));
	ATF_CHECK_EQ(0x00e, aarch32_fsr(data | ABT_S1PTW, false, 2));
	ATF_CHECK_EQ(0x210, aarch32_fsr(data, true, 1));
	ATF_CHECK_EQ(0xa10, aarch32_fsr(data | ABT_WRITE, true, 1));
	ATF_CHECK_EQ(0x217, aarch32_fsr(insn | ABT_S1PTW, true, 3));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, conditions);
	ATF_TP_ADD_TC(tp, it_state);
	ATF_TP_ADD_TC(tp, banked);
	ATF_TP_ADD_TC(tp, cp15);
	ATF_TP_ADD_TC(tp, cp14_vmrs);
	ATF_TP_ADD_TC(tp, exception_entry);
	ATF_TP_ADD_TC(tp, fault_status);
	return (atf_no_error());
}
