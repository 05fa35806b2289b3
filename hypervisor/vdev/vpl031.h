/*
 * The real-time clock a guest sees: Arm PL031 (DDI 0224). Seconds are
 * counted from the physical counter. The one who schedules asks for the
 * deadline of the alarm and calls vpl031_tick() once it has passed. Must not
 * know timers, the interrupt controller, nor how an access trapped.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/mmio.h"
#include "port/cpu.h"

#define	VPL031_NEVER	(~0ull)

/* Called with the device's lock held; must not call the device. */
struct vpl031_ops {
	/* The interrupt line changes to level; called on changes only. */
	void	(*line)(void *ctx, unsigned int intid, bool level);
	unsigned int intid;
	/* An access was made after which vpl031_deadline() is another. */
	void	(*deadline_changed)(void *ctx);
};

struct vpl031 {
	struct spinlock	lock;
	const struct vpl031_ops *ops;
	void		*ctx;
	uint64_t	zero;		/* counter ticks at which time was LR */
	uint64_t	alarm;		/* counter ticks, or VPL031_NEVER */
	uint32_t	reg[8];		/* by offset / 4; those with a state */
	bool		level;		/* of the line, as last told */
};

/* seconds: the time now, since 1970-01-01 00:00 UTC. */
void	vpl031_init(struct vpl031 *r, uint32_t seconds,
	    const struct vpl031_ops *ops, void *ctx);
/* A reset of the VM: the time stays, alarm and interrupt go. */
void	vpl031_reset(struct vpl031 *r);

/* An mmio_fn; dev is a struct vpl031. */
enum mmio_result vpl031_mmio(void *dev, unsigned int vcpu, struct mmio *m);

/*
 * Physical count at which the next interrupt is due, VPL031_NEVER for none. An
 * alarm that is masked is no deadline: its raw status is brought up to date
 * by the next access.
 */
uint64_t vpl031_deadline(struct vpl031 *r);
/* Raises the interrupt if the alarm is due. May be called at any time. */
void	vpl031_tick(struct vpl031 *r);
