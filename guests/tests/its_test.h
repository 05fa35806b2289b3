/*
 * An ITS and its redistributors as a driver uses them (IHI 0069, 5 and 12.11
 * to 12.13): set up once, then commands. Must not know what is tested.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "gic_test.h"

#define	GITS_CTLR	0x0000
#define	GITS_IIDR	0x0004
#define	GITS_TYPER	0x0008
#define	GITS_CBASER	0x0080
#define	GITS_CWRITER	0x0088
#define	GITS_CREADR	0x0090
#define	GITS_BASER	0x0100
#define	GITS_PIDR2	0xffe8
#define	GICR_CTLR	0x0000
#define	GICR_TYPER	0x0008
#define	GICR_PROPBASER	0x0070
#define	GICR_PENDBASER	0x0078
#define	GICD_TYPER	0x0004

#define	VALID		(1ul << 63)
#define	QUEUE_SIZE	4096u
#define	TABLE		0x10000ul	/* of devices, of collections */
#define	LPI0		8192u
#define	CACHED		(7ul << 7 | 1ul << 10)	/* inner, shareable */

enum {
	ITS_MOVI = 0x01, ITS_INT = 0x03, ITS_CLEAR = 0x04, ITS_SYNC = 0x05,
	ITS_MAPD = 0x08, ITS_MAPC = 0x09, ITS_MAPTI = 0x0a, ITS_MAPI = 0x0b,
	ITS_INV = 0x0c, ITS_INVALL = 0x0d, ITS_MOVALL = 0x0e,
	ITS_DISCARD = 0x0f,
};

static uint64_t *its_queue;
static uint8_t *its_config;		/* a byte for each LPI */
static uint64_t its_rd[8];		/* redistributors, by CPU */
static uint64_t its_itt;

static inline uint64_t
mmio_read64(uint64_t addr)
{
	uint64_t v;

	__asm__ volatile("ldr %0, [%1]" : "=r" (v) : "r" (addr) : "memory");
	return (v);
}

static inline void
mmio_write64(uint64_t addr, uint64_t v)
{

	__asm__ volatile("str %x0, [%1]" : : "rZ" (v), "r" (addr) : "memory");
}

static inline void *
its_memory(size_t size, size_t align)
{

	return (memset(memory_alloc(size, align), 0, size));
}

static inline void
its_find_redistributors(void)
{
	uint64_t at = machine.gicr, typer;
	unsigned int c;

	do {
		typer = mmio_read64(at + GICR_TYPER);
		for (c = 0; c < machine.ncpus; c++)
			if (typer >> 32 == (machine.mpidr[c] & 0xffffff))
				its_rd[c] = at;
		at += typer & 2 ? 0x40000 : 0x20000;
	} while (!(typer & 1 << 4));
}

/* What commands call a CPU (GITS_TYPER.PTA). */
static inline uint64_t
its_target(unsigned int cpu)
{

	return (mmio_read64(machine.its + GITS_TYPER) & 1ul << 19 ?
	    its_rd[cpu] >> 16 << 16 :
	    (mmio_read64(its_rd[cpu] + GICR_TYPER) >> 8 & 0xffff) << 16);
}

/* Until all that was posted is done; false: it is not, after a while. */
static inline bool
its_done(void)
{
	uint64_t start = counter(), ticks = LONG_US * counter_hz() / 1000000;

	while (mmio_read(machine.its + GITS_CREADR) !=
	    mmio_read(machine.its + GITS_CWRITER))
		if (counter() - start > ticks)
			return (false);
	return (true);
}

/* Into the queue; nobody is told. */
static inline void
its_write(uint32_t *at, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t *q = its_queue + *at / 8;

	q[0] = a;
	q[1] = b;
	q[2] = c;
	q[3] = d;
	*at = (*at + 32) % QUEUE_SIZE;
}

static inline bool
its_post(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint32_t at = mmio_read(machine.its + GITS_CWRITER);

	its_write(&at, a, b, c, d);
	dsb();
	mmio_write(machine.its + GITS_CWRITER, at);
	return (its_done());
}

static inline void
its_sync(unsigned int cpu)
{

	its_post(ITS_SYNC, 0, its_target(cpu), 0);
}

#define	ITS_DEVICE(id)	((uint64_t)(id) << 32)

static inline void
its_event(unsigned int opcode, uint32_t device, uint32_t event)
{

	its_post(ITS_DEVICE(device) | opcode, event, 0, 0);
	its_sync(0);
}

/* 2^bits events; bits 0: no more. */
static inline void
its_mapd(uint32_t device, unsigned int bits)
{

	its_post(ITS_DEVICE(device) | ITS_MAPD, (bits - 1) & 31,
	    bits != 0 ? VALID | its_itt : 0, 0);
}

static inline void
its_mapti(uint32_t device, uint32_t event, uint32_t intid, unsigned int icid)
{

	its_post(ITS_DEVICE(device) | ITS_MAPTI,
	    event | (uint64_t)intid << 32, icid, 0);
}

static inline void
its_configure(uint32_t intid, uint8_t prio, bool on)
{

	((volatile uint8_t *)its_config)[intid - LPI0] = prio | 2 | on;
	dsb();
}

/* Tables, both ends on, collection n at CPU n; once. */
static inline void
its_start(void)
{
	unsigned int i, bits = mmio_read(machine.gicd + GICD_TYPER) >> 19 & 31;
	uint64_t b;

	if (its_queue != NULL)
		return;
	its_queue = its_memory(QUEUE_SIZE, 0x10000);
	if (bits > 15)
		bits = 15;
	its_config = its_memory((2ul << bits) - LPI0, 0x1000);
	its_itt = (uint64_t)its_memory(0x1000, 0x1000);
	its_find_redistributors();
	for (i = 0; i < machine.ncpus; i++) {
		mmio_write64(its_rd[i] + GICR_PROPBASER,
		    (uint64_t)its_config | CACHED | bits);
		mmio_write64(its_rd[i] + GICR_PENDBASER, 1ul << 62 | CACHED |
		    (uint64_t)its_memory(0x10000, 0x10000));
		mmio_write(its_rd[i] + GICR_CTLR,
		    mmio_read(its_rd[i] + GICR_CTLR) | 1);
	}
	for (i = 0; i < 8; i++) {
		b = mmio_read64(machine.its + GITS_BASER + 8 * i);
		if ((b >> 56 & 7) != 1 && (b >> 56 & 7) != 4)
			continue;
		/* One page of 64 KiB, flat. */
		mmio_write64(machine.its + GITS_BASER + 8 * i, VALID |
		    1ul << 10 | 2ul << 8 | (uint64_t)its_memory(TABLE, TABLE));
	}
	mmio_write64(machine.its + GITS_CBASER, VALID | 1ul << 10 |
	    (uint64_t)its_queue);
	mmio_write(machine.its + GITS_CWRITER, 0);
	mmio_write(machine.its + GITS_CTLR, 1);
	for (i = 0; i < machine.ncpus; i++)
		its_post(ITS_MAPC, 0, VALID | its_target(i) | i, 0);
}
