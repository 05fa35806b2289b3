/*
 * RAM banks, reserved ranges, and the one less the other; see pass.h. All
 * in whole pages.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>

#include "platform/pass.h"

/* Ranges may overlap and touch. */
static int
unite(struct pass *s, const struct tree_node *n, struct extents *set,
    const struct platform_range *r)
{
	uint64_t base = r->base.v, size = r->size;

	if (size == 0)
		return (0);
	if (set == &s->p->reserved) {
		base = round_down(base, PAGE_SIZE);
		size = round_up(r->base.v + size, PAGE_SIZE) - base;
	}
	if (extent_remove(set, base, size) == 0 &&
	    extent_add(set, base, size) == 0)
		return (0);
	return (pass_fail(s, n, "reg: more than %d ranges", EXTENT_MAX));
}

/* Takes out the pages that are not there in whole. */
static void
trim(struct extents *set)
{

	for (unsigned int i = set->n; i-- > 0;) {
		uint64_t base = set->e[i].base;
		uint64_t end = base + set->e[i].size;

		extent_remove(set, round_down(end, PAGE_SIZE), end % PAGE_SIZE);
		extent_remove(set, base, -base % PAGE_SIZE);
	}
}

int
ram_read(struct pass *s, const struct tree_node *n, struct extents *set)
{
	struct platform_range r;
	int rv;

	for (uint32_t i = 0; (rv = pass_reg(s, n, i, &r)) == 1; i++)
		if (unite(s, n, set, &r) != 0)
			return (-1);
	return (rv);
}

int
ram_finish(struct pass *s, const void *dtb)
{
	struct platform *p = s->p;
	uint32_t off = fdt_off_mem_rsvmap(dtb);
	/* Devicetree Specification v0.4, 5.3; a pair of zeros is the end. */
	const struct tree_value v = { (const char *)dtb + off,
	    fdt_totalsize(dtb) - off };
	struct platform_range r;

	for (uint32_t i = 0;; i += 4) {
		r.base.v = tree_number(&v, i, 2);
		r.size = tree_number(&v, i + 2, 2);
		if ((r.base.v | r.size) == 0)
			break;
		if (!pass_range_ok(&r))
			return (pass_fail(s, NULL,
			    "memory reservation: beyond 52 bits"));
		if (unite(s, NULL, &p->reserved, &r) != 0)
			return (-1);
	}
	p->ram_total = extent_total(&p->ram);
	trim(&p->ram);
	for (uint32_t i = 0; i < p->reserved.n; i++)
		if (extent_remove(&p->ram, p->reserved.e[i].base,
		    p->reserved.e[i].size) != 0)
			return (pass_fail(s, NULL, "RAM: more than %d pieces",
			    EXTENT_MAX));
	return (0);
}
