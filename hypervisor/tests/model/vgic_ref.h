/*
 * A naive interrupt controller to hold the virtual GIC against: one struct
 * per interrupt, every question answered by a loop, written from the
 * manuals' state machine (IHI 0048B 3.2, IHI 0069 4.1) and not from vgic/.
 * Knows no list registers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "abi/machine.h"
#include "lib/types.h"

#define	REF_VCPUS	4
#define	REF_NOBODY	0xffu

struct ref_irq {
	bool		enabled, group, edge, line, latch, active;
	bool		hw;		/* pending by its latch alone */
	bool		phys;		/* physical one waits for the guest */
	bool		asked;		/* the real distributor to pend it */
	uint8_t		prio;
	uint8_t		from, active_from;	/* GICv2's SGIs */
	unsigned int	active_on, dest;
};

struct ref_stack {			/* acknowledged, not ended */
	unsigned int	intid, group, from, prio;
};

struct ref_cpu {
	struct ref_irq	priv[32];
	uint32_t	vmcr;
	struct ref_stack stack[64], dropped[64];
	unsigned int	depth, ndropped;
};

struct ref {
	unsigned int	version, nvcpus, pre_bits;
	bool		on[2];
	struct ref_cpu	cpu[REF_VCPUS];
	struct ref_irq	spi[MACHINE_NR_INTID];
	uint32_t	target[MACHINE_NR_INTID];
	uint64_t	router[MACHINE_NR_INTID];
};

void	ref_reset(struct ref *r);
struct ref_irq *ref_irq(struct ref *r, unsigned int c, unsigned int intid);
bool	ref_pending(const struct ref *r, const struct ref_irq *i,
	    unsigned int intid);
/* Pending and enabled everywhere, for vCPU c; its priority is ignored. */
bool	ref_candidate(struct ref *r, unsigned int c, unsigned int intid);
/*
 * Is an interrupt signalled to vCPU c? Only the best candidate's priority
 * (given in prio) counts, whatever is behind it; either answer is right
 * where one of each group, with different binary points, are the best.
 */
enum ref_answer { REF_NO, REF_YES, REF_EITHER };
enum ref_answer ref_best(struct ref *r, unsigned int c, unsigned int *prio);
void	ref_ack(struct ref *r, unsigned int c, unsigned int intid,
	    unsigned int from);
/* The one acknowledged last: priority drop; and its end, by EOImode. */
struct ref_stack ref_eoi(struct ref *r, unsigned int c);
struct ref_stack ref_dir(struct ref *r, unsigned int c, unsigned int n);
void	ref_line(struct ref_irq *i, unsigned int intid, bool level);
/* Whoever is neither pending nor active has given its physical one back. */
void	ref_settle(struct ref *r, struct ref_irq *i, unsigned int intid);
