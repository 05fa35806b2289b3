/*
 * The inputs that the fuzzer has kept (fixtures/fuzz), once more: a case for
 * each fuzz test, that ci/tests/test_fuzz.py runs with -v corpus=FOLDER. Must
 * not know what they are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <atf-c.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
corpus_file(const char *folder, const char *name)
{
	static uint8_t buf[1 << 16];
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	ATF_REQUIRE_MSG(f != NULL, "%s", path);
	size_t n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	/* Of exactly this size, so that the sanitizers see its end. */
	uint8_t *data = malloc(n + (n == 0));
	ATF_REQUIRE(data != NULL);
	for (size_t i = 0; i < n; i++)
		data[i] = buf[i];
	(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
}

ATF_TC_WITHOUT_HEAD(corpus);
ATF_TC_BODY(corpus, tc)
{
	unsigned int files = 0;

	if (!atf_tc_has_config_var(tc, "corpus"))
		atf_tc_skip("test_fuzz.py runs it");
	const char *folder = atf_tc_get_config_var(tc, "corpus");
	DIR *d = opendir(folder);
	ATF_REQUIRE_MSG(d != NULL, "%s", folder);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.') {
			corpus_file(folder, e->d_name);
			files++;
		}
	closedir(d);
	printf("%u inputs\n", files);
	ATF_REQUIRE(files > 0);
}
