/*
 * The emulated PL031: time, alarm, interrupt, deadline.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "vdev/vpl031.h"

#define	DR	0x00
#define	MR	0x04
#define	LR	0x08
#define	CR	0x0c
#define	IMSC	0x10
#define	RIS	0x14
#define	MIS	0x18
#define	ICR	0x1c

#define	START	1700000000u

static struct vpl031 r;
static bool line;
static unsigned int changes;
static uint64_t hz, start;

static void
line_to(void *ctx, unsigned int intid, bool level)
{

	ATF_REQUIRE_EQ(34, intid);
	ATF_REQUIRE_EQ(&line, ctx);
	ATF_REQUIRE_MSG(level != line, "told what it knows");
	line = level;
}

static void
changed(void *ctx)
{

	ATF_REQUIRE_EQ(&line, ctx);
	changes++;
}

static const struct vpl031_ops ops = { line_to, 34, changed };

/* So many ticks after the start. */
static void
at(uint64_t ticks)
{

	fake_counter = start + ticks;
}

static void
fresh(void)
{

	hz = port_counter_hz();
	start = 12345;
	at(0);
	line = false;
	changes = 0;
	memset(&r, 0xa5, sizeof(r));
	vpl031_init(&r, START, &ops, &line);
}

static uint64_t
rd(uint32_t offset)
{
	struct mmio m = { offset, 4, false, ~0ull };

	ATF_REQUIRE_EQ(MMIO_OK, vpl031_mmio(&r, 0, &m));
	return (m.value);
}

static void
wr(uint32_t offset, uint32_t value)
{
	struct mmio m = { offset, 4, true, value };

	ATF_REQUIRE_EQ(MMIO_OK, vpl031_mmio(&r, 0, &m));
}

ATF_TC_WITHOUT_HEAD(registers);
ATF_TC_BODY(registers, tc)
{
	static const uint8_t ids[] = {
		0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1,
	};
	struct mmio m;
	unsigned int i;

	(void)tc;
	fresh();
	ATF_CHECK_EQ(START, rd(DR));
	ATF_CHECK_EQ(0, rd(MR));
	ATF_CHECK_EQ(1, rd(CR));
	ATF_CHECK_EQ(0, rd(IMSC) | rd(RIS) | rd(MIS) | rd(ICR) | rd(0x20));
	for (i = 0; i < nitems(ids); i++)
		ATF_CHECK_EQ(ids[i], rd(0xfe0 + i * 4));
	wr(MR, 0xfedcba98);
	ATF_CHECK_EQ(0xfedcba98, rd(MR));
	wr(IMSC, 0xffffffff);
	ATF_CHECK_EQ(1, rd(IMSC));
	wr(CR, 0);
	ATF_CHECK_EQ(1, rd(CR));
	wr(DR, 5);
	wr(RIS, 1);
	wr(MIS, 1);
	wr(0xfe0, 5);
	ATF_CHECK_EQ(START, rd(DR));
	ATF_CHECK_EQ(0, rd(RIS));
	ATF_CHECK_EQ(0x31, rd(0xfe0));
	m = (struct mmio){ MR, 2, false, 0 };
	ATF_CHECK_EQ(MMIO_OK, vpl031_mmio(&r, 0, &m));
	ATF_CHECK_EQ(0xba98, m.value);
	m = (struct mmio){ MR + 1, 1, false, ~0ull };
	ATF_CHECK_EQ(MMIO_OK, vpl031_mmio(&r, 0, &m));
	ATF_CHECK_EQ(0, m.value);
	m = (struct mmio){ DR, 8, false, 0 };
	ATF_CHECK_EQ(MMIO_FAULT, vpl031_mmio(&r, 0, &m));
	m = (struct mmio){ DR + 2, 4, false, 0 };
	ATF_CHECK_EQ(MMIO_FAULT, vpl031_mmio(&r, 0, &m));
}

