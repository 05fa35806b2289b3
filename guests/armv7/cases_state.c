/*
 * What a vCPU keeps: registers of every mode, FP, CP15, over exits, and over
 * the turns of other vCPUs of its CPU, if there are any.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "armv7.h"

#define	BANKED		21		/* words of banked_set */

/* trap.S */
void	banked_set(const uint32_t v[BANKED]), banked_get(uint32_t v[BANKED]);
void	fp_set(const uint64_t d[32]), fp_get(uint64_t d[32]);

/*
 * Time for others, with exits of several kinds: more than their turn takes.
 * The value is of this VM and vCPU, so that another's is seen.
 */
static void
give_time(void)
{
	uint64_t from = counter();

	while (counter() - from < counter_hz() / 250) {
		hvc(PSCI_VERSION, 0, 0, 0);
		mrc(p15, 0, 0, 1, 0);
		mmio_read(MACHINE_GICD_BASE + 4);
	}
}

/* Another one in every VM, as their counters start at other times. */
static uint32_t
pattern(void)
{
	static uint32_t x;

	if (x == 0)
		x = (uint32_t)mrrc(p15, 0, 14) | 1;	/* CNTPCT */
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return (x);
}

static void
banked(void)
{
	/* SP, LR and SPSR of SYS, IRQ, ABT, UND, FIQ; r8-r12_fiq; SPSR_svc. */
	uint32_t v[BANKED], w[BANKED];
	unsigned int last = machine_arg("stale_spsr") ? BANKED - 1 : BANKED;

	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < BANKED; i++)
			v[i] = pattern();
		v[2] = 0;
		for (unsigned int i = 5; i < 15; i += 3)
			v[i] = (v[i] & 0xf80f03df) | 0x10;
		v[20] = (v[20] & 0xf80f03df) | 0x10;
		banked_set(v);
		give_time();
		banked_get(w);
		/* The last is the current mode's SPSR: cases_exception.c. */
		for (unsigned int i = 0; i < last; i++)
			CHECK_EQ(w[i], v[i]);
	}
}

static void
set_fpexc(uint32_t v)
{

	__asm__ volatile(".fpu neon\n vmsr fpexc, %0" : : "r" (v));
	isb();
}

static uint32_t
fpexc(void)
{
	uint32_t v;

	__asm__ volatile(".fpu neon\n vmrs %0, fpexc" : "=r" (v));
	return (v);
}

static uint32_t
fpscr(void)
{
	uint32_t v;

	__asm__ volatile(".fpu neon\n vmrs %0, fpscr" : "=r" (v));
	return (v);
}

static void
touch_fp(uint32_t unused)
{

	(void)unused;
	fpscr();
}

static void
fp_on(void)
{

	mcr(p15, 0, 1, 0, 2, 0x00f00000);		/* CPACR */
	isb();
	set_fpexc(1u << 30);
}

static void
fp(void)
{
	uint64_t d[32], e[32];

	fp_on();
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 32; i++)
			d[i] = (uint64_t)pattern() << 32 | pattern();
		fp_set(d);
		__asm__ volatile(".fpu neon\n vmsr fpscr, %0" : :
		    "r" (0xa0c00000u));
		give_time();
		fp_get(e);
		CHECK_EQ(fpscr(), 0xa0c00000u);
		for (unsigned int i = 0; i < 32; i++)
			CHECK_EQ(e[i], d[i]);
	}
	/* Off, it is undefined, and stays so; what it held is not lost. */
	set_fpexc(0);
	give_time();
	CHECK_EQ(trap_catch(touch_fp, 0).vector, VECTOR_UND);
	CHECK_EQ(fpexc() >> 30 & 1, 0);
	set_fpexc(1u << 30);
	fp_get(e);
	CHECK_EQ(e[31], d[31]);
	/* And by CPACR. */
	mcr(p15, 0, 1, 0, 2, 0);
	isb();
	give_time();
	CHECK_EQ(trap_catch(touch_fp, 0).vector, VECTOR_UND);
	mcr(p15, 0, 1, 0, 2, 0x00f00000);
	isb();
}

/* Registers of 32 bits that a guest may write whatever it likes to. */
#define	EACH(OP)							\
	OP(dacr, 0, 3, 0, 0, 0xfffffffc, 1)				\
	OP(dfsr, 0, 5, 0, 0, 0x80f, 0)					\
	OP(ifsr, 0, 5, 0, 1, 0x40f, 0)					\
	OP(dfar, 0, 6, 0, 0, ~0u, 0)					\
	OP(ifar, 0, 6, 0, 2, ~0u, 0)					\
	OP(contextidr, 0, 13, 0, 1, ~0xffu, 0)				\
	OP(tpidrurw, 0, 13, 0, 2, ~0u, 0)				\
	OP(tpidruro, 0, 13, 0, 3, ~0u, 0)				\
	OP(ttbr1, 0, 2, 0, 1, 0xffffc000, 0)				\
	OP(csselr, 2, 0, 0, 0, 1, 0)					\
	OP(prrr, 0, 10, 2, 0, 0xff0fffff, 0)				\
	OP(nmrr, 0, 10, 2, 1, ~0u, 0)

static void
cp15(void)
{
#define	DECLARE(name, op1, n, m, op2, mask, with) uint32_t name;
	EACH(DECLARE)

	for (unsigned int round = 0; round < 3; round++) {
#define	SET(name, op1, n, m, op2, mask, with)				\
		name = (pattern() & (mask)) | (with);			\
		mcr(p15, op1, n, m, op2, name);
		EACH(SET)
		isb();
		give_time();
#define	GET(name, op1, n, m, op2, mask, with)				\
		CHECK_EQ(mrc(p15, op1, n, m, op2) & ((mask) | (with)), name);
		EACH(GET)
	}
	/* CPU_ON's and the library's own. */
	CHECK_EQ(mrc(p15, 0, 12, 0, 0), (uint32_t)vectors);
	CHECK_EQ(cpu_index(), 0);
	mcr(p15, 0, 3, 0, 0, 1);
}

const struct armv7_case state_cases[] = {
	{ "banked", banked, 0 },
	{ "fp", fp, 0 },
	{ "cp15", cp15, 0 },
	{ NULL, NULL, 0 },
};
