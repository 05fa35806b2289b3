/*
 * fp: the floating-point and SIMD registers stay a vCPU's own, whatever runs
 * in between: interrupts, other vCPUs, other VMs. The library itself is
 * compiled not to use them. Two VMs may run this at once.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "guest.h"

#define	WORDS		64		/* 32 registers of 128 bits */

void	fp_load(const uint64_t q[WORDS]);
void	fp_save(uint64_t q[WORDS]);

#define	TWO(op, a, b)	"	" op " q" a ", q" b ", [x0], #32\n"
#define	ALL(op)								\
	TWO(op, "0", "1") TWO(op, "2", "3") TWO(op, "4", "5")		\
	TWO(op, "6", "7") TWO(op, "8", "9") TWO(op, "10", "11")		\
	TWO(op, "12", "13") TWO(op, "14", "15") TWO(op, "16", "17")	\
	TWO(op, "18", "19") TWO(op, "20", "21") TWO(op, "22", "23")	\
	TWO(op, "24", "25") TWO(op, "26", "27") TWO(op, "28", "29")	\
	TWO(op, "30", "31")

__asm__(
    "	.text\n"
    "	.arch_extension simd\n"
    "fp_load:\n" ALL("ldp")
    "	ret\n"
    "fp_save:\n" ALL("stp")
    "	ret\n");

/* What each register held before this guest touched any. */
static uint64_t at_start[WORDS];

/* A pattern that no other seed gives in any word. */
static void
fill(uint64_t q[WORDS], uint64_t seed)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		q[i] = (seed << 32 | i) * 0x9e3779b97f4a7c15ul;
}

/* Of this CPU of this VM. */
static uint64_t
own_seed(void)
{
	uint64_t vm = machine.apiary ? hvc(HC_WHOAMI, 0, 0, 0).x1 : 0;

	return (vm << 8 | (cpu_index() + 1));
}

static unsigned int
differing(const uint64_t a[WORDS], const uint64_t b[WORDS])
{
	unsigned int i, n = 0;

	for (i = 0; i < WORDS; i++)
		n += a[i] != b[i];
	return (n);
}

/* Registers loaded, something done n times, the same in them every time? */
static bool
survives(void (*something)(void), unsigned int n)
{
	uint64_t want[WORDS], got[WORDS];
	unsigned int i, wrong = 0;

	fill(want, own_seed());
	fp_load(want);
	for (i = 0; i < n && wrong == 0; i++) {
		something();
		fp_save(got);
		wrong = differing(want, got);
	}
	if (wrong != 0)
		print("CPU %u, time %u: %u of %u words changed\n",
		    cpu_index(), i, wrong, WORDS);
	return (wrong == 0);
}

static void
nothing(void)
{
}

/* Nobody else's numbers are left in them: all zero when a vCPU starts. */
static void
fresh(void)
{
	unsigned int i, n = 0;

	fp_save(at_start);
	for (i = 0; i < WORDS; i++)
		n += at_start[i] != 0;
	CHECK_EQ(n, 0);
	CHECK_EQ(read_sysreg(fpcr), 0);
}

static void
hold(void)
{

	CHECK(survives(nothing, 1));
}

static void
call(void)
{

	psci(PSCI_VERSION, 0, 0, 0);
}

static void
hypercall(void)
{

	CHECK(survives(call, 100));
}

static void
wait_tick(void)
{
	uint32_t before = irq_count[cpu_index()];
	uint64_t start = counter();

	vtimer_set(start + counter_hz() / 20000);
	irq_on();
	while (irq_count[cpu_index()] == before &&
	    counter() - start < counter_hz())
		;
	irq_off();
}

static void
interrupt(void)
{
	uint32_t before = irq_count[0];

	gic_enable(machine.vtimer_intid);
	CHECK(survives(wait_tick, 50));
	CHECK_EQ(irq_count[0] - before, 50);
}

static void
sleep_tick(void)
{
	static volatile uint32_t never;

	wait_irq(&never, 50);
}

static void
wait_for_interrupt(void)
{

	CHECK(survives(sleep_tick, 50));
}

