/*
 * gic_state: an interrupt's way from inactive over pending and active to
 * inactive (IHI 0048, 3.2.4; IHI 0069, 4.1.2), priority drop apart from
 * deactivation, switches of the distributor and the CPU interface, and what
 * the identification registers say. Must not know priorities.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic_test.h"

#define	GICD_CTLR	0x0000
#define	GICD_TYPER	0x0004
#define	GICD_IIDR	0x0008
#define	GICD_ISPENDR	0x0200
#define	GICD_ICPENDR	0x0280
#define	GICD_ISACTIVER	0x0300
#define	GICD_ICACTIVER	0x0380
#define	GICV2_PIDR2	0x0fe8
#define	GICV3_PIDR2	0xffe8
#define	GICC_CTLR	0x0000
#define	GICR_TYPER	0x0008
#define	GICR_FRAME	0x10000ul

#define	MANY		12		/* more than list registers */

const char guest_name[] = "gic_state";

static void
prepare(unsigned int n)
{
	unsigned int i;

	log_start();
	for (i = 0; i < n; i++) {
		gic_edge(gic_spare(i), true);
		gic_route(gic_spare(i), 0);
		gic_enable(gic_spare(i));
	}
}

static void
life(void)
{
	uint32_t spi = gic_spare(0);

	prepare(1);
	CHECK(!gic_pending(spi));
	CHECK(!gic_active(spi));
	gic_pend(spi);
	CHECK(gic_pending(spi));
	CHECK(!gic_active(spi));
	REQUIRE(ack_soon() == spi);
	CHECK(!gic_pending(spi));
	CHECK(gic_active(spi));
	gic_eoi(spi);
	CHECK(!gic_pending(spi));
	CHECK(!gic_active(spi));
	CHECK(gic_enabled(spi));
}

/* The same of one that is this CPU's alone. */
static void
life_private(void)
{
	uint32_t ppi = machine.ptimer_intid;

	not_in_qemu(2);
	log_start();
	gic_edge(ppi, true);
	gic_enable(ppi);
	gic_pend(ppi);
	CHECK(gic_pending(ppi));
	REQUIRE(ack_soon() == ppi);
	CHECK(gic_active(ppi));
	CHECK(!gic_pending(ppi));
	gic_eoi(ppi);
	CHECK(!gic_active(ppi));
	CHECK(nothing_comes());
}

static void
nothing(void)
{

	CHECK_EQ(gic_ack() & 0x3ff, 1023);
	CHECK_EQ(gic_ack() & 0x3ff, 1023);
	CHECK_EQ(gic_rpr(), 0xff);
}

/* Made active by register: it does not come before it is inactive. */
static void
activated(void)
{
	uint32_t spi = gic_spare(0);

	prepare(1);
	gic_activate(spi);
	CHECK(gic_active(spi));
	CHECK_EQ(gic_rpr(), 0xff);
	gic_pend(spi);
	CHECK(nothing_comes());
	gic_deactivate_reg(spi);
	CHECK(!gic_active(spi));
	CHECK(take(1));
	CHECK(!gic_active(spi));
}

/* Pending at this CPU already, then made active: called back. */
static void
activated_on_the_way(void)
{
	uint32_t spi = gic_spare(0);

	prepare(1);
	gic_pend(spi);
	delay_us(50);
	gic_activate(spi);
	CHECK(take(0));
	CHECK(gic_pending(spi));
	gic_deactivate_reg(spi);
	CHECK(take(1));
}

/* Acknowledged, and deactivated by register before the end of it. */
static void
deactivated(void)
{
	uint32_t spi = gic_spare(0);

	prepare(1);
	gic_eoi_mode(true);
	gic_pend(spi);
	REQUIRE(ack_soon() == spi);
	gic_eoi(spi);
	CHECK(gic_active(spi));
	gic_deactivate_reg(spi);
	CHECK(!gic_active(spi));
	gic_pend(spi);
	CHECK_EQ(ack_soon(), spi);
	gic_eoi(spi);
	gic_dir(spi);
	CHECK(!gic_active(spi));
	CHECK(nothing_comes());
}

