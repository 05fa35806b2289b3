/*
 * The device tree that a guest is given, in the words of QEMU's "virt"
 * machine. Must not know bundles, nor where the tree will stand.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/tree.h"
#include "vmm/vm.h"

/* One passed-through device: which of config's devices and spis it has. */
struct guest_fdt_device {
	const char	*name;		/* a unit address is cut off */
	struct tree_value compatible;	/* data NULL: none */
	uint8_t		reg, nregs;
	uint8_t		spi, nspis;
};

struct guest_fdt {
	const struct vm_config *config;	/* gic is 2 or 3 */
	const char	*bootargs;	/* "" when there are none */
	ipa_t		initrd;
	size_t		initrd_size;	/* bytes; 0: none */
	bool		pmu;		/* its interrupt is there */
	struct guest_fdt_device devices[VM_MAX_PASSTHROUGH];
	unsigned int	ndevices;
};

/* Bytes that are enough for it. */
size_t	guest_fdt_bound(const struct guest_fdt *g);
/*
 * Writes the tree to buf, at a multiple of 8 bytes. Returns its size in
 * bytes, or 0: size is too small.
 */
size_t	guest_fdt_write(const struct guest_fdt *g, void *buf, size_t size);
