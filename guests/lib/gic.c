/*
 * Interrupts for guests, whatever the GIC: the registers that both
 * generations have, and the way of an interrupt from acknowledge to end.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic.h"

#define	PRIORITY	0xa0		/* of all, until changed */

static const struct gic_ops *ops;
static irq_fn *volatile handler;
static bool split[MAX_CPUS];
volatile uint32_t irq_count[8], irq_last[8];
void (*volatile irq_fast)(void);

void
irq_handler(irq_fn *fn)
{

	handler = fn;
}

/* Nobody handles it: a timer's line would stay up for ever. */
static void
unhandled(uint32_t intid)
{

	if (intid == machine.vtimer_intid)
		vtimer_off();
	else if (intid == machine.ptimer_intid)
		ptimer_off();
}

void
gic_dispatch(bool fiq)
{
	uint32_t iar = ops->ack(fiq), intid = iar & IAR_INTID;
	unsigned int cpu = cpu_index();

	if (machine.gic == 2)
		intid &= 0x3ff;
	if (intid >= INTID_NONE && intid < 1024)
		return;
	if (intid == timer_guard[cpu] && intid != 0) {
		timer_guard_fired(intid);
	} else if (intid == SMP_STOP_SGI && smp_stopping) {
		ops->eoi(iar);
		ops->dir(iar);
		cpu_stop();
	} else {
		irq_count[cpu]++;
		irq_last[cpu] = intid;
		if (handler != NULL)
			handler(intid);
		else
			unhandled(intid);
	}
	ops->eoi(iar);
}

uint32_t
gic_reg(uint32_t intid, uint32_t offset)
{

	return (mmio_read(ops->frame(intid) + offset));
}

void
gic_reg_write(uint32_t intid, uint32_t offset, uint32_t value)
{

	mmio_write(ops->frame(intid) + offset, value);
}

/* One bit per interrupt. */
static void
bit_write(uint32_t intid, uint32_t offset)
{

	gic_reg_write(intid, offset + intid / 32 * 4, 1u << intid % 32);
}

static bool
bit_read(uint32_t intid, uint32_t offset)
{

	return (gic_reg(intid, offset + intid / 32 * 4) >> intid % 32 & 1);
}

/* A field of `bits` bits per interrupt. */
static void
field_write(uint32_t intid, uint32_t offset, unsigned int bits, uint32_t v)
{
	unsigned int at = intid % (32 / bits) * bits;
	uint32_t mask = ((1u << bits) - 1) << at, word;

	offset += intid / (32 / bits) * 4;
	word = gic_reg(intid, offset) & ~mask;
	gic_reg_write(intid, offset, word | v << at);
}

void
gic_enable(uint32_t intid)
{

	bit_write(intid, GICD_ISENABLER);
	dsb();
}

void
gic_disable(uint32_t intid)
{

	bit_write(intid, GICD_ICENABLER);
	ops->written();
	dsb();
}

bool
gic_enabled(uint32_t intid)
{

	return (bit_read(intid, GICD_ISENABLER));
}

void
gic_pend(uint32_t intid)
{

	if (intid < 16)
		ops->sgi_pend(intid, true);
	else
		bit_write(intid, GICD_ISPENDR);
	dsb();
}

void
gic_unpend(uint32_t intid)
{

	if (intid < 16)
		ops->sgi_pend(intid, false);
	else
		bit_write(intid, GICD_ICPENDR);
	dsb();
}

bool
gic_pending(uint32_t intid)
{

	return (bit_read(intid, GICD_ISPENDR));
}

void
gic_activate(uint32_t intid)
{

	bit_write(intid, GICD_ISACTIVER);
	dsb();
}

void
gic_deactivate_reg(uint32_t intid)
{

	bit_write(intid, GICD_ICACTIVER);
	dsb();
}

bool
gic_active(uint32_t intid)
{

	return (bit_read(intid, GICD_ISACTIVER));
}

void
gic_priority(uint32_t intid, uint8_t prio)
{

	field_write(intid, GICD_IPRIORITYR, 8, prio);
	dsb();
}

