/*
 * What gic.c asks of the two generations (IHI 0048, IHI 0069): all that is
 * not a distributor register at the same offset in both.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib.h"

/* Marks an IAR of the group that is not our usual one. */
#define	IAR_OTHER_GROUP	(1u << 31)
#define	IAR_INTID	0x00ffffffu

#define	GICD_CTLR	0x0000
#define	GICD_TYPER	0x0004
#define	GICD_IGROUPR	0x0080
#define	GICD_ISENABLER	0x0100
#define	GICD_ICENABLER	0x0180
#define	GICD_ISPENDR	0x0200
#define	GICD_ICPENDR	0x0280
#define	GICD_ISACTIVER	0x0300
#define	GICD_ICACTIVER	0x0380
#define	GICD_IPRIORITYR	0x0400
#define	GICD_ITARGETSR	0x0800
#define	GICD_ICFGR	0x0c00

struct gic_ops {
	void	 (*init)(void);			/* distributor on */
	void	 (*cpu_init)(void);		/* this CPU's part, anew */
	void	 (*cpu_off)(void);
	uint64_t (*frame)(uint32_t intid);	/* where its registers are */
	void	 (*written)(void);		/* wait till it counts */
	uint32_t group;				/* of all, in an IGROUPR */
	void	 (*sgi)(unsigned int intid, unsigned int cpu);
	void	 (*sgi_others)(unsigned int intid);
	void	 (*sgi_pend)(unsigned int intid, bool on);
	void	 (*route)(uint32_t intid, unsigned int cpu);
	uint32_t (*ack)(bool fiq);
	void	 (*eoi)(uint32_t iar), (*dir)(uint32_t iar);
	void	 (*eoi_mode)(bool split);
	void	 (*pmr)(uint8_t mask), (*bpr)(uint8_t bpr);
	uint8_t	 (*rpr)(void);
	uint32_t (*hppir)(void);
};
extern const struct gic_ops gicv2_ops, gicv3_ops;
