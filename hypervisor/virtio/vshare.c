/*
 * Doorbells between two VMs; see vshare.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/ext/share.h"
#include "virtio/vshare.h"

/* To be called with the lock held. */
static void
set(struct vshare_end *e, uint32_t pending)
{
	bool was = e->pending != 0;

	e->pending = pending;
	if (e->line != NULL && was != (pending != 0))
		e->line(e->ctx, pending != 0);
}

void
vshare_init(struct vshare *s, unsigned int end,
    void (*line)(void *ctx, bool level), void *ctx)
{

	s->end[end] = (struct vshare_end){ line, ctx, 0 };
}

void
vshare_reset(struct vshare *s, unsigned int end, bool gone)
{

	spin_lock(&s->lock);
	set(&s->end[end], 0);
	if (gone)
		s->end[end].line = NULL;
	spin_unlock(&s->lock);
}

enum mmio_result
vshare_mmio(struct vshare *s, unsigned int end, struct mmio *m)
{
	struct vshare_end *mine = &s->end[end], *other = &s->end[!end];
	uint32_t v = (uint32_t)m->value;

	if (m->size != 4)
		return (MMIO_FAULT);
	spin_lock(&s->lock);
	if (m->write && m->offset == SHARE_RING && other->line != NULL)
		set(other, other->pending | v);
	else if (m->write && m->offset == SHARE_PENDING)
		set(mine, mine->pending & ~v);
	else if (!m->write)
		m->value = m->offset == SHARE_ID ? SHARE_ID_VALUE :
		    m->offset == SHARE_PENDING ? mine->pending :
		    m->offset == SHARE_PEER ? other->line != NULL : 0;
	spin_unlock(&s->lock);
	return (MMIO_OK);
}
