/*
 * its: LPIs by the commands of an interrupt translation service (IHI 0069, 5
 * and 6), with the INT command as the only device. Must not know how many
 * list registers there are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "its_test.h"

#define	DEV		0x10u
#define	EVENTS		32u		/* of it: event n is LPI n */
#define	LPI(n)		(LPI0 + (n))

const char guest_name[] = "its";

/* The device anew, all at CPU 0, on, of middling priority, not pending. */
static void
begin(void)
{
	unsigned int i;

	its_start();
	log_start();
	its_mapd(DEV, 0);
	its_mapd(DEV, 5);
	for (i = 0; i < EVENTS; i++) {
		its_configure(LPI(i), 0xa0, true);
		its_mapti(DEV, i, LPI(i), 0);
		its_post(ITS_DEVICE(DEV) | ITS_CLEAR, i, 0, 0);
	}
	its_post(ITS_INVALL, 0, 0, 0);
	its_sync(0);
}

static void
send(uint32_t event)
{

	its_event(ITS_INT, DEV, event);
}

/* That LPI, and no other, is taken here. */
static bool
comes(uint32_t intid)
{
	uint32_t n = logged(cpu_index());

	if (!take(n + 1))
		return (false);
	return (irq_log[cpu_index()].intid[n] == intid);
}

static void
registers(void)
{
	uint64_t its = machine.its, typer = mmio_read64(its + GITS_TYPER);
	unsigned int i, tables = 0;

	CHECK(typer & 1);			/* physical LPIs */
	CHECK_EQ(mmio_read(its + GITS_TYPER), (uint32_t)typer);
	CHECK_EQ(mmio_read(its + GITS_TYPER + 4), typer >> 32);
	CHECK((mmio_read(its + GITS_PIDR2) >> 4 & 15) >= 3);
	CHECK(mmio_read(machine.gicd + GICD_TYPER) & 1 << 17);
	CHECK((mmio_read(machine.gicd + GICD_TYPER) >> 19 & 31) >= 13);
	for (i = 0; i < 8; i++)
		tables |= 1u << (mmio_read64(its + GITS_BASER + 8 * i) >> 56 &
		    7);
	CHECK((tables & 1 << 1) != 0);		/* devices */
	begin();
	CHECK_EQ(mmio_read(its + GITS_CTLR) & 1, 1);
	for (i = 0; i < machine.ncpus; i++) {
		CHECK(mmio_read(its_rd[i] + GICR_TYPER) & 1);
		CHECK_EQ(mmio_read(its_rd[i] + GICR_CTLR) & 1, 1);
		CHECK_EQ(mmio_read64(its_rd[i] + GICR_PROPBASER) >> 12 & ~0ul >>
		    24, (uint64_t)its_config >> 12);
		/* PTZ is written only; in QEMU's model it can be read. */
		if (machine.apiary)
			CHECK_EQ(mmio_read64(its_rd[i] + GICR_PENDBASER) >> 62,
			    0);
	}
}

static void
int_delivers(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 4; i++) {
		send(i * 7);
		CHECK(comes(LPI(i * 7)));
	}
	/* MAPI: the event is the INTID. */
	its_mapd(DEV + 1, 14);
	its_configure(LPI(31), 0xa0, true);
	its_event(ITS_DISCARD, DEV, 31);
	its_post(ITS_DEVICE(DEV + 1) | ITS_MAPI, LPI(31), 0, 0);
	its_event(ITS_INV, DEV + 1, LPI(31));
	its_event(ITS_INT, DEV + 1, LPI(31));
	CHECK(comes(LPI(31)));
	its_event(ITS_DISCARD, DEV + 1, LPI(31));
	its_mapd(DEV + 1, 0);
}

