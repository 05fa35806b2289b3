/*
 * A flattened device tree (Devicetree Specification 0.4, 5), as far as one
 * option of bootargs asks. libfdt comes to the tree later, and does so with a
 * hundred instructions a property. Pure.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/ext/option.h"
#include "lib/string.h"

#define	FDT_HEADER	40
#define	FDT_BEGIN_NODE	1
#define	FDT_END_NODE	2
#define	FDT_PROP	3
#define	FDT_NOP		4

static char
in_line(const char *line, const char *end, const char *option)
{
	size_t n = strlen(option);
	char before = ' ';

	for (; n <= (size_t)(end - line); before = *line++)
		if (*line == *option && before == ' ' &&
		    memcmp(line, option, n) == 0) {
			line += n;
			return (end - line > 1 &&
			    (line[1] == ' ' || line[1] == '\0') ? line[0] :
			    '?');
		}
	return (0);
}

char
option_find(const void *dtb, size_t size, const char *option)
{
	static const char wanted[] = "bootargs";
	const uint32_t *word = dtb;
	size_t at, end, off, len;

	if (size < FDT_HEADER)
		return (0);
	at = __builtin_bswap32(word[2]) / 4;
	off = __builtin_bswap32(word[3]);
	if (off > size - sizeof(wanted))
		return (0);
	const char *strings = (const char *)dtb + off;
	size_t last = size - sizeof(wanted) - off;
	for (end = size / 4 - 2; at < end;) {
		switch (__builtin_bswap32(word[at++])) {
		case FDT_BEGIN_NODE:
			/* The last byte of a word is its highest. */
			while (word[at++] >> 24 != 0)
				if (at >= end)
					return (0);
			break;
		case FDT_PROP:
			len = __builtin_bswap32(word[at]);
			off = __builtin_bswap32(word[at + 1]);
			at += 2;
			if (len > size - at * 4)
				return (0);
			if (off <= last && strings[off] == wanted[0] &&
			    memcmp(strings + off, wanted, sizeof(wanted)) == 0)
				return (in_line((const char *)(word + at),
				    (const char *)(word + at) + len, option));
			at += (len + 3) / 4;
			break;
		case FDT_END_NODE:
		case FDT_NOP:
			break;
		default:
			return (0);
		}
	}
	return (0);
}
