/*
 * The table walker.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "mm/pool.h"
#include "mm/pt.h"

#define	PA_BITS	48		/* of an entry's address (D8.3.1) */

static unsigned int
level_shift(unsigned int level)
{

	return (PAGE_SHIFT + 9 * (3 - level));
}

static uint64_t *
table_of(uint64_t entry, unsigned int level)
{

	return (port_pa_to_ptr(pte_pa(entry, level)));
}

/*
 * Break-before-make: what is valid goes, from the TLBs as well, before
 * something else comes in its place.
 */
static void
replace(const struct pt *pt, uint64_t *slot, unsigned int level, uint64_t va,
    uint64_t entry)
{
	uint64_t size = 1ull << level_shift(level);

	va = round_down(va, size);
	if (*slot != pte_none()) {
		pte_write(slot, pte_none());
		if (pt->stage == PT_STAGE1)
			port_tlb_stage1(va, size);
		else
			port_tlb_stage2(pt->vmid, IPA(va), size);
	}
	if (entry != pte_none())
		pte_write(slot, entry);
}

int
pt_init(struct pt *pt, enum pt_stage stage, unsigned int va_bits,
    unsigned int vmid, struct pool *pool)
{

	*pt = (struct pt){ .stage = stage, .va_bits = va_bits, .vmid = vmid,
	    .pool = pool, .nroots = 1 };
	if (stage == PT_STAGE2) {
		pt->start = 1;
		if (va_bits > 39)
			pt->nroots = 1u << (va_bits - 39);
	}
	void *root = pool_alloc(pool, pt->nroots, pt->nroots);
	if (root == NULL)
		return (-1);
	pt->root = port_ptr_to_pa(root);
	return (0);
}

static void
free_below(struct pt *pt, uint64_t entry, unsigned int level)
{

	if (!pte_is_table(entry, level))
		return;
	uint64_t *t = table_of(entry, level);
	for (unsigned int i = 0; level < 2 && i < PT_ENTRIES; i++)
		free_below(pt, t[i], level + 1);
	pool_free(pt->pool, t, 1);
}

/* A table in place of nothing, or of a block, which it then translates as. */
static int
make_table(struct pt *pt, uint64_t *slot, unsigned int level, uint64_t va)
{
	uint64_t *t = pool_alloc(pt->pool, 1, 1);

	if (t == NULL)
		return (-1);
	for (unsigned int i = 0; *slot != pte_none() && i < PT_ENTRIES; i++)
		t[i] = pte_derive(*slot, level, level + 1,
		    (uint64_t)i << level_shift(level + 1));
	/* Who sees the table must see what is in it (DDI 0487, B2.3). */
	port_mb();
	replace(pt, slot, level, va, pte_table(port_ptr_to_pa(t)));
	return (0);
}

/* The table behind slot may have become a block, or nothing. */
static void
tidy(struct pt *pt, uint64_t *slot, unsigned int level, uint64_t va)
{
	uint64_t *t = table_of(*slot, level), first = t[0];
	bool empty = first == pte_none();

	if (!empty && (level == 0 || !pte_is_leaf(first, level + 1) ||
	    (pte_pa(first, level + 1).v & ((1ull << level_shift(level)) -
	    1)) != 0))
		return;
	for (unsigned int i = 1; i < PT_ENTRIES; i++)
		if (t[i] != (empty ? first : pte_derive(first, level + 1,
		    level + 1, (uint64_t)i << level_shift(level + 1))))
			return;
	replace(pt, slot, level, va, empty ? first :
	    pte_derive(first, level + 1, level, 0));
	pool_free(pt->pool, t, 1);
}

/*
 * What a walk is to leave behind: leaf, which maps a page at address 0, or
 * pte_none(); offset is from virtual to physical.
 */
static int
walk(struct pt *pt, uint64_t *table, unsigned int level, uint64_t va,
    uint64_t end, uint64_t leaf, uint64_t offset)
{
	uint64_t size = 1ull << level_shift(level), next;
	bool map = leaf != pte_none();
	int error = 0;

	for (; va < end && error == 0; va = next) {
		uint64_t first = round_down(va, size);

		next = first + size < end ? first + size : end;
		/* The first index goes over all roots. */
		uint64_t *slot = &table[va >> level_shift(level) &
		    (level == pt->start ? ~0ull : PT_ENTRIES - 1)];
		uint64_t old = *slot;
		/* Could this entry be what is wanted of all its range? */
		bool fits = level > 0 &&
		    (!map || ((first + offset) & (size - 1)) == 0);
		uint64_t entry = map && fits ? pte_derive(leaf, 3, level,
		    first + offset) : pte_none();
		if (old == entry && (fits || !map))
			continue;
		if (fits && next - va == size) {
			replace(pt, slot, level, va, entry);
			free_below(pt, old, level);
			continue;
		}
		if (!pte_is_table(old, level) &&
		    make_table(pt, slot, level, va) != 0)
			return (-1);
		error = walk(pt, table_of(*slot, level), level + 1, va, next,
		    leaf, offset);
		tidy(pt, slot, level, va);
	}
	return (error);
}

static int
apply(struct pt *pt, uint64_t va, pa_t pa, uint64_t size, uint64_t leaf)
{

	if (((va | size | pa.v) & (PAGE_SIZE - 1)) != 0 ||
	    va + size < va || va + size > 1ull << pt->va_bits ||
	    pa.v > 1ull << PA_BITS || size > (1ull << PA_BITS) - pa.v)
		return (-1);
	return (walk(pt, port_pa_to_ptr(pt->root), pt->start, va, va + size,
	    leaf, pa.v - va));
}

int
pt_map(struct pt *pt, uint64_t va, pa_t pa, uint64_t size,
    struct pt_attr attr)
{

	return (apply(pt, va, pa, size, pte_leaf(pt->stage, 3, PA(0), attr)));
}

int
pt_unmap(struct pt *pt, uint64_t va, uint64_t size)
{

	return (apply(pt, va, PA(0), size, pte_none()));
}

void
pt_destroy(struct pt *pt)
{

	if (pt->root.v == 0)
		return;
	pt_unmap(pt, 0, 1ull << pt->va_bits);
	pool_free(pt->pool, port_pa_to_ptr(pt->root), pt->nroots);
	pt->root = PA(0);
}
