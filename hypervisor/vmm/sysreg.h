/*
 * System registers that trap: the identification registers as guests see
 * them, and every other access that comes with exception class 0x18.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

/*
 * Reads the identification registers of this CPU and makes of them what
 * guests get; once, before any guest runs. ipa_bits: size of the guests'
 * physical address space, 32 to 52.
 */
void	sysreg_init(unsigned int ipa_bits);

/* As a VM with this GIC (2 or 3) reads CRm, op2 of the space: CRm * 8 + op2. */
uint64_t sysreg_id(unsigned int gic, unsigned int crm_op2);
