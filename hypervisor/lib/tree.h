/*
 * Reads flattened trees (Devicetree Specification v0.4, chapter 5), which
 * nobody vouches for: tree_open() looks over all of the structure once, and
 * only values can be wrong after that. Must not know what any node means.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <stdarg.h>
#include "lib/types.h"

#define	TREE_MAX	(2ul << 20)	/* at most (booting.rst, 2) */
#define	TREE_DEPTH	24		/* nodes one in the other, at most */

struct tree_node {
	const struct tree_node *up;	/* NULL: this is the root */
	const char	*name;		/* "" for the root */
	const char	*strings;	/* names of properties */
	const uint32_t	*props;		/* token of the first property */
	const uint32_t	*next;		/* where to look for a child */
	uint32_t	depth;		/* 1: that is inside of the last */
};

struct tree_value {
	const void	*data;		/* at a multiple of 4; NULL: absent */
	uint32_t	len;		/* bytes */
};

/* Of the size bytes at blob; 0, or -1 with a line in err. */
int	tree_open(struct tree_node *root, const void *blob, size_t size,
	    char *err, size_t errlen);
/* The next child of n, until false. It refers to n. */
bool	tree_child(struct tree_node *n, struct tree_node *child);
/*
 * The next child with a name of that length; where it has no unit address,
 * one in the tree does not matter.
 */
bool	tree_find(struct tree_node *n, const char *name, size_t len,
	    struct tree_node *child);
/*
 * Calls visit for n and all below it, parents first, while it returns 0.
 * Returns what it returned last.
 */
int	tree_walk(struct tree_node *n,
	    int (*visit)(void *ctx, struct tree_node *n), void *ctx);

/* From *p, n->props at first: the next property's name; NULL at the end. */
const char *tree_prop(const struct tree_node *n, const uint32_t **p,
	    struct tree_value *v);
/* The property of this name; is it there? */
bool	tree_get(const struct tree_node *n, const char *name,
	    struct tree_value *v);
/* Its first cell, or dflt without. */
uint32_t tree_u32(const struct tree_node *n, const char *name,
	    uint32_t dflt);
/* Its number of one or two cells; false, and nothing done, if it is none. */
bool	tree_u64(const struct tree_node *n, const char *name, uint64_t *x);
/* Its first string, or NULL where there is none that ends. */
const char *tree_string(const struct tree_node *n, const char *name);

/* Cell i; 0 where the value is shorter. */
uint32_t tree_cell(const struct tree_value *v, uint32_t i);
/* The number in the cells from i on; of more than two, the last two. */
uint64_t tree_number(const struct tree_value *v, uint32_t i, uint32_t cells);
/* The string behind prev, first NULL, in a list; NULL at its end. */
const char *tree_next(const struct tree_value *v, const char *prev);
bool	tree_lists(const struct tree_value *v, const char *s);

/* "PATH: PROP: ..." to buf, printable throughout; n or prop may be NULL. */
void	tree_say(char *buf, size_t size, const struct tree_node *n,
	    const char *prop, const char *fmt, va_list ap)
	    __attribute__((cold, format(printf, 5, 0)));
