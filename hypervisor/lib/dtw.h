/*
 * Writes a device tree (Devicetree Specification v0.4, chapter 5) into
 * memory of the caller's, front to back. Must not know what is in it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/print.h"

struct dtw {
	char	*buf, *p;		/* the structure grows up to names */
	char	*names, *name, *end;	/* of properties, so far, limit */
	bool	full;			/* something did not fit */
};

/*
 * Goes on with the root of base, a device tree, after its last node. buf is
 * a multiple of 8 bytes and has size bytes, the last of which are for the
 * names of properties: base's, and each name once for each use.
 */
void	dtw_start(struct dtw *w, void *buf, size_t size, size_t names,
	    const void *base);
/* A node of this name, at most 63 characters; properties come first. */
void	dtw_node(struct dtw *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
void	dtw_end(struct dtw *w);
void	dtw_bytes(struct dtw *w, const char *name, const void *data,
	    size_t size);
void	dtw_string(struct dtw *w, const char *name, const char *s);
void	dtw_cells(struct dtw *w, const char *name, const uint32_t *v,
	    size_t n);
#define	DTW_CELLS(w, name, ...)						\
	dtw_cells(w, name, (const uint32_t[]){ __VA_ARGS__ },		\
	    nitems(((const uint32_t[]){ __VA_ARGS__ })))
/* The two cells of a number of 64 bits. */
#define	DTW_PAIR(x)	(uint32_t)((uint64_t)(x) >> 32), (uint32_t)(x)
/* Ends the root. The size of the whole in bytes, or 0: it did not fit. */
size_t	dtw_finish(struct dtw *w);
