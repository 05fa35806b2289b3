/*
 * Demand RAM that a guest gives back (mm/ext/release.c).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/smccc.h"

/* HC_RELEASE */
smccc_fn release_page;
