/*
 * For tests of the ITS: a machine with a virtual GIC whose vCPU n is loaded
 * on CPU n of arch/fake/lr_fake.h, 68 KiB of guest RAM, each page a block
 * that the sanitizers watch, and a driver that does as the manual says.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "arch/fake/lr_fake.h"
#include "vgic/vgic_private.h"
#include "vits/vits.h"

#define	RAM		0x40000000ull
#define	RAM_PAGES	17
/* Where a test has its things, by default. */
#define	QUEUE		RAM			/* a page */
#define	CONFIG		(RAM + 0x1000)
#define	LPI(n)		(8192u + (n))
#define	VALID		(1ull << 63)

static struct vgic vg;
static struct vgic_cpu vcs[MACHINE_MAX_VCPUS];
static struct vits its;
static uint32_t kicked;			/* vCPUs, atomic */
static bool threads;			/* a CPU each */
static char *page[RAM_PAGES];
static unsigned int refused, refusals;	/* the last command, how many */
static const char *why;

static void *
ram(void *ctx, uint64_t ipa, bool write)
{
	uint64_t n = (ipa - RAM) / PAGE_SIZE;

	(void)ctx;
	(void)write;
	return (ipa < RAM || n >= RAM_PAGES ? NULL : page[n] + ipa % PAGE_SIZE);
}

static void
refuse(void *ctx, unsigned int command, const char *reason)
{

	(void)ctx;
	refused = command;
	why = reason;
	refusals++;
}

/*
 * As if that CPU took it at once: who waits for the list registers of a vCPU
 * would wait for ever, on this one thread.
 */
static void
kick(struct vgic_cpu *vc)
{
	unsigned int me = lr_fake_cpu();

	__atomic_fetch_or(&kicked, 1u << vc->index, __ATOMIC_SEQ_CST);
	if (threads || vc->holds == 0 || !vc->live)
		return;
	lr_fake_select(vc->index);
	vgic_lr_fold_all(vc);
	vc->live = false;
	lr_fake_select(me);
}

static const struct vgic_ops machine_gic = { .kick = kick };
static const struct vits_ops machine_its = { ram, refuse };

/* A vCPU looks at its interrupts, as after a kick, on its own CPU. */
static inline void
serve(unsigned int cpu)
{
	unsigned int me = lr_fake_cpu();

	lr_fake_select(cpu);
	for (unsigned int n = 0;
	    __atomic_load_n(&kicked, __ATOMIC_SEQ_CST) >> cpu & 1 ||
	    lr_fake_maintenance(cpu); n++) {
		ATF_REQUIRE_MSG(threads || n < 10,
		    "storm of maintenance interrupts");
		__atomic_fetch_and(&kicked, ~(1u << cpu), __ATOMIC_SEQ_CST);
		vgic_sync(&vcs[cpu]);
	}
	lr_fake_select(me);
}

/* Power-on, CPU interfaces open, group 1 on. */
static inline void
machine_start(unsigned int nvcpus, unsigned int lrs)
{

	for (unsigned int i = 0; i < RAM_PAGES; i++) {
		free(page[i]);
		ATF_REQUIRE((page[i] = calloc(1, PAGE_SIZE)) != NULL);
	}
	lr_fake_init(3, lrs, 5);
	vgic_init(&vg, 3, nvcpus, &machine_gic);
	for (unsigned int c = 0; c < nvcpus; c++)
		vgic_cpu_init(&vg, &vcs[c], c);
	memset(&its, 0, sizeof(its));
	vits_init(&its, &vg, &machine_its, NULL);
	vgic_reset(&vg);
	kicked = refusals = 0;
	for (unsigned int c = nvcpus; c-- > 0;) {
		lr_fake_select(c);
		vgic_load(&vcs[c]);
		lr_fake_set_vmcr(~0u, 0xff00000b);
	}
	vg.group_on[1] = ~0u;
}

static inline enum mmio_result
machine_access(bool redist, bool write, uint32_t off, uint8_t size,
    uint64_t *v)
{
	struct mmio m = { off, size, write, write ? *v : 0 };
	enum mmio_result r = redist ? vits_redist_mmio(&its, lr_fake_cpu(),
	    &m) : vits_mmio(&its, lr_fake_cpu(), &m);

	*v = m.value;
	return (r);
}

