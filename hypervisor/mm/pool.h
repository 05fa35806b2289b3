/*
 * Pages of the hypervisor's own: page tables, vCPUs, device state. Zeroed
 * when handed out. Knows nothing of where they come from.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/extent.h"
#include "port/cpu.h"

struct pool_page {
	struct pool_page *next;
};

struct pool {
	struct spinlock	lock;
	struct pool_page *free;		/* single pages given back */
	struct extents	ranges;		/* of physical addresses */
};

/* Any amount at the same cost. 0, or -1: too many ranges. */
int	pool_add(struct pool *p, pa_t start, size_t npages);
/*
 * n contiguous pages, at a multiple of align pages (1 for a single page);
 * NULL: none.
 */
void	*pool_alloc(struct pool *p, size_t n, size_t align);
void	pool_free(struct pool *p, void *pages, size_t n);
