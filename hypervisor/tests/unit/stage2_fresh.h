/*
 * A stage 2 to begin a test with, and looks at it. Must not know what is
 * tested.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "mm/stage2.h"
#include "pt_check.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#define	GIB	(1ull << 30)
#define	MIB	(1ull << 20)
#define	PAGE	((uint64_t)PAGE_SIZE)
#define	VMID	3
#define	POOL	300
#define	IPA0	0x40000000ull		/* of RAM */
#define	HOST	(MEM_FAKE_BASE + GIB)	/* where it lies */

static struct stage2 s;

static int
add_ram(ipa_t ipa, uint64_t size, pa_t pa, bool demand)
{

	return (stage2_add(&s, demand ? STAGE2_DEMAND : STAGE2_RAM, ipa, size,
	    pa));
}

static void
fresh(void)
{

	check_pool(POOL);
	s = (struct stage2){ .nregions = 0 };
	ATF_REQUIRE_EQ(0, stage2_init(&s, VMID, 40, &pool));
}

static bool
mapped(uint64_t ipa, struct check_path *w)
{

	check_walk(&s.pt, ipa, w);
	return (w->mapped);
}

static uint64_t *
host(uint64_t ipa)
{

	return (port_pa_to_ptr(PA(HOST + (ipa - IPA0))));
}

/* To the end: how many pieces, none more than a turn is worth. */
static unsigned int
scrub(void)
{
	uint64_t at = 0, before;
	unsigned int n = 0;

	do {
		before = mem_fake.zeroed;
		n++;
	} while (stage2_scrub(&s, &at) &&
	    mem_fake.zeroed - before == 16 * MIB / PAGE);
	ATF_REQUIRE_EQ(0, at);
	return (n);
}