static void
give_way(void)
{

	hvc(HC_YIELD, 0, 0, 0);
}

static void
yield(void)
{

	CHECK(survives(give_way, 500));
}

static void
touch_device(void)
{

	gic_pending(gic_spare(0));
}

static void
mmio(void)
{

	CHECK(survives(touch_device, 100));
}

static void
control_registers(void)
{
	unsigned int i;

	/* RMode, FZ, DN; cumulative flags, saturation. */
	write_sysreg(fpcr, 0x03c00000);
	write_sysreg(fpsr, 0x0800009f);
	for (i = 0; i < 20; i++) {
		call();
		if (machine.apiary)
			give_way();
		sleep_tick();
	}
	CHECK_EQ(read_sysreg(fpcr), 0x03c00000);
	CHECK_EQ(read_sysreg(fpsr), 0x0800009f);
	write_sysreg(fpcr, 0);
	write_sysreg(fpsr, 0);
}

/* Other CPUs fill theirs with other numbers meanwhile, all the time. */
static volatile uint32_t stop, busy, bad;

static void
disturb(void *unused)
{

	(void)unused;
	__atomic_fetch_add(&busy, 1, __ATOMIC_SEQ_CST);
	while (!stop) {
		if (!survives(call, 20))
			__atomic_fetch_add(&bad, 1, __ATOMIC_SEQ_CST);
		__asm__ volatile("yield");
	}
	__atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
}

static void
polite(void)
{

	__asm__ volatile("yield");
}

static void
other_cpus(void)
{
	unsigned int i;

	stop = busy = bad = 0;
	for (i = 1; i < machine.ncpus; i++)
		REQUIRE(smp_on(i, disturb, NULL) == 0);
	CHECK(wait_for(&busy, machine.ncpus - 1));
	CHECK(survives(polite, 500));
	CHECK(survives(sleep_tick, 50));
	stop = 1;
	CHECK(wait_for(&busy, 0));
	CHECK_EQ(bad, 0);
}

/* The guest's own trap is its own, and not the hypervisor's business. */
static void
use(uint64_t unused)
{

	(void)unused;
	__asm__ volatile(".arch_extension fp\n\tfmov x9, d0" : : : "x9");
}

static void
guest_trap(void)
{
	uint64_t cpacr = read_sysreg(cpacr_el1), q[WORDS], got[WORDS];
	struct trap t;

	fill(q, own_seed());
	fp_load(q);
	write_sysreg(cpacr_el1, cpacr & ~(3ul << 20));
	isb();
	t = trap_catch(use, 0);
	/* Others use theirs meanwhile. */
	if (machine.apiary)
		give_way();
	write_sysreg(cpacr_el1, cpacr);
	isb();
	fp_save(got);
	CHECK(t.taken);
	CHECK_EQ(ESR_EC(t.esr), 0x07);
	CHECK_EQ(differing(q, got), 0);
}

static void
arithmetic(void)
{
	uint64_t r;

	/* 1.5 * 2.25 + 0.125 = 3.5 */
	__asm__ volatile(".arch_extension fp\n\t"
	    "fmov d0, #1.5\n\tfmov d1, #2.25\n\tfmov d2, #0.125\n\t"
	    "fmadd d3, d0, d1, d2\n\tfmov %0, d3" : "=r" (r));
	CHECK_EQ(r, 0x400c000000000000);
}

const char guest_name[] = "fp";
const struct guest_case guest_cases[] = {
	{ "fresh", fresh, 0, NEED_APIARY },
	{ "hold", hold, 0, 0 },
	{ "hypercall", hypercall, 0, 0 },
	{ "interrupt", interrupt, 0, 0 },
	{ "wait_for_interrupt", wait_for_interrupt, 0, 0 },
	{ "yield", yield, 0, NEED_APIARY },
	{ "mmio", mmio, 0, 0 },
	{ "control_registers", control_registers, 0, 0 },
	{ "other_cpus", other_cpus, 2, 0 },
	{ "guest_trap", guest_trap, 0, 0 },
	{ "arithmetic", arithmetic, 0, 0 },
	{ NULL, NULL, 0, 0 }
};
