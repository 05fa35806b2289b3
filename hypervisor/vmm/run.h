/*
 * The one place that acts on outcomes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"

/*
 * Called by the vectors for every outcome but DONE and RETRY; the guest's
 * general registers are in v. Returns the vCPU to enter, loaded.
 */
struct vcpu *run_outcome(outcome_t o, struct vcpu *v, uint64_t esr);
/* The first vCPU of a CPU at start. */
struct vcpu *run_start(void);
