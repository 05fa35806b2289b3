/*
 * Exception vectors: of synchronous ones is noted what the CPU left, and
 * whoever asked for it goes on; an interrupt is handled and returned from.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "armv7.h"

	.syntax	unified
	.arch	armv7ve
	.arm
	.text

	.macro	note vector
	mov	r0, #\vector
	mov	r1, lr
	mrs	r2, spsr
	mrs	r3, cpsr
	mov	r5, pc
	b	noted
	.endm

	.balign	4096
	.globl	vectors, vectors_t32
vectors:
	b	.
	b	1f
	b	2f
	b	3f
	b	4f
	b	.
	b	irq
	b	irq
1:	note	VECTOR_UND
2:	note	VECTOR_SVC
3:	note	VECTOR_PABT
4:	note	VECTOR_DABT
noted:
	cps	#MODE_SVC
	/* It may be mapped elsewhere: no address relative to the PC. */
	movw	r4, #:lower16:trap_noted
	movt	r4, #:upper16:trap_noted
	stmia	r4, {r0-r3, r5}
	movw	r4, #:lower16:trap_taken
	movt	r4, #:upper16:trap_taken
	bx	r4

	/* SCTLR.TE: vectors in T32, the few there are of use. */
	.thumb
	.balign	32
vectors_t32:
	b.w	.
	b.w	1f
	b.w	.
	b.w	.
	b.w	4f
	b.w	.
	b.w	.
	b.w	.
1:	movs	r0, #VECTOR_UND
	b	2f
4:	movs	r0, #VECTOR_DABT
2:	mov	r1, lr
	mrs	r2, spsr
	mrs	r3, cpsr
	orr	r3, r3, #0x20		/* which reads as 0 in an MRS */
	mov	r5, pc
	cps	#MODE_SVC
	movw	r4, #:lower16:trap_noted
	movt	r4, #:upper16:trap_noted
	stmia	r4, {r0-r3, r5}
	movw	r4, #:lower16:trap_taken
	movt	r4, #:upper16:trap_taken
	bx	r4

	.arm
irq:
	sub	lr, lr, #4
	srsdb	sp!, #MODE_SVC
	cps	#MODE_SVC
	push	{r0-r3, r12, lr}
	mov	r0, sp
	and	r1, r0, #4
	sub	sp, sp, r1
	push	{r1, r2}
	bl	gic_dispatch
	pop	{r1, r2}
	add	sp, sp, r1
	pop	{r0-r3, r12, lr}
	rfeia	sp!
