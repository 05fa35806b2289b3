/*
 * Random walks over one set of page tables: map and unmap, of a page or of
 * gigabytes, with enough memory or without, against a naive reference
 * with a word for every page. After each step some CPU's caches are looked
 * at: whatever entry a CPU may have read and keep (leaf or table) must still
 * stand in its place, or an invalidation must have told the CPU; that also
 * finds tables given back too early. From time to time every page is
 * compared, every table must be in use and every block as large as it can
 * be, and every page of memory accounted for.
 *
 *	-v steps=N	default 60000, for each of stage 1 and stage 2
 *	-v seed=N	default 1
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/pt_check.h"

/* The window: from some blocks below a gigabyte to some above the next. */
#define	GIB_PAGES	262144u
#define	BLOCK_PAGES	512u
#define	EDGE		(3 * BLOCK_PAGES)
#define	PAGES		(GIB_PAGES + 2 * EDGE)
#define	CACHED		96
#define	VMID		77

/* Page number (36 bits) and attributes of a page; 0: a hole. */
#define	IN_USE		(1ull << 63)
#define	ATTR_SHIFT	40

static const struct pt_attr attrs[] = {
	{ PT_NORMAL, true, true, true },
	{ PT_NORMAL, true, true, false },
	{ PT_NORMAL, true, false, true },
	{ PT_DEVICE, true, true, false },
};

static struct pt pt;
static uint64_t want[PAGES], old[PAGES];
static uint64_t start;			/* address of the window */
static struct {
	uint64_t		va;
	struct check_path	path;
	bool			used;
} cache[CACHED];
static unsigned int stage_vmid;
static uint64_t seed;
static unsigned long failures, blocks, gibs;

static uint64_t
rnd(uint64_t below)
{

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((seed >> 16) % below);
}

static uint64_t
va_of(uint64_t page)
{

	return (start + page * PAGE_SIZE);
}

static uint64_t
word(const struct check_path *w)
{
	unsigned int i;

	if (!w->mapped)
		return (0);
	for (i = 0; !check_same(attrs[i], w->attr); i++)
		ATF_REQUIRE(i < nitems(attrs) - 1);
	return (IN_USE | (uint64_t)i << ATTR_SHIFT | w->pa.v >> PAGE_SHIFT);
}

static uint64_t
seen(uint64_t page)
{
	struct check_path w;

	check_walk(&pt, va_of(page), &w);
	return (word(&w));
}

static void
invalidated(unsigned int vmid, uint64_t address, uint64_t size)
{
	unsigned int i;

	ATF_REQUIRE_EQ(stage_vmid, vmid);
	for (i = 0; i < CACHED; i++)
		if (cache[i].va - address < size)
			cache[i].used = false;
}

/* CPUs read and keep some translations, and on the way, the tables. */
static void
access_some(uint64_t first, uint64_t n)
{
	unsigned int i, k;
	uint64_t page;

	for (k = 0; k < 3; k++) {
		page = k == 0 ? rnd(PAGES) : first + rnd(n + 2) - 1;
		if (page >= PAGES)
			continue;
		i = (unsigned int)rnd(CACHED);
		cache[i].va = va_of(page);
		check_walk(&pt, cache[i].va, &cache[i].path);
		cache[i].used = true;
	}
}

static void
check_caches(void)
{
	unsigned int i, k;

	for (i = 0; i < CACHED; i++)
		for (k = 0; cache[i].used && k < cache[i].path.n; k++)
			ATF_REQUIRE_MSG(*cache[i].path.slot[k] ==
			    cache[i].path.entry[k], "%#llx: what a CPU keeps "
			    "of level %u has changed, and none has told it",
			    (unsigned long long)cache[i].va, pt.start + k);
}

/* Could one entry map these pages, by what each of them maps to? */
static bool
alike(uint64_t page, uint64_t n)
{
	uint64_t i;

	if ((want[page] & IN_USE) == 0 || want[page] % n != 0)
		return (false);
	for (i = 1; i < n; i++)
		if (want[page + i] != want[page] + i)
			return (false);
	return (true);
}

/* Every page, and that each block is as large as it can be. */
static void
check_all(void)
{
	uint64_t page, i;
	struct check_path w;
	unsigned int level;
	bool gib = alike(EDGE, GIB_PAGES);

	for (page = 0; page < PAGES; page += BLOCK_PAGES) {
		level = gib && page >= EDGE && page < EDGE + GIB_PAGES ? 1 :
		    alike(page, BLOCK_PAGES) ? 2 : 3;
		for (i = page; i < page + BLOCK_PAGES; i++) {
			check_walk(&pt, va_of(i), &w);
			ATF_REQUIRE_MSG(word(&w) == want[i], "page %llu: "
			    "%#llx, not %#llx", (unsigned long long)i,
			    (unsigned long long)word(&w),
			    (unsigned long long)want[i]);
			ATF_REQUIRE_EQ(want[i] == 0 ? 0 : level,
			    w.mapped ? w.level : 0);
			if (level < 3 && i > page + 1)
				break;		/* the rest is the same entry */
		}
		blocks += level == 2;
	}
	gibs += gib;
	check_balance(&pt, 0);
}

