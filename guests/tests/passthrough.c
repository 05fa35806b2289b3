/*
 * passthrough: a real device in the guest's hands, its SPI a hardware-mapped
 * list register. The device is a PL061 (DDI 0190), whose inputs are low: a
 * pin that interrupts at low level asserts the line as long as it is enabled.
 * Must not know where the device is in the machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic_test.h"

#define	GPIODIR		0x400
#define	GPIOIS		0x404		/* 1: level */
#define	GPIOIEV		0x40c		/* 1: high level, rising edge */
#define	GPIOIE		0x410
#define	GPIORIS		0x414
#define	GPIOMIS		0x418
#define	GPIOPERIPHID0	0xfe0
#define	PIN		1u

#define	RTC_LR		0x08
#define	MARK		0x16000000u	/* of the second boot; see reset.c */

const char guest_name[] = "passthrough";

static volatile uint32_t lower_at;	/* interrupts until the line goes low */

static uint32_t
gpio(uint32_t offset)
{

	return (mmio_read(machine.gpio_base + offset));
}

static void
gpio_write(uint32_t offset, uint32_t v)
{

	mmio_write(machine.gpio_base + offset, v);
}

static void
line(bool high)
{

	gpio_write(GPIOIE, high ? PIN : 0);
	/* The device has seen it before the interrupt ends. */
	(void)gpio(GPIOMIS);
}

static void
on_irq(uint32_t intid)
{

	log_irq(intid);
	if (logged(cpu_index()) >= lower_at)
		line(false);
}

/* Line low, interrupt of level kind to CPU 0 and enabled. */
static void
begin(uint32_t until)
{

	gpio_write(GPIOIE, 0);
	gpio_write(GPIODIR, 0);
	gpio_write(GPIOIEV, 0);
	gpio_write(GPIOIS, PIN);
	lower_at = until;
	log_start();
	irq_handler(on_irq);
	gic_edge(machine.gpio_intid, false);
	gic_route(machine.gpio_intid, 0);
	gic_enable(machine.gpio_intid);
}

static void
identifies(void)
{
	static const uint8_t id[] = { 0x61, 0x10, 0x04, 0x00 };
	unsigned int i;

	for (i = 0; i < nitems(id); i++)
		CHECK_EQ(gpio(GPIOPERIPHID0 + 4 * i) & 0xff, id[i]);
}

static void
registers(void)
{
	static const uint32_t all[] = { GPIODIR, GPIOIS, GPIOIEV };
	unsigned int i;

	for (i = 0; i < nitems(all); i++) {
		gpio_write(all[i], 0xa0 + i);
		CHECK_EQ(gpio(all[i]), 0xa0 + i);
		gpio_write(all[i], 0);
		CHECK_EQ(gpio(all[i]), 0);
	}
}

static void
interrupt(void)
{

	begin(1);
	CHECK(take(0));
	line(true);
	REQUIRE(take(1));
	CHECK_EQ(irq_log[0].intid[0], machine.gpio_intid);
	CHECK(!gic_active(machine.gpio_intid));
}

/* The line stays high: it comes again after each end. */
static void
comes_again(void)
{

	begin(5);
	line(true);
	CHECK(take(5));
}

static void
two_hundred(void)
{
	unsigned int i;

	begin(1);
	for (i = 0; i < 200; i++) {
		irq_log[0].count = 0;
		line(true);
		if (!take(1)) {
			print("round %u: %u taken\n", i, logged(0));
			CHECK(false);
			return;
		}
	}
}

static void
disabled(void)
{

	begin(1);
	gic_disable(machine.gpio_intid);
	line(true);
	CHECK(take(0));
	gic_enable(machine.gpio_intid);
	CHECK(take(1));
	/* A line that is low again when it is enabled asks for nothing. */
	gic_disable(machine.gpio_intid);
	line(true);
	CHECK(take(1));
	line(false);
	gic_enable(machine.gpio_intid);
	CHECK(take(1));
}

/* Between its acknowledge and its end, and not before deactivation. */
static void
split_end(void)
{
	uint32_t iar;

	begin(1);
	gic_eoi_mode(true);
	line(true);
	iar = ack_soon();
	CHECK_EQ(iar & 0x3ff, machine.gpio_intid);
	CHECK(gic_active(machine.gpio_intid));
	gic_eoi(iar);
	CHECK(gic_active(machine.gpio_intid));
	CHECK(nothing_comes());
	gic_dir(iar);
	CHECK(!gic_active(machine.gpio_intid));
	iar = ack_soon();
	CHECK_EQ(iar & 0x3ff, machine.gpio_intid);
	line(false);
	gic_eoi(iar);
	gic_dir(iar);
	CHECK(nothing_comes());
	gic_eoi_mode(false);
}

