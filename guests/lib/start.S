/*
 * The first instructions, by the Linux arm64 boot protocol: Image header,
 * boot CPU (x0 = device tree, MMU off, EL1 or EL2), secondary CPUs (PSCI
 * CPU_ON, x0 = struct smp_boot). At EL2 it goes down to EL1. Gets C a
 * stack, zeroed .bss and relocated pointers; must not know what C does then.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

	.section .head, "ax"
	.globl	image_start
image_start:
	b	start			/* code0, code1 */
	.long	0
	.quad	0			/* text_offset from a 2 MiB boundary */
	.quad	image_end - image_start	/* in memory, with .bss */
	.quad	0xa			/* little endian, 4 KiB, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.text
start:
	msr	daifset, #0xf
	mov	x20, x0
	bl	to_el1

	/* Whatever caches hold of .bss goes before it is written past them. */
	adrp	x0, bss_start
	adrp	x1, bss_end
	bl	cache_flush
	adrp	x0, bss_start
	adrp	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	/*
	 * Linked at 0, loaded anywhere: R_AARCH64_RELATIVE (1027) entries
	 * {where, 1027, value} get the load address added. An image whose
	 * memory has been reset is loaded anew, so each is met once.
	 */
	adrp	x5, image_start
	adrp	x0, rela_start
	add	x0, x0, :lo12:rela_start
	adrp	x1, rela_end
	add	x1, x1, :lo12:rela_end
	b	3f
2:	ldp	x2, x3, [x0]
	ldr	x4, [x0, #16]
	add	x4, x4, x5
	str	x4, [x5, x2]
	add	x0, x0, #24
3:	cmp	x0, x1
	b.lo	2b

	/* Stack 0 is the lowest (smp.c: cpu_index). */
	adrp	x0, stacks
	add	x0, x0, #STACK_SIZE
	mov	sp, x0
	mov	x29, xzr
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el1, x0
	isb
	mov	x0, x20
	bl	guest_start
	b	.

/* PSCI CPU_ON leaves us here: MMU off, x0 = struct smp_boot. */
	.globl	secondary_start
secondary_start:
	msr	daifset, #0xf
	bl	to_el1
	ldp	x20, x6, [x0]		/* stack, struct mmu_state */
	ldp	x1, x2, [x6]		/* TTBR0_EL1, TCR_EL1 */
	ldp	x3, x4, [x6, #16]	/* MAIR_EL1, SCTLR_EL1 */
	mov	sp, x20
	mov	x29, xzr
	adrp	x5, vectors
	add	x5, x5, :lo12:vectors
	msr	vbar_el1, x5
	bl	mmu_enable
	b	smp_secondary

/*
 * mmu_enable: x1 = TTBR0_EL1, x2 = TCR_EL1, x3 = MAIR_EL1, x4 = SCTLR_EL1.
 * The code runs where it is mapped. x0 is kept.
 */
	.globl	mmu_enable
mmu_enable:
	msr	mair_el1, x3
	msr	tcr_el1, x2
	msr	ttbr0_el1, x1
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el1, x4
	isb
	ret

/* Cleans and invalidates [x0, x1) to the point of coherency. */
	.globl	cache_flush
cache_flush:
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4		/* DminLine: log2 of words */
	mov	x3, #4
	lsl	x2, x3, x2
	sub	x3, x2, #1
	bic	x0, x0, x3
1:	dc	civac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret

/*
 * From EL2 to EL1 with nothing trapped, or only the state of EL1 that is
 * needed when there already. Clobbers x9, x10. (DDI 0487, D19.2.)
 */
to_el1:
	mrs	x9, CurrentEL
	cmp	x9, #(2 << 2)
	b.ne	1f
	mov	x9, #(1 << 31)		/* HCR_EL2.RW: EL1 is AArch64 */
	msr	hcr_el2, x9
	isb				/* E2H off before CPTR_EL2, CNTHCTL_EL2 */
	mrs	x9, midr_el1
	msr	vpidr_el2, x9
	mrs	x9, mpidr_el1
	msr	vmpidr_el2, x9
	mov	x9, #3			/* EL1PCTEN, EL1PCEN: no traps */
	msr	cnthctl_el2, x9
	msr	cntvoff_el2, xzr
	mov	x9, #0x33ff		/* CPTR_EL2: RES1 bits, no traps */
	msr	cptr_el2, x9
	msr	hstr_el2, xzr
	mrs	x9, id_aa64dfr0_el1
	ubfx	x9, x9, #8, #4		/* PMUVer */
	cbz	x9, 2f
	cmp	x9, #0xf
	b.eq	2f
	mrs	x9, pmcr_el0
	ubfx	x9, x9, #11, #5		/* MDCR_EL2.HPMN = PMCR_EL0.N */
	msr	mdcr_el2, x9
2:	mrs	x9, id_aa64pfr0_el1
	ubfx	x9, x9, #24, #4		/* GIC system registers */
	cbz	x9, 3f
	mrs	x9, s3_4_c12_c9_5	/* ICC_SRE_EL2 */
	mov	x10, #9			/* Enable, SRE */
	orr	x9, x9, x10
	msr	s3_4_c12_c9_5, x9
	isb
	msr	s3_4_c12_c11_0, xzr	/* ICH_HCR_EL2 */
3:	adrp	x9, el2_vectors
	add	x9, x9, :lo12:el2_vectors
	msr	vbar_el2, x9
	mov	x9, #0x3c5		/* EL1h, DAIF masked */
	msr	spsr_el2, x9
	adr	x9, 1f
	msr	elr_el2, x9
	/* RES1 of SCTLR_EL1: LSMAOE, nTLSMD, SPAN, EIS, TSCXT, EOS. */
	movz	x9, #0x30d0, lsl #16
	movk	x9, #0x0800
	msr	sctlr_el1, x9
	eret
1:	mov	x9, #(3 << 20)		/* CPACR_EL1.FPEN: no traps */
	msr	cpacr_el1, x9
	isb
	ret

/* HVC with no hypervisor: NOT_SUPPORTED. An image may have its own. */
	.weak	el2_vectors
	.balign	2048
el2_vectors:
	.rept	16
	.balign	128
	mov	x0, #-1
	eret
	.endr
