/*
 * The emulated PL011, register by register, and what drivers rely on: the
 * interrupt sequences of Linux's driver, polling of bare-metal programs.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "vdev/vpl011.h"

#define	DR	0x00
#define	RSR	0x04
#define	FR	0x18
#define	LCR_H	0x2c
#define	CR	0x30
#define	IFLS	0x34
#define	IMSC	0x38
#define	RIS	0x3c
#define	MIS	0x40
#define	ICR	0x44

#define	FEN	0x10
#define	LBE	0x380		/* loop-back, with the reset value */
#define	INT_RX	0x10
#define	INT_TX	0x20
#define	INT_RT	0x40
#define	INT_OE	0x400

static struct vpl011 u;
static char sent[256];
static unsigned int nsent, edges;
static bool line;

static bool deaf;

static bool
sink(void *ctx, char c)
{

	ATF_REQUIRE_EQ(&line, ctx);
	ATF_REQUIRE(nsent < sizeof(sent));
	if (!deaf)
		sent[nsent++] = c;
	return (!deaf);
}

static void
line_to(void *ctx, unsigned int intid, bool level)
{

	ATF_REQUIRE_EQ(33, intid);
	ATF_REQUIRE_EQ(&line, ctx);
	ATF_REQUIRE_MSG(level != line, "told what it knows");
	line = level;
	edges++;
}

static const struct vpl011_ops ops = { sink, line_to, 33 };

static void
fresh(void)
{

	memset(&u, 0xa5, sizeof(u));
	memset(sent, 0, sizeof(sent));
	nsent = edges = 0;
	line = deaf = false;
	vpl011_init(&u, &ops, &line);
}

static uint64_t
rd(uint32_t offset)
{
	struct mmio m = { offset, 4, false, ~0ull };

	ATF_REQUIRE_EQ(MMIO_OK, vpl011_mmio(&u, 0, &m));
	return (m.value);
}

static void
wr(uint32_t offset, uint32_t value)
{
	struct mmio m = { offset, 4, true, value };

	ATF_REQUIRE_EQ(MMIO_OK, vpl011_mmio(&u, 0, &m));
}

/* Types n characters; how many were taken. */
static unsigned int
type(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!vpl011_input(&u, (char)('A' + i)))
			break;
	return (i);
}

/* DDI 0183G, table 3-1: reset values; what each register keeps. */
ATF_TC_WITHOUT_HEAD(registers);
ATF_TC_BODY(registers, tc)
{
	static const struct {
		uint32_t	offset, reset, keeps;
	} regs[] = {
		{ 0x04, 0, 0 }, { 0x20, 0, 0xff }, { 0x24, 0, 0xffff },
		{ 0x28, 0, 0x3f }, { 0x2c, 0, 0xff }, { 0x30, 0x300, 0xff87 },
		{ 0x34, 0x12, 0x3f }, { 0x38, 0, 0x7ff }, { 0x44, 0, 0 },
		{ 0x48, 0, 7 }, { 0x08, 0, 0 }, { 0x1c, 0, 0 },
		{ 0x4c, 0, 0 }, { 0x80, 0, 0 }, { 0xfdc, 0, 0 },
	};
	static const uint8_t ids[] = {
		0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1,
	};
	unsigned int i;

	(void)tc;
	fresh();
	ATF_CHECK_EQ(0x97, rd(FR));	/* both FIFOs empty; a terminal */
	ATF_CHECK_EQ(0, rd(RIS));
	for (i = 0; i < nitems(regs); i++) {
		fresh();
		ATF_CHECK_EQ_MSG(regs[i].reset, rd(regs[i].offset),
		    "reset value at %#x", regs[i].offset);
		wr(regs[i].offset, 0xffffffff);
		ATF_CHECK_EQ_MSG(regs[i].keeps, rd(regs[i].offset),
		    "at %#x: %#lx", regs[i].offset, rd(regs[i].offset));
		wr(regs[i].offset, 0);
		ATF_CHECK_EQ(0, rd(regs[i].offset));
	}
	for (i = 0; i < nitems(ids); i++) {
		wr(0xfe0 + i * 4, 0);
		ATF_CHECK_EQ(ids[i], rd(0xfe0 + i * 4));
	}
	/* Read only. */
	fresh();
	wr(FR, 0);
	wr(RIS, 0x7ff);
	wr(MIS, 0x7ff);
	ATF_CHECK_EQ(0x97, rd(FR));
	ATF_CHECK_EQ(0, rd(RIS));
	ATF_CHECK_EQ(0, rd(MIS));
}

