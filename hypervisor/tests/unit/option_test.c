/*
 * An option of the command line, found in a device tree of which nothing is
 * known: trees as libfdt makes them, and what no longer is one. Each is in a
 * block of memory of its size: the sanitizer sees a read behind it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "arch/aarch64/ext/option.h"

#define	OPTION	"apiary.e2h="

/* A tree with this command line (NULL: none) behind other nodes. */
static uint8_t *
tree(const char *bootargs, size_t *size)
{
	static uint8_t buf[4096];

	fdt_create(buf, sizeof(buf));
	fdt_finish_reservemap(buf);
	fdt_begin_node(buf, "");
	fdt_property_string(buf, "model", "apiary.e2h=1");
	fdt_begin_node(buf, "memory@40000000");
	fdt_property_u64(buf, "reg", 3);
	fdt_property(buf, "empty", NULL, 0);
	fdt_end_node(buf);
	fdt_begin_node(buf, "chosen");
	fdt_property_string(buf, "stdout-path", "/apiary.e2h=1");
	if (bootargs != NULL)
		fdt_property_string(buf, "bootargs", bootargs);
	fdt_end_node(buf);
	fdt_end_node(buf);
	ATF_REQUIRE_EQ(0, fdt_finish(buf));
	*size = fdt_totalsize(buf);
	return (memcpy(malloc(*size), buf, *size));
}

static char
find(const char *bootargs)
{
	size_t size;
	uint8_t *t = tree(bootargs, &size);
	char found = option_find(t, size, OPTION);

	free(t);
	return (found);
}

ATF_TC_WITHOUT_HEAD(values);
ATF_TC_BODY(values, tc)
{

	ATF_CHECK_EQ(0, find(NULL));
	ATF_CHECK_EQ(0, find(""));
	ATF_CHECK_EQ('1', find(OPTION "1"));
	ATF_CHECK_EQ('0', find("quiet a ap " OPTION "0 x=y"));
	ATF_CHECK_EQ('x', find(OPTION "x"));
	ATF_CHECK_EQ('?', find(OPTION));
	ATF_CHECK_EQ('?', find(OPTION " 1"));
	ATF_CHECK_EQ('?', find(OPTION "10"));
	/* The first counts. */
	ATF_CHECK_EQ('1', find(OPTION "1 " OPTION "0"));
}

ATF_TC_WITHOUT_HEAD(other_words);
ATF_TC_BODY(other_words, tc)
{

	ATF_CHECK_EQ(0, find("x" OPTION "1"));
	ATF_CHECK_EQ(0, find("apiary.e2h"));
	ATF_CHECK_EQ(0, find("apiary.e2hh=1"));
	ATF_CHECK_EQ(0, find("apiary.e2 a"));
	ATF_CHECK_EQ('1', find("x" OPTION "0 " OPTION "1"));
}

/* Cut anywhere, its header saying what it said: nothing is read behind it. */
ATF_TC_WITHOUT_HEAD(cut);
ATF_TC_BODY(cut, tc)
{
	size_t size, n;
	uint8_t *t = tree("quiet " OPTION "1", &size), *part;

	for (n = 0; n <= size; n++) {
		part = malloc(n + (n == 0));
		memcpy(part, t, n);
		char found = option_find(part, n, OPTION);
		ATF_CHECK(found == 0 || found == '1');
		ATF_CHECK(n < size || found == '1');
		free(part);
	}
	free(t);
}

/* Every word replaced by numbers that lengths and offsets do not like. */
ATF_TC_WITHOUT_HEAD(words);
ATF_TC_BODY(words, tc)
{
	static const uint32_t bad[] = { 0, 1, 2, 3, 4, 9, 0x7fffffff,
	    0x80000000, 0xfffffff0, 0xffffffff };
	size_t size, at, i;
	uint8_t *t = tree(OPTION "1", &size);

	for (at = 0; at + 4 <= size; at += 4)
		for (i = 0; i < nitems(bad); i++) {
			uint32_t old, word = cpu_to_fdt32(bad[i]);

			memcpy(&old, t + at, 4);
			memcpy(t + at, &word, 4);
			option_find(t, size, OPTION);
			memcpy(t + at, &old, 4);
		}
	ATF_CHECK_EQ('1', option_find(t, size, OPTION));
	free(t);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, values);
	ATF_TP_ADD_TC(tp, other_words);
	ATF_TP_ADD_TC(tp, cut);
	ATF_TP_ADD_TC(tp, words);
	return (atf_no_error());
}
