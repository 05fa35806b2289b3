/*
 * The C library functions of the freestanding program, under other names,
 * against the C library's own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define	memcpy	our_memcpy
#define	memmove	our_memmove
#define	memset	our_memset
#define	memcmp	our_memcmp
#define	memchr	our_memchr
#define	strlen	our_strlen
#define	strcmp	our_strcmp
#define	strncmp	our_strncmp
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strcmp
#undef strncmp

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#define	ROOM	160		/* bytes of the arrays below */

static uint8_t a[ROOM] __attribute__((aligned(16)));
static uint8_t b[ROOM] __attribute__((aligned(16)));
static uint8_t want[ROOM];

static void
fill(uint8_t *p, unsigned int start)
{
	unsigned int i;

	for (i = 0; i < ROOM; i++)
		p[i] = (uint8_t)(start + i * 7);
}

/* Every alignment of both ends, every length around the steps. */
CASE(copy)
{
	size_t to, from, n;

	for (to = 0; to < 17; to++)
		for (from = 0; from < 17; from++)
			for (n = 0; n < 70; n++) {
				fill(a, 1);
				fill(want, 1);
				fill(b, 100);
				memcpy(want + to, b + from, n);
				ATF_REQUIRE(our_memcpy(a + to, b + from, n) ==
				    a + to);
				ATF_REQUIRE_MSG(memcmp(a, want, ROOM) == 0,
				    "%zu bytes, %zu to %zu", n, from, to);
			}
}

CASE(move)
{
	size_t to, from, n;

	for (to = 0; to < 40; to++)
		for (from = 0; from < 40; from++)
			for (n = 0; n < 70; n++) {
				fill(a, 1);
				fill(want, 1);
				memmove(want + to, want + from, n);
				ATF_REQUIRE(our_memmove(a + to, a + from, n) ==
				    a + to);
				ATF_REQUIRE_MSG(memcmp(a, want, ROOM) == 0,
				    "%zu bytes, %zu to %zu", n, from, to);
			}
}

CASE(set)
{
	static const int values[] = { 0, 0x5a, 0xff, 0x1a5, -1 };
	size_t to, n, v;

	for (v = 0; v < sizeof(values) / sizeof(values[0]); v++)
		for (to = 0; to < 17; to++)
			for (n = 0; n < 70; n++) {
				fill(a, 3);
				fill(want, 3);
				memset(want + to, values[v], n);
				ATF_REQUIRE(our_memset(a + to, values[v],
				    n) == a + to);
				ATF_REQUIRE(memcmp(a, want, ROOM) == 0);
			}
}

static int
sign(int n)
{

	return ((n > 0) - (n < 0));
}

CASE(bytes)
{
	static const char x[] = "ab\0cd\x80", y[] = "ab\0cd\x7f";
	size_t n;
	int c;

	for (n = 0; n <= 6; n++)
		ATF_CHECK_EQ(sign(memcmp(x, y, n)),
		    sign(our_memcmp(x, y, n)));
	ATF_CHECK_EQ(1, sign(our_memcmp(x, y, 6)));	/* unsigned */
	ATF_CHECK_EQ(-1, sign(our_memcmp(y, x, 6)));
	for (n = 0; n <= 6; n++)
		for (c = -1; c < 300; c++)
			ATF_REQUIRE(our_memchr(x, c, n) == memchr(x, c, n));
}

/* All strings of up to four letters of an alphabet of three. */
#define	STRINGS	(1 + 3 + 9 + 27 + 81)
static char s[STRINGS][5];

static void
make_strings(void)
{
	unsigned int len, at, i, n, v, k = 0;

	for (len = 0, n = 1; len <= 4; len++, n *= 3)
		for (i = 0; i < n; i++, k++)
			for (at = 0, v = i; at < len; at++, v /= 3)
				s[k][at] = "ab\xe9"[v % 3];
}

CASE(strings)
{
	unsigned int i, j, n;

	make_strings();
	for (i = 0; i < STRINGS; i++) {
		ATF_REQUIRE_EQ(strlen(s[i]), our_strlen(s[i]));
		for (j = 0; j < STRINGS; j++) {
			ATF_REQUIRE_EQ(sign(strcmp(s[i], s[j])),
			    sign(our_strcmp(s[i], s[j])));
			for (n = 0; n < 6; n++)
				ATF_REQUIRE_EQ(sign(strncmp(s[i], s[j], n)),
				    sign(our_strncmp(s[i], s[j], n)));
		}
	}
}

/* Without a terminator where a length is given. */
CASE(bounded)
{
	char *p = malloc(3);

	ATF_REQUIRE(p != NULL);
	memcpy(p, "abc", 3);
	ATF_CHECK_EQ(0, our_strncmp(p, "abcd", 3));
	ATF_CHECK_EQ(0, our_strncmp("a\0x", "a\0y", 3));
	ATF_CHECK(our_memchr(p, 'd', 3) == NULL);
	free(p);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, copy);
	ATF_TP_ADD_TC(tp, move);
	ATF_TP_ADD_TC(tp, set);
	ATF_TP_ADD_TC(tp, bytes);
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, bounded);
	return (atf_no_error());
}
