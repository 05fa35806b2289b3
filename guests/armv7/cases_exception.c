/*
 * Exceptions: those the CPU takes itself, and those that a hypervisor puts
 * into a guest, which must look the same.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "armv7.h"

/* Where nothing is, here and on QEMU's virt. */
#define	HOLE		0x0f000000u
#define	UNMAPPED	0x30000000u	/* machine.c */

#define	CPSR_MODE	0x1fu
#define	CPSR_T		(1u << 5)
#define	CPSR_F		(1u << 6)
#define	CPSR_I		(1u << 7)
#define	CPSR_A		(1u << 8)

/* In trap.S: each is one instruction that does it, then a return. */
void	own_undef(uint32_t), own_undef_t32(uint32_t);
void	cp15_undef(uint32_t), cp15_undef_t32(uint32_t);
void	load(uint32_t), load_t32(uint32_t), store(uint32_t);
void	call_svc(uint32_t), jump(uint32_t);
void	load_user(uint32_t), undef_user(uint32_t), undef_flags(uint32_t);

/*
 * QEMU (as of 10.0) keeps the SPSR of the mode a CPU is in where EL2 does
 * not reach it: what a hypervisor says there is not what a handler finds.
 */
static void
spsr(struct trap t, uint32_t mask, uint32_t want)
{

	if (!machine_arg("stale_spsr"))
		CHECK_EQ(t.spsr & mask, want);
}

static uint32_t
address(void (*fn)(uint32_t))
{

	return ((uint32_t)fn & ~1u);
}

static void
undef(void)
{
	static const struct {
		void		(*fn)(uint32_t);
		uint32_t	offset, t;
	} cases[] = {
		{ own_undef, 4, 0 }, { own_undef_t32, 2, CPSR_T },
		{ cp15_undef, 4, 0 }, { cp15_undef_t32, 2, CPSR_T },
	};

	for (unsigned int i = 0; i < nitems(cases); i++) {
		struct trap t = trap_catch(cases[i].fn, 0);

		CHECK_EQ(t.vector, VECTOR_UND);
		CHECK_EQ(t.lr, address(cases[i].fn) + cases[i].offset);
		spsr(t, CPSR_MODE | CPSR_T, MODE_SVC | cases[i].t);
		CHECK_EQ(t.cpsr & CPSR_MODE, MODE_UND);
		CHECK(t.cpsr & CPSR_I);
	}
}

/* Flags and masks: kept in the SPSR, and those in the handler by rule. */
static void
undef_pstate(void)
{
	struct trap t = trap_catch(undef_flags, 0);

	CHECK_EQ(t.vector, VECTOR_UND);
	/* N, C, Q; GE; A masked, I and F not. */
	spsr(t, ~0u, 0xa8050000u | CPSR_A | MODE_SVC);
	CHECK_EQ(t.cpsr & 0xff0f01ff, 0xa8050000u | CPSR_A | CPSR_I | MODE_UND);
}

static void
svc(void)
{
	struct trap t = trap_catch(call_svc, 0);

	CHECK_EQ(t.vector, VECTOR_SVC);
	CHECK_EQ(t.lr, address(call_svc) + 4);
}

static void
data(void (*fn)(uint32_t), uint32_t at, uint32_t dfsr, uint32_t mode)
{
	struct trap t = trap_catch(fn, at);

	CHECK_EQ(t.vector, VECTOR_DABT);
	CHECK_EQ(t.dfsr & 0x2e0f, dfsr & 0x2e0f);
	CHECK_EQ(t.dfsr & 0x800, dfsr & 0x800);
	CHECK_EQ(t.dfar, at);
	if (mode == MODE_SVC)
		CHECK_EQ(t.lr, address(fn) + 8);
	spsr(t, CPSR_MODE, mode);
	CHECK_EQ(t.cpsr & (CPSR_MODE | CPSR_I | CPSR_A), MODE_ABT | CPSR_I |
	    CPSR_A);
}

static void
data_abort(void)
{

	data(load, UNMAPPED, 0x005, MODE_SVC);
	data(store, UNMAPPED + 4, 0x805, MODE_SVC);
	/* External, synchronous: the hypervisor's. */
	data(load, HOLE, 0x008, MODE_SVC);
	data(load_t32, HOLE + 8, 0x008, MODE_SVC);
	data(store, HOLE + 12, 0x808, MODE_SVC);
	/* One does not touch what the other left. */
	CHECK_EQ(trap_catch(load, HOLE + 16).dfar, HOLE + 16);
	data(load, UNMAPPED, 0x005, MODE_SVC);
}

static void
from_user(void)
{
	struct trap t = trap_catch(undef_user, 0);

	CHECK_EQ(t.vector, VECTOR_UND);
	spsr(t, CPSR_MODE, MODE_USR);
	data(load_user, HOLE, 0x008, MODE_USR);
}

static void
prefetch_abort(void)
{
	uint32_t before = mmu_section_of(HOLE), dfar;
	struct trap t;

	mcr(p15, 0, 6, 0, 0, 0x12345678);		/* DFAR */
	mmu_section(HOLE, HOLE | SECTION_RAM);
	t = trap_catch(jump, HOLE + 0x40);
	dfar = t.dfar;
	mmu_section(HOLE, before);
	CHECK_EQ(t.vector, VECTOR_PABT);
	CHECK_EQ(t.ifsr & 0x60f, 0x008);
	CHECK_EQ(t.ifar, HOLE + 0x40);
	CHECK_EQ(t.lr, HOLE + 0x44);
	CHECK_EQ(t.cpsr & (CPSR_MODE | CPSR_I | CPSR_A), MODE_ABT | CPSR_I |
	    CPSR_A);
	/* The other half of FAR_EL1. */
	CHECK_EQ(dfar, 0x12345678);
}

