/*
 * Default options of the address sanitizer for every host test.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{

	/* libatf keeps what it allocates until the end. */
	return ("detect_leaks=0");
}
