/*
 * A page allocator: ranges, and a list of single pages that came back,
 * linked through themselves, as all tables do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "mm/pool.h"
#include "port/pte.h"

int
pool_add(struct pool *p, pa_t start, size_t npages)
{

	spin_lock(&p->lock);
	int error = extent_add(&p->ranges, start.v, npages * PAGE_SIZE);
	spin_unlock(&p->lock);
	return (error);
}

void *
pool_alloc(struct pool *p, size_t n, size_t align)
{
	struct pool_page *page = NULL;
	uint64_t base;

	spin_lock(&p->lock);
	if (n == 1 && p->free != NULL) {
		page = p->free;
		p->free = page->next;
	} else if (extent_alloc(&p->ranges, n * PAGE_SIZE, align * PAGE_SIZE,
	    &base))
		page = port_pa_to_ptr(PA(base));
	spin_unlock(&p->lock);
	if (page != NULL)
		memset(page, 0, n * PAGE_SIZE);
	return (page);
}

void
pool_free(struct pool *p, void *pages, size_t n)
{
	struct pool_page *page = pages;

	if (n > 1 && pool_add(p, port_ptr_to_pa(pages), n) == 0)
		return;
	/* One page, or no room for one more range. */
	spin_lock(&p->lock);
	for (; n > 0; n--) {
		page->next = p->free;
		p->free = page;
		page = (void *)((char *)page + PAGE_SIZE);
	}
	spin_unlock(&p->lock);
}
