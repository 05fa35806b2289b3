/*
 * The syndrome of a trap and the fields of it that exit handlers decode.
 * <arch_trap.h> is found by the include path; Armv7 and Armv8 share it
 * (arch/arm).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include <arch_trap.h>
