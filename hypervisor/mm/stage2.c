/*
 * Stage-2 policy: regions, the first touch of demand RAM, power-on state.
 * Must not know the format of an entry.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "mm/pool.h"
#include "mm/stage2.h"
#include "port/mem.h"

#define	CHUNK_PAGES	(BLOCK_SIZE / PAGE_SIZE)

static const struct pt_attr ram_attr = { PT_NORMAL, true, true, true };

int
stage2_init(struct stage2 *s, unsigned int vmid, unsigned int ipa_bits,
    struct pool *pool)
{

	s->vmid = vmid;
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

static uint16_t *
count_of(const struct stage2_region *r, ipa_t ipa)
{

	return (&r->populated[ipa.v / BLOCK_SIZE - r->ipa.v / BLOCK_SIZE]);
}

static size_t
count_pages(const struct stage2_region *r)
{

	return (round_up(r->npopulated * sizeof(uint16_t), PAGE_SIZE) >>
	    PAGE_SHIFT);
}

static int
add(struct stage2 *s, struct stage2_region new)
{
	struct stage2_region *r;
	unsigned int i;
	uint64_t end = new.ipa.v + new.size;

	if (s->nregions == STAGE2_REGIONS || new.size == 0 ||
	    end < new.ipa.v || end > 1ull << s->pt.va_bits ||
	    ((new.ipa.v | new.size | new.pa.v) & (PAGE_SIZE - 1)) != 0)
		return (-1);
	for (i = 0; i < s->nregions; i++) {
		r = &s->region[i];
		if (new.ipa.v < r->ipa.v + r->size && r->ipa.v < end)
			return (-1);
	}
	if (new.demand) {
		new.npopulated = (end - 1) / BLOCK_SIZE -
		    new.ipa.v / BLOCK_SIZE + 1;
		new.populated = pool_alloc(s->pt.pool, count_pages(&new), 1);
		if (new.populated == NULL)
			return (-1);
	} else if (pt_map(&s->pt, new.ipa.v, new.pa, new.size,
	    new.attr) != 0) {
		/* Nothing may be mapped that no region tells of. */
		pt_unmap(&s->pt, new.ipa.v, new.size);
		return (-1);
	}
	for (i = s->nregions++; i > 0 &&
	    s->region[i - 1].ipa.v > new.ipa.v; i--)
		s->region[i] = s->region[i - 1];
	s->region[i] = new;
	return (0);
}

int
stage2_add_ram(struct stage2 *s, ipa_t ipa, uint64_t size, pa_t pa,
    bool demand)
{

	return (add(s, (struct stage2_region){ .ipa = ipa, .size = size,
	    .pa = pa, .attr = ram_attr, .ram = true, .demand = demand }));
}

int
stage2_add_device(struct stage2 *s, ipa_t ipa, uint64_t size, pa_t pa,
    bool write)
{

	return (add(s, (struct stage2_region){ .ipa = ipa, .size = size,
	    .pa = pa, .attr = { PT_DEVICE, true, write, false } }));
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
	uint16_t *count = count_of(r, ipa);

	if (slot != NULL && *slot != pte_none())
		return (STAGE2_FIXED);		/* another vCPU was faster */
	port_zero_page(port_pa_to_ptr(pa));
	if (likely(slot != NULL && *count != CHUNK_PAGES - 1))
		pte_write(slot, pte_leaf(PT_STAGE2, 3, pa, ram_attr));
	else if (pt_map(&s->pt, page, pa, PAGE_SIZE, ram_attr) != 0)
		return (STAGE2_NOMEM);
	++*count;
	return (STAGE2_FIXED);
}

enum stage2_result
stage2_fault(struct stage2 *s, ipa_t ipa, bool write, bool exec)
{
	struct stage2_region *r = find(s, ipa);
	enum stage2_result result;

	if (r == NULL)
		return (STAGE2_OUTSIDE);
	if ((write && !r->attr.write) || (exec && !r->attr.exec))
		return (STAGE2_DENIED);
	if (!r->demand)
		return (STAGE2_FIXED);
	spin_lock(&s->lock);
	result = populate(s, r, ipa);
	spin_unlock(&s->lock);
	return (result);
}

bool
stage2_translate(struct stage2 *s, ipa_t ipa, bool write, pa_t *pa)
{
	struct stage2_region *r = find(s, ipa);

	if (r == NULL || !r->ram ||
	    stage2_fault(s, ipa, write, false) != STAGE2_FIXED)
		return (false);
	*pa = PA(r->pa.v + (ipa.v - r->ipa.v));
	return (true);
}

/* Calls fn for each page of RAM that the guest may have written to. */
static void
each_page(struct stage2 *s, void (*fn)(void *page))
{
	struct stage2_region *r;
	uint64_t off;

	for (r = s->region; r < s->region + s->nregions; r++) {
		if (!r->ram)
			continue;
		for (off = 0; off < r->size; off += PAGE_SIZE) {
			ipa_t ipa = IPA(r->ipa.v + off);

			if (r->demand && *count_of(r, ipa) == 0) {
				off = round_down(ipa.v, BLOCK_SIZE) +
				    BLOCK_SIZE - PAGE_SIZE - r->ipa.v;
				continue;
			}
			fn(port_pa_to_ptr(PA(r->pa.v + off)));
		}
	}
}

static void
zero(void *page)
{

	port_zero_page(page);
}

static void
clean(void *page)
{

	port_clean_inval_poc(page, PAGE_SIZE);
}

void
stage2_scrub(struct stage2 *s)
{

	each_page(s, zero);
}

void
stage2_clean(struct stage2 *s)
{

	spin_lock(&s->lock);
	each_page(s, clean);
	spin_unlock(&s->lock);
}

void
stage2_reset(struct stage2 *s)
{
	struct stage2_region *r;
	size_t i;

	each_page(s, zero);
	for (r = s->region; r < s->region + s->nregions; r++) {
		if (!r->demand)
			continue;
		pt_unmap(&s->pt, r->ipa.v, r->size);
		for (i = 0; i < r->npopulated; i++)
			r->populated[i] = 0;
	}
}

void
stage2_destroy(struct stage2 *s)
{
	struct stage2_region *r;

	for (r = s->region; r < s->region + s->nregions; r++)
		if (r->demand)
			pool_free(s->pt.pool, r->populated, count_pages(r));
	s->nregions = 0;
	pt_destroy(&s->pt);
}
