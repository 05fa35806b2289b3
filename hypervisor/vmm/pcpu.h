/*
 * One physical CPU as the VMM sees it: which vCPU is loaded, which ones it
 * serves, who owns the state that is switched lazily. Stands at the top of
 * that CPU's stack.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "port/cpu.h"

struct vcpu;

struct pcpu {
	/* Known to the vectors (arch offsets): keep first, in this order. */
	struct vcpu	*current;
	uint64_t	index;		/* order of the device tree */
	uint64_t	entry_ticks;	/* of this exit, with "stats" */
	uint64_t	entry_class;
	void		*panic_stack;	/* its top */
	const void	*vectors[5];	/* what an exit goes through */

	uint64_t	mpidr;		/* affinity bits */
	bool		online;
	struct vcpu	*loaded;	/* whose EL1 state is in the CPU */
	struct vcpu	*fp_owner;
	struct vcpu	*ring;		/* circular list of its vCPUs */
	unsigned int	nvcpus;		/* in the ring */
	unsigned int	assigned;	/* bound to it, started or not */
	uint64_t	slice;		/* ticks of one turn */
	uint64_t	timer_next;	/* count of the next timer of a vCPU */
	uint64_t	slice_end;	/* count at which the turn ends */
	bool		timed;		/* vectors[] also add up time */
};

#define	PCPU_MAX	64
extern struct pcpu *pcpus[PCPU_MAX + 1];	/* the last stays NULL */
extern unsigned int pcpu_count;		/* entries of pcpus in use */