ATF_TC_WITHOUT_HEAD(widths);
ATF_TC_BODY(widths, tc)
{
	struct mmio m;
	unsigned int i;

	(void)tc;
	fresh();
	for (i = 1; i <= 4; i *= 2) {
		m = (struct mmio){ FR, (uint8_t)i, false, ~0ull };
		ATF_CHECK_EQ(MMIO_OK, vpl011_mmio(&u, 0, &m));
		ATF_CHECK_EQ(0x97, m.value);
		m = (struct mmio){ DR, (uint8_t)i, true, 'x' };
		ATF_CHECK_EQ(MMIO_OK, vpl011_mmio(&u, 0, &m));
	}
	ATF_CHECK_STREQ("xxx", sent);
	wr(IMSC, 0x7ff);
	m = (struct mmio){ IMSC, 1, false, 0 };
	ATF_CHECK_EQ(MMIO_OK, vpl011_mmio(&u, 0, &m));
	ATF_CHECK_EQ(0xff, m.value);
	/* Beside the register: nothing there. */
	m = (struct mmio){ IMSC + 2, 2, false, ~0ull };
	ATF_CHECK_EQ(MMIO_OK, vpl011_mmio(&u, 0, &m));
	ATF_CHECK_EQ(0, m.value);
	m = (struct mmio){ DR + 1, 1, true, 'y' };
	ATF_CHECK_EQ(MMIO_OK, vpl011_mmio(&u, 0, &m));
	ATF_CHECK_EQ(3, nsent);
	/* Too wide, or askew. */
	m = (struct mmio){ FR, 8, false, 0 };
	ATF_CHECK_EQ(MMIO_FAULT, vpl011_mmio(&u, 0, &m));
	m = (struct mmio){ DR, 8, true, 'y' };
	ATF_CHECK_EQ(MMIO_FAULT, vpl011_mmio(&u, 0, &m));
	m = (struct mmio){ FR + 2, 4, false, 0 };
	ATF_CHECK_EQ(MMIO_FAULT, vpl011_mmio(&u, 0, &m));
	m = (struct mmio){ DR + 1, 2, true, 'y' };
	ATF_CHECK_EQ(MMIO_FAULT, vpl011_mmio(&u, 0, &m));
	ATF_CHECK_EQ(3, nsent);
}

/* Sending: always room, and the interrupt is a transition (3.4). */
ATF_TC_WITHOUT_HEAD(transmit);
ATF_TC_BODY(transmit, tc)
{

	(void)tc;
	fresh();
	wr(IMSC, INT_TX);
	ATF_CHECK(!line);		/* nothing was sent yet */
	wr(DR, 'h');
	wr(DR, 0x569);			/* 'i', and bits that are not data */
	ATF_CHECK_STREQ("hi", sent);
	ATF_CHECK_EQ(0x97, rd(FR));
	ATF_CHECK(line);
	ATF_CHECK_EQ(INT_TX, rd(RIS));
	ATF_CHECK_EQ(INT_TX, rd(MIS));
	wr(ICR, INT_TX);
	ATF_CHECK(!line);
	ATF_CHECK_EQ(0, rd(RIS));
	wr(DR, '!');
	ATF_CHECK(line);
	wr(IMSC, 0);			/* Linux: stop_tx */
	ATF_CHECK(!line);
	ATF_CHECK_EQ(INT_TX, rd(RIS));
	ATF_CHECK_EQ(0, rd(MIS));
	wr(IMSC, INT_TX);		/* start_tx: at once */
	ATF_CHECK(line);
	ATF_CHECK_EQ(5, edges);
}

