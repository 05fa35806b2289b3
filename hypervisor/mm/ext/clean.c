/*
 * RAM to PoC, for a guest's DC by set and way. An extension, as that is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "mm/stage2.h"
#include "port/mem.h"

bool
stage2_clean(struct stage2 *s, uint64_t *from)
{
	uint64_t size;

	spin_lock(&s->lock);
	char *p = stage2_next(s, from, &size);
	if (p != NULL)
		port_clean_inval_poc(p, size);
	spin_unlock(&s->lock);
	return (p != NULL);
}
