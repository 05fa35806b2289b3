/*
 * The SMMU's driver against an SMMU in memory (smmu_fake.h): what a stream
 * reaches at any moment, what is asked of the SMMU in which order, and ones
 * that are broken or unusual.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdio.h>
#include <stdlib.h>

#include "smmu_fake.h"
#include "smmu/smmu_table.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define	SECONDS(n)	((uint64_t)(n) * CPU_FAKE_HZ)
#define	IPA_AT		SMMU_TRAFFIC

static struct pt vm[2];
static const uint32_t formats[] = { 0, IDR0_ST_2LEVEL };

static const char *
start(uint32_t last)
{

	return (smmu_start(smmu_reg(0), &pool, last));
}

/* A VM's stage 2: a page, at that place. */
static void
make_vm(struct pt *pt, unsigned int vmid, uint64_t pa)
{

	ATF_REQUIRE_EQ(0, pt_init(pt, PT_STAGE2, 40, vmid, &pool));
	ATF_REQUIRE_EQ(0, pt_map(pt, IPA_AT, PA(pa), PAGE_SIZE,
	    (struct pt_attr){ PT_NORMAL, true, true, true }));
}

static void
start_good(uint32_t format, uint32_t last)
{

	smmu_fake_start(IDR0_GOOD | format, IDR1_GOOD, IDR5_GOOD);
	make_vm(&vm[0], 1, 0x80000000);
	make_vm(&vm[1], 2, 0x90000000);
	ATF_REQUIRE_EQ(NULL, start(last));
}

CASE(starts)
{

	(void)tc;
	for (unsigned int i = 0; i < nitems(formats); i++) {
		start_good(formats[i], 255);
		ATF_CHECK_EQ(CR0_SMMUEN | CR0_CMDQEN | CR0_EVENTQEN,
		    *smmu_reg(SMMU_CR0ACK));
		ATF_CHECK_EQ(GBPA_ABORT, *smmu_reg(SMMU_GBPA));
		ATF_CHECK_EQ(IRQ_EVENTQ, *smmu_reg(SMMU_IRQ_CTRLACK));
		ATF_CHECK_EQ(3, fake_smmu.commands);
		ATF_CHECK_EQ(1, fake_smmu.syncs);
		for (uint32_t s = 0; s < 300; s += 37) {
			uint64_t ste[STE_WORDS];

			if (smmu_read_ste(s, ste))
				ATF_CHECK_EQ(1, ste[0] & 0xf);
			else
				ATF_CHECK(s > 255 || formats[i] != 0);
		}
		/* Snoops, or all of it is not kept in caches. */
		ATF_CHECK_EQ(CR1_CACHED, *smmu_reg(SMMU_CR1));
		smmu_fake_start((IDR0_GOOD & ~IDR0_COHACC) | formats[i],
		    IDR1_GOOD, IDR5_GOOD);
		ATF_CHECK_EQ(NULL, start(255));
		ATF_CHECK_EQ(0, *smmu_reg(SMMU_CR1));
	}
}