/* Nobody takes it now: the store is to be repeated, and no other access. */
ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	struct mmio m = { DR, 4, true, 'x' };

	(void)tc;
	fresh();
	deaf = true;
	ATF_CHECK_EQ(MMIO_AGAIN, vpl011_mmio(&u, 0, &m));
	ATF_CHECK_EQ(MMIO_AGAIN, vpl011_mmio(&u, 0, &m));
	ATF_CHECK_EQ(0x97, rd(FR));
	ATF_CHECK_EQ(0, rd(IMSC));
	wr(IMSC, 0);
	m.size = 1;
	ATF_CHECK_EQ(MMIO_AGAIN, vpl011_mmio(&u, 0, &m));
	deaf = false;
	ATF_CHECK_EQ(MMIO_OK, vpl011_mmio(&u, 0, &m));
	ATF_CHECK_STREQ("x", sent);
	/* In loop-back nobody else is asked. */
	deaf = true;
	wr(CR, 0x80);
	wr(DR, 'y');
	ATF_CHECK_EQ('y', rd(DR));
}

/* FIFOs off: a depth of one. */
ATF_TC_WITHOUT_HEAD(receive_one);
ATF_TC_BODY(receive_one, tc)
{

	(void)tc;
	fresh();
	wr(IMSC, INT_RX);
	ATF_CHECK_EQ(1, type(3));
	ATF_CHECK(line);
	ATF_CHECK_EQ(0xc7, rd(FR));
	ATF_CHECK_EQ('A', rd(DR));
	ATF_CHECK(!line);
	ATF_CHECK_EQ(0x97, rd(FR));
	ATF_CHECK_EQ(0, rd(RIS));
	ATF_CHECK_EQ(0, nsent);
	ATF_CHECK_EQ(1, type(1));
	wr(ICR, INT_RX);
	ATF_CHECK(!line);
	ATF_CHECK_EQ('A', rd(DR));
}

/* 3.3.9: the trigger level is an eighth, quarter, half ... of 32. */
ATF_TC_WITHOUT_HEAD(levels);
ATF_TC_BODY(levels, tc)
{
	static const unsigned int levels[8] = { 4, 8, 16, 24, 28, 28, 28, 28 };
	unsigned int i;

	(void)tc;
	for (i = 0; i < 8; i++) {
		fresh();
		wr(LCR_H, FEN);
		wr(IFLS, i << 3);
		wr(IMSC, INT_RX);
		ATF_CHECK_EQ(levels[i] - 1, type(levels[i] - 1));
		ATF_CHECK(!line);
		ATF_CHECK_EQ(1, type(1));
		ATF_CHECK(line);
		(void)rd(DR);		/* below it again */
		ATF_CHECK(!line);
	}
	fresh();
	wr(LCR_H, FEN);
	ATF_CHECK_EQ(32, type(40));
	ATF_CHECK_EQ(0xc7, rd(FR));
	for (i = 0; i < 32; i++)
		ATF_CHECK_EQ('A' + i, rd(DR));
	ATF_CHECK_EQ(0x97, rd(FR));
	/* Round the corner of the ring. */
	ATF_CHECK_EQ(20, type(20));
	for (i = 0; i < 10; i++)
		ATF_CHECK_EQ('A' + i, rd(DR));
	ATF_CHECK_EQ(22, type(40));
}

