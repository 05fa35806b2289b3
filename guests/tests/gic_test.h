/*
 * What the tests of the interrupt controller share: a log of the interrupts
 * taken, by CPU, and waiting for them. Must not know which GIC it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "guest.h"

#define	LOG_SIZE	64
#define	LONG_US		200000		/* nothing good takes that long */
#define	SETTLE_US	300		/* for what must not come */

struct irq_log {
	volatile uint32_t	count;
	uint32_t		intid[LOG_SIZE];
};
static struct irq_log irq_log[8];

static void
log_irq(uint32_t intid)
{
	struct irq_log *l = &irq_log[cpu_index()];

	if (l->count < LOG_SIZE)
		l->intid[l->count] = intid;
	publish(&l->count, l->count + 1);
}

/* What the manual says and QEMU's own model of that GIC does not do. */
static inline void
not_in_qemu(unsigned int gic)
{

	if (machine.gic == gic && !machine.apiary)
		case_skip("QEMU's model departs from the manual here");
}

/* Forgets what was logged on all CPUs, and logs. */
static inline void
log_start(void)
{

	memset(irq_log, 0, sizeof(irq_log));
	irq_handler(log_irq);
}

static inline uint32_t
logged(unsigned int cpu)
{

	return (__atomic_load_n(&irq_log[cpu].count, __ATOMIC_ACQUIRE));
}

/* Until that many are logged on a CPU, and no more come. */
static inline bool
log_reaches(unsigned int cpu, uint32_t n)
{
	uint64_t start = counter(), ticks = LONG_US * counter_hz() / 1000000;

	while (logged(cpu) < n && counter() - start < ticks)
		delay_us(1);
	delay_us(SETTLE_US);
	return (logged(cpu) == n);
}

/* Takes interrupts here until n are logged, and no more come. */
static inline bool
take(uint32_t n)
{
	bool ok;

	irq_on();
	ok = log_reaches(cpu_index(), n);
	irq_off();
	return (ok);
}

/* Acknowledges what is delivered, IRQs masked; INTID_NONE: nothing came. */
static inline uint32_t
ack_soon(void)
{
	uint64_t start = counter(), ticks = LONG_US * counter_hz() / 1000000;
	uint32_t iar;

	do {
		iar = gic_ack();
		if ((iar & 0x3ff) < INTID_NONE)
			return (iar);
	} while (counter() - start < ticks);
	return (INTID_NONE);
}

/* The same for what must not be there. */
static inline bool
nothing_comes(void)
{
	uint32_t iar;

	delay_us(SETTLE_US);
	iar = gic_ack();
	if ((iar & 0x3ff) >= INTID_NONE)
		return (true);
	print("INTID %u came\n", iar & 0x3ff);
	gic_eoi(iar);
	return (false);
}
