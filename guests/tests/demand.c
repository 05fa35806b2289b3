/*
 * demand: RAM that is populated as it is touched: however a page is first
 * touched, by whom, and after it was given back (HC_RELEASE). Passes where
 * all RAM is there at the start, too. Must not know what is beside RAM.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "abi/stats.h"
#include "guest.h"

#define	EC_DATA_ABORT	0x25
#define	EC_UNKNOWN	0x00		/* undefined instruction */
#define	FSC_TRANSLATION	0x04		/* + level */

#define	BLOCK		0x200000ul

const char guest_name[] = "demand";

static uint64_t empty_table[512] __attribute__((aligned(4096)));

#define	ACCESS(name, insn)						\
	static void							\
	name(uint64_t at)						\
	{								\
									\
		__asm__ volatile(insn : : "r" (at) : "x2", "memory");	\
	}

ACCESS(load32, "ldr w2, [%0]")
ACCESS(prefetch, "prfm pldl1keep, [%0]")
ACCESS(clean, "dc civac, %0")
ACCESS(translate, "at s1e1r, %0")
ACCESS(zero_block, "dc zva, %0")

static void
call(uint64_t at)
{

	((void (*)(void))at)();
}

/* Nobody has touched them. */
static uint64_t *
fresh(size_t pages)
{

	return (memory_alloc(pages * PAGE_SIZE, PAGE_SIZE));
}

static void
zero(void)
{
	const uint64_t *p = fresh(0x400000 / PAGE_SIZE);
	uint64_t or = 0, i;

	for (i = 0; i < 0x400000 / 8; i++)
		or |= p[i];
	CHECK_EQ(or, 0);
}

/* The first touch is across the end of a page, and of a block. */
static void
crossing(void)
{
	uint64_t p = (uint64_t)memory_alloc(3 * BLOCK, BLOCK), at, v, i;

	for (i = 1; i < 8; i++) {
		at = p + i * 2 * PAGE_SIZE - i;
		__asm__ volatile("str %1, [%0]" : : "r" (at),
		    "r" (0x8877665544332211) : "memory");
		__asm__ volatile("ldr %0, [%1]" : "=r" (v) : "r" (at) :
		    "memory");
		CHECK_EQ(v, 0x8877665544332211);
		CHECK_EQ(*(uint8_t *)(at + i), (uint8_t)(0x11 * (i + 1)));
		CHECK_EQ(*(uint8_t *)(at + i - 1), (uint8_t)(0x11 * i));
	}
	at = p + 2 * BLOCK - 4;
	__asm__ volatile("ldr %0, [%1]" : "=r" (v) : "r" (at) : "memory");
	CHECK_EQ(v, 0);
}

/* Zero is no instruction (UDF): it was fetched, and no abort came. */
static void
first_by_fetch(void)
{
	uint64_t at = (uint64_t)fresh(1);
	struct trap t = trap_catch(call, at + 0x40);

	REQUIRE(t.taken);
	CHECK_EQ(ESR_EC(t.esr), EC_UNKNOWN);
	CHECK_EQ(t.elr, at + 0x40);
}

static void
first_by_exclusive(void)
{
	uint64_t *p = fresh(2);

	CHECK_EQ(__atomic_fetch_add(p, 5, __ATOMIC_SEQ_CST), 0);
	CHECK_EQ(*p, 5);
	if ((read_sysreg(id_aa64isar0_el1) >> 20 & 0xf) >= 2) {
		__asm__ volatile(".arch_extension lse\n"
		    "ldadd %1, xzr, [%0]" : : "r" (&p[512]), "r" (7ul) :
		    "memory");
		CHECK_EQ(p[512], 7);
	}
}

/* A table of zeroes: a translation fault, not an abort of the walk. */
static void
first_by_walk(void)
{
	uint64_t va = 601ul << 30;
	struct trap t;

	mmu_point_table_at(va, (uint64_t)fresh(1));
	t = trap_catch(load32, va + 0x5000);
	REQUIRE(t.taken);
	CHECK_EQ(ESR_EC(t.esr), EC_DATA_ABORT);
	CHECK_EQ(ESR_FSC(t.esr), FSC_TRANSLATION + 3);
	CHECK_EQ(t.far, va + 0x5000);
	mmu_point_table_at(va, (uint64_t)empty_table);
}

/* Cache maintenance and address translation, then data. */
static void
first_by_maintenance(void)
{
	uint64_t *p = fresh(4), par;

	CHECK(!trap_catch(clean, (uint64_t)p).taken);
	CHECK_EQ(p[0], 0);
	CHECK(!trap_catch(prefetch, (uint64_t)p + PAGE_SIZE).taken);
	CHECK_EQ(p[512], 0);
	CHECK(!trap_catch(zero_block, (uint64_t)p + 2 * PAGE_SIZE).taken);
	CHECK_EQ(p[1024], 0);
	translate((uint64_t)p + 3 * PAGE_SIZE);
	isb();
	par = read_sysreg(par_el1);
	CHECK_EQ(par & 1, 0);
	CHECK_EQ(par & 0xfffffffff000, (uint64_t)p + 3 * PAGE_SIZE);
}

