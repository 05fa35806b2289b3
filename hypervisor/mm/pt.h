/*
 * One table walker for the hypervisor's own stage 1 and every VM's stage 2:
 * 4 KiB granule, largest blocks that fit (1 GiB, 2 MiB, 4 KiB), split and
 * merged as ranges change. A valid entry is never replaced by another
 * without break-before-make (DDI 0487, D8.14). Callers lock.
 * Must not know what is mapped, nor the format of an entry (port/pte.h).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "port/pte.h"

struct pool;

#define	PT_ENTRIES	512

struct pt {
	pa_t		root;		/* first of nroots tables in a row */
	unsigned int	nroots;		/* concatenated (D8.2.5) */
	unsigned int	start;		/* level of the root */
	unsigned int	va_bits;
	enum pt_stage	stage;
	unsigned int	vmid;		/* stage 2 only */
	struct pool	*pool;		/* of tables */
};

/*
 * Stage 1: va_bits 40 to 48, level 0 on. Stage 2: va_bits 32 to 40, level
 * 1 on, two roots for 40. 0, or -1: no memory.
 */
int	pt_init(struct pt *pt, enum pt_stage stage, unsigned int va_bits,
	    unsigned int vmid, struct pool *pool);
/*
 * All page aligned. What was mapped in the range is replaced; what could be
 * a block in the end is one. 0, or -1: no memory for a table (the range may
 * then be mapped in part), or outside of va_bits or of 48 bits of physical
 * address.
 */
int	pt_map(struct pt *pt, uint64_t va, pa_t pa, uint64_t size,
	    struct pt_attr attr);
int	pt_unmap(struct pt *pt, uint64_t va, uint64_t size);
/*
 * Stage 2 only, va inside of va_bits: the entry that maps va, or where
 * pte_leaf() of level 3 may be written. NULL: there is no table for it yet.
 */
static inline uint64_t *
pt_entry(const struct pt *pt, uint64_t va)
{
	uint64_t *table = port_pa_to_ptr(pt->root);
	uint64_t *slot = &table[va >> 30];	/* over all roots */

	if (unlikely(!pte_is_table(*slot, 1)))
		return (*slot == pte_none() ? NULL : slot);
	table = port_pa_to_ptr(pte_pa(*slot, 1));
	slot = &table[va >> 21 & (PT_ENTRIES - 1)];
	if (unlikely(!pte_is_table(*slot, 2)))
		return (*slot == pte_none() ? NULL : slot);
	table = port_pa_to_ptr(pte_pa(*slot, 2));
	return (&table[va >> PAGE_SHIFT & (PT_ENTRIES - 1)]);
}

/* Gives back all tables; nothing is mapped then, pt_init() starts anew. */
void	pt_destroy(struct pt *pt);
