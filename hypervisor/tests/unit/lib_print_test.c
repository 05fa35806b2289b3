/*
 * Formatted output against the C library's.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/print.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#define	SAME(...) do {							\
	char ours_[128], theirs_[128];					\
	int n_ = print_buf(ours_, sizeof(ours_), __VA_ARGS__);		\
									\
	ATF_CHECK_EQ(snprintf(theirs_, sizeof(theirs_), __VA_ARGS__), n_); \
	ATF_CHECK_STREQ(theirs_, ours_);				\
} while (0)

CASE(numbers)
{
	static const long long v[] = { 0, 1, -1, 9, 10, -10, 255, 4096,
	    INT_MAX, INT_MIN, UINT_MAX, LLONG_MAX, LLONG_MIN };
	unsigned int i;

	for (i = 0; i < nitems(v); i++) {
		SAME("%d|%u|%x", (int)v[i], (unsigned int)v[i],
		    (unsigned int)v[i]);
		SAME("%ld|%lu|%lx", (long)v[i], (unsigned long)v[i],
		    (unsigned long)v[i]);
		SAME("%lld|%llu|%llx", v[i], (unsigned long long)v[i],
		    (unsigned long long)v[i]);
		SAME("%zu", (size_t)v[i]);
		SAME("%4d|%-4d|%04d|%21lld|%-21lld|%021lld", (int)v[i],
		    (int)v[i], (int)v[i], v[i], v[i], v[i]);
		SAME("%8x|%08x|%-8x|%016llx", (unsigned int)v[i],
		    (unsigned int)v[i], (unsigned int)v[i],
		    (unsigned long long)v[i]);
	}
	SAME("%p", (void *)0x1234abcd5678);
	SAME("%p", (void *)1);
}

CASE(strings)
{
	static const char raw[3] = { 'a', 'b', 'c' };	/* no terminator */

	SAME("plain");
	SAME("%s", "");
	SAME("[%s] [%5s] [%-5s] [%2s]", "abc", "abc", "abc", "abc");
	SAME("[%.*s] [%.*s] [%.*s] [%5.*s] [%-5.*s]", 2, "abc", 0, "abc", 9,
	    "abc", 2, "abc", 2, "abc");
	SAME("[%.*s] [%.*s]", 2, "abc", -1, "abc");
	SAME("%.*s%.*s", 3, raw, 3, raw);
	SAME("%d%%", 1);
}

CASE(null)
{
	char buf[16];
	const char *volatile none = NULL;

	ATF_CHECK_EQ(6, print_buf(buf, sizeof(buf), "%s", none));
	ATF_CHECK_STREQ("(null)", buf);
}

/* What is cut off is counted, and nothing is written behind the end. */
CASE(cut)
{
	char buf[8];
	size_t size;

	for (size = 0; size <= sizeof(buf); size++) {
		memset(buf, '!', sizeof(buf));
		ATF_CHECK_EQ(6, print_buf(buf, size, "ab%dcd", 12));
		if (size > 0)
			ATF_CHECK_EQ(size > 6 ? 6 : size - 1, strlen(buf));
		ATF_CHECK(strncmp(buf, "ab12cd", size > 0 ?
		    strlen(buf) : 0) == 0);
		if (size < sizeof(buf))
			ATF_CHECK_EQ('!', buf[size]);
	}
	ATF_CHECK_EQ(6, print_buf(NULL, 0, "ab%dcd", 12));
}

/* Formats that are none must not stop what comes behind them. */
CASE(unknown)
{
	const char *volatile odd = "%q|%d|%", *volatile zero = "%05-3d|";
	char buf[16];

	ATF_CHECK_EQ(4, print_buf(buf, sizeof(buf), odd, 7));
	ATF_CHECK_STREQ("q|7|", buf);
	ATF_CHECK(print_buf(buf, sizeof(buf), zero, 7) > 0);
}

static void
put(void *ctx, char c)
{
	char **p = ctx;

	*(*p)++ = c;
}

static int PRINTF_LIKE(2, 3)
to(char **p, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print_to(put, p, fmt, ap);
	va_end(ap);
	return (n);
}

CASE(sink)
{
	char buf[16] = "", *p = buf;

	ATF_CHECK_EQ(3, to(&p, "%d%s", 1, "ab"));
	ATF_CHECK_EQ(1, to(&p, "%s", "c"));
	ATF_CHECK_STREQ("1abc", buf);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, numbers);
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, null);
	ATF_TP_ADD_TC(tp, cut);
	ATF_TP_ADD_TC(tp, unknown);
	ATF_TP_ADD_TC(tp, sink);
	return (atf_no_error());
}
