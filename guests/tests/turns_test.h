/*
 * What a VM gets of a CPU that it shares: for tests where another does what it
 * can against that. Time is the physical count's, which is one for all VMs.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "guest.h"

#define	TURN_US		1000ul		/* where VMs share a CPU */
/* Of two that want all of it each is to get half, less what exits take. */
#define	SHARE		40ul
#define	ALL		95ul		/* of one that nobody disturbs */
#define	GAP_US		(2 * TURN_US)

static inline uint64_t
now(void)
{

	return (read_sysreg(cntpct_el0));
}

static inline uint64_t
ticks(uint64_t us)
{

	return (us * counter_hz() / 1000000);
}

/* Asleep until then. */
static inline void
sleep_until(uint64_t at)
{

	gic_enable(machine.ptimer_intid);
	while (now() < at) {
		ptimer_set(at);
		wfi();
		ptimer_off();
		irq_on();
		isb();
		irq_off();
	}
	gic_disable(machine.ptimer_intid);
}

/* With a YIELD: an emulator with one thread for all CPUs goes on to others. */
static inline void
toil(uint64_t n)
{

	__asm__ volatile("1: subs %0, %0, #1\n b.ne 1b\n yield" : "+r" (n) : :
	    "cc", "memory");
}

static inline void
measure(uint64_t from, uint64_t to, uint64_t n_toil, uint64_t wanted)
{
	uint64_t at, before = from, least = ~0ul, most = 0, n = 0, share;

	sleep_until(from);
	while (before < to) {
		toil(n_toil);
		at = now();
		if (at - before < least)
			least = at - before;
		if (at - before > most)
			most = at - before;
		before = at;
		n++;
	}
	share = n * least * 100 / (to - from);
	print("%lu %% of the CPU, at most %lu us without\n", share,
	    most * 1000000 / counter_hz());
	CHECK(share >= wanted);
	CHECK(most <= ticks(GAP_US));
}
