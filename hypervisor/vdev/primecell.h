/*
 * What the emulated devices of Arm have in common: a page of 32-bit
 * registers, which may be accessed in part at their own address, with
 * identification at the end (as in DDI 0183, 3.2). Must not know a device.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/mmio.h"

struct primecell {
	/* reg: offset / 4, below 0xfe0 / 4. */
	uint32_t	(*read)(void *dev, unsigned int reg);
	void		(*write)(void *dev, unsigned int reg, uint32_t v);
	uint8_t		ids[8];		/* PeriphID0-3, PCellID0-3 */
};

enum mmio_result primecell_access(const struct primecell *p, void *dev,
	    struct mmio *m);
