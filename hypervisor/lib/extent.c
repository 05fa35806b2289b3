/*
 * A sorted set of disjoint ranges in a fixed array.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/extent.h"
#include "lib/string.h"

static void
delete(struct extents *s, unsigned int i)
{

	s->n--;
	memmove(&s->e[i], &s->e[i + 1], (s->n - i) * sizeof(s->e[i]));
}

static __attribute__((noinline)) int
insert(struct extents *s, unsigned int i, uint64_t base, uint64_t size)
{

	if (s->n == EXTENT_MAX)
		return (-1);
	memmove(&s->e[i + 1], &s->e[i], (s->n - i) * sizeof(s->e[i]));
	s->n++;
	s->e[i] = (struct extent){ base, size };
	return (0);
}

int
extent_add(struct extents *s, uint64_t base, uint64_t size)
{
	struct extent *e = s->e;
	unsigned int i;

	if (size == 0)
		return (0);
	for (i = 0; i < s->n && e[i].base < base; i++)
		;
	if (base + size < base || (i < s->n && e[i].base - base < size) ||
	    (i > 0 && base - e[i - 1].base < e[i - 1].size))
		return (-1);
	/* Neighbours become part of the new one. */
	if (i < s->n && e[i].base == base + size) {
		size += e[i].size;
		delete(s, i);
	}
	if (i > 0 && e[i - 1].base + e[i - 1].size == base) {
		base = e[--i].base;
		size += e[i].size;
		delete(s, i);
	}
	return (insert(s, i, base, size));
}

int
extent_remove(struct extents *s, uint64_t base, uint64_t size)
{
	uint64_t end = base + size;

	if (end < base)
		end = UINT64_MAX;	/* nothing ends behind it */
	for (unsigned int i = 0; i < s->n; i++) {
		struct extent *e = &s->e[i];
		uint64_t e_end = e->base + e->size;

		if (e_end <= base || e->base >= end)
			continue;
		if (e->base < base) {
			if (e_end > end &&
			    insert(s, i + 1, end, e_end - end) != 0)
				return (-1);
			e->size = base - e->base;
		} else if (e_end > end) {
			*e = (struct extent){ end, e_end - end };
		} else {
			delete(s, i--);
		}
	}
	return (0);
}

bool
extent_alloc(struct extents *s, uint64_t size, uint64_t align, uint64_t *base)
{

	for (struct extent *e = s->e; e < s->e + s->n; e++) {
		*base = round_up(e->base, align);
		/* One that wraps is further off than any size. */
		uint64_t skip = *base - e->base;
		if (skip < e->size && size - 1 < e->size - skip &&
		    extent_remove(s, *base, size) == 0)
			return (true);
	}
	return (false);
}

bool
extent_meets(const struct extents *s, uint64_t base, uint64_t size)
{

	for (const struct extent *e = s->e; e < s->e + s->n; e++)
		if (base < e->base + e->size && e->base < base + size)
			return (true);
	return (false);
}

uint64_t
extent_total(const struct extents *s)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < s->n; i++)
		sum += s->e[i].size;
	return (sum);
}
