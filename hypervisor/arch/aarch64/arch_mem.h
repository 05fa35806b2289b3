/*
 * Armv8's answers to port/mem.h: caches by address.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

/* Bytes; the smallest line of all data caches (CTR_EL0.DminLine). */
extern uint64_t arch_dcache_line;
/* DC ZVA may be used and clears 64 bytes, as lines have (DCZID_EL0). */
extern bool arch_zva64;

static inline void
port_clean_inval_poc(const void *start, size_t size)
{
	uintptr_t p = round_down((uintptr_t)start, arch_dcache_line);

	for (; p < (uintptr_t)start + size; p += arch_dcache_line)
		__asm__ volatile("dc civac, %0" : : "r" (p) : "memory");
	__asm__ volatile("dsb sy" : : : "memory");
}

static inline void
port_zero_page(void *page)
{
	char *p = page, *end = p + PAGE_SIZE;

	/*
	 * Zeroed through the cache, but a guest may look with its caches
	 * off: clean each line to PoC behind.
	 */
	if (likely(arch_zva64)) {
		do {
			__asm__ volatile(
			    ".rept 8\n"
			    "dc zva, %0; dc cvac, %0; add %0, %0, #64\n"
			    ".endr"
			    : "+r" (p) : : "memory");
		} while (p < end);
		__asm__ volatile("dsb sy" : : : "memory");
		return;
	}
	for (; p < end; p += 16)
		__asm__ volatile("stp xzr, xzr, [%0]" : : "r" (p) : "memory");
	port_clean_inval_poc(page, PAGE_SIZE);
}

static inline void
port_sync_icache(void)
{

	__asm__ volatile("ic ialluis; dsb ish; isb" : : : "memory");
}
