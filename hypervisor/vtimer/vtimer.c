/*
 * The generic timer's arithmetic (DDI 0487, D11.2.4). Must not know where
 * a timer's state is kept nor how its registers trap.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vtimer/vtimer.h"

/* The condition is unsigned, on 64 bits, masked or not (D11.2.4). */
static bool
met(const struct vtimer *t, uint64_t now)
{

	return (now - t->offset >= t->cval);
}

uint64_t
vtimer_read(const struct vtimer *t, enum vtimer_reg reg, uint64_t now)
{

	switch (reg) {
	case VTIMER_CTL:
		return (t->ctl | (t->ctl & VTIMER_ENABLE && met(t, now) ?
		    VTIMER_ISTATUS : 0));
	case VTIMER_CVAL:
		return (t->cval);
	default:	/* 32 bits; UNKNOWN while disabled: as if enabled */
		return ((uint32_t)(t->cval - (now - t->offset)));
	}
}

void
vtimer_write(struct vtimer *t, enum vtimer_reg reg, uint64_t val, uint64_t now)
{

	switch (reg) {
	case VTIMER_CTL:
		t->ctl = val & (VTIMER_ENABLE | VTIMER_IMASK);
		break;
	case VTIMER_CVAL:
		t->cval = val;
		break;
	default:	/* signed 32 bits */
		t->cval = now - t->offset + (uint64_t)(int64_t)(int32_t)val;
		break;
	}
}

bool
vtimer_line(const struct vtimer *t, uint64_t now)
{

	return ((t->ctl & (VTIMER_ENABLE | VTIMER_IMASK)) == VTIMER_ENABLE &&
	    met(t, now));
}

uint64_t
vtimer_deadline(const struct vtimer *t)
{
	uint64_t count;

	if ((t->ctl & (VTIMER_ENABLE | VTIMER_IMASK)) != VTIMER_ENABLE ||
	    __builtin_add_overflow(t->cval, t->offset, &count))
		return (VTIMER_NEVER);
	return (count);
}
