/*
 * Demand RAM that a guest gives back (HC_RELEASE). An extension: no guest need
 * do that.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "mm/stage2.h"
#include "port/mem.h"

int
stage2_release(struct stage2 *s, ipa_t ipa)
{
	struct stage2_region *r = s->region, *end = r + s->nregions;
	int error = 0;

	while (r < end && ipa.v - r->ipa.v >= r->size)
		r++;
	if (r == end || r->populated == NULL || ipa.v % PAGE_SIZE != 0)
		return (-1);
	spin_lock(&s->lock);
	uint64_t *slot = pt_entry(&s->pt, ipa.v);
	if (slot != NULL && *slot != pte_none() &&
	    (error = pt_unmap(&s->pt, ipa.v, PAGE_SIZE)) == 0) {
		/* Whoever has this memory next must not find it. */
		port_zero_page(port_pa_to_ptr(PA(r->pa.v + ipa.v - r->ipa.v)));
		--*stage2_count(r, ipa.v);
	}
	spin_unlock(&s->lock);
	return (error);
}
