/*
 * What the device tree says of a 16550's registers: bytes between two of
 * them (a power of two), bytes of an access (1 or 4).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib.h"

extern unsigned int console_shift, console_width;
