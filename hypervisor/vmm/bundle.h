/*
 * Makes VMs of a bundle (abi/bundle.h), from its nodes to the guest's memory
 * and tree. The bundle is untrusted: whatever is wrong with a VM is said in
 * one line that names node and property, and the others go on.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/tree.h"
#include "vmm/vm.h"

/*
 * The nodes of a bundle: properties that are known there, values of a shape,
 * and complaints that name node and property. vmm/node.c must not know what
 * a bundle says.
 */

/* The shape of a value, and what it is read to. */
enum node_kind {
	NODE_BYTES,		/* struct tree_value: as it stands */
	NODE_STRING,		/* const char *: one, not empty */
	NODE_WORD,		/* bool: it is the second of two words */
	NODE_FLAG,		/* bool: it is there, without a value */
	NODE_CELL,		/* uint64_t */
	NODE_PAIR,		/* uint64_t: two cells */
};

struct node_prop {
	const char	*name;
	enum node_kind	kind;
	uint16_t	at;		/* offset of where it is read to */
	bool		required;
	const char	*words;		/* the two, with a NUL between them */
};

/*
 * Reads the properties of a node into the struct at to; what is not there
 * leaves it alone. Says a line of each that is not among props; false, and a
 * line, where one is missing, given twice or of another shape.
 */
bool	node_read(const struct tree_node *n, const struct node_prop props[],
	    unsigned int count, void *to);

/* "bundle: PATH: PROP: ..."; prop may be NULL. Returns false. */
bool	node_say(const struct tree_node *n, const char *prop, const char *fmt,
	    ...) PRINTF_LIKE(3, 4);

/* The data of the image that a property names; false: a line was said. */
bool	bundle_image(const struct tree_node *n, const char *prop,
	    const char *name, struct tree_value *data);

/*
 * Kernel images: which parts of a file go where in a guest's memory, and
 * where there is room beside them. vmm/image.c knows the formats (arm64
 * Image, ELF64, raw); it must not know bundles, nor touch guest memory.
 * Files are untrusted.
 */

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
/* One more part: in RAM, and clear of the others. The sum does not wrap. */
int	image_add(struct image *im, uint64_t base, const void *data,
	    uint64_t size, uint64_t zero, uint64_t memory, char *err);
/* The first instruction: aligned, and in what was loaded from the file. */
int	image_enter(struct image *im, uint64_t entry, char *err);
/*
 * Places for an initrd (0 bytes: none) and a device tree, on whole pages,
 * that touch no part of the kernel, its bss included.
 */
int	image_place(const struct image *im, uint64_t memory, size_t initrd,
	    size_t dtb, struct image_places *at, char *err);

/*
 * What of the machine is passed through to a VM: vmm/passthrough.c.
 */

/* The node passthrough of a VM; false: a line was said. */
bool	passthrough_read(struct tree_node *n, struct vm_config *c);
/* One more SPI for the VM, or a line of n's prop says why not. */
bool	passthrough_spi(const struct tree_node *n, const char *prop,
	    struct vm_config *c, uint32_t intid, bool edge);
/* What the guest's tree says of them; vm is the VM's node. */
void	passthrough_write(struct dtw *t, struct tree_node vm);

/*
 * The device tree that a guest is given, in the words of QEMU's "virt"
 * machine. vmm/guest_fdt.c must not know bundles, nor where the tree will
 * stand.
 */

struct guest_fdt {
	const struct vm_config *config;	/* gic is 2 or 3 */
	const char	*bootargs;	/* "" when there are none */
	ipa_t		initrd;
	size_t		initrd_size;	/* bytes; 0: none */
	bool		pmu;		/* its interrupt is there */
	const struct tree_node *vm;	/* in the bundle; NULL: in none */
};

/* Bytes that are enough for it. */
size_t	guest_fdt_bound(const struct guest_fdt *g);
/*
 * Writes the tree to buf, at a multiple of 8 bytes. Returns its size in
 * bytes, or 0: size is too small.
 */
size_t	guest_fdt_write(const struct guest_fdt *g, void *buf, size_t size);

/*
 * Creates and loads the VMs; starts none. Returns how many. The bundle (at a
 * multiple of 8 bytes) must stay readable: images are copied out of it at
 * each start of a VM. Only before the first guest runs: libfdt is compiled
 * to use the FP registers.
 */
unsigned int bundle_load(const void *bundle, size_t size);
