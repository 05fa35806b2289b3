/*
 * isolation: what is this VM's stays this VM's, and nothing else can be
 * had. Meant to run in two VMs at once on the same CPUs: each does all it
 * can to the other, and looks whether anything was done to it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "abi/machine.h"
#include "guest.h"

#define	BLOCK		0x200000ul
#define	LINE		64ul		/* a word of each cache line */
#define	AREA		(8ul << 20)
#define	ROUNDS		4

static uint64_t
vm_index(void)
{

	return (hvc(HC_WHOAMI, 0, 0, 0).x1);
}

static uint64_t
pattern(uint64_t at)
{

	return ((at | (vm_index() + 1) << 56) * 0x9e3779b97f4a7c15);
}

/* The other VM on this CPU has its turn. */
static void
give_way(unsigned int n)
{

	while (n-- > 0)
		hvc(HC_YIELD, 0, 0, 0);
}

static uint64_t
area(void)
{
	uint64_t end = memory_free_end() & ~(BLOCK - 1);

	REQUIRE(end - AREA > memory_free_start());
	return (end - AREA);
}

/* ---- memory ---------------------------------------------------------- */

/* Whatever these pages were before, nothing of it is left. */
static void
nothing_left(void)
{
	uint64_t at, n = 0;

	for (at = area(); at < area() + AREA; at += LINE)
		n += *(volatile uint64_t *)at != 0;
	CHECK_EQ(n, 0);
}

static uint64_t
spoilt(uint64_t key)
{
	uint64_t at, n = 0;

	for (at = area(); at < area() + AREA; at += LINE)
		n += *(volatile uint64_t *)at != (at ^ key);
	return (n);
}

/* At the same addresses the other VM writes its own. */
static void
own_memory(void)
{
	uint64_t at, key = pattern(0);
	unsigned int i;

	for (at = area(); at < area() + AREA; at += LINE)
		*(volatile uint64_t *)at = at ^ key;
	for (i = 0; i < ROUNDS; i++) {
		give_way(20);
		CHECK_EQ(spoilt(key), 0);
	}
}

/* TLBs and caches are thrown away by the other: it costs, no more. */
static void
maintenance(void)
{
	uint64_t at, key = pattern(1);
	unsigned int i;

	for (at = area(); at < area() + AREA; at += LINE)
		*(volatile uint64_t *)at = at ^ key;
	for (i = 0; i < ROUNDS; i++) {
		__asm__ volatile("dsb sy; tlbi vmalle1is; ic iallu; dsb sy;"
		    "isb" : : : "memory");
		__asm__ volatile("dc isw, %0; dc cisw, %0; dsb sy" : :
		    "r" (0ul) : "memory");
		give_way(10);
		CHECK_EQ(spoilt(key), 0);
	}
}

static void
load(uint64_t at)
{

	__asm__ volatile("ldr x9, [%0]" : : "r" (at) : "x9", "memory");
}

static void
store(uint64_t at)
{

	__asm__ volatile("str %1, [%0]" : : "r" (at), "r" (0xbadul) :
	    "memory");
}

/* Is there something at this address that this machine is said to have? */
static bool
ours(uint64_t at)
{
	static const struct { uint64_t base, size; } known[] = {
		{ MACHINE_GICD_BASE, 0x200000 },
		{ MACHINE_UART_BASE, MACHINE_UART_SIZE },
		{ MACHINE_RTC_BASE, MACHINE_RTC_SIZE },
		{ MACHINE_VIRTIO_BASE, MACHINE_VIRTIO_SIZE },
	};
	unsigned int i;

	if (at - machine.ram_base < machine.ram_size)
		return (true);
	for (i = 0; i < nitems(known); i++)
		if (at - known[i].base < known[i].size)
			return (true);
	return (false);
}

/* Every 2 MiB of the first 16 GiB: the hypervisor's RAM is among them. */
static void
nothing_else(void (*access)(uint64_t), uint64_t first)
{
	uint64_t at, n = 0;

	for (at = first; at < 16ul << 30; at += BLOCK)
		if (!ours(at) && !trap_catch(access, at).taken) {
			if (n++ == 0)
				print("%#lx can be accessed\n", at);
		}
	CHECK_EQ(n, 0);
}