/* ---- EOI mode 1 ------------------------------------------------------ */

static void
split(void)
{
	uint32_t spi = gic_spare(0);

	prepare(1);
	gic_eoi_mode(true);
	gic_pend(spi);
	REQUIRE(ack_soon() == spi);
	CHECK(gic_rpr() != 0xff);
	gic_eoi(spi);
	CHECK_EQ(gic_rpr(), 0xff);
	CHECK(gic_active(spi));
	gic_dir(spi);
	CHECK(!gic_active(spi));
	CHECK(nothing_comes());
}

/* Between drop and deactivation: not this one again, but others. */
static void
split_others(void)
{
	uint32_t a = gic_spare(0), b = gic_spare(1);

	prepare(2);
	gic_eoi_mode(true);
	gic_pend(a);
	REQUIRE(ack_soon() == a);
	gic_eoi(a);
	gic_pend(a);
	CHECK(nothing_comes());
	gic_pend(b);
	REQUIRE(ack_soon() == b);
	gic_eoi(b);
	gic_dir(b);
	CHECK(nothing_comes());
	CHECK(gic_active(a));
	CHECK(gic_pending(a));
	gic_dir(a);
	CHECK_EQ(ack_soon(), a);
	gic_eoi(a);
	gic_dir(a);
	CHECK(nothing_comes());
}

/* Many active at once of one priority; another one is delivered still. */
static void
split_many(void)
{
	unsigned int i;

	prepare(MANY + 1);
	gic_eoi_mode(true);
	for (i = 0; i < MANY; i++) {
		gic_pend(gic_spare(i));
		REQUIRE(ack_soon() == gic_spare(i));
		gic_eoi(gic_spare(i));
	}
	for (i = 0; i < MANY; i++)
		CHECK(gic_active(gic_spare(i)));
	gic_pend(gic_spare(MANY));
	CHECK_EQ(ack_soon(), gic_spare(MANY));
	gic_eoi(gic_spare(MANY));
	gic_dir(gic_spare(MANY));
	/* In the order they came: the first have been put away. */
	for (i = 0; i < MANY; i++) {
		gic_dir(gic_spare(i));
		CHECK(!gic_active(gic_spare(i)));
		if (i + 1 < MANY)
			CHECK(gic_active(gic_spare(i + 1)));
	}
	for (i = 0; i < MANY; i++) {
		gic_pend(gic_spare(i));
		CHECK_EQ(ack_soon(), gic_spare(i));
		gic_eoi(gic_spare(i));
		gic_dir(gic_spare(i));
	}
	CHECK(nothing_comes());
}

/* All pend again while active: each comes when it is deactivated. */
static void
split_many_again(void)
{
	unsigned int i;

	prepare(MANY);
	gic_eoi_mode(true);
	for (i = 0; i < MANY; i++) {
		gic_pend(gic_spare(i));
		REQUIRE(ack_soon() == gic_spare(i));
		gic_eoi(gic_spare(i));
		gic_pend(gic_spare(i));
	}
	CHECK(nothing_comes());
	for (i = MANY; i-- > 0;) {
		gic_dir(gic_spare(i));
		CHECK_EQ(ack_soon(), gic_spare(i));
		gic_eoi(gic_spare(i));
		gic_dir(gic_spare(i));
		CHECK(nothing_comes());
	}
}

/* ---- switches -------------------------------------------------------- */

static void
disabled_while_active(void)
{
	uint32_t spi = gic_spare(0);

	prepare(1);
	gic_pend(spi);
	REQUIRE(ack_soon() == spi);
	gic_disable(spi);
	CHECK(gic_active(spi));
	gic_pend(spi);
	gic_eoi(spi);
	CHECK(!gic_active(spi));
	CHECK(nothing_comes());
	gic_enable(spi);
	CHECK(take(1));
}

