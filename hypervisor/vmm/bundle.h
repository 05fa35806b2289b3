/*
 * Makes VMs of a bundle (abi/bundle.h). The bundle is untrusted: whatever is
 * wrong with a VM is said in one line that names node and property, and the
 * others go on.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

/* What is to be known of the machine beyond vmm/host.h and vmm/pcpu.h. */
struct bundle_host {
	uint64_t	(*ram_free)(void);	/* bytes, all pieces */
	/*
	 * Why no guest may have this physical range or interrupt, in words
	 * to follow "is", as "the hypervisor's console"; NULL: it may.
	 */
	const char	*(*pa_owner)(pa_t pa, uint64_t size);
	const char	*(*intid_owner)(unsigned int intid);
};

/*
 * Creates and loads the VMs; starts none. Returns how many. The bundle (at a
 * multiple of 8 bytes) must stay readable: images are copied out of it at
 * each start of a VM. Only before the first guest runs: libfdt is compiled
 * to use the FP registers.
 */
unsigned int bundle_load(const void *bundle, size_t size,
	    const struct bundle_host *h);
