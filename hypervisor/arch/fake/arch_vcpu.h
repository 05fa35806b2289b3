/*
 * A vCPU of the fake architecture: nothing runs. What the VMM asks of it is
 * recorded, and what it would find in the CPU is set by the test.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <setjmp.h>

#include "lib/types.h"

struct vcpu;

struct arch_vcpu {
	uint64_t	pc, x0;		/* as last reset */
	unsigned int	resets, saves, loads, disowned, dumps;
	uint64_t	cntv_ctl, cntv_cval;	/* virtual timer, not loaded */
};

#define	VCPU_FAKE_CALLS	16		/* of firmware remembered */

/* The one CPU that there is. */
extern struct vcpu_fake {
	/* Set by the test. */
	uint64_t	id[64];		/* identification registers */
	ipa_t		fault_ipa;	/* of the trap being handled */
	uint64_t	kernel_pc;	/* at which it left EL1; or 0 */
	uint64_t	(*firmware)(uint64_t fn, uint64_t a1);	/* NULL: -1 */
	void		(*idle)(void);	/* what happens while it sleeps */
	jmp_buf		*power_off;	/* where that ends; NULL: abort() */
	/* Recorded. */
	struct vcpu	*loaded;
	unsigned int	undefs, aborts, serrors;	/* injected */
	uint64_t	abort_esr;	/* the last one's */
	unsigned int	fp, pmu, debug, pauth;	/* taken */
	uint64_t	deadline;
	unsigned int	idles;
	struct {
		uint64_t	fn, a1;
	}		calls[VCPU_FAKE_CALLS];
	unsigned int	ncalls;
} vcpu_fake;

/* Forgets everything; no deadline. */
void	vcpu_fake_reset(void);

static inline ipa_t
port_fault_ipa(struct vcpu *v, uint64_t esr)
{

	(void)v;
	(void)esr;
	return (vcpu_fake.fault_ipa);
}

static inline uint64_t
port_kernel_pc(void)
{

	return (vcpu_fake.kernel_pc);
}
