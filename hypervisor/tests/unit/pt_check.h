/*
 * For tests of page tables: a pool of pages, and a second reader of the
 * tables, written from DDI 0487, D8.2 and not from mm/pt.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <atf-c.h>
#include <string.h>

#include "arch/fake/mem_fake.h"
#include "mm/pool.h"
#include "mm/pt.h"

static struct pool pool;
static size_t pool_pages;

/* Pages not handed out. */
static inline size_t
pool_available(struct pool *p)
{
	const struct pool_page *f;
	size_t n = extent_total(&p->ranges) / PAGE_SIZE;

	for (f = p->free; f != NULL; f = f->next)
		n++;
	return (n);
}

/* A new machine, with so many pages that hold rubbish. */
static inline void
check_pool(size_t pages)
{

	mem_fake_reset();
	pool = (struct pool){ 0 };
	pool_pages = pages;
	memset(mem_fake_ptr(PA(MEM_FAKE_BASE)), 0xa5, pages * PAGE_SIZE);
	ATF_REQUIRE_EQ(0, pool_add(&pool, PA(MEM_FAKE_BASE), pages));
}

/* What a CPU reads on its way to the translation of one address. */
struct check_path {
	uint64_t	*slot[4];
	uint64_t	entry[4];
	unsigned int	n;		/* entries read that are valid */
	bool		mapped;
	unsigned int	level;		/* of the leaf */
	pa_t		pa;		/* of the page */
	struct pt_attr	attr;
};

static inline void
check_walk(const struct pt *pt, uint64_t va, struct check_path *w)
{
	unsigned int level = pt->start, shift = 39 - 9 * pt->start;
	pa_t table = pt->root;
	uint64_t index, e;

	w->n = 0;
	w->mapped = false;
	/* The first index spans all concatenated tables. */
	index = va >> shift;
	ATF_REQUIRE(index < 512 * pt->nroots);
	for (;;) {
		w->slot[w->n] = (uint64_t *)mem_fake_ptr(table) + index;
		e = *w->slot[w->n];
		if (!pte_is_table(e, level) && !pte_is_leaf(e, level)) {
			ATF_REQUIRE_EQ(pte_none(), e);
			return;
		}
		w->entry[w->n++] = e;
		if (pte_is_leaf(e, level))
			break;
		table = pte_pa(e, level);
		level++;
		shift -= 9;
		index = va >> shift & 511;
	}
	w->mapped = true;
	w->level = level;
	w->pa = PA(pte_pa(e, level).v +
	    ((va & ((1ull << shift) - 1)) & ~(PAGE_SIZE - 1)));
	w->attr = pte_attr(pt->stage, e);
}

/* Pages of all tables; one without any entry below the root is an error. */
static inline size_t
check_count(pa_t table, unsigned int level, size_t entries)
{
	const uint64_t *t = mem_fake_ptr(table);
	size_t i, used = 0, n = entries / 512;

	for (i = 0; i < entries; i++) {
		used += t[i] != pte_none();
		if (pte_is_table(t[i], level)) {
			size_t below = check_count(pte_pa(t[i], level),
			    level + 1, 512);

			ATF_REQUIRE_MSG(below != 0, "an empty table");
			n += below;
		}
	}
	return (used == 0 ? 0 : n);
}

/* All pages of the pool are in the tables, in other, or free. */
static inline void
check_balance(const struct pt *pt, size_t other)
{
	size_t n = check_count(pt->root, pt->start, 512 * pt->nroots);

	ATF_REQUIRE_EQ(pool_pages, (n == 0 ? pt->nroots : n) + other +
	    pool_available(&pool));
	ATF_REQUIRE_EQ(0, mem_fake_pending());
}

static inline bool
check_same(struct pt_attr a, struct pt_attr b)
{

	return (a.memory == b.memory && a.read == b.read &&
	    a.write == b.write && a.exec == b.exec);
}
