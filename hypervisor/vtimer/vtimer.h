/*
 * One timer of the architected generic timer as a guest sees it (DDI 0487,
 * D11.2 and D19.12): CNTP emulated, or CNTV while its vCPU is not loaded.
 * Pure arithmetic: time is passed in; what to do at a deadline is the
 * caller's.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

#define	VTIMER_ENABLE	(1u << 0)	/* CTL */
#define	VTIMER_IMASK	(1u << 1)
#define	VTIMER_ISTATUS	(1u << 2)	/* read only */

#define	VTIMER_NEVER	(~0ull)

struct vtimer {
	uint32_t	ctl;		/* ENABLE and IMASK */
	uint64_t	cval;
	uint64_t	offset;		/* its count = physical - offset */
};

enum vtimer_reg { VTIMER_CTL, VTIMER_CVAL, VTIMER_TVAL };

/* now: the physical counter, in ticks. */
uint64_t vtimer_read(const struct vtimer *t, enum vtimer_reg reg,
	    uint64_t now);
void	vtimer_write(struct vtimer *t, enum vtimer_reg reg, uint64_t val,
	    uint64_t now);
/* Level of its interrupt line now. */
bool	vtimer_line(const struct vtimer *t, uint64_t now);
/*
 * Physical count at which the line rises (may be past), or VTIMER_NEVER
 * as it is set up.
 */
uint64_t vtimer_deadline(const struct vtimer *t);
