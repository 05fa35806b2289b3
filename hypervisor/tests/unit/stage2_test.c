/*
 * Stage-2 policy: regions, first touch, power-on state, and vCPUs that
 * touch at once.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "stage2_fresh.h"

static int
add_device(ipa_t ipa, uint64_t size, pa_t pa, bool write)
{

	return (stage2_add(&s, write ? STAGE2_DEVICE : STAGE2_READONLY, ipa,
	    size, pa));
}

/* A page that a guest can see is zero before it can. */
static void
watch_zero(const uint64_t *slot, uint64_t entry)
{
	const uint64_t *page;
	unsigned int i;

	(void)slot;
	if ((entry >> PTE_FAKE_LEVEL_SHIFT & 3) == 3 &&
	    pte_is_leaf(entry, 3)) {
		page = port_pa_to_ptr(pte_pa(entry, 3));
		for (i = 0; i < PAGE_SIZE / sizeof(*page); i++)
			ATF_REQUIRE_EQ(0, page[i]);
	}
	sched_yield();		/* let others come between */
}

CASE(eager)
{
	struct check_path w;
	pa_t pa;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), GIB + 4 * MIB + PAGE,
	    PA(HOST), false));
	ATF_CHECK(mapped(IPA0, &w) && w.level == 1 && w.pa.v == HOST);
	ATF_CHECK(w.attr.read && w.attr.write && w.attr.exec &&
	    w.attr.memory == PT_NORMAL);
	ATF_CHECK(mapped(IPA0 + GIB, &w) && w.level == 2);
	ATF_CHECK(mapped(IPA0 + GIB + 4 * MIB, &w) && w.level == 3);
	ATF_CHECK(!mapped(IPA0 + GIB + 4 * MIB + PAGE, &w));
	ATF_CHECK_EQ(0, mem_fake.zeroed);
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0), true, false));
	ATF_CHECK(stage2_translate(&s, IPA(IPA0 + GIB + 7), true, &pa));
	ATF_CHECK_EQ(HOST + GIB + 7, pa.v);
	ATF_CHECK(!stage2_translate(&s, IPA(IPA0 - 1), false, &pa));
	check_balance(&s.pt, 0);
	stage2_destroy(&s);
	ATF_CHECK_EQ(POOL, pool_available(&pool));
}

CASE(first_touch)
{
	struct check_path w;
	unsigned long tlbis;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 8 * MIB, PA(HOST),
	    true));
	ATF_CHECK(!mapped(IPA0, &w));
	memset(host(IPA0 + PAGE), 0xee, 3 * PAGE);
	mem_fake.pte = watch_zero;
	tlbis = mem_fake.tlbis;
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0 + 2 * PAGE + 77),
	    false, false));
	ATF_CHECK(mapped(IPA0 + 2 * PAGE, &w) && w.level == 3 &&
	    w.pa.v == HOST + 2 * PAGE);
	ATF_CHECK(w.attr.read && w.attr.write && w.attr.exec);
	ATF_CHECK(!mapped(IPA0 + PAGE, &w) && !mapped(IPA0 + 3 * PAGE, &w));
	ATF_CHECK_EQ(0, *host(IPA0 + 2 * PAGE));
	ATF_CHECK_EQ(0, *(host(IPA0 + 3 * PAGE) - 1));
	ATF_CHECK(*(host(IPA0 + 2 * PAGE) - 1) != 0);
	ATF_CHECK(*host(IPA0 + 3 * PAGE) != 0);
	ATF_CHECK_EQ(1, mem_fake.zeroed);
	/* Who comes second finds it, with what was written meanwhile. */
	*host(IPA0 + 2 * PAGE) = 5;
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0 + 2 * PAGE),
	    true, true));
	ATF_CHECK_EQ(5, *host(IPA0 + 2 * PAGE));
	ATF_CHECK_EQ(1, mem_fake.zeroed);
	/* Nothing valid was replaced: nothing to tell the TLBs. */
	ATF_CHECK_EQ(tlbis, mem_fake.tlbis);
	check_balance(&s.pt, 1);		/* and the page of counts */
}

