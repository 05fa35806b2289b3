/*
 * PSCI as guests see it (DEN 0022 E): function table and CPU power states.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef VMM_PSCI_H
#define	VMM_PSCI_H

#include "vmm/vcpu.h"

/* fid: the whole function id, known to be of PSCI's range. */
outcome_t psci_call(struct vcpu *v, uint32_t fid);

#endif
