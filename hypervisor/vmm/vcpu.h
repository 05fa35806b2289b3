/*
 * One virtual CPU: its registers, its state, where it runs. A vCPU is bound
 * to one physical CPU when its VM is created and does not move.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "abi/stats.h"
#include "port/trap.h"
#include "port/vcpu.h"
#include "vgic/vgic.h"
#include "vtimer/vtimer.h"
#include "vmm/outcome.h"

struct pcpu;
struct vm;

/* Power state, as PSCI sees it (DEN 0022, 5.7). */
enum vcpu_power {
	VCPU_OFF,
	VCPU_ON_PENDING,
	VCPU_ON,
};

/* What another CPU wants of this one; see vcpu_request(). */
#define	VCPU_REQ_GIC		(1u << 0)	/* call vgic_sync */
#define	VCPU_REQ_STOP		(1u << 1)	/* the VM is stopping */
#define	VCPU_REQ_START		(1u << 2)	/* reset to start_pc first */
#define	VCPU_REQ_TIMER		(1u << 3)	/* its CPU's timer: set anew */

struct vcpu {
	/* Known to the vectors (arch offsets): keep first, in this order. */
	uint64_t	x[31];
	struct pcpu	*pcpu;
	uint64_t	exits[EC_COUNT + 2];	/* by class of exception; then
						   IRQ, SError */
#define	VCPU_EXIT_IRQ	EC_COUNT
#define	VCPU_EXIT_SERROR (EC_COUNT + 1)

	struct vm	*vm;
	unsigned int	index;		/* in the VM */
	uint64_t	mpidr;		/* as the guest reads it */
	struct vcpu	*next;		/* ring of the vCPUs of this pcpu */

	uint32_t	requests;	/* atomic, VCPU_REQ_* */
	uint32_t	waiting;	/* atomic: in WFI, nothing pending */
	enum vcpu_power	power;		/* under vm->lock */
	uint64_t	start_pc, start_x0;	/* of the pending CPU_ON */

	struct vgic_cpu	gic;
	struct vtimer	ptimer;		/* emulated CNTP; CNTV is in arch */
	bool		ptimer_told;	/* its line was raised for this */
	struct arch_vcpu arch;
	uint64_t	ticks[EXIT_CLASSES];	/* with "stats" */
};

/* Ask a vCPU, on whichever CPU, to attend to req; wakes it from WFI. */
void	vcpu_request(struct vcpu *v, uint32_t req);
/* Attend to what was asked of v, which is loaded on this CPU or waits. */
outcome_t vcpu_attend(struct vcpu *v);
/* The guest waits for an interrupt. */
outcome_t vcpu_wait(struct vcpu *v);
/* By guest register number; 31 reads as zero and swallows writes. */
static inline uint64_t
vcpu_reg(const struct vcpu *v, unsigned int n)
{

	return (n == 31 ? 0 : v->x[n]);
}

static inline void
vcpu_set_reg(struct vcpu *v, unsigned int n, uint64_t value)
{

	if (n != 31)
		v->x[n] = value;
}