#define	TOGETHER	512

static uint64_t *shared;
static volatile uint32_t other_at, boot_at;

static void
touch_all(volatile uint32_t *mine, const volatile uint32_t *theirs)
{
	unsigned int i;

	for (i = 0; i < TOGETHER; i++) {
		/* Side by side: page by page. */
		publish(mine, i);
		while (*theirs < i)
			__asm__ volatile("yield");
		__atomic_fetch_add(&shared[i * 512ul], 1, __ATOMIC_RELAXED);
	}
	publish(mine, TOGETHER);
}

static void
touch_other(void *unused)
{

	(void)unused;
	touch_all(&other_at, &boot_at);
}

/* Two CPUs at once: one page, not two of which one is lost. */
static void
first_by_two(void)
{
	unsigned int i;

	shared = fresh(TOGETHER);
	other_at = boot_at = 0;
	REQUIRE(smp_on(1, touch_other, NULL) == 0);
	touch_all(&boot_at, &other_at);
	REQUIRE(wait_for(&other_at, TOGETHER));
	for (i = 0; i < TOGETHER; i++)
		CHECK_EQ(shared[i * 512ul], 2);
}

/* One page in each 2 MiB of all there is: the most tables for the least RAM. */
static void
sparse(void)
{
	uint64_t at, end = machine.ram_base + machine.ram_size, lost = 0;

	for (at = machine.ram_base; at < end; at += BLOCK)
		if (trap_catch(load32, at + PAGE_SIZE).taken)
			lost++;
	CHECK_EQ(lost, 0);
}

/* ---- memory given back ----------------------------------------------- */

static bool
released(const volatile uint64_t *page)
{

	return (hvc(HC_RELEASE, (uint64_t)page, 0, 0).x0 == 0);
}

static void
release(void)
{
	volatile uint64_t *p = fresh(3);
	uint64_t faults;
	unsigned int i;

	for (i = 0; i < 3; i++)
		p[i * 512] = i + 1;
	if (!released(&p[512])) {
		case_skip("RAM is not populated on demand");
		return;
	}
	/* It is populated anew; those beside it are the same. */
	faults = hvc(HC_STATS, cpu_index(), EXIT_DATA_ABORT, 0).x1;
	CHECK_EQ(p[512], 0);
	CHECK_EQ(hvc(HC_STATS, cpu_index(), EXIT_DATA_ABORT, 0).x1, faults + 1);
	p[512] = 9;
	CHECK_EQ(p[0], 1);
	CHECK_EQ(p[512], 9);
	CHECK_EQ(p[1024], 3);
	/* Twice, it is gone already. */
	CHECK(released(&p[512]));
	CHECK(released(&p[512]));
	CHECK_EQ(p[512], 0);
}

/* 2 MiB are a block once they are whole, and whole again. */
static void
release_of_block(void)
{
	volatile uint64_t *p = fresh(1024), *block;
	unsigned int i, round;

	block = (uint64_t *)(((uint64_t)p + BLOCK - 1) & ~(BLOCK - 1));
	for (i = 0; i < 512; i++)
		block[i * 512] = i + 1;
	if (!released(block)) {
		case_skip("RAM is not populated on demand");
		return;
	}
	for (round = 0; round < 3; round++) {
		CHECK(released(&block[77 * 512]));
		for (i = 1; i < 512; i++)
			CHECK_EQ(block[i * 512], i == 77 ? 0 : i + 1);
	}
}

static void
release_of_nothing(void)
{
	static const uint64_t bad[] = { 0, 0x0c000000, ~0xffful, 1ul << 39 };
	unsigned int i;

	for (i = 0; i < nitems(bad); i++)
		CHECK_EQ(hvc(HC_RELEASE, bad[i], 0, 0).x0, HC_E_INVALID);
	CHECK_EQ(hvc(HC_RELEASE, machine.gicd, 0, 0).x0, HC_E_INVALID);
	CHECK_EQ(hvc(HC_RELEASE, machine.ram_base + machine.ram_size, 0,
	    0).x0, HC_E_INVALID);
	CHECK_EQ(hvc(HC_RELEASE, machine.ram_base + 8, 0, 0).x0, HC_E_INVALID);
}

const struct guest_case guest_cases[] = {
	{ "zero", zero, 0, NEED_APIARY },
	{ "crossing", crossing, 0, 0 },
	{ "first_by_fetch", first_by_fetch, 0, 0 },
	{ "first_by_exclusive", first_by_exclusive, 0, 0 },
	{ "first_by_walk", first_by_walk, 0, 0 },
	{ "first_by_maintenance", first_by_maintenance, 0, 0 },
	{ "first_by_two", first_by_two, 2, 0 },
	{ "sparse", sparse, 0, 0 },
	{ "release", release, 0, NEED_APIARY },
	{ "release_of_block", release_of_block, 0, NEED_APIARY },
	{ "release_of_nothing", release_of_nothing, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
