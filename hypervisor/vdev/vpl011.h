/*
 * The UART a guest sees: Arm PL011 r1p5 (DDI 0183). What the guest sends
 * leaves at once through a callback; what the console receives comes in by
 * vpl011_input(). Must not know the console, the interrupt controller, nor
 * how an access trapped.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/mmio.h"
#include "port/cpu.h"

#define	VPL011_FIFO	32		/* entries; r1p5 (DDI 0183G, 1.1) */

/*
 * Both are called with the device's lock held: they may take locks of
 * their own, and must not call the device.
 */
struct vpl011_ops {
	/* The guest sends c. False: it is to try again. */
	bool	(*sink)(void *ctx, char c);
	/* The interrupt line changes to level; called on changes only. */
	void	(*line)(void *ctx, unsigned int intid, bool level);
	unsigned int intid;
};

struct vpl011 {
	struct spinlock	lock;
	const struct vpl011_ops *ops;
	void		*ctx;
	uint16_t	reg[19];	/* by offset / 4; FR is read unlocked */
	bool		level;		/* of the line, as last told */
	bool		overrun;	/* to be told with the next DR read */
	bool		refused;	/* by the sink, just now */
	uint8_t		rx_head, rx_count;
	uint8_t		rx[VPL011_FIFO];
};

/* Reset state. ops and ctx stay with the device until the next init. */
void	vpl011_init(struct vpl011 *u, const struct vpl011_ops *ops, void *ctx);
/* As init, by a reset of the VM: the line is told to fall if it was high. */
void	vpl011_reset(struct vpl011 *u);

/* An mmio_fn; dev is a struct vpl011. */
enum mmio_result vpl011_mmio(void *dev, unsigned int vcpu, struct mmio *m);

/*
 * A character arrives. False when there is no room: it is not taken, the
 * caller may try again (the guest sees no overrun).
 */
bool	vpl011_input(struct vpl011 *u, char c);
