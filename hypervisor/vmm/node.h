/*
 * The nodes of a bundle: a walk over a flattened device tree (Devicetree
 * Specification v0.4, chapter 5), front to back, and complaints that name
 * node and property. Must not know what a bundle says. The tree is untrusted
 * until node_root() has seen all of it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef VMM_NODE_H
#define	VMM_NODE_H

#include "lib/print.h"
#include "lib/types.h"

struct node {
	const void	*fdt;
	const char	*name;		/* ends with NUL */
	int		off;		/* of the next token; moves on */
	int		first;		/* of the node's first */
	char		path[96];	/* cut where longer */
};

struct node_value {
	const uint8_t	*data;		/* NULL: the property is absent */
	uint32_t	len;		/* bytes */
};

/*
 * Looks over the structure of the tree at fdt; n becomes its root. False,
 * and a line said, where it is broken: nothing is then to be read.
 */
bool	node_root(struct node *n, const void *fdt, size_t size);
/* The next child of n, until false; start with a fresh n. */
bool	node_child(struct node *n, struct node *child);
/*
 * The properties called names[0] to names[n - 1], to v. Says a line of each
 * other one; false, and a line, where one is given twice.
 */
bool	node_read(const struct node *n, const char *const names[],
	    unsigned int count, struct node_value v[]);

/* "bundle: PATH: PROP: ..."; prop may be NULL. Refuse returns false. */
void	node_say(const struct node *n, const char *prop, const char *fmt, ...)
	    PRINTF_LIKE(3, 4);
bool	node_refuse(const struct node *n, const char *prop, const char *fmt,
	    ...) PRINTF_LIKE(3, 4);

/* Big-endian cell i; two from i. They must be there. */
uint32_t node_cell(const struct node_value *v, unsigned int i);
uint64_t node_cells(const struct node_value *v, unsigned int i);
/* Is s one of the strings of v? */
bool	node_lists(const struct node_value *v, const char *s);

/*
 * Values of a property that is given (node_word, node_flag: or not, then
 * *second, *on are false). False and a line said where they have another
 * shape.
 */
bool	node_number(const struct node *n, const char *prop,
	    const struct node_value *v, unsigned int cells, uint64_t *x);
bool	node_string(const struct node *n, const char *prop,
	    const struct node_value *v, const char **s);
/* One of two words; is it the second? */
bool	node_word(const struct node *n, const char *prop,
	    const struct node_value *v, const char *const words[2],
	    bool *second);
bool	node_flag(const struct node *n, const char *prop,
	    const struct node_value *v, bool *on);

#endif
