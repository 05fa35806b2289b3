/*
 * Exit classes counted for every vCPU: the index for HC_STATS, and the rows
 * of the table printed when a VM with "stats" ends. Numbers are ABI.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

enum exit_class {
	EXIT_UNKNOWN,		/* exception classes without a row below */
	EXIT_WFX,		/* WFI or WFE */
	EXIT_HVC,
	EXIT_SMC,
	EXIT_SYSREG,		/* MSR, MRS or system instruction */
	EXIT_FP,		/* first FP/SIMD use since a switch */
	EXIT_DATA_ABORT,	/* stage-2 fault or emulated device */
	EXIT_INSN_ABORT,
	EXIT_IRQ,		/* physical interrupt */
	EXIT_SERROR,
	EXIT_CLASSES
};

#define	EXIT_CLASS_NAMES						\
	{ "unknown", "wfx", "hvc", "smc", "sysreg", "fp",		\
	  "data-abort", "insn-abort", "irq", "serror" }
