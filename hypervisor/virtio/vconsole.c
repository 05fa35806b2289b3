/*
 * The virtio console; see vconsole.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "virtio/vconsole.h"

#define	RECEIVE		0		/* 5.3.2 */
#define	TRANSMIT	1
#define	PIECE		128		/* characters sent at a time */

/* A chain may be any long: as much of it as a guest may well wait for. */
static bool
notify(struct virtio *d, unsigned int queue)
{
	struct vconsole *c = container_of(d, struct vconsole, d);
	char buf[PIECE];

	if (queue != TRANSMIT || !virtio_next(d, TRANSMIT))
		return (false);
	uint64_t size = virtio_size(d, false);
	/* It may have changed since the last piece. */
	uint64_t n = d->progress < size ? size - d->progress : 0;
	if (n > PIECE)
		n = PIECE;
	if (!virtio_copy(d, false, d->progress, buf, n))
		return (false);
	uint64_t i = 0;
	while (i < n && c->sink(d->ctx, buf[i]))
		i++;
	d->progress += i;
	if (i < n)
		return (true);
	if (d->progress >= size) {
		d->progress = 0;
		virtio_done(d, TRANSMIT, 0);
	}
	return (virtio_next(d, TRANSMIT));
}

const struct virtio_kind vconsole_kind = {
	.id = VIRTIO_ID_CONSOLE, .queues = 2, .notify = notify,
};

bool
vconsole_input(struct vconsole *c, char ch, bool *taken)
{
	struct virtio *d = &c->d;

	*taken = false;
	spin_lock(d->lock);
	bool live = virtio_live(d, RECEIVE);
	if (virtio_next(d, RECEIVE)) {
		if (virtio_size(d, true) == 0)
			virtio_broken(d);
		else if (virtio_copy(d, true, 0, &ch, 1)) {
			virtio_done(d, RECEIVE, 1);
			*taken = true;
		}
	}
	spin_unlock(d->lock);
	return (live);
}
