/*
 * One table walker for the hypervisor's own stage 1 and every VM's stage 2:
 * 4 KiB granule, largest blocks that fit (1 GiB, 2 MiB, 4 KiB), split and
 * merged as ranges change. A valid entry is never replaced by another
 * without break-before-make (DDI 0487, D8.14). Callers lock.
 * Must not know what is mapped, nor the format of an entry (port/pte.h).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef MM_PT_H
#define	MM_PT_H

#include "lib/types.h"
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
 * All page aligned. What was mapped in the range is replaced. 0, or -1: no
 * memory for a table (the range may then be mapped in part), or outside of
 * va_bits or of 48 bits of physical address.
 */
int	pt_map(struct pt *pt, uint64_t va, pa_t pa, uint64_t size,
	    struct pt_attr attr);
int	pt_unmap(struct pt *pt, uint64_t va, uint64_t size);
/* Sets the attributes of what is mapped there; holes stay holes. */
int	pt_protect(struct pt *pt, uint64_t va, uint64_t size,
	    struct pt_attr attr);
/*
 * What maps va: *pa is its exact translation, *level that of the entry (3:
 * page, 2: 2 MiB, 1: 1 GiB). False: nothing does.
 */
bool	pt_lookup(const struct pt *pt, uint64_t va, pa_t *pa,
	    struct pt_attr *attr, unsigned int *level);
/*
 * Stage 2 only, va inside of va_bits: the level 3 table that covers va, made
 * if nothing is there yet. NULL: no memory, or a block is there already
 * (*block says which of the two). Inline is what almost every first touch of
 * a page takes; the rest is pt_make_leaf_table(), for nobody else to call.
 */
uint64_t *pt_make_leaf_table(struct pt *pt, uint64_t va, bool *block);
static inline uint64_t *
pt_leaf_table(struct pt *pt, uint64_t va, bool *block)
{
	const uint64_t *table = port_pa_to_ptr(pt->root);
	uint64_t entry = table[va >> 30];	/* over all roots */

	if (likely(pte_is_table(entry, 1))) {
		table = port_pa_to_ptr(pte_pa(entry, 1));
		entry = table[va >> 21 & (PT_ENTRIES - 1)];
		if (likely(pte_is_table(entry, 2)))
			return (port_pa_to_ptr(pte_pa(entry, 2)));
	}
	return (pt_make_leaf_table(pt, va, block));
}

/*
 * The 2 MiB around va are all mapped by pages, contiguous and alike: one
 * block instead. Does nothing if they are not.
 */
void	pt_merge(struct pt *pt, uint64_t va);
/* Gives back all tables; nothing is mapped then, pt_init() starts anew. */
void	pt_destroy(struct pt *pt);

#endif
