/*
 * One access by a guest to an emulated device. Filled in by the exit path,
 * answered by the device. Knows nothing of who asks or how it trapped.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct mmio {
	uint32_t	offset;	/* bytes from the start of the region */
	uint8_t		size;	/* bytes: 1, 2, 4 or 8 */
	bool		write;
	uint64_t	value;	/* written, or 0, to be filled by a read */
};

enum mmio_result {
	MMIO_OK,
	MMIO_AGAIN,		/* a write: have the guest repeat it */
	MMIO_FAULT,		/* inject a synchronous external abort */
};

/*
 * The access is aligned to its size and never crosses the region's end. The
 * exit path truncates value to size on a write and extends it as the
 * instruction asks on a read.
 */
typedef enum mmio_result mmio_fn(void *dev, unsigned int vcpu,
    struct mmio *m);
