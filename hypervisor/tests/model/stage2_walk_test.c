/*
 * Random walks over one VM's stage 2: first touches, writes by guest and
 * hypervisor, resets, memory that runs out and comes back, against
 * a naive reference: for every page whether it is mapped, and what it holds.
 *
 *	-v steps=N	default 150000
 *	-v seed=N	default 1
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdio.h>
#include <stdlib.h>

#include "mm/stage2.h"
#include "tests/unit/pt_check.h"

#define	MIB		(1ull << 20)
#define	REGIONS		4
#define	PAGES_MAX	2048u
#define	MEMORY		26		/* pages: a little too few */

/* Demand RAM in step with blocks, and not; eager RAM; a device. */
static const struct region {
	uint64_t	ipa, pages, pa;
	bool		ram, demand, write;
} regions[REGIONS] = {
	{ 0x09000000, 4, 0x1fe000000, false, false, false },
	{ 0x40000000, 2048, MEM_FAKE_BASE + 64 * MIB, true, true, true },
	{ 0x40900000, 1700, MEM_FAKE_BASE + 96 * MIB + 7 * PAGE_SIZE, true,
	    true, true },
	{ 0xfffff00000, 256, MEM_FAKE_BASE + 128 * MIB, true, false, true },
};

static struct {
	bool		mapped;
	uint64_t	word;		/* what the page holds */
} want[REGIONS][PAGES_MAX];
static struct stage2 s;
static uint64_t seed;
static size_t held[300];		/* memory that somebody else has */
static unsigned int nheld;
static void *pages_held[300];
static unsigned long touches, nomem, blocks, releases;

static uint64_t
rnd(uint64_t below)
{

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((seed >> 16) % below);
}

static uint64_t *
host(unsigned int r, uint64_t page)
{

	return (port_pa_to_ptr(PA(regions[r].pa + page * PAGE_SIZE)));
}

static size_t
other_pages(void)
{
	unsigned int i;
	size_t n = 2;			/* one of counts for each demand */

	for (i = 0; i < nheld; i++)
		n += held[i];
	return (n);
}

static bool
complete(unsigned int r, uint64_t page)
{
	uint64_t ipa = regions[r].ipa + page * PAGE_SIZE;
	uint64_t first = round_down(ipa, 2 * MIB), i, at;

	if (((regions[r].pa - regions[r].ipa) & (2 * MIB - 1)) != 0 ||
	    first < regions[r].ipa)
		return (false);
	at = (first - regions[r].ipa) / PAGE_SIZE;
	for (i = at; i < at + 512; i++)
		if (i >= regions[r].pages || !want[r][i].mapped)
			return (false);
	return (true);
}

static void
check_page(unsigned int r, uint64_t page)
{
	struct check_path w;

	check_walk(&s.pt, regions[r].ipa + page * PAGE_SIZE, &w);
	ATF_REQUIRE_EQ(want[r][page].mapped, w.mapped);
	if (!w.mapped)
		return;
	ATF_REQUIRE_EQ(regions[r].pa + page * PAGE_SIZE, w.pa.v);
	ATF_REQUIRE_EQ(complete(r, page) ? 2 : 3, w.level);
	ATF_REQUIRE(w.attr.read && w.attr.write == regions[r].write &&
	    w.attr.exec == regions[r].ram &&
	    w.attr.memory == (regions[r].ram ? PT_NORMAL : PT_DEVICE));
	if (regions[r].ram)
		ATF_REQUIRE_EQ(want[r][page].word, *host(r, page));
	blocks += w.level == 2;
}

static void
check_all(void)
{
	unsigned int r;
	uint64_t page;

	for (r = 0; r < REGIONS; r++)
		for (page = 0; page < regions[r].pages; page++)
			check_page(r, page);
	check_balance(&s.pt, other_pages());
}

/* The 2 MiB that the page is in have a table, so no memory is needed. */
static bool
has_table(uint64_t ipa)
{
	struct check_path w;

	check_walk(&s.pt, ipa, &w);
	return (w.mapped || w.n == 2);
}

static void
touch(unsigned int r, uint64_t page)
{
	uint64_t ipa;
	bool write = rnd(2), exec = !write && rnd(3) == 0, ok, room;
	enum stage2_result result, expect;
	pa_t pa = PA(0);

	ipa = regions[r].ipa + page * PAGE_SIZE + rnd(PAGE_SIZE);
	room = pool_available(&pool) >= 2 || has_table(ipa);
	expect = (write && !regions[r].write) || (exec && !regions[r].ram) ?
	    STAGE2_DENIED : STAGE2_FIXED;
	if (rnd(8) == 0) {
		ok = stage2_translate(&s, IPA(ipa), write, &pa);
		result = ok ? STAGE2_FIXED : STAGE2_NOMEM;
		if (!regions[r].ram) {
			ATF_REQUIRE(!ok);
			return;
		}
		if (ok)
			ATF_REQUIRE_EQ(regions[r].pa + page * PAGE_SIZE +
			    (ipa & (PAGE_SIZE - 1)), pa.v);
		if (exec)
			expect = STAGE2_FIXED;
	} else
		result = stage2_fault(&s, IPA(ipa), write, exec);
	if (result == STAGE2_NOMEM) {
		ATF_REQUIRE(!room && !want[r][page].mapped);
		nomem++;
		check_page(r, page);
		return;
	}
	ATF_REQUIRE_EQ(expect, result);
	if (result == STAGE2_FIXED && !want[r][page].mapped) {
		want[r][page].mapped = true;
		want[r][page].word = 0;
		touches++;
	}
	check_page(r, page);
	if (result == STAGE2_FIXED && write && regions[r].ram)
		*host(r, page) = want[r][page].word = rnd(~0ull);
}

