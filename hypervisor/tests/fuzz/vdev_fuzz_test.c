/*
 * Random accesses of any offset and width to the emulated devices, mixed
 * with input and time: never a crash, and after each step the line is what
 * the registers say it is. Every run takes the same steps.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/entropy.h"
#include "vdev/vpl011.h"
#include "vdev/vpl031.h"

#define	STEPS	200000

static struct vpl011 u;
static struct vpl031 r;
static bool line, refused;
static unsigned int rises;

static uint32_t
rnd(uint32_t below)
{

	return ((uint32_t)(entropy64() >> 32) % below);
}

static bool
sink(void *ctx, char c)
{

	(void)ctx;
	(void)c;
	refused = rnd(8) == 0;
	return (!refused);
}

static void
line_to(void *ctx, unsigned int intid, bool level)
{

	(void)intid;
	(void)ctx;
	ATF_REQUIRE_MSG(level != line, "told what it knows");
	line = level;
	rises += level;
}

static void
changed(void *ctx)
{

	(void)ctx;
}

static const struct vpl011_ops uart_ops = { sink, line_to, 33 };
static const struct vpl031_ops rtc_ops = { line_to, 34, changed };

/* Mostly registers there are, mostly as a driver would. */
static void
spray(mmio_fn *fn, void *dev)
{
	struct mmio m = {
		.offset = rnd(4) != 0 ? rnd(0x50) : rnd(0x1000),
		.size = (uint8_t)(1u << rnd(4)),
		.write = rnd(2) != 0,
		.value = rnd(2) != 0 ? rnd(0x1000) : rnd(~0u),
	};
	bool fault;

	if (rnd(2) != 0) {
		m.offset &= ~3u;
		m.size = 4;
	}
	m.offset &= 0xfff;
	if (m.offset + m.size > 0x1000)
		return;
	fault = m.size == 8 || m.offset % m.size != 0;
	refused = false;
	enum mmio_result result = fn(dev, rnd(8), &m);
	ATF_REQUIRE_EQ(fault ? MMIO_FAULT : refused ? MMIO_AGAIN : MMIO_OK,
	    result);
	if (!fault && !m.write)
		ATF_REQUIRE_EQ(0, m.value >> (8 * m.size - 1) >> 1);
}

static uint64_t
rd(mmio_fn *fn, void *dev, uint32_t offset)
{
	struct mmio m = { offset, 4, false, 0 };

	ATF_REQUIRE_EQ(MMIO_OK, fn(dev, 0, &m));
	return (m.value);
}

static void
pl011_start(void)
{

	line = false;
	vpl011_init(&u, &uart_ops, NULL);
}

static void
pl011_step(void)
{
	uint64_t fr, ris, mis;
	bool taken;

	fr = rd(vpl011_mmio, &u, 0x18);
	if (rnd(4) == 0) {
		taken = vpl011_input(&u, (char)rnd(256));
		ATF_REQUIRE(!taken || (fr & 0x40) == 0);
	} else if (rnd(1000) == 0)
		vpl011_reset(&u);
	else
		spray(vpl011_mmio, &u);
	fr = rd(vpl011_mmio, &u, 0x18);
	ris = rd(vpl011_mmio, &u, 0x3c);
	mis = rd(vpl011_mmio, &u, 0x40);
	ATF_REQUIRE_EQ(mis, ris & rd(vpl011_mmio, &u, 0x38));
	ATF_REQUIRE_EQ(line, mis != 0);
	/* Sending has room; not empty and full at once. */
	ATF_REQUIRE_EQ(0x80, fr & 0xa8);
	ATF_REQUIRE((fr & 0x50) != 0x50);
	/* With nothing received no receive interrupt stands. */
	ATF_REQUIRE((fr & 0x10) == 0 || (ris & 0x50) == 0);
}

ATF_TC_WITHOUT_HEAD(pl011);
ATF_TC_BODY(pl011, tc)
{

	(void)tc;
	entropy_use(NULL, 0);
	pl011_start();
	for (unsigned int i = 0; i < STEPS; i++)
		pl011_step();
	ATF_CHECK_MSG(rises > 400, "%u rises", rises);
}

static void
pl031_start(void)
{

	line = false;
	rises = 0;
	fake_counter = 0;
	vpl031_init(&r, 1000, &rtc_ops, NULL);
}

static void
pl031_step(void)
{
	uint64_t due;

	if (rnd(4) == 0)
		fake_counter += rnd(1u << 30);
	if (rnd(1000) == 0)
		vpl031_reset(&r);
	else if (rnd(8) == 0) {
		/* Alarms soon, which random numbers seldom are. */
		struct mmio m = { 4, 4, true,
		    rd(vpl031_mmio, &r, 0) + rnd(4) };

		ATF_REQUIRE_EQ(MMIO_OK, vpl031_mmio(&r, 0, &m));
	} else
		spray(vpl031_mmio, &r);
	vpl031_tick(&r);
	due = vpl031_deadline(&r);
	if (due != VPL031_NEVER && rnd(2) == 0) {
		ATF_REQUIRE(due > fake_counter);
		if (due - fake_counter < 1ull << 32) {
			fake_counter = due;
			vpl031_tick(&r);
			ATF_REQUIRE(line);
		}
	}
	ATF_REQUIRE_EQ(rd(vpl031_mmio, &r, 0x18),
	    rd(vpl031_mmio, &r, 0x14) & rd(vpl031_mmio, &r, 0x10));
	ATF_REQUIRE_EQ(line, rd(vpl031_mmio, &r, 0x18) != 0);
}

ATF_TC_WITHOUT_HEAD(pl031);
ATF_TC_BODY(pl031, tc)
{

	(void)tc;
	entropy_use(NULL, 0);
	pl031_start();
	for (unsigned int i = 0; i < STEPS; i++)
		pl031_step();
	ATF_CHECK_MSG(rises > 400, "%u rises", rises);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

	entropy_use(data, size);
	pl011_start();
	while (entropy_left > 0)
		pl011_step();
	entropy_use(data, size);
	pl031_start();
	while (entropy_left > 0)
		pl031_step();
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, pl011);
	ATF_TP_ADD_TC(tp, pl031);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
