/*
 * Trees with a few words or bytes changed, cut or swapped, through
 * discovery: it must answer, keep its promises and stay inside the tree.
 * Every run makes the same changes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/ext/option.h"
#include "tests/fuzz/corpus.h"
#include "tests/unit/platform_trees.h"

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
	static const uint32_t words[] = {
		0, 1, 2, 3, 4, 5, 8, 9, 0x10, 0x100, 0x7fffffff, 0x80000000,
		0xfffffff0, 0xffffffff, 0xd00dfeed,
	};
	/* The header's own fields are left alone most of the time. */
	uint32_t from = rnd(16) == 0 ? 0 : 40;
	uint32_t at = from + rnd((uint32_t)size - from), other, x;

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
	case 3:
		at &= ~3u;
		other = (from + rnd((uint32_t)size - from)) & ~3u;
		if (at + 4 <= size && other + 4 <= size) {
			memcpy(&x, b + at, 4);
			memcpy(b + at, b + other, 4);
			memcpy(b + other, &x, 4);
		}
		break;
	}
}

ATF_TC(mutated);
ATF_TC_HEAD(mutated, tc)
{

	atf_tc_set_md_var(tc, "descr", "20,000 mutated trees");
	atf_tc_set_md_var(tc, "require.progs", "dtc");
	atf_tc_set_md_var(tc, "timeout", "120");
}
ATF_TC_BODY(mutated, tc)
{
	static const char *const names[] = {
		"zcu102", "fvp", "dw-uart", "rpi3", "sbsa",
		"qemu-virt-gicv2-cpu1-512M", "qemu-virt-gicv3-cpu4-512M",
	};
	void *good[nitems(names)];
	size_t size[nitems(names)], max;
	unsigned int i, n, k, usable = 0;
	const char *what;
	uint8_t *b;
	int rv;

	for (i = 0; i < nitems(names); i++)
		good[i] = trees_fixture(tc, names[i], &size[i]);
	for (i = 0; i < ROUNDS; i++) {
		k = i % nitems(names);
		max = size[k];
		if (rnd(16) == 0)
			max = rnd((uint32_t)max) + 1;
		ATF_REQUIRE((b = malloc(max)) != NULL);
		memcpy(b, good[k], max);
		for (n = 1 + rnd(6); max > 40 && n > 0; n--)
			mutate(b, max);
		option_find(b, max, "apiary.e2h=");
		rv = platform_discover(&p, b, max, err, sizeof(err));
		what = trees_check(rv, (char *)b, max);
		ATF_CHECK_MSG(what == NULL, "round %u: %s: %s", i, what,
		    err);
		usable += rv == 0;
		free(b);
	}
	/* Neither all refused nor all accepted: the changes bite. */
	ATF_CHECK_MSG(usable > ROUNDS / 20 && usable < ROUNDS * 19 / 20,
	    "%u of %u were usable", usable, ROUNDS);
	for (i = 0; i < nitems(names); i++)
		free(good[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *b = malloc(size + (size == 0));

	memcpy(b, data, size);
	option_find(b, size, "apiary.e2h=");
	int rv = platform_discover(&p, b, size, err, sizeof(err));
	const char *what = trees_check(rv, b, size);
	ATF_REQUIRE_MSG(what == NULL, "%s: %s", what, err);
	free(b);
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, mutated);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
