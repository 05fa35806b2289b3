/*
 * ChaCha20 as a random number generator; see chacha.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "virtio/chacha.h"

static const uint32_t zero[3];

/* RFC 8439, 2.1: a, b, c, d in turn. */
static void
quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	static const uint8_t by[] = { 16, 12, 8, 7 };

	for (unsigned int i = 0; i < 4; i++) {
		uint32_t *to = i % 2 == 0 ? a : c, *add = i % 2 == 0 ? b : d;
		uint32_t *mix = i % 2 == 0 ? d : b;

		*to += *add;
		*mix ^= *to;
		*mix = *mix << by[i] | *mix >> (32 - by[i]);
	}
}

void
chacha_block(uint32_t out[16], const uint32_t key[CHACHA_KEY],
    uint32_t counter, const uint32_t nonce[3])
{
	uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(&in[4], key, 32);
	in[12] = counter;
	memcpy(&in[13], nonce, 12);
	memcpy(out, in, sizeof(in));
	for (unsigned int round = 0; round < 10; round++)
		for (unsigned int i = 0; i < 8; i++) {
			/* Columns, then diagonals. */
			unsigned int s = i / 4, n = i % 4;

			quarter(&out[n], &out[4 + (n + s) % 4], &out[8 +
			    (n + 2 * s) % 4], &out[12 + (n + 3 * s) % 4]);
		}
	for (unsigned int i = 0; i < 16; i++)
		out[i] += in[i];
}

/* The next key, of this one: nobody comes back from there. */
static void
step(struct chacha *c)
{
	uint32_t block[16];

	chacha_block(block, c->key, 0, zero);
	memcpy(c->key, block, sizeof(c->key));
}

void
chacha_seed(struct chacha *c, const void *seed, size_t n)
{
	uint32_t words[CHACHA_KEY] = { 0 };

	memcpy(words, seed, n);
	spin_lock(&c->lock);
	for (unsigned int i = 0; i < CHACHA_KEY; i++)
		c->key[i] ^= words[i];
	step(c);
	spin_unlock(&c->lock);
}

void
chacha_fill(struct chacha *c, void *buf, size_t n)
{
	uint32_t block[16];
	char *to = buf;

	spin_lock(&c->lock);
	for (uint32_t counter = 1; n != 0; counter++) {
		size_t len = n < sizeof(block) ? n : sizeof(block);

		chacha_block(block, c->key, counter, zero);
		memcpy(to, block, len);
		to += len;
		n -= len;
	}
	step(c);
	spin_unlock(&c->lock);
}
