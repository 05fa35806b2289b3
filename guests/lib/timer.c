/*
 * The architected timer (DDI 0487, D11): counter, deadlines, waiting. Must
 * not know what is waited for.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

#define	CTL_ENABLE	(1u << 0)

/* INTID of the timer that guards a wait_irq, by CPU; 0: none. */
volatile uint32_t timer_guard[MAX_CPUS];

uint64_t
counter(void)
{
	uint64_t v;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r" (v) : :
	    "memory");
	return (v);
}

uint64_t
counter_hz(void)
{

	return (read_sysreg(cntfrq_el0));
}

void
vtimer_set(uint64_t cval)
{

	write_sysreg(cntv_cval_el0, cval);
	write_sysreg(cntv_ctl_el0, CTL_ENABLE);
	isb();
}

void
vtimer_off(void)
{

	write_sysreg(cntv_ctl_el0, 0);
	isb();
}

void
ptimer_set(uint64_t cval)
{

	write_sysreg(cntp_cval_el0, cval);
	write_sysreg(cntp_ctl_el0, CTL_ENABLE);
	isb();
}

void
ptimer_off(void)
{

	write_sysreg(cntp_ctl_el0, 0);
	isb();
}

static uint64_t
ticks_of(uint64_t us)
{

	return (us * counter_hz() / 1000000);
}

void
delay_us(uint64_t us)
{
	uint64_t start = counter(), ticks = ticks_of(us);

	while (counter() - start < ticks) {
		case_check_time();
		__asm__ volatile("yield");
	}
}

void
timer_guard_fired(uint32_t intid)
{

	if (intid == machine.ptimer_intid)
		ptimer_off();
	else
		vtimer_off();
}

/*
 * So that WFI ends at the deadline too: a timer that the caller does not
 * use. Its INTID, or 0 if both are in use.
 */
static uint32_t
guard_set(uint64_t ticks)
{
	bool virtual;
	uint32_t intid;

	if ((read_sysreg(cntp_ctl_el0) & CTL_ENABLE) == 0)
		virtual = false;
	else if ((read_sysreg(cntv_ctl_el0) & CTL_ENABLE) == 0)
		virtual = true;
	else
		return (0);
	intid = virtual ? machine.vtimer_intid : machine.ptimer_intid;
	/* Enabled by the caller though off: he is about to use it. */
	if (gic_enabled(intid))
		return (0);
	timer_guard[cpu_index()] = intid;
	if (virtual)
		vtimer_set(counter() + ticks);
	else
		ptimer_set(read_sysreg(cntpct_el0) + ticks);
	gic_enable(intid);
	return (intid);
}

bool
wait_irq(const volatile uint32_t *word, uint64_t us)
{
	uint64_t daif = read_sysreg(daif);
	uint64_t start = counter(), ticks = ticks_of(us);
	uint32_t guard;

	irq_off();
	guard = guard_set(ticks);
	while (*word == 0 && counter() - start < ticks) {
		/* Masked: what comes before WFI still ends it. */
		if (guard != 0)
			wfi();
		else
			__asm__ volatile("yield");
		irq_on();
		isb();
		irq_off();
		case_check_time();
	}
	if (guard != 0) {
		timer_guard_fired(guard);
		gic_disable(guard);
		timer_guard[cpu_index()] = 0;
	}
	write_sysreg(daif, daif);
	return (*word != 0);
}
