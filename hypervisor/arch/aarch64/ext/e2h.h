/*
 * HCR_EL2.E2H: what is different where it is set (FEAT_VHE). The registers
 * of EL2 then have the format of EL1's, and the names of EL1's registers in
 * an instruction mean EL2's own (DDI 0487, D8.1.4, D19.2.48).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct e2h {
	uint64_t	hcr;		/* head.S: first */
	uint64_t	cptr, cptr_tfp;	/* CPTR_EL2: FP a guest's; traps */
	uint64_t	cptr_sve;	/* cptr ^ this: SVE a guest's, too */
	uint64_t	cnthctl;
	uint64_t	tcr_ps_shift;	/* of TCR_EL2 */
};
extern struct e2h e2h;

/*
 * MMU off, before anything uses the above or a guest's register: decides,
 * and changes the instructions that image.lds lists in .el12.
 */
void	e2h_init(const void *dtb, size_t size);
/* What is to be said of that; returns what follows "2 CPUs". */
const char *e2h_report(void);
/* NULL; or why this CPU cannot run the hypervisor (its MPIDR is to follow). */
const char *e2h_check(void);
