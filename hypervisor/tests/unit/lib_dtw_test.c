/*
 * Device trees as we write them, read by libfdt; and every size that is too
 * small for one.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dtw.h"

#define	NAMES	64
#define	ROOM	512

/* Of what is written: "two" (twice), "#a-b,3", "empty"; "one" is the base's. */
#define	NAMES_USED	(4 + 4 + 4 + 7 + 6)

static const void *
base(void)
{
	static uint64_t buf[64];

	ATF_REQUIRE_EQ(0, fdt_create(buf, sizeof(buf)));
	ATF_REQUIRE_EQ(0, fdt_finish_reservemap(buf));
	ATF_REQUIRE_EQ(0, fdt_begin_node(buf, ""));
	ATF_REQUIRE_EQ(0, fdt_property(buf, "one", "abcde", 5));
	ATF_REQUIRE_EQ(0, fdt_begin_node(buf, "old"));
	ATF_REQUIRE_EQ(0, fdt_end_node(buf));
	ATF_REQUIRE_EQ(0, fdt_end_node(buf));
	ATF_REQUIRE_EQ(0, fdt_finish(buf));
	return (buf);
}

static size_t
write_tree(void *buf, size_t size, size_t names)
{
	struct dtw w;

	dtw_start(&w, buf, size, names, base());
	dtw_node(&w, "%.*s@%x", 4, "node-cut", 0x1000);
	DTW_CELLS(&w, "two", 1, 0x12345678, ~0u, DTW_PAIR(0x9abcdef01));
	dtw_bytes(&w, "#a-b,3", "a.b\0" "12\0c", 9);
	dtw_node(&w, "abc");
	dtw_bytes(&w, "empty", "", 0);
	dtw_end(&w);
	dtw_end(&w);
	dtw_node(&w, "next");
	dtw_string(&w, "two", "5;7");
	dtw_end(&w);
	return (dtw_finish(&w));
}

ATF_TC_WITHOUT_HEAD(tree);
ATF_TC_BODY(tree, tc)
{
	static uint64_t buf[ROOM / 8];
	const fdt32_t *v;
	const char *p;
	size_t n;
	int len;

	memset(buf, 0xa5, sizeof(buf));
	n = write_tree(buf, sizeof(buf), NAMES);
	ATF_REQUIRE(n != 0 && n < sizeof(buf) - NAMES);
	ATF_REQUIRE_EQ(0, fdt_check_full(buf, n));
	ATF_CHECK_EQ(n, fdt_totalsize(buf));
	ATF_CHECK_EQ(NAMES_USED, fdt_size_dt_strings(buf));
	ATF_CHECK_EQ(0, fdt_num_mem_rsv(buf));
	p = fdt_getprop(buf, 0, "one", &len);
	ATF_REQUIRE(p != NULL);
	ATF_CHECK(len == 5 && memcmp(p, "abcde\0\0\0", 8) == 0);
	v = fdt_getprop(buf, fdt_path_offset(buf, "/node@1000"), "two", &len);
	ATF_REQUIRE(v != NULL);
	ATF_CHECK(len == 20 && fdt32_to_cpu(v[0]) == 1 &&
	    fdt32_to_cpu(v[1]) == 0x12345678 &&
	    fdt32_to_cpu(v[2]) == 0xffffffff && fdt32_to_cpu(v[3]) == 9 &&
	    fdt32_to_cpu(v[4]) == 0xabcdef01);
	p = fdt_getprop(buf, fdt_path_offset(buf, "/node@1000"), "#a-b,3",
	    &len);
	ATF_REQUIRE(p != NULL);
	ATF_CHECK(len == 9 && memcmp(p, "a.b\0" "12\0c", 9) == 0);
	ATF_CHECK(fdt_getprop(buf, fdt_path_offset(buf, "/node@1000/abc"),
	    "empty", &len) != NULL);
	ATF_CHECK_EQ(0, len);
	p = fdt_getprop(buf, fdt_path_offset(buf, "/next"), "two", &len);
	ATF_REQUIRE(p != NULL);
	ATF_CHECK(len == 4 && strcmp(p, "5;7") == 0);
	ATF_CHECK(fdt_path_offset(buf, "/old") > 0);
}

/* Of exactly this size: a sanitizer sees what goes beyond. */
ATF_TC_WITHOUT_HEAD(too_small);
ATF_TC_BODY(too_small, tc)
{
	size_t n, size, names;
	void *buf = malloc(ROOM);

	n = write_tree(buf, ROOM, NAMES);
	free(buf);
	for (names = 0; names <= NAMES_USED; names++)
		for (size = 0; size <= n; size++) {
			buf = malloc(size);
			ATF_REQUIRE_EQ(size == n && names == NAMES_USED ?
			    n : 0, write_tree(buf, size, names));
			free(buf);
		}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, tree);
	ATF_TP_ADD_TC(tp, too_small);
	return (atf_no_error());
}
