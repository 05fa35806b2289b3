/*
 * What the machine gives to the VMM, filled in once by start-up.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct pool;
struct vm_device_ops;

struct host {
	struct pool	*pool;		/* pages of the hypervisor's own */
	/*
	 * Guest memory: contiguous, mapped for the hypervisor (it copies
	 * and zeroes), not zeroed. PA(0) with size 0 bytes: none. align is
	 * a power of two.
	 */
	bool		(*ram_alloc)(uint64_t size, uint64_t align, pa_t *pa);
	void		(*ram_free)(pa_t pa, uint64_t size);
	unsigned int	gic_version;	/* of the hardware: 2 or 3 */
	pa_t		gicv;		/* GICv2: two pages for guests */
	unsigned int	ipa_bits;	/* of stage 2 */
	void		(*stop)(void);	/* set by a panic: does not return */
	const struct vm_device_ops *devices;
};

extern struct host host;
