/*
 * The table walker.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "mm/pool.h"
#include "mm/pt.h"

#define	PA_BITS	48		/* of an entry's address (D8.3.1) */

enum op { OP_MAP, OP_UNMAP, OP_PROTECT };

struct job {
	enum op		op;
	pa_t		pa;		/* OP_MAP: of the range's start */
	uint64_t	start;		/* of the whole range */
	struct pt_attr	attr;
};

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

static void
invalidate(const struct pt *pt, uint64_t va, uint64_t size)
{

	if (pt->stage == PT_STAGE1)
		port_tlb_stage1(va, size);
	else
		port_tlb_stage2(pt->vmid, IPA(va), size);
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

	if (*slot == entry)
		return;
	if (*slot != pte_none()) {
		pte_write(slot, pte_none());
		invalidate(pt, round_down(va, size), size);
	}
	if (entry != pte_none())
		pte_write(slot, entry);
}

/* A new, zeroed table where nothing was. NULL: no memory. */
static uint64_t *
link_table(struct pt *pt, uint64_t *slot)
{
	uint64_t *t = pool_alloc(pt->pool, 1, 1);

	if (t == NULL)
		return (NULL);
	/* Who sees the table must see that it is empty (DDI 0487, B2.3). */
	port_mb();
	pte_write(slot, pte_table(port_ptr_to_pa(t)));
	return (t);
}

int
pt_init(struct pt *pt, enum pt_stage stage, unsigned int va_bits,
    unsigned int vmid, struct pool *pool)
{
	void *root;

	*pt = (struct pt){ .stage = stage, .va_bits = va_bits, .vmid = vmid,
	    .pool = pool, .nroots = 1 };
	pt->start = stage == PT_STAGE1 ? 0 : 1;
	if (stage == PT_STAGE2 && va_bits > 39)
		pt->nroots = 1u << (va_bits - 39);
	root = pool_alloc(pool, pt->nroots, pt->nroots);
	if (root == NULL)
		return (-1);
	pt->root = port_ptr_to_pa(root);
	return (0);
}

static void
free_below(struct pt *pt, uint64_t entry, unsigned int level)
{
	uint64_t *t;
	unsigned int i;

	if (!pte_is_table(entry, level))
		return;
	t = table_of(entry, level);
	if (level < 2)
		for (i = 0; i < PT_ENTRIES; i++)
			free_below(pt, t[i], level + 1);
	pool_free(pt->pool, t, 1);
}

/* A table in place of a block: the same translation in smaller pieces. */
static int
split(struct pt *pt, uint64_t *slot, unsigned int level, uint64_t va)
{
	struct pt_attr attr = pte_attr(pt->stage, *slot);
	uint64_t pa = pte_pa(*slot, level).v, *t;
	unsigned int i;

	t = pool_alloc(pt->pool, 1, 1);
	if (t == NULL)
		return (-1);
	for (i = 0; i < PT_ENTRIES; i++)
		t[i] = pte_leaf(pt->stage, level + 1, PA(pa +
		    ((uint64_t)i << level_shift(level + 1))), attr);
	replace(pt, slot, level, va, pte_table(port_ptr_to_pa(t)));
	return (0);
}

static bool
all_alike(const struct pt *pt, const uint64_t *t, unsigned int level)
{
	struct pt_attr attr;
	unsigned int i;
	uint64_t pa;

	if (!pte_is_leaf(t[0], level))
		return (false);
	pa = pte_pa(t[0], level).v;
	if ((pa & ((1ull << level_shift(level - 1)) - 1)) != 0)
		return (false);
	attr = pte_attr(pt->stage, t[0]);
	for (i = 1; i < PT_ENTRIES; i++) {
		pa += 1ull << level_shift(level);
		if (t[i] != pte_leaf(pt->stage, level, PA(pa), attr))
			return (false);
	}
	return (true);
}

static bool
all_none(const uint64_t *t)
{
	unsigned int i;

	for (i = 0; i < PT_ENTRIES; i++)
		if (t[i] != pte_none())
			return (false);
	return (true);
}

/* The table behind slot may have become a block, or nothing. */
static void
tidy(struct pt *pt, uint64_t *slot, unsigned int level, uint64_t va)
{
	uint64_t *t = table_of(*slot, level), entry;

	if (all_none(t))
		entry = pte_none();
	else if (level >= 1 && all_alike(pt, t, level + 1))
		entry = pte_leaf(pt->stage, level, pte_pa(t[0], level + 1),
		    pte_attr(pt->stage, t[0]));
	else
		return;
	replace(pt, slot, level, va, entry);
	pool_free(pt->pool, t, 1);
}

static void
set_leaf(struct pt *pt, uint64_t *slot, unsigned int level, uint64_t va,
    const struct job *j)
{
	uint64_t old = *slot, entry = pte_none();

	if (j->op == OP_MAP)
		entry = pte_leaf(pt->stage, level,
		    PA(j->pa.v + (va - j->start)), j->attr);
	else if (j->op == OP_PROTECT)
		entry = pte_leaf(pt->stage, level, pte_pa(old, level),
		    j->attr);
	replace(pt, slot, level, va, entry);
	free_below(pt, old, level);
}

/* Does one entry at this level do for the range [va, end)? */
static bool
fits(unsigned int level, uint64_t va, uint64_t end,
    uint64_t entry, const struct job *j)
{
	uint64_t size = 1ull << level_shift(level);

	if (level == 0 || (va & (size - 1)) != 0 || end - va < size)
		return (false);
	if (j->op == OP_MAP)
		return (((j->pa.v + (va - j->start)) & (size - 1)) == 0);
	return (!pte_is_table(entry, level));
}

