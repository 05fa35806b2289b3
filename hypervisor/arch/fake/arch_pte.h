/*
 * Entries of page tables that look like no CPU's, so that nothing passes
 * that knows the real ones: valid is bit 63, the address is stored inverted,
 * attributes are bits that forbid, and a leaf knows its level and stage and
 * is not to be taken for another's. Answers port/pte.h; see mem_fake.h for
 * what is watched.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "arch/fake/mem_fake.h"

#define	PTE_FAKE_VALID		(1ull << 63)
#define	PTE_FAKE_LEAF		(1ull << 62)
#define	PTE_FAKE_LEVEL_SHIFT	60
#define	PTE_FAKE_STAGE2		(1ull << 59)
#define	PTE_FAKE_ADDR_SHIFT	5	/* page number, 36 bits, inverted */
#define	PTE_FAKE_PAGES		(((1ull << 36) - 1) << PTE_FAKE_ADDR_SHIFT)
#define	PTE_FAKE_NO_READ	(1ull << 3)
#define	PTE_FAKE_NO_WRITE	(1ull << 2)
#define	PTE_FAKE_NO_EXEC	(1ull << 1)
#define	PTE_FAKE_DEVICE		(1ull << 0)

static inline uint64_t
pte_none(void)
{

	return (0);
}

static inline uint64_t
pte_fake_address(pa_t pa, unsigned int shift)
{

	if ((pa.v & ((1ull << shift) - 1)) != 0 || pa.v >> 48 != 0)
		mem_fake_wrong("an entry's address", pa.v);
	return (~(pa.v >> PAGE_SHIFT << PTE_FAKE_ADDR_SHIFT) & PTE_FAKE_PAGES);
}

static inline uint64_t
pte_table(pa_t next)
{

	return (PTE_FAKE_VALID | pte_fake_address(next, PAGE_SHIFT));
}

static inline uint64_t
pte_leaf(enum pt_stage stage, unsigned int level, pa_t pa, struct pt_attr a)
{

	if (level < 1 || level > 3)
		mem_fake_wrong("a leaf at level", level);
	return (PTE_FAKE_VALID | PTE_FAKE_LEAF |
	    (uint64_t)level << PTE_FAKE_LEVEL_SHIFT |
	    (stage == PT_STAGE2 ? PTE_FAKE_STAGE2 : 0) |
	    pte_fake_address(pa, PAGE_SHIFT + 9 * (3 - level)) |
	    (a.read ? 0 : PTE_FAKE_NO_READ) |
	    (a.write ? 0 : PTE_FAKE_NO_WRITE) |
	    (a.exec ? 0 : PTE_FAKE_NO_EXEC) |
	    (a.memory == PT_DEVICE ? PTE_FAKE_DEVICE : 0));
}

static inline bool
pte_is_leaf(uint64_t e, unsigned int level)
{

	if ((e & PTE_FAKE_VALID) == 0 || (e & PTE_FAKE_LEAF) == 0)
		return (false);
	if ((e >> PTE_FAKE_LEVEL_SHIFT & 3) != level)
		mem_fake_wrong("a leaf taken for one of level", level);
	return (true);
}

static inline bool
pte_is_table(uint64_t e, unsigned int level)
{

	if ((e & PTE_FAKE_VALID) == 0 || pte_is_leaf(e, level))
		return (false);
	if (level > 2)
		mem_fake_wrong("a table below level", level);
	return (true);
}

static inline pa_t
pte_pa(uint64_t e, unsigned int level)
{

	if (!pte_is_leaf(e, level) && !pte_is_table(e, level))
		mem_fake_wrong("the address of an invalid entry", e);
	return (PA((~e & PTE_FAKE_PAGES) >> PTE_FAKE_ADDR_SHIFT <<
	    PAGE_SHIFT));
}

static inline uint64_t
pte_derive(uint64_t leaf, unsigned int level, unsigned int to, uint64_t offset)
{

	if (!pte_is_leaf(leaf, level))
		mem_fake_wrong("derived from what is no leaf", leaf);
	if (to < 1 || to > 3)
		mem_fake_wrong("a leaf at level", to);
	return ((leaf & ~(PTE_FAKE_PAGES | 3ull << PTE_FAKE_LEVEL_SHIFT)) |
	    (uint64_t)to << PTE_FAKE_LEVEL_SHIFT |
	    pte_fake_address(PA(pte_pa(leaf, level).v + offset),
	    PAGE_SHIFT + 9 * (3 - to)));
}

/* For tests that read tables. */
static inline struct pt_attr
pte_attr(enum pt_stage stage, uint64_t e)
{

	if ((e & PTE_FAKE_LEAF) == 0 ||
	    ((e & PTE_FAKE_STAGE2) != 0) != (stage == PT_STAGE2))
		mem_fake_wrong("attributes of another stage's entry", e);
	return ((struct pt_attr){
	    e & PTE_FAKE_DEVICE ? PT_DEVICE : PT_NORMAL,
	    (e & PTE_FAKE_NO_READ) == 0, (e & PTE_FAKE_NO_WRITE) == 0,
	    (e & PTE_FAKE_NO_EXEC) == 0 });
}

static inline void
pte_write(uint64_t *slot, uint64_t e)
{

	mem_fake_pte_write(slot, e, (e & PTE_FAKE_VALID) != 0 &&
	    (e & PTE_FAKE_LEAF) == 0);
}

static inline void *
port_pa_to_ptr(pa_t pa)
{

	return (mem_fake_ptr(pa));
}

static inline pa_t
port_ptr_to_pa(const void *p)
{

	return (mem_fake_pa(p));
}

static inline void
port_tlb_stage2(unsigned int vmid, ipa_t ipa, uint64_t size)
{

	mem_fake_tlb(vmid, ipa.v, size);
}

static inline void
port_tlb_stage1(uint64_t va, uint64_t size)
{

	mem_fake_tlb(0, va, size);
}
