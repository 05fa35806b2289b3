/*
 * Kernel images: which parts of a file go where in a guest's memory, and
 * where there is room beside them. Knows the formats (arm64 Image, ELF64,
 * raw); must not know bundles, nor touch guest memory. Files are untrusted.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vm.h"

#define	IMAGE_PARTS	(VM_MAX_IMAGES - 2)	/* of a kernel */

struct image_places {
	ipa_t		initrd, dtb;
};

/*
 * These return 0, or -1 with a line in err (VM_ERR bytes) that says what
 * the file is or needs, to follow its name. memory: bytes of guest RAM, at
 * MACHINE_RAM_BASE. The data must stay while the VM lives.
 */
/* An arm64 Image (Linux, Documentation/arch/arm64/booting.rst) or ELF64. */
int	image_read(struct image *im, const void *data, size_t size,
	    uint64_t memory, char *err);
int	image_raw(struct image *im, const void *data, size_t size, ipa_t load,
	    ipa_t entry, uint64_t memory, char *err);
/*
 * Places for an initrd (0 bytes: none) and a device tree, on whole pages,
 * that touch no part of the kernel, its bss included.
 */
int	image_place(const struct image *im, uint64_t memory, size_t initrd,
	    size_t dtb, struct image_places *at, char *err);
