/*
 * gic_priority: who comes first and who interrupts whom (IHI 0048, 3.3;
 * IHI 0069, 4.8), with more interrupts pending and active than any
 * hypervisor has list registers. Must not know how many those are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic_test.h"

#define	GICD_IPRIORITYR	0x400

#define	STEP		8		/* all GICs tell 32 levels apart */
#define	DEEP		12		/* active, each above the one before */

const char guest_name[] = "gic_priority";

/* Spare SPIs, edge, to this CPU, enabled. */
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
give(unsigned int n, uint8_t prio)
{

	gic_priority(gic_spare(n), prio);
}

/* 24 at once, all of different priority: exactly in that order. */
static void
order(void)
{
	unsigned int i, n = 24;

	prepare(n);
	/* 7 and 24 have no common factor: each level once. */
	for (i = 0; i < n; i++)
		give(i, (uint8_t)(i * 7 % n * STEP));
	for (i = 0; i < n; i++)
		gic_pend(gic_spare(i));
	REQUIRE(take(n));
	for (i = 0; i < n; i++)
		CHECK_EQ(irq_log[0].intid[i * 7 % n], gic_spare(i));
}

/* 48 at once of four priorities: never a lower one first, each once. */
static void
classes(void)
{
	uint64_t got = 0;
	unsigned int i, n = 48, last = 0, p;

	prepare(n);
	for (i = 0; i < n; i++)
		give(i, (uint8_t)(0x20 + i * 5 % 4 * 0x20));
	for (i = 0; i < n; i++)
		gic_pend(gic_spare(i));
	REQUIRE(take(n));
	for (i = 0; i < n; i++) {
		p = gic_priority_of(irq_log[0].intid[i]);
		CHECK(p >= last);
		last = p;
		got |= 1ul << (gic_spare(0) - irq_log[0].intid[i]);
	}
	CHECK_EQ(got, (1ul << n) - 1);
}

/* Changed while they pend: the new priorities count. */
static void
changed_while_pending(void)
{

	prepare(2);
	give(0, 0x60);
	give(1, 0x80);
	gic_pend(gic_spare(0));
	gic_pend(gic_spare(1));
	delay_us(50);
	give(1, 0x40);
	REQUIRE(take(2));
	CHECK_EQ(irq_log[0].intid[0], gic_spare(1));
	CHECK_EQ(irq_log[0].intid[1], gic_spare(0));
}

/* A better one comes while a full house waits: it is not the last. */
static void
late_and_urgent(void)
{
	unsigned int i, n = 20;

	prepare(n + 1);
	give(n, 0x08);
	for (i = 0; i < n; i++)
		gic_pend(gic_spare(i));
	delay_us(50);
	gic_pend(gic_spare(n));
	REQUIRE(take(n + 1));
	CHECK_EQ(irq_log[0].intid[0], gic_spare(n));
}

/* ---- preemption ------------------------------------------------------ */

static volatile uint32_t depth, deepest, order_at;
static uint32_t ended[8], second;

/* The first one taken makes `second` pend, and lets interrupts in. */
static void
nest(uint32_t intid)
{

	log_irq(intid);
	if (++depth > deepest)
		deepest = depth;
	if (logged(0) == 1) {
		gic_pend(second);
		irq_on();
		delay_us(200);
		irq_off();
	}
	depth--;
	if (order_at < nitems(ended))
		ended[order_at++] = intid;
}

/* Takes spare 0 of priority `a`, and in it spare 1 of priority b. */
static void
two(uint8_t a, uint8_t b)
{

	prepare(2);
	irq_handler(nest);
	depth = deepest = order_at = 0;
	second = gic_spare(1);
	give(0, a);
	give(1, b);
	gic_pend(gic_spare(0));
	REQUIRE(take(2));
	CHECK_EQ(irq_log[0].intid[0], gic_spare(0));
	CHECK_EQ(irq_log[0].intid[1], gic_spare(1));
	CHECK_EQ(order_at, 2);
}

static void
preempts(void)
{

	two(0xa0, 0x60);
	CHECK_EQ(deepest, 2);
	CHECK_EQ(ended[0], gic_spare(1));
}

static void
equal_waits(void)
{

	two(0xa0, 0xa0);
	CHECK_EQ(deepest, 1);
}

