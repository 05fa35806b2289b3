/*
 * The table walker: which blocks it chooses, what it splits and merges, what
 * it tells the TLBs, and what it refuses. Break-before-make is watched by
 * the fake architecture all along.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "pt_check.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#define	GIB	(1ull << 30)
#define	MIB	(1ull << 20)
#define	PAGE	((uint64_t)PAGE_SIZE)
#define	VMID	42
#define	POOL	600

static const struct pt_attr ram = { PT_NORMAL, true, true, true };
static const struct pt_attr readonly = { PT_NORMAL, true, false, true };
static const struct pt_attr device = { PT_DEVICE, true, true, false };

static struct pt pt;

static void
fresh(enum pt_stage stage, unsigned int va_bits)
{

	check_pool(POOL);
	ATF_REQUIRE_EQ(0, pt_init(&pt, stage, va_bits, VMID, &pool));
}

/* va is mapped to pa, by an entry of this level. */
static void
is_at(unsigned int line, uint64_t va, uint64_t pa, unsigned int level,
    struct pt_attr attr)
{
	struct check_path w;

	check_walk(&pt, va, &w);
	ATF_REQUIRE_MSG(w.mapped, "line %u: no %#llx", line,
	    (unsigned long long)va);
	ATF_CHECK_EQ_MSG(round_down(pa, PAGE), w.pa.v, "line %u", line);
	ATF_CHECK_EQ_MSG(level, w.level, "line %u: level %u", line, w.level);
	ATF_CHECK_MSG(check_same(attr, w.attr), "line %u: attributes", line);
}
#define	AT(va, pa, level, attr)	is_at(__LINE__, va, pa, level, attr)

static bool
is_hole(uint64_t va)
{
	struct check_path w;

	check_walk(&pt, va, &w);
	return (!w.mapped);
}

CASE(block_sizes)
{

	fresh(PT_STAGE2, 40);
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB, PA(5 * GIB), GIB, ram));
	AT(GIB, 5 * GIB, 1, ram);
	AT(2 * GIB - 1, 6 * GIB - 1, 1, ram);
	ATF_CHECK(is_hole(2 * GIB) && is_hole(GIB - 1));
	check_balance(&pt, 0);
	ATF_CHECK_EQ(POOL - 2, pool_available(&pool));	/* only the roots */

	/* Pages up to 2 MiB, blocks, 1 GiB, and down again. */
	ATF_REQUIRE_EQ(0, pt_map(&pt, 8 * GIB - 2 * MIB - PAGE,
	    PA(16 * GIB - 2 * MIB - PAGE), GIB + 4 * MIB + 2 * PAGE, ram));
	AT(8 * GIB - 2 * MIB - PAGE, 16 * GIB - 2 * MIB - PAGE, 3, ram);
	AT(8 * GIB - 2 * MIB + 5, 16 * GIB - 2 * MIB + 5, 2, ram);
	AT(8 * GIB + 12345, 16 * GIB + 12345, 1, ram);
	AT(9 * GIB, 17 * GIB, 2, ram);
	AT(9 * GIB + 2 * MIB, 17 * GIB + 2 * MIB, 3, ram);
	ATF_CHECK(is_hole(9 * GIB + 2 * MIB + PAGE));
	ATF_CHECK(is_hole(8 * GIB - 2 * MIB - 2 * PAGE));
	check_balance(&pt, 0);

	/* Not in step: only what both sides are aligned to. */
	ATF_REQUIRE_EQ(0, pt_map(&pt, 32 * GIB, PA(64 * GIB + 2 * MIB), GIB,
	    ram));
	AT(32 * GIB, 64 * GIB + 2 * MIB, 2, ram);
	ATF_REQUIRE_EQ(0, pt_map(&pt, 40 * GIB, PA(80 * GIB + PAGE), 2 * MIB,
	    ram));
	AT(40 * GIB, 80 * GIB + PAGE, 3, ram);
	ATF_CHECK_EQ(0, mem_fake.tlbis);	/* nothing valid was replaced */
	check_balance(&pt, 0);
}

