/*
 * Writes a device tree (Devicetree Specification v0.4, chapter 5) into
 * memory of the caller's, front to back. Must not know what is in it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef LIB_DTW_H
#define	LIB_DTW_H

#include "lib/types.h"

struct dtw {
	char	*buf, *p;		/* the structure grows up to names */
	char	*names, *name, *end;	/* of properties, so far, limit */
	bool	full;			/* something did not fit */
};

/*
 * buf is a multiple of 8 bytes and has size bytes, the last of which are for
 * the names of properties: each name is written once for each use.
 */
void	dtw_start(struct dtw *w, void *buf, size_t size, size_t names);
void	dtw_begin(struct dtw *w, const char *node);
void	dtw_bytes(struct dtw *w, const char *name, const void *data,
	    size_t size);
void	dtw_cells(struct dtw *w, const char *name, const uint32_t *v,
	    unsigned int n);
void	dtw_end(struct dtw *w);
/* The size of the whole in bytes, or 0: it did not fit. */
size_t	dtw_finish(struct dtw *w);

#endif
