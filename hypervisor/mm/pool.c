/*
 * A page allocator: ranges that are eaten from the front, and a list of
 * single pages that came back, linked through themselves. Pages that come
 * back in a row are a range again, if there is room for one.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "mm/pool.h"

struct pool_page {
	struct pool_page *next;
};

static int
add(struct pool *p, uint64_t start, size_t npages)
{
	uint64_t end = start + npages * PAGE_SIZE;
	unsigned int i, slot = p->nranges;

	for (i = 0; i < p->nranges; i++) {
		if (p->range[i].next != p->range[i].end) {
			if (p->range[i].end == start)
				start = p->range[i].next;
			else if (p->range[i].next == end)
				end = p->range[i].end;
			else
				continue;
			/* A neighbour becomes part of the new one. */
			p->range[i].next = p->range[i].end;
		}
		slot = i;
	}
	if (slot == POOL_RANGES)
		return (-1);
	if (slot == p->nranges)
		p->nranges++;
	p->range[slot].next = start;
	p->range[slot].end = end;
	p->nfree += npages;
	return (0);
}

int
pool_add(struct pool *p, pa_t start, size_t npages)
{
	int error;

	spin_lock(&p->lock);
	error = add(p, start.v, npages);
	spin_unlock(&p->lock);
	return (error);
}

static void
give_back(struct pool *p, void *page)
{
	struct pool_page *f = page;

	f->next = p->free;
	p->free = f;
	p->nfree++;
}

static void *
carve(struct pool *p, size_t n, size_t align)
{
	uint64_t start;
	unsigned int i;

	for (i = 0; i < p->nranges; i++) {
		start = round_up(p->range[i].next, align * PAGE_SIZE);
		if (start > p->range[i].end ||
		    (p->range[i].end - start) / PAGE_SIZE < n)
			continue;
		/* What alignment skips serves as single pages. */
		for (; p->range[i].next < start;
		    p->range[i].next += PAGE_SIZE) {
			p->nfree--;
			give_back(p, port_pa_to_ptr(PA(p->range[i].next)));
		}
		p->range[i].next = start + n * PAGE_SIZE;
		p->nfree -= n;
		return (port_pa_to_ptr(PA(start)));
	}
	return (NULL);
}

void *
pool_alloc(struct pool *p, size_t n, size_t align)
{
	void *page = NULL;

	spin_lock(&p->lock);
	if (n == 1 && align == 1 && p->free != NULL) {
		page = p->free;
		p->free = p->free->next;
		p->nfree--;
	} else
		page = carve(p, n, align);
	spin_unlock(&p->lock);
	if (page != NULL)
		memset(page, 0, n * PAGE_SIZE);
	return (page);
}

void
pool_free(struct pool *p, void *pages, size_t n)
{
	size_t i;

	spin_lock(&p->lock);
	if (n == 1 || add(p, port_ptr_to_pa(pages).v, n) != 0)
		for (i = 0; i < n; i++)
			give_back(p, (char *)pages + i * PAGE_SIZE);
	spin_unlock(&p->lock);
}

size_t
pool_available(struct pool *p)
{
	size_t n;

	spin_lock(&p->lock);
	n = p->nfree;
	spin_unlock(&p->lock);
	return (n);
}
