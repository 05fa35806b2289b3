/*
 * The virtual GIC, one behaviour a case: registers by bank, lines, physical
 * interrupts, more than fits, switches, two CPUs at once. The guest's and
 * the hardware's part is played by arch/fake/lr_fake.h.
 * Over 500 lines because all cases play on the same machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include "arch/fake/lr_fake.h"
#include "vgic/vgic_private.h"

#define	GICR(c, off)	((c) * MACHINE_GICR_STRIDE + (off))
#define	SGI(c, off)	GICR(c, 0x10000 + (off))
#define	VMCR_OPEN	0xff00000bu	/* PMR 0xff, both groups on */
#define	EOIMODE		0x200u
#define	CONTROL		lr_fake[lr_fake_cpu()].hcr
#define	PINTID(vintid)	(vcs[0].bank[(vintid) / 32]->pintid[(vintid) % 32])

static struct vgic vg;
static struct vgic_cpu vcs[MACHINE_MAX_VCPUS];
static uint32_t kicked;			/* vCPUs, atomic */

static void
kick(struct vgic_cpu *vc)
{

	__atomic_fetch_or(&kicked, 1u << vc->index, __ATOMIC_SEQ_CST);
}

static const struct vgic_ops ops = { .kick = kick };

/* A machine whose vCPU n is loaded on CPU n; all interrupts enabled. */
static void
start(unsigned int version, unsigned int nvcpus, unsigned int lrs)
{
	unsigned int c, w;

	lr_fake_init(version, lrs, 5);
	vgic_init(&vg, version, nvcpus, &ops);
	for (c = 0; c < nvcpus; c++)
		vgic_cpu_init(&vg, &vcs[c], c);
	vgic_map_hw(&vg, 27, 19);
	vgic_map_hw(&vg, 50, 150);
	vgic_reset(&vg);
	kicked = 0;
	for (c = nvcpus; c-- > 0;) {
		lr_fake_select(c);
		vgic_load(&vcs[c]);
		lr_fake_set_vmcr(~0u, VMCR_OPEN);
		vcs[c].priv.enabled = ~0u;
	}
	for (w = 0; w < VGIC_WORDS - 1; w++) {
		vg.spi[w].enabled = ~0u;
		memset(vg.spi[w].dest, 0, sizeof(vg.spi[w].dest));
	}
	vg.group_on[0] = vg.group_on[1] = ~0u;
}

static enum mmio_result
try(bool redist, unsigned int vcpu, uint32_t off, unsigned int size,
    bool write, uint64_t *val)
{
	struct mmio m = { off, size, write, *val };
	enum mmio_result r;

	r = redist ? vgic_redist_mmio(&vg, vcpu, &m) :
	    vgic_dist_mmio(&vg, vcpu, &m);
	*val = m.value;
	return (r);
}

static uint64_t
rd(uint32_t off, unsigned int size)
{
	uint64_t v = 0xdead;

	ATF_REQUIRE_EQ(MMIO_OK, try(false, lr_fake_cpu(), off, size, false,
	    &v));
	return (v);
}

static void
wr(uint32_t off, unsigned int size, uint64_t v)
{

	ATF_REQUIRE_EQ(MMIO_OK, try(false, lr_fake_cpu(), off, size, true,
	    &v));
}

static uint64_t
rrd(uint32_t off, unsigned int size)
{
	uint64_t v = 0xdead;

	ATF_REQUIRE_EQ(MMIO_OK, try(true, lr_fake_cpu(), off, size, false,
	    &v));
	return (v);
}

static void
rwr(uint32_t off, unsigned int size, uint64_t v)
{

	ATF_REQUIRE_EQ(MMIO_OK, try(true, lr_fake_cpu(), off, size, true,
	    &v));
}

static void
set_line(unsigned int intid, bool level)
{

	vgic_set_line(&vg, &vcs[lr_fake_cpu()], lr_fake_cpu(), intid, level);
}

/* What a kick or a maintenance interrupt leads to, on this CPU. */
static void
serve(void)
{
	unsigned int n, c = lr_fake_cpu();

	for (n = 0; kicked >> c & 1 || lr_fake_maintenance(c); n++) {
		ATF_REQUIRE_MSG(n < 10, "storm of maintenance interrupts");
		kicked &= ~(1u << c);
		vgic_sync(&vcs[c]);
	}
}

static unsigned int
ack(void)
{
	unsigned int id = lr_fake_ack(0);

	serve();
	return (id);
}

static void
eoi(unsigned int id)
{

	lr_fake_eoi(0, id);
	serve();
}

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

