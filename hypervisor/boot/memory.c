/*
 * The hypervisor's own address space (stage 1 of EL2: identity, W^X, caches
 * on) and the machine's RAM: who has which part. Only what is in use is
 * mapped, so start-up costs the same on a machine with 1 TiB. All of it on
 * the boot CPU, before the first guest runs: no locks.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/sysreg.h"
#include "boot/boot.h"
#include "mm/pool.h"
#include "mm/pt.h"
#include "port/mem.h"
#include "vmm/vcpu.h"

#define	EARLY_PAGES	24		/* tables before RAM is known */
#define	POOL_BYTES	(4ul << 20)	/* then; more when asked */
#define	EL2_VA_BITS	48

struct pool memory_pool;
/*
 * TTBR0_EL2, TCR_EL2, SCTLR_EL2, MAIR_EL2. Written once, with the MMU off:
 * CPUs that come up find it in memory, whatever is in the caches.
 */
uint64_t boot_mmu_regs[4];
static struct pt el2;
static struct extents ram;
static uint8_t early_pages[EARLY_PAGES * PAGE_SIZE]
    __attribute__((aligned(PAGE_SIZE)));

static const struct pt_attr text = { PT_NORMAL, true, false, true };
static const struct pt_attr rodata = { PT_NORMAL, true, false, false };
static const struct pt_attr data = { PT_NORMAL, true, true, false };
static const struct pt_attr device = { PT_DEVICE, true, true, false };

static int
map(uint64_t start, uint64_t end, struct pt_attr attr)
{

	start = round_down(start, PAGE_SIZE);
	end = round_up(end, PAGE_SIZE);
	return (pt_map(&el2, start, PA(start), end - start, attr));
}

void
memory_early(pa_t dtb, size_t dtb_size)
{
	uint64_t ps = read_sysreg(id_aa64mmfr0_el1) & 7;

	pool_add(&memory_pool, port_ptr_to_pa(early_pages), EARLY_PAGES);
	pt_init(&el2, PT_STAGE1, EL2_VA_BITS, 0, &memory_pool);
	map((uintptr_t)image_start, (uintptr_t)text_end, text);
	map((uintptr_t)text_end, (uintptr_t)rodata_end, rodata);
	map((uintptr_t)rodata_end, (uintptr_t)image_end, data);
	map(dtb.v, dtb.v + dtb_size, rodata);
	boot_mmu_regs[0] = el2.root.v;
	boot_mmu_regs[1] = TCR_EL2_RES1 | TCR_SH_INNER | TCR_ORGN_WB |
	    TCR_IRGN_WB | (ps > 5 ? 5 : ps) << e2h.tcr_ps_shift |
	    TCR_T0SZ(64 - EL2_VA_BITS);
	boot_mmu_regs[2] = SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_I |
	    SCTLR_SA | SCTLR_WXN;
	boot_mmu_regs[3] = MAIR_EL2_VALUE;
	/*
	 * What was written so far went past the caches; whatever lines they
	 * may hold of it are stale (Linux boot protocol: only the loaded
	 * image is clean, .bss is not).
	 */
	for (char *p = image_start; p < image_end; p += arch_dcache_line)
		__asm__ volatile("dc ivac, %0" : : "r" (p) : "memory");
	dsb(sy);
	boot_mmu_on();
}

void
memory_map(pa_t base, uint64_t size, enum pt_memory memory)
{

	if (map(base.v, base.v + size,
	    memory == PT_DEVICE ? device : rodata) != 0)
		panic("no memory to map 0x%lx", base.v);
}

/* Not to be given away, whole pages. */
static void
keep(pa_t base, uint64_t size)
{
	uint64_t start = round_down(base.v, PAGE_SIZE);

	if (extent_remove(&ram, start,
	    round_up(base.v + size, PAGE_SIZE) - start) != 0)
		boot_stop("memory: RAM is in too many pieces");
}

void
memory_init(pa_t dtb)
{
	pa_t pool;

	ram = plat.ram;
	keep(port_ptr_to_pa(image_start), (uint64_t)(image_end - image_start));
	keep(dtb, plat.dtb_size);
	keep(plat.bundle_start, plat.bundle_end.v - plat.bundle_start.v);
	/* A CPU that is never let go looks there for ever. */
	for (unsigned int i = 0; i < plat.nr_cpus; i++)
		keep(PA(plat.cpu[i].release), plat.cpu[i].release != 0);
	if (!memory_ram_alloc(POOL_BYTES, BLOCK_SIZE, &pool))
		boot_stop("memory: no 4 MiB of RAM free for the hypervisor");
	pool_add(&memory_pool, pool, POOL_BYTES >> PAGE_SHIFT);
}

bool
memory_ram_alloc(uint64_t size, uint64_t align, pa_t *pa)
{

	if (!extent_alloc(&ram, size, align, &pa->v))
		return (false);
	if (map(pa->v, pa->v + size, data) == 0)
		return (true);
	memory_ram_free(*pa, size);
	return (false);
}

void
memory_ram_free(pa_t pa, uint64_t size)
{

	pt_unmap(&el2, pa.v, size);
	extent_add(&ram, pa.v, size);
}

uint64_t
memory_ram_left(void)
{

	return (extent_total(&ram));
}

/*
 * From below: guard, panic stack, guard, stack of two pages. The guards are
 * RAM that nothing maps.
 */
struct pcpu *
memory_cpu_stack(void)
{
	struct pcpu *p;
	pa_t base;

	if (!memory_ram_alloc(5 * PAGE_SIZE, PAGE_SIZE, &base))
		return (NULL);
	pt_unmap(&el2, base.v, PAGE_SIZE);
	pt_unmap(&el2, base.v + 2 * PAGE_SIZE, PAGE_SIZE);
	p = port_pa_to_ptr(PA(base.v + 5 * PAGE_SIZE -
	    round_up(sizeof(*p), 16)));
	*p = (struct pcpu){ 0 };
	p->panic_stack = port_pa_to_ptr(PA(base.v + 2 * PAGE_SIZE));
	return (p);
}
