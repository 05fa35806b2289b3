/*
 * timer: the architected timer as DDI 0487, D11 has it; both of EL1's
 * timers, and the counter. Must not know how it is made.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	CTL_ENABLE	1u
#define	CTL_IMASK	2u
#define	CTL_ISTATUS	4u

#define	PERIODS		200

static volatile uint32_t fired;
static volatile uint64_t fired_at, deadline, worst;
static volatile uint32_t early;

static uint64_t
ticks(uint64_t us)
{

	return (counter_hz() * us / 1000000);
}

static void
on_vtimer(uint32_t intid)
{

	if (intid != machine.vtimer_intid)
		return;
	fired_at = counter();
	vtimer_off();
	publish(&fired, fired + 1);
}

static void
on_ptimer(uint32_t intid)
{

	if (intid != machine.ptimer_intid)
		return;
	fired_at = read_sysreg(cntpct_el0);
	ptimer_off();
	publish(&fired, fired + 1);
}

static void
prepare(irq_fn *fn, uint32_t intid)
{

	fired = early = 0;
	fired_at = worst = 0;
	irq_handler(fn);
	gic_enable(intid);
}

/* WFI would end anyway with what is pending: here for a spurious one too. */
static bool
wait_fired(uint64_t us)
{
	uint64_t start = counter();

	irq_on();
	while (fired == 0 && counter() - start < ticks(us))
		__asm__ volatile("yield");
	irq_off();
	return (fired != 0);
}

static void
frequency(void)
{

	CHECK(counter_hz() >= 1000000);
	CHECK(counter_hz() <= 1000000000);
}

static void
vtimer_fires(void)
{
	uint64_t at = counter() + ticks(1000);

	prepare(on_vtimer, machine.vtimer_intid);
	vtimer_set(at);
	REQUIRE(wait_fired(100000));
	CHECK(fired_at >= at);
	CHECK(fired_at - at < ticks(10000));
	CHECK_EQ(fired, 1);
}

static void
ptimer_fires(void)
{
	uint64_t at = read_sysreg(cntpct_el0) + ticks(1000);

	prepare(on_ptimer, machine.ptimer_intid);
	ptimer_set(at);
	REQUIRE(wait_fired(100000));
	CHECK(fired_at >= at);
	CHECK(fired_at - at < ticks(10000));
	CHECK_EQ(fired, 1);
}

/* A deadline that has passed: at once. */
static void
past(void)
{
	uint64_t start;

	prepare(on_vtimer, machine.vtimer_intid);
	start = counter();
	vtimer_set(0);
	REQUIRE(wait_fired(100000));
	CHECK(fired_at - start < ticks(1000));
	prepare(on_ptimer, machine.ptimer_intid);
	start = read_sysreg(cntpct_el0);
	ptimer_set(start - 1);
	REQUIRE(wait_fired(100000));
	CHECK(fired_at - start < ticks(1000));
}

/* TimerValue: CompareValue - count, signed 32 bits. */
static void
vtimer_tval(void)
{
	uint64_t before, after, cval;

	before = counter();
	write_sysreg(cntv_tval_el0, 1000000);
	after = counter();
	cval = read_sysreg(cntv_cval_el0);
	CHECK(cval >= before + 1000000 && cval <= after + 1000000);
	before = counter();
	write_sysreg(cntv_tval_el0, 0xffffffff & -5000);
	after = counter();
	cval = read_sysreg(cntv_cval_el0);
	CHECK(cval >= before - 5000 && cval <= after - 5000);
	write_sysreg(cntv_cval_el0, counter() - 7000000);
	CHECK((int32_t)read_sysreg(cntv_tval_el0) <= -7000000);
	CHECK((int32_t)read_sysreg(cntv_tval_el0) > -8000000);
}

static void
ptimer_tval(void)
{
	uint64_t before, after, cval;

	before = read_sysreg(cntpct_el0);
	write_sysreg(cntp_tval_el0, 1000000);
	after = read_sysreg(cntpct_el0);
	cval = read_sysreg(cntp_cval_el0);
	CHECK(cval >= before + 1000000 && cval <= after + 1000000);
	before = read_sysreg(cntpct_el0);
	write_sysreg(cntp_tval_el0, 0xffffffff & -5000);
	after = read_sysreg(cntpct_el0);
	cval = read_sysreg(cntp_cval_el0);
	CHECK(cval >= before - 5000 && cval <= after - 5000);
	write_sysreg(cntp_cval_el0, read_sysreg(cntpct_el0) - 7000000);
	CHECK((int32_t)read_sysreg(cntp_tval_el0) <= -7000000);
	CHECK((int32_t)read_sysreg(cntp_tval_el0) > -8000000);
}

