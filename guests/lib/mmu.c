/*
 * Stage 1 of the guest: an identity map, RAM as normal write-back memory,
 * all else as device memory. One set of tables for all CPUs, 4 KiB granule,
 * 48-bit addresses (DDI 0487, D8). Must not know what lies where: callers
 * say.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

#define	ENTRIES		512
#define	TABLES		64		/* pool, one page each */

#define	PTE_VALID	(1ul << 0)
#define	PTE_TABLE	(1ul << 1)	/* in levels 0 to 2; a page in 3 */
#define	PTE_ATTR(n)	((uint64_t)(n) << 2)
#define	PTE_INNER	(3ul << 8)
#define	PTE_AF		(1ul << 10)
#define	PTE_GP		(1ul << 50)
#define	PTE_PXN		(1ul << 53)
#define	PTE_UXN		(1ul << 54)
#define	PTE_ADDR	0x0000fffffffff000ul

/* MAIR_EL1: 0 normal write-back, 1 device nGnRE. */
#define	MAIR		0x04fful
#define	NORMAL		(PTE_VALID | PTE_ATTR(0) | PTE_INNER | PTE_AF)
#define	DEVICE		(PTE_VALID | PTE_ATTR(1) | PTE_AF | PTE_PXN | PTE_UXN)

/* T0SZ 16, inner shareable write-back walks, TTBR1 off (EPD1). */
#define	TCR		(16ul | 1ul << 8 | 1ul << 10 | 3ul << 12 | 1ul << 23)
/* RES1 bits, I, SA, C, M. */
#define	SCTLR		0x30d0180dul

static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static unsigned int tables_used;
struct mmu_state mmu_state;
bool mmu_is_on;

static unsigned int
shift_of(unsigned int level)
{

	return (39 - 9 * level);
}

/* Of what is behind the tables everywhere, on all CPUs. */
static void
tlb_flush(void)
{

	__asm__ volatile("dsb ishst; tlbi vmalle1is; dsb ish; isb" : : :
	    "memory");
}

static void
entry_set(uint64_t *entry, uint64_t value)
{

	if (*entry == value)
		return;
	/* Break before make, where something is in use. */
	if (mmu_is_on && (*entry & PTE_VALID)) {
		*(volatile uint64_t *)entry = 0;
		tlb_flush();
	}
	*(volatile uint64_t *)entry = value;
	__asm__ volatile("dsb ishst; isb" : : : "memory");
}

/* The table below an entry; a block there is cut into the same in small. */
static uint64_t *
table_below(uint64_t *entry, unsigned int level)
{
	uint64_t *table, old = *entry;
	unsigned int i;

	if ((old & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE))
		return ((uint64_t *)(old & PTE_ADDR));
	if (tables_used == TABLES) {
		print("no page tables left\n");
		power_off();
	}
	table = tables[tables_used++];
	for (i = 0; i < ENTRIES && (old & PTE_VALID); i++)
		table[i] = (old + ((uint64_t)i << shift_of(level + 1))) |
		    (level + 1 == 3 ? PTE_TABLE : 0);
	entry_set(entry, (uint64_t)table | PTE_TABLE | PTE_VALID);
	return (table);
}

/* The entry of that level for addr. */
static uint64_t *
entry_of(uint64_t addr, unsigned int level)
{
	uint64_t *table = tables[0];
	unsigned int l;

	for (l = 0;; l++) {
		uint64_t *entry = &table[(addr >> shift_of(l)) % ENTRIES];

		if (l == level)
			return (entry);
		table = table_below(entry, l);
	}
}

/* The largest block that starts at addr and fits; the level of it. */
static unsigned int
level_for(uint64_t addr, uint64_t size)
{
	unsigned int level;

	for (level = 1; level < 3; level++) {
		uint64_t block = 1ul << shift_of(level);

		if ((addr & (block - 1)) == 0 && size >= block)
			break;
	}
	return (level);
}

/*
 * Whether a larger block than that of `most` maps addr that way already. It
 * must not be cut then: the code that runs may lie in it.
 */
