/*
 * The device-tree writer; see dtw.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include "lib/dtw.h"
#include "lib/string.h"

/* Header, memory reservation block (nothing but its end), structure. */
#define	HEADER		sizeof(struct fdt_header)
#define	STRUCTURE	(HEADER + 16)

/* n bytes; the next thing is aligned. */
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
cell(struct dtw *w, uint32_t v)
{

	v = __builtin_bswap32(v);
	put(w, &v, sizeof(v));
}

void
dtw_start(struct dtw *w, void *buf, size_t size, size_t names,
    const void *base)
{
	const char *from = base;
	uint32_t known = fdt_size_dt_strings(base);

	memset(buf, 0, size);
	w->full = size < STRUCTURE + names || names < known;
	w->buf = buf;
	w->p = w->buf + STRUCTURE;
	w->end = w->buf + size;
	w->name = w->names = w->full ? w->buf : w->end - names;
	/* Less the end of the root, and of the whole. */
	put(w, from + fdt_off_dt_struct(base), fdt_size_dt_struct(base) - 8);
	if (w->full)
		return;
	memcpy(w->name, from + fdt_off_dt_strings(base), known);
	w->name += known;
}

void
dtw_node(struct dtw *w, const char *fmt, ...)
{
	char name[64];
	va_list ap;

	va_start(ap, fmt);
	print_va(name, sizeof(name), fmt, ap);
	va_end(ap);
	cell(w, FDT_BEGIN_NODE);
	put(w, name, strlen(name) + 1);
}

void
dtw_end(struct dtw *w)
{

	cell(w, FDT_END_NODE);
}

static void
property(struct dtw *w, const char *name, size_t size)
{
	size_t n = strlen(name) + 1;

	cell(w, FDT_PROP);
	cell(w, (uint32_t)size);
	cell(w, (uint32_t)(w->name - w->names));
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
dtw_string(struct dtw *w, const char *name, const char *s)
{

	dtw_bytes(w, name, s, strlen(s) + 1);
}

void
dtw_cells(struct dtw *w, const char *name, const uint32_t *v, size_t n)
{

	property(w, name, n * 4);
	while (n-- != 0)
		cell(w, *v++);
}

size_t
dtw_finish(struct dtw *w)
{
	uint32_t names = (uint32_t)(w->name - w->names);

	dtw_end(w);
	cell(w, FDT_END);
	if (w->full)
		return (0);
	memmove(w->p, w->names, names);
	uint32_t at = (uint32_t)(w->p - w->buf);
	/* Magic, sizes and offsets, versions 17 and 16, boot CPU. */
	const uint32_t header[HEADER / 4] = { FDT_MAGIC, at + names,
	    STRUCTURE, at, HEADER, 17, 16, 0, names, at - STRUCTURE };
	w->p = w->buf;
	for (uint32_t i = 0; i < nitems(header); i++)
		cell(w, header[i]);
	return (at + names);
}
