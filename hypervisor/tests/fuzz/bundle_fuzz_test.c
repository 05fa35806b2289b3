/*
 * fixtures/bundles/full.dts with bytes and words changed, moved or cut off,
 * through the loader: it must answer, say why, ask for nothing that a VM
 * cannot have, and stay inside the bundle. Every run makes the same changes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <libfdt.h>

#include "tests/fuzz/corpus.h"
#include "tests/unit/bundle_fake.h"
#include "tests/unit/bundle_trees.h"

#define	ROUNDS	20000

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint32_t
rnd(uint32_t below)
{

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((uint32_t)(seed >> 32) % below);
}

static void
mutate(uint8_t *b, size_t size)
{
	static const uint32_t words[] = { 0, 1, 2, 3, 4, 8, 9, 0x28, 0x1000,
		0xfff, 0x40000000, 0x7fffffff, 0x80000000, 0xfffff000,
		0xffffffff, 0x40000, 32, 42, 287, 288 };
	/* The header's own fields are left alone most of the time. */
	uint32_t from = rnd(16) == 0 ? 0 : 56, n = (uint32_t)size - from;
	uint32_t at = from + rnd(n), to = from + rnd(n), x;

	switch (rnd(4)) {
	case 0:
		b[at] = (uint8_t)rnd(256);
		break;
	case 1:
		b[at] ^= (uint8_t)(1 << rnd(8));
		break;
	case 2:
		at &= ~3u;
		x = cpu_to_fdt32(words[rnd(nitems(words))]);
		if (at + 4 <= size)
			memcpy(b + at, &x, 4);
		break;
	case 3:				/* one property's value for another */
		at &= ~3u;
		to &= ~3u;
		x = rnd(12) * 4;
		if (at + x <= size && to + x <= size)
			memmove(b + to, b + at, x);
		break;
	}
}

/* Nodes below /vms; a change may well have swallowed one. */
static unsigned int
vms_in(const void *b, size_t len)
{
	unsigned int count = 0;
	int n;

	if (len < sizeof(struct fdt_header) || fdt_check_full(b, len) != 0)
		return (1);
	fdt_for_each_subnode(n, b, fdt_path_offset(b, "/vms"))
		count++;
	return (count == 0 ? 1 : count);
}

ATF_TC_WITHOUT_HEAD(mutated);
ATF_TC_BODY(mutated, tc)
{
	unsigned int round, n, made, good = 0, some = 0, lines = 0, i, live;
	size_t size, len;
	uint8_t *whole, *b;

	whole = trees_make(tc, "bundles/full.dts", "", &size);
	for (round = 0; round < ROUNDS; round++) {
		len = rnd(64) == 0 ? rnd((uint32_t)size) : size;
		ATF_REQUIRE((b = malloc(len + (len == 0))) != NULL);
		memcpy(b, whole, len);
		for (n = rnd(6); len > 56 && n > 0; n--)
			mutate(b, len);
		made = fake_load(b, len, 2 + rnd(2));
		for (i = live = 0; i < VM_MAX; i++)
			live += fake.vms[i] != NULL;
		ATF_REQUIRE_MSG(fake.broken == NULL, "round %u: %s", round,
		    fake.broken);
		ATF_REQUIRE_EQ_MSG(live, made, "round %u", round);
		/* Whatever is refused is said. */
		ATF_REQUIRE_MSG(made >= vms_in(b, len) || fake.lines[0] !=
		    '\0', "round %u", round);
		good += made == 2;
		some += made == 1;
		lines += fake.lines[0] != '\0';
		fake_reset(b, len);
		free(b);
	}
	free(whole);
	/* The changes reach far enough in, and are changes. */
	ATF_CHECK_MSG(good > ROUNDS / 10, "%u", good);
	ATF_CHECK_MSG(some > ROUNDS / 10, "%u", some);
	ATF_CHECK_MSG(ROUNDS - good - some > ROUNDS / 10, "%u, %u", good,
	    some);
	ATF_CHECK_MSG(lines > ROUNDS / 4, "%u", lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int made, live = 0;
	uint8_t *b = malloc(size + (size == 0));

	memcpy(b, data, size);
	made = fake_load(b, size, 2 + size % 2);
	for (unsigned int i = 0; i < VM_MAX; i++)
		live += fake.vms[i] != NULL;
	ATF_REQUIRE_MSG(fake.broken == NULL, "%s", fake.broken);
	ATF_REQUIRE_EQ(live, made);
	ATF_REQUIRE(made != 0 || fake.lines[0] != '\0');
	fake_reset(b, size);
	free(b);
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, mutated);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
