/*
 * A virtio console of one port (Virtual I/O Device 1.2, 5.3). Must not know
 * where characters go to and come from.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "virtio/virtio.h"

struct vconsole {
	struct virtio	d;		/* virtio_init() with vconsole_kind */
	/* ctx of d. False: the driver's notification is to be repeated. */
	bool		(*sink)(void *ctx, char c);
};

extern const struct virtio_kind vconsole_kind;

/*
 * A character arrives. False: no driver is there; else *taken says whether
 * it has given room for it.
 */
bool	vconsole_input(struct vconsole *c, char ch, bool *taken);
