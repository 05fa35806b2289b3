/*
 * Which UART the device tree wants the console on. Must not know drivers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef PLATFORM_CONSOLE_H
#define	PLATFORM_CONSOLE_H

#include "platform/platform.h"
#include "platform/tree.h"

struct console_wish {			/* gathered on the way */
	const char	*path;		/* stdout-path, NULL without */
	const uint32_t	*aliases;	/* first of /aliases, or NULL */
};

/*
 * Fills in p->console by a walk to its node. Where that fails base is 0 and
 * t->err says why. gic and cells as for intid_of_node().
 */
void	console_find(struct tree *t, const struct console_wish *w,
	    uint32_t gic, unsigned int cells, struct platform *p);

#endif
