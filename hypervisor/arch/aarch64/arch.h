/*
 * What the rooms below the VMM (boot, gic, platform) and the files of this
 * one share of the architecture.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct pcpu;
struct vcpu;

/* cpu.c: what this CPU has; the control registers of EL2 for guests. */
extern bool arch_has_pan, arch_has_ssbs;
extern unsigned int arch_pa_bits;	/* physical address size, bits */
extern unsigned int arch_ipa_bits;	/* of stage 2, at most 40 */
void	cpu_detect(void);		/* once, on the boot CPU */
void	cpu_init(struct pcpu *p);	/* on each CPU; p becomes its own */
extern bool arch_conduit_hvc;		/* how port_firmware() calls */

/* vcpu.c: HCR_EL2 of a vCPU at reset */
extern uint64_t arch_hcr_guest;
/* switch.S, vectors.S */
void	switch_save_el1(uint64_t *el1);
void	switch_load_el1(const uint64_t *el1, uint64_t vttbr);
void	vectors_enter(struct vcpu *v) __attribute__((noreturn));
extern char vectors[];
/* For struct pcpu; by struct vm's ways. */
extern const void *const vectors_sets[4][5];

/* lazy.c: state that follows its user: FP, PMU, debug registers. */
uint64_t lazy_mdcr_reset(void);	/* its users trap */
void	lazy_save(struct vcpu *v);
void	lazy_load(struct vcpu *v);
/* fp.S */
struct arch_fp;
void	fp_save(struct arch_fp *fp);
void	fp_load(const struct arch_fp *fp);

/* walk.c: at which level does the guest's own walk leave its memory? */
unsigned int walk_level(struct vcpu *v);