ATF_TC_WITHOUT_HEAD(time);
ATF_TC_BODY(time, tc)
{

	(void)tc;
	fresh();
	at(hz - 1);
	ATF_CHECK_EQ(START, rd(DR));
	at(hz);
	ATF_CHECK_EQ(START + 1, rd(DR));
	at(hz * 86400 * 365 * 10);
	ATF_CHECK_EQ(START + 315360000, rd(DR));
	wr(LR, 1000);
	ATF_CHECK_EQ(1000, rd(LR));
	ATF_CHECK_EQ(1000, rd(DR));
	start = fake_counter;
	at(hz * 7);
	ATF_CHECK_EQ(1007, rd(DR));
	ATF_CHECK_EQ(1000, rd(LR));
	/* 32 bits, and round. */
	wr(LR, 0xffffffff);
	start = fake_counter;
	at(hz);
	ATF_CHECK_EQ(0, rd(DR));
}

ATF_TC_WITHOUT_HEAD(alarm);
ATF_TC_BODY(alarm, tc)
{

	(void)tc;
	fresh();
	ATF_CHECK_EQ(VPL031_NEVER, vpl031_deadline(&r));
	at(hz / 2);
	wr(MR, START + 10);
	ATF_CHECK_EQ(0, changes);	/* masked: nobody waits for it */
	ATF_CHECK_EQ(VPL031_NEVER, vpl031_deadline(&r));
	wr(IMSC, 1);
	ATF_CHECK_EQ(1, changes);
	/* When DR becomes equal, not 10 s from the write. */
	ATF_CHECK_EQ(start + 10 * hz, vpl031_deadline(&r));
	at(10 * hz - 1);
	vpl031_tick(&r);
	ATF_CHECK(!line);
	at(10 * hz);
	vpl031_tick(&r);
	ATF_CHECK(line);
	ATF_CHECK_EQ(VPL031_NEVER, vpl031_deadline(&r));
	ATF_CHECK_EQ(1, rd(RIS));
	ATF_CHECK_EQ(1, rd(MIS));
	wr(ICR, 0);
	ATF_CHECK(line);
	wr(ICR, 1);
	ATF_CHECK(!line);
	ATF_CHECK_EQ(0, rd(RIS));
	at(20 * hz);			/* once only */
	vpl031_tick(&r);
	ATF_CHECK(!line);
	/* Now. */
	wr(MR, START + 20);
	ATF_CHECK(line);
	wr(ICR, 1);
	/* The past: 2^32 seconds from there. */
	wr(MR, START + 19);
	ATF_CHECK(!line);
	ATF_CHECK_EQ(start + ((1ull << 32) + 19) * hz, vpl031_deadline(&r));
	/* The time is set: the alarm moves. */
	changes = 0;
	wr(LR, START + 18);
	ATF_CHECK_EQ(1, changes);
	ATF_CHECK_EQ(start + 21 * hz, vpl031_deadline(&r));
}

ATF_TC_WITHOUT_HEAD(masked);
ATF_TC_BODY(masked, tc)
{

	(void)tc;
	fresh();
	wr(MR, START + 1);
	at(hz);
	ATF_CHECK_EQ(1, rd(RIS));	/* without a tick */
	ATF_CHECK_EQ(0, rd(MIS));
	ATF_CHECK(!line);
	wr(IMSC, 1);
	ATF_CHECK(line);
	ATF_CHECK_EQ(1, rd(MIS));
	wr(IMSC, 0);
	ATF_CHECK(!line);
}

ATF_TC_WITHOUT_HEAD(reset);
ATF_TC_BODY(reset, tc)
{

	(void)tc;
	fresh();
	wr(IMSC, 1);
	wr(MR, START);
	ATF_CHECK(line);
	at(3 * hz);
	vpl031_reset(&r);
	ATF_CHECK(!line);
	ATF_CHECK_EQ(VPL031_NEVER, vpl031_deadline(&r));
	ATF_CHECK_EQ(START + 3, rd(DR));
	ATF_CHECK_EQ(0, rd(MR) | rd(IMSC) | rd(RIS));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, registers);
	ATF_TP_ADD_TC(tp, time);
	ATF_TP_ADD_TC(tp, alarm);
	ATF_TP_ADD_TC(tp, masked);
	ATF_TP_ADD_TC(tp, reset);
	return (atf_no_error());
}