/* 2 MiB that are complete become a block; 512 of these do too. */
CASE(merge)
{
	struct check_path w;
	uint64_t ipa;
	unsigned int i;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 2 * GIB, PA(HOST),
	    true));
	for (i = 0; i < 512; i++) {
		/* In any order: 331 has no divisor in common with 512. */
		ipa = IPA0 + 4 * MIB + i * 331 % 512 * PAGE;
		ATF_REQUIRE_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(ipa), true,
		    false));
		ATF_REQUIRE(mapped(ipa, &w));
		ATF_REQUIRE_EQ(i < 511 ? 3 : 2, w.level);
	}
	ATF_CHECK_EQ(HOST + 4 * MIB, w.pa.v - (ipa - IPA0 - 4 * MIB));
	ATF_CHECK_EQ(VMID, mem_fake.tlb_vmid);
	ATF_CHECK_EQ(IPA0 + 4 * MIB, mem_fake.tlb_address);
	ATF_CHECK_EQ(2 * MIB, mem_fake.tlb_size);
	check_balance(&s.pt, 1);
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0 + 5 * MIB),
	    true, false));
	ATF_CHECK_EQ(512, mem_fake.zeroed);
	for (ipa = IPA0; ipa < IPA0 + GIB; ipa += PAGE) {
		ATF_REQUIRE_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(ipa), true,
		    false));
		/* The host need not keep 1 GiB of zeros. */
		if (ipa % (2 * MIB) == 0)
			madvise(host(ipa) - (ipa == IPA0 ? 0 : 2 * MIB / 8),
			    2 * MIB, MADV_DONTNEED);
	}
	ATF_CHECK_EQ(GIB / PAGE, mem_fake.zeroed);
	ATF_CHECK(mapped(IPA0, &w) && w.level == 1);
	ATF_CHECK_EQ(POOL - 2 - 1, pool_available(&pool));
	check_balance(&s.pt, 1);
}

/* RAM that does not lie in step with its IPA, or begins between blocks. */
CASE(odd_places)
{
	struct check_path w;
	uint64_t off;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0 + MIB), 4 * MIB,
	    PA(HOST + 5 * PAGE), true));
	for (off = 0; off < 4 * MIB; off += PAGE)
		ATF_REQUIRE_EQ(STAGE2_FIXED, stage2_fault(&s,
		    IPA(IPA0 + MIB + off), false, true));
	for (off = 0; off < 4 * MIB; off += PAGE)
		ATF_REQUIRE(mapped(IPA0 + MIB + off, &w) && w.level == 3 &&
		    w.pa.v == HOST + 5 * PAGE + off);
	check_balance(&s.pt, 1);
	scrub();
	for (off = 0; off < 4 * MIB; off += PAGE)
		ATF_REQUIRE(!mapped(IPA0 + MIB + off, &w));
	check_balance(&s.pt, 1);
}

/* To the end; in how many pieces, none of which is more than a block. */
static unsigned int
clean(void)
{
	uint64_t at = 0, before;
	unsigned int n = 0;

	for (;;) {
		before = mem_fake.invalidated;
		if (!stage2_clean(&s, &at))
			break;
		ATF_CHECK(mem_fake.invalidated - before <= 2 * MIB);
		n++;
	}
	ATF_CHECK_EQ(before, mem_fake.invalidated);
	ATF_CHECK_EQ(0, at);
	return (n);
}

