/*
 * A console for boards whose tree names none. An extension: most do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "platform/pass.h"

/* For tree_walk(): takes n, a UART that may do; 1 if it does. */
int	unnamed_console(void *pass, struct tree_node *n);
