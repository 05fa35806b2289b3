/*
 * RAM as the tree tells it: banks, less what is reserved. Must not know of
 * anything else in the tree.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef PLATFORM_RAM_H
#define	PLATFORM_RAM_H

#include "platform/platform.h"
#include "platform/tree.h"

/* The node being visited is a memory node, or a child of reserved-memory. */
int	ram_bank(struct platform *p, struct tree *t);
int	ram_reserved(struct platform *p, struct tree *t);
/* After the pass: p->ram becomes what its contract says. 0, or -1 and err. */
int	ram_finish(struct platform *p, struct tree *t);
/* Takes a range out of p->ram, whole pages. -1 when the pieces do not fit. */
int	ram_take(struct platform *p, uint64_t base, uint64_t size);

#endif