CASE(device)
{
	struct check_path w;
	pa_t pa;

	fresh();
	ATF_REQUIRE_EQ(0, add_device(IPA(0x9000000), PAGE,
	    PA(0xfe000000), true));
	ATF_REQUIRE_EQ(0, add_device(IPA(0xa000000), 2 * PAGE,
	    PA(0xff000000), false));
	ATF_CHECK(mapped(0x9000000, &w) && w.pa.v == 0xfe000000 &&
	    w.attr.memory == PT_DEVICE && w.attr.write && !w.attr.exec);
	ATF_CHECK(mapped(0xa001000, &w) && !w.attr.write && w.attr.read);
	ATF_CHECK_EQ(STAGE2_DENIED, stage2_fault(&s, IPA(0xa000008), true,
	    false));
	ATF_CHECK_EQ(STAGE2_DENIED, stage2_fault(&s, IPA(0x9000000), false,
	    true));
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(0x9000000), true,
	    false));
	ATF_CHECK_EQ(STAGE2_OUTSIDE, stage2_fault(&s, IPA(0x9001000), false,
	    false));
	/* The hypervisor reads no device for a guest. */
	ATF_CHECK(!stage2_translate(&s, IPA(0x9000000), false, &pa));
	/* Nor does it zero one, or clean it. */
	scrub();
	ATF_CHECK_EQ(0, clean());
	ATF_CHECK_EQ(0, mem_fake.zeroed);
	ATF_CHECK_EQ(0, mem_fake.invalidated);
	ATF_CHECK(mapped(0x9000000, &w));
}

/* Not this VM's alone: its reset leaves it as it is. */
CASE(shared)
{
	struct check_path w;
	pa_t pa;

	fresh();
	ATF_REQUIRE_EQ(0, stage2_add(&s, STAGE2_SHARED, IPA(IPA0), PAGE,
	    PA(HOST)));
	ATF_CHECK(mapped(IPA0, &w) && w.attr.memory == PT_NORMAL &&
	    w.attr.write && !w.attr.exec);
	ATF_CHECK_EQ(STAGE2_DENIED, stage2_fault(&s, IPA(IPA0), false, true));
	ATF_CHECK(stage2_translate(&s, IPA(IPA0 + 8), true, &pa) &&
	    pa.v == HOST + 8);
	*host(IPA0) = 1;
	scrub();
	ATF_CHECK_EQ(1, *host(IPA0));
	ATF_CHECK(mapped(IPA0, &w));
}

CASE(outside)
{
	static const uint64_t where[] = { 0, IPA0 - 1, IPA0 + 2 * MIB,
	    1ull << 40, ~0ull, 1ull << 63 };
	unsigned int i;
	pa_t pa;

	fresh();
	ATF_CHECK_EQ(STAGE2_OUTSIDE, stage2_fault(&s, IPA(IPA0), false,
	    false));
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 2 * MIB, PA(HOST),
	    true));
	for (i = 0; i < nitems(where); i++) {
		ATF_CHECK_EQ(STAGE2_OUTSIDE, stage2_fault(&s, IPA(where[i]),
		    true, false));
		ATF_CHECK(!stage2_translate(&s, IPA(where[i]), true, &pa));
	}
	ATF_CHECK_EQ(0, mem_fake.zeroed);
}

CASE(refused)
{
	static const struct {
		uint64_t	ipa, size, pa;
	} bad[] = {
		{ IPA0 + 1, PAGE, HOST }, { 0, 1, HOST }, { 0, PAGE, HOST + 1 },
		{ 0, 0, HOST }, { IPA0, PAGE, HOST },
		{ IPA0 - PAGE, 2 * PAGE, HOST }, { 0, 4 * GIB, HOST },
		{ IPA0 + 2 * MIB - PAGE, PAGE, HOST },
		{ 1ull << 40, PAGE, HOST }, { (1ull << 40) - PAGE, 2 * PAGE,
		HOST }, { ~0ull << 12, 2 * PAGE, HOST }, { 0, ~0ull << 12,
		HOST }, { 0, PAGE, 1ull << 48 },
	};
	struct check_path w;
	unsigned int i;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 2 * MIB, PA(HOST),
	    false));
	for (i = 0; i < nitems(bad); i++) {
		ATF_CHECK_EQ_MSG(-1, add_device(IPA(bad[i].ipa),
		    bad[i].size, PA(bad[i].pa), true), "%u", i);
		ATF_CHECK_EQ_MSG(-1, add_ram(IPA(bad[i].ipa),
		    bad[i].size, PA(bad[i].pa), i < 12), "%u", i);
		ATF_CHECK_EQ(1, s.nregions);
	}
	ATF_CHECK(!mapped(0, &w) && mapped(IPA0, &w) && w.level == 2);
	check_balance(&s.pt, 0);
	for (i = 1; i < STAGE2_REGIONS; i++)
		ATF_REQUIRE_EQ(0, add_device(IPA((i * 7 % 100) *
		    PAGE), PAGE, PA(0), true));
	ATF_CHECK_EQ(-1, add_device(IPA(GIB / 2), PAGE, PA(0),
	    true));
	for (i = 1; i < STAGE2_REGIONS; i++)
		ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA((i * 7 % 100) *
		    PAGE), true, false));
}

