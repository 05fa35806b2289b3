/*
 * pmu: the performance monitors (DDI 0487, D13) count what this vCPU does,
 * nothing else, and say when they overflow. Must not know what a cycle is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "guest.h"

#define	PMCR_E		(1ul << 0)	/* all on */
#define	PMCR_P		(1ul << 1)	/* event counters to zero */
#define	PMCR_C		(1ul << 2)	/* cycle counter to zero */
#define	PMCR_LC		(1ul << 6)	/* cycle counter overflows at 64 bits */
#define	CYCLES		(1ul << 31)	/* the cycle counter in the masks */
#define	EVENT_SW_INCR	0x00u
#define	EVENT_INST	0x08u		/* instructions executed */
#define	FILTER_EL1	(1ul << 31)	/* do not count at EL1 */

static volatile uint32_t overflows;

static unsigned int
counters(void)
{

	return ((unsigned int)(read_sysreg(pmcr_el0) >> 11) & 0x1f);
}

/* Everything off, zero, counting at EL1. */
static void
quiet(void)
{

	write_sysreg(pmcntenclr_el0, 0xffffffff);
	write_sysreg(pmintenclr_el1, 0xffffffff);
	write_sysreg(pmovsclr_el0, 0xffffffff);
	write_sysreg(pmccfiltr_el0, 0);
	write_sysreg(pmcr_el0, PMCR_P | PMCR_C | PMCR_LC | PMCR_E);
	isb();
}

static void
need_counter(void)
{

	if (counters() == 0)
		case_skip("no event counter");
}

static void
need_instructions(void)
{

	need_counter();
	if ((read_sysreg(pmceid0_el0) >> EVENT_INST & 1) == 0)
		case_skip("instructions are not counted here");
}

static void
start_event(uint32_t event, uint64_t filter)
{

	quiet();
	write_sysreg(pmevtyper0_el0, event | filter);
	write_sysreg(pmevcntr0_el0, 0);
	write_sysreg(pmcntenset_el0, 1);
	isb();
}

/* 2 n instructions, and the two that end it. */
static void
spin(uint64_t n)
{

	__asm__ volatile("1: subs %0, %0, #1; b.ne 1b" : "+r" (n) : : "cc");
}

/* What spinning n times adds to counter 0, between two reads. */
static uint64_t
count(uint64_t n)
{
	uint64_t before, after;

	isb();
	before = read_sysreg(pmevcntr0_el0);
	spin(n);
	isb();
	after = read_sysreg(pmevcntr0_el0);
	return (after - before);
}

static void
number(void)
{

	CHECK(counters() <= 31);
	CHECK(read_sysreg(id_aa64dfr0_el1) >> 8 & 0xf);
	/* What is said to exist can be selected and written. */
	if (counters() > 0) {
		write_sysreg(pmselr_el0, counters() - 1);
		isb();
		write_sysreg(pmxevcntr_el0, 0x1234);
		isb();
		CHECK_EQ(read_sysreg(pmxevcntr_el0), 0x1234);
	}
}

static void
cycles_count(void)
{
	uint64_t a, b, c;

	quiet();
	write_sysreg(pmcntenset_el0, CYCLES);
	isb();
	a = read_sysreg(pmccntr_el0);
	spin(1000);
	isb();
	b = read_sysreg(pmccntr_el0);
	spin(10000);
	isb();
	c = read_sysreg(pmccntr_el0);
	CHECK(b > a);
	CHECK(c - b > (b - a) * 5);
	CHECK(c - b < (b - a) * 20);
}

static void
cycles_stop(void)
{
	uint64_t a;

	quiet();
	write_sysreg(pmcntenset_el0, CYCLES);
	isb();
	spin(100);
	write_sysreg(pmcntenclr_el0, CYCLES);
	isb();
	a = read_sysreg(pmccntr_el0);
	spin(1000);
	CHECK(a != 0);
	CHECK_EQ(read_sysreg(pmccntr_el0), a);
	/* PMCR_EL0.E stops them all. */
	write_sysreg(pmcntenset_el0, CYCLES);
	write_sysreg(pmcr_el0, PMCR_LC);
	isb();
	a = read_sysreg(pmccntr_el0);
	spin(1000);
	CHECK_EQ(read_sysreg(pmccntr_el0), a);
}

static void
cycles_are_64_bits(void)
{
	uint64_t v;

	quiet();
	write_sysreg(pmccntr_el0, 0xfffffff0ul);
	write_sysreg(pmcntenset_el0, CYCLES);
	isb();
	spin(100);
	isb();
	v = read_sysreg(pmccntr_el0);
	CHECK(v >> 32 == 1);
	CHECK_EQ(read_sysreg(pmovsclr_el0) & CYCLES, 0);
}

static void
reset_bits(void)
{

	need_counter();
	quiet();
	write_sysreg(pmevcntr0_el0, 0x55);
	write_sysreg(pmccntr_el0, 0x66);
	write_sysreg(pmcr_el0, PMCR_LC | PMCR_P);
	isb();
	CHECK_EQ(read_sysreg(pmevcntr0_el0), 0);
	CHECK_EQ(read_sysreg(pmccntr_el0), 0x66);
	write_sysreg(pmcr_el0, PMCR_LC | PMCR_C);
	isb();
	CHECK_EQ(read_sysreg(pmccntr_el0), 0);
}

/* Instructions are exact, whatever the machine: the same work, the same. */
static void
instructions(void)
{
	uint64_t a, b;

	need_instructions();
	start_event(EVENT_INST, 0);
	a = count(100);
	b = count(1100);
	CHECK_EQ(b - a, 2000);
}

static void
filter(void)
{

	need_instructions();
	start_event(EVENT_INST, FILTER_EL1);
	CHECK_EQ(count(1000), 0);
}

