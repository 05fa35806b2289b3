/*
 * Random numbers of a seed: the ChaCha20 block function (RFC 8439, 2.3) as a
 * generator whose key each output replaces, so that what was given out
 * cannot be computed from the state that is left. Our own, and as good as
 * its seed. Must not know where seeds come from.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "port/cpu.h"

#define	CHACHA_KEY	8		/* words of 32 bits */

struct chacha {
	struct spinlock	lock;
	uint32_t	key[CHACHA_KEY];
};

/* One block: constants, key, block counter, nonce. */
void	chacha_block(uint32_t out[16], const uint32_t key[CHACHA_KEY],
	    uint32_t counter, const uint32_t nonce[3]);
/* Mixes n bytes, at most 32, into the key. */
void	chacha_seed(struct chacha *c, const void *seed, size_t n);
/* n bytes, at most 1 KiB. */
void	chacha_fill(struct chacha *c, void *buf, size_t n);
