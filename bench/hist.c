/*
 * Histograms: bins that get coarser only when they must, and how they are
 * printed. Must not know what is sampled.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "hist.h"

/*
 * Longer lines may be cut in two where VMs share a console. It includes the
 * brackets, part numbers and checksum around a line's text.
 */
#define	LINE_SIZE	190
#define	LINE_FRAME	(sizeof("<APIARY_HIST  PART=9999/9999 CRC=01234567>"))

void
hist_clear(struct hist *h)
{

	h->n = h->max = h->sum = 0;
	h->min = ~0ull;
	h->bins = 0;
	h->bits = 64;
}

/* The lowest value of the bin that v falls into. */
static uint64_t
low_of(uint64_t v, unsigned int bits)
{
	unsigned int used = v == 0 ? 0 : 64 - __builtin_clzll(v);

	return (used <= bits ? v : v >> (used - bits) << (used - bits));
}

static void
coarsen(struct hist *h)
{
	unsigned int i, n = 0;

	/* From "each its own" to bins of 3 %; from there by halves. */
	h->bits = h->bits == 64 ? 6 : h->bits - 1;
	for (i = 0; i < h->bins; i++) {
		uint64_t low = low_of(h->bin[i].low, h->bits);

		if (n > 0 && h->bin[n - 1].low == low) {
			h->bin[n - 1].count += h->bin[i].count;
			continue;
		}
		h->bin[n].low = low;
		h->bin[n++].count = h->bin[i].count;
	}
	h->bins = n;
}

void
hist_add(struct hist *h, uint64_t value)
{
	unsigned int i, at;
	uint64_t low;

	h->n++;
	h->sum += value;
	if (value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	for (;;) {
		low = low_of(value, h->bits);
		for (at = 0; at < h->bins && h->bin[at].low < low; at++)
			;
		if (at < h->bins && h->bin[at].low == low) {
			h->bin[at].count++;
			return;
		}
		if (h->bins < HIST_BINS)
			break;
		coarsen(h);
	}
	for (i = h->bins++; i > at; i--)
		h->bin[i] = h->bin[i - 1];
	h->bin[at].low = low;
	h->bin[at].count = 1;
}

uint64_t
hist_percentile(const struct hist *h, unsigned int per_mille)
{
	uint64_t seen = 0, rank = (h->n * per_mille + 999) / 1000;
	unsigned int i;

	for (i = 0; i < h->bins; i++) {
		seen += h->bin[i].count;
		if (seen >= rank)
			return (h->bin[i].low < h->min ? h->min :
			    h->bin[i].low);
	}
	return (h->max);
}

/* ---- printing --------------------------------------------------------- */

struct line {
	char		text[2 * LINE_SIZE];	/* names may be long */
	unsigned int	used;
};

static void
put(struct line *l, const char *s)
{

	while (*s != '\0' && l->used < sizeof(l->text) - 1)
		l->text[l->used++] = *s++;
	l->text[l->used] = '\0';
}

static void
put_number(struct line *l, const char *before, uint64_t v)
{
	char digits[21];
	unsigned int i = sizeof(digits) - 1;

	digits[i] = '\0';
	do
		digits[--i] = '0' + v % 10;
	while ((v /= 10) != 0);
	put(l, before);
	put(l, &digits[i]);
}

static uint32_t
crc32(const char *s)
{
	uint32_t crc = ~0u;

	for (; *s != '\0'; s++)
		crc = crc32_add(crc, *s);
	return (~crc);
}

static void
put_head(struct line *l, const struct hist *h, const char *name,
    const char *unit)
{

	l->used = 0;
	put(l, "NAME=");
	put(l, name);
	put(l, " UNITS=");
	put(l, unit);
	put_number(l, " N=", h->n);
	put_number(l, " MIN=", h->min);
	put_number(l, " MAX=", h->max);
	put_number(l, " SUM=", h->sum);
	put(l, " BINS=");
}

/* Adds the bins that there is room for, one at least; returns the next. */
static unsigned int
put_bins(struct line *l, const struct hist *h, unsigned int first)
{
	unsigned int i, used;

	for (i = first; i < h->bins; i++) {
		used = l->used;
		put_number(l, i == first ? "" : ",", h->bin[i].low);
		put_number(l, ":", h->bin[i].count);
		if (i != first && l->used + LINE_FRAME > LINE_SIZE) {
			l->used = used;
			l->text[used] = '\0';
			break;
		}
	}
	return (i);
}

void
hist_print(const struct hist *h, const char *name, const char *unit)
{
	static struct line l;
	unsigned int next, part, parts = 0;

	for (next = 0; next < h->bins; parts++) {
		put_head(&l, h, name, unit);
		next = put_bins(&l, h, next);
	}
	for (next = 0, part = 1; part <= parts; part++) {
		put_head(&l, h, name, unit);
		next = put_bins(&l, h, next);
		if (parts > 1) {
			put_number(&l, " PART=", part);
			put_number(&l, "/", parts);
		}
		print("<APIARY_HIST %s CRC=%08x>\n", l.text, crc32(l.text));
	}
}
