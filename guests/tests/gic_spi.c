/*
 * gic_spi: shared peripheral interrupts (IHI 0048, 3.2 and 4.3; IHI 0069,
 * 4.1 and 12.9): pending and cleared by register, edge and level, with the
 * PL011 and the PL031 as sources, and routing. Must not know priorities.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic_test.h"

#define	GICD_ISPENDR	0x0200

/* DDI 0183: interrupt mask, raw status, masked status, clear. */
#define	UARTIMSC	0x038
#define	UARTRIS		0x03c
#define	UART_TXI	(1u << 5)

/* DDI 0224: counter, match, mask, raw status, clear. */
#define	RTCDR		0x00
#define	RTCMR		0x04
#define	RTCIMSC		0x10
#define	RTCRIS		0x14
#define	RTCICR		0x1c

const char guest_name[] = "gic_spi";

static uint32_t spi;

/* A spare SPI, edge, to this CPU, disabled; interrupts are logged. */
static void
spare(void)
{

	spi = gic_spare(3);
	gic_edge(spi, true);
	gic_route(spi, 0);
	log_start();
}

static void
pended(void)
{

	spare();
	gic_enable(spi);
	gic_pend(spi);
	REQUIRE(take(1));
	CHECK_EQ(irq_log[0].intid[0], spi);
	CHECK(!gic_pending(spi));
	CHECK(!gic_active(spi));
}

static void
disabled_stays_pending(void)
{

	spare();
	gic_pend(spi);
	CHECK(take(0));
	CHECK(gic_pending(spi));
	gic_enable(spi);
	CHECK(gic_enabled(spi));
	REQUIRE(take(1));
	CHECK(!gic_pending(spi));
}

static void
disabled_after_pending(void)
{

	spare();
	gic_enable(spi);
	gic_pend(spi);
	gic_disable(spi);
	CHECK(!gic_enabled(spi));
	CHECK(take(0));
	CHECK(gic_pending(spi));
	gic_enable(spi);
	CHECK(take(1));
}

static void
cleared_before_enable(void)
{

	spare();
	gic_pend(spi);
	CHECK(gic_pending(spi));
	gic_unpend(spi);
	CHECK(!gic_pending(spi));
	gic_enable(spi);
	CHECK(take(0));
}

/* Pending, enabled, on its way to the CPU: called back. */
static void
cleared_on_the_way(void)
{

	spare();
	gic_enable(spi);
	gic_pend(spi);
	delay_us(50);
	CHECK(read_sysreg(isr_el1) & 1u << 7);
	gic_unpend(spi);
	CHECK(!gic_pending(spi));
	CHECK(take(0));
	gic_pend(spi);
	CHECK(take(1));
}

/* Edges that come while one pends are one. */
static void
merged(void)
{

	spare();
	gic_enable(spi);
	gic_pend(spi);
	gic_pend(spi);
	gic_pend(spi);
	CHECK(take(1));
}

static void
again_while_active(void)
{

	spare();
	gic_enable(spi);
	gic_pend(spi);
	REQUIRE(ack_soon() == spi);
	CHECK(gic_active(spi));
	gic_pend(spi);
	CHECK(gic_pending(spi));
	CHECK(nothing_comes());
	gic_eoi(spi);
	CHECK_EQ(ack_soon(), spi);
	gic_eoi(spi);
	CHECK(nothing_comes());
}

/* Configured as level with nothing on the line: the register still pends. */
static void
level_pended(void)
{

	spare();
	gic_edge(spi, false);
	gic_enable(spi);
	gic_pend(spi);
	CHECK(gic_pending(spi));
	REQUIRE(take(1));
	CHECK(!gic_pending(spi));
	CHECK(nothing_comes());
}

/* Each of 32 at once, and each later: none is somebody else's. */
static void
all_of_a_word(void)
{
	uint32_t i, first, got = 0, off = GICD_ISPENDR;

	spare();
	first = gic_spare(0) / 32 * 32 - 32;
	for (i = 0; i < 32; i++) {
		gic_edge(first + i, true);
		gic_route(first + i, 0);
		gic_enable(first + i);
	}
	gic_reg_write(first, off + first / 8, ~0u);
	REQUIRE(take(32));
	for (i = 0; i < 32; i++) {
		CHECK(irq_log[0].intid[i] - first < 32);
		got |= 1u << irq_log[0].intid[i] % 32;
	}
	CHECK_EQ(got, ~0u);
}

static void
many(void)
{
	unsigned int i;

	spare();
	gic_enable(spi);
	irq_on();
	for (i = 0; i < 1000; i++) {
		gic_pend(spi);
		REQUIRE(wait_for(&irq_log[0].count, i + 1));
	}
	irq_off();
	CHECK_EQ(logged(0), 1000);
}

/* ---- a line: the PL011's transmit interrupt -------------------------- */

static uint32_t leave_up;

static void
uart(uint32_t reg, uint32_t v)
{

	mmio_write(machine.uart_base + reg, v);
	dsb();
}

/* What was sent last left the transmit interrupt raised: the mask decides. */
static void
line(bool up)
{

	uart(UARTIMSC, up ? UART_TXI : 0);
}

/* The line is down, and goes up by line(true). */
static void
line_ready(bool edge)
{

	line(false);
	console_put('\n');
	delay_us(100);
	REQUIRE(mmio_read(machine.uart_base + UARTRIS) & UART_TXI);
	spi = machine.uart_intid;
	gic_unpend(spi);
	gic_edge(spi, edge);
	gic_route(spi, 0);
	gic_unpend(spi);
	log_start();
}

