/*
 * ChaCha20 by the vectors of RFC 8439, and what the generator keeps. And
 * doorbells, which are as small.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "abi/ext/share.h"
#include "virtio/chacha.h"
#include "virtio/vshare.h"

/* RFC 8439, 2.3.2. */
ATF_TC_WITHOUT_HEAD(block);
ATF_TC_BODY(block, tc)
{
	static const uint32_t nonce[3] = { 0x09000000, 0x4a000000, 0 };
	static const uint32_t want[16] = {
		0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7,
		0x0368c033, 0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07,
		0x05d7c214, 0xa2028bd9, 0xd19c12b5, 0xb94e16de, 0xe883d0cb,
		0x4e3c50a2
	};
	uint32_t key[CHACHA_KEY], out[16];
	uint8_t bytes[32];

	(void)tc;
	for (unsigned int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	memcpy(key, bytes, 32);
	chacha_block(out, key, 1, nonce);
	ATF_CHECK_EQ(0, memcmp(want, out, sizeof(want)));
}

/* RFC 8439, A.1, test vector 1: all zero. */
ATF_TC_WITHOUT_HEAD(generator);
ATF_TC_BODY(generator, tc)
{
	static const uint32_t zero[3];
	struct chacha c = { .key = { 0 } };
	uint32_t key[CHACHA_KEY] = { 0 }, first[16], block[16];
	uint8_t out[100], next[100];

	(void)tc;
	chacha_block(block, key, 0, zero);
	ATF_CHECK_EQ(0xade0b876, block[0]);
	chacha_seed(&c, "", 0);
	ATF_CHECK_EQ(0, memcmp(block, c.key, 32));
	memcpy(key, c.key, 32);
	chacha_fill(&c, out, sizeof(out));
	chacha_block(first, key, 1, zero);
	ATF_CHECK_EQ(0, memcmp(first, out, 64));
	chacha_block(first, key, 2, zero);
	ATF_CHECK_EQ(0, memcmp(first, out + 64, 36));
	/* The key that made it is gone, the next one gives other bytes. */
	ATF_CHECK(memcmp(key, c.key, 32) != 0);
	chacha_fill(&c, next, sizeof(next));
	ATF_CHECK(memcmp(out, next, sizeof(out)) != 0);
	chacha_seed(&c, "a", 1);
	ATF_CHECK(memcmp(key, c.key, 32) != 0);
}

static bool lines[2];

static void
line(void *ctx, bool level)
{
	bool *l = ctx;

	ATF_REQUIRE(*l != level);
	*l = level;
}

static struct vshare s;

static uint32_t
rd(unsigned int end, uint32_t offset)
{
	struct mmio m = { offset, 4, false, 0 };

	ATF_REQUIRE_EQ(MMIO_OK, vshare_mmio(&s, end, &m));
	return ((uint32_t)m.value);
}

static void
wr(unsigned int end, uint32_t offset, uint32_t v)
{
	struct mmio m = { offset, 4, true, v };

	ATF_REQUIRE_EQ(MMIO_OK, vshare_mmio(&s, end, &m));
}

ATF_TC_WITHOUT_HEAD(doorbells);
ATF_TC_BODY(doorbells, tc)
{
	struct mmio m = { 0, 1, false, 0 };

	(void)tc;
	vshare_init(&s, 0, line, &lines[0]);
	ATF_CHECK_EQ(SHARE_ID_VALUE, rd(0, SHARE_ID));
	ATF_CHECK_EQ(0, rd(0, SHARE_PEER));
	wr(0, SHARE_RING, 1);			/* nobody hears it */
	vshare_init(&s, 1, line, &lines[1]);
	ATF_CHECK_EQ(1, rd(0, SHARE_PEER));
	ATF_CHECK_EQ(0, rd(1, SHARE_PENDING));
	wr(0, SHARE_RING, 5);
	wr(0, SHARE_RING, 2);
	ATF_CHECK(lines[1] && !lines[0]);
	ATF_CHECK_EQ(7, rd(1, SHARE_PENDING));
	ATF_CHECK_EQ(0, rd(0, SHARE_PENDING));
	wr(1, SHARE_PENDING, 3);
	ATF_CHECK(lines[1]);
	wr(1, SHARE_PENDING, 4);
	ATF_CHECK(!lines[1]);
	wr(0, SHARE_RING, 0);
	ATF_CHECK(!lines[1]);
	wr(1, SHARE_RING, 1u << 31);
	ATF_CHECK(lines[0]);
	vshare_reset(&s, 0, false);
	ATF_CHECK(!lines[0]);
	ATF_CHECK_EQ(1, rd(1, SHARE_PEER));
	wr(1, SHARE_RING, 1);
	vshare_reset(&s, 0, true);
	ATF_CHECK(!lines[0]);
	ATF_CHECK_EQ(0, rd(1, SHARE_PEER));
	wr(1, SHARE_RING, 1);
	ATF_CHECK_EQ(0, rd(1, 0xffc));
	ATF_CHECK_EQ(MMIO_FAULT, vshare_mmio(&s, 1, &m));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, block);
	ATF_TP_ADD_TC(tp, generator);
	ATF_TP_ADD_TC(tp, doorbells);
	return (atf_no_error());
}
