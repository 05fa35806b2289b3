/*
 * Exception vectors, and the saved contexts that case_end and trap_catch go
 * back to. Must not know what an exception means.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

/* A struct trap_frame on the stack; x0 = its address. */
	.macro	frame_save
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
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
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x30, x1, [sp, #240]
	str	x2, [sp, #256]
	mov	x0, sp
	.endm

	.macro	unexpected what
	.balign	128
	frame_save
	mov	x1, #\what
	bl	exception_other
	b	frame_restore
	.endm

	.text
	.balign	2048
	.globl	vectors
vectors:
	.balign	128			/* EL1t: as EL1h */
	frame_save
	bl	exception_sync
	b	frame_restore
	.balign	128
	b	irq_slow
	unexpected 2
	unexpected 3

	.balign	128			/* EL1h */
	frame_save
	bl	exception_sync
	b	frame_restore

	.balign	128
	msr	tpidr_el1, x16
	adrp	x16, irq_fast
	ldr	x16, [x16, :lo12:irq_fast]
	cbz	x16, 1f
	br	x16
1:	mrs	x16, tpidr_el1
	b	irq_slow

	.balign	128			/* FIQ */
	frame_save
	mov	x0, #1
	bl	gic_dispatch
	b	frame_restore

	unexpected 7			/* SError */

	unexpected 8			/* EL0, AArch64 */
	unexpected 9
	unexpected 10
	unexpected 11

	unexpected 12			/* EL0, AArch32 */
	unexpected 13
	unexpected 14
	unexpected 15

irq_slow:
	frame_save
	mov	x0, #0
	bl	gic_dispatch
	/* FALLTHROUGH */
frame_restore:
	ldr	x2, [sp, #256]
	ldp	x30, x1, [sp, #240]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x28, x29, [sp, #224]
	ldp	x26, x27, [sp, #208]
	ldp	x24, x25, [sp, #192]
	ldp	x22, x23, [sp, #176]
	ldp	x20, x21, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME_SIZE
	eret

/*
 * bool context_run(struct context *c, void (*fn)(uint64_t), uint64_t arg):
 * calls fn(arg) and returns false; or true, when meanwhile somebody has
 * called context_leave(c), in whatever state.
 */
	.globl	context_run
context_run:
	mov	x9, sp
	stp	x19, x20, [x0]
	stp	x21, x22, [x0, #16]
	stp	x23, x24, [x0, #32]
	stp	x25, x26, [x0, #48]
	stp	x27, x28, [x0, #64]
	stp	x29, x30, [x0, #80]
	str	x9, [x0, #96]
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	mov	x0, x2
	blr	x1
	ldp	x29, x30, [sp], #16
	mov	x0, #0
	ret

	.globl	context_leave
context_leave:
	ldp	x19, x20, [x0]
	ldp	x21, x22, [x0, #16]
	ldp	x23, x24, [x0, #32]
	ldp	x25, x26, [x0, #48]
	ldp	x27, x28, [x0, #64]
	ldp	x29, x30, [x0, #80]
	ldr	x9, [x0, #96]
	mov	sp, x9
	mov	x0, #1
	ret
