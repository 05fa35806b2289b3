/*
 * A guest's accesses to emulated devices.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"
#include "vmm/vm.h"

/* The emulated region at ipa; NULL: none. */
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