static void
no_room(bool demand)
{
	unsigned int pages;
	int error = -1;
	struct check_path w;

	for (pages = 2; error != 0; pages++) {
		ATF_REQUIRE(pages < 12);
		check_pool(pages);
		s = (struct stage2){ .nregions = 0 };
		ATF_REQUIRE_EQ(0, stage2_init(&s, VMID, 40, &pool));
		error = add_ram(IPA(IPA0), 2 * MIB + PAGE,
		    PA(HOST), demand);
		if (error == 0)
			break;
		/* Nothing of it is left. */
		ATF_CHECK_EQ(0, s.nregions);
		ATF_CHECK(!mapped(IPA0, &w) && !mapped(IPA0 + 2 * MIB, &w));
		ATF_CHECK_EQ(pages - 2, pool_available(&pool));
	}
	ATF_CHECK_EQ(demand ? 3 : 4, pages);
	if (demand) {
		ATF_CHECK_EQ(STAGE2_NOMEM, stage2_fault(&s, IPA(IPA0), true,
		    false));
		ATF_CHECK(!mapped(IPA0, &w));
	}
}

CASE(no_memory)
{
	struct check_path w;
	pa_t pa;

	no_room(false);
	no_room(true);
	check_pool(1);
	ATF_CHECK_EQ(-1, stage2_init(&s, VMID, 40, &pool));
	/* Room for one leaf table only: the second 2 MiB wait for more. */
	check_pool(2 + 1 + 2);
	s = (struct stage2){ .nregions = 0 };
	ATF_REQUIRE_EQ(0, stage2_init(&s, VMID, 40, &pool));
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 8 * MIB, PA(HOST),
	    true));
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0), true, false));
	ATF_CHECK_EQ(STAGE2_NOMEM, stage2_fault(&s, IPA(IPA0 + 2 * MIB), true,
	    false));
	ATF_CHECK(!stage2_translate(&s, IPA(IPA0 + 2 * MIB), true, &pa));
	ATF_REQUIRE_EQ(0, pool_add(&pool, PA(MEM_FAKE_BASE + 64 * MIB), 1));
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0 + 2 * MIB), true,
	    false));
	ATF_CHECK(mapped(IPA0 + 2 * MIB, &w));
}

/* Power-on: nothing of what the guest wrote is there. */
CASE(reset)
{
	struct check_path w;
	pa_t pa;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), 6 * MIB, PA(HOST),
	    true));
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0 + GIB), 2 * MIB,
	    PA(HOST + GIB), false));
	ATF_CHECK(stage2_translate(&s, IPA(IPA0 + 3 * MIB), true, &pa));
	*host(IPA0 + 3 * MIB) = 0x5ec7e7;
	*host(IPA0 + GIB + MIB) = 0x5ec7e7;
	*host(IPA0 + 5 * MIB) = 1;	/* never the guest's */
	scrub();
	ATF_CHECK(!mapped(IPA0 + 3 * MIB, &w));
	ATF_CHECK_EQ(0, *host(IPA0 + 3 * MIB));
	ATF_CHECK(mapped(IPA0 + GIB, &w));
	ATF_CHECK_EQ(0, *host(IPA0 + GIB + MIB));
	ATF_CHECK_EQ(1, *host(IPA0 + 5 * MIB));
	check_balance(&s.pt, 1);
	/* It counts anew. */
	ATF_CHECK_EQ(STAGE2_FIXED, stage2_fault(&s, IPA(IPA0 + 3 * MIB), true,
	    false));
	ATF_CHECK(mapped(IPA0 + 3 * MIB, &w));
	scrub();
	ATF_CHECK(!mapped(IPA0 + 3 * MIB, &w));
	stage2_destroy(&s);
	ATF_CHECK_EQ(POOL, pool_available(&pool));
}

