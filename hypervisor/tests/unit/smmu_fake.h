/*
 * An SMMUv3 in the build host's memory, read naively out of IHI 0070: registers
 * that answer while the driver waits, a command queue, configuration caches
 * and TLBs that keep all they ever saw until they are told to forget it, an
 * event queue. It looks at the stream table whenever it may: each time that
 * the driver has cleaned something, or waits. Must not know smmu.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <string.h>

#include "pt_check.h"
#include "smmu/smmu.h"
#include "smmu/smmu_regs.h"

#define	SMMU_PA		(MEM_FAKE_BASE + (2ull << 30))
#define	SMMU_TRAFFIC	0x40000000ull	/* IPA */
#define	POOL_PAGES	1024u
#define	SEEN_MAX	8		/* streams that it looks at */
#define	TLB_MAX		64
#define	IDR0_GOOD	(IDR0_S2P | 2u << 2 | IDR0_COHACC)
#define	IDR1_GOOD	(16u | 10u << 16 | 10u << 21)	/* 2^16 streams */
#define	IDR5_GOOD	(5u | IDR5_GRAN4K)		/* 48 bits */

static struct {
	/* It does not do this any more. */
	bool		gbpa_dead, cr0_dead, irq_dead, cmdq_dead;
	unsigned int	commands, syncs;
	uint64_t	last_stream;	/* of CFGI_STE */
	struct {
		uint32_t	stream;
		uint64_t	raw[STE_WORDS];	/* as it was last read */
		bool		cached;
		uint64_t	ste[STE_WORDS];	/* that it goes by */
	}		seen[SEEN_MAX];
	unsigned int	nseen;
	struct {
		unsigned int	vmid;
		uint64_t	page, pa;
	}		tlb[TLB_MAX];
	unsigned int	ntlb;
	uint64_t	strtab;		/* when it was turned on */
} fake_smmu;

static uint32_t *
smmu_reg(uint32_t off)
{

	return (mem_fake_ptr(PA(SMMU_PA + off)));
}

static uint64_t
smmu_reg64(uint32_t off)
{
	uint64_t v;

	memcpy(&v, smmu_reg(off), 8);
	return (v);
}

static bool
smmu_on(void)
{

	return ((*smmu_reg(SMMU_CR0ACK) & CR0_SMMUEN) != 0);
}

/* 5.2, 6.3.24: words of the entry; false: C_BAD_STREAMID. */
static bool
smmu_read_ste(uint32_t stream, uint64_t *ste)
{
	uint64_t base = smmu_reg64(SMMU_STRTAB_BASE) & 0xfffffffffffc0ull;
	uint32_t cfg = *smmu_reg(SMMU_STRTAB_CFG);
	unsigned int log2 = cfg & 0x3f, split = cfg >> 6 & 0x1f;
	uint64_t size = 64ull << log2, at = stream;

	if ((uint64_t)stream >> log2 != 0)
		return (false);
	if (cfg >> 16 == 1) {
		uint64_t desc;

		ATF_REQUIRE(split == 6 || split == 8 || split == 10);
		size = log2 > split ? 8ull << (log2 - split) : 64;
		ATF_REQUIRE_EQ(0, base & (size - 1));
		memcpy(&desc, mem_fake_ptr(PA(base + (stream >> split) * 8)),
		    8);
		if ((desc & 0x1f) == 0)
			return (false);
		ATF_REQUIRE((desc & 0x1f) - 1 <= split);
		at = stream & ((1u << split) - 1);
		if (at >> ((desc & 0x1f) - 1) != 0)
			return (false);
		base = desc & 0xfffffffffffc0ull;
		size = 64ull << ((desc & 0x1f) - 1);
	} else
		ATF_REQUIRE_EQ(0, cfg >> 16);
	ATF_REQUIRE_EQ(0, base & (size - 1));
	memcpy(ste, mem_fake_ptr(PA(base + at * 64)), 64);
	return (true);
}

static bool
smmu_is_s2(const uint64_t *ste)
{

	return ((ste[0] & 1) != 0 && (ste[0] >> 1 & 7) == 6);
}

/* What may be believed of an entry that it reads at any moment. */
static void
smmu_check_ste(const uint64_t *old, const uint64_t *new)
{

	ATF_REQUIRE_MSG((new[0] & 1) != 0, "an entry that is not valid");
	ATF_REQUIRE_MSG(smmu_is_s2(new) || (new[0] >> 1 & 7) == 0,
	    "a stream that is neither aborted nor confined");
	if (!smmu_is_s2(new))
		return;
	ATF_REQUIRE_MSG((new[2] & 0xffff) != 0 && new[3] != 0 &&
	    (new[2] >> 32 & 0x3f) >= 16, "an entry half done");
	/* Eight words cannot be written at once. */
	ATF_REQUIRE_MSG(memcmp(&old[1], &new[1], 8) == 0 && old[3] == new[3] &&
	    ((old[2] ^ new[2]) & ~STE2_RECORD) == 0,
	    "valid in one go with what it says");
}

