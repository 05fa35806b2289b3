/*
 * The page pool: what is handed out is zero, aligned and nobody else's;
 * what comes back is had again, in a row too.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <pthread.h>

#include "pt_check.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

static bool
all_zero(const void *page, size_t n)
{
	const uint64_t *p = page;
	size_t i;

	for (i = 0; i < n * PAGE_SIZE / sizeof(*p); i++)
		if (p[i] != 0)
			return (false);
	return (true);
}

CASE(zeroed)
{
	void *a, *b;

	check_pool(4);
	a = pool_alloc(&pool, 1, 1);
	b = pool_alloc(&pool, 3, 1);
	ATF_REQUIRE(a != NULL && b != NULL);
	ATF_CHECK(all_zero(a, 1) && all_zero(b, 3));
	memset(a, 0xff, PAGE_SIZE);
	memset(b, 0xff, 3 * PAGE_SIZE);
	pool_free(&pool, a, 1);
	pool_free(&pool, b, 3);
	ATF_CHECK(pool_alloc(&pool, 1, 1) == a && all_zero(a, 1));
	ATF_CHECK(pool_alloc(&pool, 3, 1) != NULL && all_zero(b, 3));
}

CASE(align)
{
	void *p[4];
	unsigned int i;

	check_pool(32);
	ATF_REQUIRE(pool_alloc(&pool, 1, 1) != NULL);
	for (i = 0; i < 4; i++) {
		p[i] = pool_alloc(&pool, 2, 1u << i);
		ATF_REQUIRE(p[i] != NULL);
		ATF_CHECK_EQ(0, port_ptr_to_pa(p[i]).v %
		    (PAGE_SIZE << i));
	}
	/* What was skipped is not lost. */
	ATF_CHECK_EQ(32 - 1 - 8, pool_available(&pool));
	for (i = 0; i < 23; i++)
		ATF_REQUIRE(pool_alloc(&pool, 1, 1) != NULL);
	ATF_CHECK(pool_alloc(&pool, 1, 1) == NULL);
}

CASE(empty)
{
	void *p;

	check_pool(4);
	ATF_CHECK(pool_alloc(&pool, 5, 1) == NULL);
	ATF_CHECK(pool_alloc(&pool, 1ull << 52, 1) == NULL);	/* 2^64 bytes */
	ATF_CHECK_EQ(4, pool_available(&pool));
	p = pool_alloc(&pool, 4, 1);
	ATF_CHECK(p != NULL);
	ATF_CHECK(pool_alloc(&pool, 1, 1) == NULL);
	ATF_CHECK_EQ(0, pool_available(&pool));
	pool_free(&pool, p, 4);
	ATF_CHECK_EQ(4, pool_available(&pool));
}

/* A VM's vCPUs come and go. */
CASE(rows_come_back)
{
	void *a, *b;
	unsigned int i;

	check_pool(20);
	for (i = 0; i < 200; i++) {
		a = pool_alloc(&pool, 7, 1);
		b = pool_alloc(&pool, 9, 1);
		ATF_REQUIRE_MSG(a != NULL && b != NULL, "round %u", i);
		pool_free(&pool, i & 1 ? a : b, i & 1 ? 7 : 9);
		pool_free(&pool, i & 1 ? b : a, i & 1 ? 9 : 7);
		ATF_REQUIRE_EQ(20, pool_available(&pool));
	}
}

CASE(ranges)
{
	unsigned int i;
	void *p[EXTENT_MAX];

	pool = (struct pool){ 0 };
	for (i = 0; i < EXTENT_MAX; i++)
		ATF_REQUIRE_EQ(0, pool_add(&pool, PA(MEM_FAKE_BASE +
		    i * 8 * PAGE_SIZE), 2));
	ATF_CHECK_EQ(-1, pool_add(&pool, PA(MEM_FAKE_BASE +
	    4 * BLOCK_SIZE), 2));
	ATF_CHECK_EQ(2 * EXTENT_MAX, pool_available(&pool));
	ATF_CHECK(pool_alloc(&pool, 3, 1) == NULL);	/* none is so long */
	for (i = 0; i < EXTENT_MAX; i++)
		ATF_REQUIRE((p[i] = pool_alloc(&pool, 2, 1)) != NULL);
	/* Room for ranges again, and then none: single pages. */
	ATF_CHECK_EQ(0, pool_add(&pool, PA(MEM_FAKE_BASE +
	    4 * BLOCK_SIZE), 2));
	for (i = 0; i < EXTENT_MAX; i++)
		pool_free(&pool, p[i], 2);
	ATF_CHECK_EQ(2 * EXTENT_MAX + 2, pool_available(&pool));
	for (i = 0; i < 2 * EXTENT_MAX + 2; i++)
		ATF_REQUIRE(pool_alloc(&pool, 1, 1) != NULL);
	ATF_CHECK(pool_alloc(&pool, 1, 1) == NULL);
}

#define	THREADS	4
#define	ROUNDS	2000

static void *
worker(void *arg)
{
	uintptr_t me = (uintptr_t)arg;
	uint64_t *p[4] = { NULL };
	unsigned int i, k;

	for (i = 0; i < ROUNDS; i++) {
		k = i % 4;
		if (p[k] != NULL) {
			/* Nobody has written to it meanwhile. */
			if (p[k][7] != me)
				return ("a page with two owners");
			pool_free(&pool, p[k], 1 + k % 2);
		}
		p[k] = pool_alloc(&pool, 1 + k % 2, 1);
		if (p[k] == NULL)
			return ("no page");
		if (p[k][7] != 0)
			return ("a page that is not zero");
		p[k][7] = me;
	}
	for (k = 0; k < 4; k++)
		pool_free(&pool, p[k], 1 + k % 2);
	return (NULL);
}

CASE(threads)
{
	pthread_t t[THREADS];
	uintptr_t i;
	void *wrong;

	check_pool(THREADS * 16);
	for (i = 0; i < THREADS; i++)
		ATF_REQUIRE_EQ(0, pthread_create(&t[i], NULL, worker,
		    (void *)(i + 1)));
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &wrong);
		ATF_CHECK_MSG(wrong == NULL, "%s", (char *)wrong);
	}
	ATF_CHECK_EQ(THREADS * 16, pool_available(&pool));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, zeroed);
	ATF_TP_ADD_TC(tp, align);
	ATF_TP_ADD_TC(tp, empty);
	ATF_TP_ADD_TC(tp, rows_come_back);
	ATF_TP_ADD_TC(tp, ranges);
	ATF_TP_ADD_TC(tp, threads);
	return (atf_no_error());
}
