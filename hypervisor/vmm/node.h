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
/*
 * The properties called names[0] to names[n - 1], to v. Says a line of each
 * other one; false, and a line, where one is given twice.
 */
bool	node_read(const struct tree_node *n, const char *const names[],
	    unsigned int count, struct tree_value v[]);

/* "bundle: PATH: PROP: ..."; prop may be NULL. Returns false. */
bool	node_say(const struct tree_node *n, const char *prop, const char *fmt,
	    ...) PRINTF_LIKE(3, 4);

/*
 * Values of a property that is given (node_word, node_flag: or not, then
 * *second, *on are false). False and a line said where they have another
 * shape.
 */
bool	node_number(const struct tree_node *n, const char *prop,
	    const struct tree_value *v, unsigned int cells, uint64_t *x);
bool	node_string(const struct tree_node *n, const char *prop,
	    const struct tree_value *v, const char **s);
/* One of two words; is it the second? */
bool	node_word(const struct tree_node *n, const char *prop,
	    const struct tree_value *v, const char *const words[2],
	    bool *second);
bool	node_flag(const struct tree_node *n, const char *prop,
	    const struct tree_value *v, bool *on);
