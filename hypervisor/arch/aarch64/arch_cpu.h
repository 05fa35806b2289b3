/*
 * Armv8's answers to port/cpu.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include "arch/aarch64/offsets.h"

struct spinlock {
	uint32_t	held;
};

static inline uint64_t
port_counter(void)
{
	uint64_t n;

	/* Not before what comes before it in program order. */
	__asm__ volatile("isb; mrs %0, cntpct_el0" : "=r" (n) : : "memory");
	return (n);
}

static inline uint64_t
port_counter_hz(void)
{
	uint64_t n;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r" (n));
	return (n);
}

static inline void
port_relax(void)
{

	__asm__ volatile("yield" : : : "memory");
}

static inline void
port_mb(void)
{

	__asm__ volatile("dmb ish" : : : "memory");
}

static inline void
spin_lock(struct spinlock *l)
{
	uint32_t old;

	/*
	 * The exclusive load arms the monitor, so the store that unlocks
	 * ends the WFE (DDI 0487, D1.6.1).
	 */
	__asm__ volatile(
	    "	b	2f\n"
	    "1:	wfe\n"
	    "2:	ldaxr	%w0, [%1]\n"
	    "	cbnz	%w0, 1b\n"
	    "	stxr	%w0, %w2, [%1]\n"
	    "	cbnz	%w0, 2b\n"
	    : "=&r" (old) : "r" (&l->held), "r" (1) : "memory");
}

static inline void
spin_unlock(struct spinlock *l)
{

	__asm__ volatile("stlr wzr, [%0]" : : "r" (&l->held) : "memory");
}

static inline unsigned int
port_cpu(void)
{
	uint64_t pcpu;

	__asm__("mrs %0, tpidr_el2" : "=r" (pcpu));
	return (*(const uint64_t *)(pcpu + PCPU_INDEX));
}

void	port_kick_cpu(unsigned int cpu);