CASE(identification)
{
	start(2, 3, 4);
	ATF_CHECK_EQ(8 | 2 << 5, rd(0x004, 4));
	ATF_CHECK_EQ(0x43b, rd(0x008, 4));
	ATF_CHECK_EQ(0x2b, rd(0xfe8, 4));
	ATF_CHECK_EQ(0xb1, rd(0xffc, 4));
	ATF_CHECK_EQ(0, rd(0xffe8, 4));
	start(3, 3, 4);
	ATF_CHECK_EQ(8 | 9 << 19, rd(0x004, 4));
	ATF_CHECK_EQ(0, rd(0xfe8, 4));
	ATF_CHECK_EQ(0x3b, rd(0xffe8, 4));
	ATF_CHECK_EQ(0x0d, rd(0xfff0, 4));
	ATF_CHECK_EQ(0x3b, rrd(GICR(1, 0xffe8), 4));
	ATF_CHECK_EQ(0x43b, rrd(GICR(1, 4), 4));
}

CASE(dist_control)
{
	start(2, 1, 4);
	wr(0, 4, ~0u);
	ATF_CHECK_EQ(3, rd(0, 4));
	wr(0, 4, 1);
	ATF_CHECK_EQ(1, rd(0, 4));
	start(3, 1, 4);
	wr(0, 4, 2);
	ATF_CHECK_EQ(0x52, rd(0, 4));
	wr(0, 4, 0);
	ATF_CHECK_EQ(0x50, rd(0, 4));
}

CASE(widths)
{
	static const struct {
		uint32_t off;
		uint8_t ok;	/* sizes, or'ed */
	} dist[] = {
		{ 0x000, 4 }, { 0x004, 4 }, { 0x080, 4 }, { 0x100, 4 },
		{ 0x108, 4 }, { 0x200, 4 }, { 0x300, 4 }, { 0x420, 5 },
		{ 0x820, 5 }, { 0xc08, 4 }, { 0xd00, 4 }, { 0xf00, 5 },
		{ 0xfe8, 4 }, { 0x1000, 4 }, { 0x6100, 12 }, { 0x6000, 4 },
		{ 0xffe8, 4 },
	}, redist[] = {
		{ 0x0000, 4 }, { 0x0008, 12 }, { 0x0070, 12 }, { 0x0078, 12 },
		{ 0x0014, 4 }, { 0x10100, 4 }, { 0x10400, 5 },
		{ 0x12000, 4 }, { 0x1ffe8, 4 },
	};
	unsigned int i, size;
	uint64_t v;

	start(3, 2, 4);
	for (size = 1; size <= 8; size *= 2)
		for (v = 0, i = 0; i < nitems(dist); i++)
			if (dist[i].off % size == 0)
				ATF_CHECK_EQ_MSG(dist[i].ok & size ? MMIO_OK :
				    MMIO_FAULT, try(false, 0, dist[i].off,
				    size, false, &v), "GICD %x size %u",
				    dist[i].off, size);
	for (size = 1; size <= 8; size *= 2)
		for (v = 0, i = 0; i < nitems(redist); i++)
			if (redist[i].off % size == 0)
				ATF_CHECK_EQ_MSG(redist[i].ok & size ?
				    MMIO_OK : MMIO_FAULT, try(true, 0,
				    redist[i].off, size, false, &v),
				    "GICR %x size %u", redist[i].off, size);
	ATF_CHECK_EQ(MMIO_FAULT, try(false, 0, 0x6104, 8, true, &v));
	ATF_CHECK_EQ(MMIO_FAULT, try(true, 0, 0xc, 8, false, &v));
}

CASE(enable_bits)
{
	start(3, 2, 4);
	wr(0x188, 4, ~0u);
	ATF_CHECK_EQ(0, rd(0x108, 4));
	wr(0x108, 4, 0x5);
	wr(0x108, 4, 0x8);
	ATF_CHECK_EQ(0xd, rd(0x108, 4));
	ATF_CHECK_EQ(0xd, rd(0x188, 4));
	wr(0x188, 4, 0x4);
	ATF_CHECK_EQ(0x9, rd(0x108, 4));
	/* Past the last interrupt, and private ones by GICD: RAZ/WI. */
	wr(0x124, 4, ~0u);
	ATF_CHECK_EQ(0, rd(0x124, 4));
	wr(0x180, 4, ~0u);
	ATF_CHECK_EQ(0, rd(0x100, 4));
	ATF_CHECK_EQ(0xffffffff, rrd(SGI(1, 0x100), 4));
	rwr(SGI(1, 0x180), 4, 0xffff);
	ATF_CHECK_EQ(0xffff0000, rrd(SGI(1, 0x100), 4));
	ATF_CHECK_EQ(0xffffffff, rrd(SGI(0, 0x100), 4));
	/* SPIs are not in the SGI frame. */
	ATF_CHECK_EQ(0, rrd(SGI(1, 0x104), 4));
	start(2, 2, 4);
	lr_fake_select(1);
	wr(0x180, 4, 0xff);
	ATF_CHECK_EQ(0xffffff00, rd(0x100, 4));
	lr_fake_select(0);
	ATF_CHECK_EQ(0xffffffff, rd(0x100, 4));
}