/* Order is looked at by the fake, whenever it reads. */
CASE(a_stream_and_its_vm)
{
	static const uint32_t streams[] = { 0, 0x18, 0xff, 0x1234, 0x3fff };

	(void)tc;
	for (unsigned int i = 0; i < nitems(formats) * nitems(streams); i++) {
		uint32_t s = streams[i % nitems(streams)], other = s ^ 1;

		start_good(formats[i / nitems(streams)], 0x3fff);
		smmu_watch(s);
		smmu_watch(other);
		ATF_CHECK_EQ(0, smmu_dma(s, IPA_AT));
		unsigned long cleaned = mem_fake.invalidated;
		ATF_REQUIRE(smmu_attach(s, &vm[0]));
		ATF_CHECK_EQ(s, fake_smmu.last_stream);
		/* The entry, twice, and three tables at least. */
		ATF_CHECK(mem_fake.invalidated - cleaned >= 2 * 64 +
		    3 * PAGE_SIZE);
		ATF_CHECK_EQ(0x80000010, smmu_dma(s, IPA_AT + 0x10));
		ATF_CHECK_EQ(0, smmu_dma(s, IPA_AT + PAGE_SIZE));
		ATF_CHECK_EQ(0, smmu_dma(s, 1ull << 40));
		ATF_CHECK_EQ(0, smmu_dma(other, IPA_AT));
		ATF_REQUIRE(smmu_attach(other, &vm[1]));
		ATF_CHECK_EQ(0x90000000, smmu_dma(other, IPA_AT));
		ATF_REQUIRE(smmu_detach(s, 1));
		ATF_CHECK_EQ(0, smmu_dma(s, IPA_AT));
		ATF_CHECK_EQ(0x90000000, smmu_dma(other, IPA_AT));
		ATF_REQUIRE(smmu_attach(s, &vm[1]));
		ATF_CHECK_EQ(0x90000000, smmu_dma(s, IPA_AT));
	}
}

/* VMIDs are used again. */
CASE(tlbs)
{

	(void)tc;
	start_good(0, 255);
	smmu_watch(3);
	ATF_REQUIRE(smmu_attach(3, &vm[0]));
	ATF_CHECK_EQ(0x80000000, smmu_dma(3, IPA_AT));
	ATF_CHECK_EQ(1, fake_smmu.ntlb);
	ATF_REQUIRE(smmu_detach(3, 1));
	ATF_CHECK_EQ(0, fake_smmu.ntlb);
	/* And what was left there by anybody, before it is in use. */
	fake_smmu.tlb[0].vmid = 1;
	fake_smmu.tlb[0].page = IPA_AT >> PAGE_SHIFT;
	fake_smmu.tlb[0].pa = 0xdead000;
	fake_smmu.ntlb = 1;
	ATF_REQUIRE(smmu_attach(3, &vm[0]));
	ATF_CHECK_EQ(0, fake_smmu.ntlb);
	ATF_CHECK_EQ(0x80000000, smmu_dma(3, IPA_AT));
}

CASE(quiet)
{
	uint64_t ste[STE_WORDS];

	(void)tc;
	for (unsigned int i = 0; i < nitems(formats); i++) {
		start_good(formats[i], 255);
		smmu_watch(3);
		ATF_REQUIRE(smmu_attach(3, &vm[0]));
		ATF_CHECK(fake_smmu.seen[0].ste[2] & STE2_RECORD);
		smmu_quiet(3);
		ATF_CHECK_EQ(0x80000000, smmu_dma(3, IPA_AT));
		ATF_CHECK_EQ(0, fake_smmu.seen[0].ste[2] & STE2_RECORD);
		/* Nobody's: nothing to do. */
		unsigned int n = fake_smmu.commands;
		smmu_quiet(256);
		ATF_CHECK(smmu_detach(~0u, 1));
		ATF_CHECK(!smmu_attach(256, &vm[0]));
		ATF_CHECK_EQ(n, fake_smmu.commands);
		ATF_CHECK(!smmu_read_ste(256, ste));
	}
}