static void
ctl_bits_v(void)
{

	write_sysreg(cntv_cval_el0, counter() + ticks(1000000));
	write_sysreg(cntv_ctl_el0, CTL_ENABLE);
	isb();
	CHECK_EQ(read_sysreg(cntv_ctl_el0), CTL_ENABLE);
	write_sysreg(cntv_cval_el0, 0);
	isb();
	CHECK_EQ(read_sysreg(cntv_ctl_el0), CTL_ENABLE | CTL_ISTATUS);
	/* The mask is of the interrupt, not of the status. */
	write_sysreg(cntv_ctl_el0, CTL_ENABLE | CTL_IMASK);
	isb();
	CHECK_EQ(read_sysreg(cntv_ctl_el0), CTL_ENABLE | CTL_IMASK |
	    CTL_ISTATUS);
	write_sysreg(cntv_ctl_el0, 0);
	isb();
	CHECK_EQ(read_sysreg(cntv_ctl_el0) & CTL_ENABLE, 0);
}

static void
ctl_bits_p(void)
{

	write_sysreg(cntp_cval_el0, read_sysreg(cntpct_el0) +
	    ticks(1000000));
	write_sysreg(cntp_ctl_el0, CTL_ENABLE);
	isb();
	CHECK_EQ(read_sysreg(cntp_ctl_el0), CTL_ENABLE);
	write_sysreg(cntp_cval_el0, 0);
	isb();
	CHECK_EQ(read_sysreg(cntp_ctl_el0), CTL_ENABLE | CTL_ISTATUS);
	write_sysreg(cntp_ctl_el0, CTL_ENABLE | CTL_IMASK);
	isb();
	CHECK_EQ(read_sysreg(cntp_ctl_el0), CTL_ENABLE | CTL_IMASK |
	    CTL_ISTATUS);
	write_sysreg(cntp_ctl_el0, 0);
	isb();
	CHECK_EQ(read_sysreg(cntp_ctl_el0) & CTL_ENABLE, 0);
}

/* Masked in the timer: none; unmasked: it comes. */
static void
masked_v(void)
{

	prepare(on_vtimer, machine.vtimer_intid);
	write_sysreg(cntv_cval_el0, 0);
	write_sysreg(cntv_ctl_el0, CTL_ENABLE | CTL_IMASK);
	isb();
	CHECK(!wait_fired(1000));
	write_sysreg(cntv_ctl_el0, CTL_ENABLE);
	isb();
	CHECK(wait_fired(10000));
}

static void
masked_p(void)
{

	prepare(on_ptimer, machine.ptimer_intid);
	write_sysreg(cntp_cval_el0, 0);
	write_sysreg(cntp_ctl_el0, CTL_ENABLE | CTL_IMASK);
	isb();
	CHECK(!wait_fired(1000));
	write_sysreg(cntp_ctl_el0, CTL_ENABLE);
	isb();
	CHECK(wait_fired(10000));
}

/*
 * The line is level: off means no longer pending. Seen after asking the GIC:
 * a hypervisor that lets a guest write its timer unseen cannot take back
 * sooner what it has handed over, nor does KVM.
 */
static void
line_v(void)
{

	prepare(on_vtimer, machine.vtimer_intid);
	CHECK(!gic_pending(machine.vtimer_intid));
	vtimer_set(0);
	delay_us(10);
	CHECK(gic_pending(machine.vtimer_intid));
	vtimer_off();
	delay_us(10);
	CHECK(!gic_pending(machine.vtimer_intid));
	CHECK(!wait_fired(1000));
	/* So does a deadline put off. */
	vtimer_set(0);
	delay_us(10);
	CHECK(gic_pending(machine.vtimer_intid));
	vtimer_set(counter() + ticks(1000000));
	delay_us(10);
	CHECK(!gic_pending(machine.vtimer_intid));
	CHECK(!wait_fired(1000));
}

static void
line_p(void)
{

	prepare(on_ptimer, machine.ptimer_intid);
	CHECK(!gic_pending(machine.ptimer_intid));
	ptimer_set(0);
	delay_us(10);
	CHECK(gic_pending(machine.ptimer_intid));
	ptimer_off();
	delay_us(10);
	CHECK(!gic_pending(machine.ptimer_intid));
	CHECK(!wait_fired(1000));
	ptimer_set(0);
	delay_us(10);
	CHECK(gic_pending(machine.ptimer_intid));
	ptimer_set(read_sysreg(cntpct_el0) + ticks(1000000));
	delay_us(10);
	CHECK(!gic_pending(machine.ptimer_intid));
	CHECK(!wait_fired(1000));
}

