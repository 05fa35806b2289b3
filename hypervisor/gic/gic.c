/*
 * Which interrupt controller drives this machine, and what both kinds have
 * alike: the registers with a field for each interrupt, in the distributor
 * and, for a GICv3's private ones, in a frame of the redistributor.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic/private.h"

#define	PRIO_ALL	0xa0a0a0a0u

const struct gic_ops *gic;
const struct lr_ops *lr_ops;
const struct platform_gic *gic_desc;
uintptr_t gicd, gic_frame[PCPU_MAX];

static COLD uintptr_t
frame(unsigned int intid)
{

	return (intid < 32 ? gic_frame[port_cpu()] : gicd);
}

static void
set_active(unsigned int intid)
{

	reg_write(frame(intid), GICD_ISACTIVER + intid / 32 * 4,
	    1u << intid % 32);
}

static bool
line(unsigned int intid)
{

	return (reg_read(frame(intid), GICD_ISPENDR + intid / 32 * 4) >>
	    intid % 32 & 1);
}

static COLD void
pend(unsigned int intid, bool pending)
{

	reg_write(gicd, (pending ? GICD_ISPENDR : GICD_ICPENDR) +
	    intid / 32 * 4, 1u << intid % 32);
}

/* RES0 in a GICv2. */
static COLD void
wait_rwp(void)
{

	while (reg_read(gicd, GICD_CTLR) & GICD_CTLR_RWP)
		port_relax();
}

/* Disables these interrupts, which are none of anybody's now. */
static COLD void
quiet(uintptr_t base, unsigned int first, unsigned int end)
{

	for (unsigned int i = first; i < end; i += 32) {
		reg_write(base, GICD_ICENABLER + i / 8, ~0u);
		reg_write(base, GICD_ICPENDR + i / 8, ~0u);
		reg_write(base, GICD_ICACTIVER + i / 8, ~0u);
		if (gic->version == 3)
			reg_write(base, GICD_IGROUPR + i / 8, ~0u);
	}
	for (unsigned int i = first; i < end; i += 4)
		reg_write(base, GICD_IPRIORITYR + i, PRIO_ALL);
}

COLD void
gic_init_cpu(uintptr_t base, struct lr_ops *ops, unsigned int count)
{
	static const struct lr_state none;

	gic_frame[port_cpu()] = base;
	quiet(base, 0, 32);
	reg_write(base, GICD_ISENABLER, 1u << GIC_SGI_KICK);
	ops->count = count < 16 ? count : 16;	/* as many as we look at */
	ops->set_active = set_active;
	ops->line = line;
	ops->pend = pend;
	lr_ops = ops;
	for (unsigned int i = 0; i < ops->count; i++)
		ops->write(i, 0);
	ops->control(0);
	ops->restore(&none);
}

COLD unsigned int
gic_lines(void)
{
	unsigned int n = ((reg_read(gicd, GICD_TYPER) & 31) + 1) * 32;

	return (n > IRQ_SPURIOUS ? IRQ_SPURIOUS : n);
}

COLD void
gic_init(const struct platform_gic *g)
{

	gic = g->version == 3 ? &gicv3_ops : &gicv2_ops;
	irq_ops = &gic->irq;
	gic_desc = g;
	gicd = g->gicd.base.v;
	reg_write(gicd, GICD_CTLR, 0);
	wait_rwp();
	quiet(gicd, 32, gic_lines());
	wait_rwp();
	reg_write(gicd, GICD_CTLR, gic->version == 3 ? GICD_CTLR_ARE |
	    GICD_CTLR_V3_GRP1 | GICD_CTLR_GRP1 : GICD_CTLR_GRP1);
	wait_rwp();
}

COLD void
gic_enable(unsigned int intid, bool edge)
{
	unsigned int cfg = GICD_ICFGR + intid / 16 * 4;
	uint32_t bit = 2u << intid % 16 * 2;
	uintptr_t base = frame(intid);

	reg_write(base, cfg, (reg_read(base, cfg) & ~bit) | (edge ? bit : 0));
	if (intid >= 32)
		gic->route(intid);
	reg_write(base, GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

void
port_kick_cpu(unsigned int cpu)
{

	gic->kick(cpu);
}