static void
lower_waits(void)
{

	two(0x60, 0xa0);
	CHECK_EQ(deepest, 1);
}

/* One level apart is enough, when the binary point does not say else. */
static void
next_level_preempts(void)
{

	two(0xa8, 0xa0);
	CHECK_EQ(deepest, 2);
}

/* Both in one group of priorities: no preemption, yet the order holds. */
static void
binary_point(void)
{

	gic_bpr(7);
	two(0xa0, 0x80);
	CHECK_EQ(deepest, 1);
	/* Groups of bits 7:6 or 7:5: 0xa0 and 0x40 are not in one. */
	gic_bpr(5);
	two(0xa0, 0x40);
	CHECK_EQ(deepest, 2);
	two(0x98, 0x90);
	CHECK_EQ(deepest, 1);
}

/*
 * Each above the one before, all active at once; then ended from the top.
 * The running priority tells at each step.
 */
static void
deep(void)
{
	unsigned int i;

	prepare(DEEP);
	CHECK_EQ(gic_rpr(), 0xff);
	for (i = 0; i < DEEP; i++) {
		give(i, (uint8_t)(0xa0 - i * STEP));
		gic_pend(gic_spare(i));
		REQUIRE(ack_soon() == gic_spare(i));
		CHECK_EQ(gic_rpr(), 0xa0 - i * STEP);
	}
	for (i = 0; i < DEEP; i++)
		CHECK(gic_active(gic_spare(i)));
	for (i = DEEP; i-- > 0;) {
		gic_eoi(gic_spare(i));
		CHECK(!gic_active(gic_spare(i)));
		CHECK_EQ(gic_rpr(), i == 0 ? 0xff : 0xa0 - (i - 1) * STEP);
	}
	CHECK(nothing_comes());
}

/* All of them pend again while all are active: taken again, each once. */
static void
deep_again(void)
{
	unsigned int i;

	prepare(DEEP);
	for (i = 0; i < DEEP; i++) {
		give(i, (uint8_t)(0xa0 - i * STEP));
		gic_pend(gic_spare(i));
		REQUIRE(ack_soon() == gic_spare(i));
	}
	for (i = 0; i < DEEP; i++)
		gic_pend(gic_spare(i));
	CHECK(nothing_comes());
	for (i = DEEP; i-- > 0;)
		gic_eoi(gic_spare(i));
	REQUIRE(take(DEEP));
	for (i = 0; i < DEEP; i++)
		CHECK_EQ(irq_log[0].intid[i], gic_spare(DEEP - 1 - i));
}

/* While a deep pile is active one at the bottom's priority waits. */
static void
deep_and_waiting(void)
{
	unsigned int i;

	prepare(DEEP + 1);
	give(DEEP, 0xa0);
	for (i = 0; i < DEEP; i++) {
		give(i, (uint8_t)(0xa0 - i * STEP));
		gic_pend(gic_spare(i));
		REQUIRE(ack_soon() == gic_spare(i));
	}
	gic_pend(gic_spare(DEEP));
	for (i = DEEP; i-- > 0;) {
		CHECK(nothing_comes());
		gic_eoi(gic_spare(i));
	}
	REQUIRE(ack_soon() == gic_spare(DEEP));
	gic_eoi(gic_spare(DEEP));
	CHECK(nothing_comes());
}

/* ---- the mask -------------------------------------------------------- */

/* Only what is above the mask (lower in number) comes. */
static void
mask(void)
{

	prepare(1);
	give(0, 0x80);
	gic_pmr(0x80);
	gic_pend(gic_spare(0));
	CHECK(take(0));
	CHECK(gic_pending(gic_spare(0)));
	gic_pmr(0x88);
	CHECK(take(1));
	gic_pmr(0);
	give(0, 0);
	gic_pend(gic_spare(0));
	CHECK(take(1));
	gic_pmr(0xf0);
	CHECK(take(2));
}

/* Many pend, and the mask goes up step by step: always those above it. */
static void
mask_steps(void)
{
	unsigned int i, n = 16;

	prepare(n);
	gic_pmr(0);
	for (i = 0; i < n; i++) {
		give(i, (uint8_t)(i * STEP));
		gic_pend(gic_spare(i));
	}
	for (i = 0; i < n; i++) {
		gic_pmr((uint8_t)((i + 1) * STEP));
		REQUIRE(take(i + 1));
		CHECK_EQ(irq_log[0].intid[i], gic_spare(i));
	}
}

