/*
 * What the virtual GIC asks of the real one: list registers and the
 * virtual CPU interface of the CPU we run on. Chosen at run time (GICv2 or
 * GICv3); the fake architecture has a software one.
 *
 * A list register is always passed in the format of ICH_LR<n>_EL2 (IHI 0069,
 * 12.4.9): State [63:62], HW [61], Group [60], Priority [55:48],
 * pINTID [44:32] (bit 41 = EOI maintenance when HW is 0), vINTID [31:0];
 * for a GICv2 guest's SGI, vINTID bits [12:10] hold the source CPU.
 * VMCR is passed in the format of ICH_VMCR_EL2, control in that of
 * ICH_HCR_EL2. The GICv2 driver converts.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

#define	LR_PENDING		(1ull << 62)
#define	LR_ACTIVE		(1ull << 63)
#define	LR_HW			(1ull << 61)
#define	LR_GROUP1		(1ull << 60)
#define	LR_PRIO_SHIFT		48
#define	LR_PINTID_SHIFT		32
#define	LR_EOI			(1ull << 41)	/* only where LR_HW is 0 */
#define	LR_SOURCE_SHIFT		10	/* GICv2 guest's SGI */

#define	LR_HCR_EN		(1u << 0)
#define	LR_HCR_LRENPIE		(1u << 2)	/* EOI without an LR */
#define	LR_HCR_NPIE		(1u << 3)	/* none pending in LRs */
/* A group's enable in VMCR: those that are off may go on, and back. */
#define	LR_HCR_GROUP_CHANGE(vmcr) (((vmcr) & 1 ? 1u << 5 : 1u << 4) |	\
				    ((vmcr) & 2 ? 1u << 7 : 1u << 6))
#define	LR_HCR_TDIR		(1u << 14)	/* trap ICC_DIR_EL1; v3 only */
#define	LR_HCR_EOICOUNT_SHIFT	27

struct lr_state {			/* of one vCPU, while not loaded */
	uint32_t	vmcr;
	uint32_t	apr[2][4];	/* active priorities, group 0 and 1 */
};

enum lr_reg {
	LR_REG_HCR,			/* control, with EOIcount */
	LR_REG_VMCR,
	LR_REG_EMPTY,			/* bit n: LR n is inactive (ELRSR) */
};

struct lr_ops {
	unsigned int	count;		/* list registers, 1 to 16 */
	unsigned int	prio_bits;	/* implemented: 5 to 8 */
	/* State, Group, Priority and vINTID without a source; others: maybe. */
	uint64_t	(*read)(unsigned int n);
	void		(*write)(unsigned int n, uint64_t lr);
	uint32_t	(*get)(enum lr_reg r);
	void		(*control)(uint32_t hcr);
	void		(*save)(struct lr_state *s);
	void		(*restore)(const struct lr_state *s);
	/*
	 * Physical interrupts behind hardware-mapped list registers, on
	 * this CPU for private ones.
	 */
	void		(*deactivate)(unsigned int pintid);
	void		(*set_active)(unsigned int pintid);
	/*
	 * Is it pending at the distributor: its line (level) high, or not
	 * acknowledged yet? NULL: cannot be asked.
	 */
	bool		(*line)(unsigned int pintid);
	/* An SPI, made pending there or no longer so; a line stays. */
	void		(*pend)(unsigned int pintid, bool pending);
};

extern const struct lr_ops *lr_ops;