/* A range, mostly small, often at an edge where blocks begin. */
static void
choose(uint64_t *page, uint64_t *n)
{
	uint64_t kind = rnd(1000);

	if (kind < 3) {
		*page = EDGE;
		*n = GIB_PAGES;
	} else if (kind < 6) {
		*page = rnd(PAGES);
		*n = 1 + rnd(PAGES - *page);
	} else if (kind < 250) {
		*page = rnd(PAGES / BLOCK_PAGES) * BLOCK_PAGES;
		*n = BLOCK_PAGES * (1 + rnd(3));
	} else if (kind < 500) {
		/* In few blocks, so that these fill and empty. */
		*page = EDGE + rnd(3 * BLOCK_PAGES);
		*n = 1 + rnd(kind < 300 ? 2 * BLOCK_PAGES : 8);
	} else {
		*page = (rnd(PAGES / BLOCK_PAGES) + 1) * BLOCK_PAGES -
		    rnd(4);
		*n = 1 + rnd(7);
	}
	if (*page >= PAGES)
		*page = PAGES - 1;
	if (*n > PAGES - *page)
		*n = PAGES - *page;
}

static void
step(void)
{
	uint64_t page, n, i, to, a = rnd(10) < 7 ? 0 : rnd(nitems(attrs));
	uint64_t op = rnd(10), bits = a << ATTR_SHIFT | IN_USE;
	int error;

	choose(&page, &n);
	access_some(page, n);
	memcpy(old + page, want + page, n * sizeof(*want));
	if (op < 8) {
		/* In step with the window, mostly; else by blocks or pages. */
		to = GIB_PAGES - EDGE + page + (rnd(8) != 0 ? 0 :
		    rnd(2) != 0 ? rnd(9) * BLOCK_PAGES : rnd(9));
		error = pt_map(&pt, va_of(page), PA(to << PAGE_SHIFT),
		    n << PAGE_SHIFT, attrs[a]);
		for (i = 0; i < n; i++)
			want[page + i] = (to + i) | bits;
	} else {
		error = pt_unmap(&pt, va_of(page), n << PAGE_SHIFT);
		memset(want + page, 0, n * sizeof(*want));
	}
	if (error != 0) {
		/* Each page is as it was, or as it was to be. */
		failures++;
		for (i = page; i < page + n; i++) {
			to = seen(i);
			ATF_REQUIRE(to == want[i] || to == old[i]);
			want[i] = to;
		}
	}
	check_caches();
	ATF_REQUIRE_EQ(0, mem_fake_pending());
	if (n == GIB_PAGES)
		check_all();
	for (i = 0; i < 8; i++) {
		to = i < 4 ? page + i - 2 : page + n + i - 6;
		if (to < PAGES)
			ATF_REQUIRE_EQ(want[to], seen(to));
	}
}

static unsigned long
variable(const atf_tc_t *tc, const char *name, unsigned long dflt)
{

	return (atf_tc_has_config_var(tc, name) ? strtoul(
	    atf_tc_get_config_var(tc, name), NULL, 0) : dflt);
}

static void
run(const atf_tc_t *tc, enum pt_stage stage, size_t memory)
{
	unsigned long n, steps = variable(tc, "steps", 60000);
	unsigned int i;

	seed = variable(tc, "seed", 1) * 0x9e3779b97f4a7c15ull + memory;
	/* Stage 2: around the border of the two concatenated tables. */
	start = (stage == PT_STAGE2 ? 512ull << 30 : 1024ull << 30) -
	    EDGE * PAGE_SIZE;
	stage_vmid = stage == PT_STAGE2 ? VMID : 0;
	memset(want, 0, sizeof(want));
	for (i = 0; i < CACHED; i++)
		cache[i].used = false;
	check_pool(memory);
	mem_fake.tlb = invalidated;
	ATF_REQUIRE_EQ(0, pt_init(&pt, stage, stage == PT_STAGE1 ? 48 : 40,
	    VMID, &pool));
	for (n = 0; n < steps; n++) {
		step();
		if (n % 500 == 0)
			check_all();
	}
	check_all();
	pt_destroy(&pt);
	ATF_REQUIRE_EQ(memory, pool_available(&pool));
	printf("%lu steps, %lu failed for lack of memory; blocks seen: %lu of "
	    "2 MiB, %lu of 1 GiB\n", steps, failures, blocks, gibs);
	ATF_CHECK(blocks > 100 && gibs > 10);
}

ATF_TC_WITHOUT_HEAD(stage2);
ATF_TC_BODY(stage2, tc)
{

	run(tc, PT_STAGE2, 1024);
	ATF_CHECK_EQ(0, failures);
}

ATF_TC_WITHOUT_HEAD(stage1);
ATF_TC_BODY(stage1, tc)
{

	run(tc, PT_STAGE1, 1024);
	ATF_CHECK_EQ(0, failures);
}

/* With so little that many steps fail half way. */
ATF_TC_WITHOUT_HEAD(short_of_memory);
ATF_TC_BODY(short_of_memory, tc)
{

	run(tc, PT_STAGE2, 24);
	ATF_CHECK(failures > 100);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, stage2);
	ATF_TP_ADD_TC(tp, stage1);
	ATF_TP_ADD_TC(tp, short_of_memory);
	return (atf_no_error());
}
