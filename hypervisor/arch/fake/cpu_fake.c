/*
 * port/cpu.h for the build host: see arch_cpu.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "port/cpu.h"

uint64_t fake_counter = 1000;
void (*fake_relax)(void);
_Thread_local unsigned int fake_cpu;
unsigned int fake_kicks[CPU_FAKE_CPUS];
unsigned long fake_barriers;

static _Thread_local char me;		/* its address is the thread's name */

static void
wrong(const char *what)
{

	fprintf(stderr, "cpu_fake: %s\n", what);
	abort();
}

void
cpu_fake_lock(struct spinlock *l)
{
	const void *holder = NULL;

	while (!__atomic_compare_exchange_n(&l->holder, &holder, &me, false,
	    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		if (holder == &me)
			wrong("a lock is taken by its holder");
		holder = NULL;
		sched_yield();
	}
}

void
cpu_fake_unlock(struct spinlock *l)
{

	if (__atomic_load_n(&l->holder, __ATOMIC_RELAXED) != &me)
		wrong("a lock is given back by another than its holder");
	__atomic_store_n(&l->holder, NULL, __ATOMIC_RELEASE);
}

void
cpu_fake_kick(unsigned int cpu)
{

	if (cpu >= CPU_FAKE_CPUS)
		wrong("no such CPU to kick");
	__atomic_fetch_add(&fake_kicks[cpu], 1, __ATOMIC_SEQ_CST);
}

void
cpu_fake_relax(void)
{

	if (fake_relax != NULL)
		fake_relax();
	else
		sched_yield();
}

void
cpu_fake_barrier(void)
{

	__atomic_fetch_add(&fake_barriers, 1, __ATOMIC_SEQ_CST);
}
