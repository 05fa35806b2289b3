/*
 * The device-tree writer; see dtw.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/dtw.h"
#include "lib/string.h"

/* Header, memory reservation block (nothing but its end), structure. */
#define	HEADER		40
#define	STRUCTURE	56
#define	BEGIN_NODE	1
#define	END_NODE	2
#define	PROP		3
#define	END		9

static void
put(struct dtw *w, const void *data, size_t n)
{

	if (w->names - w->p < (ptrdiff_t)round_up(n, 4)) {
		w->full = true;
		return;
	}
	memcpy(w->p, data, n);
	w->p += round_up(n, 4);
}

static void
cells(struct dtw *w, const uint32_t *v, size_t n)
{
	uint32_t big;

	for (; n > 0; n--) {
		big = __builtin_bswap32(*v++);
		put(w, &big, sizeof(big));
	}
}

void
dtw_start(struct dtw *w, void *buf, size_t size, size_t names)
{

	memset(buf, 0, size);
	w->full = size < STRUCTURE + names;
	w->buf = buf;
	w->p = w->buf + STRUCTURE;
	w->end = w->buf + size;
	w->name = w->names = w->full ? w->buf : w->end - names;
}

void
dtw_begin(struct dtw *w, const char *node)
{

	cells(w, (const uint32_t[]){ BEGIN_NODE }, 1);
	put(w, node, strlen(node) + 1);
}

static void
property(struct dtw *w, const char *name, size_t size)
{
	size_t n = strlen(name) + 1;

	cells(w, (const uint32_t[]){ PROP, (uint32_t)size,
	    (uint32_t)(w->name - w->names) }, 3);
	if (w->full || w->end - w->name < (ptrdiff_t)n) {
		w->full = true;
		return;
	}
	memcpy(w->name, name, n);
	w->name += n;
}

void
dtw_bytes(struct dtw *w, const char *name, const void *data, size_t size)
{

	property(w, name, size);
	put(w, data, size);
}

void
dtw_cells(struct dtw *w, const char *name, const uint32_t *v, unsigned int n)
{

	property(w, name, n * sizeof(*v));
	cells(w, v, n);
}

void
dtw_end(struct dtw *w)
{

	cells(w, (const uint32_t[]){ END_NODE }, 1);
}

size_t
dtw_finish(struct dtw *w)
{
	uint32_t names = (uint32_t)(w->name - w->names), at;

	cells(w, (const uint32_t[]){ END }, 1);
	if (w->full)
		return (0);
	memmove(w->p, w->names, names);
	at = (uint32_t)(w->p - w->buf);
	w->p = w->buf;
	cells(w, (const uint32_t[]){ 0xd00dfeed, at + names, STRUCTURE, at,
	    HEADER, 17, 16, 0, names, at - STRUCTURE }, 10);
	return (at + names);
}
