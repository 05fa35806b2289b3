/*
 * Where the fuzz tests take their decisions from: the input of libFuzzer
 * while there is some, else Marsaglia's xorshift64, the same in every run.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const uint8_t *entropy;
static size_t entropy_left;
static uint64_t entropy_state = 0x2545f4914f6cdd1dull;

static inline uint64_t
entropy64(void)
{
	uint64_t v = 0;

	if (entropy_left > 0) {
		size_t n = entropy_left < 8 ? entropy_left : 8;

		memcpy(&v, entropy, n);
		entropy += n;
		entropy_left -= n;
		return (v);
	}
	entropy_state ^= entropy_state << 13;
	entropy_state ^= entropy_state >> 7;
	entropy_state ^= entropy_state << 17;
	return (entropy_state);
}

/* Less of the input for a decision. */
static inline uint32_t
entropy32(void)
{
	uint32_t v = 0;

	if (entropy_left == 0)
		return ((uint32_t)(entropy64() >> 32));
	size_t n = entropy_left < 4 ? entropy_left : 4;
	memcpy(&v, entropy, n);
	entropy += n;
	entropy_left -= n;
	return (v);
}

/* An input begins. */
static inline void
entropy_use(const uint8_t *data, size_t size)
{

	entropy = data;
	entropy_left = size;
	entropy_state = 0x2545f4914f6cdd1dull;
}
