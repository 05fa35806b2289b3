/*
 * Where a CPU leaves reset at EL3, traps to it, and leaves it: everything
 * that takes a system register (DDI 0487, D19). Runs from ROM; all it writes
 * is in shim_facts.state. MMU and caches stay off.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "shim.h"

#define	STACK		1024		/* bytes for a CPU, from state + 64 KiB down */
#define	SCR		0x531		/* NS, RES1 5:4, HCE, RW */
#define	SCR_APIAPK	0x30000		/* pointer authentication: not trapped */
#define	CPTR_EZ		0x100		/* SVE: not trapped */
#define	SCTLR_EL2	0x30c50830	/* RES1; MMU, caches off */
#define	SPSR_EL2H	0x3c9		/* DAIF masked */

	.section .head, "ax"
	.globl	shim_start, shim_facts
shim_start:
	b	reset
	.balign	8
shim_facts:
	.space	72

	.text
reset:
	msr	daifset, #0xf
	bl	shim_number
	cmp	x0, #SHIM_CPUS
	b.hs	park
	adr	x2, shim_facts
	ldr	x3, [x2, #16]		/* state */
	add	x3, x3, #0x10000
	mov	x4, #STACK
	msub	x3, x0, x4, x3
	mov	sp, x3
	adr	x3, vectors
	msr	vbar_el3, x3
	mov	x3, #SCR
	mrs	x4, id_aa64isar1_el1	/* GPI, GPA, API, APA: 31:24, 11:4 */
	mov	x5, #0x0ff0
	movk	x5, #0xff00, lsl #16
	tst	x4, x5
	b.eq	1f
	orr	x3, x3, #SCR_APIAPK
1:	msr	scr_el3, x3
	mrs	x4, id_aa64pfr0_el1
	ubfx	x4, x4, #32, #4
	cbz	x4, 3f
	mov	x4, #CPTR_EZ
3:	msr	cptr_el3, x4
	cbz	x4, 4f
	isb
	mov	x3, #0xf		/* all lengths */
	msr	s3_6_c1_c2_0, x3	/* ZCR_EL3 */
4:
	msr	mdcr_el3, xzr
	ldr	x3, [x2, #56]		/* frequency */
	msr	cntfrq_el0, x3
	msr	cntvoff_el2, xzr
	mov	x3, #SCTLR_EL2 & 0xffff
	movk	x3, #SCTLR_EL2 >> 16, lsl #16
	msr	sctlr_el2, x3
	msr	hcr_el2, xzr
	mrs	x3, id_aa64pfr0_el1
	tst	x3, #0xf000000		/* GIC: system registers */
	b.eq	2f
	mov	x3, #0xf		/* SRE, lower levels may use it */
	msr	s3_6_c12_c12_5, x3	/* ICC_SRE_EL3 */
	isb
	msr	s3_4_c12_c9_5, x3	/* ICC_SRE_EL2 */
	mov	x3, #1
	msr	s3_6_c12_c12_7, x3	/* ICC_IGRPEN1_EL3: EnableGrp1NS */
	mov	x3, #0xff
	msr	s3_0_c4_c6_0, x3	/* ICC_PMR_EL1 */
2:	isb
	mrs	x0, mpidr_el1
	b	shim_cpu
park:	wfi
	b	park

/*
 * unsigned int shim_number(void): of this CPU. Four to a cluster where Aff0
 * is a thread (MT), as on FVP Base; else eight, as on QEMU virt.
 */
	.globl	shim_number
shim_number:
	mrs	x1, mpidr_el1
	ubfx	x0, x1, #0, #8
	ubfx	x2, x1, #8, #8
	lsl	x2, x2, #3
	tbz	x1, #24, 1f
	ubfx	x0, x1, #8, #8
	ubfx	x2, x1, #16, #8
	lsl	x2, x2, #2
1:	add	x0, x0, x2
	ret

	.globl	shim_leave
shim_leave:
	msr	elr_el3, x0
	mov	x0, #SPSR_EL2H
	msr	spsr_el3, x0
	mov	x0, x1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	isb
	eret

/* SYS_EXIT, ADP_Stopped_ApplicationExit, 0 (Arm semihosting, 2.0). */
	.globl	shim_exit
shim_exit:
	mov	x2, #0x26
	movk	x2, #0x2, lsl #16
	stp	x2, xzr, [sp, #-16]!
	mov	x0, #0x18
	mov	x1, sp
	hlt	#0xf000
1:	wfi
	b	1b

/* SMC from below in AArch64 alone is expected; SMCCC: x4 to x17 are kept. */
	.balign	2048
vectors:
	.rept	8
	b	.
	.balign	128
	.endr
	stp	x1, x2, [sp, #-160]!
	stp	x3, x4, [sp, #16]
	stp	x5, x6, [sp, #32]
	stp	x7, x8, [sp, #48]
	stp	x9, x10, [sp, #64]
	stp	x11, x12, [sp, #80]
	stp	x13, x14, [sp, #96]
	stp	x15, x16, [sp, #112]
	stp	x17, x18, [sp, #128]
	str	x30, [sp, #144]
	b	smc
	.balign	128
	.rept	7
	b	.
	.balign	128
	.endr
smc:
	mrs	x4, esr_el3
	lsr	x4, x4, #26
	cmp	x4, #0x17		/* SMC from AArch64 */
	b.ne	.
	bl	shim_smc
	ldp	x3, x4, [sp, #16]
	ldp	x5, x6, [sp, #32]
	ldp	x7, x8, [sp, #48]
	ldp	x9, x10, [sp, #64]
	ldp	x11, x12, [sp, #80]
	ldp	x13, x14, [sp, #96]
	ldp	x15, x16, [sp, #112]
	ldp	x17, x18, [sp, #128]
	ldr	x30, [sp, #144]
	ldp	x1, x2, [sp], #160
	eret