static void
on_period(uint32_t intid)
{
	uint64_t now = counter();

	if (intid != machine.vtimer_intid)
		return;
	if (now < deadline)
		early++;
	else if (now - deadline > worst)
		worst = now - deadline;
	deadline += ticks(500);
	write_sysreg(cntv_cval_el0, deadline);
	isb();
	publish(&fired, fired + 1);
}

/* One interrupt for each period: none lost, no storm. */
static void
periodic(void)
{
	uint64_t start = counter();

	prepare(on_period, machine.vtimer_intid);
	deadline = start + ticks(500);
	vtimer_set(deadline);
	irq_on();
	while (fired < PERIODS && counter() - start < ticks(1000000))
		wfi();
	irq_off();
	vtimer_off();
	CHECK_EQ(fired, PERIODS);
	CHECK_EQ(irq_count[0], PERIODS);
	CHECK_EQ(early, 0);
	/* No later than when the next one is due. */
	CHECK(worst < ticks(500));
}

static volatile uint32_t v_count, p_count;

static void
on_both(uint32_t intid)
{

	if (intid == machine.vtimer_intid) {
		vtimer_off();
		v_count++;
	} else if (intid == machine.ptimer_intid) {
		ptimer_off();
		p_count++;
	}
}

static void
both(void)
{
	uint64_t start = counter();

	v_count = p_count = 0;
	irq_handler(on_both);
	gic_enable(machine.vtimer_intid);
	gic_enable(machine.ptimer_intid);
	ptimer_set(read_sysreg(cntpct_el0) + ticks(1000));
	vtimer_set(counter() + ticks(2000));
	irq_on();
	while ((v_count == 0 || p_count == 0) &&
	    counter() - start < ticks(100000))
		__asm__ volatile("yield");
	irq_off();
	CHECK_EQ(v_count, 1);
	CHECK_EQ(p_count, 1);
}

static volatile uint64_t latest;
static volatile uint32_t turn;

static void
other_side(void *arg)
{
	uint32_t i;

	(void)arg;
	for (i = 1; i < 200; i += 2) {
		if (!wait_for(&turn, i))
			break;
		if (counter() < latest)
			early++;
		latest = counter();
		publish(&turn, i + 1);
	}
}

/* What one CPU has seen is past for the other. */
static void
monotonic(void)
{
	uint32_t i;

	turn = early = 0;
	latest = 0;
	REQUIRE(smp_on(1, other_side, NULL) == 0);
	for (i = 0; i < 200; i += 2) {
		REQUIRE(wait_for(&turn, i));
		if (counter() < latest)
			early++;
		latest = counter();
		publish(&turn, i + 1);
	}
	REQUIRE(wait_for(&turn, 200));
	CHECK_EQ(early, 0);
}

static void
fire_there(void *arg)
{

	(void)arg;
	irq_handler(on_vtimer);
	gic_enable(machine.vtimer_intid);
	vtimer_set(counter() + ticks(1000));
	wait_fired(100000);
}

/* A CPU's timer is its own. */
static void
other_cpu(void)
{

	fired = 0;
	gic_enable(machine.vtimer_intid);
	REQUIRE(smp_on(1, fire_there, NULL) == 0);
	irq_on();
	CHECK(wait_for(&fired, 1));
	irq_off();
	CHECK_EQ(irq_count[0], 0);
	CHECK_EQ(irq_count[1], 1);
	CHECK(smp_wait_off(1));
}

const char guest_name[] = "timer";
const struct guest_case guest_cases[] = {
	{ "frequency", frequency, 0, 0 },
	{ "vtimer_fires", vtimer_fires, 0, 0 },
	{ "ptimer_fires", ptimer_fires, 0, 0 },
	{ "past", past, 0, 0 },
	{ "vtimer_tval", vtimer_tval, 0, 0 },
	{ "ptimer_tval", ptimer_tval, 0, 0 },
	{ "vtimer_ctl", ctl_bits_v, 0, 0 },
	{ "ptimer_ctl", ctl_bits_p, 0, 0 },
	{ "vtimer_masked", masked_v, 0, 0 },
	{ "ptimer_masked", masked_p, 0, 0 },
	{ "vtimer_line", line_v, 0, 0 },
	{ "ptimer_line", line_p, 0, 0 },
	{ "periodic", periodic, 0, 0 },
	{ "both", both, 0, 0 },
	{ "monotonic", monotonic, 2, 0 },
	{ "other_cpu", other_cpu, 2, 0 },
	{ NULL, NULL, 0, 0 }
};