static void
reads_nothing_else(void)
{

	nothing_else(load, 0x1000);
}

static void
writes_nothing_else(void)
{

	nothing_else(store, 0x1008);
}

static void
zero_line(uint64_t at)
{

	__asm__ volatile("dc zva, %0" : : "r" (at) : "memory");
}

static void
fetch(uint64_t at)
{

	((void (*)(void))at)();
}

/*
 * The first GiB behind RAM as cached memory that can be executed: in no way
 * is anything there; maintenance by address and translation fault or do
 * nothing. (As device memory above, DC ZVA and fetches fault by themselves.)
 */
static void
cached_nothing_else(void)
{
	uint64_t first = machine.ram_base + machine.ram_size, at, par, n = 0;

	mmu_map(first, 1ul << 30, false, true);
	for (at = first; at < first + (1ul << 30); at += BLOCK) {
		n += !trap_catch(load, at).taken;
		n += !trap_catch(store, at).taken;
		n += !trap_catch(zero_line, at).taken;
		n += !trap_catch(fetch, at).taken;
		probe_write(SYSREG(1, 3, 7, 14, 1), at);	/* DC CIVAC */
		probe_write(SYSREG(1, 0, 7, 6, 1), at);		/* DC IVAC */
		probe_write(SYSREG(1, 3, 7, 5, 1), at);		/* IC IVAU */
		/* It tells of our own tables, and of nothing behind them. */
		__asm__ volatile("at s1e1r, %1; isb; mrs %0, par_el1" :
		    "=r" (par) : "r" (at) : "memory");
		n += (par & 0xfffffffff000) != at;
	}
	mmu_map(first, 1ul << 30, true, false);
	CHECK_EQ(n, 0);
}

/*
 * Nor is the hypervisor in our own RAM: what it says in a panic, "PANIC: e...",
 * is not found there. (Each letter is the next one, or we found ourselves.)
 */
static void
no_hypervisor_in_ram(void)
{
	static const char next[] = "QBOJD;!f";
	const volatile char *p = (const volatile char *)machine.ram_base;
	const volatile char *end = p + machine.ram_size - sizeof(next);
	unsigned int i, n = 0;

	for (; p < end; p++) {
		for (i = 0; i < 8 && p[i] == next[i] - 1; i++)
			;
		n += i == 8;
	}
	CHECK_EQ(n, 0);
}

/* The page after RAM, and each power of two above: no wrap-around. */
static void
no_alias(void)
{
	uint64_t end = machine.ram_base + machine.ram_size;
	unsigned int bit;

	CHECK(trap_catch(load, end).taken);
	CHECK(trap_catch(store, end).taken);
	CHECK(trap_catch(load, machine.ram_base - 8).taken);
	for (bit = 31; bit < 39; bit++)
		if (!ours(machine.ram_base + (1ul << bit)))
			CHECK(trap_catch(load,
			    machine.ram_base + (1ul << bit)).taken);
}

/* ---- the CPU --------------------------------------------------------- */

/* Registers that both VMs write, each something of its own. */
static void
own_registers(void)
{
	uint64_t v = pattern(2) & 0x0000fffffffff000, lost = 0;
	uint64_t ttbr1 = read_sysreg(ttbr1_el1), far = read_sysreg(far_el1);
	unsigned int i;

	for (i = 0; i < 100; i++) {
		write_sysreg(tpidr_el0, v ^ i);
		write_sysreg(tpidrro_el0, v ^ i ^ 1);
		write_sysreg(ttbr1_el1, v);
		write_sysreg(far_el1, v ^ i ^ 2);
		write_sysreg(cntkctl_el1, i & 3);
		give_way(1);
		lost += read_sysreg(tpidr_el0) != (v ^ i);
		lost += read_sysreg(tpidrro_el0) != (v ^ i ^ 1);
		lost += read_sysreg(ttbr1_el1) != v;
		lost += read_sysreg(far_el1) != (v ^ i ^ 2);
		lost += read_sysreg(cntkctl_el1) != (i & 3);
	}
	write_sysreg(ttbr1_el1, ttbr1);
	write_sysreg(far_el1, far);
	CHECK_EQ(lost, 0);
}

