/*
 * What a bundle says of a VM's extensions, for devices/. All zero: there are
 * none.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/tree.h"

#define	VM_MAX_TRANSPORTS	4	/* of virtio, passed through */

struct vm_extra {
	bool		any, console, rng, its, unsafe_dma;
	/* Of links and shares the number of a name, or 0. */
	uint8_t		link, share, ntransports, npci;
	uint64_t	share_size;
	/* With firmware it is what the VM starts, and these it has. */
	struct tree_value firmware, kernel, initrd;
	const char	*bootargs;
	struct {
		ipa_t		ipa;
		uint32_t	intid;
	}		transport[VM_MAX_TRANSPORTS];
	uint16_t	pci[8];		/* functions; PCI_SLOTS */
};
