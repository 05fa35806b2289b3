/*
 * The driver of the machine's ITS: what it sets up, the commands it sends,
 * and what it says of an ITS that is not as it should be.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "its_fake.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define	ADDRESS		0x000ffffffffff000ull

/* What the n-th command of all is. */
static void
check_command(unsigned int n, uint64_t w0, uint64_t w1, uint64_t w2)
{
	const uint64_t *c = fake_its.command[n];

	ATF_REQUIRE_MSG(n < fake_its.n, "no command %u", n);
	ATF_CHECK_MSG(c[0] == w0 && c[1] == w1 && c[2] == w2 && c[3] == 0,
	    "command %u: %lx %lx %lx %lx", n, c[0], c[1], c[2], c[3]);
}

CASE(start)
{
	uint64_t baser, prop, pend[2];

	(void)tc;
	its_fake_start();
	ATF_REQUIRE_EQ(NULL, its_fake_drive(256));
	/* 256 devices: half a page; one of pages is none less. */
	baser = *reg64(ITS_PA, GITS_BASER(0));
	ATF_CHECK_EQ(BASER_VALID | 1ull << 56 | 7ull << 48, baser &
	    (BASER_VALID | BASER_FIXED));
	ATF_CHECK_EQ(0, baser & 0x3ff);
	ATF_CHECK_EQ(7, baser >> 59 & 7);
	ATF_CHECK_EQ(1, baser >> 10 & 3);
	ATF_CHECK((*reg64(ITS_PA, GITS_BASER(1)) & BASER_VALID) != 0);
	ATF_CHECK_EQ(0, *reg64(ITS_PA, GITS_BASER(2)));
	ATF_CHECK_EQ(GITS_CTLR_ENABLED, *reg32(ITS_PA, GITS_CTLR) & 1);
	/* One configuration, 14 bits of INTID; a pending table of its own. */
	prop = *reg64(RD_PA, GICR_PROPBASER);
	ATF_CHECK_EQ(13 | 7 << 7 | 1 << 10, prop & 0xfff);
	ATF_CHECK_EQ(prop, *reg64(RD_PA + 0x20000, GICR_PROPBASER));
	const uint8_t *config = mem_fake_ptr(PA(prop & ADDRESS));
	for (unsigned int i = 0; i < 8192; i++)
		ATF_REQUIRE_EQ(0xc3, config[i]);
	for (unsigned int i = 0; i < 2; i++) {
		pend[i] = *reg64(RD_PA + i * 0x20000, GICR_PENDBASER);
		ATF_CHECK_EQ(1ull << 62 | 7 << 7 | 1 << 10, pend[i] & ~ADDRESS);
		ATF_CHECK_EQ(0, pend[i] & 0xf000);
		ATF_CHECK_EQ(1, *reg32(RD_PA + i * 0x20000, GICR_CTLR));
	}
	ATF_CHECK(pend[0] != pend[1]);
	/* A collection for each CPU, by number. */
	ATF_REQUIRE_EQ(3, fake_its.n);
	check_command(0, CMD_MAPC, 0, CMD_VALID);
	check_command(1, CMD_MAPC, 0, CMD_VALID | 5 << 16 | 1);
	check_command(2, CMD_SYNC, 0, 5 << 16);
	/* All that is read by others was cleaned. */
	ATF_CHECK(mem_fake.invalidated >= 6 * PAGE_SIZE + 8192);
}

/* Redistributors by address; a CPU that did not come up has no part. */
CASE(targets)
{

	(void)tc;
	its_fake_start();
	*reg64(ITS_PA, GITS_TYPER) |= TYPER_PTA;
	its_cpu[0].online = false;
	ATF_REQUIRE_EQ(NULL, its_fake_drive(256));
	ATF_REQUIRE_EQ(2, fake_its.n);
	check_command(0, CMD_MAPC, 0, CMD_VALID | (RD_PA + 0x20000) | 1);
	check_command(1, CMD_SYNC, 0, RD_PA + 0x20000);
	ATF_CHECK_EQ(0, *reg32(RD_PA, GICR_CTLR));
}

CASE(large_pages)
{
	uint64_t baser;

	(void)tc;
	its_fake_start();
	ATF_REQUIRE_EQ(NULL, its_fake_drive(0x10000));
	baser = *reg64(ITS_PA, GITS_BASER(0));
	ATF_CHECK_EQ(127, baser & 0xff);
	/* One more than a table has room for. */
	its_fake_start();
	*reg64(ITS_PA, GITS_TYPER) |= 31 << 13;
	ATF_CHECK_STREQ("has no table for DeviceIDs that large",
	    its_fake_drive(0x20001));
}

CASE(commands)
{
	struct its_device d = { .id = 0x18, .intid = ITS_LPI0 + 7, .events = 3,
	    .cpu = 1 };
	size_t left;

	(void)tc;
	its_fake_start();
	ATF_REQUIRE_EQ(NULL, its_fake_drive(256));
	left = pool_available(&pool);
	ATF_REQUIRE_EQ(NULL, its_map(&d));
	uint64_t itt = mem_fake_pa(d.itt).v;
	ATF_REQUIRE_EQ(3 + 5, fake_its.n);
	check_command(3, 0x18ull << 32 | CMD_MAPD, 1, CMD_VALID | itt);
	for (unsigned int i = 0; i < 3; i++)
		check_command(4 + i, 0x18ull << 32 | CMD_MAPTI,
		    (uint64_t)(d.intid + i) << 32 | i, 1);
	check_command(7, CMD_SYNC, 0, 5 << 16);
	ATF_CHECK(its_clear(&d));
	for (unsigned int i = 0; i < 3; i++)
		check_command(8 + i, 0x18ull << 32 | CMD_CLEAR, i, 0);
	check_command(11, CMD_SYNC, 0, 5 << 16);
	ATF_CHECK(its_unmap(&d));
	for (unsigned int i = 0; i < 3; i++)
		check_command(12 + i, 0x18ull << 32 | CMD_DISCARD, i, 0);
	check_command(16, 0x18ull << 32 | CMD_MAPD, 1, itt);
	check_command(17, CMD_SYNC, 0, 5 << 16);
	ATF_CHECK_EQ(left, pool_available(&pool));
}