/*
 * Breakpoints, and what switches debugging off: the second locks it in every
 * way there is, the first is to have its breakpoint all the same.
 */
static void __attribute__((noinline))
landmark(uint64_t unused)
{

	(void)unused;
	__asm__ volatile("nop" : : : "memory");
}

static void
own_debug(void)
{
	uint64_t old = read_sysreg(mdscr_el1), daif = read_sysreg(daif);
	bool first = vm_index() == 0;
	struct trap t = { 0 };
	unsigned int i;

	write_sysreg(oslar_el1, !first);
	write_sysreg(osdlr_el1, !first);
	write_sysreg(dbgbvr0_el1, first ? (uint64_t)landmark : pattern(3) &
	    0xfffffffffffc);
	write_sysreg(dbgwvr0_el1, pattern(4) & 0xfffffffffff8);
	write_sysreg(dbgbcr0_el1, first ? 0x1e3 : 0);
	isb();
	for (i = 0; i < 50; i++) {
		give_way(1);
		CHECK_EQ(read_sysreg(oslsr_el1) >> 1 & 1, !first);
		CHECK_EQ(read_sysreg(dbgwvr0_el1),
		    pattern(4) & 0xfffffffffff8);
	}
	if (first) {
		write_sysreg(mdscr_el1, old | 1ul << 15 | 1ul << 13);
		__asm__ volatile("msr daifclr, #8; isb" : : : "memory");
		give_way(1);
		t = trap_catch(landmark, 0);
		write_sysreg(daif, daif);
		write_sysreg(mdscr_el1, old);
		CHECK_EQ(ESR_EC(t.esr), 0x31);
	}
	give_way(10);
	write_sysreg(dbgbcr0_el1, 0);
	write_sysreg(osdlr_el1, 0);
	write_sysreg(oslar_el1, 0);
}

/* Both have the same interrupt; each gets as many as it made itself. */
static void
own_interrupts(void)
{
	uint32_t intid = gic_spare(5);
	unsigned int i, n = 10 + (unsigned int)vm_index();

	gic_route(intid, 0);
	gic_edge(intid, true);
	gic_enable(intid);
	irq_on();
	for (i = 0; i < n; i++) {
		gic_pend(intid);
		delay_us(20);
		give_way(3);
	}
	irq_off();
	CHECK_EQ(irq_count[0], n);
	CHECK(!gic_pending(intid));
}

static void
own_timer(void)
{
	uint64_t start = counter(), end = start +
	    counter_hz() / 500 * (vm_index() + 1);

	/* The other VM's deadline is another one. */
	gic_enable(machine.vtimer_intid);
	vtimer_set(end);
	irq_on();
	while (irq_count[0] == 0 && counter() - start < counter_hz())
		give_way(1);
	irq_off();
	CHECK_EQ(irq_count[0], 1);
	CHECK(counter() >= end);
}

const char guest_name[] = "isolation";
const struct guest_case guest_cases[] = {
	{ "nothing_left", nothing_left, 0, NEED_APIARY },
	{ "own_memory", own_memory, 0, NEED_APIARY },
	{ "maintenance", maintenance, 0, NEED_APIARY },
	{ "reads_nothing_else", reads_nothing_else, 0, NEED_APIARY },
	{ "writes_nothing_else", writes_nothing_else, 0, NEED_APIARY },
	{ "cached_nothing_else", cached_nothing_else, 0, NEED_APIARY },
	{ "no_hypervisor_in_ram", no_hypervisor_in_ram, 0, NEED_APIARY },
	{ "no_alias", no_alias, 0, NEED_APIARY },
	{ "own_registers", own_registers, 0, NEED_APIARY },
	{ "own_debug", own_debug, 0, NEED_APIARY },
	{ "own_interrupts", own_interrupts, 0, NEED_APIARY },
	{ "own_timer", own_timer, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
