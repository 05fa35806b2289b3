/*
 * A ring of bytes in memory of the caller's; one producer and one consumer
 * on the same CPU, or under a lock.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct ring {
	uint8_t		*bytes;
	uint32_t	size;		/* a power of two */
	uint32_t	in, out;	/* counted up for ever */
};

static inline void
ring_init(struct ring *r, uint8_t *bytes, uint32_t size)
{

	*r = (struct ring){ bytes, size, 0, 0 };
}

static inline bool
ring_empty(const struct ring *r)
{

	return (r->in == r->out);
}

static inline bool
ring_full(const struct ring *r)
{

	return (r->in - r->out == r->size);
}

/* False: full, nothing taken. */
static inline bool
ring_put(struct ring *r, uint8_t byte)
{

	if (ring_full(r))
		return (false);
	r->bytes[r->in++ & (r->size - 1)] = byte;
	return (true);
}

/* The oldest byte, which stays; false: empty. */
static inline bool
ring_peek(const struct ring *r, uint8_t *byte)
{

	if (ring_empty(r))
		return (false);
	*byte = r->bytes[r->out & (r->size - 1)];
	return (true);
}

/* Forget the oldest byte; the ring is not empty. */
static inline void
ring_drop(struct ring *r)
{

	r->out++;
}
