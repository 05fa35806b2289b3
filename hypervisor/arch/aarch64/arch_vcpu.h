/*
 * The state of a vCPU that is Armv8's own: what is switched when the vCPU
 * on a CPU changes, and what follows lazily when it is used. The general
 * registers are in struct vcpu. Knows nothing of VMs.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include "arch/aarch64/ext/aarch32.h"
#include "arch/aarch64/offsets.h"

struct arch_fp {
	uint64_t	q[64] __attribute__((aligned(16)));
	uint64_t	fpsr, fpcr;
};

#define	PMU_MAX	31
struct arch_pmu {
	uint64_t	pmcr, ccntr, ccfiltr, cntenset, intenset, ovsset;
	uint64_t	selr, userenr;
	uint64_t	evcntr[PMU_MAX], evtyper[PMU_MAX];
};

/* Breakpoints and watchpoints switched: what Arm's own CPUs have. */
#define	DEBUG_BPS 6
#define	DEBUG_WPS 4
struct arch_debug {
	uint64_t	mdscr;
	uint32_t	oslsr, osdlr;
	uint64_t	bvr[DEBUG_BPS], bcr[DEBUG_BPS];
	uint64_t	wvr[DEBUG_WPS], wcr[DEBUG_WPS];
};

struct arch_vcpu {
	uint64_t	elr, spsr;	/* PC and PSTATE, while not loaded */
	uint64_t	el1[EL1_WORDS];	/* order: switch.S */
#define	EL1_SCTLR	4
	uint64_t	cntv_ctl, cntv_cval;
	uint64_t	hcr, mdcr;
	uint8_t		uses;		/* enum port_state; and */
#define	USES_SERROR	(1u << 7)	/* one waits in hcr */
#define	USES_AARCH32	(1u << 6)
	struct arch_sve	*sve;		/* its FP is a part of that; or NULL */
	struct arch_fp	fp;
	struct arch_pmu	pmu;
	struct arch_debug debug;
	uint64_t	pauth[10];	/* keys */
	struct arch_aarch32 aarch32;	/* from here on: reset in ext/ */
	struct arch_sve	*sve_room;
};

struct vcpu;

static inline ipa_t
port_fault_ipa(struct vcpu *v, uint64_t esr)
{
	uint64_t far, hpfar;

	(void)v;
	(void)esr;
	__asm__ volatile("mrs %0, hpfar_el2" : "=r" (hpfar));
	__asm__ volatile("mrs %0, far_el2" : "=r" (far));
	/* HPFAR_EL2.FIPA [43:4] holds IPA [51:12]. */
	return (IPA((hpfar & 0xffffffffff0ull) << 8 |
	    (far & (PAGE_SIZE - 1))));
}

static inline uint64_t
port_kernel_pc(void)
{
	uint64_t pc, spsr;

	__asm__ volatile("mrs %0, elr_el2" : "=r" (pc));
	__asm__ volatile("mrs %0, spsr_el2" : "=r" (spsr));
	/* M[3:0]: 0 for EL0t, and for AArch32's User mode. */
	return ((spsr & 0xf) != 0 ? pc : 0);
}
