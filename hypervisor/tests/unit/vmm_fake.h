/*
 * What the exit handlers call, scripted and recorded: the scheduler, the
 * life of a VM, the log, the virtual GIC and stage 2. With it a VM of four
 * vCPUs (two clusters) to trap from.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/exits.h"

#define	VMM_FAKE_VCPUS	4
#define	VMM_FAKE_MEMORY	0x8000000ull	/* bytes of RAM */

struct vmm_fake {
	/* Set by the test. */
	outcome_t	wait;			/* of vcpu_wait() */
	ipa_t		released;
	enum stage2_result stage2;		/* of stage2_fault() */
	uint64_t	mmio_value;		/* what a device reads as */
	enum mmio_result mmio_result;
	unsigned int	pieces;		/* of stage2_clean(), less one */
	/* Recorded. */
	struct vcpu	*requested;
	uint32_t	request;
	unsigned int	requests, waits;
	struct vm	*stopped;
	enum vm_stop	why;
	unsigned int	stops, timer_changes, logs;
	struct vcpu	*before;		/* of sched_next() */
	unsigned int	turns;
	char		log[160];		/* the last line */
	ipa_t		fault_ipa;
	bool		fault_write, fault_exec;
	unsigned int	faults, cleans;
	const char	*gic;			/* function last called */
	struct vgic_cpu	*gic_self;
	uint64_t	gic_value;
	unsigned int	gic_calls, lines, line_vcpu, line_intid;
	bool		line;
	struct mmio	mmio;			/* last access, */
	void		*mmio_dev;		/* by whom, */
	unsigned int	mmio_vcpu, mmios;	/* how often */
};

extern struct vmm_fake vmm_fake;
extern struct vm vmm_vm;
extern struct vcpu vmm_vcpu[VMM_FAKE_VCPUS];
extern struct pcpu vmm_pcpu;

/*
 * All as new: a running VM with GICv3, vCPU 0 on, the others off; vCPUs
 * have affinities 0.0, 0.1, 1.0, 1.1; their registers hold 0x1000 * vCPU
 * index + 0x100 + number; the distributor, a UART and a clock are at their
 * places and recorded by vmm_fake_access().
 */
void	vmm_fake_reset(void);
mmio_fn	vmm_fake_access;

/* A syndrome. */
#define	ESR(ec, iss)	((uint64_t)(ec) << ESR_EC_SHIFT | ESR_IL | (iss))
/* Trap of MRS (read) or MSR of a register with Rt. */
#define	ESR_SYS(name, read, rt)						\
	ESR(EC_SYSREG, (name) | (uint32_t)(rt) << 5 | (read))

/* Registers that have changed since vmm_fake_reset(), as a bit map. */
uint32_t vmm_fake_changed(const struct vcpu *v);
