/*
 * For tests of bundles: fixtures/bundles/full.dts with something spoilt, as
 * dtc makes it, in a block of memory of exactly its size.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of fixtures/ in the source tree around the test program. */
static FILE *
trees_open(const atf_tc_t *tc, const char *name)
{
	char path[600], up[64] = "";
	FILE *f;
	int i;

	for (i = 0; i < 10; i++, strcat(up, "../")) {
		snprintf(path, sizeof(path), "%s/%sfixtures/%s",
		    atf_tc_get_config_var(tc, "srcdir"), up, name);
		if ((f = fopen(path, "r")) != NULL)
			return (f);
	}
	atf_tc_fail("no fixtures/%s above the test program", name);
}

/* The text of a fixture, then more; a label can be extended: "&a { };". */
static void *
trees_make(const atf_tc_t *tc, const char *name, const char *more,
    size_t *size)
{
	static char out[1 << 18];
	FILE *in = trees_open(tc, name), *f;
	size_t n = fread(out, 1, sizeof(out), in);
	void *tree;

	fclose(in);
	ATF_REQUIRE((f = fopen("t.dts", "w")) != NULL);
	ATF_REQUIRE(fwrite(out, 1, n, f) == n && fputs(more, f) >= 0);
	fclose(f);
	ATF_REQUIRE((f = popen("dtc -q -f -I dts -O dtb t.dts", "r")) != NULL);
	*size = fread(out, 1, sizeof(out), f);
	ATF_REQUIRE_MSG(pclose(f) == 0 && *size > 40, "dtc fails on: %s",
	    more);
	ATF_REQUIRE((tree = malloc(*size)) != NULL);
	return (memcpy(tree, out, *size));
}