/* Made pending at the distributor, the line low: it comes once. */
static void
pended(void)
{
	unsigned int i;

	begin(1);
	for (i = 0; i < 3; i++) {
		log_start();
		irq_handler(on_irq);
		gic_pend(machine.gpio_intid);
		CHECK(take(1));
		CHECK(!gic_pending(machine.gpio_intid));
		CHECK(!gic_active(machine.gpio_intid));
	}
	gic_disable(machine.gpio_intid);
	gic_pend(machine.gpio_intid);
	CHECK(gic_pending(machine.gpio_intid));
	gic_unpend(machine.gpio_intid);
	CHECK(!gic_pending(machine.gpio_intid));
	gic_enable(machine.gpio_intid);
	CHECK(nothing_comes());
}

/* While it is active: it waits for the end. */
static void
pended_while_active(void)
{
	uint32_t iar;

	begin(1);
	gic_pend(machine.gpio_intid);
	iar = ack_soon();
	CHECK_EQ(iar & 0x3ff, machine.gpio_intid);
	CHECK(!gic_pending(machine.gpio_intid));
	gic_pend(machine.gpio_intid);
	CHECK(gic_pending(machine.gpio_intid));
	CHECK(nothing_comes());
	gic_eoi(iar);
	iar = ack_soon();
	CHECK_EQ(iar & 0x3ff, machine.gpio_intid);
	/* Taken back before the end, it does not come again. */
	gic_pend(machine.gpio_intid);
	gic_unpend(machine.gpio_intid);
	CHECK(!gic_pending(machine.gpio_intid));
	gic_eoi(iar);
	CHECK(nothing_comes());
}

/* The line is seen at the distributor while the interrupt is active. */
static void
line_is_seen(void)
{
	uint32_t iar;

	begin(1);
	line(true);
	iar = ack_soon();
	CHECK(gic_pending(machine.gpio_intid));
	line(false);
	CHECK(!gic_pending(machine.gpio_intid));
	gic_eoi(iar);
	CHECK(nothing_comes());
}

static volatile uint32_t ready, done;

static void
take_there(void *unused)
{

	(void)unused;
	irq_on();
	publish(&ready, 1);
	wait_for(&done, 1);
	irq_off();
}

static void
other_cpu(void)
{
	unsigned int round;

	begin(1);
	ready = done = 0;
	REQUIRE(smp_on(1, take_there, NULL) == 0);
	REQUIRE(wait_for(&ready, 1));
	for (round = 0; round < 3; round++) {
		log_start();
		irq_handler(on_irq);
		gic_route(machine.gpio_intid, 1);
		line(true);
		CHECK(log_reaches(1, 1));
		CHECK_EQ(logged(0), 0);
		gic_route(machine.gpio_intid, 0);
		line(true);
		CHECK(take(1));
		CHECK_EQ(logged(1), 1);
	}
	publish(&done, 1);
	CHECK(smp_wait_off(1));
}

static void
look_behind(uint64_t at)
{

	(void)mmio_read(at);
}

/* Nothing of the machine is behind the device's page. */
static void
bounds(void)
{
	struct trap t;

	mmu_map(machine.gpio_base - PAGE_SIZE, 3 * PAGE_SIZE, true, false);
	t = trap_catch(look_behind, machine.gpio_base + PAGE_SIZE);
	CHECK(t.taken);
	CHECK_EQ(ESR_FSC(t.esr), 0x10);
	t = trap_catch(look_behind, machine.gpio_base - 4);
	CHECK(t.taken);
	CHECK_EQ(t.far, machine.gpio_base - 4);
}

/* The VM was reset while the interrupt was active, and the line high. */
static void
after_reset(void)
{

	if (mmio_read(machine.rtc_base + RTC_LR) != MARK) {
		begin(1);
		line(true);
		REQUIRE((ack_soon() & 0x3ff) == machine.gpio_intid);
		mmio_write(machine.rtc_base + RTC_LR, MARK);
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
		REQUIRE(false);
	}
	begin(1);
	line(true);
	REQUIRE(take(1));
	CHECK_EQ(irq_log[0].intid[0], machine.gpio_intid);
}

const struct guest_case guest_cases[] = {
	{ "after_reset", after_reset, 0, NEED_GPIO | NEED_RTC | NEED_APIARY },
	{ "identifies", identifies, 0, NEED_GPIO },
	{ "registers", registers, 0, NEED_GPIO },
	{ "interrupt", interrupt, 0, NEED_GPIO },
	{ "comes_again", comes_again, 0, NEED_GPIO },
	{ "two_hundred", two_hundred, 0, NEED_GPIO },
	{ "disabled", disabled, 0, NEED_GPIO },
	{ "split_end", split_end, 0, NEED_GPIO },
	{ "pended", pended, 0, NEED_GPIO },
	{ "pended_while_active", pended_while_active, 0, NEED_GPIO },
	{ "line_is_seen", line_is_seen, 0, NEED_GPIO },
	{ "other_cpu", other_cpu, 2, NEED_GPIO },
	{ "bounds", bounds, 0, NEED_GPIO | NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
