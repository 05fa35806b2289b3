/*
 * Exception vectors of the timed code: the first instruction of the IRQ
 * vector reads the clock. And those of the CPU that answers an interrupt by
 * one. All other vectors are the run-time library's. Must not know who
 * caused the interrupt.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */

	.macro	others from, to
	.set	slot, \from
	.rept	\to - \from
	.balign	128
	b	vectors + slot * 128
	.set	slot, slot + 1
	.endr
	.balign	128
	.endm

	/* Interrupted is a shot (op.h): x22, x23 are free, x24 the way on. */
	.macro	clock_vectors name, clock
	.balign	2048
	.globl	\name
\name:
	others	0, 5
	mrs	x22, \clock
	msr	elr_el1, x24
	mrs	x23, spsr_el1
	orr	x23, x23, #(1 << 7)	/* I: it stays pending */
	msr	spsr_el1, x23
	eret
	others	6, 16
	.endm

	.text
	clock_vectors entry_vectors_pmu, pmccntr_el0
	clock_vectors entry_vectors_counter, cntvct_el0
	clock_vectors entry_vectors_retired, pmevcntr0_el0

	/* Interrupted is entry_echo: x19, x20 hold what answers. */
	.balign	2048
	.globl	entry_vectors_echo3
entry_vectors_echo3:
	others	0, 5
	mrs	x1, s3_0_c12_c12_0	/* ICC_IAR1_EL1 */
	msr	s3_0_c12_c11_5, x19	/* ICC_SGI1R_EL1 */
	msr	s3_0_c12_c12_1, x1	/* ICC_EOIR1_EL1 */
	eret
	others	6, 16

	.balign	2048
	.globl	entry_vectors_echo2
entry_vectors_echo2:
	others	0, 5
	ldr	w1, [x22, #0xc]		/* GICC_IAR */
	str	w20, [x19]		/* GICD_SGIR */
	str	w1, [x22, #0x10]	/* GICC_EOIR */
	eret
	others	6, 16

/*
 * A CPU that CPU_ON has started: x0 = {count, conduit of CPU_OFF}.
 */
	.globl	entry_started
entry_started:
	mrs	x1, cntvct_el0
	str	x1, [x0]
	dsb	sy
	ldr	x2, [x0, #8]
	mov	w0, #0x84000000		/* CPU_OFF (DEN 0022, 5.1.3) */
	orr	w0, w0, #2
	cbnz	x2, 1f
	hvc	#0
1:	smc	#0

/*
 * void entry_echo(const uint64_t arg[2], const uint32_t *stop,
 *     uint64_t gicc): answers interrupts until *stop is not 0.
 */
	.globl	entry_echo
entry_echo:
	stp	x19, x20, [sp, #-32]!
	stp	x21, x22, [sp, #16]
	ldp	x19, x20, [x0]
	mov	x21, x1
	mov	x22, x2
	msr	daifclr, #2
1:	yield
	ldr	w0, [x21]
	cbz	w0, 1b
	msr	daifset, #2
	ldp	x21, x22, [sp, #16]
	ldp	x19, x20, [sp], #32
	ret
