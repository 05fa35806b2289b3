/*
 * A sorted set of disjoint ranges in a fixed array.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/extent.h"

static void
delete(struct extents *s, unsigned int i)
{

	for (s->n--; i < s->n; i++)
		s->e[i] = s->e[i + 1];
}

static int
insert(struct extents *s, unsigned int i, uint64_t base, uint64_t size)
{
	unsigned int j;

	if (s->n == EXTENT_MAX)
		return (-1);
	for (j = s->n++; j > i; j--)
		s->e[j] = s->e[j - 1];
	s->e[i] = (struct extent){ base, size };
	return (0);
}

int
extent_add(struct extents *s, uint64_t base, uint64_t size)
{
	unsigned int i;
	struct extent *e;

	if (size == 0)
		return (0);
	if (base + size < base)
		return (-1);
	for (i = 0; i < s->n && s->e[i].base < base; i++)
		;
	if (i < s->n && s->e[i].base - base < size)
		return (-1);
	if (i > 0 && base - s->e[i - 1].base < s->e[i - 1].size)
		return (-1);
	if (i > 0 && s->e[i - 1].base + s->e[i - 1].size == base) {
		e = &s->e[i - 1];
		e->size += size;
		if (i < s->n && e->base + e->size == s->e[i].base) {
			e->size += s->e[i].size;
			delete(s, i);
		}
		return (0);
	}
	if (i < s->n && base + size == s->e[i].base) {
		s->e[i].base = base;
		s->e[i].size += size;
		return (0);
	}
	return (insert(s, i, base, size));
}

int
extent_remove(struct extents *s, uint64_t base, uint64_t size)
{
	uint64_t end = base + size, e_end;
	unsigned int i = 0;

	if (end < base)
		end = UINT64_MAX;	/* nothing ends behind it */
	while (i < s->n) {
		struct extent *e = &s->e[i];

		e_end = e->base + e->size;
		if (e_end <= base || e->base >= end) {
			i++;
			continue;
		}
		if (e->base >= base && e_end <= end) {
			delete(s, i);
			continue;
		}
		if (e->base < base && e_end > end) {
			if (insert(s, i + 1, end, e_end - end) != 0)
				return (-1);
			s->e[i].size = base - s->e[i].base;
			return (0);
		}
		if (e->base < base) {
			e->size = base - e->base;
		} else {
			e->base = end;
			e->size = e_end - end;
		}
		i++;
	}
	return (0);
}

bool
extent_alloc(struct extents *s, uint64_t size, uint64_t align, uint64_t *base)
{
	unsigned int i;
	uint64_t start;

	for (i = 0; i < s->n; i++) {
		/* One that wraps is further off than any size. */
		start = round_up(s->e[i].base, align);
		if (start - s->e[i].base > s->e[i].size ||
		    s->e[i].size - (start - s->e[i].base) < size)
			continue;
		if (extent_remove(s, start, size) != 0)
			continue;
		*base = start;
		return (true);
	}
	return (false);
}

uint64_t
extent_total(const struct extents *s)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < s->n; i++)
		sum += s->e[i].size;
	return (sum);
}
