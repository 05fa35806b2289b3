/*
 * FP and SIMD registers to memory and back. The only code of the
 * hypervisor that touches them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
	.arch_extension fp
	.arch_extension simd

	.altmacro
	.macro	quad op, a, b
	\op	q\a, q\b, [x0, #(\a * 16)]
	.endm

	.macro	quads op
	.set	n, 0
	.rept	16
	quad	\op, %n, %(n + 1)
	.set	n, n + 2
	.endr
	.endm

	.text
/* void fp_save(struct arch_fp *) */
	.globl	fp_save
fp_save:
	quads	stp
	mrs	x1, fpsr
	mrs	x2, fpcr
	add	x0, x0, #512
	stp	x1, x2, [x0]
	ret

/* void fp_load(const struct arch_fp *) */
	.globl	fp_load
fp_load:
	quads	ldp
	add	x0, x0, #512
	ldp	x1, x2, [x0]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