/* Pending is pending: two are one, until it was taken. */
static void
pending_once(void)
{
	uint32_t iar;

	begin();
	send(0);
	send(0);
	CHECK(comes(LPI(0)));
	send(1);
	iar = ack_soon();
	CHECK_EQ(iar, LPI(1));
	send(1);			/* while it is handled: again */
	CHECK_EQ(gic_rpr(), 0xa0);
	CHECK(nothing_comes());
	gic_eoi(iar);
	CHECK_EQ(gic_rpr(), 0xff);
	CHECK(comes(LPI(1)));
}

static void
clear(void)
{

	begin();
	send(0);
	send(1);
	its_event(ITS_CLEAR, DEV, 0);
	CHECK(comes(LPI(1)));
	send(0);
	CHECK(comes(LPI(0)));
}

static void
discard(void)
{

	begin();
	send(0);
	its_event(ITS_DISCARD, DEV, 0);
	CHECK(nothing_comes());
	its_mapti(DEV, 0, LPI(0), 0);
	send(0);
	CHECK(comes(LPI(0)));
}

/* Disabled: it stays pending. INV for one, INVALL for all. */
static void
enable(void)
{

	begin();
	its_configure(LPI(0), 0xa0, false);
	its_event(ITS_INV, DEV, 0);
	send(0);
	CHECK(nothing_comes());
	its_configure(LPI(0), 0xa0, true);
	its_event(ITS_INV, DEV, 0);
	CHECK(comes(LPI(0)));
	its_configure(LPI(1), 0xa0, false);
	its_configure(LPI(2), 0xa0, false);
	its_post(ITS_INVALL, 0, 0, 0);
	send(1);
	send(2);
	CHECK(nothing_comes());
	its_configure(LPI(2), 0xa0, true);
	its_post(ITS_INVALL, 0, 0, 0);
	its_sync(0);
	CHECK(comes(LPI(2)));
	its_configure(LPI(1), 0xa0, true);
	its_event(ITS_INV, DEV, 1);
	CHECK(comes(LPI(1)));
}

/* More than any GIC has list registers, an SPI among them. */
static void
order(void)
{
	unsigned int i, n = 24;

	begin();
	/* 7 and 24 have no common factor: each level once, 10 the SPI's. */
	for (i = 0; i < n; i++)
		its_configure(LPI(i), (uint8_t)(i * 7 % n * 8), i * 7 % n !=
		    10);
	its_post(ITS_INVALL, 0, 0, 0);
	its_sync(0);
	gic_edge(gic_spare(0), true);
	gic_route(gic_spare(0), 0);
	gic_priority(gic_spare(0), 0x50);
	gic_enable(gic_spare(0));
	for (i = 0; i < n; i++)
		if (i * 7 % n != 10)
			send(i);
	gic_pend(gic_spare(0));
	REQUIRE(take(n));
	for (i = 0; i < n; i++)
		CHECK_EQ(irq_log[0].intid[i * 7 % n], i * 7 % n == 10 ?
		    gic_spare(0) : LPI(i));
}

static void
priority_mask(void)
{

	begin();
	its_configure(LPI(1), 0x40, true);
	its_event(ITS_INV, DEV, 1);
	gic_pmr(0x40);
	send(0);
	send(1);
	CHECK(nothing_comes());
	gic_pmr(0x48);
	CHECK(comes(LPI(1)));
	gic_pmr(0xff);
	CHECK(comes(LPI(0)));
}

/* One above interrupts the handler of one below. */
static void
nested(void)
{
	uint32_t iar[12];
	unsigned int i, n = nitems(iar);

	begin();
	for (i = 0; i < n; i++)
		its_configure(LPI(i), (uint8_t)(0x80 - i * 8), true);
	its_post(ITS_INVALL, 0, 0, 0);
	its_sync(0);
	for (i = 0; i < n; i++) {
		send(i);
		iar[i] = ack_soon();
		CHECK_EQ(iar[i], LPI(i));
		CHECK_EQ(gic_rpr(), 0x80 - i * 8);
	}
	while (i-- > 0) {
		CHECK_EQ(gic_rpr(), 0x80 - i * 8);
		gic_eoi(iar[i]);
	}
	CHECK_EQ(gic_rpr(), 0xff);
	for (i = 0; i < n; i++)
		send(i);
	REQUIRE(take(n));
	for (i = 0; i < n; i++)
		CHECK_EQ(irq_log[0].intid[i], LPI(n - 1 - i));
}