/* It reads what it has not cached. */
static void
smmu_glance(void)
{
	uint64_t ste[STE_WORDS];

	if (!smmu_on())
		return;
	ATF_REQUIRE_EQ(fake_smmu.strtab, smmu_reg64(SMMU_STRTAB_BASE));
	for (unsigned int i = 0; i < fake_smmu.nseen; i++) {
		if (!smmu_read_ste(fake_smmu.seen[i].stream, ste))
			continue;
		smmu_check_ste(fake_smmu.seen[i].raw, ste);
		memcpy(fake_smmu.seen[i].raw, ste, sizeof(ste));
		if (!fake_smmu.seen[i].cached)
			memcpy(fake_smmu.seen[i].ste, ste, sizeof(ste));
		fake_smmu.seen[i].cached = true;
	}
}

static void
smmu_forget_tlb(unsigned int vmid)	/* 0: all */
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fake_smmu.ntlb; i++)
		if (vmid != 0 && fake_smmu.tlb[i].vmid != vmid)
			fake_smmu.tlb[n++] = fake_smmu.tlb[i];
	fake_smmu.ntlb = n;
}

/* Where DMA of a watched stream goes; 0: it is aborted. */
static uint64_t
smmu_dma(uint32_t stream, uint64_t ipa)
{
	uint64_t *ste = NULL;
	struct check_path w;
	struct pt pt = { .start = 1, .stage = PT_STAGE2 };
	unsigned int i;

	smmu_glance();
	for (i = 0; i < fake_smmu.nseen; i++)
		if (fake_smmu.seen[i].stream == stream &&
		    fake_smmu.seen[i].cached)
			ste = fake_smmu.seen[i].ste;
	if (!smmu_on() || ste == NULL || !smmu_is_s2(ste))
		return (0);
	unsigned int vmid = ste[2] & 0xffff;
	for (i = 0; i < fake_smmu.ntlb; i++)
		if (fake_smmu.tlb[i].vmid == vmid &&
		    fake_smmu.tlb[i].page == ipa >> PAGE_SHIFT)
			return (fake_smmu.tlb[i].pa + (ipa & (PAGE_SIZE - 1)));
	/* Start level 1 (SL0), 4 KiB, AArch64. */
	ATF_REQUIRE_EQ(1, ste[2] >> 38 & 3);
	ATF_REQUIRE_EQ(0, ste[2] >> 46 & 3);
	ATF_REQUIRE(ste[2] & STE2_AA64);
	uint64_t bits = 64 - (ste[2] >> 32 & 0x3f);
	if (ipa >> bits != 0)
		return (0);
	pt.root = PA(ste[3]);
	pt.nroots = bits > 39 ? 1u << (bits - 39) : 1;
	check_walk(&pt, ipa, &w);
	if (!w.mapped)
		return (0);
	ATF_REQUIRE(fake_smmu.ntlb < TLB_MAX);
	fake_smmu.tlb[fake_smmu.ntlb].vmid = vmid;
	fake_smmu.tlb[fake_smmu.ntlb].page = ipa >> PAGE_SHIFT;
	fake_smmu.tlb[fake_smmu.ntlb++].pa = w.pa.v & ~(PAGE_SIZE - 1);
	return (w.pa.v & ~(PAGE_SIZE - 1)) + (ipa & (PAGE_SIZE - 1));
}

/* All of its streams are busy at the same place. */
static void
smmu_traffic(void)
{

	for (unsigned int i = 0; i < fake_smmu.nseen; i++)
		smmu_dma(fake_smmu.seen[i].stream, SMMU_TRAFFIC);
}

/* 4.3 and 4.4. */
static void
smmu_command(const uint64_t *c)
{
	uint32_t arg = (uint32_t)(c[0] >> 32);

	fake_smmu.commands++;
	switch (c[0] & 0xff) {
	case 0x03:			/* CFGI_STE */
		fake_smmu.last_stream = arg;
		/* A table behind one is forgotten only if it says so. */
		ATF_REQUIRE_EQ(0, c[1] & 1);
		for (unsigned int i = 0; i < fake_smmu.nseen; i++)
			if (fake_smmu.seen[i].stream == arg)
				fake_smmu.seen[i].cached = false;
		break;
	case 0x04:			/* CFGI_STE_RANGE, of all */
		ATF_REQUIRE_EQ(31, c[1] & 31);
		for (unsigned int i = 0; i < fake_smmu.nseen; i++)
			fake_smmu.seen[i].cached = false;
		break;
	case 0x28:			/* TLBI_S12_VMALL */
		ATF_REQUIRE(arg != 0);
		smmu_forget_tlb(arg);
		break;
	case 0x30:			/* TLBI_NSNH_ALL */
		smmu_forget_tlb(0);
		break;
	case 0x46:
		fake_smmu.syncs++;
		break;
	default:
		atf_tc_fail("command 0x%lx", c[0]);
	}
}

