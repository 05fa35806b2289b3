/*
 * stage2: memory as a guest finds it: external aborts where there is
 * nothing (DDI 0487, D8.15 and D17.2.37), zeroes and its own data where
 * there is RAM. Must not know when RAM is mapped (demand.c), nor translation
 * tables beyond its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	EC_INSN_ABORT	0x21
#define	EC_DATA_ABORT	0x25
#define	EC_UNKNOWN	0x00		/* undefined instruction */
#define	FSC_TRANSLATION	0x04		/* + level */
#define	FSC_EXTERNAL	0x10
#define	FSC_WALK	0x14		/* external on a walk, + level */
#define	ESR_WNR		(1u << 6)
#define	ESR_S1PTW	(1u << 7)
#define	ESR_FNV		(1u << 10)

/* QEMU's virt machine has nothing here, nor has what is laid out so. */
#define	HOLE_BELOW	0x0c000000ul
#define	BLOCK		0x200000ul

const char guest_name[] = "stage2";

static uint64_t
ram_end(void)
{

	return (machine.ram_base + machine.ram_size);
}

static uint64_t empty_table[512] __attribute__((aligned(4096)));

#define	ACCESS(name, insn)						\
	static void							\
	name(uint64_t at)						\
	{								\
									\
		__asm__ volatile(".arch_extension fp\n"			\
		    ".arch_extension lse\n" insn : : "r" (at) :		\
		    "x2", "x3", "memory");				\
	}

ACCESS(load8, "ldrb w2, [%0]")
ACCESS(load16, "ldrh w2, [%0]")
ACCESS(load32, "ldr w2, [%0]")
ACCESS(load64, "ldr x2, [%0]")
ACCESS(store8, "strb w2, [%0]")
ACCESS(store16, "strh w2, [%0]")
ACCESS(store32, "str w2, [%0]")
ACCESS(store64, "str x2, [%0]")
ACCESS(load_pair, "ldp x2, x3, [%0]")
ACCESS(store_pair, "stp x2, x3, [%0]")
ACCESS(load_simd, "ldr q2, [%0]")
ACCESS(store_simd, "str q2, [%0]")
ACCESS(load_writeback, "mov x3, %0; ldr x2, [x3], #8")
ACCESS(load_signed, "ldrsb x2, [%0]")
ACCESS(load_exclusive, "ldxr x2, [%0]; clrex")
ACCESS(load_acquire, "ldar x2, [%0]")
ACCESS(store_release, "stlr x2, [%0]")
ACCESS(atomic_add, "ldadd x2, x3, [%0]")
ACCESS(prefetch, "prfm pldl1keep, [%0]")
ACCESS(clean, "dc civac, %0")
ACCESS(translate, "at s1e1r, %0")

static void
call(uint64_t at)
{

	((void (*)(void))at)();
}

static const struct {
	const char	*name;
	void		(*fn)(uint64_t);
	bool		write;
} accesses[] = {
	{ "load8", load8, false }, { "load16", load16, false },
	{ "load32", load32, false }, { "load64", load64, false },
	{ "store8", store8, true }, { "store16", store16, true },
	{ "store32", store32, true }, { "store64", store64, true },
	{ "load_pair", load_pair, false }, { "store_pair", store_pair, true },
	{ "load_simd", load_simd, false }, { "store_simd", store_simd, true },
	{ "load_writeback", load_writeback, false },
	{ "load_signed", load_signed, false },
	{ "load_exclusive", load_exclusive, false },
	{ "load_acquire", load_acquire, false },
	{ "store_release", store_release, true },
};

/* An external abort, taken at EL1, that names its address. */
static void
check_abort(struct trap t, unsigned int ec, uint64_t at)
{

	REQUIRE(t.taken);
	CHECK_EQ(ESR_EC(t.esr), ec);
	CHECK_EQ(ESR_FSC(t.esr), FSC_EXTERNAL);
	CHECK((t.esr & (ESR_S1PTW | ESR_FNV)) == 0);
	CHECK_EQ(t.far, at);
}

