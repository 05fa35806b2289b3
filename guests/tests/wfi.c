/*
 * wfi: what ends WFI and WFE (DDI 0487, D1.6), and that a sleeper sleeps.
 * Must not know whether a hypervisor traps them: run it both ways.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

static volatile uint32_t there, go, woken;

static uint64_t
ticks(uint64_t us)
{

	return (counter_hz() * us / 1000000);
}

/* One that no timer interrupts for ever. */
static void
on_timer(uint32_t intid)
{

	if (intid == machine.vtimer_intid)
		vtimer_off();
	else if (intid == machine.ptimer_intid)
		ptimer_off();
}

/* WFI until an interrupt has been taken or `us` is over; wake-ups counted. */
static unsigned int
sleep(uint32_t count, uint64_t us)
{
	uint64_t start = counter();
	unsigned int wakes = 0;

	irq_off();
	while (irq_count[0] == count && counter() - start < ticks(us)) {
		wfi();
		wakes++;
		irq_on();
		isb();
		irq_off();
	}
	return (wakes);
}

static void
by_vtimer(void)
{
	uint64_t at = counter() + ticks(5000);

	irq_handler(on_timer);
	gic_enable(machine.vtimer_intid);
	vtimer_set(at);
	CHECK(sleep(0, 100000) >= 1);
	CHECK_EQ(irq_count[0], 1);
	CHECK(counter() >= at);
	CHECK(counter() - at < ticks(1000));
}

static void
by_ptimer(void)
{
	uint64_t at = read_sysreg(cntpct_el0) + ticks(5000);

	irq_handler(on_timer);
	gic_enable(machine.ptimer_intid);
	ptimer_set(at);
	CHECK(sleep(0, 100000) >= 1);
	CHECK_EQ(irq_count[0], 1);
	CHECK(read_sysreg(cntpct_el0) >= at);
	CHECK(read_sysreg(cntpct_el0) - at < ticks(1000));
}

/* An early end is allowed, but for 20 ms of sleep not many of them. */
static void
sleeps(void)
{

	irq_handler(on_timer);
	gic_enable(machine.vtimer_intid);
	vtimer_set(counter() + ticks(20000));
	CHECK(sleep(0, 100000) <= 50);
	CHECK_EQ(irq_count[0], 1);
}

/* PSTATE.I keeps the interrupt from being taken, not from ending WFI. */
static void
masked(void)
{
	uint64_t start = counter();

	gic_enable(machine.vtimer_intid);
	vtimer_set(start + ticks(1000));
	while (!gic_pending(machine.vtimer_intid) &&
	    counter() - start < ticks(100000))
		wfi();
	CHECK(gic_pending(machine.vtimer_intid));
	CHECK(counter() - start < ticks(10000));
	CHECK_EQ(irq_count[0], 0);
	/* Taken once it is let in. */
	irq_on();
	isb();
	irq_off();
	CHECK_EQ(irq_count[0], 1);
}

/* What is pending already ends WFI at once. */
static void
pending_before(void)
{
	uint64_t start;
	unsigned int i;

	gic_enable(1);
	gic_sgi_self(1);
	start = counter();
	for (i = 0; i < 10; i++)
		wfi();
	CHECK(counter() - start < ticks(1000));
	CHECK_EQ(irq_count[0], 0);
	irq_on();
	isb();
	irq_off();
	CHECK_EQ(irq_count[0], 1);
	CHECK_EQ(irq_last[0], 1);
}

/* Hundred sleeps, each ended by its own deadline, none missed. */
static void
again(void)
{
	unsigned int i;

	irq_handler(on_timer);
	gic_enable(machine.vtimer_intid);
	for (i = 0; i < 100; i++) {
		uint64_t at = counter() + ticks(50 + i);

		vtimer_set(at);
		sleep(i, 100000);
		REQUIRE(irq_count[0] == i + 1);
		REQUIRE(counter() >= at);
	}
}

/* A deadline that passes just before WFI: no wake-up is lost. */
static void
on_the_edge(void)
{
	unsigned int i;

	irq_handler(on_timer);
	gic_enable(machine.vtimer_intid);
	for (i = 0; i < 200; i++) {
		uint64_t start = counter();

		vtimer_set(start + i);
		sleep(i, 100000);
		REQUIRE(irq_count[0] == i + 1);
		REQUIRE(counter() - start < ticks(5000));
	}
}

