/*
 * What a hypervisor traps and emulates: identification, devices, timers,
 * monitors, debug; in both instruction sets and by every register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "armv7.h"

#define	FREE		0x0f000000u
#define	GICD_TYPER	(MACHINE_GICD_BASE + 4)

/* trap.S */
uint32_t cond_a32(uint32_t address);
uint32_t it_block(uint32_t address, uint32_t *id);
void	load_banked(uint32_t address, uint32_t out[14]);
void	try_read(uint32_t code);

static void
write_id(uint32_t unused)
{

	(void)unused;
	mcr(p15, 0, 0, 1, 0, 0);
}

static void
id_registers(void)
{
	uint32_t pfr0 = mrc(p15, 0, 0, 1, 0), pfr1 = mrc(p15, 0, 0, 1, 1);
	uint32_t mvfr0, mvfr1;

	/* A32 and T32; no RAS, no Security or virtualisation extensions. */
	CHECK_EQ(pfr0 & 0xff, 0x31);
	CHECK_EQ(pfr1 & 15, 1);
	CHECK_EQ(pfr1 >> 16 & 15, 1);			/* timer */
	if (machine.hypervisor) {
		CHECK_EQ(pfr0 >> 28, 0);
		CHECK_EQ(pfr1 & 0xff00fff0, machine.gic == 3 ? 1u << 28 : 0);
	}
	CHECK((mrc(p15, 0, 0, 1, 4) & 15) >= 5);	/* MMFR0: LPAE */
	CHECK(mrc(p15, 0, 0, 2, 0) != 0);		/* ISAR0 */
	CHECK(mrc(p15, 0, 0, 2, 4) != 0);
	/* Reserved ones read as 0. */
	CHECK_EQ(mrc(p15, 0, 0, 3, 0), 0);
	CHECK_EQ(mrc(p15, 0, 0, 7, 7), 0);
	CHECK_EQ(trap_catch(write_id, 0).vector, VECTOR_UND);
	/* The FP ones, by VMRS. */
	mcr(p15, 0, 1, 0, 2, 0x00f00000);
	isb();
	__asm__ volatile(".fpu neon\n vmsr fpexc, %2\n vmrs %0, mvfr0\n"
	    "vmrs %1, mvfr1" : "=&r" (mvfr0), "=&r" (mvfr1) :
	    "r" (1u << 30));
	CHECK_EQ(mvfr0, 0x10110222);
	CHECK_EQ(mvfr1 >> 8 & 0xfff, 0x111);
	/* MVFR2, which Armv7's assembler does not know. */
	if (machine.hypervisor)
		CHECK_EQ(mrc(p10, 7, 5, 0, 0), 0x43);
}

static void
conditions(void)
{

	CHECK_EQ(cond_a32(GICD_TYPER), 1);
	/* Where the load would abort if it were run. */
	CHECK_EQ(cond_a32(FREE), 1);
}

static void
it_blocks(void)
{
	uint32_t id = 0;

	CHECK_EQ(it_block(GICD_TYPER, &id), 4 | 32);
	CHECK_EQ(id, mrc(p15, 0, 0, 1, 0));
}

/* Into every register a mode has of its own. */
static void
banked_access(void)
{
	uint32_t v[14] = { 0 }, typer = mmio_read(GICD_TYPER);

	load_banked(GICD_TYPER, v);
	for (unsigned int i = 0; i < 14; i++)
		CHECK_EQ(v[i], i == 11 ? mrc(p15, 0, 0, 1, 4) : typer);
}

static void
widths(void)
{
	uint32_t at = MACHINE_GICD_BASE + 0x400 + 40, r, s, h;

	mmio_write(at, 0xf0801008);
	r = mmio_read(at);
	__asm__ volatile("ldrb %0, [%2, #2]\n ldrsb %1, [%2, #3]" :
	    "=&r" (h), "=&r" (s) : "r" (at) : "memory");
	CHECK_EQ(h, r >> 16 & 0xff);
	CHECK_EQ(s, (uint32_t)((int32_t)r >> 24));
	__asm__ volatile("strb %0, [%1, #1]" : : "r" (0xffffff40), "r" (at) :
	    "memory");
	CHECK_EQ(mmio_read(at), (r & ~0xff00u) | 0x4000);
	/* Half-words: a PL011 has them. */
	__asm__ volatile("ldrh %0, [%1]" : "=r" (h) : "r" (MACHINE_UART_BASE +
	    0x18) : "memory");
	CHECK_EQ(h & 0xfff, mmio_read(MACHINE_UART_BASE + 0x18) & 0xfff);
}

static void
load_pair(uint32_t at)
{
	uint64_t v;

	__asm__ volatile("ldrd %Q0, %R0, [%1]" : "=r" (v) : "r" (at) :
	    "memory");
}

/* What cannot be emulated by its syndrome is an abort, and all goes on. */
static void
no_syndrome(void)
{

	if (!machine.hypervisor)
		case_skip("the machine does it");
	struct trap t = trap_catch(load_pair, GICD_TYPER);
	CHECK_EQ(t.vector, VECTOR_DABT);
	CHECK_EQ(t.dfsr & 0x40f, 0x008);
	CHECK_EQ(t.dfar, GICD_TYPER);
}

static void
actlr(void)
{
	uint32_t before = mrc(p15, 0, 1, 0, 1);

	mcr(p15, 0, 1, 0, 1, before ^ 0x40);
	CHECK_EQ(mrc(p15, 0, 1, 0, 1), before);
}