/* Sixteen times more than the queue holds, with and without its end. */
static void
queue_wraps(void)
{
	unsigned int i, k, per = QUEUE_SIZE / 32 - 1;
	uint32_t at;

	begin();
	for (k = 0; k < 16; k++) {
		at = mmio_read(machine.its + GITS_CWRITER);
		for (i = 0; i < per; i++)
			its_write(&at, ITS_DEVICE(DEV) | (i + 1 < per ?
			    ITS_CLEAR : ITS_INT), k, 0, 0);
		dsb();
		/* As a doubleword, too. */
		if (k % 2 != 0)
			mmio_write64(machine.its + GITS_CWRITER, at);
		else
			mmio_write(machine.its + GITS_CWRITER, at);
		REQUIRE(its_done());
		CHECK_EQ(mmio_read(machine.its + GITS_CREADR), at);
		CHECK(comes(LPI(k)));
	}
}

/* What makes no sense is skipped; the manual would let it stall, too. */
static void
garbage(void)
{
	uint64_t seed = 0x2545f4914f6cdd1dul, w[4];
	unsigned int i, k, good = 0;

	begin();
	irq_on();
	for (i = 0; i < 4000; i++) {
		for (k = 0; k < 4; k++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			w[k] = seed;
		}
		if (i % 2 != 0) {	/* nearly right: opcode, device */
			w[0] = (w[0] & 15) | ITS_DEVICE(DEV + (w[0] >> 62));
			w[1] &= 0x00003fff0000003f;
			w[2] &= VALID | 0x1001f;
		}
		good += its_post(w[0], w[1], w[2], w[3]);
	}
	irq_off();
	CHECK_EQ(good, i);
	/* All is there still. */
	for (i = 0; i < machine.ncpus; i++)
		its_post(ITS_MAPC, 0, VALID | its_target(i) | i, 0);
	for (i = 1; i < 4; i++)
		its_mapd(DEV + i, 0);
	begin();
	send(3);
	CHECK(comes(LPI(3)));
}

/* A queue where no RAM is stalls, and goes on elsewhere. */
static void
stalls(void)
{
	uint64_t its = machine.its;

	begin();
	mmio_write(its + GITS_CTLR, 0);
	mmio_write64(its + GITS_CBASER, VALID | machine.gicd);
	mmio_write(its + GITS_CWRITER, 32);
	mmio_write(its + GITS_CTLR, 1);
	CHECK_EQ(mmio_read(its + GITS_CREADR), 1);
	mmio_write(its + GITS_CWRITER, 32 | 1);
	CHECK_EQ(mmio_read(its + GITS_CREADR), 1);
	mmio_write(its + GITS_CTLR, 0);
	mmio_write64(its + GITS_CBASER, VALID | (uint64_t)its_queue);
	CHECK_EQ(mmio_read(its + GITS_CREADR), 0);
	mmio_write(its + GITS_CWRITER, 0);
	mmio_write(its + GITS_CTLR, 1);
	send(0);
	CHECK(comes(LPI(0)));
}

static volatile uint32_t ready, go, seen;

/* A CPU that takes interrupts until it is told to go. */
static void
other(void *unused)
{

	(void)unused;
	irq_on();
	publish(&ready, 1);
	while (__atomic_load_n(&go, __ATOMIC_ACQUIRE) == 0)
		__asm__ volatile("yield");
	irq_off();
}

static void
other_on(void)
{

	ready = go = 0;
	REQUIRE(smp_on(1, other, NULL) == 0);
	REQUIRE(wait_for(&ready, 1));
}

static void
other_off(void)
{

	publish(&go, 1);
	CHECK(smp_wait_off(1));
}

