/*
 * The nodes of a bundle: properties that are known there, values of a shape,
 * and complaints that name node and property. Must not know what a bundle
 * says.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/print.h"
#include "lib/tree.h"

/* The root of the tree at fdt. False, and a line said, where it is broken. */
bool	node_root(struct tree_node *n, const void *fdt, size_t size);
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