/* 40 bits: two tables in a row, 8 KiB aligned (D8.2.5). */
CASE(concatenated)
{

	fresh(PT_STAGE2, 40);
	ATF_CHECK_EQ(0, pt.root.v % 8192);
	ATF_CHECK_EQ(2, pt.nroots);
	ATF_CHECK_EQ(1, pt.start);
	ATF_REQUIRE_EQ(0, pt_map(&pt, 511 * GIB, PA(0), 2 * GIB, ram));
	AT(512 * GIB - 1, GIB - 1, 1, ram);
	AT(512 * GIB, GIB, 1, ram);
	ATF_REQUIRE_EQ(0, pt_map(&pt, 1024 * GIB - PAGE, PA(PAGE), PAGE,
	    device));
	AT(1024 * GIB - 1, 2 * PAGE - 1, 3, device);
	ATF_REQUIRE_EQ(0, pt_unmap(&pt, 0, 1024 * GIB));
	ATF_CHECK(is_hole(511 * GIB) && is_hole(512 * GIB) &&
	    is_hole(1024 * GIB - 1));
	check_balance(&pt, 0);
}

CASE(fewer_bits)
{
	unsigned int bits;

	for (bits = 32; bits <= 39; bits++) {
		fresh(PT_STAGE2, bits);
		ATF_CHECK_EQ(1, pt.nroots);
		ATF_REQUIRE_EQ(0, pt_map(&pt, (1ull << bits) - PAGE, PA(PAGE),
		    PAGE, ram));
		AT((1ull << bits) - 1, 2 * PAGE - 1, 3, ram);
		ATF_CHECK_EQ(-1, pt_map(&pt, 1ull << bits, PA(0), PAGE, ram));
	}
}

/* Stage 1 starts at level 0, where there are no blocks. */
CASE(stage1)
{

	fresh(PT_STAGE1, 48);
	ATF_CHECK_EQ(0, pt.start);
	ATF_REQUIRE_EQ(0, pt_map(&pt, 512 * GIB, PA(1024 * GIB), 512 * GIB,
	    ram));
	AT(512 * GIB, 1024 * GIB, 1, ram);
	AT(1024 * GIB - 1, 1536 * GIB - 1, 1, ram);
	check_balance(&pt, 0);
	ATF_REQUIRE_EQ(0, pt_map(&pt, (1ull << 48) - PAGE, PA((1ull << 48) -
	    PAGE), PAGE, device));
	AT((1ull << 48) - 1, (1ull << 48) - 1, 3, device);
	ATF_REQUIRE_EQ(0, pt_unmap(&pt, 600 * GIB, PAGE));
	ATF_CHECK_EQ(0, mem_fake.tlb_vmid);
	ATF_CHECK_EQ(600 * GIB, mem_fake.tlb_address);
	ATF_REQUIRE_EQ(0, pt_unmap(&pt, 0, 1ull << 48));
	check_balance(&pt, 0);
}

CASE(refused)
{
	static const struct {
		uint64_t	va, pa, size;
	} bad[] = {
		{ 1, 0, PAGE }, { 0, 1, PAGE }, { 0, 0, 1 },
		{ 0, 0, 1024 * GIB + PAGE }, { 1024 * GIB, 0, PAGE },
		{ 1024 * GIB - PAGE, 0, 2 * PAGE },
		{ ~0ull << 12, 0, PAGE }, { ~0ull << 12, 0, 2 * PAGE },
		{ PAGE, 0, ~0ull << 12 },
		{ 0, 1ull << 48, PAGE }, { 0, (1ull << 48) - PAGE, 2 * PAGE },
		{ 0, ~0ull << 12, PAGE }, { 0, ~0ull << 12, 2 * PAGE },
	};
	unsigned int i;

	fresh(PT_STAGE2, 40);
	for (i = 0; i < nitems(bad); i++) {
		ATF_CHECK_EQ_MSG(-1, pt_map(&pt, bad[i].va, PA(bad[i].pa),
		    bad[i].size, ram), "%u", i);
		if (bad[i].pa == 0)
			ATF_CHECK_EQ(-1, pt_unmap(&pt, bad[i].va,
			    bad[i].size));
	}
	ATF_CHECK_EQ(0, mem_fake.writes);
	ATF_CHECK_EQ(0, pt_map(&pt, 0, PA(0), 0, ram));	/* nothing to do */
	ATF_CHECK_EQ(0, mem_fake.writes);
	ATF_CHECK_EQ(0, pt_map(&pt, 0, PA((1ull << 48) - PAGE), PAGE, ram));
	AT(0, (1ull << 48) - PAGE, 3, ram);
}