CASE(groups_and_reserved)
{
	start(3, 1, 4);
	wr(0x084, 4, 0xf0f0f0f0);
	ATF_CHECK_EQ(0xf0f0f0f0, rd(0x084, 4));
	rwr(SGI(0, 0x80), 4, 0xff);
	ATF_CHECK_EQ(0xff, rrd(SGI(0, 0x80), 4));
	wr(0xd04, 4, ~0u);
	ATF_CHECK_EQ(0, rd(0xd04, 4));		/* IGRPMODR */
	wr(0xe08, 4, ~0u);
	ATF_CHECK_EQ(0, rd(0xe08, 4));		/* NSACR */
	ATF_CHECK_EQ(0, rd(0x010, 4));		/* STATUSR */
	ATF_CHECK_EQ(0, rd(0x820, 4));		/* ITARGETSR: ARE */
	ATF_CHECK_EQ(0, rd(0xf00, 4));
}

CASE(priorities)
{
	start(3, 1, 4);
	wr(0x420, 4, 0x12345678);
	ATF_CHECK_EQ(0x10305078, rd(0x420, 4));	/* five bits */
	ATF_CHECK_EQ(0x30, rd(0x422, 1));
	wr(0x421, 1, 0xff);
	ATF_CHECK_EQ(0x1030f878, rd(0x420, 4));
	rwr(SGI(0, 0x41f), 1, 0xa7);
	ATF_CHECK_EQ(0xa0000000, rrd(SGI(0, 0x41c), 4));
	ATF_CHECK_EQ(0, rd(0x41c, 4));
	ATF_CHECK_EQ(0, rrd(SGI(0, 0x420), 4));
	wr(0x520, 4, ~0u);
	ATF_CHECK_EQ(0, rd(0x520, 4));
}

CASE(configuration)
{
	start(3, 1, 4);
	ATF_CHECK_EQ(0xaaaaaaaa, rrd(SGI(0, 0xc00), 4));
	rwr(SGI(0, 0xc00), 4, 0);
	ATF_CHECK_EQ(0xaaaaaaaa, rrd(SGI(0, 0xc00), 4));
	ATF_CHECK_EQ(0, rrd(SGI(0, 0xc04), 4));
	wr(0xc08, 4, ~0u);
	ATF_CHECK_EQ(0xaaaaaaaa, rd(0xc08, 4));
	wr(0xc0c, 4, 0x2);
	ATF_CHECK_EQ(0x2, rd(0xc0c, 4));
	ATF_CHECK_EQ(0xaaaaaaaa, rd(0xc08, 4));
}

CASE(targets)
{
	start(2, 1, 4);
	wr(0x820, 4, ~0u);
	ATF_CHECK_EQ(0, rd(0x820, 4));		/* one CPU */
	start(2, 2, 4);
	vgic_save(&vcs[0]);
	lr_fake_select(1);
	vgic_save(&vcs[1]);
	vgic_reset(&vg);
	ATF_CHECK_EQ(0, rd(0x820, 4));
	ATF_CHECK_EQ(0x02020202, rd(0x800, 4));
	wr(0x821, 1, 0xff);
	ATF_CHECK_EQ(0x300, rd(0x820, 4));
	ATF_CHECK_EQ(3, rd(0x821, 1));
}

CASE(routes)
{
	start(3, 2, 4);
	wr(0x6100, 8, 0xff00000001ull);
	ATF_CHECK_EQ(0xff00000001ull, rd(0x6100, 8));
	ATF_CHECK_EQ(0xff, rd(0x6104, 4));
	wr(0x6104, 4, 0);
	ATF_CHECK_EQ(1, rd(0x6100, 8));
	set_line(32, true);
	ATF_CHECK_EQ(2, kicked);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	lr_fake_select(1);
	serve();
	ATF_CHECK_EQ(32, ack());
	/* Any: the first that is awake. */
	lr_fake_select(0);
	rwr(GICR(1, 0x14), 4, 0);
	wr(0x6108, 8, 0x80000000);
	ATF_CHECK_EQ(0x80000000, rd(0x6108, 4));
	ATF_CHECK_EQ(1, vg.spi[0].dest[1]);
	wr(0x6000, 4, 1);			/* private: RAZ/WI */
	ATF_CHECK_EQ(0, rd(0x6000, 4));
	wr(0x6900, 4, 1);			/* INTID 288 */
	ATF_CHECK_EQ(0, rd(0x6900, 4));
}

