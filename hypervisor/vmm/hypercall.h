/*
 * The hypervisor's own calls (abi/hypercall.h) as a table for vmm/smccc.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/smccc.h"

extern smccc_fn *const hypercall_calls64[SMCCC_CALLS];

/* HC_UID, HC_REVISION; false: the call is neither. */
bool	hypercall_query(struct vcpu *v);

/* Physical count at the hypervisor's entry; set once by whoever boots. */
extern uint64_t hypercall_boot_entry;