static void
sleeper(void *unused)
{

	(void)unused;
	gic_enable(1);
	publish(&there, 1);
	while (irq_count[1] == 0 && go == 0) {
		wfi();
		irq_on();
		isb();
		irq_off();
	}
	publish(&woken, 1);
}

static void
by_other_cpu(void)
{

	there = go = woken = 0;
	REQUIRE(smp_on(1, sleeper, NULL) == 0);
	REQUIRE(wait_for(&there, 1));
	delay_us(2000);
	CHECK_EQ(woken, 0);
	gic_sgi(1, 1);
	CHECK(wait_for(&woken, 1));
	CHECK_EQ(irq_count[1], 1);
	CHECK(smp_wait_off(1));
}

static void
ring(void *unused)
{

	(void)unused;
	delay_us(3000);
	gic_sgi(2, 0);
}

/* The boot CPU sleeps, with no timer on; another wakes it. */
static void
by_sgi(void)
{

	gic_enable(2);
	REQUIRE(smp_on(1, ring, NULL) == 0);
	irq_off();
	while (irq_count[0] == 0) {
		wfi();
		irq_on();
		isb();
		irq_off();
		delay_us(1);
	}
	CHECK_EQ(irq_last[0], 2);
	CHECK(smp_wait_off(1));
}

static void
by_spi(void)
{
	uint32_t spi = gic_spare(0);
	uint64_t start = counter();

	gic_enable(spi);
	gic_route(spi, 0);
	gic_pend(spi);
	sleep(0, 100000);
	CHECK_EQ(irq_count[0], 1);
	CHECK_EQ(irq_last[0], spi);
	CHECK(counter() - start < ticks(5000));
}

/* The event register: set by SEV, so WFE does not wait. */
static void
wfe_after_sev(void)
{
	uint64_t start = counter();
	unsigned int i;

	for (i = 0; i < 100; i++) {
		sev();
		wfe();
		__asm__ volatile("sevl");
		wfe();
	}
	CHECK(counter() - start < ticks(10000));
}

static void
wfe_waiter(void *unused)
{

	(void)unused;
	publish(&there, 1);
	while (go == 0)
		wfe();
	publish(&woken, 1);
}

static void
wfe_by_sev(void)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		there = go = woken = 0;
		REQUIRE(smp_on(1, wfe_waiter, NULL) == 0);
		REQUIRE(wait_for(&there, 1));
		delay_us(100 * i);
		CHECK_EQ(woken, 0);
		publish(&go, 1);
		CHECK(wait_for(&woken, 1));
		CHECK(smp_wait_off(1));
	}
}

/* WFE ends by an interrupt, with nobody to send an event. */
static void
wfe_by_irq(void)
{
	uint64_t start = counter();

	irq_handler(on_timer);
	gic_enable(machine.vtimer_intid);
	vtimer_set(start + ticks(1000));
	irq_on();
	while (irq_count[0] == 0 && counter() - start < ticks(100000))
		wfe();
	irq_off();
	CHECK_EQ(irq_count[0], 1);
	CHECK(counter() - start < ticks(10000));
}

const char guest_name[] = "wfi";
const struct guest_case guest_cases[] = {
	{ "by_vtimer", by_vtimer, 0, 0 },
	{ "by_ptimer", by_ptimer, 0, 0 },
	{ "by_spi", by_spi, 0, 0 },
	{ "by_sgi", by_sgi, 2, 0 },
	{ "by_other_cpu", by_other_cpu, 2, 0 },
	{ "sleeps", sleeps, 0, 0 },
	{ "masked", masked, 0, 0 },
	{ "pending_before", pending_before, 0, 0 },
	{ "again", again, 0, 0 },
	{ "on_the_edge", on_the_edge, 0, 0 },
	{ "wfe_after_sev", wfe_after_sev, 0, 0 },
	{ "wfe_by_sev", wfe_by_sev, 2, 0 },
	{ "wfe_by_irq", wfe_by_irq, 0, 0 },
	{ NULL, NULL, 0, 0 }
};
