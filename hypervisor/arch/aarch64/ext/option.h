/*
 * An option of the hypervisor's command line that is wanted before anything
 * is known of the machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

/*
 * The one character behind "option=" (given with the sign), as a word of
 * bootargs in the flattened device tree; 0: it is not there; ?: not one
 * character. Of the tree nothing need be right but its size.
 */
char	option_find(const void *dtb, size_t size, const char *option);
