/*
 * A guest that writes garbage, and half-good rings, to the registers and the
 * queues of every virtio device: never an access outside of its RAM (each
 * page of which the sanitizers watch), the work of a step is bounded, the
 * line is what InterruptStatus says. Every run takes the same steps.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "tests/unit/virtio_driver.h"

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/entropy.h"
#include "virtio/vconsole.h"
#include "virtio/vnet.h"
#include "virtio/vrng.h"

#define	STEPS	400000

static struct driver g[4];
static struct vrng rng;
static struct vconsole console;
static struct vnet_link link_;
static unsigned int said, filled, used, broken;

static uint32_t
rnd(uint32_t below)
{

	return (entropy32() % below);
}

static void
fill(void *buf, size_t n)
{

	memset(buf, 1, n);
	filled++;
}

static bool
sink(void *ctx, char c)
{

	(void)ctx;
	(void)c;
	said++;
	return (rnd(8) != 0);
}

/* Mostly inside of its RAM. */
static uint64_t
address(void)
{

	return (rnd(64) == 0 ? rnd(~0u) * (uint64_t)rnd(~0u) :
	    RAM + rnd(RAM_PAGES * PAGE_SIZE - 64));
}

static void
spoil(struct driver *d)
{
	unsigned int q = rnd(2);
	uint64_t at = DESC(q) + rnd(0xc00);
	uint32_t x = rnd(4) == 0 ? rnd(~0u) : rnd(NUM);

	if (at % PAGE_SIZE <= PAGE_SIZE - 4)
		driver_put(d, at, &x, 4);
}

static void
chain(struct driver *d)
{
	unsigned int q = rnd(2), n = 1 + rnd(3);

	for (unsigned int i = 0; i < n; i++)
		driver_desc(d, q, i, address(), rnd(16) == 0 ? rnd(~0u) :
		    rnd(2000), (uint16_t)((i + 1 < n) | (rnd(8) == 0 ? rnd(8) :
		    q == 0 || d->d == &rng.d ? 2 : 0)), (uint16_t)(rnd(16) ==
		    0 ? rnd(70000) : i + 1));
	driver_offer(d, q, (uint16_t)(rnd(64) == 0 ? rnd(70000) : 0));
}

static void
poke(struct driver *d)
{
	static const uint32_t offsets[] = { 0x14, 0x20, 0x24, 0x30, 0x38, 0x44,
	    0x50, 0x50, 0x50, 0x64, 0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4 };
	uint32_t offset = rnd(8) == 0 ? rnd(VIRTIO_WINDOW) :
	    offsets[rnd(nitems(offsets))];
	uint8_t bytes = rnd(8) == 0 ? (uint8_t)(1u << rnd(4)) : 4;
	uint64_t v = rnd(2) != 0 ? rnd(8) : rnd(~0u);

	offset &= ~(bytes - 1u);
	if (offset + bytes <= VIRTIO_WINDOW)
		driver_access(d, rnd(4) != 0, offset, bytes, &v);
}

static void
step(struct driver *d)
{
	bool taken;

	switch (rnd(16)) {
	case 0:
		if (BROKEN(d) || rnd(64) == 0) {
			broken += BROKEN(d);
			driver_start(d, d->d->kind->queues, 0);
		}
		break;
	case 1:
		spoil(d);
		break;
	case 2:
		poke(d);
		break;
	case 3:
		vconsole_input(&console, 'x', &taken);
		break;
	case 4:
		if (rnd(1000) == 0)
			virtio_reset(d->d);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		chain(d);
		break;
	default:
		/* One step of it: there may be gigabytes to send. */
		driver_access(d, true, 0x50, 4, &(uint64_t){ rnd(2) });
		break;
	}
	for (unsigned int q = 0; q < 2; q++)
		used += d->d->queue[q].ready && driver_used(d, q) >= 0;
}

static void
start(void)
{

	driver_init(&g[0], &rng.d);
	driver_init(&g[1], &console.d);
	driver_init(&g[2], &link_.end[0].d);
	driver_init(&g[3], &link_.end[1].d);
	virtio_init(&rng.d, &vrng_kind, &driver_ops, &g[0], 7, NULL);
	rng.fill = fill;
	virtio_init(&console.d, &vconsole_kind, &driver_ops, &g[1], 7,
	    NULL);
	console.sink = sink;
	vnet_join(&link_, &driver_ops, &g[2], 7, 0);
	vnet_join(&link_, &driver_ops, &g[3], 7, 1);
}

static void
any(void)
{
	struct driver *d = &g[rnd(4)];
	unsigned int before = said;

	step(d);
	ATF_REQUIRE(said - before <= 128);
	ATF_REQUIRE_EQ(d->line, driver_rd(d, 0x60) != 0);
}

ATF_TC_WITHOUT_HEAD(hostile_guest);
ATF_TC_BODY(hostile_guest, tc)
{

	(void)tc;
	entropy_use(NULL, 0);
	start();
	for (unsigned int i = 0; i < STEPS; i++)
		any();
	/* All of this did happen. */
	ATF_CHECK_MSG(used > 1000 && filled > 500 && said > 10000 &&
	    broken > 1000, "%u used, %u filled, %u said, %u broken", used,
	    filled, said, broken);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;

	/* Its RAM is mapped once; each input finds the devices as new. */
	if (!begun)
		start();
	begun = true;
	for (unsigned int i = 0; i < nitems(g); i++) {
		for (unsigned int n = 0; n < RAM_PAGES; n++)
			memset(g[i].page[n], 0, PAGE_SIZE);
		virtio_reset(g[i].d);
		for (unsigned int q = 0; q < nitems(g[i].free); q++)
			g[i].free[q] = g[i].told[q] = g[i].seen[q] = 0;
	}
	entropy_use(data, size);
	while (entropy_left > 0)
		any();
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, hostile_guest);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