static void
each_access(uint64_t at)
{
	struct trap t;
	unsigned int i;

	/* SIMD: FPEN. */
	write_sysreg(cpacr_el1, 3ul << 20);
	isb();
	for (i = 0; i < nitems(accesses); i++) {
		t = trap_catch(accesses[i].fn, at);
		if (!t.taken || ESR_FSC(t.esr) != FSC_EXTERNAL)
			print("%s at %#lx\n", accesses[i].name, at);
		check_abort(t, EC_DATA_ABORT, at);
		CHECK_EQ(!!(t.esr & ESR_WNR), accesses[i].write);
	}
}

static void
hole_below(void)
{

	each_access(HOLE_BELOW);
	each_access(HOLE_BELOW + 0x1234560);
}

static void
hole_above(void)
{

	each_access(ram_end());
	each_access(ram_end() + 0x7ffff0);
}

/* As high as the map goes. */
static void
hole_far_above(void)
{

	check_abort(trap_catch(load32, 511ul << 30), EC_DATA_ABORT,
	    511ul << 30);
	check_abort(trap_catch(store32, 256ul << 30), EC_DATA_ABORT,
	    256ul << 30);
}

/* As normal memory too. */
static void
hole_cached(void)
{

	mmu_map(HOLE_BELOW, BLOCK, false, false);
	each_access(HOLE_BELOW + 0x1000);
	mmu_map(HOLE_BELOW, BLOCK, true, false);
}

static void
hole_atomic(void)
{
	uint64_t at = ram_end() & ~(BLOCK - 1);
	struct trap t;

	if ((read_sysreg(id_aa64isar0_el1) >> 20 & 0xf) < 2)
		case_skip("no LSE atomics");
	mmu_map(at, BLOCK, false, false);
	t = trap_catch(atomic_add, ram_end());
	check_abort(t, EC_DATA_ABORT, ram_end());
	mmu_map(ram_end(), BLOCK - (ram_end() - at), true, false);
}

static void
hole_fetch(void)
{
	struct trap t;

	mmu_map(HOLE_BELOW, BLOCK, false, true);
	t = trap_catch(call, HOLE_BELOW + 0x104);
	check_abort(t, EC_INSN_ABORT, HOLE_BELOW + 0x104);
	CHECK_EQ(t.elr, HOLE_BELOW + 0x104);
	mmu_map(HOLE_BELOW, BLOCK, true, false);
}

/* The guest's own translation table lies where there is nothing. */
static void
hole_walk(void)
{
	uint64_t va = 600ul << 30;
	struct trap t;

	mmu_point_table_at(va, HOLE_BELOW);
	t = trap_catch(load32, va + 0x3004);
	REQUIRE(t.taken);
	CHECK_EQ(ESR_EC(t.esr), EC_DATA_ABORT);
	CHECK_EQ(ESR_FSC(t.esr), FSC_WALK + 3);
	CHECK_EQ(t.far, va + 0x3004);
	t = trap_catch(call, va + 0x4000);
	REQUIRE(t.taken);
	CHECK_EQ(ESR_EC(t.esr), EC_INSN_ABORT);
	CHECK_EQ(ESR_FSC(t.esr), FSC_WALK + 3);
	CHECK_EQ(t.far, va + 0x4000);
	mmu_point_table_at(va, (uint64_t)empty_table);
}

/* Hints and maintenance never abort for a hole. */
static void
hole_maintenance(void)
{

	mmu_map(HOLE_BELOW, BLOCK, false, false);
	CHECK(!trap_catch(prefetch, HOLE_BELOW).taken);
	CHECK(!trap_catch(clean, HOLE_BELOW).taken);
	CHECK(!trap_catch(translate, HOLE_BELOW).taken);
	mmu_map(HOLE_BELOW, BLOCK, true, false);
}

/* Aborts cost nothing that runs out. */
static void
hole_often(void)
{
	unsigned int i;

	for (i = 0; i < 5000; i++)
		REQUIRE(trap_catch(load32, HOLE_BELOW + i * 4096ul).taken);
}

