/*
 * For tests of discovery: trees from fixtures/dt or from text, made by dtc,
 * each in a block of memory of exactly its size, so that a sanitizer sees
 * any read behind it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <atf-c.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/platform.h"
#include "uart/uart_io.h"

static struct platform p;
static char err[200];

/* Discovery asks whether a driver is there, and touches no register. */
uint32_t
uart_io_read(const struct uart *u, unsigned int reg)
{

	(void)u;
	(void)reg;
	abort();
}

void
uart_io_write(const struct uart *u, unsigned int reg, uint32_t value)
{

	(void)u;
	(void)reg;
	(void)value;
	abort();
}

/* The output of dtc for this file. */
static void *
trees_dtc(const char *path, size_t *size)
{
	static char out[1 << 18];
	char cmd[600];
	FILE *f;
	void *dtb;

	snprintf(cmd, sizeof(cmd), "dtc -q -f -I dts -O dtb '%s'", path);
	ATF_REQUIRE((f = popen(cmd, "r")) != NULL);
	*size = fread(out, 1, sizeof(out), f);
	ATF_REQUIRE_MSG(pclose(f) == 0, "dtc fails on %s", path);
	ATF_REQUIRE(*size > 40 && *size < sizeof(out));
	ATF_REQUIRE((dtb = malloc(*size)) != NULL);
	return (memcpy(dtb, out, *size));
}

/* fixtures/dt/NAME.dts of the source tree around the test program. */
static void *
trees_fixture(const atf_tc_t *tc, const char *name, size_t *size)
{
	char path[512], up[256] = "";
	FILE *f;
	int i;

	for (i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "%s/%sfixtures/dt/%s.dts",
		    atf_tc_get_config_var(tc, "srcdir"), up, name);
		if ((f = fopen(path, "r")) != NULL) {
			fclose(f);
			return (trees_dtc(path, size));
		}
		strcat(up, "../");
	}
	atf_tc_fail("no fixtures/dt/%s.dts above the test program", name);
}

static inline void *
trees_text(const char *text, size_t *size)
{
	FILE *f;

	ATF_REQUIRE((f = fopen("tree.dts", "w")) != NULL);
	fputs(text, f);
	fclose(f);
	return (trees_dtc("tree.dts", size));
}

/*
 * Whatever was found must keep the header's promises: runs on any tree,
 * good or broken. Returns a text when it does not.
 */
static const char *
trees_check(int rv, const char *dtb, size_t size)
{
	unsigned int i;
	uint64_t end = 0;
	const char *s;

	if (strnlen(p.note, sizeof(p.note)) == sizeof(p.note))
		return ("note not terminated");
	if (rv != 0) {
		for (s = err; *s >= ' ' && *s <= '~'; s++)
			;
		return (rv == -1 && s != err && *s == '\0' ? NULL :
		    "no line of error");
	}
	if (p.ram.n == 0 || p.ram.n > EXTENT_MAX || p.reserved.n > EXTENT_MAX)
		return ("RAM count");
	for (i = 0; i < p.ram.n; i++) {
		if (p.ram.e[i].size == 0 || (p.ram.e[i].base |
		    p.ram.e[i].size) % PAGE_SIZE != 0)
			return ("RAM of broken pages");
		if (i != 0 && p.ram.e[i].base < end)
			return ("RAM not sorted");
		end = p.ram.e[i].base + p.ram.e[i].size;
	}
	for (i = 0; i < p.reserved.n; i++)
		if (extent_meets(&p.ram, p.reserved.e[i].base,
		    p.reserved.e[i].size))
			return ("RAM that is reserved");
	if (p.nr_cpus == 0 || p.nr_cpus > PLATFORM_MAX_CPUS)
		return ("CPU count");
	for (i = 0; i < p.nr_cpus; i++)
		if (strlen(p.cpu[i].compatible) > size)
			return ("CPU compatible");
	if (p.gic.version != 2 && p.gic.version != 3)
		return ("GIC version");
	if (p.gic.nr_gicr > PLATFORM_MAX_GICR || p.gic.gicd.size == 0)
		return ("GIC frames");
	if (p.timer.virt.intid < 16 || p.timer.virt.intid >= 1020)
		return ("timer interrupt");
	if (p.console.desc.base.v != 0 &&
	    (p.console.desc.compatible < dtb || p.console.desc.compatible +
	    p.console.desc.compatible_len > dtb + size))
		return ("console compatible");
	if (p.bundle_end.v < p.bundle_start.v)
		return ("bundle");
	return (NULL);
}
