/*
 * sve: vectors, predicates, FFR and ZCR_EL1 stay a vCPU's own, whatever runs
 * in between, at every vector length; FP and SIMD are a part of them. Two VMs
 * may run this at once. Skipped where the CPU has none.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "guest.h"

/* For the names of the registers; the compiler makes no use of it. */
__asm__(".arch_extension sve");

#define	VL_MAX		256		/* bytes (DDI 0487, B1.2.2) */
#define	CPACR_ZEN	(3ul << 16)

/* As long as the vectors are: the rest is left alone. */
struct state {
	uint8_t		z[32][VL_MAX], p[16][VL_MAX / 8], ffr[VL_MAX / 8];
};

void	sve_load(const struct state *s);
void	sve_save(struct state *s);
void	simd_load(const uint64_t q[64]);

#define	EACH32(OP)							\
	OP(0) OP(1) OP(2) OP(3) OP(4) OP(5) OP(6) OP(7)			\
	OP(8) OP(9) OP(10) OP(11) OP(12) OP(13) OP(14) OP(15)		\
	OP(16) OP(17) OP(18) OP(19) OP(20) OP(21) OP(22) OP(23)		\
	OP(24) OP(25) OP(26) OP(27) OP(28) OP(29) OP(30) OP(31)
#define	EACH16(OP)							\
	OP(0) OP(1) OP(2) OP(3) OP(4) OP(5) OP(6) OP(7)			\
	OP(8) OP(9) OP(10) OP(11) OP(12) OP(13) OP(14) OP(15)
#define	ZLD(n)	"	ldr z" #n ", [x0]\n	add x0, x0, #256\n"
#define	ZST(n)	"	str z" #n ", [x0]\n	add x0, x0, #256\n"
#define	PLD(n)	"	ldr p" #n ", [x0]\n	add x0, x0, #32\n"
#define	PST(n)	"	str p" #n ", [x0]\n	add x0, x0, #32\n"
#define	QLD(n)	"	ldr q" #n ", [x0], #16\n"

__asm__(
    "	.text\n"
    "	.arch_extension simd\n"
    "sve_load:\n"
    "	add	x1, x0, #8192\n"
    "	add	x1, x1, #512\n"
    "	ldr	p0, [x1]\n"
    "	wrffr	p0.b\n"
    EACH32(ZLD) EACH16(PLD)
    "	ret\n"
    "sve_save:\n" EACH32(ZST) EACH16(PST)
    "	rdffr	p0.b\n"
    "	str	p0, [x0]\n"
    "	sub	x0, x0, #512\n"
    "	ldr	p0, [x0]\n"
    "	ret\n"
    "simd_load:\n" EACH32(QLD)
    "	ret\n");

static uint64_t
vl(void)
{
	uint64_t n;

	__asm__ volatile("rdvl %0, #1" : "=r" (n));
	return (n);
}

/* On, at this length: len + 1 times 16 bytes, or what there is below. */
static void
begin(unsigned int len)
{

	if ((read_sysreg(id_aa64pfr0_el1) >> 32 & 15) == 0)
		case_skip("this CPU has no SVE");
	write_sysreg(cpacr_el1, read_sysreg(cpacr_el1) | CPACR_ZEN);
	isb();
	write_sysreg(zcr_el1, len);
	isb();
}

/* Of this CPU of this VM. */
static uint64_t
own_seed(void)
{
	uint64_t vm = machine.apiary ? hvc(HC_WHOAMI, 0, 0, 0).x1 : 0;

	return (vm << 8 | (cpu_index() + 1));
}

static uint8_t
pattern(uint64_t seed, unsigned int i)
{

	return ((seed << 32 | i) * 0x9e3779b97f4a7c15ul >> 56);
}

/* FFR may only be ones from the bottom up (DDI 0487, B1.2.2). */
static void
fill(struct state *s, uint64_t seed)
{
	uint8_t *p = (uint8_t *)s;
	unsigned int i;

	for (i = 0; i < sizeof(*s); i++)
		p[i] = pattern(seed, i);
	for (i = 0; i < sizeof(s->ffr); i++)
		s->ffr[i] = i < seed % 3 + 1 ? 0xff : 0;
}

static unsigned int
differ(const void *a, const void *b, unsigned int n)
{
	const uint8_t *x = a, *y = b;
	unsigned int wrong = 0;

	while (n-- > 0)
		wrong += x[n] != y[n];
	return (wrong);
}

static unsigned int
differing(const struct state *a, const struct state *b)
{
	unsigned int i, wrong, n = (unsigned int)vl();

	wrong = differ(a->ffr, b->ffr, n / 8);
	for (i = 0; i < 32; i++)
		wrong += differ(a->z[i], b->z[i], n);
	for (i = 0; i < 16; i++)
		wrong += differ(a->p[i], b->p[i], n / 8);
	return (wrong);
}

