/*
 * The registers beside memory that two VMs share: a page of doorbells for
 * each of them (abi/ext/share.h). Must not know whose they are, nor the memory.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/mmio.h"
#include "port/cpu.h"

struct vshare_end {
	void	(*line)(void *ctx, bool level);	/* NULL: nobody there */
	void	*ctx;
	uint32_t pending;
};

struct vshare {
	struct spinlock	lock;
	struct vshare_end end[2];
};

void	vshare_init(struct vshare *s, unsigned int end,
	    void (*line)(void *ctx, bool level), void *ctx);
/* By a reset of this end's VM, or with it gone: nothing is rung any more. */
void	vshare_reset(struct vshare *s, unsigned int end, bool gone);
enum mmio_result vshare_mmio(struct vshare *s, unsigned int end,
	    struct mmio *m);
