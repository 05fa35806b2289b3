/*
 * The transport and queues, and each device, by a driver that keeps to the
 * standard and by one that does not.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "virtio_driver.h"

#include "virtio/vconsole.h"
#include "virtio/vnet.h"
#include "virtio/vrng.h"

static struct driver g, h;
static struct vrng rng;
static struct vconsole console;
static struct vnet_link link_;
static char said[4096];
static size_t nsaid;

static void
fill(void *buf, size_t n)
{

	memset(buf, 0x5a, n);
}

static unsigned int listens = ~0u;	/* to so many characters */

static bool
sink(void *ctx, char c)
{

	(void)ctx;
	ATF_REQUIRE(nsaid < sizeof(said));
	if (listens == 0)
		return (false);
	listens--;
	said[nsaid++] = c;
	return (true);
}

static void
fresh_rng(void)
{

	driver_init(&g, &rng.d);
	virtio_init(&rng.d, &vrng_kind, &driver_ops, &g, 7, NULL);
	rng.fill = fill;
}

ATF_TC_WITHOUT_HEAD(registers);
ATF_TC_BODY(registers, tc)
{
	uint64_t v = 1;

	(void)tc;
	fresh_rng();
	ATF_CHECK_EQ(0x74726976, driver_rd(&g, 0));
	ATF_CHECK_EQ(2, driver_rd(&g, 4));
	ATF_CHECK_EQ(VIRTIO_ID_RNG, driver_rd(&g, 8));
	ATF_CHECK_EQ(0, driver_rd(&g, 0x10));
	driver_wr(&g, 0x14, 1);
	ATF_CHECK_EQ(1, driver_rd(&g, 0x10));	/* VERSION_1 */
	driver_wr(&g, 0x14, 2);
	ATF_CHECK_EQ(0, driver_rd(&g, 0x10));
	ATF_CHECK_EQ(VIRTIO_NUM, driver_rd(&g, 0x34));
	driver_wr(&g, 0x30, 1);			/* there is none */
	ATF_CHECK_EQ(0, driver_rd(&g, 0x34));
	driver_wr(&g, 0x44, 1);
	ATF_CHECK_EQ(0, driver_rd(&g, 0x44));
	ATF_CHECK_EQ(~0u, driver_rd(&g, 0xb0));
	ATF_CHECK_EQ(~0u, driver_rd(&g, 0xb4));
	ATF_CHECK_EQ(0, driver_rd(&g, 0xfc));
	ATF_CHECK_EQ(0, driver_rd(&g, 0x1fc));	/* no configuration */
	ATF_CHECK_EQ(MMIO_FAULT, driver_access(&g, false, 0, 1, &v));
	ATF_CHECK_EQ(MMIO_FAULT, driver_access(&g, true, 0x70, 8, &v));
	ATF_CHECK_EQ(MMIO_OK, driver_access(&g, false, 0x101, 1, &v));
}

/* 3.1.1: what it does not offer it does not take. */
ATF_TC_WITHOUT_HEAD(negotiation);
ATF_TC_BODY(negotiation, tc)
{

	(void)tc;
	fresh_rng();
	driver_wr(&g, 0x70, 0xb);		/* no VERSION_1: legacy */
	ATF_CHECK_EQ(3, driver_rd(&g, 0x70));
	driver_wr(&g, 0x24, 1);
	driver_wr(&g, 0x20, 3);			/* another one */
	driver_wr(&g, 0x70, 0xb);
	ATF_CHECK_EQ(3, driver_rd(&g, 0x70));
	driver_wr(&g, 0x70, 0xf);		/* and goes on all the same */
	ATF_CHECK_EQ(3, driver_rd(&g, 0x70));
	driver_wr(&g, 0x20, 1);
	driver_wr(&g, 0x70, 0xb);
	ATF_CHECK_EQ(0xb, driver_rd(&g, 0x70));
	driver_wr(&g, 0x20, 3);			/* too late */
	driver_wr(&g, 0x70, 0xf);
	ATF_CHECK_EQ(0xf, driver_rd(&g, 0x70));
	driver_wr(&g, 0x70, 0xff);		/* NEEDS_RESET is not its */
	ATF_CHECK_EQ(0x8f, driver_rd(&g, 0x70));
	driver_wr(&g, 0x70, 0);
	ATF_CHECK_EQ(0, driver_rd(&g, 0x70));
}