/* The queue is a ring. */
CASE(wraps)
{
	struct its_device d = { .id = 1, .intid = ITS_LPI0, .events = 64 };

	(void)tc;
	its_fake_start();
	ATF_REQUIRE_EQ(NULL, its_fake_drive(256));
	ATF_REQUIRE_EQ(NULL, its_map(&d));
	for (unsigned int i = 0; i < 6; i++)
		ATF_CHECK(its_clear(&d));
	ATF_CHECK_EQ(3 + 66 + 6 * 65, fake_its.n);
	check_command(3, 1ull << 32 | CMD_MAPD, 5, CMD_VALID |
	    mem_fake_pa(d.itt).v);
	check_command(fake_its.n - 2, 1ull << 32 | CMD_CLEAR, 63, 0);
}

/* A second, and then never again. */
CASE(silent)
{
	struct its_device d = { .id = 1, .intid = ITS_LPI0, .events = 1 };
	uint64_t before;

	(void)tc;
	its_fake_start();
	ATF_REQUIRE_EQ(NULL, its_fake_drive(256));
	ATF_REQUIRE_EQ(NULL, its_map(&d));
	fake_its.silent = true;
	before = fake_counter;
	ATF_CHECK(!its_clear(&d));
	ATF_CHECK(fake_counter - before > CPU_FAKE_HZ);
	ATF_CHECK(fake_counter - before < 2 * CPU_FAKE_HZ);
	before = fake_counter;
	struct its_device e = { .id = 2, .intid = ITS_LPI0 + 1, .events = 1 };
	ATF_CHECK_STREQ("the ITS does not answer", its_map(&e));
	ATF_CHECK(!its_unmap(&d));
	ATF_CHECK_EQ(before, fake_counter);

	its_fake_start();
	fake_its.silent = true;
	ATF_CHECK_STREQ("does not answer", its_fake_drive(256));
	its_fake_start();
	fake_its.stalls = true;
	before = fake_counter;
	ATF_CHECK_STREQ("does not answer", its_fake_drive(256));
	ATF_CHECK(fake_counter - before < CPU_FAKE_HZ);
	/* On, and it does not come to rest. */
	its_fake_start();
	*reg32(ITS_PA, GITS_CTLR) = GITS_CTLR_ENABLED;
	ATF_CHECK_STREQ("does not answer", its_fake_drive(256));
	ATF_CHECK_EQ(0, *reg64(ITS_PA, GITS_CBASER));
}

static void
refused(const char *line)
{

	ATF_CHECK_STREQ(line, its_fake_drive(256));
	ATF_CHECK_EQ(0, fake_its.n);
	its_fake_start();
}

CASE(not_ours)
{

	(void)tc;
	its_fake_start();
	*reg32(GICD_PA, GICD_TYPER) &= ~GICD_TYPER_LPIS;
	refused("is there, but the GIC has no LPIs");
	*reg32(GICD_PA, GICD_TYPER) = GICD_TYPER_LPIS | 9 << 19;
	refused("is there, but the GIC has no LPIs");
	*reg64(ITS_PA, GITS_TYPER) &= ~1ull;
	refused("translates nothing to physical LPIs");
	*reg64(ITS_PA, GITS_TYPER) = 15ull << 13 | 4ull << 8 | 1;
	refused("translates nothing to physical LPIs");
	*reg64(ITS_PA, GITS_TYPER) = 6ull << 13 | 15ull << 8 | 1;
	refused("has not that many DeviceIDs");
	*reg64(ITS_PA, GITS_BASER(0)) = 0;
	refused("has no room for devices or collections");
	*reg64(ITS_PA, GITS_BASER(1)) = 0;
	refused("has no room for devices or collections");
	*reg64(RD_PA + 0x20000, GICR_TYPER) = 0;
	refused("is there, but a redistributor has no LPIs");
	*reg32(RD_PA, GICR_CTLR) = 1;
	refused("is there, but firmware has turned LPIs on before us");
	pool = (struct pool){ 0 };
	refused("finds no memory for its queue");
	/* Collections that it keeps itself are good, too. */
	*reg64(ITS_PA, GITS_BASER(1)) = 0;
	*reg64(ITS_PA, GITS_TYPER) |= 2ull << 24;
	ATF_CHECK_EQ(NULL, its_fake_drive(256));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, start);
	ATF_TP_ADD_TC(tp, targets);
	ATF_TP_ADD_TC(tp, large_pages);
	ATF_TP_ADD_TC(tp, commands);
	ATF_TP_ADD_TC(tp, wraps);
	ATF_TP_ADD_TC(tp, silent);
	ATF_TP_ADD_TC(tp, not_ours);
	return (atf_no_error());
}
