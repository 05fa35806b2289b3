/*
 * Unsupported machines; see unsupported.h. Must not know what is supported.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "platform/ext/unsupported.h"

/* Looks for the interrupt controller that is not what we hoped for. */
static int
find_intc(void *ctx, struct tree_node *n)
{
	struct pass *s = ctx;

	if (tree_u32(n, "phandle", 0) != s->timer_parent)
		return (0);
	s->intc = tree_string(n, "compatible");
	return (1);
}

int
unsupported_intc(struct pass *s)
{
	struct tree_node root = s->root;

	/* The timer's: what the CPUs' own interrupts go through. */
	if (s->timer_parent == 0)
		s->timer_parent = tree_u32(&root, "interrupt-parent", 0);
	if (s->timer_parent != 0)
		tree_walk(&root, find_intc, s);
	return (pass_fail(s, NULL, "no supported interrupt controller: found "
	    "%s", s->intc == NULL ? "none" : s->intc));
}