CASE(redistributor)
{
	start(3, 3, 4);
	ATF_CHECK_EQ(0x100000100ull, rrd(GICR(1, 8), 8));
	ATF_CHECK_EQ(0x200000210ull, rrd(GICR(2, 8), 8));	/* Last */
	ATF_CHECK_EQ(0x210, rrd(GICR(2, 8), 4));
	ATF_CHECK_EQ(2, rrd(GICR(2, 12), 4));
	ATF_CHECK_EQ(6, rrd(GICR(1, 0x14), 4));
	rwr(GICR(1, 0x14), 4, 0);
	ATF_CHECK_EQ(0, rrd(GICR(1, 0x14), 4));
	rwr(GICR(1, 0x70), 8, ~0ull);
	ATF_CHECK_EQ(0, rrd(GICR(1, 0x70), 8));
	ATF_CHECK_EQ(0, rrd(GICR(1, 0), 4));
	ATF_CHECK_EQ(0, rrd(SGI(1, 0), 4));
}

CASE(sgi_v3)
{
	start(3, 3, 4);
	vgic_sgi1r(&vcs[0], 5ull << 24 | 1);
	ATF_CHECK_EQ(5, ack());
	eoi(5);
	vgic_sgi1r(&vcs[0], 5ull << 24 | 1);	/* its LR of last time */
	ATF_CHECK_EQ(1, vcs[0].lr_used);
	ATF_CHECK_EQ(5, ack());
	vgic_sgi1r(&vcs[0], 5ull << 24 | 1);	/* pending and active */
	ATF_CHECK_EQ(0x20, rrd(SGI(0, 0x200), 4));
	ATF_CHECK_EQ(0x20, rrd(SGI(0, 0x300), 4));
	eoi(5);
	ATF_CHECK_EQ(5, ack());
	eoi(5);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	vgic_sgi1r(&vcs[0], 1ull << 40 | 3ull << 24 | 1);
	ATF_CHECK_EQ(6, kicked);		/* all but me */
	kicked = 0;
	vgic_sgi1r(&vcs[0], 1ull << 16 | 3);	/* Aff1 */
	vgic_sgi1r(&vcs[0], 1ull << 32 | 3);
	vgic_sgi1r(&vcs[0], 1ull << 48 | 3);
	vgic_sgi1r(&vcs[0], 1ull << 44 | 3);	/* RS */
	vgic_sgi1r(&vcs[0], 8);			/* no such vCPU */
	ATF_CHECK_EQ(0, kicked);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	/* SGI0R serves group 0 only. */
	rwr(SGI(1, 0x80), 4, 0x10);
	kicked = 0;
	vgic_sgi0r(&vcs[0], 4ull << 24 | 2);
	ATF_CHECK_EQ(0, kicked);
	vgic_sgi0r(&vcs[0], 6ull << 24 | 2);
	vgic_sgi1r(&vcs[0], 4ull << 24 | 2);
	ATF_CHECK_EQ(2, kicked);
	lr_fake_select(1);
	serve();
	ATF_CHECK_EQ(3, ack());			/* of the IRM above */
}

CASE(sgi_v2)
{
	start(2, 3, 4);
	wr(0xf00, 4, 2 << 24 | 7);		/* self */
	ATF_CHECK_EQ(7, ack());
	eoi(7);
	wr(0xf00, 4, 1 << 24 | 7);		/* all others */
	ATF_CHECK_EQ(6, kicked);
	wr(0xf00, 4, 3 << 24 | 7);		/* reserved */
	lr_fake_select(2);
	wr(0xf00, 4, 2 << 16 | 7);		/* list */
	lr_fake_select(1);
	serve();
	/* One of each source, by turns. */
	ATF_CHECK_EQ(5, rd(0xf17, 1));
	ATF_CHECK_EQ(0x05000000, rd(0xf24, 4));
	ATF_CHECK_EQ(0x80, rd(0x200, 4));
	ATF_CHECK_EQ(7, ack());
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	eoi(7);
	ATF_CHECK_EQ(7 | 2 << 10, ack());
	eoi(7 | 2 << 10);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	wr(0xf21, 1, 0xff);
	ATF_CHECK_EQ(7, rd(0xf21, 1));
	wr(0x280, 4, 0x2);			/* ICPENDR: not for SGIs */
	wr(0xf11, 1, 0x6);
	ATF_CHECK_EQ(1, rd(0xf11, 1));
	ATF_CHECK_EQ(1, ack());
	eoi(1);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
}