/* Two levels take pages as buses are asked for; one takes them all. */
CASE(memory)
{
	size_t before;

	(void)tc;
	start_good(IDR0_ST_2LEVEL, 0xffff);
	before = pool_available(&pool);
	ATF_REQUIRE(smmu_attach(0x1234, &vm[0]));
	ATF_CHECK_EQ(before - 4, pool_available(&pool));
	ATF_REQUIRE(smmu_attach(0x1200, &vm[0]));
	ATF_CHECK_EQ(before - 4, pool_available(&pool));
	ATF_REQUIRE(smmu_attach(0xffff, &vm[0]));
	ATF_CHECK_EQ(before - 8, pool_available(&pool));
	/* None left: that stream alone goes without. */
	while (pool_alloc(&pool, 1, 1) != NULL)
		;
	ATF_CHECK(!smmu_attach(0x2000, &vm[0]));
	ATF_CHECK(smmu_attach(0x12ff, &vm[0]));
	smmu_fake_start(IDR0_GOOD, IDR1_GOOD, IDR5_GOOD);
	before = pool_available(&pool);
	ATF_REQUIRE_EQ(NULL, start(0x3fff));
	ATF_CHECK_EQ(before - 256 - 2, pool_available(&pool));
	smmu_fake_start(IDR0_GOOD, IDR1_GOOD, IDR5_GOOD);
	while (pool_alloc(&pool, 8, 1) != NULL)
		;
	ATF_CHECK_STREQ("finds no memory for its stream table", start(0x3fff));
	ATF_CHECK_EQ(CR0_SMMUEN, *smmu_reg(SMMU_CR0));
	smmu_fake_start(IDR0_GOOD, IDR1_GOOD, IDR5_GOOD);
	while (pool_available(&pool) > 4)
		pool_alloc(&pool, 1, 1);
	ATF_CHECK_STREQ("finds no memory for its queues", start(255));
	ATF_CHECK(!smmu_attach(3, &vm[0]));
}

static void
refused(const char *why, uint32_t id0, uint32_t id1, uint32_t id5,
    uint32_t last)
{
	const char *said;

	smmu_fake_start(id0, id1, id5);
	said = start(last);
	ATF_CHECK_MSG(said != NULL && strcmp(said, why) == 0, "\"%s\", not "
	    "\"%s\"", said, why);
	/* As the firmware left it. */
	ATF_CHECK_EQ(CR0_SMMUEN, *smmu_reg(SMMU_CR0));
	ATF_CHECK_EQ(0, *smmu_reg(SMMU_GBPA));
	ATF_CHECK_EQ(POOL_PAGES, pool_available(&pool));
	make_vm(&vm[0], 1, 0x80000000);
	ATF_CHECK(!smmu_attach(0, &vm[0]));
}

CASE(refuses)
{
	static const char walks[] = "does not walk AArch64 tables of 4 KiB "
	    "pages";

	(void)tc;
	refused("has registers that cannot be read", ~0u, ~0u, ~0u, 255);
	refused("has no stage 2", 0, 0, 0, 255);
	refused("has no stage 2", IDR0_GOOD & ~IDR0_S2P, IDR1_GOOD, IDR5_GOOD,
	    255);
	refused(walks, IDR0_S2P | 1u << 2, IDR1_GOOD, IDR5_GOOD, 255);
	refused(walks, IDR0_GOOD, IDR1_GOOD, 5, 255);
	refused(walks, IDR0_GOOD | 3u << 21, IDR1_GOOD, IDR5_GOOD, 255);
	refused("stalls what it cannot translate, and never aborts it",
	    IDR0_GOOD | 2u << 24, IDR1_GOOD, IDR5_GOOD, 255);
	refused("has tables or queues at fixed places", IDR0_GOOD, IDR1_GOOD |
	    1u << 30, IDR5_GOOD, 255);
	refused("has fewer streams than the tree says (iommu-map)", IDR0_GOOD,
	    (IDR1_GOOD & ~0x3fu) | 7, IDR5_GOOD, 255);
	refused("has a command queue too small", IDR0_GOOD, IDR1_GOOD &
	    ~(0x1fu << 21), IDR5_GOOD, 255);
	refused("has stream tables of one level only, and streams from 16384 "
	    "on: too large a table", IDR0_GOOD, (IDR1_GOOD & ~0x3fu) | 32,
	    IDR5_GOOD, 16384);
	refused("has streams from 33554432 on: too large a table", IDR0_GOOD |
	    IDR0_ST_2LEVEL, (IDR1_GOOD & ~0x3fu) | 32, IDR5_GOOD, ~0u);
	/* Which is not too large. */
	smmu_fake_start(IDR0_GOOD | IDR0_ST_2LEVEL, (IDR1_GOOD & ~0x3fu) | 32,
	    IDR5_GOOD);
	ATF_CHECK_EQ(NULL, start(33554431));
	make_vm(&vm[0], 1, 0x80000000);
	smmu_watch(33554431);
	ATF_REQUIRE(smmu_attach(33554431, &vm[0]));
	ATF_CHECK_EQ(0x80000000, smmu_dma(33554431, IPA_AT));
}