/* The last bytes of RAM are there, those behind are not. */
static void
edge_of_ram(void)
{
	volatile uint64_t *last = (uint64_t *)(ram_end() - 8);
	uint64_t at = ram_end() - 4, old;
	struct trap t;

	CHECK(!trap_catch(load64, ram_end() - 8).taken);
	/* Another's, perhaps (the device tree): put back. */
	old = *last;
	*last = 0x1122334455667788;
	CHECK_EQ(*last, 0x1122334455667788);
	*last = old;
	if ((ram_end() & (BLOCK - 1)) != 0)
		case_skip("RAM does not end at a block");
	mmu_map(ram_end(), BLOCK, false, false);
	t = trap_catch(load64, at);
	REQUIRE(t.taken);
	CHECK_EQ(ESR_EC(t.esr), EC_DATA_ABORT);
	CHECK_EQ(ESR_FSC(t.esr), FSC_EXTERNAL);
	CHECK(t.far >= at && t.far < at + 8);
	mmu_map(ram_end(), BLOCK, true, false);
}

/* ---- RAM ------------------------------------------------------------- */

/* Nobody else's data is to be found. */
static void
zero(void)
{
	const uint64_t *p = (uint64_t *)memory_free_start();
	const uint64_t *end = (uint64_t *)memory_free_end();
	uint64_t or = 0;

	/* Before anything else was done to it: this is the first case. */
	CHECK((uint64_t)end - (uint64_t)p > 0x1000000);
	for (; p < end; p += 8)
		or |= p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7];
	CHECK_EQ(or, 0);
}

static void
patterns(void)
{
	size_t i, n = 0x800000 / 8;
	volatile uint64_t *p = memory_alloc(0x800000, PAGE_SIZE);
	unsigned int wrong = 0;

	for (i = 0; i < n; i++)
		p[i] = (uint64_t)&p[i];
	for (i = 0; i < n; i++)
		wrong += p[i] != (uint64_t)&p[i];
	for (i = n; i-- > 0;)
		p[i] = ~(uint64_t)&p[i];
	for (i = 0; i < n; i++)
		wrong += p[i] != ~(uint64_t)&p[i];
	CHECK_EQ(wrong, 0);
}

/* ---- emulated devices ------------------------------------------------ */

/* What cannot be emulated is told, not swallowed. */
static void
device_pair(void)
{

	write_sysreg(cpacr_el1, 3ul << 20);
	isb();
	check_abort(trap_catch(load_pair, machine.gicd), EC_DATA_ABORT,
	    machine.gicd);
	check_abort(trap_catch(store_pair, machine.gicd + 0x100),
	    EC_DATA_ABORT, machine.gicd + 0x100);
	check_abort(trap_catch(load_simd, machine.gicd), EC_DATA_ABORT,
	    machine.gicd);
	check_abort(trap_catch(load_writeback, machine.gicd), EC_DATA_ABORT,
	    machine.gicd);
}

static void
device_fetch(void)
{
	struct trap t;

	mmu_map(machine.gicd & ~(BLOCK - 1), BLOCK, false, true);
	t = trap_catch(call, machine.gicd);
	mmu_map(machine.gicd & ~(BLOCK - 1), BLOCK, true, false);
	check_abort(t, EC_INSN_ABORT, machine.gicd);
}

const struct guest_case guest_cases[] = {
	{ "zero", zero, 0, NEED_APIARY },
	{ "hole_below", hole_below, 0, 0 },
	{ "hole_above", hole_above, 0, 0 },
	{ "hole_far_above", hole_far_above, 0, 0 },
	{ "hole_cached", hole_cached, 0, 0 },
	{ "hole_atomic", hole_atomic, 0, 0 },
	{ "hole_fetch", hole_fetch, 0, 0 },
	{ "hole_walk", hole_walk, 0, 0 },
	{ "hole_maintenance", hole_maintenance, 0, 0 },
	{ "hole_often", hole_often, 0, 0 },
	{ "edge_of_ram", edge_of_ram, 0, 0 },
	{ "patterns", patterns, 0, 0 },
	{ "device_pair", device_pair, 0, NEED_APIARY },
	{ "device_fetch", device_fetch, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