static void
lower(uint32_t intid)
{

	log_irq(intid);
	if (intid == spi && leave_up-- == 0)
		line(false);
}

static void
level_taken(void)
{

	line_ready(false);
	irq_handler(lower);
	leave_up = 0;
	gic_enable(spi);
	CHECK(take(0));
	line(true);
	REQUIRE(take(1));
	CHECK_EQ(irq_log[0].intid[0], spi);
}

/* As long as the line is up it comes again. */
static void
level_refires(void)
{

	line_ready(false);
	irq_handler(lower);
	leave_up = 4;
	gic_enable(spi);
	line(true);
	CHECK(take(5));
}

static void
level_pending_follows(void)
{

	line_ready(false);
	CHECK(!gic_pending(spi));
	line(true);
	CHECK(gic_pending(spi));
	gic_unpend(spi);		/* not while the line is up */
	CHECK(gic_pending(spi));
	line(false);
	CHECK(!gic_pending(spi));
	gic_enable(spi);
	CHECK(take(0));
}

/* On its way to the CPU when the line goes down: not taken. */
static void
level_withdrawn(void)
{

	line_ready(false);
	gic_enable(spi);
	line(true);
	delay_us(50);
	CHECK(read_sysreg(isr_el1) & 1u << 7);
	line(false);
	CHECK(take(0));
	CHECK(!gic_pending(spi));
}

static void
level_before_enable(void)
{

	line_ready(false);
	irq_handler(lower);
	leave_up = 0;
	line(true);
	CHECK(take(0));
	gic_enable(spi);
	CHECK(take(1));
}

/* Active, and pending too while the line is up. */
static void
level_active_pending(void)
{

	line_ready(false);
	gic_enable(spi);
	line(true);
	REQUIRE(ack_soon() == spi);
	CHECK(gic_active(spi));
	CHECK(gic_pending(spi));
	line(false);
	CHECK(!gic_pending(spi));
	CHECK(gic_active(spi));
	gic_eoi(spi);
	CHECK(!gic_active(spi));
	CHECK(nothing_comes());
}

/* Gone up again while it was active: comes after the end of it. */
static void
level_up_while_active(void)
{

	line_ready(false);
	gic_enable(spi);
	line(true);
	REQUIRE(ack_soon() == spi);
	line(false);
	line(true);
	CHECK(nothing_comes());
	gic_eoi(spi);
	CHECK_EQ(ack_soon(), spi);
	line(false);
	gic_eoi(spi);
	CHECK(nothing_comes());
}

/* Configured as edge: once for each rise, however long it is up. */
static void
edge_of_a_line(void)
{

	line_ready(true);
	gic_enable(spi);
	line(true);
	CHECK(take(1));
	CHECK(!gic_pending(spi));
	line(false);
	CHECK(take(1));
	line(true);
	CHECK(take(2));
	line(false);
	/* What is remembered outlives the line. */
	line(true);
	line(false);
	CHECK(gic_pending(spi));
	CHECK(take(3));
}

/* ---- the PL031's alarm ----------------------------------------------- */

static void
rtc(uint32_t reg, uint32_t v)
{

	mmio_write(machine.rtc_base + reg, v);
	dsb();
}

static void
rtc_lower(uint32_t intid)
{

	if (intid == machine.rtc_intid)
		rtc(RTCICR, 1);
	log_irq(intid);
}

static void
alarm(void)
{

	rtc(RTCICR, 1);
	log_start();
	irq_handler(rtc_lower);
	gic_edge(machine.rtc_intid, false);
	gic_route(machine.rtc_intid, 0);
	gic_enable(machine.rtc_intid);
	rtc(RTCIMSC, 1);
	rtc(RTCMR, mmio_read(machine.rtc_base + RTCDR) + 1);
	CHECK(wait_irq(&irq_log[0].count, 2500000));
	CHECK_EQ(irq_log[0].intid[0], machine.rtc_intid);
	CHECK(take(1));
	CHECK((mmio_read(machine.rtc_base + RTCRIS) & 1) == 0);
	rtc(RTCIMSC, 0);
}

const struct guest_case guest_cases[] = {
	{ "pended", pended, 0, 0 },
	{ "disabled_stays_pending", disabled_stays_pending, 0, 0 },
	{ "disabled_after_pending", disabled_after_pending, 0, 0 },
	{ "cleared_before_enable", cleared_before_enable, 0, 0 },
	{ "cleared_on_the_way", cleared_on_the_way, 0, 0 },
	{ "merged", merged, 0, 0 },
	{ "again_while_active", again_while_active, 0, 0 },
	{ "level_pended", level_pended, 0, 0 },
	{ "all_of_a_word", all_of_a_word, 0, 0 },
	{ "many", many, 0, 0 },
	{ "level_taken", level_taken, 0, NEED_UART },
	{ "level_refires", level_refires, 0, NEED_UART },
	{ "level_pending_follows", level_pending_follows, 0, NEED_UART },
	{ "level_withdrawn", level_withdrawn, 0, NEED_UART },
	{ "level_before_enable", level_before_enable, 0, NEED_UART },
	{ "level_active_pending", level_active_pending, 0, NEED_UART },
	{ "level_up_while_active", level_up_while_active, 0, NEED_UART },
	{ "edge_of_a_line", edge_of_a_line, 0, NEED_UART },
	{ "alarm", alarm, 0, NEED_RTC },
	{ NULL, NULL, 0, 0 }
};