static bool
covered(uint64_t addr, unsigned int most, uint64_t attrs)
{
	const uint64_t *table = tables[0];
	unsigned int level;

	for (level = 0; level < most; level++) {
		uint64_t entry = table[(addr >> shift_of(level)) % ENTRIES];

		if ((entry & (PTE_VALID | PTE_TABLE)) !=
		    (PTE_VALID | PTE_TABLE))
			return (entry == (attrs | (addr &
			    ~((1ul << shift_of(level)) - 1))));
		table = (const uint64_t *)(entry & PTE_ADDR);
	}
	return (false);
}

static void
map(uint64_t addr, uint64_t size, uint64_t attrs)
{
	uint64_t end = (addr + size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

	addr &= ~(PAGE_SIZE - 1);
	while (addr < end) {
		unsigned int level = level_for(addr, end - addr);
		uint64_t *entry;

		if (attrs != 0 && covered(addr, level, attrs)) {
			addr += 1ul << shift_of(level);
			continue;
		}
		entry = entry_of(addr, level);
		/* Parts of a block may be mapped on their own already. */
		while (level < 3 && (*entry & (PTE_VALID | PTE_TABLE)) ==
		    (PTE_VALID | PTE_TABLE))
			entry = entry_of(addr, ++level);
		entry_set(entry, attrs == 0 ? 0 :
		    addr | attrs | (level == 3 ? PTE_TABLE : 0));
		addr += 1ul << shift_of(level);
	}
	if (mmu_is_on)
		tlb_flush();
}

void
mmu_map(uint64_t addr, uint64_t size, bool device, bool exec)
{

	map(addr, size, device ? DEVICE :
	    exec ? NORMAL : NORMAL | PTE_PXN | PTE_UXN);
}

void
mmu_unmap(uint64_t addr, uint64_t size)
{

	map(addr, size, 0);
}

void
mmu_point_table_at(uint64_t va, uint64_t table_pa)
{

	entry_set(entry_of(va, 2), table_pa | PTE_TABLE | PTE_VALID);
	tlb_flush();
}

void
mmu_guard(uint64_t addr, bool on)
{
	uint64_t *entry = entry_of(addr, 3);

	entry_set(entry, on ? *entry | PTE_GP : *entry & ~PTE_GP);
	tlb_flush();
}

void
sync_code(const void *p, size_t n)
{
	uint64_t a, start = (uint64_t)p, end = start + n;

	/* 16 bytes: no cache line is smaller. */
	for (a = start & ~15ul; a < end; a += 16)
		__asm__ volatile("dc cvau, %0" : : "r" (a) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
	for (a = start & ~15ul; a < end; a += 16)
		__asm__ volatile("ic ivau, %0" : : "r" (a) : "memory");
	__asm__ volatile("dsb ish; isb" : : : "memory");
}

void
mmu_init(uint64_t fdt)
{
	uint64_t parange = read_sysreg(id_aa64mmfr0_el1) & 0xf;
	uint64_t block = 2ul << 20;
	uint64_t start = (uint64_t)image_start, end = (uint64_t)image_end, at;

	tables_used = 1;
	map(0, 512ul << 30, DEVICE);
	map(start & ~(block - 1),
	    ((end + block - 1) & ~(block - 1)) - (start & ~(block - 1)),
	    NORMAL);
	/*
	 * In pages from the start: the block that we run in could not be
	 * broken later, when a page near us is to be mapped otherwise.
	 */
	for (at = start & ~(block - 1); at < end; at += block)
		entry_of(at, 3);
	/* At most 2 MiB long, by the boot protocol. */
	map(fdt & ~(block - 1), 2 * block, NORMAL);

	mmu_state.ttbr = (uint64_t)tables[0];
	mmu_state.tcr = TCR | (parange > 5 ? 5 : parange) << 32;
	mmu_state.mair = MAIR;
	mmu_state.sctlr = SCTLR;
	/* Written past the caches: let them not hold anything older. */
	cache_flush(start, end);
	mmu_enable(&mmu_state, mmu_state.ttbr, mmu_state.tcr, mmu_state.mair,
	    mmu_state.sctlr);
	mmu_is_on = true;
	/* Secondary CPUs read this with their MMU off. */
	cache_flush((uint64_t)&mmu_state, (uint64_t)(&mmu_state + 1));
}
