/*
 * RAM that a guest gives back: by pages, or all of it when it ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "stage2_fresh.h"

/* What a guest gives back is gone, and comes anew at the next touch. */
CASE(release)
{
	static const uint64_t bad[] = { IPA0 - PAGE, IPA0 + 6 * MIB, IPA0 + 8,
	    GIB + IPA0, ~0ull << 12, 0x9000000 };
	struct check_path w;
	uint64_t off;
	unsigned int i;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 6 * MIB, PA(HOST), true));
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0 + GIB), 2 * MIB, PA(HOST + GIB),
	    false));
	ATF_REQUIRE_EQ(0, stage2_add(&s, STAGE2_DEVICE, IPA(0x9000000), PAGE,
	    PA(0xfe000000)));
	for (off = 0; off < 2 * MIB; off += PAGE) {
		ATF_REQUIRE_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0 + off),
		    true, false));
		*host(IPA0 + off) = 0x5ec7e7;
	}
	ATF_REQUIRE(mapped(IPA0, &w) && w.level == 2);
	for (i = 0; i < nitems(bad); i++)
		ATF_CHECK_EQ_MSG(-1, stage2_release(&s, IPA(bad[i])), "%u", i);
	/* A page out of a block: the others stay. */
	ATF_CHECK_EQ(0, stage2_release(&s, IPA(IPA0 + 3 * PAGE)));
	ATF_CHECK(!mapped(IPA0 + 3 * PAGE, &w));
	ATF_CHECK(mapped(IPA0 + 2 * PAGE, &w) && w.level == 3);
	ATF_CHECK_EQ(VMID, mem_fake.tlb_vmid);
	ATF_CHECK_EQ(0, *host(IPA0 + 3 * PAGE));
	ATF_CHECK_EQ(0x5ec7e7, *host(IPA0 + 4 * PAGE));
	/* Twice, and where nobody has been, it is nothing. */
	ATF_CHECK_EQ(0, stage2_release(&s, IPA(IPA0 + 3 * PAGE)));
	ATF_CHECK_EQ(0, stage2_release(&s, IPA(IPA0 + 5 * MIB)));
	ATF_CHECK(mapped(IPA0 + GIB, &w));
	check_balance(&s.pt, 1);
	/* It makes the block whole again. */
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0 + 3 * PAGE),
	    true, false));
	ATF_CHECK(mapped(IPA0, &w) && w.level == 2);
	/* Page by page until no table is left. */
	for (off = 0; off < 2 * MIB; off += PAGE)
		ATF_REQUIRE_EQ(0, stage2_release(&s, IPA(IPA0 + off)));
	ATF_CHECK(!mapped(IPA0, &w));
	check_balance(&s.pt, 1);
}

CASE(release_without_memory)
{
	struct check_path w;
	uint64_t off;

	check_pool(2 + 1 + 2);
	s = (struct stage2){ .nregions = 0 };
	ATF_REQUIRE_EQ(0, stage2_init(&s, VMID, 40, &pool));
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 2 * MIB, PA(HOST), true));
	for (off = 0; off < 2 * MIB; off += PAGE)
		ATF_REQUIRE_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0 + off),
		    true, false));
	*host(IPA0) = 7;
	while (pool_alloc(&pool, 1, 1) != NULL)
		;
	/* No table to split the block: all stays as it is. */
	ATF_CHECK_EQ(-1, stage2_release(&s, IPA(IPA0)));
	ATF_CHECK(mapped(IPA0, &w) && w.level == 2);
	ATF_CHECK_EQ(7, *host(IPA0));
}

/* A large memory is zeroed in pieces, and all of it. */
CASE(scrub_in_pieces)
{
	uint64_t off;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 40 * MIB + PAGE, PA(HOST),
	    false));
	for (off = 0; off < 40 * MIB + PAGE; off += PAGE)
		*host(IPA0 + off) = 0x5ec7e7;
	ATF_CHECK_EQ(3, scrub());
	for (off = 0; off < 40 * MIB + PAGE; off += PAGE)
		ATF_REQUIRE_EQ(0, *host(IPA0 + off));
	ATF_CHECK_EQ(40 * MIB / PAGE + 1, mem_fake.zeroed);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, release);
	ATF_TP_ADD_TC(tp, release_without_memory);
	ATF_TP_ADD_TC(tp, scrub_in_pieces);
	return (atf_no_error());
}
