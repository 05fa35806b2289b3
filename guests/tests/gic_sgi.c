/*
 * gic_sgi: software generated interrupts (IHI 0048, 3.1.1 and 4.3.15;
 * IHI 0069, 5.1 and 12.2.20): to oneself, pending and cleared. Those
 * between CPUs are gic_ipi's.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic_test.h"

#define	GICD_ISPENDR	0x200
#define	GICD_ITARGETSR	0x800
#define	GICD_SGIR	0xf00
#define	GICD_CPENDSGIR	0xf10

#define	SGI		5		/* where one is as good as another */
#define	SGIS		15		/* the last is the library's own */

const char guest_name[] = "gic_sgi";

static void
enable_all(void)
{
	unsigned int i;

	for (i = 0; i < SGIS; i++)
		gic_enable(i);
}

static void
self(void)
{

	log_start();
	gic_enable(SGI);
	gic_sgi_self(SGI);
	REQUIRE(take(1));
	CHECK_EQ(irq_log[0].intid[0], SGI);
	CHECK(!gic_pending(SGI));
	CHECK(!gic_active(SGI));
}

static void
all_numbers(void)
{
	unsigned int i;

	log_start();
	for (i = 0; i < 16; i++) {
		gic_enable(i);
		gic_sgi_self(i);
		REQUIRE(take(i + 1));
		CHECK_EQ(irq_log[0].intid[i], i);
	}
}

/* All pend at once: by priority, whatever the number. */
static void
priority_order(void)
{
	static const uint8_t prio[8] = { 0x70, 0x20, 0xc0, 0x10, 0xe0, 0x50,
	    0x90, 0x30 };
	static const uint8_t order[8] = { 3, 1, 7, 5, 0, 6, 2, 4 };
	unsigned int i;

	log_start();
	enable_all();
	for (i = 0; i < nitems(prio); i++)
		gic_priority(i, prio[i]);
	for (i = 0; i < nitems(prio); i++)
		gic_sgi_self(i);
	REQUIRE(take(nitems(prio)));
	for (i = 0; i < nitems(order); i++)
		CHECK_EQ(irq_log[0].intid[i], order[i]);
}

/* Of one priority: in some order, none twice and none lost. */
static void
equal_priority(void)
{
	uint32_t got = 0;
	unsigned int i;

	log_start();
	enable_all();
	for (i = 0; i < SGIS; i++)
		gic_sgi_self(i);
	REQUIRE(take(SGIS));
	for (i = 0; i < SGIS; i++)
		got |= 1u << irq_log[0].intid[i];
	CHECK_EQ(got, (1u << SGIS) - 1);
}

static void
disabled(void)
{

	log_start();
	gic_disable(SGI);
	if (gic_enabled(SGI))
		case_skip("this GIC's SGIs are always enabled");
	gic_sgi_self(SGI);
	CHECK(take(0));
	CHECK(gic_pending(SGI));
	gic_enable(SGI);
	REQUIRE(take(1));
	CHECK_EQ(irq_log[0].intid[0], SGI);
	CHECK(!gic_pending(SGI));
}

static void
masked(void)
{

	log_start();
	gic_enable(SGI);
	gic_sgi_self(SGI);
	CHECK(log_reaches(0, 0));
	CHECK(gic_pending(SGI));
	/* ISR_EL1.I: it is at the CPU's door. */
	CHECK(read_sysreg(isr_el1) & 1u << 7);
	REQUIRE(take(1));
	CHECK((read_sysreg(isr_el1) & 1u << 7) == 0);
}

/* GICD_CPENDSGIR, or GICR_ICPENDR0. */
static void
cleared(void)
{

	log_start();
	gic_enable(SGI);
	gic_sgi_self(SGI);
	CHECK(gic_pending(SGI));
	gic_unpend(SGI);
	CHECK(!gic_pending(SGI));
	CHECK(take(0));
	/* And it can come again. */
	gic_sgi_self(SGI);
	CHECK(take(1));
}

/* GICD_SPENDSGIR, or GICR_ISPENDR0: as if it had been sent. */
static void
pended(void)
{

	not_in_qemu(2);		/* it ends at an assertion of its own */
	log_start();
	gic_enable(SGI);
	gic_pend(SGI);
	REQUIRE(take(1));
	CHECK_EQ(irq_log[0].intid[0], SGI);
}

/* One that pends is not sent twice. */
static void
merged(void)
{
	unsigned int i;

	log_start();
	gic_enable(SGI);
	for (i = 0; i < 3; i++)
		gic_sgi_self(SGI);
	CHECK(take(1));
}

/* Sent again while it is active: taken again after. */
static void
again_while_active(void)
{
	uint32_t iar;

	gic_enable(SGI);
	gic_sgi_self(SGI);
	iar = ack_soon();
	REQUIRE((iar & 0x3ff) == SGI);
	gic_sgi_self(SGI);
	CHECK(gic_active(SGI));
	CHECK(gic_pending(SGI));
	CHECK(nothing_comes());
	gic_eoi(iar);
	iar = ack_soon();
	CHECK_EQ(iar & 0x3ff, SGI);
	gic_eoi(iar);
	CHECK(nothing_comes());
}

