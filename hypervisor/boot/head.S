/*
 * The first instructions, by the Linux arm64 boot protocol: Image header,
 * boot CPU (x0 = device tree, MMU off, EL2) and secondary CPUs (x0 = their
 * struct pcpu). Gets C a stack, zeroed .bss and relocated pointers; must not
 * know what C does then.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
	.hidden	image_end
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
	mrs	x21, cntpct_el0
	mov	x20, x0
	msr	daifset, #0xf
	adr	x0, bss_start
	adr	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	/*
	 * Linked at 0, loaded anywhere: R_AARCH64_RELATIVE (1027) entries
	 * {where, 1027, value} get the load address added.
	 */
	adr	x5, image_start
	adr	x0, rela_start
	adr	x1, rela_end
	b	3f
2:	ldp	x2, x3, [x0]
	ldr	x4, [x0, #16]
	add	x4, x4, x5
	str	x4, [x5, x2]
	add	x0, x0, #24
3:	cmp	x0, x1
	b.lo	2b

	adr	x0, boot_stack_top
	mov	sp, x0
	mov	x0, x20
	mov	x1, x21
	mrs	x2, CurrentEL
	lsr	x2, x2, #2
	bl	boot_early
	b	boot_main

/*
 * PSCI CPU_ON leaves us here: EL2, MMU off, x0 = struct pcpu, the top of
 * this CPU's stack.
 */
	.globl	secondary_start
secondary_start:
	msr	daifset, #0xf
	bl	boot_mmu_on
	mov	sp, x0
	b	smp_secondary

/*
 * void boot_mmu_on(void): with the registers in boot_mmu_regs. The code runs
 * where it is mapped. x0 is kept.
 */
	.globl	boot_mmu_on
boot_mmu_on:
	adr	x1, boot_mmu_regs
	ldp	x2, x3, [x1]
	ldp	x4, x5, [x1, #16]
	ldr	x6, e2h
	msr	hcr_el2, x6
	msr	ttbr0_el2, x2
	msr	tcr_el2, x3
	msr	mair_el2, x5
	isb
	tlbi	alle2
	dsb	nsh
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el2, x4
	isb
	ret

/* void boot_on_stack(void *sp, void (*fn)(void)): never comes back. */
	.globl	boot_on_stack
boot_on_stack:
	mov	sp, x0
	br	x1

	.bss
	.balign	16
	.globl	boot_panic_stack_top
	.space	4096
boot_panic_stack_top:
	.space	8192
	.globl	boot_stack_top
boot_stack_top:
