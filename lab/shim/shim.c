/*
 * The shim: CPUs wait here until PSCI turns them on (DEN 0022). It stands in
 * for firmware on a bare model. Knows no GIC register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "shim.h"

#define	AFFINITY	0xff00ffffffull	/* of MPIDR */
#define	READY		0x6d696873u

/* DEN 0022, 5.2.2. */
#define	SUCCESS		0
#define	NOT_REQUIRED	1	/* DEN 0028, of a workaround */
#define	NOT_SUPPORTED	(-1)
#define	INVALID		(-2)
#define	ALREADY_ON	(-4)

enum { OFF = 1, PENDING, ON };	/* 0: no such CPU */

/* In RAM, never cached: MMU and caches are off. */
struct state {
	volatile uint32_t ready;
	struct {
		volatile uint32_t state;
		volatile uint64_t mpidr, entry, context;
	} cpu[SHIM_CPUS];
};

static struct state *
shared(void)
{

	return ((struct state *)shim_facts.state);
}

static volatile uint64_t *
released(void)
{

	return ((volatile uint64_t *)shim_facts.release);
}

static void
tell(void)
{

	__asm__ volatile("dsb sy; sev" : : : "memory");
}

static void __attribute__((noreturn))
wait(unsigned int n)
{
	struct state *s = shared();

	while (s->cpu[n].state != PENDING) {
		__asm__ volatile("wfe" : : : "memory");
		if (shim_facts.release != 0 && *released() != 0)
			shim_leave(*released(), 0);
	}
	__asm__ volatile("dmb sy" : : : "memory");
	s->cpu[n].state = ON;
	shim_leave(s->cpu[n].entry, s->cpu[n].context);
}

void
shim_cpu(uint64_t mpidr)
{
	struct state *s = shared();
	unsigned int n = shim_number();

	if (n != 0) {
		while (s->ready != READY)
			__asm__ volatile("wfe" : : : "memory");
	} else {
		for (unsigned int i = 0; i < SHIM_CPUS; i++)
			s->cpu[i].state = 0;
		if (shim_facts.release != 0)
			*released() = 0;
		/* CNTCR.EN (DDI 0487, I5.7.2) */
		if (shim_facts.counter != 0)
			*(volatile uint32_t *)shim_facts.counter = 1;
		gic_start();
	}
	gic_start_cpu(mpidr);
	s->cpu[n].mpidr = mpidr & AFFINITY;
	if (n != 0) {
		s->cpu[n].state = OFF;
		wait(n);
	}
	s->cpu[0].state = ON;
	tell();
	s->ready = READY;
	tell();
	shim_leave(shim_facts.kernel, shim_facts.tree);
}

/* The CPU with these affinity fields, or -1. */
static int
find(uint64_t mpidr)
{

	for (int i = 0; i < SHIM_CPUS; i++)
		if (shared()->cpu[i].state != 0 &&
		    shared()->cpu[i].mpidr == mpidr)
			return (i);
	return (-1);
}

static int64_t
cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context)
{
	struct state *s = shared();
	int n = find(mpidr);

	if (n < 0)
		return (INVALID);
	if (s->cpu[n].state != OFF)
		return (ALREADY_ON);
	s->cpu[n].entry = entry;
	s->cpu[n].context = context;
	__asm__ volatile("dmb sy" : : : "memory");
	s->cpu[n].state = PENDING;
	tell();
	return (SUCCESS);
}

static int64_t
affinity_info(uint64_t mpidr, uint64_t level)
{
	int n = find(mpidr);

	if (n < 0 || level != 0)
		return (INVALID);
	return (shared()->cpu[n].state == ON ? 0 :
	    shared()->cpu[n].state == OFF ? 1 : 2);
}

static int64_t
features(uint64_t fn)
{

	switch (fn & ~0x40000000u) {
	case 0x84000000:
	case 0x84000002:
	case 0x84000003:
	case 0x84000004:
	case 0x84000006:
	case 0x84000008:
	case 0x84000009:
	case 0x8400000a:
	case 0x80000000:
		return (SUCCESS);
	default:
		return (NOT_SUPPORTED);
	}
}

/* A model does not speculate: it knows the workarounds, and needs none. */
static int64_t
arch_features(uint64_t fn)
{

	switch (fn) {
	case 0x80000000:
	case 0x80000001:
		return (SUCCESS);
	case 0x80003fff:
	case 0x80007fff:
	case 0x80008000:
		return (NOT_REQUIRED);
	default:
		return (NOT_SUPPORTED);
	}
}

uint64_t
shim_smc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	unsigned int n = shim_number();

	switch ((uint32_t)fn) {
	case 0x84000000:		/* PSCI_VERSION: 1.1 */
		return (0x10001);
	case 0x84000002:		/* CPU_OFF */
		shared()->cpu[n].state = OFF;
		wait(n);
	case 0x84000003:		/* CPU_ON */
		return ((uint64_t)cpu_on((uint32_t)a1, (uint32_t)a2,
		    (uint32_t)a3));
	case 0xc4000003:
		return ((uint64_t)cpu_on(a1, a2, a3));
	case 0x84000004:		/* AFFINITY_INFO */
		return ((uint64_t)affinity_info((uint32_t)a1, (uint32_t)a2));
	case 0xc4000004:
		return ((uint64_t)affinity_info(a1, a2));
	case 0x84000006:		/* MIGRATE_INFO_TYPE: no trusted OS */
		return (2);
	case 0x84000008:		/* SYSTEM_OFF */
	case 0x84000009:		/* SYSTEM_RESET: ends a model, too */
		shim_exit();
	case 0x8400000a:		/* PSCI_FEATURES */
		return ((uint64_t)features((uint32_t)a1));
	case 0x80000000:		/* SMCCC_VERSION (DEN 0028): 1.1 */
		return (0x10001);
	case 0x80000001:		/* SMCCC_ARCH_FEATURES */
		return ((uint64_t)arch_features((uint32_t)a1));
	case 0x80003fff:		/* SMCCC_ARCH_WORKAROUND_3, 2, 1 */
	case 0x80007fff:
	case 0x80008000:
		return (SUCCESS);
	default:
		return ((uint64_t)NOT_SUPPORTED);
	}
}
