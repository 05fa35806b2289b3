/*
 * The build host as a CPU: answers port/cpu.h. Time stands still unless a
 * test moves it; locks know their holder; kicks are counted.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

#define	CPU_FAKE_CPUS	8
#define	CPU_FAKE_HZ	62500000u	/* as QEMU's */

struct spinlock {
	const void	*holder;	/* a thread; NULL: free */
};

/* Set by the test. */
extern uint64_t fake_counter;		/* now */
extern void (*fake_relax)(void);	/* while one CPU waits for another */
extern _Thread_local unsigned int fake_cpu;	/* index of this CPU */
/* Recorded. */
extern unsigned int fake_kicks[CPU_FAKE_CPUS];
extern unsigned long fake_barriers;	/* port_mb() */

/*
 * A lock that is taken twice by its holder, or given back by another,
 * aborts: no test survives that.
 */
void	cpu_fake_lock(struct spinlock *l);
void	cpu_fake_unlock(struct spinlock *l);
void	cpu_fake_kick(unsigned int cpu);
void	cpu_fake_relax(void);
void	cpu_fake_barrier(void);

static inline uint64_t
port_counter(void)
{

	return (fake_counter);
}

static inline uint64_t
port_counter_hz(void)
{

	return (CPU_FAKE_HZ);
}

static inline void
port_relax(void)
{

	cpu_fake_relax();
}

static inline void
port_mb(void)
{

	cpu_fake_barrier();
}

static inline void
spin_lock(struct spinlock *l)
{

	cpu_fake_lock(l);
}

static inline void
spin_unlock(struct spinlock *l)
{

	cpu_fake_unlock(l);
}

static inline unsigned int
port_cpu(void)
{

	return (fake_cpu);
}

static inline void
port_kick_cpu(unsigned int cpu)
{

	cpu_fake_kick(cpu);
}