/* Does a block do already what is wanted of a part of it? */
static bool
is_done(const struct pt *pt, unsigned int level, uint64_t va, uint64_t entry,
    const struct job *j)
{
	uint64_t pa = pte_pa(entry, level).v;
	uint64_t within = va & ((1ull << level_shift(level)) - 1);

	return (j->op != OP_UNMAP &&
	    entry == pte_leaf(pt->stage, level, PA(pa), j->attr) &&
	    (j->op == OP_PROTECT ||
	    pa + within == j->pa.v + (va - j->start)));
}

static int
walk(struct pt *pt, uint64_t *table, unsigned int level, uint64_t va,
    uint64_t end, const struct job *j, unsigned int mask)
{
	uint64_t size = 1ull << level_shift(level), next, *slot;
	int error;

	for (; va < end; va = next) {
		next = round_down(va, size) + size;
		if (next > end)
			next = end;
		slot = &table[va >> level_shift(level) & mask];
		if (j->op != OP_MAP && *slot == pte_none())
			continue;
		if (fits(level, va, next, *slot, j)) {
			set_leaf(pt, slot, level, va, j);
			continue;
		}
		if (pte_is_leaf(*slot, level)) {
			if (is_done(pt, level, va, *slot, j))
				continue;
			if (split(pt, slot, level, va) != 0)
				return (-1);
		} else if (*slot == pte_none() &&
		    link_table(pt, slot) == NULL) {
			return (-1);
		}
		error = walk(pt, table_of(*slot, level), level + 1, va, next,
		    j, PT_ENTRIES - 1);
		tidy(pt, slot, level, va);
		if (error != 0)
			return (error);
	}
	return (0);
}

static int
apply(struct pt *pt, uint64_t va, uint64_t size, const struct job *j)
{

	if (((va | size | j->pa.v) & (PAGE_SIZE - 1)) != 0 ||
	    va + size < va || va + size > 1ull << pt->va_bits ||
	    j->pa.v > 1ull << PA_BITS || size > (1ull << PA_BITS) - j->pa.v)
		return (-1);
	return (walk(pt, port_pa_to_ptr(pt->root), pt->start, va, va + size,
	    j, pt->nroots * PT_ENTRIES - 1));
}

int
pt_map(struct pt *pt, uint64_t va, pa_t pa, uint64_t size,
    struct pt_attr attr)
{

	return (apply(pt, va, size, &(struct job){ OP_MAP, pa, va, attr }));
}

int
pt_unmap(struct pt *pt, uint64_t va, uint64_t size)
{

	return (apply(pt, va, size, &(struct job){ .op = OP_UNMAP,
	    .start = va }));
}

int
pt_protect(struct pt *pt, uint64_t va, uint64_t size, struct pt_attr attr)
{

	return (apply(pt, va, size, &(struct job){ .op = OP_PROTECT,
	    .start = va, .attr = attr }));
}

bool
pt_lookup(const struct pt *pt, uint64_t va, pa_t *pa, struct pt_attr *attr,
    unsigned int *level)
{
	const uint64_t *table = port_pa_to_ptr(pt->root);
	unsigned int l = pt->start, mask = pt->nroots * PT_ENTRIES - 1;
	uint64_t entry;

	if (va >> pt->va_bits != 0)
		return (false);
	for (;; l++, mask = PT_ENTRIES - 1) {
		entry = table[va >> level_shift(l) & mask];
		if (!pte_is_table(entry, l))
			break;
		table = table_of(entry, l);
	}
	if (!pte_is_leaf(entry, l))
		return (false);
	*pa = PA(pte_pa(entry, l).v + (va & ((1ull << level_shift(l)) - 1)));
	*attr = pte_attr(pt->stage, entry);
	*level = l;
	return (true);
}

uint64_t *
pt_make_leaf_table(struct pt *pt, uint64_t va, bool *block)
{
	uint64_t *table = port_pa_to_ptr(pt->root), *slot;
	unsigned int l, mask = pt->nroots * PT_ENTRIES - 1;

	*block = false;
	for (l = pt->start; l < 3; l++, mask = PT_ENTRIES - 1) {
		slot = &table[va >> level_shift(l) & mask];
		if (unlikely(*slot == pte_none())) {
			table = link_table(pt, slot);
			if (unlikely(table == NULL)) {
				/* Nor keep the one above, if it is new. */
				pt_unmap(pt, round_down(va, PAGE_SIZE),
				    PAGE_SIZE);
				return (NULL);
			}
			continue;
		}
		if (unlikely(!pte_is_table(*slot, l))) {
			*block = true;
			return (NULL);
		}
		table = table_of(*slot, l);
	}
	return (table);
}

void
pt_merge(struct pt *pt, uint64_t va)
{
	uint64_t *table = port_pa_to_ptr(pt->root), *slot[3];
	unsigned int l, mask = pt->nroots * PT_ENTRIES - 1;

	for (l = pt->start; l < 3; l++, mask = PT_ENTRIES - 1) {
		slot[l] = &table[va >> level_shift(l) & mask];
		if (!pte_is_table(*slot[l], l))
			return;
		table = table_of(*slot[l], l);
	}
	tidy(pt, slot[2], 2, va);
	if (pte_is_leaf(*slot[2], 2))
		tidy(pt, slot[1], 1, va);
}

void
pt_destroy(struct pt *pt)
{
	uint64_t *root;
	unsigned int i;

	if (pt->root.v == 0)
		return;
	root = port_pa_to_ptr(pt->root);
	for (i = 0; i < pt->nroots * PT_ENTRIES; i++)
		free_below(pt, root[i], pt->start);
	if (pt->stage == PT_STAGE2)
		port_tlb_stage2(pt->vmid, IPA(0), 1ull << pt->va_bits);
	pool_free(pt->pool, root, pt->nroots);
	pt->root = PA(0);
}
