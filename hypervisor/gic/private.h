/*
 * What the files of the real GIC share, and its registers: offsets and bits
 * that guests have no like of. Distributor and GICv2 CPU interfaces:
 * IHI 0048B, 4.3, 4.4, 5.3; GICv3: IHI 0069, 12. Nobody outside this folder
 * includes it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "gic/gic.h"
#include "platform/platform.h"
#include "vgic/gic_regs.h"
#include "vmm/vcpu.h"

/* Off the hot paths: for size. */
#define	COLD	__attribute__((cold, noinline))

#define	GIC_SGI_KICK	0		/* our only SGI between CPUs */

#define	GICD_CTLR_GRP1	(1u << 0)	/* GICv2, as seen Non-secure */
#define	GICD_CTLR_V3_GRP1 (1u << 1)	/* EnableGrp1 / EnableGrp1A */
#define	GICD_CTLR_RWP	(1u << 31)

#define	GICC_CTLR	0x0000
#define	GICC_PMR	0x0004
#define	GICC_BPR	0x0008
#define	GICC_IAR	0x000c
#define	GICC_EOIR	0x0010
#define	GICC_DIR	0x1000
#define	GICC_CTLR_GRP1	(1u << 0)
#define	GICC_CTLR_EOIMODE (1u << 9)

#define	GICH_HCR	0x0000
#define	GICH_VTR	0x0004
#define	GICH_VMCR	0x0008
#define	GICH_ELRSR	0x0030
#define	GICH_APR	0x00f0
#define	GICH_LR		0x0100

static inline uint32_t
reg_read(uintptr_t base, unsigned int off)
{

	return (*(volatile uint32_t *)(base + off));
}

static inline void
reg_write(uintptr_t base, unsigned int off, uint32_t value)
{

	*(volatile uint32_t *)(base + off) = value;
}

extern const struct gic_ops gicv2_ops, gicv3_ops;
extern const struct platform_gic *gic_desc;

/*
 * GICH_LR<n> (IHI 0048B, 5.3.9) has what ICH_LR<n>_EL2 has at other places:
 * the vINTID, with an SGI's source above; the pINTID or, ninth bit of the
 * same field, EOI; five bits of priority; State, Group and HW.
 */
static inline uint64_t
gicv2_lr(uint32_t r)
{

	return ((r & 0x3ff) | (uint64_t)(r >> 23 & 31) << 51 |
	    (uint64_t)(r >> 28 & 3) << 62 | (uint64_t)(r >> 30 & 1) << 60);
}

static inline uint32_t
gicv2_gich_lr(uint64_t v)
{

	return ((v & 0x1fff) | (v >> 32 & 0x3ff) << 10 |
	    (v >> 51 & 31) << 23 | v >> 62 << 28 | (v >> 60 & 1) << 30 |
	    (v >> 61 & 1) << 31);
}

/* Of an SPI or PPI of ours, whichever CPU acknowledged it. */
void	gicv2_clear_active(unsigned int intid);

/*
 * This CPU has that frame, and so many empty list registers, of which these
 * are the operations that differ.
 */
void	gic_init_cpu(uintptr_t frame, struct lr_ops *ops,
	    unsigned int count);
void	gic_enable(unsigned int intid, bool edge);
