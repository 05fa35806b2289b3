/*
 * The exit handlers, one per class of exception. Each gets the loaded vCPU
 * and the syndrome, and returns an outcome (vmm/outcome.h). Which class
 * goes to which handler is the table in the vectors.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"

outcome_t exits_unknown(struct vcpu *v, uint64_t esr);
outcome_t exits_wfx(struct vcpu *v, uint64_t esr);
outcome_t exits_fp(struct vcpu *v, uint64_t esr);
outcome_t smccc_hvc(struct vcpu *v, uint64_t esr);	/* vmm/smccc.c */
outcome_t sysreg_trap(struct vcpu *v, uint64_t esr);	/* vmm/sysreg.c */
outcome_t abort_data(struct vcpu *v, uint64_t esr);	/* vmm/abort.c */
outcome_t abort_insn(struct vcpu *v, uint64_t esr);
outcome_t exits_irq(struct vcpu *v, uint64_t esr);
outcome_t exits_serror(struct vcpu *v, uint64_t esr);