/* By set and way: all that was written is in memory then. */
static void
set_way(void)
{
	static uint32_t page[64] __attribute__((aligned(64)));

	for (uint32_t i = 0; i < nitems(page); i++)
		page[i] = i;
	dsb();
	for (uint32_t n = 0; n < 4; n++) {
		mcr(p15, 0, 7, 10, 2, n << 6);		/* DCCSW */
		mcr(p15, 0, 7, 14, 2, n << 6);		/* DCCISW */
		mcr(p15, 0, 7, 6, 2, n << 6);		/* DCISW */
	}
	dsb();
	for (uint32_t i = 0; i < nitems(page); i++)
		CHECK_EQ(page[i], i);
}

static void
wide_counter(uint32_t unused)
{

	(void)unused;
	mrrc(p15, 0, 9);
}

static void
pmu(void)
{
	uint32_t from, to;

	if ((mrc(p15, 0, 0, 1, 2) >> 24 & 15) == 0)	/* ID_DFR0 */
		case_skip("no PMU");
	mcr(p15, 0, 9, 12, 0, 7);			/* PMCR: E, P, C */
	mcr(p15, 0, 9, 12, 1, 1u << 31);		/* PMCNTENSET */
	isb();
	from = mrc(p15, 0, 9, 13, 0);			/* PMCCNTR */
	for (volatile int i = 0; i < 1000; i++)
		;
	to = mrc(p15, 0, 9, 13, 0);
	CHECK(to - from > 1000);
	CHECK(to - from < 10000000);
	/* Armv8's, of 64 bits, which QEMU (as of 7.2) lacks. */
	if (trap_catch(wide_counter, 0).vector == 0) {
		CHECK((uint32_t)mrrc(p15, 0, 9) - to < 10000000);
		mcrr(p15, 0, 9, 0x1234567800000000ull);
		CHECK_EQ(mrrc(p15, 0, 9) >> 32, 0x12345678);
	}
	mcr(p15, 0, 9, 12, 2, 1u << 31);		/* PMCNTENCLR */
	mcr(p15, 0, 9, 12, 5, 0);			/* PMSELR */
	mcr(p15, 0, 9, 13, 1, 0x11);			/* PMXEVTYPER */
	CHECK_EQ(mrc(p15, 0, 9, 13, 1) & 0x3ff, 0x11);
}

static void
debug(void)
{
	/* OSDLR: no power to control. */
	if (machine.hypervisor) {
		mcr(p14, 0, 1, 3, 4, 1);
		CHECK_EQ(mrc(p14, 0, 1, 3, 4) & 1, 0);
	}
	CHECK(mrc(p14, 0, 0, 0, 0) >> 16 != 0);		/* DBGDIDR */
	mcr(p14, 0, 1, 0, 4, 0);			/* DBGOSLAR */
	isb();
	mcr(p14, 0, 0, 0, 4, 0x40001000);		/* DBGBVR0 */
	mcr(p14, 0, 0, 1, 4, 0x40002000);
	CHECK_EQ(mrc(p14, 0, 0, 0, 4), 0x40001000);
	CHECK_EQ(mrc(p14, 0, 0, 1, 4), 0x40002000);
	mrrc(p14, 0, 1);				/* DBGDRAR */
}

/* An instruction and a return: 0 if it ran, else the vector. */
static uint32_t
run(uint32_t insn)
{
	static uint32_t code[8] __attribute__((aligned(32)));

	code[0] = insn;
	code[1] = 0xe12fff1e;				/* bx lr */
	mcr(p15, 0, 7, 11, 1, (uint32_t)code);		/* DCCMVAU */
	dsb();
	mcr(p15, 0, 7, 5, 1, (uint32_t)code);		/* ICIMVAU */
	mcr(p15, 0, 7, 5, 6, 0);			/* BPIALL */
	dsb();
	isb();
	return (trap_catch(try_read, (uint32_t)code).vector);
}

/* Every register of CP14 and CP15 read: it is there or it is undefined. */
static void
every_register(void)
{
	uint32_t ran = 0, undefined = 0, other = 0;

	for (uint32_t n = 0; n < 1u << 14; n++)
		for (uint32_t cp = 14; cp < 16; cp++) {
			uint32_t vector, op1 = n >> 11, crn = n >> 7 & 15;

			/* MRC cp, op1, r0, c<n>, c<m>, op2. */
			vector = run(0xee100010 | cp << 8 | op1 << 21 |
			    crn << 16 | (n >> 3 & 15) | (n & 7) << 5);
			ran += vector == 0;
			undefined += vector == VECTOR_UND;
			other += vector > VECTOR_UND;
		}
	/* MRRC cp, op1, r0, r1, c<m>. */
	for (uint32_t n = 0; n < 256; n++)
		for (uint32_t cp = 14; cp < 16; cp++) {
			uint32_t vector = run(0xec510000 | cp << 8 | n);

			other += vector > VECTOR_UND;
		}
	CHECK_EQ(other, 0);
	CHECK(ran > 100);
	CHECK(undefined > 10000);
	/* And all of this CPU is as it was. */
	CHECK_EQ(mrc(p15, 0, 12, 0, 0), (uint32_t)vectors);
}

const struct armv7_case trap_cases[] = {
	{ "id_registers", id_registers, 0 },
	{ "conditions", conditions, 0 },
	{ "it_blocks", it_blocks, 0 },
	{ "banked_access", banked_access, 0 },
	{ "widths", widths, 0 },
	{ "no_syndrome", no_syndrome, 0 },
	{ "actlr", actlr, 0 },
	{ "set_way", set_way, 0 },
	{ "pmu", pmu, 0 },
	{ "debug", debug, 0 },
	{ "every_register", every_register, 0 },
	{ NULL, NULL, 0 },
};
