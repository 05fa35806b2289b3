/*
 * Other CPUs: on, off, and words shared with them. Must not know what they
 * do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

#define	AFFINITY_OFF	1

/* What a CPU is started with; the first two words are known to start.S. */
struct smp_boot {
	uint64_t		stack;
	struct mmu_state	*mmu;
	void			(*fn)(void *);
	void			*arg;
	volatile uint32_t	started;
} __attribute__((aligned(64)));

/* Which stack it runs on tells a CPU who it is: no register is needed. */
char stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(4096)));
/* By CPU and by who turns it on: two may try at once. */
static struct smp_boot boots[MAX_CPUS][MAX_CPUS];
static bool used[MAX_CPUS];
volatile bool smp_stopping;

void	smp_secondary(struct smp_boot *);

unsigned int
cpu_index(void)
{

	return ((unsigned int)(((uint64_t)__builtin_frame_address(0) - 1 -
	    (uint64_t)stacks) / STACK_SIZE));
}

void
cpu_stop(void)
{

	irq_off();
	vtimer_off();
	ptimer_off();
	gic_cpu_off();
	psci(PSCI_CPU_OFF, 0, 0, 0);
	print("CPU_OFF came back on CPU %u\n", cpu_index());
	for (;;)
		wfi();
}

void
smp_secondary(struct smp_boot *boot)
{

	exception_reset();
	gic_cpu_init();
	publish(&boot->started, 1);
	boot->fn(boot->arg);
	cpu_stop();
}

int64_t
smp_on(unsigned int index, void (*fn)(void *), void *arg)
{
	struct smp_boot *boot = &boots[index][cpu_index()];
	int64_t error;

	boot->stack = (uint64_t)stacks[index + 1];
	boot->mmu = &mmu_state;
	boot->fn = fn;
	boot->arg = arg;
	boot->started = 0;
	/* Read with the MMU off. */
	cache_flush((uint64_t)boot, (uint64_t)(boot + 1));
	error = psci(PSCI_CPU_ON, machine.mpidr[index],
	    (uint64_t)secondary_start, (uint64_t)boot);
	if (error != 0)
		return (error);
	used[index] = true;
	if (!wait_for(&boot->started, 1)) {
		print("CPU %u: CPU_ON said success, but it did not start\n",
		    index);
		return (-6);			/* INTERNAL_FAILURE */
	}
	return (0);
}

bool
smp_wait_off(unsigned int index)
{
	uint64_t start = counter();

	do {
		if (psci(PSCI_AFFINITY_INFO, machine.mpidr[index], 0, 0) ==
		    AFFINITY_OFF)
			return (true);
		case_check_time();
		__asm__ volatile("yield");
	} while (counter() - start < counter_hz());
	return (false);
}

bool
smp_stop_others(void)
{
	unsigned int i;
	bool ok = true;

	smp_stopping = true;
	for (i = 1; i < machine.ncpus; i++) {
		if (!used[i])
			continue;
		if (psci(PSCI_AFFINITY_INFO, machine.mpidr[i], 0, 0) !=
		    AFFINITY_OFF) {
			gic_sgi(SMP_STOP_SGI, i);
			if (!smp_wait_off(i)) {
				print("CPU %u does not go off\n", i);
				ok = false;
				continue;
			}
		}
		used[i] = false;
	}
	smp_stopping = false;
	return (ok);
}

bool
wait_for(const volatile uint32_t *word, uint32_t value)
{
	uint64_t start = counter();

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
		if (counter() - start > counter_hz())
			return (false);
		case_check_time();
		__asm__ volatile("yield");
	}
	return (true);
}

void
publish(volatile uint32_t *word, uint32_t value)
{

	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	dsb();
	sev();
}
