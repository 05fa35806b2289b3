/*
 * The virtio entropy device; see vrng.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "virtio/vrng.h"

#define	PIECE	256			/* bytes for one chain, at most */

static bool
notify(struct virtio *d, unsigned int queue)
{
	struct vrng *r = container_of(d, struct vrng, d);
	uint8_t buf[PIECE];

	if (!virtio_next(d, queue))
		return (false);
	uint64_t n = virtio_size(d, true);
	if (n == 0) {			/* 5.4.6.1 */
		virtio_broken(d);
		return (false);
	}
	/* Fewer than it wants are allowed (5.4.6.2). */
	if (n > PIECE)
		n = PIECE;
	r->fill(buf, n);
	if (!virtio_copy(d, true, 0, buf, n))
		return (false);
	virtio_done(d, queue, (uint32_t)n);
	return (virtio_next(d, queue));
}

const struct virtio_kind vrng_kind = {
	.id = VIRTIO_ID_RNG, .queues = 1, .notify = notify,
};
