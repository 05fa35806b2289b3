/*
 * Cache maintenance by set and way. An extension: only firmware and kernels
 * of 32 bits do that.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"

/* DC ISW, CSW or CISW of a guest. */
outcome_t set_way_trap(struct vcpu *v, uint64_t esr);