/* Without a SYNC between them, in what order it likes; and DMA goes on. */
static void
smmu_cmdq(void)
{
	uint64_t base = smmu_reg64(SMMU_CMDQ_BASE);
	uint32_t mask = (2u << (base & 0x1f)) - 1;
	uint32_t *prod = smmu_reg(SMMU_CMDQ_PROD);
	uint32_t *cons = smmu_reg(SMMU_CMDQ_CONS), n;
	const uint64_t *q = mem_fake_ptr(PA(base & 0xfffffffffffe0ull));

	ATF_REQUIRE((base & 0x1f) <= (*smmu_reg(SMMU_IDR1) >> 21 & 0x1f));
	ATF_REQUIRE(((*prod - *cons) & mask) <= mask / 2 + 1);
	while (((*prod ^ *cons) & mask) != 0) {
		for (n = 0; ((*cons + n) & mask) != *prod; n++)
			if (q[((*cons + n) & mask / 2) * CMD_WORDS] == 0x46)
				break;
		for (uint32_t i = n; i-- > 0;) {
			smmu_traffic();
			smmu_command(&q[((*cons + i) & mask / 2) * CMD_WORDS]);
		}
		if (((*cons + n) & mask) != *prod)
			smmu_command(&q[((*cons + n++) & mask / 2) *
			    CMD_WORDS]);
		*cons = (*cons + n) & mask;
	}
}

/* Time goes on, and so does the SMMU. */
static void
smmu_works(void)
{
	uint32_t *gbpa = smmu_reg(SMMU_GBPA), *ack = smmu_reg(SMMU_CR0ACK);
	uint32_t cr0 = *smmu_reg(SMMU_CR0);

	fake_counter += CPU_FAKE_HZ / 10;
	if (!fake_smmu.gbpa_dead)
		*gbpa &= ~GBPA_UPDATE;
	if (!fake_smmu.cr0_dead && *ack != cr0) {
		/* Nothing passes it while it is off. */
		ATF_REQUIRE((cr0 & CR0_SMMUEN) != 0 ||
		    (*gbpa & GBPA_ABORT) != 0);
		if ((cr0 & ~*ack & CR0_SMMUEN) != 0)
			fake_smmu.strtab = smmu_reg64(SMMU_STRTAB_BASE);
		*ack = cr0;
	}
	if (!fake_smmu.irq_dead)
		*smmu_reg(SMMU_IRQ_CTRLACK) = *smmu_reg(SMMU_IRQ_CTRL);
	smmu_glance();
	if (!fake_smmu.cmdq_dead && (*ack & CR0_CMDQEN) != 0)
		smmu_cmdq();
}

/* As firmware may leave it: on, with tables of its own. */
static void
smmu_fake_start(uint32_t id0, uint32_t id1, uint32_t id5)
{

	check_pool(POOL_PAGES);
	memset(mem_fake_ptr(PA(SMMU_PA)), 0, SMMU_FRAME);
	memset(&fake_smmu, 0, sizeof(fake_smmu));
	*smmu_reg(SMMU_IDR0) = id0;
	*smmu_reg(SMMU_IDR1) = id1;
	*smmu_reg(SMMU_IDR5) = id5;
	*smmu_reg(SMMU_CR0) = *smmu_reg(SMMU_CR0ACK) = CR0_SMMUEN;
	fake_relax = smmu_works;
	mem_fake.clean = smmu_glance;
}

/* It watches this stream's entry from now on. */
static inline void
smmu_watch(uint32_t stream)
{

	ATF_REQUIRE(fake_smmu.nseen < SEEN_MAX);
	fake_smmu.seen[fake_smmu.nseen++].stream = stream;
	smmu_glance();
}

/* 7.2 and 7.3: false, the queue is full, and it says so. */
static inline bool
smmu_event(uint32_t stream, unsigned int type, bool read, uint64_t address)
{
	uint64_t base = smmu_reg64(SMMU_EVENTQ_BASE);
	uint32_t mask = (2u << (base & 0x1f)) - 1;
	uint32_t *prod = smmu_reg(SMMU_EVENTQ_PROD);
	uint32_t cons = *smmu_reg(SMMU_EVENTQ_CONS);
	uint64_t *e;

	if ((((*prod ^ cons) & mask)) == mask / 2 + 1) {
		if (((*prod ^ cons) & QUEUE_OVERFLOW) == 0)
			*prod ^= QUEUE_OVERFLOW;
		return (false);
	}
	e = (uint64_t *)mem_fake_ptr(PA(base & 0xfffffffffffe0ull)) +
	    (*prod & mask / 2) * EVENT_WORDS;
	e[0] = (uint64_t)stream << 32 | type;
	e[1] = (uint64_t)read << 35;
	e[2] = address;
	e[3] = 0;
	*prod = (*prod & QUEUE_OVERFLOW) | ((*prod + 1) & mask);
	return (true);
}