CASE(sizes_of_addresses)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 52 };

	(void)tc;
	for (unsigned int oas = 0; oas < 8; oas++) {
		smmu_fake_start(IDR0_GOOD, IDR1_GOOD, IDR5_GRAN4K | oas);
		ATF_REQUIRE_EQ(NULL, start(255));
		ATF_CHECK_EQ(NULL, smmu_suits(bits[oas]));
		ATF_CHECK_STREQ("has fewer bits of address than a VM",
		    smmu_suits(bits[oas] + 1u));
		make_vm(&vm[0], 1, 0x80000000);
		smmu_watch(3);
		ATF_REQUIRE(smmu_attach(3, &vm[0]));
		/* 52 bits want tables of another kind. */
		ATF_CHECK_EQ(oas > 5 ? 5 : oas, fake_smmu.seen[0].ste[2] >> 48 &
		    7);
	}
}

/* It runs, or is refused and nothing was done. */
CASE(garbage_in_registers)
{
	unsigned int good = 0;

	(void)tc;
	srandom(7);
	for (unsigned int i = 0; i < 3000; i++) {
		uint32_t r[3], last = (uint32_t)random() >> random() % 32;

		for (unsigned int j = 0; j < 3; j++)
			r[j] = (uint32_t)(random() << 16 ^ random());
		/* Half of them are good but for a bit or two. */
		if (i % 2 != 0) {
			r[0] = IDR0_GOOD ^ (r[0] & r[1] & r[2] & ~1u);
			r[1] = IDR1_GOOD ^ (r[1] & r[2] & 0x1fffffff);
			r[2] |= IDR5_GRAN4K;
		}
		smmu_fake_start(r[0], r[1], r[2]);
		const char *why = start(last);
		if (why != NULL) {
			ATF_CHECK_EQ(CR0_SMMUEN, *smmu_reg(SMMU_CR0));
			continue;
		}
		good++;
		make_vm(&vm[0], 1, 0x80000000);
		smmu_watch(last);
		ATF_REQUIRE(smmu_attach(last, &vm[0]));
		ATF_CHECK_EQ(0x80000000, smmu_dma(last, IPA_AT));
	}
	ATF_CHECK_MSG(good > 100, "%u", good);
}

static void
silent(bool *what)
{
	uint64_t then;

	smmu_fake_start(IDR0_GOOD, IDR1_GOOD, IDR5_GOOD);
	make_vm(&vm[0], 1, 0x80000000);
	*smmu_reg(SMMU_GBPA) = what == &fake_smmu.gbpa_dead ? GBPA_UPDATE : 0;
	*what = true;
	then = fake_counter;
	ATF_CHECK_STREQ("does not answer", start(255));
	ATF_CHECK(fake_counter - then <= SECONDS(2));
	/* Nobody asks it again. */
	then = fake_counter;
	ATF_CHECK(!smmu_attach(3, &vm[0]));
	ATF_CHECK(!smmu_detach(3, 1));
	smmu_quiet(3);
	ATF_CHECK_EQ(then, fake_counter);
}