ATF_TC_WITHOUT_HEAD(interrupt);
ATF_TC_BODY(interrupt, tc)
{
	uint16_t flags = 1;

	(void)tc;
	fresh_rng();
	driver_start(&g, 1, 0);
	driver_desc(&g, 0, 0, DATA, 16, 2, 0);
	driver_offer(&g, 0, 0);
	ATF_CHECK_EQ(1, driver_wr(&g, 0x50, 0));
	ATF_CHECK(g.line);
	ATF_CHECK_EQ(1, driver_rd(&g, 0x60));
	driver_wr(&g, 0x64, 2);
	ATF_CHECK(g.line);
	driver_wr(&g, 0x64, 1);
	ATF_CHECK(!g.line);
	/* Not wanted (2.7.7). */
	driver_put(&g, AVAIL(0), &flags, 2);
	driver_offer(&g, 0, 0);
	driver_wr(&g, 0x50, 0);
	ATF_CHECK(!g.line);
	ATF_CHECK_EQ(16, driver_used(&g, 0));
	ATF_CHECK_EQ(16, driver_used(&g, 0));
	ATF_CHECK_EQ(-1, driver_used(&g, 0));
	/* A reset takes it back. */
	flags = 0;
	driver_put(&g, AVAIL(0), &flags, 2);
	driver_offer(&g, 0, 0);
	driver_wr(&g, 0x50, 0);
	ATF_CHECK(g.line);
	virtio_reset(&rng.d);
	ATF_CHECK(!g.line);
	ATF_CHECK_EQ(0, driver_rd(&g, 0x70));
	driver_offer(&g, 0, 0);
	driver_wr(&g, 0x50, 0);
	ATF_CHECK(!g.line);
}

/* Parts of a chain, some over a page's end; the index goes round. */
ATF_TC_WITHOUT_HEAD(rng_chains);
ATF_TC_BODY(rng_chains, tc)
{

	(void)tc;
	fresh_rng();
	driver_start(&g, 1, 0);
	for (unsigned int i = 0; i < 70000; i++) {
		driver_desc(&g, 0, 5, DATA + 0xff8, 16, 3, 2);
		driver_desc(&g, 0, 2, DATA + 0x800, 4, 2, 0);
		driver_offer(&g, 0, 5);
		driver_wr(&g, 0x50, 0);
		ATF_REQUIRE_EQ(20, driver_used(&g, 0));
	}
	ATF_CHECK_EQ(0x5a5a5a5a, driver_get(&g, DATA + 0xffc, 4));
	ATF_CHECK_EQ(0x5a5a5a5a, driver_get(&g, DATA + 0x1004, 4));
	ATF_CHECK_EQ(0, driver_get(&g, DATA + 0x1008, 4));
	ATF_CHECK_EQ(0x5a5a5a5a, driver_get(&g, DATA + 0x800, 4));
	/* More than it gives at a time; several, one a step. */
	driver_desc(&g, 0, 0, DATA, 0x3000, 2, 0);
	for (unsigned int i = 0; i < 4; i++)
		driver_offer(&g, 0, 0);
	ATF_CHECK_EQ(4, driver_wr(&g, 0x50, 0));
	for (unsigned int i = 0; i < 4; i++)
		ATF_CHECK_EQ(256, driver_used(&g, 0));
	ATF_CHECK(!BROKEN(&g));
}

