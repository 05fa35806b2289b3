/*
 * Stage 2 of one VM: which intermediate physical addresses are its RAM or
 * its devices, and when they are mapped. RAM is a reserved range of host
 * memory, mapped at once (eager, in the largest blocks) or page by page at
 * the first touch (demand, zeroed then, merged into blocks when complete).
 * Must not know traps, guests' instructions nor entry formats.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "mm/pt.h"
#include "port/cpu.h"

#define	STAGE2_REGIONS	20

enum stage2_result {
	STAGE2_FIXED,		/* is mapped now: try again */
	STAGE2_DENIED,		/* is mapped, but not for this */
	STAGE2_OUTSIDE,		/* nothing of the VM's is there */
	STAGE2_NOMEM,		/* no page for a table */
};

enum stage2_kind {
	STAGE2_RAM,		/* mapped at once */
	STAGE2_DEMAND,		/* RAM, mapped by pages as they are touched */
	STAGE2_SHARED,		/* RAM not of this VM alone: never zeroed */
	STAGE2_DEVICE,
	STAGE2_READONLY,	/* a device not to be written to */
};

struct stage2_region {
	ipa_t		ipa;
	uint64_t	size;
	pa_t		pa;
	struct pt_attr	attr;
	uint16_t	*populated;	/* demand: pages per 2 MiB of IPA */
};

struct stage2 {
	struct spinlock	lock;
	struct pt	pt;
	struct stage2_region region[STAGE2_REGIONS];
	unsigned int	nregions;
};

/* Of the pages in the 2 MiB that ipa, of demand RAM, is in. */
static inline uint16_t *
stage2_count(const struct stage2_region *r, uint64_t ipa)
{

	return (&r->populated[ipa / BLOCK_SIZE - r->ipa.v / BLOCK_SIZE]);
}

/* ipa_bits 32 to 40. 0, or -1: no memory. */
int	stage2_init(struct stage2 *s, unsigned int vmid,
	    unsigned int ipa_bits, struct pool *pool);
/*
 * Page aligned, inside ipa_bits, not overlapping; RAM of its own in ascending
 * order. 0, or -1 (also: no memory). Eager RAM is mapped but not zeroed:
 * stage2_scrub() does.
 */
int	stage2_add(struct stage2 *s, enum stage2_kind kind, ipa_t ipa,
	    uint64_t size, pa_t pa);
/* A guest's access faulted. */
enum stage2_result stage2_fault(struct stage2 *s, ipa_t ipa, bool write,
	    bool exec);
/*
 * Where the hypervisor finds a byte of guest RAM, populated on the way.
 * False: no RAM there, or no memory.
 */
bool	stage2_translate(struct stage2 *s, ipa_t ipa, bool write, pa_t *pa);
/*
 * Takes a page of demand RAM from the guest: zeroed, to be populated anew at
 * the next touch. 0, or -1: no such page, or no memory to split a block.
 */
int	stage2_release(struct stage2 *s, ipa_t ipa);
/*
 * Of the RAM that the guest may have written to what comes first at *from or
 * above, 2 MiB at most; *from is then behind it. NULL: nothing is left, and
 * *from is 0 again. Where vCPUs run, the lock is held.
 */
void	*stage2_next(struct stage2 *s, uint64_t *from, uint64_t *size);
/*
 * Power-on, or the end: all RAM of the guest's zero, and in the end demand RAM
 * unpopulated. No vCPU runs. A bounded bit of it, from *from on, as
 * stage2_next(). False: all is done.
 */
bool	stage2_scrub(struct stage2 *s, uint64_t *from);
/*
 * Cleans and invalidates to PoC what stage2_next() gives. False: nothing was
 * left (mm/ext/clean.c).
 */
bool	stage2_clean(struct stage2 *s, uint64_t *from);
void	stage2_destroy(struct stage2 *s);