/* The guest gives a page back. */
static void
release(unsigned int r, uint64_t page)
{
	struct check_path w;
	uint64_t ipa = regions[r].ipa + page * PAGE_SIZE;

	check_walk(&s.pt, ipa, &w);
	if (stage2_release(&s, IPA(ipa)) != 0) {
		/* No demand RAM; or no table to split its block. */
		ATF_REQUIRE(!regions[r].demand || (w.mapped && w.level == 2 &&
		    pool_available(&pool) == 0));
	} else {
		ATF_REQUIRE(regions[r].demand);
		if (want[r][page].mapped)
			ATF_REQUIRE_EQ(0, *host(r, page));
		want[r][page].mapped = false;
		releases++;
	}
	check_page(r, page);
}

/* All of 2 MiB, as a guest that clears its memory. */
static void
sweep(void)
{
	unsigned int r = 1 + (unsigned int)rnd(2);
	uint64_t page = rnd(regions[r].pages / 512) * 512, i;

	for (i = 0; i < 512; i++)
		touch(r, page + i);
}

static void
outside(void)
{
	uint64_t ipa = rnd(2) ? rnd(~0ull) : rnd(1ull << 41);
	unsigned int r;
	bool in = false;

	if (rnd(2) != 0) {
		r = (unsigned int)rnd(REGIONS);
		ipa = regions[r].ipa + (rnd(2) ? regions[r].pages *
		    PAGE_SIZE : -1ull);
	}
	for (r = 0; r < REGIONS; r++)
		in |= ipa >= regions[r].ipa && ipa < regions[r].ipa +
		    regions[r].pages * PAGE_SIZE;
	if (!in)
		ATF_REQUIRE_EQ(STAGE2_OUTSIDE, stage2_fault(&s, IPA(ipa),
		    rnd(2), rnd(2)));
}

static void
take(size_t n)
{

	if (nheld == nitems(held))
		return;
	pages_held[nheld] = pool_alloc(&pool, n, 1);
	held[nheld] = n;
	nheld += pages_held[nheld] != NULL;
}

/* Somebody takes pages of the pool, or gives some back. */
static void
others(void)
{
	unsigned int i;
	size_t n = 1 + rnd(4);

	if (rnd(2) != 0)
		take(n);
	else if (nheld > 0) {
		i = (unsigned int)rnd(nheld);
		memset(pages_held[i], 0x77, held[i] * PAGE_SIZE);
		pool_free(&pool, pages_held[i], held[i]);
		pages_held[i] = pages_held[--nheld];
		held[i] = held[nheld];
	}
}

static void
power(void)
{
	unsigned int r;
	uint64_t page;

	for (uint64_t at = 0; stage2_scrub(&s, &at);)
		;
	for (r = 0; r < REGIONS; r++)
		for (page = 0; page < regions[r].pages; page++) {
			if (regions[r].ram && want[r][page].mapped)
				ATF_REQUIRE_EQ(0, *host(r, page));
			want[r][page].word = 0;
			if (regions[r].demand)
				want[r][page].mapped = false;
		}
	check_all();
	/* Memory is short after it, mostly. */
	if (rnd(4) != 0)
		while (pool_available(&pool) > rnd(4))
			take(1);
}

static unsigned long
variable(const atf_tc_t *tc, const char *name, unsigned long dflt)
{

	return (atf_tc_has_config_var(tc, name) ? strtoul(
	    atf_tc_get_config_var(tc, name), NULL, 0) : dflt);
}

ATF_TC_WITHOUT_HEAD(walk);
ATF_TC_BODY(walk, tc)
{
	unsigned long n, steps = variable(tc, "steps", 150000);
	unsigned int r;
	uint64_t page, kind;

	seed = variable(tc, "seed", 1) * 0x9e3779b97f4a7c15ull;
	check_pool(MEMORY);
	ATF_REQUIRE_EQ(0, stage2_init(&s, 9, 40, &pool));
	for (r = 0; r < REGIONS; r++) {
		for (page = 0; regions[r].ram && page < regions[r].pages;
		    page++) {
			*host(r, page) = want[r][page].word = rnd(~0ull);
			want[r][page].mapped = !regions[r].demand;
		}
		for (page = 0; !regions[r].ram && page < regions[r].pages;
		    page++)
			want[r][page].mapped = true;
		ATF_REQUIRE_EQ(0, stage2_add(&s, regions[r].demand ?
		    STAGE2_DEMAND : regions[r].ram ? STAGE2_RAM :
		    STAGE2_READONLY, IPA(regions[r].ipa),
		    regions[r].pages * PAGE_SIZE, PA(regions[r].pa)));
	}
	check_all();
	for (n = 0; n < steps; n++) {
		kind = rnd(20000);
		if (kind < 3)
			power();
		else if (kind < 600)
			outside();
		else if (kind < 1600)
			others();
		else if (kind < 1620)
			sweep();
		else if (kind < 2600) {
			r = (unsigned int)rnd(REGIONS);
			release(r, rnd(regions[r].pages));
		}
		else {
			r = (unsigned int)rnd(REGIONS);
			touch(r, rnd(regions[r].pages));
		}
		if (n % 5000 == 0)
			check_all();
	}
	check_all();
	while (nheld > 0) {
		nheld--;
		pool_free(&pool, pages_held[nheld], held[nheld]);
	}
	stage2_destroy(&s);
	ATF_REQUIRE_EQ(MEMORY, pool_available(&pool));
	printf("%lu steps, %lu first touches, %lu without memory, %lu looks at "
	    "a block, %lu pages given back\n", steps, touches, nomem, blocks,
	    releases);
	ATF_CHECK(touches > 1000 && nomem > 100 && blocks > 1000 &&
	    releases > 1000);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, walk);
	return (atf_no_error());
}
