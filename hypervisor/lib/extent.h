/*
 * A set of ranges [base, base + size), sorted, disjoint, neighbours merged:
 * what is free of something. Knows nothing of what the numbers are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

#define	EXTENT_MAX	128

struct extent {
	uint64_t	base, size;
};

struct extents {
	struct extent	e[EXTENT_MAX];
	unsigned int	n;
};

static inline bool
extent_overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{

	return (a < b + blen && b < a + alen);
}

/* 0, or -1: it overlaps, wraps, or the set has no room for one more. */
int	extent_add(struct extents *s, uint64_t base, uint64_t size);
/* Takes [base, base + size) out, whatever of it is there. 0, or -1: no room. */
int	extent_remove(struct extents *s, uint64_t base, uint64_t size);
/* First fit; align is a power of two. False: none, or size is 0. */
bool	extent_alloc(struct extents *s, uint64_t size, uint64_t align,
	    uint64_t *base);
/* Is any of [base, base + size) in the set? */
bool	extent_meets(const struct extents *s, uint64_t base, uint64_t size);
/* Sum of all sizes. */
uint64_t extent_total(const struct extents *s);