static struct state want_of[8], got_of[8];

static bool
survives(void (*something)(void), unsigned int n)
{
	struct state *want = &want_of[cpu_index()], *got =
	    &got_of[cpu_index()];
	unsigned int i, wrong = 0;

	fill(want, own_seed());
	sve_load(want);
	for (i = 0; i < n && wrong == 0; i++) {
		something();
		sve_save(got);
		wrong = differing(want, got);
	}
	if (wrong != 0)
		print("CPU %u, time %u: %u bytes changed\n", cpu_index(), i,
		    wrong);
	return (wrong == 0);
}

/*
 * What FP and SIMD held before is the lower end of the vectors; nobody
 * else's numbers are above that, nor in the predicates.
 */
static void
first_use(void)
{
	struct state *got = &got_of[0];
	uint64_t q[64];
	unsigned int i, n, wrong = 0;

	for (i = 0; i < 64; i++)
		q[i] = own_seed() << 32 | i;
	simd_load(q);
	begin(15);
	sve_save(got);
	n = (unsigned int)vl();
	for (i = 0; i < 32; i++) {
		static const uint8_t zero[VL_MAX];

		wrong += differ(got->z[i], &q[2 * i], 16);
		if (machine.apiary) {
			wrong += differ(got->z[i] + 16, zero, n - 16);
			wrong += i < 16 ? differ(got->p[i], zero, n / 8) : 0;
			wrong += differ(got->ffr, zero, n / 8);
		}
	}
	CHECK_EQ(wrong, 0);
}

static void
nothing(void)
{
}

static void
hold(void)
{

	begin(15);
	CHECK(survives(nothing, 1));
}

static void
call(void)
{

	psci(PSCI_VERSION, 0, 0, 0);
}

static void
hypercall(void)
{

	begin(15);
	CHECK(survives(call, 50));
}

static void
give_way(void)
{

	hvc(HC_YIELD, 0, 0, 0);
}

static void
yield(void)
{

	begin(15);
	CHECK(survives(give_way, 200));
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

	begin(15);
	CHECK(survives(sleep_tick, 30));
}

/* Each length there is, and back to the longest. */
static void
lengths(void)
{
	uint64_t longest, before = 0;
	unsigned int len;

	begin(15);
	longest = vl();
	CHECK(longest >= 16 && longest <= VL_MAX && longest % 16 == 0);
	for (len = 0; len < 16; len++) {
		begin(len);
		CHECK(vl() >= before && vl() <= 16 * (len + 1ul));
		before = vl();
		CHECK(survives(machine.apiary ? give_way : call, 10));
		CHECK_EQ(vl(), before);
		CHECK_EQ(read_sysreg(zcr_el1), len);
	}
	CHECK_EQ(before, longest);
}

/* V0 is the lower end of Z0, and a write to it clears the rest. */
static void
part_of_it(void)
{
	struct state *got = &got_of[0];
	static const uint8_t zero[VL_MAX];

	begin(15);
	fill(got, own_seed());
	sve_load(got);
	__asm__ volatile(".arch_extension fp\n\tfmov d0, #1.0");
	if (machine.apiary)
		give_way();
	sve_save(got);
	CHECK_EQ(*(uint64_t *)got->z[0], 0x3ff0000000000000);
	CHECK_EQ(differ(got->z[0] + 8, zero, (unsigned int)vl() - 8), 0);
}

static volatile uint32_t stop, busy, bad;

static void
disturb(void *unused)
{

	(void)unused;
	begin(cpu_index());
	__atomic_fetch_add(&busy, 1, __ATOMIC_SEQ_CST);
	while (!stop) {
		if (!survives(call, 5))
			__atomic_fetch_add(&bad, 1, __ATOMIC_SEQ_CST);
		__asm__ volatile("yield");
	}
	__atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
}

static void
other_cpus(void)
{
	unsigned int i;

	begin(15);
	stop = busy = bad = 0;
	for (i = 1; i < machine.ncpus; i++)
		REQUIRE(smp_on(i, disturb, NULL) == 0);
	CHECK(wait_for(&busy, machine.ncpus - 1));
	CHECK(survives(sleep_tick, 30));
	stop = 1;
	CHECK(wait_for(&busy, 0));
	CHECK_EQ(bad, 0);
}

const char guest_name[] = "sve";
const struct guest_case guest_cases[] = {
	{ "first_use", first_use, 0, 0 },
	{ "hold", hold, 0, 0 },
	{ "hypercall", hypercall, 0, 0 },
	{ "yield", yield, 0, NEED_APIARY },
	{ "interrupt", interrupt, 0, 0 },
	{ "lengths", lengths, 0, 0 },
	{ "part_of_it", part_of_it, 0, 0 },
	{ "other_cpus", other_cpus, 2, 0 },
	{ NULL, NULL, 0, 0 }
};
