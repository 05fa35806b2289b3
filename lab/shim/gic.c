/*
 * What only the Secure world may set of a GIC, so that all interrupts are
 * Non-secure's (IHI 0069, 12; IHI 0048, 4). Knows no CPU but its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "shim.h"

#define	GICD_CTLR	0x0000
#define	CTLR_GRP1NS	(1u << 1)
#define	CTLR_ARE_S	(1u << 4)
#define	CTLR_ARE_NS	(1u << 5)
#define	CTLR_RWP	(1u << 31)
#define	GICD_TYPER	0x0004
#define	IGROUPR		0x0080		/* of distributor and SGI frame */
#define	IGRPMODR	0x0d00
#define	GICC_PMR	0x0004
#define	GICR_TYPER	0x0008
#define	TYPER_VLPIS	(1u << 1)	/* two frames more */
#define	TYPER_LAST	(1u << 4)
#define	GICR_WAKER	0x0014
#define	WAKER_SLEEP	(1u << 1)
#define	WAKER_ASLEEP	(1u << 2)
#define	FRAME		0x10000

static volatile uint32_t *
reg(uint64_t base, unsigned int offset)
{

	return ((volatile uint32_t *)(base + offset));
}

/* The redistributor of the CPU with these affinity fields, or 0. */
static uint64_t
redistributor(uint64_t mpidr)
{
	uint32_t want = (uint32_t)((mpidr >> 32 & 0xff) << 24 |
	    (mpidr & 0xffffff)), type;

	for (uint64_t r = shim_facts.gicr;; r += (type & TYPER_VLPIS) != 0 ?
	    4 * FRAME : 2 * FRAME) {
		type = *reg(r, GICR_TYPER);
		if (*reg(r, GICR_TYPER + 4) == want)
			return (r);
		if ((type & TYPER_LAST) != 0)
			return (0);
	}
}

void
gic_start(void)
{
	uint64_t d = shim_facts.gicd;

	if (shim_facts.gicr != 0) {
		*reg(d, GICD_CTLR) = 0;
		while ((*reg(d, GICD_CTLR) & CTLR_RWP) != 0)
			;
		*reg(d, GICD_CTLR) = CTLR_ARE_S | CTLR_ARE_NS;
		while ((*reg(d, GICD_CTLR) & CTLR_RWP) != 0)
			;
	}
	for (unsigned int i = 1; i <= (*reg(d, GICD_TYPER) & 31); i++) {
		*reg(d, IGROUPR + 4 * i) = ~0u;
		if (shim_facts.gicr != 0)
			*reg(d, IGRPMODR + 4 * i) = 0;
	}
	if (shim_facts.gicr != 0)
		*reg(d, GICD_CTLR) = CTLR_ARE_S | CTLR_ARE_NS | CTLR_GRP1NS;
}

void
gic_start_cpu(uint64_t mpidr)
{

	if (shim_facts.gicr == 0) {
		*reg(shim_facts.gicd, IGROUPR) = ~0u;	/* of this CPU */
		*reg(shim_facts.gicc, GICC_PMR) = 0xff;
		return;
	}
	uint64_t r = redistributor(mpidr);
	if (r == 0)
		return;
	*reg(r, GICR_WAKER) &= ~WAKER_SLEEP;
	while ((*reg(r, GICR_WAKER) & WAKER_ASLEEP) != 0)
		;
	*reg(r, FRAME + IGROUPR) = ~0u;
	*reg(r, FRAME + IGRPMODR) = 0;
}