CASE(level_line)
{
	unsigned int i;

	start(3, 1, 4);
	set_line(33, true);
	for (i = 0; i < 3; i++) {		/* still up: again */
		ATF_CHECK_EQ(33, ack());
		eoi(33);
	}
	ATF_CHECK_EQ(2, rd(0x204, 4));
	ATF_CHECK_EQ(33, ack());
	ATF_CHECK_EQ(2, rd(0x204, 4));
	ATF_CHECK_EQ(2, rd(0x304, 4));
	eoi(33);				/* still up: again */
	ATF_CHECK_EQ(33, ack());
	set_line(33, false);
	ATF_CHECK_EQ(0, rd(0x204, 4));
	eoi(33);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	set_line(33, true);
	set_line(33, false);			/* withdrawn */
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	set_line(33, true);
	wr(0x284, 4, 2);			/* cannot be cleared */
	ATF_CHECK_EQ(33, ack());
	set_line(33, false);
	wr(0x204, 4, 2);			/* pending by software */
	eoi(33);
	ATF_CHECK_EQ(33, ack());
	eoi(33);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
}

/* What another CPU has in its list registers. */
CASE(remote)
{
	start(3, 2, 2);
	lr_fake_select(1);
	set_line(33, true);
	lr_fake_select(0);
	serve();
	lr_fake_select(1);
	set_line(33, false);			/* withdrawn from CPU 0 */
	ATF_CHECK_EQ(1, kicked);
	lr_fake_select(0);
	serve();
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	/* Queued for CPU 0, and better than what it has there now. */
	wr(0x420, 4, 0x80808080);
	wr(0x204, 4, 7);
	lr_fake_select(1);
	kicked = 0;
	wr(0x422, 1, 0x10);
	ATF_CHECK_EQ(1, kicked);
	lr_fake_select(0);
	serve();
	ATF_CHECK_EQ(34, ack());
}

/* An active SPI stays; what is pending behind it goes the new way. */
CASE(rerouted)
{
	start(3, 2, 4);
	wr(0x204, 4, 2);
	ATF_CHECK_EQ(33, ack());
	wr(0x6108, 8, 1);
	wr(0x204, 4, 2);
	eoi(33);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	ATF_CHECK_EQ(2, kicked);
	lr_fake_select(1);
	serve();
	wr(0x6108, 8, 0);			/* out of its LR again */
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	lr_fake_select(0);
	serve();
	ATF_CHECK_EQ(33, ack());
}

CASE(edge_line)
{
	start(3, 1, 4);
	wr(0xc08, 4, 0x8);
	set_line(33, true);
	set_line(33, false);
	ATF_CHECK_EQ(33, ack());
	set_line(33, true);			/* while active */
	eoi(33);
	ATF_CHECK_EQ(33, ack());
	eoi(33);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	set_line(33, false);
	set_line(33, true);
	wr(0x284, 4, 2);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
}

/* One EOI exit at most where the line fell in time; none for edges. */
CASE(maintenance_only_when_needed)
{
	start(3, 1, 4);
	set_line(33, true);
	ATF_CHECK_EQ(33, lr_fake_ack(0));
	set_line(33, false);
	lr_fake_eoi(0, 33);
	ATF_CHECK(!lr_fake_maintenance(0));
	vgic_sgi1r(&vcs[0], 1);
	ATF_CHECK_EQ(0, lr_fake_ack(0));
	lr_fake_eoi(0, 0);
	ATF_CHECK(!lr_fake_maintenance(0));
	ATF_CHECK_EQ(LR_HCR_EN, CONTROL);
}

CASE(disabled_and_enabled)
{
	start(3, 1, 4);
	wr(0x204, 4, 2);
	wr(0x184, 4, 2);			/* out of its LR */
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	ATF_CHECK_EQ(2, rd(0x204, 4));
	wr(0x104, 4, 2);
	wr(0, 4, 2);				/* group 0 off */
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	wr(0, 4, 1);
	ATF_CHECK_EQ(33, ack());
	wr(0x184, 4, 2);			/* stays active */
	ATF_CHECK_EQ(2, rd(0x304, 4));
	eoi(33);
	ATF_CHECK_EQ(0, rd(0x304, 4));
	wr(0x304, 4, 2);
	wr(0x204, 4, 2);
	wr(0x104, 4, 2);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());	/* active: not signalled */
	wr(0x384, 4, 2);
	ATF_CHECK_EQ(33, ack());
}

static void
physical(unsigned int vintid)
{

	*lr_fake_active(lr_fake_cpu(), PINTID(vintid)) = true;
	if (vintid < 32)
		vgic_inject_private(&vcs[lr_fake_cpu()], vintid);
	else
		vgic_inject(&vg, &vcs[lr_fake_cpu()], vintid);
}

