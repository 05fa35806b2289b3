/*
 * Reads a flattened device tree (Devicetree Specification v0.4, chapter 5)
 * front to back in one pass: each node is shown to a visitor with those of
 * its properties that discovery wants, told apart by number. Must not know
 * what they mean, save for addressing, status and interrupt parents, which
 * children inherit. The tree is untrusted input.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef PLATFORM_TREE_H
#define	PLATFORM_TREE_H

#include "lib/types.h"

/* The properties wanted; tree.c has their names in this order. */
enum tree_prop {
	TREE_COMPATIBLE, TREE_REG, TREE_STATUS, TREE_INTERRUPTS,
	TREE_INTERRUPT_PARENT, TREE_RANGES, TREE_ADDRESS_CELLS,
	TREE_SIZE_CELLS, TREE_PHANDLE, TREE_DEVICE_TYPE,
	TREE_INTERRUPT_CELLS, TREE_INTERRUPTS_EXTENDED,
	TREE_INTERRUPT_NAMES, TREE_INTERRUPT_MAP, TREE_INTERRUPT_MAP_MASK,
	TREE_ENABLE_METHOD, TREE_CPU_RELEASE_ADDR, TREE_METHOD, TREE_CPU_ON,
	TREE_CPU_OFF, TREE_CPU_SUSPEND, TREE_GICR_REGIONS, TREE_GICR_STRIDE,
	TREE_CLOCK_FREQUENCY, TREE_STDOUT_PATH, TREE_LINUX_STDOUT_PATH,
	TREE_BOOTARGS, TREE_INITRD_START, TREE_INITRD_END, TREE_MODEL,
	TREE_REG_SHIFT, TREE_REG_IO_WIDTH, TREE_REG_OFFSET,
	TREE_CURRENT_SPEED, TREE_BIG_ENDIAN,
	TREE_PROPS
};

#define	TREE_DEPTH	24

struct tree_value {
	const uint32_t	*data;		/* big-endian cells; 4-aligned */
	uint32_t	len;		/* bytes */
};

struct tree_frame {			/* a node, as its children need it */
	const char	*name;		/* "" for the root */
	uint32_t	acells, scells;	/* for its children */
	uint32_t	phandle;	/* 0: none */
	uint32_t	irq_cells;	/* 0: no interrupt parent */
	uint32_t	irq_parent;	/* phandle; of its own interrupts */
	int		irq_nexus;	/* frame with an interrupt-map; -1 */
	bool		has_ranges;
	bool		okay;		/* status, its ancestors' included */
	uint8_t		kind;		/* the visitor's to use; 0 at first */
	struct tree_value ranges, map, mask;
};

struct tree {
	const char	*dtb;
	const uint32_t	*tokens, *end;	/* structure block */
	const char	*strings;
	uint32_t	strings_len;
	char		*err;
	size_t		errlen;

	/* The node being visited: frame[depth], and its properties. */
	unsigned int	depth;		/* root: 0 */
	struct tree_frame frame[TREE_DEPTH];
	uint64_t	have;		/* bit per enum tree_prop */
	struct tree_value prop[TREE_PROPS];
	const uint32_t	*first;		/* token of its first property */

	/* Which property a name in the strings block is; direct-mapped. */
	struct { uint32_t off; uint32_t id; } cache[128];
};

/* Checks the header. 0, or -1 with err written. */
int	tree_open(struct tree *t, const void *dtb, size_t max, char *err,
	    size_t errlen);

/*
 * Calls visit for each node, parents first, until it returns other than 0.
 * Returns that, or 0, or -1 with err written when the tree is broken.
 */
int	tree_walk(struct tree *t, int (*visit)(struct tree *t, void *ctx),
	    void *ctx);

/* The following are of the node being visited. */

static inline bool
tree_has(const struct tree *t, enum tree_prop p)
{

	return ((t->have >> p & 1) != 0);
}

/* Cell i of a property, or dflt where it is absent or shorter. */
uint32_t tree_u32(const struct tree *t, enum tree_prop p, unsigned int i,
	    uint32_t dflt);
/* A number of 1 or 2 cells; false where the property is neither. */
bool	tree_u64(const struct tree *t, enum tree_prop p, uint64_t *v);
/* A string, or NULL where it is absent or not terminated. */
const char *tree_string(const struct tree *t, enum tree_prop p);
/* The strings of a list, one by one: start with prev NULL; NULL at the end. */
const char *tree_next(const struct tree *t, enum tree_prop p,
	    const char *prev);
/* Is s one of the strings of this property? */
bool	tree_lists(const struct tree *t, enum tree_prop p, const char *s);
/*
 * Entry i of reg, in addresses of the CPU. 1 when it is there, 0 when reg
 * ends before it, -1 with err written when it makes no sense.
 */
int	tree_reg(struct tree *t, unsigned int i, uint64_t *base,
	    uint64_t *size);
/* The value of any property by name, by a search; for the rare case. */
bool	tree_find(const struct tree *t, const uint32_t *first,
	    const char *name, size_t len, struct tree_value *v);

/* "PATH: PROPERTY: text" to err; without prop "PATH: text". Returns -1. */
int	tree_fail(struct tree *t, const char *prop, const char *text)
	    __attribute__((cold));

uint32_t tree_cell(const struct tree_value *v, unsigned int i);

#endif
