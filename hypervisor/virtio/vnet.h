/*
 * Two virtio network cards back to back (Virtual I/O Device 1.2, 5.1): what
 * one sends the other receives. A frame waits with its sender while the
 * receiver has a driver but no room; with no driver it is lost. Must not
 * know whose they are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "virtio/virtio.h"

#define	VNET_HEADER	12		/* struct virtio_net_hdr (5.1.6) */
#define	VNET_FRAME	1518		/* with a VLAN tag, no checksum */

struct vnet {
	struct virtio	d;		/* first */
	struct vnet_link *link;
	struct vnet	*peer;		/* NULL: nobody there yet */
	uint8_t		mac[6];
};

struct vnet_link {
	struct spinlock	lock;		/* of both cards */
	struct vnet	end[2];
	unsigned int	ends;		/* taken */
	uint8_t		frame[VNET_HEADER + VNET_FRAME];
};

/*
 * The card at the next end, of the VM with this index, which its address
 * has; NULL: both are taken.
 */
struct virtio *vnet_join(struct vnet_link *l, const struct virtio_ops *ops,
	    void *ctx, unsigned int slot, unsigned int vm);