#define	PHYSICAL(c, vintid)	(*lr_fake_active(c, PINTID(vintid)))

CASE(hardware_mapped)
{
	unsigned int i;

	start(3, 2, 4);
	for (i = 0; i < 3; i++) {
		physical(27);
		ATF_CHECK_EQ(27, ack());
		ATF_CHECK(PHYSICAL(0, 27));
		eoi(27);
		ATF_CHECK(!PHYSICAL(0, 27));
		ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	}
	/* The guest takes back what it never acknowledged. */
	physical(27);
	rwr(SGI(0, 0x280), 4, 1u << 27);
	ATF_CHECK(!PHYSICAL(0, 27));
	physical(27);
	ATF_CHECK_EQ(27, ack());
	rwr(SGI(0, 0x380), 4, 1u << 27);
	ATF_CHECK(!PHYSICAL(0, 27));
	lr_fake_eoi(0, 27);
	/* Disabled: kept; looked at again when enabled. */
	rwr(SGI(0, 0x180), 4, 1u << 27);
	physical(27);
	ATF_CHECK_EQ(1u << 27, rrd(SGI(0, 0x200), 4));
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	ATF_CHECK(PHYSICAL(0, 27));
	rwr(SGI(0, 0x100), 4, 1u << 27);
	ATF_CHECK(!PHYSICAL(0, 27));
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	/* By software: no physical one behind it. */
	rwr(SGI(0, 0x200), 4, 1u << 27);
	ATF_CHECK_EQ(27, ack());
	eoi(27);
	/* An SPI that comes to the wrong CPU. */
	lr_fake_select(1);
	physical(50);
	ATF_CHECK_EQ(1, kicked);
	lr_fake_select(0);
	serve();
	ATF_CHECK_EQ(50, ack());
	eoi(50);
	ATF_CHECK(!PHYSICAL(0, 50));
	vgic_set_line(&vg, NULL, 0, 50, true);	/* it has no line of ours */
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
}

CASE(switches)
{
	uint64_t v = 0;

	start(3, 2, 4);
	lr_fake_select(1);
	vgic_save(&vcs[1]);
	lr_fake_select(0);
	physical(27);
	ATF_CHECK_EQ(27, ack());
	vgic_sgi1r(&vcs[0], 9ull << 24 | 1);
	vgic_save(&vcs[0]);
	ATF_CHECK(!PHYSICAL(0, 27));		/* the next one's may fire */
	vgic_load(&vcs[1]);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	PHYSICAL(0, 27) = true;
	vgic_inject_private(&vcs[1], 27);
	vgic_save(&vcs[1]);
	ATF_CHECK(!PHYSICAL(0, 27));
	/* To another CPU, with all it had. */
	lr_fake_select(3);
	vgic_load(&vcs[0]);
	ATF_CHECK(PHYSICAL(3, 27));
	ATF_CHECK_EQ(MMIO_OK, try(true, 0, SGI(0, 0x300), 4, false, &v));
	ATF_CHECK_EQ(1u << 27, v);
	lr_fake_eoi(0, 27);
	ATF_CHECK(!PHYSICAL(3, 27));
	ATF_CHECK_EQ(9, lr_fake_ack(0));
	lr_fake_eoi(0, 9);
	vgic_save(&vcs[0]);
	ATF_CHECK_EQ(0, lr_fake[3].hcr);
}

/* A switch with nothing in the list registers leaves them alone. */
CASE(switch_touches_nothing)
{
	unsigned long writes;

	start(3, 1, 4);
	writes = lr_fake_writes;
	vgic_save(&vcs[0]);
	vgic_load(&vcs[0]);
	ATF_CHECK_EQ(writes, lr_fake_writes);
}

CASE(more_than_list_registers)
{
	unsigned int i;

	start(3, 1, 2);
	for (i = 0; i < 10; i++)
		wr(0x420 + i, 1, 0xf0 - 8 * i);
	wr(0x204, 4, 0x3ff);
	ATF_CHECK(CONTROL & LR_HCR_NPIE);
	ATF_CHECK_EQ(0x3ff, rd(0x204, 4));
	for (i = 10; i-- > 0;) {		/* best first */
		ATF_CHECK_EQ(32 + i, ack());
		eoi(32 + i);
	}
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	ATF_CHECK_EQ(LR_HCR_EN, CONTROL);
}