/* A page out of 1 GiB: two tables; the page back: one block again. */
CASE(split_and_merge)
{
	uint64_t hole = 3 * GIB + 300 * MIB + 7 * PAGE;

	fresh(PT_STAGE2, 40);
	ATF_REQUIRE_EQ(0, pt_map(&pt, 3 * GIB, PA(7 * GIB), GIB, ram));
	ATF_REQUIRE_EQ(0, pt_unmap(&pt, hole, PAGE));
	ATF_CHECK(is_hole(hole));
	AT(hole - 1, hole + 4 * GIB - 1, 3, ram);
	AT(hole + PAGE, hole + 4 * GIB + PAGE, 3, ram);
	AT(3 * GIB, 7 * GIB, 2, ram);
	AT(4 * GIB - 1, 8 * GIB - 1, 2, ram);
	ATF_CHECK_EQ(POOL - 4, pool_available(&pool));
	ATF_CHECK_EQ(VMID, mem_fake.tlb_vmid);

	/* The wrong page, the wrong attributes: no block. */
	ATF_REQUIRE_EQ(0, pt_map(&pt, hole, PA(hole + 5 * GIB), PAGE, ram));
	AT(hole - PAGE, hole + 4 * GIB - PAGE, 3, ram);
	ATF_REQUIRE_EQ(0, pt_map(&pt, hole, PA(hole + 4 * GIB), PAGE,
	    readonly));
	AT(hole - PAGE, hole + 4 * GIB - PAGE, 3, ram);
	check_balance(&pt, 0);

	ATF_REQUIRE_EQ(0, pt_map(&pt, hole, PA(hole + 4 * GIB), PAGE, ram));
	AT(hole, hole + 4 * GIB, 1, ram);
	ATF_CHECK_EQ(POOL - 2, pool_available(&pool));
	/* The whole of what the new block covers is told. */
	ATF_CHECK_EQ(3 * GIB, mem_fake.tlb_address);
	ATF_CHECK_EQ(GIB, mem_fake.tlb_size);
}

/* Other attributes for a part: blocks are cut, and made again. */
CASE(attributes)
{
	uint64_t at = GIB + 4 * MIB - PAGE;

	fresh(PT_STAGE2, 40);
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB, PA(GIB), 6 * MIB, ram));
	/* Over the edge of two blocks. */
	ATF_REQUIRE_EQ(0, pt_map(&pt, at, PA(at), 2 * PAGE, readonly));
	AT(at, at, 3, readonly);
	AT(at + PAGE, at + PAGE, 3, readonly);
	AT(at - PAGE, at - PAGE, 3, ram);
	AT(at + 2 * PAGE, at + 2 * PAGE, 3, ram);
	AT(GIB, GIB, 2, ram);
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB, PA(GIB), 6 * MIB, readonly));
	AT(at, at, 2, readonly);
	AT(GIB, GIB, 2, readonly);
	ATF_CHECK(is_hole(GIB + 6 * MIB));
	check_balance(&pt, 0);
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB, PA(GIB), 6 * MIB, device));
	AT(at, at, 2, device);
	check_balance(&pt, 0);
}

