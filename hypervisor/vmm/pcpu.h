/*
 * One physical CPU as the VMM sees it: which vCPU is loaded, which ones it
 * serves, who owns the state that is switched lazily. Stands at the top of
 * that CPU's stack.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef VMM_PCPU_H
#define	VMM_PCPU_H

#include "lib/types.h"
#include "port/cpu.h"

struct vcpu;

struct pcpu {
	struct vcpu	*current;	/* known to the vectors: keep first */
	unsigned int	index;		/* order of the device tree */
	uint64_t	mpidr;		/* affinity bits */
	bool		online;
	struct vcpu	*loaded;	/* whose EL1 state is in the CPU */
	struct vcpu	*fp_owner;
	struct vcpu	*ring;		/* circular list of its vCPUs */
	unsigned int	nvcpus;
	uint64_t	slice_end;	/* count at which the turn ends */
};

#define	PCPU_MAX	64
extern struct pcpu *pcpus[PCPU_MAX];	/* NULL: not brought up */
extern unsigned int pcpu_count;		/* entries of pcpus in use */

#endif