static void
other_cpu(void)
{

	begin();
	its_mapti(DEV, 0, LPI(0), 1);
	other_on();
	send(0);
	CHECK(log_reaches(1, 1));
	CHECK_EQ(irq_log[1].intid[0], LPI(0));
	CHECK(nothing_comes());
	other_off();
}

static void
movi(void)
{

	begin();
	other_on();
	send(0);			/* pending here, masked */
	its_post(ITS_DEVICE(DEV) | ITS_MOVI, 0, 1, 0);
	its_sync(1);
	CHECK(log_reaches(1, 1));
	CHECK(nothing_comes());
	send(0);
	CHECK(log_reaches(1, 2));
	CHECK_EQ(irq_log[1].intid[1], LPI(0));
	its_post(ITS_DEVICE(DEV) | ITS_MOVI, 0, 0, 0);
	its_sync(0);
	send(0);
	CHECK(comes(LPI(0)));
	CHECK_EQ(logged(1), 2);
	other_off();
}

/* A whole collection moves: with what is pending, and back. */
static void
movall(void)
{
	unsigned int i;

	begin();
	other_on();
	for (i = 0; i < 20; i++)
		send(i);
	its_post(ITS_MAPC, 0, VALID | its_target(1), 0);
	its_sync(1);
	its_post(ITS_MOVALL, 0, its_target(0), its_target(1));
	its_sync(1);
	CHECK(log_reaches(1, 20));
	CHECK(nothing_comes());
	send(31);
	CHECK(log_reaches(1, 21));
	its_post(ITS_MAPC, 0, VALID | its_target(0), 0);
	its_sync(0);
	send(31);
	CHECK(comes(LPI(31)));
	other_off();
}

/* The other CPU sends; a sleeper wakes. */
static void
sender(void *unused)
{

	(void)unused;
	delay_us(500);
	send(5);
}

static void
woken(uint32_t intid)
{

	seen = intid;
}

static void
wakes_wfi(void)
{

	uint64_t start = counter();

	begin();
	seen = 0;
	irq_handler(woken);
	REQUIRE(smp_on(1, sender, NULL) == 0);
	CHECK(wait_irq(&seen, LONG_US));
	CHECK_EQ(seen, LPI(5));
	/* By this, and not by the timer that ends the wait. */
	CHECK(counter() - start < LONG_US / 2 * counter_hz() / 1000000);
	CHECK(smp_wait_off(1));
}

/* As before another kernel: what is pending waits, what comes is lost. */
static void
lpis_off(void)
{

	begin();
	uint64_t ctlr = its_rd[0] + GICR_CTLR;
	send(0);
	mmio_write(ctlr, 0);
	if (mmio_read(ctlr) & 1 && !machine.apiary)
		case_skip("EnableLPIs stays, as it may");
	send(1);
	CHECK(nothing_comes());
	mmio_write(ctlr, 1);
	CHECK(comes(LPI(0)));
}

const struct guest_case guest_cases[] = {
	{ "registers", registers, 1, NEED_ITS },
	{ "int_delivers", int_delivers, 1, NEED_ITS },
	{ "pending_once", pending_once, 1, NEED_ITS },
	{ "clear", clear, 1, NEED_ITS },
	{ "discard", discard, 1, NEED_ITS },
	{ "enable", enable, 1, NEED_ITS },
	{ "order", order, 1, NEED_ITS },
	{ "priority_mask", priority_mask, 1, NEED_ITS },
	{ "nested", nested, 1, NEED_ITS },
	{ "queue_wraps", queue_wraps, 1, NEED_ITS },
	{ "lpis_off", lpis_off, 1, NEED_ITS },
	{ "garbage", garbage, 1, NEED_ITS | NEED_APIARY },
	{ "stalls", stalls, 1, NEED_ITS | NEED_APIARY },
	{ "other_cpu", other_cpu, 2, NEED_ITS },
	{ "movi", movi, 2, NEED_ITS },
	{ "movall", movall, 2, NEED_ITS },
	{ "wakes_wfi", wakes_wfi, 2, NEED_ITS },
	{ NULL, NULL, 0, 0 },
};
