/*
 * Images that are neither an arm64 Image nor an ELF64: kernels for AArch32,
 * found by their magic (zImage and ELF32), and what people hand over by
 * mistake. Must not know bundles. Files are untrusted.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vm.h"

/* As image_read() (vmm/bundle.h). */
int	image_other(struct image *im, const void *data, size_t size,
	    uint64_t memory, char *err);