/* Each of these ends in DEVICE_NEEDS_RESET, and a reset helps. */
ATF_TC_WITHOUT_HEAD(hostile_rings);
ATF_TC_BODY(hostile_rings, tc)
{
	uint16_t far = NUM + 1;

	(void)tc;
	for (unsigned int i = 0; i < 14; i++) {
		fresh_rng();
		driver_start(&g, 1, 0);
		driver_desc(&g, 0, 0, DATA, 16, 2, 0);
		/* Behind the queue there is what looks as good. */
		driver_desc(&g, 0, NUM, DATA, 16, 2, 0);
		switch (i) {
		case 0:			/* a loop */
			driver_desc(&g, 0, 0, DATA, 16, 3, 0);
			break;
		case 1:			/* a longer one */
			driver_desc(&g, 0, 0, DATA, 16, 3, 1);
			driver_desc(&g, 0, 1, DATA, 16, 3, 0);
			break;
		case 2:			/* beyond the queue */
			driver_desc(&g, 0, 0, DATA, 16, 3, NUM);
			break;
		case 3:			/* no RAM */
			driver_desc(&g, 0, 0, RAM - 16, 16, 2, 0);
			break;
		case 4:			/* its end is none */
			driver_desc(&g, 0, 0, RAM + RAM_PAGES * PAGE_SIZE - 8,
			    16, 2, 0);
			break;
		case 5:			/* wraps */
			driver_desc(&g, 0, 0, ~0ull - 4, 16, 2, 0);
			break;
		case 6:			/* indirect: not offered */
			driver_desc(&g, 0, 0, DATA, 16, 4, 0);
			break;
		case 7:			/* to be read behind to be written */
			driver_desc(&g, 0, 0, DATA, 16, 3, 1);
			driver_desc(&g, 0, 1, DATA, 16, 0, 0);
			break;
		case 8:			/* nothing to write to */
			driver_desc(&g, 0, 0, DATA, 16, 0, 0);
			break;
		case 9:			/* a head beyond the queue */
			driver_offer(&g, 0, NUM);
			break;
		case 10:		/* more than the queue has */
			driver_offer(&g, 0, 0);
			driver_put(&g, AVAIL(0) + 2, &far, 2);
			break;
		case 11:		/* rings nowhere */
		case 12:
		case 13:
			driver_wr(&g, 0x44, 0);
			driver_wr(&g, 0x38, NUM);
			for (unsigned int r = 0; r < 3; r++) {
				driver_wr(&g, 0x80 + 16 * r, 0x400 * r +
				    (uint32_t)RAM);
				driver_wr(&g, 0x84 + 16 * r, r == i - 11);
			}
			driver_wr(&g, 0x44, 1);
			break;
		}
		if (i < 9 || i > 10)
			driver_offer(&g, 0, 0);
		driver_wr(&g, 0x50, 0);
		ATF_CHECK_MSG(BROKEN(&g), "case %u", i);
		ATF_CHECK_MSG(driver_rd(&g, 0x60) == 2 && g.line, "case %u", i);
		/* And nothing more is done. */
		driver_desc(&g, 0, 0, DATA, 16, 2, 0);
		driver_offer(&g, 0, 0);
		driver_wr(&g, 0x50, 0);
		ATF_CHECK_EQ_MSG(-1, driver_used(&g, 0), "case %u", i);
		driver_start(&g, 1, 0);
		driver_desc(&g, 0, 0, DATA, 16, 2, 0);
		driver_offer(&g, 0, 0);
		driver_wr(&g, 0x50, 0);
		ATF_CHECK_EQ_MSG(16, driver_used(&g, 0), "case %u", i);
	}
}

/* A queue out of order is none. */
ATF_TC_WITHOUT_HEAD(hostile_queue);
ATF_TC_BODY(hostile_queue, tc)
{
	static const uint32_t bad[][4] = {	/* num, rings */
		{ 0, 0, 0x400, 0x800 }, { 3, 0, 0x400, 0x800 },
		{ VIRTIO_NUM * 2, 0, 0x400, 0x800 },
		{ 0x10008, 0, 0x400, 0x800 }, { NUM, 8, 0x400, 0x800 },
		{ NUM, 0, 0x401, 0x800 }, { NUM, 0, 0x400, 0x802 },
	};

	(void)tc;
	for (unsigned int i = 0; i < nitems(bad); i++) {
		fresh_rng();
		driver_start(&g, 1, 0);
		driver_wr(&g, 0x44, 0);
		driver_wr(&g, 0x38, bad[i][0]);
		for (unsigned int r = 0; r < 3; r++)
			driver_wr(&g, 0x80 + 16 * r, (uint32_t)RAM +
			    bad[i][r + 1]);
		driver_wr(&g, 0x44, 1);
		ATF_CHECK_MSG(driver_rd(&g, 0x44) == 0 && BROKEN(&g),
		    "case %u", i);
	}
}

