/*
 * The exception vectors of EL2 and the way back into a guest.
 *
 * While a guest runs, SP_EL2 points at its struct vcpu; while the
 * hypervisor runs, at the top of this CPU's stack, where struct pcpu
 * stands. An exit saves what C may clobber (x0-x17, x30; the hypervisor is
 * built with -ffixed-x18), counts itself by exception class and calls the
 * handler in the table below with x0 = vCPU, x1 = ESR_EL2. The registers
 * x18-x29 stay where they are, for C preserves them, unless the handler
 * needs one of them by number or the vCPU changes.
 *
 * The table is the life of every exit: class, handler, whether a register
 * number in the syndrome may ask for x18-x29, and whether the PC moves past
 * the instruction when the outcome is DONE or SWITCH.
 *
 * What an exit goes through (the table, the handler of interrupts, the ways
 * back) stands in struct pcpu: while a VM described with "stats" runs there
 * is another set, which also adds up time by class; and so for VMs of
 * AArch32, whose synchronous exits all go to ext/. Code stands in those
 * vectors too that nothing is expected to use. It must not know what
 * handlers do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/offsets.h"
#include "vmm/outcome.h"

	.altmacro
	.macro	pair op, base, a, b
	\op	x\a, x\b, [\base, #VCPU_X(\a)]
	.endm

	/* Registers first to last, which is odd, to or from where x0 would be. */
	.macro	pairs op, base, first, last
	.set	n, \first
	.rept	(\last - \first + 1) / 2
	pair	\op, \base, %n, %(n + 1)
	.set	n, n + 2
	.endr
	.endm

	.macro	save_volatile
	pairs	stp, sp, 0, 17
	str	x30, [sp, #VCPU_X(30)]
	.endm

	.macro	load_volatile
	pairs	ldp, sp, 2, 17
	ldr	x30, [sp, #VCPU_X(30)]
	ldp	x0, x1, [sp, #VCPU_X(0)]
	.endm

	/* From a guest, synchronous. Fits one slot of 32 instructions. */
	.macro	exit_sync
	save_volatile
	mov	x0, sp
	mrs	x1, esr_el2
	lsr	x2, x1, #26
	add	x4, x0, x2, lsl #3
	ldr	x5, [x4, #VCPU_EXITS]
	add	x5, x5, #1
	str	x5, [x4, #VCPU_EXITS]
	ldr	x3, [x0, #VCPU_PCPU]
	mov	sp, x3
	.endm

	.macro	exit_async count
	save_volatile
	mov	x0, sp
	ldr	x5, [x0, #\count]
	add	x5, x5, #1
	str	x5, [x0, #\count]
	ldr	x3, [x0, #VCPU_PCPU]
	mov	sp, x3
	.endm

	.macro	to_guest
	ldr	x0, [sp, #PCPU_CURRENT]
	mov	sp, x0
	load_volatile
	eret
	.endm

	.macro	advance_pc
	mrs	x2, elr_el2
	add	x2, x2, #4
	msr	elr_el2, x2
	.endm

	.macro	slot
	.balign	0x80
	.endm

	/* Our own exceptions. The rest of the slot is free for other code. */
	.macro	unexpected kind
	slot
	msr	tpidr_el0, x0		/* a guest's, but it is over */
	mov	x0, #\kind
	b	panic_entry
	.endm

	/*
	 * A handler that finds its register number in ESR; bit is the
	 * number's highest: x0-x15 are saved already, of the others most
	 * are not.
	 */
	.macro	by_register name, bit
\name\()_advance:
	tbnz	x1, #\bit, 1f
	ldr	x30, [sp, #PCPU_RESUME_ADVANCE]
	b	\name
1:	pairs	stp, x0, 18, 29
	ldr	x30, [sp, #PCPU_RESUME_FULL]
	b	\name
	.endm

	.macro	advancing name
\name\()_advance:
	ldr	x30, [sp, #PCPU_RESUME_ADVANCE]
	b	\name
	.endm

	/* The handler is done: its time is, and all is as without a clock. */
	.macro	timed name
\name\()_timed:
	str	x0, [sp, #-16]!
	bl	stats_add_time
	ldr	x0, [sp], #16
	b	\name
	.endm

	.text
	.balign	0x800
	.globl	vectors, vectors_enter
vectors:
	unexpected 0
/*
 * void vectors_enter(struct vcpu *v): into the guest, whose world is
 * loaded and who is this CPU's current vCPU. Does not return.
 */
vectors_enter:
	pairs	ldp, x0, 18, 29
	mov	sp, x0
	load_volatile
	eret

	unexpected 1
	/* Ways back. w0 = outcome, sp = struct pcpu. */
resume_full:				/* PC moves; x18-x29 were in memory */
	cmp	w0, #OUTCOME_SWITCH
	b.hi	outcome
	ldr	x1, [sp, #PCPU_CURRENT]
	pairs	ldp, x1, 18, 29
resume_advance:				/* PC moves */
	cbnz	w0, advance_and_look
	advance_pc
	to_guest

	unexpected 2
advance_and_look:
	cmp	w0, #OUTCOME_SWITCH
	b.hi	outcome
	advance_pc
resume:
	cbnz	w0, outcome
retry:	to_guest

	unexpected 3
outcome:
	cmp	w0, #OUTCOME_RETRY
	b.eq	retry
	ldr	x1, [sp, #PCPU_CURRENT]
	pairs	stp, x1, 18, 29
	mrs	x2, esr_el2
	bl	run_outcome
	b	vectors_enter

	unexpected 4
	by_register sysreg_trap, 9
	by_register abort_data, 20
	advancing smccc_hvc
	advancing exits_wfx

	unexpected 5
	timed	resume
	timed	resume_advance
	timed	resume_full
irq_timed:
	mov	x2, #64			/* behind the classes of ESR */
	mrs	x4, cntpct_el0
	stp	x4, x2, [sp, #PCPU_ENTRY_TICKS]
	b	exits_irq
sync_timed:
	mrs	x4, cntpct_el0
	stp	x4, x2, [sp, #PCPU_ENTRY_TICKS]
	adr	x4, exit_table
	ldr	x4, [x4, x2, lsl #3]
	br	x4

	unexpected 6
/*
 * An exception of the hypervisor itself. x0 = which vector, its own value
 * in TPIDR_EL0. The stack may be the cause, so take
 * another: this CPU's panic stack, or the boot one.
 */
panic_entry:
	msr	tpidrro_el0, x1
	mrs	x1, tpidr_el2
	cbz	x1, 1f
	ldr	x1, [x1, #PCPU_PANIC_STACK]
	b	panic_save
1:	adr	x1, boot_panic_stack_top
	b	panic_save

	unexpected 7
panic_save:
	sub	x1, x1, #(34 * 8)
	pairs	stp, x1, 2, 29
	str	x30, [x1, #VCPU_X(30)]
	mov	x2, sp
	stp	x2, x0, [x1, #VCPU_X(31)]
	mrs	x2, tpidr_el0
	mrs	x3, tpidrro_el0
	stp	x2, x3, [x1, #VCPU_X(0)]
	mov	sp, x1
	mov	x0, x1
	b	panic_exception

	slot
	exit_sync
	ldr	x4, [x3, #PCPU_TABLE]
	ldr	x4, [x4, x2, lsl #3]
	ldr	x30, [x3, #PCPU_RESUME]
	br	x4
	slot
irq:	exit_async VCPU_EXITS_IRQ
	ldr	x4, [x3, #PCPU_IRQ]
	ldr	x30, [x3, #PCPU_RESUME]
	br	x4
	slot				/* FIQ: group 0 ends here; ack tells */
	b	irq
	slot
serror:	exit_async VCPU_EXITS_SERROR
	adr	x30, resume		/* the VM's end: who asks how long */
	b	exits_serror
	slot				/* AArch32 at EL1: one way, in ext/ */
	exit_sync
	ldr	x4, [x3, #PCPU_AARCH32]
	br	x4
	.irp	to, irq, irq, serror
	slot
	b	\to
	.endr
	.balign	0x80

	.section .data.rel.ro, "aw"
	.balign	8
	.macro	row handler, n=1
	.rept	\n
	.quad	\handler
	.endr
	.endm

	.globl	exit_table
exit_table:
	row	exits_unknown		/* 0x00 unknown reason */
	row	exits_wfx_advance	/* 0x01 WFI, WFE */
	row	exits_unknown, 5
	row	exits_fp		/* 0x07 FP/SIMD access */
	row	exits_unknown
	row	pauth_trap		/* 0x09 pointer authentication */
	row	exits_unknown, 12
	row	smccc_hvc		/* 0x16 HVC */
	row	smccc_hvc_advance	/* 0x17 SMC */
	row	sysreg_trap_advance	/* 0x18 MSR, MRS, system instruction */
	row	sve_trap		/* 0x19 SVE */
	row	exits_unknown, 6	/* SME: 0x1d */
	row	abort_insn		/* 0x20 instruction abort */
	row	exits_unknown, 3
	row	abort_data_advance	/* 0x24 data abort */
	row	exits_unknown, 27
exit_table_timed:
	row	sync_timed, 64
	/* struct pcpu.vectors, by struct vm's ways */
	.globl	vectors_sets
vectors_sets:
	.quad	exit_table, exits_irq, resume, resume_advance, resume_full
	.quad	exit_table_timed, irq_timed
	.quad	resume_timed, resume_advance_timed, resume_full_timed
	.quad	aarch32_sync, exits_irq, resume, 0, 0
	.quad	aarch32_sync_timed, irq_timed, resume_timed, 0, 0
