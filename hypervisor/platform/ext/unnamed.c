/*
 * A UART that may do; see unnamed.h. Must not know drivers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "platform/ext/unnamed.h"

/*
 * A UART that is on, has a driver and nothing on its line: where Bluetooth
 * hangs, it is a node below.
 */
int
unnamed_console(void *pass, struct tree_node *n)
{
	struct pass *s = pass;
	struct uart_desc *d = &s->p->console.desc;
	struct tree_node below;
	struct tree_value v;

	tree_get(n, "compatible", &v);
	d->compatible = v.data;
	d->compatible_len = v.len;
	d->base = PA(1);
	if (uart_supported(d) && !tree_child(n, &below) &&
	    console_read(s, n) == 0)
		return (1);
	d->base = PA(0);
	return (0);
}
