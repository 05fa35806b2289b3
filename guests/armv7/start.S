/*
 * The first instructions, by the Linux arm boot protocol: zImage header, boot
 * CPU (r2 = device tree, MMU off, Supervisor mode), secondary CPUs (PSCI
 * CPU_ON, r0 = struct smp_boot). Moves the image to where it is linked, and
 * gets C a stack and zeroed .bss; must not know what C does then.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "armv7.h"

	.syntax	unified
	.arch	armv7ve
	.fpu	neon-vfpv4
	.arm

	.section .head, "ax"
	.globl	image_start
image_start:
	b	start
	.rept	8
	nop
	.endr
	.word	0x016f2818		/* zImage's magic, at 0x24 */
	.word	image_start, data_end	/* where linked */

start:
	cpsid	if
	mrs	r4, cpsr
	/* Where we are, and where we are to be. */
	adr	r5, image_start
	ldr	r6, =image_start
	ldr	r7, =data_end
	mov	r8, r6
	cmp	r5, r6
	beq	2f
1:	ldmia	r5!, {r9, r10}
	stmia	r8!, {r9, r10}
	cmp	r8, r7
	blo	1b
2:	ldr	r8, =bss_start
	ldr	r9, =bss_end
	mov	r10, #0
3:	str	r10, [r8], #4
	cmp	r8, r9
	blo	3b
	ldr	r8, =entry_state
	stmia	r8, {r0-r2, r4}
	ldr	sp, =stacks + STACK_SIZE
	mcr	p15, 0, r10, c7, c5, 0	/* ICIALLU */
	dsb
	isb
	mcr	p15, 0, r10, c13, c0, 4	/* TPIDRPRW: CPU 0 */
	ldr	r8, =vectors
	mcr	p15, 0, r8, c12, c0, 0	/* VBAR */
	isb
	ldr	r8, =guest_start
	bx	r8
	.ltorg

	.text
/* CPU_ON leaves a CPU here, or at the next if it starts in T32. */
	.globl	secondary_start, secondary_start_t32
	.thumb
	.thumb_func
secondary_start_t32:
	/* Only in T32 are these two instructions. */
	movs	r1, #0x32
	b.n	1f
	.align	2
1:	bx	pc
	nop
	.arm
	b	2f
secondary_start:
	mov	r1, #0xa
2:	mrs	r2, cpsr
	str	r1, [r0, #SMP_STATE]
	str	r2, [r0, #SMP_CPSR]
	ldr	sp, [r0, #SMP_STACK]
	ldr	r1, [r0, #SMP_INDEX]
	mcr	p15, 0, r1, c13, c0, 4
	ldr	r8, =vectors
	mcr	p15, 0, r8, c12, c0, 0
	isb
	ldr	r8, =smp_secondary
	bx	r8

/* int context_run(struct context *, void (*fn)(uint32_t), uint32_t arg) */
	.globl	context_run, context_leave
context_run:
	push	{r3-r11, lr}
	str	sp, [r0]
	mov	r0, r2
	blx	r1
	mov	r0, #0
	pop	{r3-r11, pc}
/* context_leave(struct context *): context_run returns 1 */
context_leave:
	ldr	sp, [r0]
	mov	r0, #1
	pop	{r3-r11, pc}
	.ltorg

	.bss
	.balign	8
	.globl	stacks
stacks:	.space	STACK_SIZE * MAX_CPUS
