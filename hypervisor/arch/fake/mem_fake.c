/*
 * See mem_fake.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/fake/mem_fake.h"
#include "port/cpu.h"

#define	PENDING_MAX	4096

struct mem_fake mem_fake;

static char *arena;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t *pending[PENDING_MAX];
static unsigned int npending;
static unsigned long barriers;		/* at the last write of an entry */

void
mem_fake_wrong(const char *what, uint64_t value)
{

	fprintf(stderr, "mem_fake: %s: %#llx\n", what,
	    (unsigned long long)value);
	abort();
}

static void
make(void)
{

	arena = mmap(NULL, MEM_FAKE_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		mem_fake_wrong("no memory", MEM_FAKE_SIZE);
}

void
mem_fake_reset(void)
{

	mem_fake = (struct mem_fake){ 0 };
	npending = 0;
	barriers = fake_barriers;
}

unsigned int
mem_fake_pending(void)
{

	return (npending);
}

void *
mem_fake_ptr(pa_t pa)
{

	pthread_once(&once, make);
	if (pa.v - MEM_FAKE_BASE >= MEM_FAKE_SIZE)
		mem_fake_wrong("no memory at this address", pa.v);
	return (arena + (pa.v - MEM_FAKE_BASE));
}

pa_t
mem_fake_pa(const void *p)
{
	uint64_t offset;

	pthread_once(&once, make);
	offset = (uint64_t)((const char *)p - arena);
	if (offset >= MEM_FAKE_SIZE)
		mem_fake_wrong("no address of this machine", (uintptr_t)p);
	return (PA(MEM_FAKE_BASE + offset));
}

void
mem_fake_zero(void *page)
{

	if ((mem_fake_pa(page).v & (PAGE_SIZE - 1)) != 0)
		mem_fake_wrong("no page", (uintptr_t)page);
	memset(page, 0, PAGE_SIZE);
	__atomic_fetch_add(&mem_fake.zeroed, 1, __ATOMIC_RELAXED);
}

void
mem_fake_clean(const void *start, size_t size, bool invalidate)
{

	(void)start;
	__atomic_fetch_add(invalidate ? &mem_fake.invalidated :
	    &mem_fake.cleaned, size, __ATOMIC_RELAXED);
	if (mem_fake.clean != NULL)
		mem_fake.clean();
}

void
mem_fake_tlb(unsigned int vmid, uint64_t address, uint64_t size)
{

	if (size == 0 || ((address | size) & (PAGE_SIZE - 1)) != 0 ||
	    address + size < address)
		mem_fake_wrong("invalidation of a strange range", size);
	pthread_mutex_lock(&mutex);
	npending = 0;
	mem_fake.tlbis++;
	mem_fake.tlb_vmid = vmid;
	mem_fake.tlb_address = address;
	mem_fake.tlb_size = size;
	if (mem_fake.tlb != NULL)
		mem_fake.tlb(vmid, address, size);
	pthread_mutex_unlock(&mutex);
	port_mb();
}

void
mem_fake_pte_write(uint64_t *slot, uint64_t entry, bool table)
{
	unsigned int i;

	if (mem_fake.pte != NULL)
		mem_fake.pte(slot, entry);
	pthread_mutex_lock(&mutex);
	mem_fake.writes++;
	if (entry == 0 && *slot != 0) {
		if (npending == PENDING_MAX)
			mem_fake_wrong("too many entries without "
			    "invalidation", npending);
		pending[npending++] = slot;
	}
	if (entry != 0 && *slot != 0 && *slot != entry)
		mem_fake_wrong("a valid entry replaced by another, without "
		    "break-before-make", *slot);
	for (i = 0; entry != 0 && i < npending; i++)
		if (pending[i] == slot)
			mem_fake_wrong("a new entry before the TLBs have "
			    "forgotten the old one", entry);
	if (table && fake_barriers == barriers)
		mem_fake_wrong("a table whose contents others may not see "
		    "yet", entry);
	barriers = fake_barriers;
	__atomic_store_n(slot, entry, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&mutex);
}