static inline uint64_t
rd(uint32_t off, uint8_t size)
{
	uint64_t v = 0;

	ATF_REQUIRE_EQ(MMIO_OK, machine_access(false, false, off, size, &v));
	return (v);
}

/* How often it had to be repeated. */
static inline unsigned int
wr(uint32_t off, uint8_t size, uint64_t value)
{
	unsigned int n = 1;
	uint64_t v = value;

	while (machine_access(false, true, off, size, &v) == MMIO_AGAIN) {
		ATF_REQUIRE(++n < 100000);
		v = value;
	}
	return (n);
}

static inline uint64_t
rrd(uint32_t off, uint8_t size)
{
	uint64_t v = 0;

	ATF_REQUIRE_EQ(MMIO_OK, machine_access(true, false, off, size, &v));
	return (v);
}

static inline void
rwr(uint32_t off, uint8_t size, uint64_t v)
{

	ATF_REQUIRE_EQ(MMIO_OK, machine_access(true, true, off, size, &v));
}

#define	GICR(c, off)	((c) * MACHINE_GICR_STRIDE + (off))
#define	GITS_CTLR	0x00
#define	GITS_TYPER	0x08
#define	GITS_CBASER	0x80
#define	GITS_CWRITER	0x88
#define	GITS_CREADR	0x90
#define	GITS_BASER	0x100

/* A command goes into the queue; who tells it is the caller's. */
static inline void
post(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	const uint64_t words[] = { a, b, c, d };
	uint32_t at = (uint32_t)its.cwriter;

	memcpy(ram(NULL, QUEUE + at, true), words, sizeof(words));
	wr(GITS_CWRITER, 4, (at + 32) % 4096);
	for (unsigned int i = 0; i < vg.nvcpus; i++)
		serve(i);
}

#define	ID(device)	((uint64_t)(device) << 32)
static inline void
mapd(uint32_t device, unsigned int bits, bool valid)
{

	post(ID(device) | 0x08, bits - 1, valid ? VALID : 0, 0);
}

static inline void
mapc(unsigned int icid, uint64_t cpu, bool valid)
{

	post(0x09, 0, icid | cpu << 16 | (valid ? VALID : 0), 0);
}

static inline void
mapti(uint32_t device, uint32_t event, uint32_t intid, unsigned int icid)
{

	post(ID(device) | 0x0a, event | (uint64_t)intid << 32, icid, 0);
}

/* INT, CLEAR, INV, DISCARD. */
static inline void
about(unsigned int opcode, uint32_t device, uint32_t event)
{

	post(ID(device) | opcode, event, 0, 0);
}
#define	INT(d, e)	about(0x03, d, e)
#define	CLEAR(d, e)	about(0x04, d, e)
#define	INV(d, e)	about(0x0c, d, e)
#define	DISCARD(d, e)	about(0x0f, d, e)

static inline void
configure(unsigned int lpi, uint8_t prio, bool on)
{

	*(uint8_t *)ram(NULL, CONFIG + lpi, true) =
	    (uint8_t)(prio | (on ? 1 : 0));
}

/* Tables and queue, both ends enabled; all LPIs on, at 0xa0. */
static inline void
machine_driver(void)
{

	for (unsigned int i = 0; i < VITS_LPIS; i++)
		configure(i, 0xa0, true);
	wr(GITS_BASER, 8, VALID | 2 << 8);	/* 64 KiB: ids to 0xffff */
	wr(GITS_BASER + 8, 8, VALID);
	wr(GITS_CBASER, 8, VALID | QUEUE);
	for (unsigned int c = 0; c < vg.nvcpus; c++) {
		rwr(GICR(c, 0x70), 8, CONFIG | 13);
		rwr(GICR(c, 0x78), 8, 1ull << 62);
		rwr(GICR(c, 0), 4, 1);
	}
	wr(GITS_CTLR, 4, 1);
}

/* The LPI that a CPU acknowledges, or LR_FAKE_NONE; it ends it. */
static inline unsigned int
take(unsigned int cpu)
{
	unsigned int me = lr_fake_cpu(), id;

	serve(cpu);
	lr_fake_select(cpu);
	id = lr_fake_ack(1);
	serve(cpu);
	if (id != LR_FAKE_NONE) {
		lr_fake_eoi(1, id);
		serve(cpu);
	}
	lr_fake_select(me);
	return (id);
}
