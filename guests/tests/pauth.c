/*
 * pauth: the keys of pointer authentication stay a vCPU's own, whatever runs
 * in between. Two VMs may run this at once. Skipped where the CPU has none.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "guest.h"

#define	SCTLR_ENIA	(1ul << 31)
#define	KEYS		10

/* AP{I,D}{A,B}Key, APGAKey: Lo and Hi. */
#define	EACH_KEY(OP)							\
	OP(0, s3_0_c2_c1_0) OP(1, s3_0_c2_c1_1) OP(2, s3_0_c2_c1_2)	\
	OP(3, s3_0_c2_c1_3) OP(4, s3_0_c2_c2_0) OP(5, s3_0_c2_c2_1)	\
	OP(6, s3_0_c2_c2_2) OP(7, s3_0_c2_c2_3) OP(8, s3_0_c2_c3_0)	\
	OP(9, s3_0_c2_c3_1)

static void
begin(void)
{
	uint64_t isar1 = read_sysreg(s3_0_c0_c6_1);
	uint64_t isar2 = read_sysreg(s3_0_c0_c6_2);

	/* APA, API; APA3. */
	if ((isar1 & 0xff0) == 0 && (isar2 >> 12 & 15) == 0)
		case_skip("this CPU has no pointer authentication");
}

static void
read_keys(uint64_t k[KEYS])
{

#define	GET(n, reg)	k[n] = read_sysreg(reg);
	EACH_KEY(GET)
}

static void
write_keys(const uint64_t k[KEYS])
{

#define	PUT(n, reg)	write_sysreg(reg, k[n]);
	EACH_KEY(PUT)
	isb();
}

/* Of this CPU of this VM. */
static uint64_t
own_seed(void)
{
	uint64_t vm = machine.apiary ? hvc(HC_WHOAMI, 0, 0, 0).x1 : 0;

	return (vm << 8 | (cpu_index() + 1));
}

static void
fill(uint64_t k[KEYS])
{

	for (unsigned int i = 0; i < KEYS; i++)
		k[i] = (own_seed() << 32 | (i + 1)) * 0x9e3779b97f4a7c15ul;
}

/* PACIA x, with this modifier; 0 in its way back where it is not that. */
static uint64_t
sign(uint64_t x, uint64_t modifier)
{

	__asm__ volatile(".arch armv8.3-a\n\tpacia %0, %1" : "+r" (x) :
	    "r" (modifier));
	return (x);
}

static uint64_t
strip(uint64_t x)
{

	__asm__ volatile(".arch armv8.3-a\n\txpaci %0" : "+r" (x));
	return (x);
}

static bool
survive(void (*something)(void), unsigned int n)
{
	uint64_t want[KEYS], got[KEYS], pointer = (uint64_t)survive;
	unsigned int i, k, wrong = 0;

	fill(want);
	write_keys(want);
	write_sysreg(sctlr_el1, read_sysreg(sctlr_el1) | SCTLR_ENIA);
	isb();
	uint64_t signed_once = sign(pointer, 7);
	for (i = 0; i < n && wrong == 0; i++) {
		something();
		read_keys(got);
		for (k = 0; k < KEYS; k++)
			wrong += got[k] != want[k];
		wrong += sign(pointer, 7) != signed_once;
	}
	if (wrong != 0)
		print("CPU %u, time %u: %u changed\n", cpu_index(), i, wrong);
	return (wrong == 0);
}

/* Nobody else's keys are in them. */
static void
fresh(void)
{
	uint64_t got[KEYS], or = 0;

	begin();
	read_keys(got);
	for (unsigned int i = 0; i < KEYS; i++)
		or |= got[i];
	CHECK_EQ(or, 0);
}

static void
nothing(void)
{
}

static void
hold(void)
{

	begin();
	CHECK(survive(nothing, 1));
}

/* Two keys sign differently, and the way back is the same. */
static void
signs(void)
{
	uint64_t k[KEYS], pointer = (uint64_t)signs, a, b;

	begin();
	fill(k);
	write_keys(k);
	write_sysreg(sctlr_el1, read_sysreg(sctlr_el1) | SCTLR_ENIA);
	isb();
	a = sign(pointer, 1);
	CHECK(a != pointer);
	CHECK_EQ(strip(a), pointer);
	k[0] ^= 0x123456789;
	write_keys(k);
	b = sign(pointer, 1);
	CHECK(b != a);
}

static void
give_way(void)
{

	hvc(HC_YIELD, 0, 0, 0);
}

static void
yield(void)
{

	begin();
	CHECK(survive(give_way, 300));
}

static void
sleep_tick(void)
{
	static volatile uint32_t never;

	wait_irq(&never, 50);
}

static void
interrupt(void)
{

	begin();
	CHECK(survive(sleep_tick, 50));
}

/* Signed with the keys that a CPU has which has set none. */
#define	POINTERS	8
static uint64_t unset[POINTERS];

static void
sign_some(uint64_t out[POINTERS])
{

	write_sysreg(sctlr_el1, read_sysreg(sctlr_el1) | SCTLR_ENIA);
	isb();
	for (unsigned int i = 0; i < POINTERS; i++)
		out[i] = sign((uint64_t)sign_some + i * 0x123400ul, i);
}

static void
sign_at_once(void *unused)
{

	(void)unused;
	sign_some(unset);
	/* Gone when it is off. */
	survive(nothing, 1);
}

/* The first use may be an instruction: the keys are zero then, every time. */
static void
without_keys(void)
{
	static const uint64_t zero[KEYS];
	uint64_t want[POINTERS];
	unsigned int i, n;

	begin();
	write_keys(zero);
	sign_some(want);
	for (n = 0; n < 2; n++) {
		memset(unset, 0, sizeof(unset));
		REQUIRE(smp_on(1, sign_at_once, NULL) == 0);
		CHECK(smp_wait_off(1));
		for (i = 0; i < POINTERS; i++)
			CHECK_EQ(unset[i], want[i]);
	}
}

static volatile uint32_t stop, busy, bad;

static void
disturb(void *unused)
{

	(void)unused;
	__atomic_fetch_add(&busy, 1, __ATOMIC_SEQ_CST);
	while (!stop) {
		if (!survive(nothing, 5))
			__atomic_fetch_add(&bad, 1, __ATOMIC_SEQ_CST);
		__asm__ volatile("yield");
	}
	__atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
}

static void
other_cpus(void)
{
	unsigned int i;

	begin();
	stop = busy = bad = 0;
	for (i = 1; i < machine.ncpus; i++)
		REQUIRE(smp_on(i, disturb, NULL) == 0);
	CHECK(wait_for(&busy, machine.ncpus - 1));
	CHECK(survive(sleep_tick, 30));
	stop = 1;
	CHECK(wait_for(&busy, 0));
	CHECK_EQ(bad, 0);
}

const char guest_name[] = "pauth";
const struct guest_case guest_cases[] = {
	{ "fresh", fresh, 0, NEED_APIARY },
	{ "hold", hold, 0, 0 },
	{ "signs", signs, 0, 0 },
	{ "yield", yield, 0, NEED_APIARY },
	{ "interrupt", interrupt, 0, 0 },
	{ "without_keys", without_keys, 2, NEED_APIARY },
	{ "other_cpus", other_cpus, 2, 0 },
	{ NULL, NULL, 0, 0 }
};
