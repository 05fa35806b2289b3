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
#define	GICH_EISR	0x0020
#define	GICH_ELRSR	0x0030
#define	GICH_APR	0x00f0
#define	GICH_LR		0x0100

#define	GICV_CTLR	0x0000
#define	GICV_PMR	0x0004
#define	GICV_IAR	0x000c
#define	GICV_EOIR	0x0010

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

static inline uint64_t
reg_read64(uintptr_t base, unsigned int off)
{

	return (*(volatile uint64_t *)(base + off));
}

static inline void
reg_write64(uintptr_t base, unsigned int off, uint64_t value)
{

	*(volatile uint64_t *)(base + off) = value;
}

extern const struct gic_ops gicv2_ops, gicv3_ops;
extern const struct platform_gic *gic_desc;

/*
 * This CPU has that frame, and so many empty list registers, of which these
 * are the operations that differ.
 */
void	gic_init_cpu(uintptr_t frame, struct lr_ops *ops,
	    unsigned int count);
void	gic_enable(unsigned int intid, bool edge);
