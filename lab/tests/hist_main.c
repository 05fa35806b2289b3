/*
 * bench/hist.c on the build host: reads numbers, prints their histogram as
 * the guest would, then median and 99th percentile.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdio.h>
#include "hist.h"

void
print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

int
main(void)
{
	static struct hist h;
	unsigned long long v;

	hist_clear(&h);
	while (scanf("%llu", &v) == 1)
		hist_add(&h, v);
	hist_print(&h, "x", "insn");
	printf("%llu %llu\n", (unsigned long long)hist_percentile(&h, 500),
	    (unsigned long long)hist_percentile(&h, 990));
}
