/*
 * Messages have no end that a device would wait for: LPIs are edges, and a
 * function may send them as fast as it likes. Where vCPUs take turns, a CPU
 * serves so many in a millisecond. What is left stays pending, once each, until
 * the next: their priority is below all others', and the CPU's mask is set to
 * that. The end of the millisecond is told by the EL1 physical timer, which
 * guests have no part of (theirs is emulated).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/sysreg.h"
#include "its/its.h"
#include "vmm/irq.h"

#define	PERIOD_US	1000
#define	LIMIT		64		/* of a period */

static struct {
	uint64_t	begun;
	unsigned int	taken;
} of[PCPU_MAX];
static unsigned int timer;

void
its_hold_init(unsigned int intid)
{

	timer = intid;
}

void
its_hold_count(void)
{
	unsigned int cpu = port_cpu();
	uint64_t period = port_counter_hz() / 1000000 * PERIOD_US;
	uint64_t now = port_counter();

	if (now - of[cpu].begun >= period) {
		of[cpu].begun = now;
		of[cpu].taken = 0;
	}
	if (++of[cpu].taken < LIMIT)
		return;
	write_sysreg(icc_pmr_el1, ITS_PRIORITY);
	write_el12(cntp_cval_el0, of[cpu].begun + period);
	write_el12(cntp_ctl_el0, CNT_CTL_ENABLE);
	isb();
	irq_ops->enable(timer, false);
}

bool
its_hold_end(unsigned int intid)
{

	if (intid != timer)
		return (false);
	write_el12(cntp_ctl_el0, 0);
	write_sysreg(icc_pmr_el1, 0xff);
	isb();
	return (true);
}
