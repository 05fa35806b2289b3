/*
 * What time is measured with: the PMU's cycle counter where it can be had,
 * else the architected counter; and what their differences mean. Must not
 * know what is measured.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "op.h"

#define	PMCR_E		(1u << 0)
#define	PMCR_C		(1u << 2)
#define	PMCR_LC		(1u << 6)
#define	PMCCFILTR_NSH	(1u << 27)	/* count in EL2 too */
#define	PMCNTEN_C	(1u << 31)
#define	PMCR_N(pmcr)	((pmcr) >> 11 & 0x1f)
#define	EVENT_RETIRED	0x08u		/* INST_RETIRED */
#define	PROBE		200
#define	NS		1000000000ul

static void
pmu_start(uint64_t unused)
{

	(void)unused;
	write_sysreg(pmccfiltr_el0, PMCCFILTR_NSH);
	write_sysreg(pmcntenset_el0, PMCNTEN_C);
	write_sysreg(pmcr_el0, PMCR_E | PMCR_C | PMCR_LC);
	isb();
}

static void
call(uint64_t n)
{

	while (n-- > 0)
		hvc(PSCI_VERSION, 0, 0, 0);
}

static void
turn(uint64_t n)
{

	for (; n > 0; n--)
		__asm__ volatile("");
}

/* PMU clocks in 256 ticks of the counter, while fn(n) runs. */
static uint64_t
rate(void (*fn)(uint64_t), uint64_t n)
{
	uint64_t pmu = read_sysreg(pmccntr_el0), ticks = counter();

	fn(n);
	ticks = counter() - ticks;
	pmu = read_sysreg(pmccntr_el0) - pmu;
	return (ticks == 0 ? 0 : pmu * 256 / ticks);
}

unsigned int
clock_best(void)
{
	static int best = -1;
	char word[8];
	unsigned int ver = read_sysreg(id_aa64dfr0_el1) >> 8 & 15;
	uint64_t here;

	if (best >= 0)
		return (best);
	best = CLOCK_COUNTER;
	if (machine_arg("clock", word, sizeof(word)) &&
	    strcmp(word, "counter") == 0)
		return (best);
	if (ver == 0 || ver == 15 || trap_catch(pmu_start, 0).taken)
		return (best);
	here = rate(turn, PROBE * 1000);
	/* HVC is undefined where there is no EL2: then EL2 costs nothing. */
	if (here != 0 && (trap_catch(call, 1).taken ||
	    rate(call, PROBE) >= here - here / 16))
		best = CLOCK_PMU;
	return (best);
}

bool
clock_retired(void)
{

	if (PMCR_N(read_sysreg(pmcr_el0)) == 0 ||
	    (read_sysreg(pmceid0_el0) >> EVENT_RETIRED & 1) == 0)
		return (false);
	write_sysreg(pmevtyper0_el0, EVENT_RETIRED | PMCCFILTR_NSH);
	write_sysreg(pmcntenset_el0, 1);
	isb();
	return (true);
}

bool
clock_is_insn(void)
{
	char unit[8];

	return (machine_arg("unit", unit, sizeof(unit)) &&
	    strcmp(unit, "insn") == 0);
}

uint64_t
clock_insn_per_tick(void)
{

	return (NS / counter_hz());
}

const char *
clock_unit(unsigned int clock, bool deadline)
{

	if (clock_is_insn())
		return ("insn");
	return (clock == CLOCK_PMU && !deadline ? "cycles" : "ns");
}

uint64_t
clock_value(unsigned int clock, bool deadline, uint64_t diff)
{

	if (clock == CLOCK_RETIRED ||
	    (clock == CLOCK_PMU && (clock_is_insn() || !deadline)))
		return (diff);
	/* Not NS / hz first: it may be no whole number. */
	return (diff * NS / counter_hz());
}

/*
 * Both clocks are read, the PMU's one instruction later, at all phases of a
 * tick. With p = s + 1 instructions on the PMU's clock and a tick every
 * `per`, p - per * ticks lies in phase + 1 ... phase + per: the least of all
 * gives the phase, and all must be found within `per`.
 */
bool
clock_at(uint64_t ticks, uint64_t *pmu)
{
	static uint64_t phase;
	static bool known;
	uint64_t per = clock_insn_per_tick(), least = ~0ull, most = 0;
	unsigned int i, j;

	for (i = 0; !known && i < 64 * per; i++) {
		uint64_t c, p;

		__asm__ volatile("mrs %0, cntvct_el0; mrs %1, pmccntr_el0" :
		    "=r" (c), "=r" (p) : : "memory");
		/* Biased: the PMU may have started after the counter. */
		p += (1ull << 62) - per * c;
		if (p < least)
			least = p;
		if (p > most)
			most = p;
		for (j = 0; j < i % per; j++)
			__asm__ volatile("nop");
	}
	if (!known && most - least != per - 1) {
		print("phases of the counter: %lu of %lu seen\n",
		    most - least + 1, per);
		return (false);
	}
	if (!known)
		phase = least - 1 - (1ull << 62);
	known = true;
	*pmu = per * ticks + phase;
	return (true);
}