static void
many(void)
{
	unsigned int i;

	log_start();
	gic_enable(SGI);
	irq_on();
	for (i = 0; i < 2000; i++) {
		gic_sgi_self(SGI);
		REQUIRE(wait_for(&irq_log[0].count, i + 1));
	}
	irq_off();
	CHECK_EQ(logged(0), 2000);
}

/* ---- GICv2: pending once for each source ----------------------------- */

/* Bits 12:10 of GICC_IAR: the CPU interface that sent it. */
static unsigned int
source(uint32_t iar)
{

	return (iar >> 10 & 7);
}

/* The number of this CPU's interface: who a private interrupt targets. */
static unsigned int
interface(void)
{
	uint32_t mask = mmio_read(machine.gicd + GICD_ITARGETSR) & 0xff;

	return (mask == 0 ? 0 : (unsigned int)__builtin_ctz(mask));
}

static void
v2_source_self(void)
{
	uint32_t iar;

	gic_enable(SGI);
	mmio_write(machine.gicd + GICD_SGIR, 2u << 24 | SGI);
	iar = ack_soon();
	CHECK_EQ(iar & 0x3ff, SGI);
	CHECK_EQ(source(iar), interface());
	gic_eoi(iar);
	CHECK(nothing_comes());
}

/* GICD_ISPENDR does not make an SGI pend (IHI 0048, 4.3.7). */
static void
v2_ispendr(void)
{

	gic_enable(SGI);
	mmio_write(machine.gicd + GICD_ISPENDR, 1u << SGI);
	CHECK(!gic_pending(SGI));
	CHECK(nothing_comes());
}

/* ---- ICC_SGI1R_EL1 and ICC_SGI0R_EL1 --------------------------------- */

static void
sgi1r(uint64_t v)
{

	write_sysreg(s3_0_c12_c11_5, v);
	isb();
}

/* To an affinity that is nobody's. */
static void
v3_nobody(void)
{
	unsigned int i;

	gic_enable(SGI);
	sgi1r((uint64_t)SGI << 24 | 1ul << 15);		/* Aff0 15 */
	sgi1r((uint64_t)SGI << 24 | 9ul << 16 | 1);	/* Aff1 9 */
	sgi1r((uint64_t)SGI << 24 | 9ul << 32 | 1);	/* Aff2 9 */
	sgi1r((uint64_t)SGI << 24 | 9ul << 48 | 1);	/* Aff3 9 */
	sgi1r((uint64_t)SGI << 24);			/* an empty list */
	CHECK(nothing_comes());
	for (i = 0; i < 16; i++)
		CHECK(!gic_pending(i));
	gic_sgi_self(SGI);
	CHECK_EQ(ack_soon(), SGI);
	gic_eoi(SGI);
}

/* In one security state, an SGI of group 0 is sent by ICC_SGI0R_EL1. */
static void
v3_group0(void)
{
	uint32_t iar;

	if ((mmio_read(machine.gicd) & 1u << 6) == 0)
		case_skip("group 0 is not ours: GICD_CTLR.DS is 0");
	gic_enable(SGI);
	/* Of group 1: not sent by that register. */
	write_sysreg(s3_0_c12_c11_7, (uint64_t)SGI << 24 | 1);
	isb();
	CHECK(nothing_comes());
	gic_group(SGI, false);
	write_sysreg(s3_0_c12_c11_7, (uint64_t)SGI << 24 | 1);
	isb();
	delay_us(SETTLE_US);
	/* It comes as FIQ: ISR_EL1.F, and ICC_IAR1_EL1 does not have it. */
	CHECK(read_sysreg(isr_el1) & 1u << 6);
	CHECK((read_sysreg(isr_el1) & 1u << 7) == 0);
	CHECK(read_sysreg(s3_0_c12_c12_0) >= INTID_NONE);
	iar = (uint32_t)read_sysreg(s3_0_c12_c8_0);
	CHECK_EQ(iar, SGI);
	write_sysreg(s3_0_c12_c8_1, iar);
	isb();
	CHECK(nothing_comes());
}

const struct guest_case guest_cases[] = {
	{ "self", self, 0, 0 },
	{ "all_numbers", all_numbers, 0, 0 },
	{ "priority_order", priority_order, 0, 0 },
	{ "equal_priority", equal_priority, 0, 0 },
	{ "disabled", disabled, 0, 0 },
	{ "masked", masked, 0, 0 },
	{ "cleared", cleared, 0, 0 },
	{ "pended", pended, 0, 0 },
	{ "merged", merged, 0, 0 },
	{ "again_while_active", again_while_active, 0, 0 },
	{ "many", many, 0, 0 },
	{ "v2_source_self", v2_source_self, 0, NEED_GICV2 },
	{ "v2_ispendr", v2_ispendr, 0, NEED_GICV2 },
	{ "v3_nobody", v3_nobody, 0, NEED_GICV3 },
	{ "v3_group0", v3_group0, 0, NEED_GICV3 },
	{ NULL, NULL, 0, 0 }
};
