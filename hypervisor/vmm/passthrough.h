/*
 * What of the machine a VM asks for itself: device ranges and SPIs, in the
 * nodes of a bundle (abi/bundle.h). Decides whether it may have them; must
 * not know how it gets them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/bundle.h"
#include "vmm/guest_fdt.h"
#include "vmm/node.h"

/*
 * Reads the children of a VM's node into c (whose memory is known) and g.
 * False, and a line said, where the VM cannot have what it asks for.
 */
bool	passthrough_read(struct tree_node *vm, const struct bundle_host *h,
	    struct vm_config *c, struct guest_fdt *g);