static void
distributor_off(void)
{
	uint32_t ctlr = mmio_read(machine.gicd + GICD_CTLR);

	prepare(2);
	gic_pend(gic_spare(0));
	mmio_write(machine.gicd + GICD_CTLR, ctlr & ~3u);
	dsb();
	gic_pend(gic_spare(1));
	CHECK(take(0));
	CHECK(gic_pending(gic_spare(0)));
	CHECK(gic_pending(gic_spare(1)));
	mmio_write(machine.gicd + GICD_CTLR, ctlr);
	dsb();
	CHECK(take(2));
}

static void
interface_off(void)
{
	uint32_t ctlr = 0;

	prepare(1);
	if (machine.gic == 2) {
		ctlr = mmio_read(machine.gicc + GICC_CTLR);
		mmio_write(machine.gicc + GICC_CTLR, 0);
	} else {
		write_sysreg(s3_0_c12_c12_7, 0);
		isb();
	}
	gic_pend(gic_spare(0));
	CHECK(take(0));
	CHECK(gic_pending(gic_spare(0)));
	if (machine.gic == 2) {
		mmio_write(machine.gicc + GICC_CTLR, ctlr);
	} else {
		write_sysreg(s3_0_c12_c12_7, 1);
		isb();
	}
	CHECK(take(1));
}

/* Set and cleared by words: one bit is one interrupt. */
static void
words(void)
{
	uint32_t first = gic_spare(0) / 32 * 32 - 32, off = first / 8, i;

	for (i = 0; i < 32; i++)
		gic_route(first + i, 0);
	gic_reg_write(first, GICD_ISPENDR + off, 0x00ff00f0);
	CHECK_EQ(gic_reg(first, GICD_ISPENDR + off), 0x00ff00f0);
	CHECK_EQ(gic_reg(first, GICD_ICPENDR + off), 0x00ff00f0);
	gic_reg_write(first, GICD_ICPENDR + off, 0x000f0000);
	CHECK_EQ(gic_reg(first, GICD_ISPENDR + off), 0x00f000f0);
	gic_reg_write(first, GICD_ISACTIVER + off, 0x80000001);
	CHECK_EQ(gic_reg(first, GICD_ISACTIVER + off), 0x80000001);
	CHECK_EQ(gic_reg(first, GICD_ICACTIVER + off), 0x80000001);
	gic_reg_write(first, GICD_ICACTIVER + off, 1);
	CHECK_EQ(gic_reg(first, GICD_ISACTIVER + off), 0x80000000);
	gic_reg_write(first, GICD_ICACTIVER + off, ~0u);
	gic_reg_write(first, GICD_ICPENDR + off, ~0u);
	CHECK_EQ(gic_reg(first, GICD_ISPENDR + off), 0);
	CHECK_EQ(gic_reg(first, GICD_ISACTIVER + off), 0);
}

/* ---- what it says of itself ------------------------------------------ */

static void
identification(void)
{
	uint32_t typer = mmio_read(machine.gicd + GICD_TYPER);
	uint32_t pidr2 = mmio_read(machine.gicd +
	    (machine.gic == 2 ? GICV2_PIDR2 : GICV3_PIDR2));

	/* Not all ones or zero; at least one word of SPIs. */
	CHECK(typer != ~0u);
	CHECK((typer & 0x1f) >= 1);
	CHECK_EQ(pidr2 >> 4 & 0xf, machine.gic);
	CHECK(mmio_read(machine.gicd + GICD_IIDR) != ~0u);
	if (machine.gic == 3) {
		/* IDbits: 10 at least; affinity routing on. */
		CHECK((typer >> 19 & 0x1f) >= 9);
		CHECK(mmio_read(machine.gicd + GICD_CTLR) & 0x10);
	}
}

