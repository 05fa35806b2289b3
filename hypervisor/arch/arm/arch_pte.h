/*
 * Entries of the long-descriptor format (LPAE), 4 KiB granule, as both
 * Armv7 HYP and Armv8 EL2 have them: stage 1 of the hypervisor and stage 2
 * of guests (DDI 0487, D8.3). Answers port/pte.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	LPAE_VALID	(1ull << 0)
#define	LPAE_TABLE	(1ull << 1)	/* or, at level 3, page */
#define	LPAE_AF		(1ull << 10)
#define	LPAE_SH_INNER	(3ull << 8)
#define	LPAE_XN		(1ull << 54)	/* with E2H: for EL0 */
#define	LPAE_ADDR	0x0000fffffffff000ull
/* Stage 1 of EL2: AttrIndx picks from MAIR (0 device, 1 normal). */
#define	LPAE_S1_NORMAL	(1ull << 2)
#define	LPAE_S1_AP1	(1ull << 6)	/* RES1 */
#define	LPAE_S1_RO	(1ull << 7)
extern uint64_t lpae_s1_exec, lpae_s1_noexec;
/* Stage 2: MemAttr Device-nGnRE 0b0001, Normal write-back 0b1111. */
#define	LPAE_S2_DEVICE	(1ull << 2)
#define	LPAE_S2_NORMAL	(15ull << 2)
#define	LPAE_S2_READ	(1ull << 6)
#define	LPAE_S2_WRITE	(1ull << 7)

static inline uint64_t
pte_none(void)
{

	return (0);
}

static inline uint64_t
pte_table(pa_t next)
{

	return (next.v | LPAE_TABLE | LPAE_VALID);
}

static inline uint64_t
pte_leaf(enum pt_stage stage, unsigned int level, pa_t pa, struct pt_attr a)
{
	uint64_t e = pa.v | LPAE_VALID | LPAE_AF | LPAE_SH_INNER;

	if (level == 3)
		e |= LPAE_TABLE;
	if (stage == PT_STAGE1) {
		e |= a.exec ? lpae_s1_exec : lpae_s1_noexec;
		if (a.memory == PT_NORMAL)
			e |= LPAE_S1_NORMAL;
		if (!a.write)
			e |= LPAE_S1_RO;
	} else {
		e |= a.memory == PT_NORMAL ? LPAE_S2_NORMAL : LPAE_S2_DEVICE;
		if (a.read)
			e |= LPAE_S2_READ;
		if (a.write)
			e |= LPAE_S2_WRITE;
		if (!a.exec)
			e |= LPAE_XN;
	}
	return (e);
}

static inline bool
pte_is_table(uint64_t e, unsigned int level)
{

	return (level < 3 && (e & 3) == (LPAE_VALID | LPAE_TABLE));
}

static inline bool
pte_is_leaf(uint64_t e, unsigned int level)
{

	return ((e & 3) == (level == 3 ? 3 : LPAE_VALID));
}

static inline pa_t
pte_pa(uint64_t e, unsigned int level)
{

	(void)level;
	return (PA(e & LPAE_ADDR));
}

static inline uint64_t
pte_derive(uint64_t leaf, unsigned int level, unsigned int to, uint64_t offset)
{

	(void)level;
	leaf = (leaf & ~LPAE_TABLE) + offset;
	return (to == 3 ? leaf | LPAE_TABLE : leaf);
}

static inline void
pte_write(uint64_t *slot, uint64_t e)
{

	*(volatile uint64_t *)slot = e;
	/* Table walkers are observers of their own (DDI 0487, D8.2.6). */
	__asm__ volatile("dsb ishst" : : : "memory");
}

/* The hypervisor is mapped where it lies. */
static inline void *
port_pa_to_ptr(pa_t pa)
{

	return ((void *)(uintptr_t)pa.v);
}

static inline pa_t
port_ptr_to_pa(const void *p)
{

	return (PA((uintptr_t)p));
}

void	port_tlb_stage2(unsigned int vmid, ipa_t ipa, uint64_t size);
void	port_tlb_stage1(uint64_t va, uint64_t size);