/* Few characters and then silence: the time-out that Linux relies on. */
ATF_TC_WITHOUT_HEAD(timeout);
ATF_TC_BODY(timeout, tc)
{

	(void)tc;
	fresh();
	wr(LCR_H, FEN | 0x60);
	wr(IMSC, INT_RX | INT_RT);
	ATF_CHECK_EQ(2, type(2));
	ATF_CHECK(line);
	ATF_CHECK_EQ(INT_RT, rd(MIS));
	/* Linux acknowledges all but RX and RT, and reads until empty. */
	wr(ICR, (uint32_t)rd(MIS) & ~(INT_RX | INT_RT));
	ATF_CHECK(line);
	(void)rd(DR);
	ATF_CHECK(line);		/* one is left, in silence */
	(void)rd(DR);
	ATF_CHECK(!line);
	ATF_CHECK_EQ(0, rd(RIS));
	/* Acknowledged with a character left: comes back with the next. */
	ATF_CHECK_EQ(1, type(1));
	wr(ICR, INT_RT);
	ATF_CHECK(!line);
	ATF_CHECK_EQ(1, type(1));
	ATF_CHECK(line);
	/* ... and with a read that leaves one. */
	wr(ICR, INT_RT);
	(void)rd(DR);
	ATF_CHECK(line);
	/* FIFOs off: what is in them goes. */
	wr(LCR_H, 0x60);
	ATF_CHECK(!line);
	ATF_CHECK_EQ(0x97, rd(FR));
}

ATF_TC_WITHOUT_HEAD(loopback);
ATF_TC_BODY(loopback, tc)
{
	unsigned int i;

	(void)tc;
	fresh();
	wr(LCR_H, FEN);
	wr(CR, LBE);
	ATF_CHECK_EQ(0x90, rd(FR));	/* the modem lines follow CR's */
	ATF_CHECK_EQ(0xe, rd(RIS));	/* CTS, DCD and DSR went */
	wr(ICR, 0x7ff);
	wr(CR, LBE | 0x2c00);		/* DTR, RTS, OUT2 */
	ATF_CHECK_EQ(0x193, rd(FR));
	ATF_CHECK_EQ(0xb, rd(RIS));	/* RI, CTS, DSR came */
	wr(CR, LBE | 0x1000);		/* OUT1 */
	ATF_CHECK_EQ(0x94, rd(FR));
	wr(ICR, 0x7ff);
	wr(DR, 'q');
	ATF_CHECK_EQ(0, nsent);
	ATF_CHECK(!vpl011_input(&u, 'z'));
	ATF_CHECK_EQ('q', rd(DR));
	ATF_CHECK_EQ(INT_TX, rd(RIS));
	/* 33 into 32: the overrun is told with the next read. */
	for (i = 0; i < 33; i++)
		wr(DR, i);
	ATF_CHECK_EQ(INT_OE, rd(RIS) & INT_OE);
	ATF_CHECK_EQ(0x800, rd(DR));
	ATF_CHECK_EQ(8, rd(RSR));
	ATF_CHECK_EQ(1, rd(DR));
	ATF_CHECK_EQ(0, rd(RSR));
	wr(CR, 0x300);
	wr(DR, 'x');
	ATF_CHECK_EQ(1, nsent);
}

ATF_TC_WITHOUT_HEAD(reset);
ATF_TC_BODY(reset, tc)
{

	(void)tc;
	fresh();
	wr(LCR_H, FEN);
	wr(IMSC, INT_RT);
	wr(CR, 0x301);
	ATF_CHECK_EQ(3, type(3));
	ATF_CHECK(line);
	vpl011_reset(&u);
	ATF_CHECK(!line);
	ATF_CHECK_EQ(0x97, rd(FR));
	ATF_CHECK_EQ(0x300, rd(CR));
	ATF_CHECK_EQ(0x12, rd(IFLS));
	ATF_CHECK_EQ(0, rd(IMSC) | rd(RIS) | rd(LCR_H));
	wr(DR, 'x');
	ATF_CHECK_STREQ("x", sent);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, registers);
	ATF_TP_ADD_TC(tp, widths);
	ATF_TP_ADD_TC(tp, transmit);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, receive_one);
	ATF_TP_ADD_TC(tp, levels);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, loopback);
	ATF_TP_ADD_TC(tp, reset);
	return (atf_no_error());
}
