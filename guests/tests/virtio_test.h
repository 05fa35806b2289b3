/*
 * For guests that drive virtio devices: registers, one queue or two, chains
 * (Virtual I/O Device 1.2). Must not know any device.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <libfdt.h>

#include "abi/hypercall.h"
#include "guest.h"

#define	NUM		8u
#define	NET		1u
#define	CONSOLE		3u
#define	RNG		4u
#define	WAIT_US		5000000

struct desc {
	uint64_t	ipa;
	uint32_t	len;
	uint16_t	flags, next;
};

struct queue {
	struct desc	desc[NUM];
	struct { uint16_t flags, idx, ring[NUM]; } avail;
	uint8_t		gap[64];
	struct { uint16_t flags, idx; struct { uint32_t id, len; } ring[NUM]; }
			used __attribute__((aligned(4)));
	uint16_t	seen;
};

struct device {
	uint64_t	base;
	uint32_t	intid;
	struct queue	*q[2];
};

static struct device dev;
static volatile uint32_t interrupts;
static char *data;

static inline uint32_t
rd(uint32_t reg)
{

	return (mmio_read(dev.base + reg));
}

static inline void
wr(uint32_t reg, uint32_t v)
{

	dmb();
	mmio_write(dev.base + reg, v);
}

/* The registers of a node, and its SPI. */
static inline uint64_t
find(const char *compatible, unsigned int which, unsigned int entry,
    uint64_t *size, uint32_t *intid)
{
	int node = -1;
	const fdt32_t *p;

	for (unsigned int i = 0; i <= which; i++)
		if ((node = fdt_node_offset_by_compatible(machine.fdt, node,
		    compatible)) < 0)
			return (0);
	p = fdt_getprop(machine.fdt, node, "interrupts", NULL);
	*intid = 32 + fdt32_to_cpu(p[1]);
	p = (const fdt32_t *)fdt_getprop(machine.fdt, node, "reg", NULL) +
	    entry * 4;
	*size = fdt32_to_cpu(p[3]);
	return ((uint64_t)fdt32_to_cpu(p[0]) << 32 | fdt32_to_cpu(p[1]));
}

static inline void
on_interrupt(uint32_t intid)
{

	if (intid != dev.intid)
		return;
	interrupts++;
	wr(0x64, rd(0x60));
}

static inline void
queue(unsigned int q)
{
	uint64_t at[3];

	if (dev.q[q] == NULL)
		dev.q[q] = memory_alloc(sizeof(struct queue), 16);
	memset(dev.q[q], 0, sizeof(struct queue));
	at[0] = (uint64_t)dev.q[q]->desc;
	at[1] = (uint64_t)&dev.q[q]->avail;
	at[2] = (uint64_t)&dev.q[q]->used;
	wr(0x30, q);
	REQUIRE(rd(0x34) >= NUM);
	wr(0x38, NUM);
	for (unsigned int i = 0; i < 3; i++) {
		wr(0x80 + 16 * i, (uint32_t)at[i]);
		wr(0x84 + 16 * i, (uint32_t)(at[i] >> 32));
	}
	wr(0x44, 1);
	REQUIRE(rd(0x44) == 1);
}

/* From reset to DRIVER_OK (3.1.1). */
static inline void
start(unsigned int queues)
{

	wr(0x70, 0);
	wr(0x70, 3);
	wr(0x24, 0);
	wr(0x20, 0);
	wr(0x24, 1);
	wr(0x20, 1);			/* VERSION_1 */
	wr(0x70, 0xb);
	REQUIRE(rd(0x70) == 0xb);
	for (unsigned int q = 0; q < queues; q++)
		queue(q);
	wr(0x70, 0xf);
	REQUIRE(rd(0x70) == 0xf);
	interrupts = 0;
	irq_handler(on_interrupt);
	gic_route(dev.intid, 0);
	gic_enable(dev.intid);
}

/* The device with this number, in working order; skips without. */
static inline void
begin(uint32_t id, unsigned int queues)
{
	uint64_t size;

	for (unsigned int i = 0;; i++) {
		dev = (struct device){ .base = find("virtio,mmio", i, 0, &size,
		    &dev.intid), .intid = dev.intid };
		if (dev.base == 0)
			case_skip("this VM has no such device");
		mmu_map(dev.base & ~(PAGE_SIZE - 1), PAGE_SIZE, true, false);
		if (rd(8) == id)
			break;
	}
	data = memory_alloc(2 * PAGE_SIZE, PAGE_SIZE);
	start(queues);
}

static inline void
describe(unsigned int q, unsigned int i, const void *p, uint32_t len,
    uint16_t flags, uint16_t next)
{

	dev.q[q]->desc[i] = (struct desc){ (uint64_t)p, len, flags, next };
}

static inline void
offer(unsigned int q, uint16_t head)
{
	struct queue *u = dev.q[q];

	u->avail.ring[u->avail.idx % NUM] = head;
	dmb();
	*(volatile uint16_t *)&u->avail.idx = u->avail.idx + 1;
	wr(0x50, q);
}

/* To another VM on this CPU, and to another CPU of an emulator. */
static inline void
give_way(void)
{

	__asm__ volatile("yield");
	hvc(HC_YIELD, 0, 0, 0);
}

/* The next used chain: what was written to it; -1: none came. */
static inline int64_t
used(unsigned int q)
{
	struct queue *u = dev.q[q];
	uint64_t start_at = counter();

	while (*(volatile uint16_t *)&u->used.idx == u->seen) {
		if (counter() - start_at > counter_hz() * 5)
			return (-1);
		give_way();
	}
	dmb();
	return (u->used.ring[u->seen++ % NUM].len);
}
