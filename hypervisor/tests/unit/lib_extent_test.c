/*
 * Sets of ranges: edges one by one, then random changes against an array
 * that has a flag for every number.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "lib/extent.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

static struct extents s;

static void
start(void)
{

	s = (struct extents){ .n = 0 };
}

#define	IS(i, b, z) do {						\
	ATF_CHECK_EQ((uint64_t)(b), s.e[i].base);			\
	ATF_CHECK_EQ((uint64_t)(z), s.e[i].size);			\
} while (0)

CASE(merge)
{

	start();
	ATF_CHECK_EQ(0, extent_add(&s, 100, 10));
	ATF_CHECK_EQ(0, extent_add(&s, 300, 10));
	ATF_CHECK_EQ(0, extent_add(&s, 200, 10));
	ATF_CHECK_EQ(3, s.n);
	IS(1, 200, 10);
	ATF_CHECK_EQ(0, extent_add(&s, 110, 5));	/* behind */
	ATF_CHECK_EQ(0, extent_add(&s, 195, 5));	/* before */
	IS(0, 100, 15);
	IS(1, 195, 15);
	ATF_CHECK_EQ(0, extent_add(&s, 115, 80));	/* between */
	ATF_CHECK_EQ(2, s.n);
	IS(0, 100, 110);
	IS(1, 300, 10);
	ATF_CHECK_EQ(120, extent_total(&s));
}

CASE(overlap)
{
	static const uint64_t bad[][2] = { { 100, 10 }, { 99, 2 }, { 109, 1 },
	    { 105, 1 }, { 0, 1000 }, { 95, 10 }, { 109, 10 } };
	unsigned int i;

	start();
	extent_add(&s, 100, 10);
	for (i = 0; i < nitems(bad); i++)
		ATF_CHECK_EQ_MSG(-1, extent_add(&s, bad[i][0], bad[i][1]),
		    "%u", i);
	ATF_CHECK_EQ(1, s.n);
	IS(0, 100, 10);
	ATF_CHECK_EQ(0, extent_add(&s, 105, 0));	/* nothing is free */
	ATF_CHECK_EQ(10, extent_total(&s));
}

CASE(top)
{
	uint64_t base;

	start();
	ATF_CHECK_EQ(-1, extent_add(&s, UINT64_MAX, 2));
	ATF_CHECK_EQ(0, extent_add(&s, UINT64_MAX - 10, 10));
	ATF_CHECK(!extent_alloc(&s, 1, 4096, &base));	/* would wrap */
	ATF_CHECK_EQ(0, extent_add(&s, 0, 4096));
	/* The end of what is removed wraps: up to the end of all. */
	ATF_CHECK_EQ(0, extent_remove(&s, 100, UINT64_MAX));
	ATF_CHECK_EQ(1, s.n);
	IS(0, 0, 100);
}

CASE(full)
{
	unsigned int i;
	uint64_t base;

	start();
	for (i = 0; i < EXTENT_MAX; i++)
		ATF_REQUIRE_EQ(0, extent_add(&s, i * 100, 50));
	ATF_CHECK_EQ(-1, extent_add(&s, i * 100, 50));
	ATF_CHECK_EQ(-1, extent_remove(&s, 10, 10));	/* would split */
	IS(0, 0, 50);
	ATF_CHECK_EQ(50 * EXTENT_MAX, extent_total(&s));
	/* One that needs no split is found. */
	ATF_CHECK(extent_alloc(&s, 10, 64, &base));
	ATF_CHECK_EQ(0, base % 64);
	ATF_CHECK_EQ(0, extent_remove(&s, 100, 50));
	ATF_CHECK_EQ(EXTENT_MAX - 1, s.n);
	ATF_CHECK_EQ(0, extent_add(&s, 150, 50));	/* merges */
}

CASE(alloc)
{
	uint64_t base;

	start();
	extent_add(&s, 0x1100, 0x1f00);
	extent_add(&s, 0x8000, 0x4000);
	ATF_CHECK(extent_alloc(&s, 0x1000, 0x1000, &base));
	ATF_CHECK_EQ(0x2000, base);		/* the first that fits */
	ATF_CHECK(extent_alloc(&s, 0x1000, 0x1000, &base));
	ATF_CHECK_EQ(0x8000, base);
	ATF_CHECK(extent_alloc(&s, 0xf00, 1, &base));
	ATF_CHECK_EQ(0x1100, base);
	ATF_CHECK(!extent_alloc(&s, 0x3001, 1, &base));
	ATF_CHECK(extent_alloc(&s, 0x3000, 1, &base));
	ATF_CHECK_EQ(0x9000, base);
	ATF_CHECK(!extent_alloc(&s, 1, 1, &base));
	ATF_CHECK_EQ(0, s.n);
}

#define	SPACE	400u

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static unsigned int
rnd(unsigned int below)
{

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((unsigned int)(seed >> 32) % below);
}

/* Sorted, apart from each other, and just what the flags say. */
static void
check(const bool *in)
{
	unsigned int i, at = 0;
	uint64_t n, total = 0;

	for (i = 0; i < s.n; i++) {
		ATF_REQUIRE(s.e[i].size > 0);
		ATF_REQUIRE(i == 0 || s.e[i].base > s.e[i - 1].base +
		    s.e[i - 1].size);
		for (; at < s.e[i].base; at++)
			ATF_REQUIRE(!in[at]);
		for (n = 0; n < s.e[i].size; n++, at++)
			ATF_REQUIRE(at < SPACE && in[at]);
		total += s.e[i].size;
	}
	for (; at < SPACE; at++)
		ATF_REQUIRE(!in[at]);
	ATF_REQUIRE_EQ(total, extent_total(&s));
}

static bool
any(const bool *in, unsigned int base, unsigned int size, bool what)
{
	unsigned int i;

	for (i = base; i < base + size; i++)
		if (in[i] == what)
			return (true);
	return (false);
}

CASE(random)
{
	static bool in[SPACE];
	unsigned int step, base, size, align, i, rejected = 0, found = 0;
	uint64_t got;
	bool ok;

	start();
	for (step = 0; step < 50000; step++) {
		base = rnd(SPACE);
		size = 1 + rnd(step % 3 == 0 ? SPACE - base : 12);
		if (size > SPACE - base)
			size = SPACE - base;
		switch (rnd(3)) {
		case 0:
			ok = !any(in, base, size, true);
			ATF_REQUIRE_EQ(ok ? 0 : -1,
			    extent_add(&s, base, size));
			rejected += !ok;
			for (i = base; ok && i < base + size; i++)
				in[i] = true;
			break;
		case 1:
			size = 1 + rnd(size);
			ATF_REQUIRE_EQ(0, extent_remove(&s, base, size));
			for (i = base; i < base + size; i++)
				in[i] = false;
			break;
		case 2:
			align = 1u << rnd(6);
			for (i = 0; i + size <= SPACE; i += align)
				if (!any(in, i, size, false))
					break;
			ok = i + size <= SPACE;
			ATF_REQUIRE_EQ(ok, extent_alloc(&s, size, align,
			    &got));
			if (!ok)
				break;
			found++;
			ATF_REQUIRE_EQ(i, got);
			for (i = 0; i < size; i++)
				in[got + i] = false;
			break;
		}
		check(in);
	}
	ATF_CHECK(rejected > 1000 && found > 1000);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, merge);
	ATF_TP_ADD_TC(tp, overlap);
	ATF_TP_ADD_TC(tp, top);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, alloc);
	ATF_TP_ADD_TC(tp, random);
	return (atf_no_error());
}
