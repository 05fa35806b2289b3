/*
 * The virtio network cards; see vnet.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "virtio/vnet.h"

#define	F_MAC		(1ull << 5)	/* 5.1.3 */
#define	RECEIVE		0		/* 5.1.2 */
#define	TRANSMIT	1
#define	NUM_BUFFERS	10		/* in the header: one, of 16 bits */

/* One frame out of a sender's queue; true: there may be another. */
static bool
move(struct vnet *from)
{
	struct vnet *to = from->peer;
	uint8_t *frame = from->link->frame;

	if (!virtio_next(&from->d, TRANSMIT))
		return (false);
	uint64_t n = virtio_size(&from->d, false);
	bool whole = n > VNET_HEADER && n <= sizeof(from->link->frame);
	if (to != NULL && whole && virtio_live(&to->d, RECEIVE)) {
		/* No room: with the receiver's next buffer it goes on. */
		if (!virtio_next(&to->d, RECEIVE))
			return (false);
		if (!virtio_copy(&from->d, false, 0, frame, n))
			return (false);
		/* We offer nothing that the header could be about (5.1.6). */
		memset(frame, 0, VNET_HEADER);
		frame[NUM_BUFFERS] = 1;
		if (virtio_size(&to->d, true) >= n &&
		    virtio_copy(&to->d, true, 0, frame, n))
			virtio_done(&to->d, RECEIVE, (uint32_t)n);
	}
	virtio_done(&from->d, TRANSMIT, 0);
	return (virtio_next(&from->d, TRANSMIT));
}

static bool
notify(struct virtio *d, unsigned int queue)
{
	struct vnet *n = container_of(d, struct vnet, d);

	if (queue == RECEIVE)
		n = n->peer;
	return (n != NULL && move(n));
}

static const struct virtio_kind kind = {
	.id = VIRTIO_ID_NET, .queues = 2, .features = F_MAC, .notify = notify,
};

struct virtio *
vnet_join(struct vnet_link *l, const struct virtio_ops *ops, void *ctx,
    unsigned int slot, unsigned int vm)
{
	/* Locally administered. */
	const uint8_t mac[6] = { 0x02, 'A', 'p', 'i', 0, (uint8_t)vm };
	struct vnet *n = &l->end[l->ends];

	if (l->ends == 2)
		return (NULL);
	virtio_init(&n->d, &kind, ops, ctx, slot, &l->lock);
	memcpy(n->mac, mac, sizeof(mac));
	n->link = l;
	n->d.config = n->mac;
	n->d.config_size = sizeof(n->mac);
	if (l->ends++ == 1) {
		n->peer = &l->end[0];
		l->end[0].peer = n;
	}
	return (&n->d);
}
