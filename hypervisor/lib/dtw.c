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

/* n bytes and a zero or not; the next thing is aligned. */
static void
put(struct dtw *w, const void *data, size_t n, bool zero)
{
	size_t size = round_up(n + zero, 4);

	if (w->names - w->p < (ptrdiff_t)size) {
		w->full = true;
		return;
	}
	memcpy(w->p, data, n);
	w->p += size;
}

static void
cell(struct dtw *w, uint32_t v)
{

	v = __builtin_bswap32(v);
	put(w, &v, sizeof(v), false);
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
dtw_begin(struct dtw *w, const char *name, size_t n)
{

	cell(w, FDT_BEGIN_NODE);
	put(w, name, n, true);
}

static void
property(struct dtw *w, const char *name, size_t n, size_t size)
{

	cell(w, FDT_PROP);
	w->size = w->p;
	cell(w, (uint32_t)size);
	cell(w, (uint32_t)(w->name - w->names));
	if (w->full || w->end - w->name <= (ptrdiff_t)n) {
		w->full = true;
		return;
	}
	memcpy(w->name, name, n);
	w->name += n + 1;
}

void
dtw_bytes(struct dtw *w, const char *name, const void *data, size_t size)
{

	property(w, name, strlen(name), size);
	put(w, data, size, false);
}

static bool
in_word(char c)
{

	return (c > '>' ? c < '{' : c > '&' ? c < ';' : c == '#');
}

static uint32_t
number(const char *s, const char *end)
{
	uint32_t n = 0;

	for (; s < end; s++)
		n = n << 4 | (*s <= '9' ? *s - '0' : *s - 'a' + 10);
	return (n);
}

/* s to end is "text|text". */
static void
strings(struct dtw *w, const char *s, const char *end)
{
	char *p = w->p;

	put(w, s, end - s, true);
	for (; p < w->p; p++)
		if (*p == '|')
			*p = '\0';
}

void
dtw_text(struct dtw *w, const char *s, const uint64_t *v)
{
	const char *word;

	while (*s != '\0') {
		for (word = s; in_word(*s); s++)
			;
		const char *end = s++;
		switch (*end) {
		case '{':
			dtw_begin(w, word, end - word);
			break;
		case '}':
			cell(w, FDT_END_NODE);
			break;
		case ';':
		case '<':
			property(w, word, end - word, 0);
			break;
		case '=':
			while (*s != ';')
				s++;
			property(w, word, end - word, s - end);
			strings(w, end + 1, s++);
			break;
		default:		/* of cells; '>' is the last */
			if (word != end)
				cell(w, number(word, end));
			if (*end == '&')
				cell(w, *v >> 32);
			if (*end == '&' || *end == '%')
				cell(w, *v++);
			uint32_t size = __builtin_bswap32(w->p - w->size - 8);
			if (*end == '>' && !w->full)
				memcpy(w->size, &size, sizeof(size));
		}
	}
}

size_t
dtw_finish(struct dtw *w)
{
	uint32_t names = (uint32_t)(w->name - w->names);

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