/* What is there already costs nothing, and cuts no block. */
CASE(same_again)
{
	unsigned long writes, tlbis;

	fresh(PT_STAGE2, 40);
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB, PA(2 * GIB), GIB + 2 * MIB, ram));
	writes = mem_fake.writes;
	tlbis = mem_fake.tlbis;
	ATF_CHECK_EQ(0, pt_map(&pt, GIB, PA(2 * GIB), GIB + 2 * MIB, ram));
	ATF_CHECK_EQ(0, pt_map(&pt, GIB + 5 * PAGE, PA(2 * GIB + 5 * PAGE),
	    3 * PAGE, ram));
	ATF_CHECK_EQ(0, pt_map(&pt, 2 * GIB, PA(3 * GIB), PAGE, ram));
	ATF_CHECK_EQ(0, pt_unmap(&pt, 100 * GIB, GIB));
	ATF_CHECK_EQ(writes, mem_fake.writes);
	ATF_CHECK_EQ(tlbis, mem_fake.tlbis);
	ATF_CHECK_EQ(0, pt_map(&pt, GIB + PAGE, PA(2 * GIB + 2 * PAGE), PAGE,
	    ram));
	AT(GIB + PAGE, 2 * GIB + 2 * PAGE, 3, ram);
}

/* A block over tables gives these back. */
CASE(replace)
{
	uint64_t va;

	fresh(PT_STAGE2, 40);
	for (va = GIB; va < GIB + 8 * MIB; va += 3 * PAGE)
		ATF_REQUIRE_EQ(0, pt_map(&pt, va, PA(9 * GIB - va), PAGE,
		    readonly));
	check_balance(&pt, 0);
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB, PA(20 * GIB), GIB, ram));
	AT(GIB + PAGE, 20 * GIB + PAGE, 1, ram);
	ATF_CHECK_EQ(POOL - 2, pool_available(&pool));
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB, PA(30 * GIB), GIB, ram));
	AT(GIB + PAGE, 30 * GIB + PAGE, 1, ram);
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB + 2 * MIB, PA(40 * GIB), 2 * MIB,
	    ram));
	AT(GIB + 2 * MIB, 40 * GIB, 2, ram);
	AT(GIB + 4 * MIB, 30 * GIB + 4 * MIB, 2, ram);
	check_balance(&pt, 0);
}

/* No page for a table: said, nothing lost, and what was there stays. */
CASE(no_memory)
{
	unsigned int pages;
	struct check_path w;
	int error = -1;

	for (pages = 2; error != 0; pages++) {
		ATF_REQUIRE(pages < 10);
		check_pool(pages);
		ATF_REQUIRE_EQ(0, pt_init(&pt, PT_STAGE2, 40, VMID, &pool));
		ATF_REQUIRE_EQ(0, pt_map(&pt, GIB, PA(GIB), GIB, ram));
		ATF_REQUIRE_EQ(pages < 4 ? -1 : 0, pt_unmap(&pt, GIB + PAGE,
		    PAGE));
		check_walk(&pt, GIB, &w);
		ATF_CHECK(w.mapped && w.pa.v == GIB);
		check_walk(&pt, GIB + PAGE, &w);
		ATF_CHECK_EQ(pages < 4, w.mapped);
		error = pt_map(&pt, 8 * GIB + PAGE, PA(PAGE), PAGE, ram);
		check_walk(&pt, 8 * GIB + PAGE, &w);
		ATF_CHECK_EQ(error == 0, w.mapped);
		check_balance(&pt, 0);
		pt_destroy(&pt);
		ATF_CHECK_EQ(pages, pool_available(&pool));
	}
	ATF_CHECK_EQ(6 + 1, pages);
	check_pool(1);
	ATF_CHECK_EQ(-1, pt_init(&pt, PT_STAGE2, 40, VMID, &pool));
	ATF_CHECK_EQ(1, pool_available(&pool));
}