/* Tables where there is no memory: at which level is told. */
static void
walk_abort(void)
{

	if (!machine.hypervisor)
		case_skip("no stage 2");
	/* The second table of a section's. */
	mmu_section(UNMAPPED, HOLE | 1);
	data(load, UNMAPPED + 0x1000, 0x00e, MODE_SVC);
	data(store, UNMAPPED, 0x80e, MODE_SVC);
	mmu_section(UNMAPPED, 0);
	/* TTBCR.N = 1: from 2 GiB on by TTBR1, a first table in the hole. */
	mcr(p15, 0, 2, 0, 1, HOLE | 0x4a);
	mcr(p15, 0, 2, 0, 2, 1);
	isb();
	struct trap t = trap_catch(load, 0x80000000);
	mcr(p15, 0, 2, 0, 2, 0);
	isb();
	CHECK_EQ(t.vector, VECTOR_DABT);
	CHECK_EQ(t.dfsr & 0x40f, 0x00c);
	CHECK_EQ(t.dfar, 0x80000000);
}

/* The long format of descriptors and of the fault status. */
static void
long_descriptors(void)
{
	static uint64_t first[4] __attribute__((aligned(32)));
	struct trap hole, own, walk;

	if ((mrc(p15, 0, 0, 1, 4) & 15) < 5)		/* ID_MMFR0.VMSA */
		case_skip("no LPAE");
	/* Blocks of 1 GiB: devices, RAM; one not there; a table in the hole. */
	first[0] = 0x400u | 1 | 1u << 2;
	first[1] = MACHINE_RAM_BASE | 0x400u | 3u << 8 | 1;
	first[2] = 0;
	first[3] = HOLE | 3;
	mmu_off();
	mcr(p15, 0, 10, 2, 0, 0x04ff);			/* MAIR0 */
	mcr(p15, 0, 2, 0, 2, 1u << 31 | 0x3500);	/* TTBCR.EAE */
	mcrr(p15, 0, 2, (uint64_t)(uint32_t)first);	/* TTBR0 */
	mcr(p15, 0, 8, 7, 0, 0);
	dsb();
	isb();
	set_sctlr(sctlr() | SCTLR_M | SCTLR_C | SCTLR_I);
	hole = trap_catch(store, HOLE);
	own = trap_catch(load, 0x80000000);
	walk = trap_catch(load, 0xc0000000);
	mmu_off();
	mmu_on();
	CHECK_EQ(hole.vector, VECTOR_DABT);
	CHECK_EQ(hole.dfsr & 0xa3f, 0xa10);
	CHECK_EQ(hole.dfar, HOLE);
	CHECK_EQ(own.dfsr & 0xa3f, 0x205);
	CHECK_EQ(walk.vector, VECTOR_DABT);
	if (machine.hypervisor)
		CHECK_EQ(walk.dfsr & 0xa3f, 0x216);
	CHECK_EQ(walk.dfar, 0xc0000000);
}

/* SCTLR.V: vectors at 0xffff0000. */
static void
high_vectors(void)
{
	static uint32_t pages[256] __attribute__((aligned(1024)));
	uint32_t before = mmu_section_of(0xfff00000), old = sctlr();
	struct trap t, a;

	/* A small page: normal, shareable, all access. */
	pages[0xf0] = (uint32_t)vectors | 0x47e;
	for (uint32_t p = (uint32_t)pages; p < (uint32_t)(pages + 256); p += 32)
		mcr(p15, 0, 7, 10, 1, p);
	mmu_section(0xfff00000, (uint32_t)pages | 1);
	set_sctlr(old | SCTLR_V);
	t = trap_catch(cp15_undef, 0);
	a = trap_catch(load, HOLE);
	set_sctlr(old);
	mmu_section(0xfff00000, before);
	CHECK_EQ(t.vector, VECTOR_UND);
	CHECK_EQ(t.pc >> 12, 0xffff0);
	CHECK_EQ(a.vector, VECTOR_DABT);
	CHECK_EQ(a.pc >> 12, 0xffff0);
	t = trap_catch(cp15_undef, 0);
	CHECK_EQ(t.pc >> 12, (uint32_t)vectors >> 12);
}

/* SCTLR.TE: handlers in T32. */
static void
thumb_vectors(void)
{
	uint32_t old = sctlr();
	struct trap t, a;

	mcr(p15, 0, 12, 0, 0, (uint32_t)vectors_t32 & ~1u);
	set_sctlr(old | SCTLR_TE);
	t = trap_catch(cp15_undef, 0);
	a = trap_catch(load, HOLE);
	set_sctlr(old);
	mcr(p15, 0, 12, 0, 0, (uint32_t)vectors);
	isb();
	CHECK_EQ(t.vector, VECTOR_UND);
	CHECK(t.cpsr & CPSR_T);
	CHECK_EQ(t.lr, address(cp15_undef) + 4);
	CHECK_EQ(t.spsr & CPSR_T, 0);
	CHECK_EQ(a.vector, VECTOR_DABT);
}

const struct armv7_case exception_cases[] = {
	{ "undef", undef, 0 },
	{ "undef_pstate", undef_pstate, 0 },
	{ "svc", svc, 0 },
	{ "data_abort", data_abort, 0 },
	{ "from_user", from_user, 0 },
	{ "prefetch_abort", prefetch_abort, 0 },
	{ "walk_abort", walk_abort, 0 },
	{ "long_descriptors", long_descriptors, 0 },
	{ "high_vectors", high_vectors, 0 },
	{ "thumb_vectors", thumb_vectors, 0 },
	{ NULL, NULL, 0 },
};
