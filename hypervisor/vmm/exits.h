/*
 * What happens at an exit: the handlers, one per class of exception, and the
 * one place that acts on outcomes. A handler gets the loaded vCPU and the
 * syndrome, and returns an outcome (vmm/outcome.h). Which class goes to which
 * handler is the table in the vectors.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vm.h"

outcome_t exits_unknown(struct vcpu *v, uint64_t esr);
outcome_t exits_wfx(struct vcpu *v, uint64_t esr);
outcome_t exits_fp(struct vcpu *v, uint64_t esr);
outcome_t smccc_hvc(struct vcpu *v, uint64_t esr);	/* vmm/smccc.c */
outcome_t sysreg_trap(struct vcpu *v, uint64_t esr);	/* vmm/sysreg.c */
outcome_t abort_data(struct vcpu *v, uint64_t esr);	/* vmm/abort.c */
outcome_t abort_insn(struct vcpu *v, uint64_t esr);
outcome_t exits_irq(struct vcpu *v, uint64_t esr);
outcome_t exits_serror(struct vcpu *v, uint64_t esr);

/*
 * Reads the identification registers of this CPU and makes of them what
 * guests get; once, before any guest runs. ipa_bits: size of the guests'
 * physical address space, 32 to 52.
 */
void	sysreg_init(unsigned int ipa_bits);

/* As a VM with this GIC (2 or 3) reads CRm, op2 of the space: CRm * 8 + op2. */
uint64_t sysreg_id(unsigned int gic, unsigned int crm_op2);

/* A guest's accesses to emulated devices: the region at ipa; NULL: none. */
static inline const struct vm_mmio *
mmio_find(const struct vm *vm, ipa_t ipa)
{
	const struct vm_mmio *r = vm->mmio;

	/* The distributor comes first; rows not in use have no size. */
	do {
		if (ipa.v - r->base < r->size)
			return (r);
	} while (++r != vm->mmio + VM_MAX_MMIO);
	return (NULL);
}

/*
 * The access that the syndrome of a data abort describes (its ISV is set),
 * offset bytes into region r.
 */
outcome_t mmio_access(struct vcpu *v, uint64_t esr, const struct vm_mmio *r,
	    uint64_t offset);
/* The same for what nearly all of them are: 32 bits, no sign extension. */
outcome_t mmio_read_word(struct vcpu *v, uint64_t esr,
	    const struct vm_mmio *r, uint64_t offset);
outcome_t mmio_write_word(struct vcpu *v, uint64_t esr,
	    const struct vm_mmio *r, uint64_t offset);

/*
 * Called by the vectors for every outcome but DONE and RETRY; the guest's
 * general registers are in v. Returns the vCPU to enter, loaded.
 */
struct vcpu *run_outcome(outcome_t o, struct vcpu *v, uint64_t esr);
