/*
 * What everyone may ask of the CPU they run on: time, barriers, locks.
 * The architecture supplies <arch_cpu.h>, found by the include path, with
 * static inline versions of all of these.
 *
 *	uint64_t port_counter(void)	physical counter now, in ticks
 *	uint64_t port_counter_hz(void)	its frequency
 *	void port_relax(void)		in a loop that waits for another CPU
 *	void port_mb(void)		order all memory accesses (inner)
 *	struct spinlock			{ 0 } is unlocked
 *	void spin_lock(struct spinlock *), spin_unlock(struct spinlock *)
 *		acquire and release order; the hypervisor never takes
 *		interrupts in EL2, so there is no irqsave form
 *	void port_kick_cpu(unsigned cpu)	make that CPU exit its guest
 *	unsigned port_cpu(void)		index of this CPU
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include <arch_cpu.h>

/* Affinity fields of MPIDR_EL1 (DDI 0487 D19.2.101). */
#define	PORT_AFFINITY	0xff00ffffffull
