/*
 * Where a spin table is (Linux's arm64 boot protocol); see spin_table.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "platform/ext/spin_table.h"

int
spin_table_read(struct pass *s, const struct tree_node *n,
    struct platform_cpu *c)
{

	if (!tree_u64(n, "cpu-release-addr", &c->release) ||
	    c->release == 0 || (c->release & 7) != 0)
		return (pass_fail(s, n,
		    "cpu-release-addr: not an address of 64 bits"));
	c->enable = PLATFORM_ENABLE_SPIN_TABLE;
	return (0);
}
