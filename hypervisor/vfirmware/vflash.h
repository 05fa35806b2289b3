/*
 * A NOR flash as firmware keeps its variables in: two chips of 16 bits side
 * by side with Intel's command set, told of by the Common Flash Interface
 * (JESD68). Has its array in memory that the guest reads without a trap as
 * long as no command is on.
 * Must not know where that memory is mapped.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/mmio.h"
#include "port/cpu.h"

#define	VFLASH_SECTOR	(256u << 10)	/* erased at once, both chips */
#define	VFLASH_BUFFER	128u		/* bytes programmed at once */

struct vflash_ops {
	/* The guest is to read the array itself, or to trap. */
	void	(*direct)(void *ctx, bool direct);
	/* Bytes of the array are others now. */
	void	(*changed)(void *ctx, void *at, size_t n);
};

struct vflash {
	struct spinlock	lock;
	const struct vflash_ops *ops;
	void		*ctx;
	uint8_t		*array;
	uint32_t	size;			/* whole sectors */
	uint8_t		reads;			/* what a read gives */
	uint8_t		step;			/* what a write means */
	uint8_t		status;			/* of each chip */
	bool		direct;
	uint32_t	count, base;		/* of what is in the buffer */
	uint8_t		buffer[VFLASH_BUFFER];
};

/* As delivered: erased. */
void	vflash_init(struct vflash *f, const struct vflash_ops *ops, void *ctx,
	    void *array, uint32_t size);
/* Power comes back: the array is what it was. */
void	vflash_reset(struct vflash *f);
mmio_fn	vflash_mmio;
