/*
 * Operations of stage 2: memory that nobody has touched, and translations
 * that no TLB holds. Must not know how one access is timed.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "ops.h"

#define	BLOCK_SIZE	(2ul << 20)

TIMED(code_store, "", "str xzr, [x19]");
TIMED(code_load, "", "ldr x0, [x19]");
TIMED(code_remap, "mov x0, x20\nmov x1, x19", "hvc #0\nstr xzr, [x19]");

/*
 * Room for each sample, and those of the warm-up; none touched so far. By the
 * counter a sample has its resolution.
 */
static const char *
fresh(struct run *r, uint64_t size)
{
	static struct code once;

	/* A page is fresh once: it cannot be repeated in a loop. */
	once = code_store;
	once.loop = once.loop_twin = NULL;
	r->code = &once;
	r->arg[1] = (uint64_t)memory_alloc((r->op->samples + r->op->warmup) *
	    size, size);
	return (NULL);
}

const char *
memory_page(struct run *r)
{

	return (fresh(r, PAGE_SIZE));
}

const char *
memory_block(struct run *r)
{

	return (fresh(r, BLOCK_SIZE));
}

/* First store to each of the next pages, less the second. */
static bool
touch(struct run *r, unsigned int pages, uint64_t *value)
{
	uint64_t first, again;

	*value = 0;
	for (; pages > 0; pages--) {
		r->arg[0] = r->arg[1];
		r->arg[1] += PAGE_SIZE;
		first = r->code->shot[r->clock](r->arg);
		again = r->code->shot[r->clock](r->arg);
		*value += first > again ? first - again : 0;
	}
	return (true);
}

bool
memory_page_sample(struct run *r, uint64_t *value)
{

	return (touch(r, 1, value));
}

bool
memory_block_sample(struct run *r, uint64_t *value)
{

	return (touch(r, BLOCK_SIZE / PAGE_SIZE, value));
}

/* The first page of 2 MiB, with one beside it that keeps their table. */
const char *
memory_remap(struct run *r)
{
	uint64_t page = (uint64_t)memory_alloc(BLOCK_SIZE, BLOCK_SIZE);

	*(volatile uint64_t *)page = *(volatile uint64_t *)(page +
	    PAGE_SIZE) = 1;
	r->code = &code_remap;
	r->arg[0] = page;
	r->arg[1] = HC_RELEASE;
	return (hvc(HC_RELEASE, page, 0, 0).x0 == 0 ? NULL :
	    "needs RAM that is populated on demand");
}

const char *
memory_walk(struct run *r)
{

	r->code = &code_load;
	r->arg[0] = (uint64_t)memory_alloc(PAGE_SIZE, PAGE_SIZE);
	*(volatile uint64_t *)r->arg[0] = 1;
	return (r->clock == CLOCK_PMU ? NULL :
	    "one walk is too short for the counter: needs the PMU");
}

/* The same load twice: with no translation of this VM in a TLB, and again. */
bool
memory_walk_sample(struct run *r, uint64_t *value)
{
	uint64_t again;

	__asm__ volatile("dsb nshst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" : : :
	    "memory");
	*value = r->code->shot[r->clock](r->arg);
	again = r->code->shot[r->clock](r->arg);
	*value = *value > again ? *value - again : 0;
	return (true);
}