uint8_t
gic_priority_of(uint32_t intid)
{

	return ((uint8_t)(gic_reg(intid, GICD_IPRIORITYR + (intid & ~3u)) >>
	    intid % 4 * 8));
}

void
gic_edge(uint32_t intid, bool edge)
{

	field_write(intid, GICD_ICFGR, 2, edge ? 2 : 0);
	dsb();
}

void
gic_group(uint32_t intid, bool group1)
{

	field_write(intid, GICD_IGROUPR, 1, group1);
	dsb();
}

void
gic_route(uint32_t intid, unsigned int cpu)
{

	ops->route(intid, cpu);
	dsb();
}

void
gic_sgi(unsigned int intid, unsigned int cpu)
{

	/* What was written before must be seen by who is interrupted. */
	dsb();
	ops->sgi(intid, cpu);
	isb();
}

void
gic_sgi_self(unsigned int intid)
{

	gic_sgi(intid, cpu_index());
}

void
gic_sgi_others(unsigned int intid)
{

	dsb();
	ops->sgi_others(intid);
	isb();
}

uint32_t
gic_ack(void)
{
	uint32_t iar = ops->ack(false);

	return ((iar & IAR_INTID) == 1023 ? ops->ack(true) : iar);
}

void
gic_eoi(uint32_t iar)
{

	ops->eoi(iar);
}

void
gic_dir(uint32_t iar)
{

	ops->dir(iar);
}

void
gic_eoi_mode(bool apart)
{

	split[cpu_index()] = apart;
	ops->eoi_mode(apart);
}

void
gic_pmr(uint8_t mask)
{

	ops->pmr(mask);
}

uint8_t
gic_rpr(void)
{

	return (ops->rpr());
}

uint32_t
gic_hppir(void)
{

	return (ops->hppir());
}

void
gic_bpr(uint8_t bpr)
{

	ops->bpr(bpr);
}

/* The 32 interrupts from `first` as after reset; all of the usual group. */
static void
quiet(uint32_t first)
{
	uint32_t i;

	gic_reg_write(first, GICD_ICENABLER + first / 8, ~0u);
	ops->written();
	gic_reg_write(first, GICD_ICPENDR + first / 8, ~0u);
	gic_reg_write(first, GICD_ICACTIVER + first / 8, ~0u);
	gic_reg_write(first, GICD_IGROUPR + first / 8, ops->group);
	for (i = first; i < first + 32; i += 4)
		gic_reg_write(first, GICD_IPRIORITYR + i,
		    PRIORITY * 0x01010101u);
	for (i = first; first > 0 && i < first + 32; i += 16)
		gic_reg_write(first, GICD_ICFGR + i / 4, 0);
}

static void
private_quiet(void)
{
	unsigned int i;

	quiet(0);
	for (i = 0; i < 16; i++)
		ops->sgi_pend(i, false);
	ops->cpu_init();
	split[cpu_index()] = false;
	isb();
	dsb();
}

static uint32_t
words(void)
{

	return (mmio_read(machine.gicd + GICD_TYPER) & 0x1f);
}

uint32_t
gic_spare(unsigned int n)
{
	uint32_t last = words() * 32 + 31;

	if (last > 1019)
		last = 1019;
	if (last < 127)
		case_skip("too few SPIs for one that is spare");
	return (last - n);
}

void
gic_quiet(void)
{
	uint32_t i, lines = words();

	for (i = 1; i <= lines && i < 31; i++)
		quiet(i * 32);
	private_quiet();
}

void
gic_init(void)
{

	if (machine.gic == 0) {
		print("no GICv2 or GICv3 in the device tree\n");
		power_off();
	}
	ops = machine.gic == 2 ? &gicv2_ops : &gicv3_ops;
	ops->init();
	gic_quiet();
}

void
gic_cpu_init(void)
{

	timer_guard[cpu_index()] = 0;
	private_quiet();
	gic_enable(SMP_STOP_SGI);
}

void
gic_cpu_off(void)
{

	ops->cpu_off();
}
