/*
 * For tests of virtio devices: 64 KiB of guest RAM at an address of its own,
 * each page a block that the sanitizers watch, the registers by name, and a
 * driver that does as the standard says, until a test has it do otherwise.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/virtio.h"

#define	RAM		0x40000000ull
#define	RAM_PAGES	16
#define	NUM		8		/* descriptors of a queue */
/* Where a test has the rings of queue q, and its data. */
#define	DESC(q)		(RAM + 0x1000 * (q))
#define	AVAIL(q)	(DESC(q) + 0x400)
#define	USED(q)		(DESC(q) + 0x800)
#define	DATA		(RAM + 0x4000)

struct driver {
	struct virtio	*d;
	char		*page[RAM_PAGES];
	bool		line;
	unsigned int	rises, free[2], told[2], seen[2];
};

static void *
driver_memory(void *ctx, uint64_t ipa, bool write)
{
	struct driver *g = ctx;
	uint64_t page = (ipa - RAM) / PAGE_SIZE;

	(void)write;
	return (ipa < RAM || page >= RAM_PAGES ? NULL :
	    g->page[page] + ipa % PAGE_SIZE);
}

static void
driver_line(void *ctx, unsigned int slot, bool level)
{
	struct driver *g = ctx;

	ATF_REQUIRE_EQ(7, slot);
	ATF_REQUIRE(level != g->line);
	g->line = level;
	g->rises += level;
}

static const struct virtio_ops driver_ops = { driver_memory, driver_line };

static inline void
driver_init(struct driver *g, struct virtio *d)
{

	*g = (struct driver){ .d = d };
	for (unsigned int i = 0; i < RAM_PAGES; i++)
		ATF_REQUIRE((g->page[i] = calloc(1, PAGE_SIZE)) != NULL);
}

/* What it writes to guest memory, and reads: inside of a page. */
static inline void
driver_put(struct driver *g, uint64_t ipa, const void *p, size_t n)
{

	memcpy(driver_memory(g, ipa, true), p, n);
}

static inline uint32_t
driver_get(struct driver *g, uint64_t ipa, size_t n)
{
	uint32_t v = 0;

	memcpy(&v, driver_memory(g, ipa, false), n);
	return (v);
}

static inline enum mmio_result
driver_access(struct driver *g, bool write, uint32_t offset, uint8_t bytes,
    uint64_t *v)
{
	struct mmio m = { offset, bytes, write, write ? *v : 0 };
	enum mmio_result r = virtio_mmio(g->d, &m);

	*v = m.value;
	return (r);
}

static inline uint32_t
driver_rd(struct driver *g, uint32_t offset)
{
	uint64_t v = 0;

	ATF_REQUIRE_EQ(MMIO_OK, driver_access(g, false, offset, 4, &v));
	return ((uint32_t)v);
}

/* How often the write is repeated until the device has done all. */
static inline unsigned int
driver_wr(struct driver *g, uint32_t offset, uint32_t value)
{
	unsigned int n = 1;
	uint64_t v = value;

	while (driver_access(g, true, offset, 4, &v) == MMIO_AGAIN)
		ATF_REQUIRE(++n < 100000);
	return (n);
}

static inline void
driver_queue(struct driver *g, unsigned int q)
{
	const uint64_t at[] = { DESC(q), AVAIL(q), USED(q) };

	driver_wr(g, 0x30, q);
	ATF_REQUIRE_EQ(VIRTIO_NUM, driver_rd(g, 0x34));
	driver_wr(g, 0x38, NUM);
	for (unsigned int i = 0; i < 3; i++) {
		driver_wr(g, 0x80 + 16 * i, (uint32_t)at[i]);
		driver_wr(g, 0x84 + 16 * i, at[i] >> 32);
	}
	driver_wr(g, 0x44, 1);
	g->free[q] = g->told[q] = g->seen[q] = 0;
	for (unsigned int i = 0; i < 3; i++)
		memset(driver_memory(g, at[i], true), 0, 0x400);
}

/* From reset to DRIVER_OK (3.1.1). */
static inline void
driver_start(struct driver *g, unsigned int queues, uint32_t features)
{

	ATF_REQUIRE_EQ(0x74726976, driver_rd(g, 0x00));
	ATF_REQUIRE_EQ(2, driver_rd(g, 0x04));
	driver_wr(g, 0x70, 0);
	driver_wr(g, 0x70, 1);
	driver_wr(g, 0x70, 3);
	driver_wr(g, 0x24, 0);
	driver_wr(g, 0x20, features);
	driver_wr(g, 0x24, 1);
	driver_wr(g, 0x20, 1);
	driver_wr(g, 0x70, 0xb);
	ATF_REQUIRE_EQ(0xb, driver_rd(g, 0x70));
	for (unsigned int q = 0; q < queues; q++)
		driver_queue(g, q);
	driver_wr(g, 0x70, 0xf);
	ATF_REQUIRE_EQ(0xf, driver_rd(g, 0x70));
}

/* Descriptor i of queue q. */
static inline void
driver_desc(struct driver *g, unsigned int q, unsigned int i, uint64_t ipa,
    uint32_t len, uint16_t flags, uint16_t next)
{
	struct { uint64_t a; uint32_t l; uint16_t f, n; } d = { ipa, len,
	    flags, next };

	driver_put(g, DESC(q) + 16 * i, &d, sizeof(d));
}

/* Makes the chain that starts at descriptor i available. */
static inline void
driver_offer(struct driver *g, unsigned int q, uint16_t i)
{
	uint16_t idx;

	driver_put(g, AVAIL(q) + 4 + 2 * (g->told[q] % NUM), &i, 2);
	idx = (uint16_t)++g->told[q];
	driver_put(g, AVAIL(q) + 2, &idx, 2);
}

/* The next used chain: how much was written to it; -1: there is none. */
static inline int64_t
driver_used(struct driver *g, unsigned int q)
{

	if ((uint16_t)driver_get(g, USED(q) + 2, 2) == (uint16_t)g->seen[q])
		return (-1);
	return (driver_get(g, USED(q) + 8 + 8 * (g->seen[q]++ % NUM), 4));
}

#define	BROKEN(g)	((driver_rd(g, 0x70) & 0x40) != 0)
