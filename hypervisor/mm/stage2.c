/*
 * Stage-2 policy: regions, the first touch of demand RAM, power-on state.
 * Must not know the format of an entry.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "mm/pool.h"
#include "mm/stage2.h"
#include "port/mem.h"

#define	EACH_REGION(s, r)						\
	for (struct stage2_region *r = (s)->region;			\
	    r < (s)->region + (s)->nregions; r++)
#define	CHUNK_PAGES	(BLOCK_SIZE / PAGE_SIZE)
#define	SCRUB_BLOCKS	8		/* at a time: less than a turn */

static const struct pt_attr attrs[] = {
	[STAGE2_RAM] =		{ PT_NORMAL, true, true, true },
	[STAGE2_DEMAND] =	{ PT_NORMAL, true, true, true },
	[STAGE2_SHARED] =	{ PT_NORMAL, true, true, false },
	[STAGE2_DEVICE] =	{ PT_DEVICE, true, true, false },
	[STAGE2_READONLY] =	{ PT_DEVICE, true, false, false },
};

__attribute__((cold)) int
stage2_init(struct stage2 *s, unsigned int vmid, unsigned int ipa_bits,
    struct pool *pool)
{

	s->nregions = 0;
	return (pt_init(&s->pt, PT_STAGE2, ipa_bits, vmid, pool));
}

static struct stage2_region *
find(struct stage2 *s, ipa_t ipa)
{
	struct stage2_region *r = s->region, *end = r + s->nregions;

	for (; r < end; r++)
		if (ipa.v - r->ipa.v < r->size)
			return (r);
	return (NULL);
}

/* Enough for all counts of a region, begun blocks at both ends included. */
static size_t
count_pages(const struct stage2_region *r)
{

	return ((r->size / BLOCK_SIZE + 2) * sizeof(*r->populated) /
	    PAGE_SIZE + 1);
}

__attribute__((cold)) int
stage2_add(struct stage2 *s, enum stage2_kind kind, ipa_t ipa, uint64_t size,
    pa_t pa)
{
	struct stage2_region *r = s->region, *last = r + s->nregions;
	uint64_t end = ipa.v + size;

	if (s->nregions == STAGE2_REGIONS || size == 0 || end < ipa.v ||
	    end > 1ull << s->pt.va_bits ||
	    ((ipa.v | size | pa.v) & (PAGE_SIZE - 1)) != 0)
		return (-1);
	for (; r < last; r++)
		if (ipa.v < r->ipa.v + r->size && r->ipa.v < end)
			return (-1);
	*r = (struct stage2_region){ ipa, size, pa, attrs[kind], NULL };
	if (kind == STAGE2_DEMAND) {
		r->populated = pool_alloc(s->pt.pool, count_pages(r), 1);
		if (r->populated == NULL)
			return (-1);
	} else if (pt_map(&s->pt, ipa.v, pa, size, r->attr) != 0) {
		/* Nothing may be mapped that no region tells of. */
		pt_unmap(&s->pt, ipa.v, size);
		return (-1);
	}
	s->nregions++;
	return (0);
}

/*
 * One page of demand RAM: zeroed, then mapped. Nothing valid is replaced,
 * so no TLB holds anything of it (DDI 0487, D8.14). Only the first page of
 * 2 MiB needs the walker, for a table, and the last, for a block.
 */
static enum stage2_result
populate(struct stage2 *s, struct stage2_region *r, ipa_t ipa)
{
	uint64_t page = round_down(ipa.v, PAGE_SIZE);
	uint64_t *slot = pt_entry(&s->pt, page);
	pa_t pa = PA(r->pa.v + (page - r->ipa.v));
	uint16_t *count = stage2_count(r, page);

	if (slot != NULL && *slot != pte_none())
		return (STAGE2_FIXED);		/* another vCPU was faster */
	port_zero_page(port_pa_to_ptr(pa));
	if (likely(slot != NULL && *count != CHUNK_PAGES - 1))
		pte_write(slot, pte_leaf(PT_STAGE2, 3, pa,
		    attrs[STAGE2_DEMAND]));
	else if (pt_map(&s->pt, page, pa, PAGE_SIZE, r->attr) != 0)
		return (STAGE2_NOMEM);
	++*count;
	return (STAGE2_FIXED);
}

enum stage2_result
stage2_fault(struct stage2 *s, ipa_t ipa, bool write, bool exec)
{
	struct stage2_region *r = find(s, ipa);

	if (r == NULL)
		return (STAGE2_OUTSIDE);
	if ((write && !r->attr.write) || (exec && !r->attr.exec))
		return (STAGE2_DENIED);
	if (r->populated == NULL)
		return (STAGE2_FIXED);
	spin_lock(&s->lock);
	enum stage2_result result = populate(s, r, ipa);
	spin_unlock(&s->lock);
	return (result);
}

bool
stage2_translate(struct stage2 *s, ipa_t ipa, bool write, pa_t *pa)
{
	struct stage2_region *r = find(s, ipa);

	if (r == NULL || r->attr.memory != PT_NORMAL ||
	    stage2_fault(s, ipa, write, false) != STAGE2_FIXED)
		return (false);
	*pa = PA(r->pa.v + (ipa.v - r->ipa.v));
	return (true);
}

/* Not cold, or who calls it would be: pages are many. */
void *
stage2_next(struct stage2 *s, uint64_t *from, uint64_t *size)
{

	EACH_REGION(s, r) {
		uint64_t end = r->attr.exec ? r->ipa.v + r->size : 0;
		uint64_t at = r->ipa.v > *from ? r->ipa.v : *from, next;

		for (; at < end; at = next) {
			next = round_down(at, BLOCK_SIZE) + BLOCK_SIZE;
			if (next > end)
				next = end;
			if (r->populated != NULL && *stage2_count(r, at) == 0)
				continue;
			*from = next;
			*size = next - at;
			return (port_pa_to_ptr(PA(r->pa.v + (at - r->ipa.v))));
		}
	}
	*from = 0;
	return (NULL);
}

bool
stage2_scrub(struct stage2 *s, uint64_t *from)
{
	uint64_t size;
	char *p;

	for (unsigned int n = 0; (p = stage2_next(s, from, &size)) != NULL;) {
		for (char *end = p + size; p < end; p += PAGE_SIZE)
			port_zero_page(p);
		if (++n == SCRUB_BLOCKS)
			return (true);
	}
	EACH_REGION(s, r)
		if (r->populated != NULL) {
			pt_unmap(&s->pt, r->ipa.v, r->size);
			memset(r->populated, 0, count_pages(r) * PAGE_SIZE);
		}
	return (false);
}

__attribute__((cold)) void
stage2_destroy(struct stage2 *s)
{

	EACH_REGION(s, r)
		if (r->populated != NULL)
			pool_free(s->pt.pool, r->populated, count_pages(r));
	s->nregions = 0;
	pt_destroy(&s->pt);
}
