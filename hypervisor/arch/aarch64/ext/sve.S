/*
 * SVE registers to memory and back: 32 vectors, 16 predicates, FFR as one
 * more predicate, each of the length that ZCR_EL2 allows.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
	.arch_extension sve

	.altmacro
	.macro	reg op, kind, n, base
	\op	\kind\n, [\base, #\n, mul vl]
	.endm

	.macro	regs op
	.set	n, 0
	.rept	32
	reg	\op, z, %n, x0
	.set	n, n + 1
	.endr
	.endm

	.macro	predicates op
	.set	n, 0
	.rept	16
	reg	\op, p, %n, x1
	.set	n, n + 1
	.endr
	.endm

	/* x1 = behind the vectors. */
	.macro	behind
	addvl	x1, x0, #31
	addvl	x1, x1, #1
	.endm

	.text
	.globl	sve_regs_save
sve_regs_save:
	behind
	regs	str
	predicates str
	rdffr	p0.b
	str	p0, [x1, #16, mul vl]
	ret

	.globl	sve_regs_load
sve_regs_load:
	behind
	ldr	p0, [x1, #16, mul vl]
	wrffr	p0.b
	regs	ldr
	predicates ldr
	ret

	.globl	sve_vl
sve_vl:
	rdvl	x0, #1
	ret