/* Only what may have been touched is cleaned, or zeroed. */
CASE(touched)
{
	uint64_t off;
	pa_t pa;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0 + MIB), 6 * MIB,
	    PA(HOST + MIB), true));
	for (off = MIB; off < 7 * MIB; off += 3 * PAGE) {
		if (off >= 4 * MIB && off < 6 * MIB)
			continue;
		ATF_REQUIRE(stage2_translate(&s, IPA(IPA0 + off), true, &pa));
		*(uint64_t *)port_pa_to_ptr(pa) = off;
	}
	*host(IPA0 + 5 * MIB) = 1;
	/* 1, 2 and 1 MiB. */
	ATF_CHECK_EQ(3, clean());
	ATF_CHECK_EQ(4 * MIB, mem_fake.invalidated);
	ATF_CHECK_EQ(MIB, *host(IPA0 + MIB));
	mem_fake.zeroed = 0;
	scrub();
	for (off = MIB; off < 7 * MIB; off += PAGE)
		if (off != 5 * MIB)
			ATF_REQUIRE_EQ(0, *host(IPA0 + off));
	/* 2 MiB that nobody touched cost nothing. */
	ATF_CHECK_EQ(1, *host(IPA0 + 5 * MIB));
	ATF_CHECK_EQ(4 * MIB / PAGE, mem_fake.zeroed);
	/* And it counts anew. */
	ATF_CHECK_EQ(0, clean());
	ATF_CHECK_EQ(4 * MIB, mem_fake.invalidated);
}

#define	THREADS	4
#define	RACE	(4 * MIB)

static void *
toucher(void *arg)
{
	uint64_t off, seen, k = (uintptr_t)arg;
	pa_t pa;

	for (off = 0; off < RACE; off += PAGE) {
		if (stage2_fault(&s, IPA(IPA0 + off), true, false) !=
		    STAGE2_FIXED)
			return ("not fixed");
		if (!stage2_translate(&s, IPA(IPA0 + off + 8 * k), true, &pa))
			return ("not translated");
		/* What one has written the others must not zero. */
		seen = __atomic_add_fetch((uint64_t *)port_pa_to_ptr(pa), 1,
		    __ATOMIC_SEQ_CST);
		if (seen != 1)
			return ("not zero at first");
	}
	return (NULL);
}

CASE(race)
{
	pthread_t t[THREADS];
	struct check_path w;
	uint64_t off, k;
	uintptr_t i;
	void *wrong;

	fresh();
	ATF_REQUIRE_EQ(0, add_ram(IPA(IPA0), RACE, PA(HOST),
	    true));
	memset(host(IPA0), 0xee, RACE);
	mem_fake.pte = watch_zero;
	for (i = 0; i < THREADS; i++)
		ATF_REQUIRE_EQ(0, pthread_create(&t[i], NULL, toucher,
		    (void *)i));
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &wrong);
		ATF_CHECK_MSG(wrong == NULL, "%s", (char *)wrong);
	}
	ATF_CHECK_EQ(RACE / PAGE, mem_fake.zeroed);
	for (off = 0; off < RACE; off += PAGE) {
		ATF_REQUIRE(mapped(IPA0 + off, &w) && w.level == 2);
		for (k = 0; k < THREADS; k++)
			ATF_REQUIRE_EQ(1, host(IPA0 + off)[k]);
	}
	check_balance(&s.pt, 1);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, eager);
	ATF_TP_ADD_TC(tp, first_touch);
	ATF_TP_ADD_TC(tp, merge);
	ATF_TP_ADD_TC(tp, odd_places);
	ATF_TP_ADD_TC(tp, device);
	ATF_TP_ADD_TC(tp, shared);
	ATF_TP_ADD_TC(tp, outside);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, no_memory);
	ATF_TP_ADD_TC(tp, reset);
	ATF_TP_ADD_TC(tp, touched);
	ATF_TP_ADD_TC(tp, race);
	return (atf_no_error());
}
