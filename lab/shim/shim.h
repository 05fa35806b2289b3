/*
 * The shim at EL3: what its files share, and what the lab tells it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	SHIM_CPUS	16

#ifndef __ASSEMBLER__
#include <stdint.h>

/*
 * Facts of the machine, at offset 8 of the image: lab/apiary_lab/loader.py
 * writes them there. Addresses, 0: there is none.
 */
struct facts {
	uint64_t	kernel;		/* entered at EL2 */
	uint64_t	tree;		/* its x0 */
	uint64_t	state;		/* 64 KiB of RAM for the shim alone */
	uint64_t	gicd;
	uint64_t	gicr;		/* GICv3: first redistributor */
	uint64_t	gicc;		/* GICv2 */
	uint64_t	counter;	/* CNTControlBase, to start it */
	uint64_t	frequency;	/* of the system counter, Hz */
	uint64_t	release;	/* spin table: one word for all */
};

extern const struct facts shim_facts
    __attribute__((visibility("hidden")));

/* entry.S: this CPU's, below SHIM_CPUS; the boot CPU's is 0. */
unsigned int shim_number(void);
/* Leave EL3 for EL2; x0 there is context. */
void	shim_leave(uint64_t entry, uint64_t context)
	    __attribute__((noreturn));
/* Ends the simulation. */
void	shim_exit(void) __attribute__((noreturn));

/* shim.c */
void	shim_cpu(uint64_t mpidr) __attribute__((noreturn));
uint64_t shim_smc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
/* gic.c: what only the Secure world may set. */
void	gic_start(void);
void	gic_start_cpu(uint64_t mpidr);
#endif
