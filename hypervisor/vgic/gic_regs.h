/*
 * Registers of the distributor and the redistributors, as the real ones
 * have them and as guests see them (IHI 0048B, 4.3; IHI 0069, 12.9 to
 * 12.11). Must not know who uses them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	GICD_CTLR	0x0000
#define	GICD_CTLR_ARE	(1u << 4)		/* GICv3 */
#define	GICD_TYPER	0x0004
#define	GICD_IIDR	0x0008
#define	GICD_IGROUPR	0x0080
#define	GICD_ISENABLER	0x0100
#define	GICD_ICENABLER	0x0180
#define	GICD_ISPENDR	0x0200
#define	GICD_ICPENDR	0x0280
#define	GICD_ISACTIVER	0x0300
#define	GICD_ICACTIVER	0x0380
#define	GICD_IPRIORITYR	0x0400
#define	GICD_ITARGETSR	0x0800		/* GICv2 */
#define	GICD_ICFGR	0x0c00
#define	GICD_SGIR	0x0f00		/* GICv2 */
#define	GICD_CPENDSGIR	0x0f10		/* GICv2; GICD_SPENDSGIR next */
#define	GICD_IROUTER	0x6000		/* GICv3; 8 bytes per INTID */

#define	GICR_CTLR	0x0000
#define	GICR_CTLR_RWP	(1u << 3)
#define	GICR_IIDR	0x0004
#define	GICR_TYPER	0x0008		/* 64 bits */
#define	GICR_TYPER_VLPIS (1u << 1)
#define	GICR_TYPER_LAST	(1u << 4)
#define	GICR_WAKER	0x0014
#define	GICR_WAKER_SLEEP (1u << 1)
#define	GICR_WAKER_ASLEEP (1u << 2)
#define	GICR_PROPBASER	0x0070		/* 64 bits */
#define	GICR_PENDBASER	0x0078		/* 64 bits */
#define	GICR_SGI	0x10000		/* the SGI and PPI frame */
