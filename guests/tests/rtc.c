/*
 * rtc: the PL031 real-time clock (DDI 0224): identity, time, alarm. Must
 * not know what time it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	RTC_DR		0x00		/* time, seconds */
#define	RTC_MR		0x04		/* match */
#define	RTC_LR		0x08		/* load */
#define	RTC_CR		0x0c
#define	RTC_IMSC	0x10		/* bit 0: not masked */
#define	RTC_RIS		0x14
#define	RTC_MIS		0x18
#define	RTC_ICR		0x1c
#define	RTC_ID		0xfe0

static volatile uint32_t alarms;

static uint32_t
get(uint32_t reg)
{

	return (mmio_read(machine.rtc_base + reg));
}

static void
set(uint32_t reg, uint32_t v)
{

	mmio_write(machine.rtc_base + reg, v);
}

/* The match far away, nothing pending, masked. */
static void
quiet(void)
{

	set(RTC_IMSC, 0);
	set(RTC_MR, get(RTC_DR) - 1);
	set(RTC_ICR, 1);
}

static void
on_alarm(uint32_t intid)
{

	if (intid != machine.rtc_intid)
		return;
	/* The line falls with the raw status. */
	set(RTC_ICR, 1);
	alarms++;
}

/* Asleep, which costs an emulator nothing; interrupts are taken. */
static void
doze(uint64_t us)
{
	static volatile uint32_t never;

	wait_irq(&never, us);
}

/* Waits for the clock to step, so that a whole second lies ahead. */
static bool
next_second(void)
{
	uint32_t now = get(RTC_DR);
	uint64_t start = counter();

	while (get(RTC_DR) == now) {
		if (counter() - start > 3 * counter_hz())
			return (false);
		doze(2000);
	}
	return (true);
}

static void
identity(void)
{
	static const uint8_t cell[] = { 0x0d, 0xf0, 0x05, 0xb1 };
	unsigned int i;

	CHECK_EQ(get(RTC_ID) & 0xff, 0x31);
	CHECK_EQ(get(RTC_ID + 4) & 0xff, 0x10);
	/* Bits 7 to 4 are the revision. */
	CHECK_EQ(get(RTC_ID + 8) & 0xf, 0x4);
	for (i = 0; i < nitems(cell); i++)
		CHECK_EQ(get(RTC_ID + 0x10 + 4 * i) & 0xff, cell[i]);
}

static void
runs(void)
{
	uint64_t start, ticks;

	CHECK_EQ(get(RTC_CR) & 1, 1);
	REQUIRE(next_second());
	start = counter();
	REQUIRE(next_second());
	ticks = counter() - start;
	/* A second of this clock is one of the counter, within 1 %. */
	CHECK(ticks > counter_hz() / 100 * 99);
	CHECK(ticks < counter_hz() / 100 * 101);
}

static void
load(void)
{
	uint32_t was = get(RTC_DR);

	set(RTC_LR, 0x12345678);
	CHECK_EQ(get(RTC_LR), 0x12345678);
	CHECK(get(RTC_DR) - 0x12345678 <= 1);
	/* As it was, near enough. */
	set(RTC_LR, was);
	CHECK(get(RTC_DR) - was <= 1);
}

static void
match_reads_back(void)
{

	quiet();
	set(RTC_MR, 0xa5a55a5a);
	CHECK_EQ(get(RTC_MR), 0xa5a55a5a);
	CHECK_EQ(get(RTC_RIS) & 1, 0);
}

static void
alarm(void)
{

	alarms = 0;
	irq_handler(on_alarm);
	REQUIRE(next_second());
	quiet();
	set(RTC_IMSC, 1);
	CHECK_EQ(get(RTC_IMSC) & 1, 1);
	gic_route(machine.rtc_intid, 0);
	gic_enable(machine.rtc_intid);
	set(RTC_MR, get(RTC_DR) + 1);
	CHECK_EQ(get(RTC_MIS) & 1, 0);
	REQUIRE(wait_irq(&alarms, 2500000));
	CHECK_EQ(get(RTC_DR), get(RTC_MR));
	CHECK_EQ(get(RTC_RIS) & 1, 0);
	CHECK_EQ(alarms, 1);
	quiet();
}

static void
alarm_masked(void)
{

	alarms = 0;
	irq_handler(on_alarm);
	REQUIRE(next_second());
	quiet();
	gic_route(machine.rtc_intid, 0);
	gic_enable(machine.rtc_intid);
	set(RTC_MR, get(RTC_DR) + 1);
	REQUIRE(next_second());
	doze(1000);
	/* It came, but was told to keep quiet. */
	CHECK_EQ(get(RTC_RIS) & 1, 1);
	CHECK_EQ(get(RTC_MIS) & 1, 0);
	CHECK_EQ(alarms, 0);
	/* Not masked any more: the line rises now. */
	set(RTC_IMSC, 1);
	CHECK(wait_irq(&alarms, 1000));
	quiet();
}

static void
alarm_cleared(void)
{

	alarms = 0;
	irq_handler(on_alarm);
	REQUIRE(next_second());
	quiet();
	set(RTC_IMSC, 1);
	set(RTC_MR, get(RTC_DR) + 1);
	REQUIRE(next_second());
	doze(1000);
	CHECK(gic_pending(machine.rtc_intid));
	/* A level: no longer pending when the line has fallen. */
	set(RTC_ICR, 1);
	CHECK(!gic_pending(machine.rtc_intid));
	gic_route(machine.rtc_intid, 0);
	gic_enable(machine.rtc_intid);
	doze(1000);
	CHECK_EQ(alarms, 0);
	quiet();
}

const char guest_name[] = "rtc";
const struct guest_case guest_cases[] = {
	{ "identity", identity, 0, NEED_RTC },
	{ "runs", runs, 0, NEED_RTC },
	{ "load", load, 0, NEED_RTC },
	{ "match_reads_back", match_reads_back, 0, NEED_RTC },
	{ "alarm", alarm, 0, NEED_RTC },
	{ "alarm_masked", alarm_masked, 0, NEED_RTC },
	{ "alarm_cleared", alarm_cleared, 0, NEED_RTC },
	{ NULL, NULL, 0, 0 }
};
