/*
 * PSCI 1.1 as guests see it (DEN 0022): its functions as tables for
 * vmm/smccc.c, one per calling convention, by function number.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/smccc.h"

extern smccc_fn *const psci_calls32[SMCCC_CALLS];
extern smccc_fn *const psci_calls64[SMCCC_CALLS];

#define	PSCI_VERSION_1_1	0x10001

/* Return codes. */
#define	PSCI_SUCCESS		0
#define	PSCI_NOT_SUPPORTED	(-1)
#define	PSCI_INVALID_PARAMETERS	(-2)
#define	PSCI_ALREADY_ON		(-4)
#define	PSCI_ON_PENDING		(-5)
#define	PSCI_INTERNAL_FAILURE	(-6)
#define	PSCI_INVALID_ADDRESS	(-9)
