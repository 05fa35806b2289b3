/*
 * EL2 of the floor: vectors whose HVC entry floor.c writes, and what it
 * writes there. Must not know what is measured.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
	.text
	.globl	el2_vectors
	.balign	2048
el2_vectors:
	.rept	16
	.balign	128
	eret
	.endr
	.balign	128

	.globl	floor_stack_code, floor_empty_code
floor_stack_code:
	mov	sp, x0
floor_empty_code:
	eret

/* What a function of C need not keep (AAPCS64): x0 to x18, x30. */
	.globl	floor_saved_code, floor_saved_end
floor_saved_code:
	stp	x0, x1, [sp, #-160]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x30, [sp, #144]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x30, [sp, #144]
	ldp	x0, x1, [sp], #160
	eret
floor_saved_end:

/* Two registers of EL1, in the order in which they lie in memory. */
	.macro	save_el1 a, b
	mrs	x0, \a
	mrs	x1, \b
	stp	x0, x1, [x30], #16
	.endm
	.macro	load_el1 a, b
	ldp	x0, x1, [x30], #16
	msr	\a, x0
	msr	\b, x1
	.endm
	.macro	el1 what
	\what	sctlr_el1, actlr_el1
	\what	cpacr_el1, mdscr_el1
	\what	ttbr0_el1, ttbr1_el1
	\what	tcr_el1, contextidr_el1
	\what	mair_el1, amair_el1
	\what	esr_el1, far_el1
	\what	afsr0_el1, afsr1_el1
	\what	vbar_el1, par_el1
	\what	tpidr_el1, cntkctl_el1
	\what	tpidr_el0, tpidrro_el0
	\what	sp_el0, sp_el1
	\what	elr_el1, spsr_el1
	\what	csselr_el1, elr_el2
	.endm

#define	GENERAL	(16 * 16)		/* bytes of x0 to x30 */
	.macro	context_out
	stp	x0, x1, [sp, #-GENERAL]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x0, spsr_el2
	stp	x30, x0, [sp, #240]
	adrp	x30, floor_context
	add	x30, x30, :lo12:floor_context
	el1	save_el1
	.endm
	.macro	context_in
	adrp	x30, floor_context
	add	x30, x30, :lo12:floor_context
	el1	load_el1
	ldp	x30, x0, [sp, #240]
	msr	spsr_el2, x0
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldp	x0, x1, [sp], #GENERAL
	.endm

/*
 * Out of the guest and into another, and back: who the other is costs
 * nothing, so it is the guest itself.
 */
	.globl	floor_switch_code
floor_switch_code:
	context_out
	context_in
	context_out
	context_in
	eret

	.bss
	.balign	64
floor_context:
	.space	256
