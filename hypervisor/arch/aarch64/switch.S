/*
 * The EL1 world of a vCPU, to memory and back: what switches when the vCPU
 * on a CPU changes, apart from timers, GIC and general registers. Knows the
 * order of struct arch_vcpu's el1[] and nothing else.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/offsets.h"

	/* Words 4 and 5 are SCTLR_EL1 and TCR_EL1, apart for their order. */
	.macro	el1_pairs op
	\op	0, own, sp_el0, sp_el1
	\op	2, el12, elr_el1, spsr_el1
	\op	6, el12, ttbr0_el1, ttbr1_el1
	\op	8, el12, cpacr_el1, vbar_el1
	\op	10, el12, esr_el1, far_el1
	\op	12, el12, afsr0_el1, afsr1_el1
	\op	14, el12, mair_el1, amair_el1
	\op	16, el12, contextidr_el1, cntkctl_el1
	\op	18, own, tpidr_el0, tpidrro_el0
	\op	20, own, tpidr_el1, par_el1
	\op	22, own, csselr_el1, mdscr_el1
	.endm

	/* A register's name is the same with E2H, or is not: see sysreg.h. */
	.macro	own op, a, b
	\op	\a, \b
	.endm

	.macro	el12 op, a, b
9:	\op	\a, \b
	.pushsection .el12, "a"
	.long	9b - .
	.popsection
	.endm

	.macro	save_pair n, how, a, b
	\how	mrs, x1, \a
	\how	mrs, x2, \b
	stp	x1, x2, [x0, #(\n * 8)]
	.endm

	.macro	load_pair n, how, a, b
	ldp	x1, x2, [x0, #(\n * 8)]
	\how	msr, \a, x1
	\how	msr, \b, x2
	.endm

	.text
/* void switch_save_el1(uint64_t el1[EL1_WORDS]) */
	.globl	switch_save_el1
switch_save_el1:
	save_pair 4, el12, sctlr_el1, tcr_el1
	el1_pairs save_pair
	ret

/*
 * void switch_load_el1(const uint64_t el1[EL1_WORDS], uint64_t vttbr)
 *
 * Some CPUs (Arm errata 1319367, 1319537, 1530923) may walk tables on
 * speculation with a mixture of two worlds' registers, and keep the result
 * in the TLB: forbid walks first, and allow them again last.
 */
	.globl	switch_load_el1
switch_load_el1:
	/* For AArch32 they mean that only with EAE, which is in TG1 here. */
	mov	x3, #(1 << 31 | 1 << 23) /* TCR_EL1.EPD1, */
	movk	x3, #(1 << 7)		/* EPD0 */
	el12	msr, tcr_el1, x3
	isb
	msr	vttbr_el2, x1
	ldp	x4, x5, [x0, #(4 * 8)]
	el12	msr, sctlr_el1, x4
	el1_pairs load_pair
	isb
	el12	msr, tcr_el1, x5
	ret
