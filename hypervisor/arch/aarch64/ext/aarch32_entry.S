/*
 * Where the synchronous exits of AArch32 go from the table in vectors.S:
 * x0 = vCPU, x1 = ESR_EL2, x2 = its class, sp = struct pcpu, x0-x17 and x30
 * saved. Any of x18-x29 may be a register of the mode the guest is in.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/offsets.h"

	.macro	upper op, base
	\op	x18, x19, [\base, #VCPU_X(18)]
	\op	x20, x21, [\base, #VCPU_X(20)]
	\op	x22, x23, [\base, #VCPU_X(22)]
	\op	x24, x25, [\base, #VCPU_X(24)]
	\op	x26, x27, [\base, #VCPU_X(26)]
	\op	x28, x29, [\base, #VCPU_X(28)]
	.endm

	.text
	.globl	aarch32_sync, aarch32_sync_timed
aarch32_sync_timed:
	mrs	x4, cntpct_el0
	stp	x4, x2, [sp, #PCPU_ENTRY_TICKS]
aarch32_sync:
	upper	stp, x0
	bl	aarch32_exit
	ldr	x1, [sp, #PCPU_CURRENT]
	upper	ldp, x1
	ldr	x30, [sp, #PCPU_RESUME]
	ret
