/*
 * Instructions that trap, one a function, for the cases; and banked registers
 * written and read. Must not know what comes of it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "armv7.h"

	.syntax	unified
	.arch	armv7ve
	.fpu	neon-vfpv4
	.text

	.macro	a32 name
	.balign	4
	.arm
	.globl	\name
	.type	\name, %function
\name:
	.endm

	.macro	t32 name
	.balign	4
	.thumb
	.globl	\name
	.thumb_func
\name:
	.endm

	a32	own_undef
	udf	#1
	bx	lr
	t32	own_undef_t32
	udf	#1
	bx	lr
	a32	cp15_undef
	mrc	p15, 0, r0, c11, c0, 0
	bx	lr
	t32	cp15_undef_t32
	mrc	p15, 0, r0, c11, c0, 0
	bx	lr
	a32	load
	ldr	r0, [r0]
	bx	lr
	t32	load_t32
	ldr	r0, [r0]
	bx	lr
	a32	store
	str	r0, [r0]
	bx	lr
	a32	call_svc
	svc	#0
	bx	lr
	a32	jump
	bx	r0
	a32	load_user
	cps	#MODE_USR
	ldr	r0, [r0]
	svc	#0
	a32	undef_user
	cps	#MODE_USR
	mrc	p15, 0, r0, c11, c0, 0
	svc	#0
	a32	undef_flags
	ldr	r0, =0xa8050100 | MODE_SVC
	msr	cpsr_cxsf, r0
	mrc	p15, 0, r0, c11, c0, 0
	bx	lr
	.ltorg

/*
 * uint32_t cond_a32(uint32_t address): trapped instructions whose condition
 * is false change nothing. 1: right.
 */
	a32	cond_a32
	mov	r1, r0
	mov	r0, #1
	mov	r2, #0x55
	cmp	r0, #1			/* EQ */
	mrcne	p15, 0, r2, c0, c1, 0
	ldrne	r2, [r1]
	cmp	r2, #0x55
	movne	r0, #0
	cmp	r0, #1
	mrceq	p15, 0, r2, c0, c1, 0
	cmp	r2, #0x55
	moveq	r0, #0
	bx	lr

/*
 * uint32_t it_block(uint32_t address, uint32_t *id): a trapped MRC, a 16-bit
 * and a 32-bit load of a device in an IT block: what follows each keeps its
 * condition. Bits of the result say what ran.
 */
	t32	it_block
	push	{r4, r5, r6}
	mov	r3, r0
	movs	r0, #0
	movs	r5, #0
	cmp	r0, #0			/* EQ */
	itete	eq
	mrceq	p15, 0, r4, c0, c1, 0	/* trapped */
	orrne	r0, r0, #1
	ldreq	r2, [r3]		/* trapped, 16 bits */
	orrne	r0, r0, #2
	str	r4, [r1]
	cmp	r0, #0
	ittee	eq
	ldreq.w	r2, [r3]		/* trapped, 32 bits */
	orreq	r0, r0, #4
	mrcne	p15, 0, r4, c0, c1, 0	/* not run */
	orrne	r0, r0, #8
	cmp	r0, #0			/* NE now */
	itt	eq
	ldreq	r2, [r3]		/* not run */
	orreq	r0, r0, #16
	orr	r0, r0, #32		/* behind all blocks */
	pop	{r4, r5, r6}
	bx	lr

/*
 * void load_banked(uint32_t address, uint32_t out[13]): into SP and LR of
 * each mode, and FIQ's r8 to r10.
 */
	.macro	into_mode mode
	cps	#\mode
	ldr	sp, [r0]
	ldr	lr, [r0]
	mov	r2, sp
	mov	r3, lr
	stmia	r1!, {r2, r3}
	.endm

	a32	load_banked
	push	{r4, lr}
	mov	r4, sp
	into_mode MODE_SYS
	into_mode MODE_IRQ
	into_mode MODE_ABT
	into_mode MODE_UND
	into_mode MODE_FIQ
	ldr	r8, [r0]
	str	r8, [r1], #4
	mrc	p15, 0, r8, c0, c1, 4	/* trapped: ID_MMFR0 */
	str	r8, [r1], #4
	into_mode MODE_SVC
	mov	sp, r4
	pop	{r4, pc}

/* void banked_set(const uint32_t v[]), banked_get(uint32_t v[]) */
	.macro	bank op, mode
	cps	#\mode
	\op	r0!, {r1, r2}
	.endm

	a32	banked_set
	mrs	r12, cpsr
	.irp	mode, MODE_SYS, MODE_IRQ, MODE_ABT, MODE_UND, MODE_FIQ
	cps	#\mode
	ldmia	r0!, {r1, r2, r3}
	mov	sp, r1
	mov	lr, r2
	.if	\mode != MODE_SYS
	msr	spsr_cxsf, r3
	.endif
	.endr
	ldmia	r0!, {r8-r11}		/* in FIQ mode still */
	ldr	r1, [r0], #4
	mov	r12, r1
	cps	#MODE_SVC
	ldr	r1, [r0]
	msr	spsr_cxsf, r1
	bx	lr

	a32	banked_get
	.irp	mode, MODE_SYS, MODE_IRQ, MODE_ABT, MODE_UND, MODE_FIQ
	cps	#\mode
	mov	r1, sp
	mov	r2, lr
	mov	r3, #0
	.if	\mode != MODE_SYS
	mrs	r3, spsr
	.endif
	stmia	r0!, {r1, r2, r3}
	.endr
	stmia	r0!, {r8-r12}
	cps	#MODE_SVC
	mrs	r1, spsr
	str	r1, [r0]
	bx	lr

/* void fp_set(const uint64_t d[32]), fp_get(uint64_t d[32]) */
	a32	fp_set
	vldmia	r0!, {d0-d15}
	vldmia	r0, {d16-d31}
	bx	lr
	a32	fp_get
	vstmia	r0!, {d0-d15}
	vstmia	r0, {d16-d31}
	bx	lr

/*
 * uint32_t try_read(uint32_t code): runs the instruction at code, which
 * writes r0 at most, or traps.
 */
	a32	try_read
	mov	r1, r0
	mov	r0, #0
	bx	r1
