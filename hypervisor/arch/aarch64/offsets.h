/*
 * Where the assembly finds fields of C structures. Each number is checked
 * against the structure at compile time in arch/aarch64/vcpu.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	VCPU_X(n)	((n) * 8)
#define	VCPU_PCPU	248
#define	VCPU_EXITS	256
#define	VCPU_EXITS_IRQ	(VCPU_EXITS + 64 * 8)
#define	VCPU_EXITS_SERROR (VCPU_EXITS + 65 * 8)

#define	PCPU_CURRENT	0
#define	PCPU_INDEX	8
#define	PCPU_ENTRY_TICKS 16
#define	PCPU_ENTRY_CLASS 24
#define	PCPU_PANIC_STACK 32
#define	PCPU_TABLE	40
#define	PCPU_AARCH32	PCPU_TABLE	/* for such VMs: no table, the way */
#define	PCPU_IRQ	48
#define	PCPU_RESUME	56
#define	PCPU_RESUME_ADVANCE 64
#define	PCPU_RESUME_FULL 72

/* struct arch_vcpu: order of el1[] as switch.S saves it. */
#define	EL1_WORDS	24
