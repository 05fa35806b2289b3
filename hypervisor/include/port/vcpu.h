/*
 * What the VMM asks of an architecture about one vCPU. <arch_vcpu.h>, found
 * by the include path, defines struct arch_vcpu: the state that is switched
 * when the vCPU on a CPU changes, and what is switched lazily by ownership.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include <arch_vcpu.h>

struct vcpu;
struct vm;

/* Reset state: EL1h, MMU off, DAIF masked; at pc with x0 (the rest 0). */
void	port_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t x0);
/* The EL1 world of a vCPU to memory, and from memory, on this CPU. */
void	port_vcpu_save(struct vcpu *v);
void	port_vcpu_load(struct vcpu *v);
/* This vCPU stops for good: give up lazily switched state it owns here. */
void	port_vcpu_disown(struct vcpu *v);
/* Registers and EL1 state, for a stopped VM's dump. The vCPU is loaded. */
void	port_vcpu_dump(struct vcpu *v);

/* Exceptions into the loaded guest (DDI 0487 D1.3); v's PC is not moved. */
void	port_inject_undef(struct vcpu *v);
/*
 * Synchronous external abort for the stage-2 fault with this syndrome, with
 * the faulting address of the trap: an instruction abort if the trap was.
 */
void	port_inject_abort(struct vcpu *v, uint64_t esr);
void	port_inject_serror(struct vcpu *v);

/*
 * ipa_t port_fault_ipa(struct vcpu *v, uint64_t esr): of the trap being
 * handled, on this CPU. Static inline in <arch_vcpu.h>, for data aborts are
 * the way to every emulated device.
 */

/*
 * uint64_t port_kernel_pc(void): the PC at which the exit being handled, on
 * this CPU, left a guest's EL1; 0 if it was at EL0. Static inline there, too.
 */

/*
 * Give the loaded vCPU state that is switched lazily: FP and SIMD; or what is
 * its own for good from then on, and does not trap (a bit each).
 */
void	port_take_fp(struct vcpu *v);
enum port_state { PORT_PMU = 1, PORT_DEBUG = 2, PORT_PAUTH = 4 };
void	port_take(struct vcpu *v, enum port_state what);

/* Registers of the ID space (op0 3, op1 0, CRn 0): [CRm * 8 + op2]. */
uint64_t port_id_reg(unsigned int crm_op2);

/* What stands for a VM's stage 2 in the CPU: table base and VMID. */
uint64_t port_stage2_base(pa_t root, unsigned int vmid);
/* Ask for the EL2 timer interrupt at this physical count; ~0 for none. */
void	port_set_deadline(uint64_t count);
/* Sleep until an interrupt is pending. */
void	port_idle(void);

/* Firmware call by SMC or HVC, as the device tree says. */
uint64_t port_firmware(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
/* The machine ends; does not return. */
void	port_power_off(void) __attribute__((noreturn));
