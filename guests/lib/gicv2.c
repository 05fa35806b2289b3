/*
 * GICv2 (IHI 0048): memory-mapped CPU interface, targets by CPU number.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic.h"

#define	GICD_SGIR	0x0f00
#define	GICD_CPENDSGIR	0x0f10
#define	GICD_SPENDSGIR	0x0f20

#define	GICC_CTLR	0x0000
#define	GICC_PMR	0x0004
#define	GICC_BPR	0x0008
#define	GICC_IAR	0x000c
#define	GICC_EOIR	0x0010
#define	GICC_RPR	0x0014
#define	GICC_HPPIR	0x0018
#define	GICC_AIAR	0x0020
#define	GICC_AEOIR	0x0024
#define	GICC_AHPPIR	0x0028
#define	GICC_APR0	0x00d0
#define	GICC_DIR	0x1000

#define	CTLR_GROUPS	3u		/* without security: both */
#define	CTLR_EOIMODE	(1u << 9)
#define	OTHER_GROUP	1022		/* ask the aliased register */

/* CPU interface number as a bit, by CPU. */
static uint8_t mask[MAX_CPUS];

static uint32_t
cpu_read(uint32_t reg)
{

	return (mmio_read(machine.gicc + reg));
}

static void
cpu_write(uint32_t reg, uint32_t v)
{

	mmio_write(machine.gicc + reg, v);
}

static void
init(void)
{

	mmio_write(machine.gicd + GICD_CTLR, CTLR_GROUPS);
}

static void
cpu_init(void)
{
	unsigned int cpu = cpu_index();

	/* Targets of a private interrupt: this CPU; zero if it is alone. */
	mask[cpu] = (uint8_t)mmio_read(machine.gicd + GICD_ITARGETSR);
	cpu_write(GICC_CTLR, 0);
	cpu_write(GICC_APR0, 0);
	cpu_write(GICC_PMR, 0xff);
	cpu_write(GICC_BPR, 0);
	cpu_write(GICC_CTLR, CTLR_GROUPS);
}

static void
cpu_off(void)
{

	cpu_write(GICC_CTLR, 0);
}

static uint64_t
frame(uint32_t intid)
{

	(void)intid;
	return (machine.gicd);
}

static void
written(void)
{
}

static uint32_t
mask_of(unsigned int cpu)
{

	return (mask[cpu] != 0 ? mask[cpu] : 1u << cpu);
}

static void
sgi(unsigned int intid, unsigned int cpu)
{

	mmio_write(machine.gicd + GICD_SGIR, mask_of(cpu) << 16 | intid);
}

static void
sgi_others(unsigned int intid)
{

	mmio_write(machine.gicd + GICD_SGIR, 1u << 24 | intid);
}

/* From this CPU; when no more pending, from any. */
static void
sgi_pend(unsigned int intid, bool pending)
{
	unsigned int at = intid % 4 * 8;

	mmio_write(machine.gicd + (pending ? GICD_SPENDSGIR :
	    GICD_CPENDSGIR) + (intid & ~3u),
	    (pending ? mask_of(cpu_index()) : 0xff) << at);
}

static void
route(uint32_t intid, unsigned int cpu)
{
	uint64_t addr = machine.gicd + GICD_ITARGETSR + (intid & ~3u);
	unsigned int at = intid % 4 * 8;

	mmio_write(addr, (mmio_read(addr) & ~(0xffu << at)) |
	    mask_of(cpu) << at);
}

static uint32_t
ack(bool fiq)
{
	uint32_t iar = cpu_read(GICC_IAR);

	(void)fiq;
	if ((iar & 0x3ff) == OTHER_GROUP)
		iar = cpu_read(GICC_AIAR) | IAR_OTHER_GROUP;
	return (iar);
}

static void
eoi(uint32_t iar)
{

	if (iar & IAR_OTHER_GROUP)
		cpu_write(GICC_AEOIR, iar & ~IAR_OTHER_GROUP);
	else
		cpu_write(GICC_EOIR, iar);
}

static void
dir(uint32_t iar)
{

	cpu_write(GICC_DIR, iar & ~IAR_OTHER_GROUP);
}

static void
eoi_mode(bool split)
{

	cpu_write(GICC_CTLR, CTLR_GROUPS | (split ? CTLR_EOIMODE : 0));
}

static void
pmr(uint8_t mask_)
{

	cpu_write(GICC_PMR, mask_);
	dsb();
}

static void
bpr(uint8_t v)
{

	cpu_write(GICC_BPR, v);
	dsb();
}

static uint8_t
rpr(void)
{

	return ((uint8_t)cpu_read(GICC_RPR));
}

static uint32_t
hppir(void)
{
	uint32_t v = cpu_read(GICC_HPPIR);

	return ((v & 0x3ff) == OTHER_GROUP ? cpu_read(GICC_AHPPIR) : v);
}

const struct gic_ops gicv2_ops = {
	init, cpu_init, cpu_off, frame, written, 0, sgi, sgi_others, sgi_pend,
	route, ack, eoi, dir, eoi_mode, pmr, bpr, rpr, hppir
};
