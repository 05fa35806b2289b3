/*
 * Pointer authentication of guests (FEAT_PAuth): the keys belong to no vCPU
 * until its first use, which traps; from then on they are switched with it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include "vmm/outcome.h"

struct vcpu;

void	pauth_save(uint64_t key[10]);
void	pauth_load(const uint64_t key[10]);
/* Exception class 0x09; keys have registers that trap, too (sysreg.c). */
outcome_t pauth_trap(struct vcpu *v, uint64_t esr);
