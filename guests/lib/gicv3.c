/*
 * GICv3 (IHI 0069): CPU interface in system registers, a redistributor for
 * each CPU, routing by affinity.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic.h"

#define	CTLR_ENABLE	0x13u		/* ARE, both groups */
#define	CTLR_DS		(1u << 6)
#define	CTLR_RWP	(1u << 31)
#define	GICD_IROUTER	0x6000

#define	GICR_CTLR	0x0000
#define	GICR_TYPER	0x0008
#define	GICR_WAKER	0x0014
#define	GICR_CTLR_RWP	(1u << 3)
#define	TYPER_VLPIS	(1u << 1)
#define	TYPER_LAST	(1u << 4)
#define	WAKER_SLEEP	(1u << 1)
#define	WAKER_ASLEEP	(1u << 2)
#define	GICR_FRAME	0x10000ul	/* RD, then SGI */

#define	ICC_PMR		s3_0_c4_c6_0
#define	ICC_IAR0	s3_0_c12_c8_0
#define	ICC_EOIR0	s3_0_c12_c8_1
#define	ICC_HPPIR0	s3_0_c12_c8_2
#define	ICC_AP0R0	s3_0_c12_c8_4
#define	ICC_AP1R0	s3_0_c12_c9_0
#define	ICC_DIR		s3_0_c12_c11_1
#define	ICC_RPR		s3_0_c12_c11_3
#define	ICC_SGI1R	s3_0_c12_c11_5
#define	ICC_IAR1	s3_0_c12_c12_0
#define	ICC_EOIR1	s3_0_c12_c12_1
#define	ICC_HPPIR1	s3_0_c12_c12_2
#define	ICC_BPR1	s3_0_c12_c12_3
#define	ICC_CTLR	s3_0_c12_c12_4
#define	ICC_SRE		s3_0_c12_c12_5
#define	ICC_IGRPEN0	s3_0_c12_c12_6
#define	ICC_IGRPEN1	s3_0_c12_c12_7
/* The names above are expanded before they are made strings. */
#define	get(r)		read_sysreg(r)
#define	set(r, v)	write_sysreg(r, v)

static uint64_t rd[MAX_CPUS];		/* redistributors */
/* One security state: group 0 is ours too, and comes as FIQ. */
static bool group0;

static void
written(void)
{

	while (mmio_read(machine.gicd + GICD_CTLR) & CTLR_RWP)
		;
	if (rd[cpu_index()] != 0)
		while (mmio_read(rd[cpu_index()] + GICR_CTLR) & GICR_CTLR_RWP)
			;
}

static void
init(void)
{

	mmio_write(machine.gicd + GICD_CTLR, CTLR_ENABLE);
	written();
	group0 = mmio_read(machine.gicd + GICD_CTLR) & CTLR_DS;
}

/* The redistributor of this CPU: by affinity. */
static void
find(void)
{
	uint64_t m = machine.mpidr[cpu_index()], at = machine.gicr;
	uint32_t aff = (uint32_t)(m >> 32 << 24 | (m & 0xffffff)), typer;

	do {
		typer = mmio_read(at + GICR_TYPER);
		if (mmio_read(at + GICR_TYPER + 4) == aff) {
			rd[cpu_index()] = at;
			return;
		}
		at += GICR_FRAME * (typer & TYPER_VLPIS ? 4 : 2);
	} while ((typer & TYPER_LAST) == 0 &&
	    at < machine.gicr + machine.gicr_size);
	print("CPU %u: no redistributor\n", cpu_index());
	power_off();
}

static uint64_t
frame(uint32_t intid)
{

	if (intid >= 32)
		return (machine.gicd);
	if (rd[cpu_index()] == 0)
		find();
	return (rd[cpu_index()] + GICR_FRAME);
}

static void
cpu_init(void)
{
	uint64_t r = frame(0) - GICR_FRAME;

	mmio_write(r + GICR_WAKER, mmio_read(r + GICR_WAKER) & ~WAKER_SLEEP);
	while (mmio_read(r + GICR_WAKER) & WAKER_ASLEEP)
		;
	set(ICC_SRE, get(ICC_SRE) | 1);
	isb();
	set(ICC_IGRPEN1, 0);
	set(ICC_AP1R0, 0);
	if (group0) {
		set(ICC_AP0R0, 0);
		set(ICC_IGRPEN0, 1);
	}
	set(ICC_CTLR, 0);
	set(ICC_BPR1, 0);
	set(ICC_PMR, 0xff);
	set(ICC_IGRPEN1, 1);
	isb();
}

static void
cpu_off(void)
{

	set(ICC_IGRPEN1, 0);
	if (group0)
		set(ICC_IGRPEN0, 0);
	isb();
}

static void
sgi(unsigned int intid, unsigned int cpu)
{
	uint64_t m = machine.mpidr[cpu];

	set(ICC_SGI1R, (m >> 32 & 0xff) << 48 | (m >> 4 & 0xf) << 44 |
	    (m >> 16 & 0xff) << 32 | (uint64_t)intid << 24 |
	    (m >> 8 & 0xff) << 16 | 1ul << (m & 0xf));
}

static void
sgi_others(unsigned int intid)
{

	set(ICC_SGI1R, 1ul << 40 | (uint64_t)intid << 24);
}

static void
sgi_pend(unsigned int intid, bool pending)
{

	mmio_write(frame(0) + (pending ? GICD_ISPENDR : GICD_ICPENDR),
	    1u << intid);
}

static void
route(uint32_t intid, unsigned int cpu)
{

	__asm__ volatile("str %0, [%1]" : : "r" (machine.mpidr[cpu]),
	    "r" (machine.gicd + GICD_IROUTER + 8ul * intid) : "memory");
}

static uint32_t
ack(bool fiq)
{
	uint32_t iar;

	if (!fiq)
		iar = (uint32_t)get(ICC_IAR1);
	else if (group0)
		iar = (uint32_t)get(ICC_IAR0) | IAR_OTHER_GROUP;
	else
		iar = 1023;
	dsb();
	return (iar);
}

static void
eoi(uint32_t iar)
{

	if (iar & IAR_OTHER_GROUP)
		set(ICC_EOIR0, iar & IAR_INTID);
	else
		set(ICC_EOIR1, iar);
	isb();
}

static void
dir(uint32_t iar)
{

	set(ICC_DIR, iar & IAR_INTID);
	isb();
}

static void
eoi_mode(bool split)
{

	set(ICC_CTLR, split ? 2 : 0);
	isb();
}

static void
pmr(uint8_t mask)
{

	set(ICC_PMR, mask);
	isb();
	dsb();
}

static void
bpr(uint8_t v)
{

	set(ICC_BPR1, v);
	isb();
}

static uint8_t
rpr(void)
{

	return ((uint8_t)get(ICC_RPR));
}

static uint32_t
hppir(void)
{
	uint32_t v = (uint32_t)get(ICC_HPPIR1);

	return (v >= INTID_NONE && v < 1024 && group0 ?
	    (uint32_t)get(ICC_HPPIR0) : v);
}

const struct gic_ops gicv3_ops = {
	init, cpu_init, cpu_off, frame, written, ~0u, sgi, sgi_others,
	sgi_pend, route, ack, eoi, dir, eoi_mode, pmr, bpr, rpr, hppir
};