static void
software_increment(void)
{
	unsigned int i;

	need_counter();
	if ((read_sysreg(pmceid0_el0) >> EVENT_SW_INCR & 1) == 0)
		case_skip("no software increment");
	start_event(EVENT_SW_INCR, 0);
	for (i = 0; i < 7; i++)
		write_sysreg(pmswinc_el0, 1);
	isb();
	CHECK_EQ(read_sysreg(pmevcntr0_el0), 7);
}

static void
overflow_flag(void)
{

	need_instructions();
	start_event(EVENT_INST, 0);
	write_sysreg(pmevcntr0_el0, 0xfffffff0);
	isb();
	spin(100);
	isb();
	/* Some emulators notice an overflow when a counter is read. */
	CHECK(read_sysreg(pmevcntr0_el0) < 0xfffffff0 ||
	    read_sysreg(pmevcntr0_el0) >> 32 != 0);
	CHECK_EQ(read_sysreg(pmovsclr_el0) & 1, 1);
	write_sysreg(pmovsclr_el0, 1);
	isb();
	CHECK_EQ(read_sysreg(pmovsclr_el0) & 1, 0);
}

static void
on_overflow(uint32_t intid)
{

	if (intid != machine.pmu_intid)
		return;
	overflows++;
	/* The line is a level: it falls with the flag. */
	write_sysreg(pmovsclr_el0, 0xffffffff);
	isb();
}

static void
overflow_interrupt(void)
{
	uint64_t start = counter();

	overflows = 0;
	need_instructions();
	irq_handler(on_overflow);
	gic_enable(machine.pmu_intid);
	start_event(EVENT_INST, 0);
	write_sysreg(pmintenset_el1, 1);
	irq_on();
	/* Far enough that it is not over before this write ends. */
	write_sysreg(pmevcntr0_el0, 0xffffffff - 5000);
	isb();
	while (overflows == 0 && counter() - start < counter_hz() / 10) {
		spin(100);
		read_sysreg(pmevcntr0_el0);	/* see overflow_flag() */
	}
	delay_us(100);
	irq_off();
	quiet();
	CHECK_EQ(overflows, 1);
}

static void
kept(uint32_t event, void (*something)(void))
{
	uint64_t type, control;

	quiet();
	write_sysreg(pmevtyper0_el0, event);
	write_sysreg(pmevcntr0_el0, 0xabcdef);
	write_sysreg(pmccntr_el0, 0x123456789a);
	write_sysreg(pmselr_el0, 0);
	isb();
	something();
	type = read_sysreg(pmevtyper0_el0);
	control = read_sysreg(pmcr_el0);
	CHECK_EQ(type & 0xffff, event);
	CHECK_EQ(read_sysreg(pmevcntr0_el0), 0xabcdef);
	CHECK_EQ(read_sysreg(pmccntr_el0), 0x123456789a);
	CHECK_EQ(control & (PMCR_E | PMCR_LC), PMCR_E | PMCR_LC);
	quiet();
}

static void
sleep_a_while(void)
{
	static volatile uint32_t never;

	wait_irq(&never, 3000);
}

static void
kept_while_asleep(void)
{

	need_instructions();
	kept(EVENT_INST, sleep_a_while);
}

static void
yields(void)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		hvc(HC_YIELD, 0, 0, 0);
}

static void
kept_over_yields(void)
{

	need_instructions();
	kept(EVENT_INST, yields);
}

/* Others that use theirs do not show in ours. */
static volatile uint32_t state[8];

static void
other(void *unused)
{
	unsigned int cpu = cpu_index();

	(void)unused;
	start_event(EVENT_INST, 0);
	write_sysreg(pmevcntr0_el0, 0x100 * cpu);
	write_sysreg(pmcntenclr_el0, 1);
	isb();
	publish(&state[cpu], 1);
	wait_for(&state[0], 1);
	if (read_sysreg(pmevcntr0_el0) - 0x100 * cpu < 0x100)
		publish(&state[cpu], 2);
	else
		publish(&state[cpu], 3);
}

static void
each_its_own(void)
{
	unsigned int i;

	need_instructions();
	memset((void *)(uintptr_t)state, 0, sizeof(state));
	quiet();
	write_sysreg(pmevcntr0_el0, 0x777777);
	isb();
	for (i = 1; i < machine.ncpus; i++) {
		REQUIRE(smp_on(i, other, NULL) == 0);
		CHECK(wait_for(&state[i], 1));
	}
	CHECK_EQ(read_sysreg(pmevcntr0_el0), 0x777777);
	publish(&state[0], 1);
	for (i = 1; i < machine.ncpus; i++)
		CHECK(wait_for(&state[i], 2));
	quiet();
}

const char guest_name[] = "pmu";
const struct guest_case guest_cases[] = {
	{ "number", number, 0, NEED_PMU },
	{ "cycles_count", cycles_count, 0, NEED_PMU },
	{ "cycles_stop", cycles_stop, 0, NEED_PMU },
	{ "cycles_are_64_bits", cycles_are_64_bits, 0, NEED_PMU },
	{ "reset_bits", reset_bits, 0, NEED_PMU },
	{ "instructions", instructions, 0, NEED_PMU },
	{ "filter", filter, 0, NEED_PMU },
	{ "software_increment", software_increment, 0, NEED_PMU },
	{ "overflow_flag", overflow_flag, 0, NEED_PMU },
	{ "overflow_interrupt", overflow_interrupt, 0, NEED_PMU },
	{ "kept_while_asleep", kept_while_asleep, 0, NEED_PMU },
	{ "kept_over_yields", kept_over_yields, 0, NEED_PMU | NEED_APIARY },
	{ "each_its_own", each_its_own, 2, NEED_PMU },
	{ NULL, NULL, 0, 0 }
};