/* Each CPU has its redistributor; the last, and no other, says so. */
static void
v3_redistributors(void)
{
	uint64_t at = machine.gicr, typer, m, seen = 0;
	unsigned int n = 0, i;

	do {
		__asm__ volatile("ldr %0, [%1]" : "=r" (typer) :
		    "r" (at + GICR_TYPER) : "memory");
		CHECK_EQ(mmio_read(at + GICV3_PIDR2) >> 4 & 0xf, 3);
		for (i = 0; i < machine.ncpus; i++) {
			m = machine.mpidr[i];
			if (typer >> 32 == ((m >> 32 << 24 | m) & 0xffffffff))
				seen |= 1ul << i;
		}
		CHECK_EQ(typer >> 8 & 0xffff, n);	/* Processor_Number */
		/* The same in halves. */
		CHECK_EQ(mmio_read(at + GICR_TYPER), (uint32_t)typer);
		CHECK_EQ(mmio_read(at + GICR_TYPER + 4), typer >> 32);
		at += GICR_FRAME * (typer & 2 ? 4 : 2);
		REQUIRE(at <= machine.gicr + machine.gicr_size);
		n++;
	} while ((typer & 1u << 4) == 0);
	CHECK_EQ(n, machine.ncpus);
	CHECK_EQ(seen, (1ul << machine.ncpus) - 1);
}

/* The registers of the CPU interface hold what is written. */
static void
v3_interface(void)
{
	uint64_t ctlr = read_sysreg(s3_0_c12_c12_4);

	CHECK_EQ(read_sysreg(s3_0_c12_c12_5) & 1, 1);	/* SRE */
	CHECK((ctlr >> 8 & 7) >= 3);			/* PRIbits: 16 levels */
	write_sysreg(s3_0_c4_c6_0, 0x50);		/* PMR */
	CHECK_EQ(read_sysreg(s3_0_c4_c6_0), 0x50);
	write_sysreg(s3_0_c4_c6_0, 0xff);
	CHECK((read_sysreg(s3_0_c4_c6_0) & 0xf0) == 0xf0);
	write_sysreg(s3_0_c12_c12_3, 5);		/* BPR1 */
	CHECK_EQ(read_sysreg(s3_0_c12_c12_3), 5);
	write_sysreg(s3_0_c12_c12_4, 2);		/* CTLR.EOImode */
	CHECK_EQ(read_sysreg(s3_0_c12_c12_4) & 2, 2);
	write_sysreg(s3_0_c12_c12_7, 0);		/* IGRPEN1 */
	CHECK_EQ(read_sysreg(s3_0_c12_c12_7), 0);
	write_sysreg(s3_0_c12_c12_7, 1);
	CHECK_EQ(read_sysreg(s3_0_c12_c12_7), 1);
}

static void
v2_interface(void)
{

	mmio_write(machine.gicc + 4, 0x50);		/* PMR */
	CHECK_EQ(mmio_read(machine.gicc + 4), 0x50);
	mmio_write(machine.gicc + 8, 5);		/* BPR */
	CHECK_EQ(mmio_read(machine.gicc + 8), 5);
	mmio_write(machine.gicc, 0x201);		/* EOImode, enable */
	CHECK_EQ(mmio_read(machine.gicc) & 0x201, 0x201);
	/* ICCIIDR: architecture version 2. */
	CHECK_EQ(mmio_read(machine.gicc + 0xfc) >> 16 & 0xf, 2);
}

const struct guest_case guest_cases[] = {
	{ "life", life, 0, 0 },
	{ "life_private", life_private, 0, 0 },
	{ "nothing", nothing, 0, 0 },
	{ "activated", activated, 0, 0 },
	{ "activated_on_the_way", activated_on_the_way, 0, 0 },
	{ "deactivated", deactivated, 0, 0 },
	{ "split", split, 0, 0 },
	{ "split_others", split_others, 0, 0 },
	{ "split_many", split_many, 0, 0 },
	{ "split_many_again", split_many_again, 0, 0 },
	{ "disabled_while_active", disabled_while_active, 0, 0 },
	{ "distributor_off", distributor_off, 0, 0 },
	{ "interface_off", interface_off, 0, 0 },
	{ "words", words, 0, 0 },
	{ "identification", identification, 0, 0 },
	{ "v3_redistributors", v3_redistributors, 0, NEED_GICV3 },
	{ "v3_interface", v3_interface, 0, NEED_GICV3 },
	{ "v2_interface", v2_interface, 0, NEED_GICV2 },
	{ NULL, NULL, 0, 0 }
};