CASE(does_not_answer)
{
	uint64_t then;

	(void)tc;
	silent(&fake_smmu.gbpa_dead);
	silent(&fake_smmu.cr0_dead);
	silent(&fake_smmu.irq_dead);
	silent(&fake_smmu.cmdq_dead);
	/* Later on: off, so that what it has cached is of no use. */
	start_good(0, 255);
	smmu_watch(3);
	ATF_REQUIRE(smmu_attach(3, &vm[0]));
	fake_smmu.cmdq_dead = true;
	then = fake_counter;
	ATF_CHECK(!smmu_detach(3, 1));
	ATF_CHECK(fake_counter - then >= SECONDS(1));
	ATF_CHECK(fake_counter - then <= SECONDS(2));
	smmu_works();
	ATF_CHECK_EQ(0, *smmu_reg(SMMU_CR0ACK));
	ATF_CHECK_EQ(0, smmu_dma(3, IPA_AT));
	then = fake_counter;
	ATF_CHECK(!smmu_detach(3, 1));
	ATF_CHECK(!smmu_attach(4, &vm[0]));
	ATF_CHECK_EQ(then, fake_counter);
}

CASE(faults)
{
	struct smmu_fault f;

	(void)tc;
	start_good(0, 255);
	ATF_CHECK(!smmu_next_fault(&f));
	for (uint32_t i = 0; i < 1000; i++) {
		ATF_REQUIRE(smmu_event(i, EVENT_TRANSLATION, i & 1, i << 12));
		ATF_REQUIRE(smmu_event(i, EVENT_BAD_STREAM, false, 1));
		ATF_REQUIRE(smmu_next_fault(&f));
		ATF_CHECK_EQ(i, f.stream);
		ATF_CHECK(f.has_address && f.write == !(i & 1));
		ATF_CHECK_EQ((uint64_t)i << 12, f.address);
		ATF_REQUIRE(smmu_next_fault(&f));
		ATF_CHECK(!f.has_address);
		ATF_CHECK_EQ(EVENT_BAD_STREAM, f.type);
		ATF_CHECK(!smmu_next_fault(&f));
	}
	ATF_CHECK_STREQ("nothing of the VM's", smmu_fault_name(0x10));
	ATF_CHECK_STREQ("beyond all addresses", smmu_fault_name(0x11));
	ATF_CHECK_STREQ("refused", smmu_fault_name(0x12));
	ATF_CHECK_STREQ("not allowed", smmu_fault_name(0x13));
	ATF_CHECK_STREQ("no such stream", smmu_fault_name(0x02));
	ATF_CHECK_STREQ("refused", smmu_fault_name(0xff));
}

/* What did not fit is lost; the next is told of, each time. */
CASE(faults_overflow)
{
	struct smmu_fault f;

	(void)tc;
	for (unsigned int log2 = 0; log2 < 10; log2++) {
		unsigned int n;

		smmu_fake_start(IDR0_GOOD, (IDR1_GOOD & ~(0x1fu << 16)) |
		    log2 << 16, IDR5_GOOD);
		ATF_REQUIRE_EQ(NULL, start(255));
		for (unsigned int turn = 0; turn < 3; turn++) {
			for (n = 0; smmu_event(n, EVENT_PERMISSION, 0, n); n++)
				ATF_REQUIRE(n < 1u << log2);
			ATF_CHECK(!smmu_event(1000, EVENT_PERMISSION, 0, 0));
			for (unsigned int i = 0; i < n; i++) {
				ATF_REQUIRE(smmu_next_fault(&f));
				ATF_CHECK_EQ(i, f.stream);
			}
			ATF_CHECK(!smmu_next_fault(&f));
			ATF_CHECK_EQ(*smmu_reg(SMMU_EVENTQ_PROD),
			    *smmu_reg(SMMU_EVENTQ_CONS));
		}
	}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, starts);
	ATF_TP_ADD_TC(tp, a_stream_and_its_vm);
	ATF_TP_ADD_TC(tp, tlbs);
	ATF_TP_ADD_TC(tp, quiet);
	ATF_TP_ADD_TC(tp, memory);
	ATF_TP_ADD_TC(tp, refuses);
	ATF_TP_ADD_TC(tp, sizes_of_addresses);
	ATF_TP_ADD_TC(tp, garbage_in_registers);
	ATF_TP_ADD_TC(tp, does_not_answer);
	ATF_TP_ADD_TC(tp, faults);
	ATF_TP_ADD_TC(tp, faults_overflow);
	return (atf_no_error());
}