/* What the first touch of a page writes to, and what it leaves to pt_map(). */
CASE(entry)
{
	uint64_t *e, va = 5 * GIB + 6 * MIB, i;

	fresh(PT_STAGE2, 40);
	ATF_CHECK(pt_entry(&pt, va) == NULL);
	ATF_REQUIRE_EQ(0, pt_map(&pt, va, PA(GIB), PAGE, ram));
	ATF_CHECK_EQ(POOL - 4, pool_available(&pool));
	e = pt_entry(&pt, va);
	ATF_REQUIRE(e != NULL);
	ATF_CHECK(*e != pte_none());
	ATF_CHECK(pt_entry(&pt, va + 2 * MIB - 1) == e + 511);
	/* No table: beside it, above it, and behind the second root. */
	ATF_CHECK(pt_entry(&pt, va + 2 * MIB) == NULL);
	ATF_CHECK(pt_entry(&pt, va + GIB) == NULL);
	ATF_CHECK(pt_entry(&pt, va + 512 * GIB) == NULL);
	ATF_REQUIRE_EQ(0, pt_map(&pt, va + 512 * GIB, PA(0), PAGE, ram));
	ATF_CHECK(pt_entry(&pt, va + 512 * GIB) != NULL);
	for (i = 1; i < PT_ENTRIES - 1; i++) {
		ATF_REQUIRE(pt_entry(&pt, va + i * PAGE) == e + i);
		ATF_REQUIRE_EQ(pte_none(), e[i]);
		pte_write(&e[i], pte_leaf(PT_STAGE2, 3, PA(GIB + i * PAGE),
		    ram));
	}
	AT(va, GIB, 3, ram);
	ATF_REQUIRE_EQ(0, pt_map(&pt, va + i * PAGE, PA(GIB + i * PAGE), PAGE,
	    ram));
	AT(va, GIB, 2, ram);
	/* The block's own entry, and it is not empty; of 1 GiB as well. */
	e = pt_entry(&pt, va + PAGE);
	ATF_REQUIRE(e != NULL);
	ATF_CHECK(pte_is_leaf(*e, 2));
	ATF_REQUIRE_EQ(0, pt_map(&pt, 5 * GIB, PA(GIB), GIB, ram));
	e = pt_entry(&pt, va + PAGE);
	ATF_REQUIRE(e != NULL);
	ATF_CHECK(pte_is_leaf(*e, 1));
	/* A page for the first of two tables: it comes back. */
	check_pool(3);
	ATF_REQUIRE_EQ(0, pt_init(&pt, PT_STAGE2, 40, VMID, &pool));
	ATF_CHECK_EQ(-1, pt_map(&pt, va, PA(0), PAGE, ram));
	check_balance(&pt, 0);
	ATF_CHECK_EQ(1, pool_available(&pool));
}

CASE(destroy)
{

	fresh(PT_STAGE2, 40);
	ATF_REQUIRE_EQ(0, pt_map(&pt, GIB + PAGE, PA(PAGE), 9 * GIB, ram));
	ATF_REQUIRE_EQ(0, pt_map(&pt, 700 * GIB + PAGE, PA(0), MIB, ram));
	pt_destroy(&pt);
	ATF_CHECK_EQ(POOL, pool_available(&pool));
	ATF_CHECK_EQ(VMID, mem_fake.tlb_vmid);
	ATF_CHECK_EQ(0, mem_fake_pending());
	pt_destroy(&pt);				/* of nothing */
	ATF_CHECK_EQ(POOL, pool_available(&pool));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, block_sizes);
	ATF_TP_ADD_TC(tp, concatenated);
	ATF_TP_ADD_TC(tp, fewer_bits);
	ATF_TP_ADD_TC(tp, stage1);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, split_and_merge);
	ATF_TP_ADD_TC(tp, attributes);
	ATF_TP_ADD_TC(tp, same_again);
	ATF_TP_ADD_TC(tp, replace);
	ATF_TP_ADD_TC(tp, no_memory);
	ATF_TP_ADD_TC(tp, entry);
	ATF_TP_ADD_TC(tp, destroy);
	return (atf_no_error());
}
