/*
 * A virtio entropy device (Virtual I/O Device 1.2, 5.4). Must not know what
 * the random numbers are made of.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "virtio/virtio.h"

struct vrng {
	struct virtio	d;		/* virtio_init() with vrng_kind */
	void		(*fill)(void *buf, size_t n);
};

extern const struct virtio_kind vrng_kind;
