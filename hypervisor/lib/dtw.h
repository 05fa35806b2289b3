/*
 * Writes a device tree (Devicetree Specification v0.4, chapter 5) into
 * memory of the caller's, front to back. Must not know what is in it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct dtw {
	char	*buf, *p;		/* the structure grows up to names */
	char	*names, *name, *end;	/* of properties, so far, limit */
	char	*size;			/* of the last property's value */
	bool	full;			/* something did not fit */
};

/*
 * buf is a multiple of 8 bytes and has size bytes, the last of which are for
 * the names of properties: each name is written once for each use.
 */
void	dtw_start(struct dtw *w, void *buf, size_t size, size_t names);
/* A name of n characters; the node ends with "}" in dtw_text(). */
void	dtw_begin(struct dtw *w, const char *name, size_t n);
void	dtw_bytes(struct dtw *w, const char *name, const void *data,
	    size_t size);
/*
 * Any number of nodes "name{...}", properties "name;" (empty), "name=a|b;"
 * (a list of strings) and "name<1 2a % &>" (cells: hexadecimal; % is the
 * next of v, & the next as two cells), begun or ended.
 */
void	dtw_text(struct dtw *w, const char *s, const uint64_t *v);
/* The size of the whole in bytes, or 0: it did not fit. */
size_t	dtw_finish(struct dtw *w);
