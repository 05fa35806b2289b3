/*
 * A spin table leaves us here: EL2, MMU off, and perhaps many CPUs at once.
 * Each waits until it finds its own struct pcpu.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#define	PCPU_MPIDR	80		/* see spin_table.c */

	.text
	.globl	spin_table_start
spin_table_start:
	msr	daifset, #0xf
	bl	boot_mmu_on
	mrs	x1, mpidr_el1
	bfi	x1, xzr, #24, #8	/* affinity only */
	b	2f
1:	wfe				/* not there yet */
2:	adr	x2, pcpus
3:	ldr	x0, [x2], #8
	cbz	x0, 1b
	ldr	x3, [x0, #PCPU_MPIDR]
	cmp	x1, x3
	b.ne	3b
	mov	sp, x0
	b	smp_secondary
