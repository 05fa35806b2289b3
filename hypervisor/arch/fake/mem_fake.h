/*
 * Physical memory, TLBs and caches of the build host. Physical addresses are
 * not the pointers: who mixes them up is found out. Aborts when a page
 * table is changed as DDI 0487, D8.14 forbids: a valid entry replaced by
 * another, a new entry over one that no TLB invalidation followed, or a new
 * table without a barrier after what it was filled with. Must not know who
 * changes it, nor the format of an entry.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

#define	MEM_FAKE_BASE	0x40000000ull	/* PA of its start, 1 GiB aligned */
#define	MEM_FAKE_SIZE	(8ull << 30)	/* only what is touched is there */

extern struct mem_fake {
	unsigned long	zeroed;		/* pages */
	unsigned long	cleaned, invalidated;	/* bytes; cleaned as well */
	unsigned long	icache;
	unsigned long	writes, tlbis;
	/* The last invalidation; VMID 0: of the hypervisor's stage 1. */
	unsigned int	tlb_vmid;
	uint64_t	tlb_address, tlb_size;
	/* Set by the test, or NULL: hears of every invalidation, */
	void		(*tlb)(unsigned int vmid, uint64_t address,
			    uint64_t size);
	/* and of every entry, before it is written. */
	void		(*pte)(const uint64_t *slot, uint64_t entry);
	/* and of every cleaning to the PoC, when it is done. */
	void		(*clean)(void);
} mem_fake;

/* Counts from 0; no entry waits for an invalidation. */
void	mem_fake_reset(void);
/* Entries made invalid that no TLB invalidation has followed yet. */
unsigned int mem_fake_pending(void);

void	*mem_fake_ptr(pa_t pa);
pa_t	mem_fake_pa(const void *p);
void	mem_fake_zero(void *page);
void	mem_fake_clean(const void *start, size_t size, bool invalidate);
void	mem_fake_tlb(unsigned int vmid, uint64_t address, uint64_t size);
void	mem_fake_pte_write(uint64_t *slot, uint64_t entry, bool table);
void	mem_fake_wrong(const char *what, uint64_t value)
	    __attribute__((noreturn));
