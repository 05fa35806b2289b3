/*
 * Who we are, and who the caller is: for guests that ask (abi/hypercall.h).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/smccc.h"

/* HC_UID, HC_REVISION; false: the call is neither. */
bool	identity_query(struct vcpu *v);
/* HC_WHOAMI */
smccc_fn identity_whoami;
