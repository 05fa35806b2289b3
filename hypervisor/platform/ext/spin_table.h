/*
 * CPUs in a spin table; see boot/ext/spin_table.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "platform/pass.h"

/* The word that c, whose node is n, looks at. 0, or -1 and err. */
int	spin_table_read(struct pass *s, const struct tree_node *n,
	    struct platform_cpu *c);