CASE(preempts_when_full)
{
	unsigned int i;

	start(3, 1, 2);
	wr(0x420, 4, 0x80808080);
	wr(0x424, 4, 0x20000040);
	wr(0x204, 4, 0xf);
	wr(0x204, 4, 0x10);			/* 36 is better */
	ATF_CHECK_EQ(36, ack());
	wr(0x204, 4, 0x80);			/* 39 preempts */
	ATF_CHECK_EQ(39, ack());
	ATF_CHECK_EQ(0x90, rd(0x304, 4));
	eoi(39);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());	/* 36 is running */
	eoi(36);
	ATF_CHECK_EQ(0, rd(0x304, 4));
	for (i = 0; i < 4; i++)
		eoi(ack());
	ATF_CHECK_EQ(0, rd(0x204, 4));
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
}

/* Active ones that had to leave are ended without a list register. */
CASE(active_without_list_register)
{
	unsigned int i;

	start(3, 1, 1);
	for (i = 0; i < 4; i++) {
		wr(0x420 + i, 1, 0x80 - 0x20 * i);
		wr(0x204, 4, 1u << i);
		ATF_CHECK_EQ(32 + i, ack());
	}
	wr(0x204, 4, 0x10);
	wr(0x424, 1, 0xf0);
	ATF_CHECK(CONTROL & LR_HCR_LRENPIE);
	for (i = 4; i-- > 0;) {
		ATF_CHECK_EQ((1u << (i + 1)) - 1, rd(0x304, 4));
		eoi(32 + i);
	}
	ATF_CHECK_EQ(36, ack());
}

/* EOImode 1: deactivated in any order. */
CASE(deactivate_register)
{
	unsigned int i;

	start(3, 1, 1);
	lr_fake_set_vmcr(EOIMODE, EOIMODE);
	for (i = 0; i < 3; i++) {
		wr(0x204, 4, 1u << i);
		ATF_CHECK_EQ(32 + i, ack());
		eoi(32 + i);
	}
	ATF_CHECK_EQ(7, rd(0x304, 4));
	ATF_CHECK(lr_fake_dir(33));
	vgic_dir(&vcs[0], 33);
	serve();
	ATF_CHECK_EQ(5, rd(0x304, 4));
	vgic_dir(&vcs[0], 0xffffff);
	vgic_dir(&vcs[0], 1019);
	vgic_dir(&vcs[0], 34);
	ATF_CHECK_EQ(1, rd(0x304, 4));
	ATF_CHECK(!lr_fake_dir(32));
	ATF_CHECK_EQ(0, rd(0x304, 4));
}

/* Pending ones of a group that is off must not keep out the other's. */
CASE(group_that_is_off)
{
	start(3, 1, 2);
	wr(0x084, 4, 0x7);
	wr(0x420, 4, 0x80202010);
	lr_fake_set_vmcr(2, 0);
	wr(0x204, 4, 0xf);
	ATF_CHECK_EQ(35, ack());
	eoi(35);
	ATF_CHECK_EQ(LR_FAKE_NONE, ack());
	lr_fake_set_vmcr(2, 2);
	ATF_CHECK(lr_fake_maintenance(0));
	serve();
	ATF_CHECK_EQ(32, lr_fake_ack(1));
}

CASE(would_wake)
{
	start(3, 1, 4);
	ATF_CHECK(!vgic_pending(&vcs[0]));
	wr(0x420, 4, 0x00004080);
	wr(0x204, 4, 1);
	ATF_CHECK(vgic_pending(&vcs[0]));
	lr_fake_set_vmcr(0xff000000, 0x80000000);	/* PMR */
	ATF_CHECK(!vgic_pending(&vcs[0]));
	lr_fake_set_vmcr(0xff000000, 0xf0000000);
	lr_fake_set_vmcr(1, 0);				/* group */
	ATF_CHECK(!vgic_pending(&vcs[0]));
	lr_fake_set_vmcr(1, 1);
	ATF_CHECK_EQ(32, ack());
	ATF_CHECK(!vgic_pending(&vcs[0]));
	wr(0x204, 4, 1);				/* running */
	ATF_CHECK(!vgic_pending(&vcs[0]));
	wr(0x204, 4, 2);				/* better */
	ATF_CHECK(vgic_pending(&vcs[0]));
	vgic_save(&vcs[0]);
	ATF_CHECK(vgic_pending(&vcs[0]));
}

CASE(reset)
{
	start(3, 1, 4);
	physical(50);
	set_line(33, true);
	set_line(34, true);
	wr(0xc08, 4, 0x20);
	rwr(GICR(0, 0x14), 4, 0);
	vgic_save(&vcs[0]);
	vgic_reset(&vg);
	ATF_CHECK(!PHYSICAL(0, 50));
	ATF_CHECK_EQ(0x50, rd(0, 4));
	ATF_CHECK_EQ(0, rd(0x104, 4));
	ATF_CHECK_EQ(0, rd(0xc08, 4));
	ATF_CHECK_EQ(6, rrd(GICR(0, 0x14), 4));
	vgic_load(&vcs[0]);
	ATF_CHECK_EQ(8, lr_fake[0].vmcr);
	ATF_CHECK_EQ(6, rd(0x204, 4));		/* lines keep their level */
	lr_fake_set_vmcr(~0u, VMCR_OPEN);
	vgic_cpu_on(&vcs[0]);
	ATF_CHECK_EQ(8, lr_fake[0].vmcr);
}

