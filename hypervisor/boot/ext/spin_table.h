/*
 * CPUs that wait in a spin table (Linux's arm64 boot protocol) where firmware
 * has no PSCI. An extension: those boards are few.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

/* Lets go of the CPUs that look at this word; 0, as firmware's CPU_ON. */
int	spin_table_let_go(pa_t where);
/* spin_table.S */
extern char spin_table_start[];
