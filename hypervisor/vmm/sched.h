/*
 * Who runs on this CPU: one vCPU costs nothing; several take turns, round
 * robin, by the EL2 timer. Also the timers of vCPUs that do not run.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"

struct pcpu;

#define	SCHED_SLICE_US	1000		/* a turn, where others wait */
/*
 * Where vCPUs of one VM share a CPU: an operating system has them wait for
 * each other in loops that end with no trap, each for the rest of its turn.
 */
#define	SCHED_SIBLINGS_US 100

/* A vCPU joins the ring of its CPU. */
void	sched_add(struct vcpu *v);
/*
 * The next vCPU to run after v (which may be the only one; NULL at start),
 * loaded and current. Sleeps while there is none.
 */
struct vcpu *sched_next(struct pcpu *p, struct vcpu *v);
/* A timer of v, or who waits, has changed: set the EL2 timer anew. */
void	sched_timer_changed(struct vcpu *v);
/* On this CPU, safe with any lock held: sched_timer() before guests go on. */
void	sched_soon(void);
/* The EL2 timer has fired on p. True: others than the current could run. */
bool	sched_timer(struct pcpu *p);
/* Nobody's EL1 state is to stay in this CPU (the loaded vCPU's is saved). */
void	sched_unload(struct pcpu *p);