/*
 * Two CPUs that send each other SGIs and take each other's list registers
 * apart, on real threads: nobody waits for ever and no SGI is lost.
 */
#define	ROUNDS	3000

static unsigned int taken[2];

static void *
cpu_thread(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg, sent = 0, id, n = 0;

	lr_fake_select(me);
	while (__atomic_load_n(&taken[!me], __ATOMIC_SEQ_CST) < ROUNDS ||
	    __atomic_load_n(&taken[me], __ATOMIC_SEQ_CST) < ROUNDS) {
		if (__atomic_fetch_and(&kicked, ~(1u << me),
		    __ATOMIC_SEQ_CST) >> me & 1 || lr_fake_maintenance(me))
			vgic_sync(&vcs[me]);
		id = lr_fake_ack(0);
		if (id == 1)
			__atomic_fetch_add(&taken[me], 1, __ATOMIC_SEQ_CST);
		if (id != LR_FAKE_NONE)
			lr_fake_eoi(0, id);
		if (sent < ROUNDS && sent == __atomic_load_n(&taken[!me],
		    __ATOMIC_SEQ_CST)) {
			vgic_sgi1r(&vcs[me], 1ull << 24 | 1u << !me);
			sent++;
		}
		switch (n++ % 8) {
		case 0:
			rwr(SGI(!me, 0x380), 4, 4);
			break;
		case 2:
			rrd(SGI(!me, 0x300), 4);
			break;
		case 4:
			rwr(SGI(!me, 0x180), 4, 4);
			rwr(SGI(!me, 0x100), 4, 4);
			break;
		case 6:
			vgic_sgi1r(&vcs[me], 2ull << 24 | 3);
			break;
		}
	}
	vgic_save(&vcs[me]);
	return (NULL);
}

ATF_TC(two_cpus_at_once);
ATF_TC_HEAD(two_cpus_at_once, tc)
{

	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(two_cpus_at_once, tc)
{
	pthread_t t[2];
	unsigned int i;

	alarm(50);
	start(3, 2, 2);
	for (i = 0; i < 2; i++)
		ATF_REQUIRE_EQ(0, pthread_create(&t[i], NULL, cpu_thread,
		    (void *)(uintptr_t)i));
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ATF_CHECK_EQ(ROUNDS, taken[0]);
	ATF_CHECK_EQ(ROUNDS, taken[1]);
	ATF_CHECK_EQ(0, vcs[0].holds | vcs[1].holds);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, identification);
	ATF_TP_ADD_TC(tp, dist_control);
	ATF_TP_ADD_TC(tp, widths);
	ATF_TP_ADD_TC(tp, enable_bits);
	ATF_TP_ADD_TC(tp, groups_and_reserved);
	ATF_TP_ADD_TC(tp, priorities);
	ATF_TP_ADD_TC(tp, configuration);
	ATF_TP_ADD_TC(tp, targets);
	ATF_TP_ADD_TC(tp, routes);
	ATF_TP_ADD_TC(tp, redistributor);
	ATF_TP_ADD_TC(tp, sgi_v3);
	ATF_TP_ADD_TC(tp, sgi_v2);
	ATF_TP_ADD_TC(tp, level_line);
	ATF_TP_ADD_TC(tp, remote);
	ATF_TP_ADD_TC(tp, rerouted);
	ATF_TP_ADD_TC(tp, edge_line);
	ATF_TP_ADD_TC(tp, maintenance_only_when_needed);
	ATF_TP_ADD_TC(tp, disabled_and_enabled);
	ATF_TP_ADD_TC(tp, hardware_mapped);
	ATF_TP_ADD_TC(tp, switches);
	ATF_TP_ADD_TC(tp, switch_touches_nothing);
	ATF_TP_ADD_TC(tp, more_than_list_registers);
	ATF_TP_ADD_TC(tp, preempts_when_full);
	ATF_TP_ADD_TC(tp, active_without_list_register);
	ATF_TP_ADD_TC(tp, deactivate_register);
	ATF_TP_ADD_TC(tp, group_that_is_off);
	ATF_TP_ADD_TC(tp, would_wake);
	ATF_TP_ADD_TC(tp, reset);
	ATF_TP_ADD_TC(tp, two_cpus_at_once);
	return (atf_no_error());
}
