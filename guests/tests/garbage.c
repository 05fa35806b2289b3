/*
 * garbage: runs random words as code, with random registers. Each run ends
 * by an exception or by the watchdog; the guest lives on, and so must who
 * runs it, and whoever runs beside it. Boot arguments: steps=, seed=. The
 * default seed leaves the guest whole; with another one a branch may land in
 * the library, and the guest may well turn itself off.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	WORDS		64
#define	STEPS		1000
#define	WATCHDOG_US	20

struct run {
	uint64_t	x[31];		/* order known to the assembly */
	uint32_t	*code;
};

void	garbage_enter(uint64_t run);

/*
 * On SP_EL0, so that exceptions find a stack however SP is treated; IRQs on
 * for the watchdog. There is no way back but by an exception.
 */
__asm__(
    "	.text\n"
    "garbage_enter:\n"
    "	msr	spsel, #0\n"
    "	ldr	x30, [x0, #248]\n"
    "	msr	tpidr_el0, x30\n"
    "	ldp	x1, x2, [x0, #8]\n"
    "	ldp	x3, x4, [x0, #24]\n"
    "	ldp	x5, x6, [x0, #40]\n"
    "	ldp	x7, x8, [x0, #56]\n"
    "	ldp	x9, x10, [x0, #72]\n"
    "	ldp	x11, x12, [x0, #88]\n"
    "	ldp	x13, x14, [x0, #104]\n"
    "	ldp	x15, x16, [x0, #120]\n"
    "	ldp	x17, x18, [x0, #136]\n"
    "	ldp	x19, x20, [x0, #152]\n"
    "	ldp	x21, x22, [x0, #168]\n"
    "	ldp	x23, x24, [x0, #184]\n"
    "	ldp	x25, x26, [x0, #200]\n"
    "	ldp	x27, x28, [x0, #216]\n"
    "	ldr	x29, [x0, #232]\n"
    "	mov	sp, x28\n"
    "	ldr	x0, [x0]\n"
    "	mrs	x30, tpidr_el0\n"
    "	msr	daifclr, #3\n"
    "	br	x30\n");

static uint64_t state[8];
static volatile uint32_t dogs[8];	/* runs that the watchdog ended */
static volatile uint32_t done;

static uint64_t
rnd(void)
{
	uint64_t *s = &state[cpu_index()];

	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return (*s * 0x2545f4914f6cdd1d);
}

static void
watchdog(uint32_t intid)
{

	if (intid != machine.vtimer_intid)
		return;
	vtimer_off();
	dogs[cpu_index()]++;
	gic_eoi(intid);
	trap_leave();
}

/* Words that may do lasting harm to ourselves: to us they are no test. */
static bool
spared(uint32_t word)
{
	unsigned int op0 = word >> 19 & 3, n = word >> 12 & 15;

	/* MSR of SCTLR, TTBR, SP, MAIR, VBAR; of PSTATE; DC, IC, TLBI. */
	return (word >> 22 == 0x354 && (word >> 21 & 1) == 0 &&
	    (op0 <= 1 || n == 1 || n == 2 || n == 4 || n == 10 || n == 12));
}

/* Some instructions by number: random words are mostly undefined. */
static uint32_t
word(void)
{
	static const uint32_t likely[] = {
		0xd4000002, 0xd4000003, 0xd4000001,	/* HVC, SMC, SVC */
		0xd5300000, 0xd5380000, 0xd53b0000,	/* MRS */
		0xf9400000, 0xf9000000, 0xa9400000,	/* LDR, STR, LDP */
		0x91000000, 0xd503205f, 0xd503207f,	/* ADD, WFE, WFI */
	};
	uint32_t w = (uint32_t)rnd();

	if (rnd() % 2 != 0)
		w = likely[rnd() % nitems(likely)] | (w & 0x1fffe0 &
		    (uint32_t)rnd());
	return (spared(w) ? 0xd503201f : w);
}

static void
run_garbage(uint64_t steps)
{
	struct run r;
	unsigned int i;
	uint64_t n;

	r.code = memory_alloc(PAGE_SIZE, PAGE_SIZE);
	for (n = 0; n < steps; n++) {
		for (i = 0; i < WORDS; i++)
			r.code[i] = word();
		r.code[WORDS] = 0xd4200000;		/* brk #0 */
		sync_code(r.code, (WORDS + 1) * 4);
		/* All sizes of numbers, none that points into RAM. */
		for (i = 0; i < 31; i++) {
			r.x[i] = rnd() >> rnd() % 64;
			if (r.x[i] - machine.ram_base < machine.ram_size)
				r.x[i] = 0;
		}
		gic_enable(machine.vtimer_intid);
		vtimer_set(counter() + WATCHDOG_US * counter_hz() / 1000000);
		trap_catch(garbage_enter, (uint64_t)&r);
		vtimer_off();
	}
}

static void
seed(void)
{

	state[cpu_index()] = (machine_arg_number("seed", 1) << 8 |
	    (cpu_index() + 1)) * 0x9e3779b97f4a7c15 | 1;
}

static void
alive(void)
{
	struct trap t;
	uint64_t v;

	t = probe_read(SYSREG(3, 6, 1, 1, 0), &v);	/* SCR_EL3 */
	CHECK_EQ(t.taken, 1);
	CHECK(psci(PSCI_VERSION, 0, 0, 0) >= 0x10000);
}

/* Without random numbers: what the other cases rest on. */
static void
caught(void)
{
	struct run r = { .code = memory_alloc(PAGE_SIZE, PAGE_SIZE) };
	struct trap t;

	r.code[0] = 0xd4200020;				/* brk #1 */
	sync_code(r.code, 4);
	t = trap_catch(garbage_enter, (uint64_t)&r);
	CHECK_EQ(t.taken, 1);
	CHECK_EQ(ESR_EC(t.esr), 0x3c);			/* BRK */
	CHECK_EQ(t.elr, (uint64_t)r.code);
	CHECK_EQ(t.spsr & 0xf, 4);			/* EL1t */
	/* An endless loop is the watchdog's. */
	r.code[0] = 0x14000000;				/* b . */
	sync_code(r.code, 4);
	irq_handler(watchdog);
	dogs[0] = 0;
	gic_enable(machine.vtimer_intid);
	vtimer_set(counter() + WATCHDOG_US * counter_hz() / 1000000);
	t = trap_catch(garbage_enter, (uint64_t)&r);
	CHECK_EQ(t.taken, 0);
	CHECK_EQ(dogs[0], 1);
}

static void
random_code(void)
{

	irq_handler(watchdog);
	seed();
	run_garbage(machine_arg_number("steps", STEPS));
	alive();
}

static void
other(void *unused)
{

	(void)unused;
	seed();
	run_garbage(machine_arg_number("steps", STEPS) / 4);
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	sev();
}

static void
random_code_on_all(void)
{
	unsigned int i;
	uint64_t start = counter();

	irq_handler(watchdog);
	done = 0;
	for (i = 1; i < machine.ncpus; i++)
		REQUIRE(smp_on(i, other, NULL) == 0);
	other(NULL);
	while (done < machine.ncpus && counter() - start < 5 * counter_hz())
		delay_us(10);
	CHECK_EQ(done, machine.ncpus);
	alive();
}

const char guest_name[] = "garbage";
const struct guest_case guest_cases[] = {
	{ "caught", caught, 0, 0 },
	{ "random_code", random_code, 0, 0 },
	{ "random_code_on_all", random_code_on_all, 2, 0 },
	{ NULL, NULL, 0, 0 }
};