static void
highest_pending(void)
{

	prepare(2);
	CHECK(gic_hppir() >= INTID_NONE);
	give(0, 0x60);
	give(1, 0x40);
	gic_pend(gic_spare(0));
	delay_us(50);
	CHECK_EQ(gic_hppir(), gic_spare(0));
	gic_pend(gic_spare(1));
	delay_us(50);
	CHECK_EQ(gic_hppir(), gic_spare(1));
	/* Looking took nothing away. */
	CHECK(take(2));
	CHECK(gic_hppir() >= INTID_NONE);
}

/* ---- the registers --------------------------------------------------- */

static uint64_t
prio_addr(uint32_t intid)
{

	return (machine.gicd + GICD_IPRIORITYR + intid);
}

/* Bytes, and words of four; what is next to it stays. */
static void
widths(void)
{
	uint32_t first = gic_spare(0) & ~3u, v;
	uint64_t at = prio_addr(first);

	mmio_write(at, 0x10203040);
	CHECK_EQ(mmio_read(at), 0x10203040);
	__asm__ volatile("strb %w0, [%1]" : : "r" (0x88), "r" (at + 2) :
	    "memory");
	CHECK_EQ(mmio_read(at), 0x10883040);
	__asm__ volatile("ldrb %w0, [%1]" : "=r" (v) : "r" (at + 1) :
	    "memory");
	CHECK_EQ(v, 0x30);
	__asm__ volatile("ldrb %w0, [%1]" : "=r" (v) : "r" (at + 3) :
	    "memory");
	CHECK_EQ(v, 0x10);
	__asm__ volatile("ldrsb %x0, [%1]" : "=r" (v) : "r" (at + 2) :
	    "memory");
	CHECK_EQ(v, 0xffffff88);
	CHECK_EQ(gic_priority_of(first), 0x40);
}

/* At least 16 levels are kept, from the top bit down. */
static void
levels(void)
{
	unsigned int i;

	for (i = 0; i < 256; i += 16) {
		give(2, (uint8_t)i);
		CHECK_EQ(gic_priority_of(gic_spare(2)), i);
	}
	/* What is not kept reads as zero: 0xff is 0xff, 0xfe, .. or 0xf0. */
	give(2, 0xff);
	i = 0x100u - gic_priority_of(gic_spare(2));
	CHECK(i <= 16 && (i & (i - 1)) == 0);
}

static volatile uint32_t theirs_before, theirs_after, written;

static void
other_priorities(void *unused)
{

	(void)unused;
	theirs_before = gic_priority_of(5);
	gic_priority(5, 0x30);
	theirs_after = gic_priority_of(5);
	publish(&written, 1);
}

/* Those of private interrupts are each CPU's own. */
static void
banked(void)
{

	written = 0;
	gic_priority(5, 0x50);
	REQUIRE(smp_on(1, other_priorities, NULL) == 0);
	REQUIRE(wait_for(&written, 1));
	CHECK(theirs_before != 0x50);
	CHECK_EQ(theirs_after, 0x30);
	CHECK_EQ(gic_priority_of(5), 0x50);
}

const struct guest_case guest_cases[] = {
	{ "order", order, 0, 0 },
	{ "classes", classes, 0, 0 },
	{ "changed_while_pending", changed_while_pending, 0, 0 },
	{ "late_and_urgent", late_and_urgent, 0, 0 },
	{ "preempts", preempts, 0, 0 },
	{ "equal_waits", equal_waits, 0, 0 },
	{ "lower_waits", lower_waits, 0, 0 },
	{ "next_level_preempts", next_level_preempts, 0, 0 },
	{ "binary_point", binary_point, 0, 0 },
	{ "deep", deep, 0, 0 },
	{ "deep_again", deep_again, 0, 0 },
	{ "deep_and_waiting", deep_and_waiting, 0, 0 },
	{ "mask", mask, 0, 0 },
	{ "mask_steps", mask_steps, 0, 0 },
	{ "highest_pending", highest_pending, 0, 0 },
	{ "widths", widths, 0, 0 },
	{ "levels", levels, 0, 0 },
	{ "banked", banked, 2, 0 },
	{ NULL, NULL, 0, 0 }
};
