/*
 * VMs whose EL1 is AArch32 (HCR_EL2.RW = 0). Their general registers are
 * x0-x30 to us, those of all modes at once (DDI 0487, D1.20.1: x13 SP_usr,
 * x14 LR_usr, x16 LR_irq, x18 LR_svc, x20 LR_abt, x22 LR_und, x24-x28
 * R8_fiq-R12_fiq, x30 LR_fiq; SPs beside); their EL1 registers are those of
 * AArch64 but for struct arch_aarch32. VMs of AArch64 never come here.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include "vmm/outcome.h"

struct vcpu;

/* What AArch32 at EL1 has, and AArch64 has not. */
struct arch_aarch32 {
	uint64_t	spsr_abt, spsr_und, spsr_irq, spsr_fiq;
	uint64_t	dacr, ifsr, fpexc, dbgvcr;
};

/*
 * After a reset to AArch64: what differs. x0 is a context identifier of
 * PSCI, or the address of a device tree in its upper half (vm_config.dtb).
 */
void	aarch32_reset(struct vcpu *v);
/* The state of struct arch_aarch32; CPTR_EL2 is v's already. */
void	aarch32_save(struct vcpu *v);
void	aarch32_load(struct vcpu *v);
/* Any synchronous exit; DONE: go on, injections and all are done. */
outcome_t aarch32_exit(struct vcpu *v, uint64_t esr);

/*
 * Arithmetic on syndromes and PSTATE (as in SPSR_EL2), in aarch32_decode.c:
 * pure.
 */
/* Is the trapped instruction's condition true? If not, it is a NOP. */
bool	aarch32_passes(uint64_t esr, uint64_t pstate);
/* PSTATE behind an instruction: the IT state moves on. */
uint64_t aarch32_next(uint64_t pstate);
/* The AArch64 view of register n as an instruction in this mode names it. */
unsigned int aarch32_register(unsigned int n, uint64_t pstate);
/*
 * A trapped access to CP14, CP15 or by VMRS as the syndrome of the AArch64
 * register with the same meaning, register and direction with it. 0: none.
 */
uint64_t aarch32_sysreg(uint64_t esr);
/* PSTATE in the handler of an exception, by SCTLR; mode is 5 bits. */
#define	AARCH32_ABT	0x17u
#define	AARCH32_UND	0x1bu
uint64_t aarch32_enter(uint64_t pstate, uint64_t sctlr, unsigned int mode,
	    bool pan, bool ssbs);
/* PSTATE as AArch32 has it in an SPSR. */
uint32_t aarch32_spsr(uint64_t pstate);
/*
 * DFSR or IFSR of a synchronous external abort with this syndrome of ours;
 * on a walk of the guest's: at this level.
 */
uint32_t aarch32_fsr(uint64_t esr, bool lpae, unsigned int level);
