/*
 * What firmware does against speculation across worlds, passed on to guests:
 * SMCCC_ARCH_WORKAROUND_1 to 3 (DEN 0028, "Arm Architecture Calls"). An
 * extension: only firmware for some CPUs has them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/smccc.h"

/*
 * Asks firmware once which calls it can take for a guest. Without this, or
 * where firmware is false (no PSCI 0.2 or later), none is passed on.
 */
void	workaround_init(bool firmware);
/*
 * What SMCCC_ARCH_FEATURES is to answer about a call, on this CPU;
 * NOT_SUPPORTED of those that are no workarounds.
 */
int32_t	workaround_offered(uint32_t fid);
/* Passes a call on. False: it is none, or none of this firmware's. */
bool	workaround_call(struct vcpu *v);
