/*
 * wild_jump: a CPU that is lost for good: it jumps where nothing is, and its
 * exceptions too. The others go on, and the machine still goes off at the
 * end. A case loses one CPU: the nth needs n + 1 of them. Best with all of
 * them on one CPU of the machine: where time is counted in instructions and
 * CPUs are emulated in turn, one that spins takes the turns of the others.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

void	wild_start(void);

/* What a CPU is started with; the order is known to the assembly. */
struct wild {
	uint64_t		vectors, target, stack;
	volatile uint32_t	gone;
} __attribute__((aligned(64)));

/* Entered by CPU_ON, MMU off, x0 = struct wild. Says so before it goes. */
__asm__(
    "	.text\n"
    "wild_start:\n"
    "	msr	daifset, #0xf\n"
    "	ldp	x1, x2, [x0]\n"
    "	msr	vbar_el1, x1\n"
    "	ldr	x4, [x0, #16]\n"
    "	mov	sp, x4\n"
    "	isb\n"
    "	mov	w3, #1\n"
    "	str	w3, [x0, #24]\n"
    "	dsb	sy\n"
    "	sev\n"
    "	br	x2\n"
    "	.globl	wild_spin\n"
    "wild_spin:\n"
    "	b	.\n");
void	wild_spin(void);

static uint64_t
hole(void)
{

	return ((machine.ram_base + machine.ram_size + 0x1fffff) & ~0x1ffffful);
}

/*
 * A timer is set meanwhile: an emulator that counts instructions leaves a
 * CPU that spins only when one is due.
 */
static void
doze(void)
{
	static volatile uint32_t never;

	wait_irq(&never, 50);
}

/* Loses a CPU, and looks whether the time of this one goes on. */
static void
lose(unsigned int cpu, uint64_t vectors, uint64_t target)
{
	static struct wild words[8];
	unsigned int i;
	uint64_t before;

	words[cpu].vectors = vectors;
	words[cpu].target = target;
	/* Far up: it comes down by a frame a time. */
	words[cpu].stack = hole() + (1ul << 35);
	words[cpu].gone = 0;
	/* It reads them with its MMU off. */
	__asm__ volatile("dc civac, %0; dsb sy" : : "r" (&words[cpu]) :
	    "memory");
	REQUIRE(psci(PSCI_CPU_ON, machine.mpidr[cpu], (uint64_t)wild_start,
	    (uint64_t)&words[cpu]) == 0);
	before = counter();
	do {
		doze();
		__asm__ volatile("dc ivac, %0; dsb sy" : :
		    "r" (&words[cpu]) : "memory");
	} while (words[cpu].gone == 0 && counter() - before < counter_hz());
	CHECK_EQ(words[cpu].gone, 1);
	gic_enable(machine.vtimer_intid);
	for (i = 0; i < 20; i++) {
		irq_count[0] = 0;
		before = counter();
		vtimer_set(before + counter_hz() / 5000);
		CHECK(wait_irq(&irq_count[0], 100000));
		CHECK(counter() - before >= counter_hz() / 5000);
	}
	/* It is on, and nobody can turn it off. */
	CHECK_EQ(psci(PSCI_AFFINITY_INFO, machine.mpidr[cpu], 0, 0), 0);
}

/* Interrupts masked, for ever. */
static void
spin_masked(void)
{

	lose(1, 0, (uint64_t)wild_spin);
}

/* Each fetch aborts, and so does that of the abort's vector. */
static void
to_a_hole(void)
{

	lose(2, hole(), hole() + 0x1000);
}

/* Code from registers of a device. */
static void
to_a_device(void)
{

	lose(3, machine.gicd, machine.gicd);
}

/* Its vectors are good, but what they do first is to save to the stack. */
extern char vectors[];

static void
without_stack(void)
{

	lose(4, (uint64_t)vectors, hole());
}

const char guest_name[] = "wild_jump";
const struct guest_case guest_cases[] = {
	{ "spin_masked", spin_masked, 2, 0 },
	/*
	 * With nobody at EL2 these repeat one exception that never executes
	 * an instruction: a machine whose time is instructions stands still.
	 */
	{ "to_a_hole", to_a_hole, 3, NEED_APIARY },
	{ "to_a_device", to_a_device, 4, NEED_APIARY },
	{ "without_stack", without_stack, 5, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