ATF_TC_WITHOUT_HEAD(console_output);
ATF_TC_BODY(console_output, tc)
{
	char text[0x600];

	(void)tc;
	for (unsigned int i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	driver_init(&g, &console.d);
	virtio_init(&console.d, &vconsole_kind, &driver_ops, &g, 7,
	    NULL);
	console.sink = sink;
	driver_start(&g, 2, 0);
	driver_put(&g, DATA, text, sizeof(text));
	/* Three parts, one of them empty: not all at once. */
	driver_desc(&g, 1, 0, DATA, 0x333, 1, 1);
	driver_desc(&g, 1, 1, DATA, 0, 1, 2);
	driver_desc(&g, 1, 2, DATA + 0x333, sizeof(text) - 0x333, 0, 0);
	driver_offer(&g, 1, 0);
	ATF_CHECK_EQ(sizeof(text) / 128, driver_wr(&g, 0x50, 1));
	ATF_CHECK_EQ(sizeof(text), nsaid);
	ATF_CHECK_EQ(0, memcmp(text, said, nsaid));
	ATF_CHECK_EQ(0, driver_used(&g, 1));
	/* A reset in the middle of a chain: the next starts at its start. */
	uint64_t v = 1;
	nsaid = 0;
	driver_offer(&g, 1, 0);
	ATF_CHECK_EQ(MMIO_AGAIN, driver_access(&g, true, 0x50, 4, &v));
	driver_start(&g, 2, 0);
	driver_desc(&g, 1, 0, DATA, 4, 0, 0);
	driver_offer(&g, 1, 0);
	nsaid = 0;
	driver_wr(&g, 0x50, 1);
	ATF_CHECK_EQ(4, nsaid);
	/* The chain shrinks while it is sent. */
	driver_desc(&g, 1, 0, DATA, 1000, 0, 0);
	driver_offer(&g, 1, 0);
	ATF_CHECK_EQ(MMIO_AGAIN, driver_access(&g, true, 0x50, 4, &v));
	driver_desc(&g, 1, 0, DATA, 1, 0, 0);
	driver_wr(&g, 0x50, 1);
	ATF_CHECK_EQ(4 + 128, nsaid);
	/* Nobody listens any more: it goes on where it was. */
	while (driver_used(&g, 1) >= 0)
		;
	nsaid = 0;
	listens = 5;
	driver_desc(&g, 1, 0, DATA, 8, 0, 0);
	driver_offer(&g, 1, 0);
	ATF_CHECK_EQ(MMIO_AGAIN, driver_access(&g, true, 0x50, 4, &v));
	ATF_CHECK_EQ(MMIO_AGAIN, driver_access(&g, true, 0x50, 4, &v));
	ATF_CHECK_EQ(-1, driver_used(&g, 1));
	listens = ~0u;
	driver_wr(&g, 0x50, 1);
	ATF_CHECK_EQ(8, nsaid);
	ATF_CHECK_EQ(0, memcmp(text, said, nsaid));
	ATF_CHECK_EQ(0, driver_used(&g, 1));
	ATF_CHECK(!BROKEN(&g));
}

ATF_TC_WITHOUT_HEAD(console_input);
ATF_TC_BODY(console_input, tc)
{
	bool taken = true;

	(void)tc;
	driver_init(&g, &console.d);
	virtio_init(&console.d, &vconsole_kind, &driver_ops, &g, 7,
	    NULL);
	console.sink = sink;
	ATF_CHECK(!vconsole_input(&console, 'x', &taken));
	driver_start(&g, 2, 0);
	ATF_CHECK(vconsole_input(&console, 'x', &taken) && !taken);
	driver_desc(&g, 0, 3, DATA, 8, 2, 0);
	driver_offer(&g, 0, 3);
	driver_wr(&g, 0x50, 0);
	ATF_CHECK(vconsole_input(&console, 'x', &taken) && taken);
	ATF_CHECK_EQ(1, driver_used(&g, 0));
	ATF_CHECK_EQ('x', driver_get(&g, DATA, 1));
	ATF_CHECK(g.line);
	ATF_CHECK(vconsole_input(&console, 'y', &taken) && !taken);
	driver_desc(&g, 0, 3, DATA, 8, 0, 0);
	driver_offer(&g, 0, 3);
	ATF_CHECK(vconsole_input(&console, 'y', &taken) && !taken);
	ATF_CHECK(BROKEN(&g));
}

static void
fresh_link(void)
{

	memset(&link_, 0, sizeof(link_));
	driver_init(&g, &link_.end[0].d);
	driver_init(&h, &link_.end[1].d);
	vnet_join(&link_, &driver_ops, &g, 7, 3);
	vnet_join(&link_, &driver_ops, &h, 7, 9);
	driver_start(&g, 2, 1u << 5);
}

/* A frame of n bytes, header and all, from a to whom it may concern. */
static void
send(struct driver *a, uint32_t n, uint8_t byte)
{
	char buf[0x1000];

	memset(buf, byte, sizeof(buf));
	driver_put(a, DATA, buf, sizeof(buf));
	driver_desc(a, 1, 0, DATA, 12, 1, 1);
	driver_desc(a, 1, 1, DATA + 12, n - 12, 0, 0);
	driver_offer(a, 1, 0);
	driver_wr(a, 0x50, 1);
}

ATF_TC_WITHOUT_HEAD(net);
ATF_TC_BODY(net, tc)
{
	static const uint8_t mac[] = { 2, 'A', 'p', 'i', 0, 3 };
	uint64_t v = 0;

	(void)tc;
	fresh_link();
	for (unsigned int i = 0; i < 6; i++) {
		driver_access(&g, false, 0x100 + i, 1, &v);
		ATF_CHECK_EQ(mac[i], v);
	}
	driver_access(&h, false, 0x104, 2, &v);
	ATF_CHECK_EQ(0x0900, v);
	/* Nobody listens: lost, and used. */
	send(&g, 100, 1);
	ATF_CHECK_EQ(0, driver_used(&g, 1));
	/* No room: it waits. */
	driver_start(&h, 2, 1u << 5);
	send(&g, 100, 2);
	ATF_CHECK_EQ(-1, driver_used(&g, 1));
	driver_desc(&h, 0, 4, DATA + 0x1000, 1530, 2, 0);
	driver_offer(&h, 0, 4);
	driver_wr(&h, 0x50, 0);
	ATF_CHECK_EQ(0, driver_used(&g, 1));
	ATF_CHECK_EQ(100, driver_used(&h, 0));
	ATF_CHECK(g.line && h.line);
	/* The header is ours: zero, but one buffer. */
	ATF_CHECK_EQ(0, driver_get(&h, DATA + 0x1000, 4));
	ATF_CHECK_EQ(0x00010000, driver_get(&h, DATA + 0x1008, 4));
	ATF_CHECK_EQ(0x02020202, driver_get(&h, DATA + 0x100c, 4));
	ATF_CHECK_EQ(0x02020202, driver_get(&h, DATA + 0x1000 + 96, 4));
	ATF_CHECK_EQ(0, driver_get(&h, DATA + 0x1000 + 100, 4));
	/* Larger than the buffer, than any frame, no frame: lost. */
	driver_desc(&h, 0, 4, DATA + 0x1000, 50, 2, 0);
	driver_offer(&h, 0, 4);
	send(&g, 100, 3);
	send(&g, 1531, 3);
	send(&g, 12, 3);
	for (unsigned int i = 0; i < 3; i++)
		ATF_CHECK_EQ(0, driver_used(&g, 1));
	ATF_CHECK_EQ(-1, driver_used(&h, 0));
	send(&g, 50, 4);
	ATF_CHECK_EQ(50, driver_used(&h, 0));
	ATF_CHECK(!BROKEN(&g) && !BROKEN(&h));
}

/* What one breaks is its own. */
ATF_TC_WITHOUT_HEAD(net_hostile);
ATF_TC_BODY(net_hostile, tc)
{

	(void)tc;
	fresh_link();
	driver_start(&h, 2, 0);
	driver_desc(&h, 0, 4, RAM - 0x1000, 1530, 2, 0);
	driver_offer(&h, 0, 4);
	send(&g, 100, 1);
	ATF_CHECK(BROKEN(&h) && !BROKEN(&g));
	ATF_CHECK_EQ(0, driver_used(&g, 1));
	driver_start(&h, 2, 0);
	driver_desc(&h, 0, 4, DATA, 1530, 2, 0);
	driver_offer(&h, 0, 4);
	driver_desc(&g, 1, 3, RAM - 0x1000, 100, 0, 0);
	driver_offer(&g, 1, 3);
	driver_wr(&g, 0x50, 1);
	ATF_CHECK(!BROKEN(&h) && BROKEN(&g));
	ATF_CHECK_EQ(-1, driver_used(&h, 0));
	driver_start(&g, 2, 0);
	send(&g, 100, 1);
	ATF_CHECK_EQ(100, driver_used(&h, 0));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, registers);
	ATF_TP_ADD_TC(tp, negotiation);
	ATF_TP_ADD_TC(tp, interrupt);
	ATF_TP_ADD_TC(tp, rng_chains);
	ATF_TP_ADD_TC(tp, hostile_rings);
	ATF_TP_ADD_TC(tp, hostile_queue);
	ATF_TP_ADD_TC(tp, console_output);
	ATF_TP_ADD_TC(tp, console_input);
	ATF_TP_ADD_TC(tp, net);
	ATF_TP_ADD_TC(tp, net_hostile);
	return (atf_no_error());
}
