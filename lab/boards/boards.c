/*
 * boards: the hypervisor's own discovery, on the build host: what it makes
 * of device trees, a line of JSON for each file named. Must not judge what
 * it finds, nor know any board.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/platform.h"
#include "uart/uart_io.h"

#define	DTB_MAX		(2u << 20)	/* as the hypervisor reads */
#define	SOME_RAM	(1u << 30)

static struct platform plat;

/* No register is touched here: discovery must not ask for one. */
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

static void
string(const char *key, const char *s)
{

	printf(", \"%s\": \"", key);
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\' || *s < ' ' || *s > '~')
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	putchar('"');
}

static void
number(const char *key, unsigned long long v)
{

	printf(", \"%s\": %llu", key, v);
}

static void
boolean(const char *key, bool v)
{

	printf(", \"%s\": %s", key, v ? "true" : "false");
}

static void
describe(const struct platform *p)
{
	unsigned int i, psci = 0, spin = 0, okay = 0;

	for (i = 0; i < p->nr_cpus; i++) {
		okay += p->cpu[i].okay;
		psci += p->cpu[i].enable == PLATFORM_ENABLE_PSCI;
		spin += p->cpu[i].enable == PLATFORM_ENABLE_SPIN_TABLE;
	}
	number("ram", extent_total(&p->ram));
	number("ram_pieces", p->ram.n);
	number("cpus", p->nr_cpus);
	number("cpus_okay", okay);
	number("cpus_psci", psci);
	number("cpus_spin_table", spin);
	string("cpu", p->nr_cpus == 0 ? "" : p->cpu[0].compatible);
	string("psci", !p->psci.present ? "" : p->psci.hvc ? "hvc" : "smc");
	number("gic", p->gic.version);
	number("gic_redistributor_regions", p->gic.nr_gicr);
	number("timer_virt", p->timer.virt.intid);
	number("timer_hyp", p->timer.hyp.intid);
	number("pmu", p->pmu.intid);
}

static void
console(const struct platform_console *c)
{

	string("console", c->path == NULL ? "" : c->path);
	string("console_compatible", c->desc.base.v == 0 ? "" :
	    c->desc.compatible);
	boolean("console_driver", c->desc.base.v != 0 &&
	    uart_supported(&c->desc));
}

/* Of the board, its strings with blanks between. */
static void
compatible(const void *dtb)
{
	char text[256];
	int len = 0, i;
	const char *c = fdt_getprop(dtb, 0, "compatible", &len);

	if (len < 0 || c == NULL)
		len = 0;
	if (len > (int)sizeof(text) - 1)
		len = sizeof(text) - 1;
	for (i = 0; i < len; i++)
		text[i] = c[i] == '\0' ? ' ' : c[i];
	text[len] = '\0';
	string("compatible", text);
}

/*
 * Trees as built leave it to the boot loader to say how much RAM there is.
 * Do as it would: at the place the tree names, or where it is free.
 */
static int
fill_ram(void *dtb)
{
	uint32_t reg[4] = { 0, 0, 0, cpu_to_fdt32(SOME_RAM) };
	int node, cells = fdt_address_cells(dtb, 0);
	int sizes = fdt_size_cells(dtb, 0);
	const char *name, *at;

	if (cells < 1 || cells > 2 || sizes < 1 || sizes > 2 ||
	    fdt_open_into(dtb, dtb, DTB_MAX) != 0)
		return (-1);
	node = fdt_node_offset_by_prop_value(dtb, -1, "device_type", "memory",
	    sizeof("memory"));
	if (node < 0) {
		node = fdt_subnode_offset(dtb, 0, "memory");
		if (node < 0)
			node = fdt_add_subnode(dtb, 0, "memory@40000000");
		if (node < 0 || fdt_setprop_string(dtb, node, "device_type",
		    "memory") != 0)
			return (-1);
	}
	name = fdt_get_name(dtb, node, NULL);
	at = strchr(name, '@');
	reg[1] = cpu_to_fdt32(at == NULL ? 0 : (uint32_t)strtoull(at + 1,
	    NULL, 16));
	return (fdt_setprop(dtb, node, "reg", reg + 2 - cells,
	    4 * cells) == 0 && fdt_appendprop(dtb, node, "reg", reg + 4 - sizes,
	    4 * sizes) == 0 ? 0 : -1);
}

static int
look(const char *path)
{
	char err[256] = "";
	struct stat st;
	void *dtb = NULL;
	ssize_t n = -1;
	bool filled = false;
	int fd, bad;

	fd = open(path, O_RDONLY);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (dtb = aligned_alloc(8, DTB_MAX)) != NULL)
		n = read(fd, dtb, DTB_MAX);
	if (n < 0) {
		fprintf(stderr, "boards: %s: %s\n", path, fd < 0 || errno != 0 ?
		    strerror(errno) : "not a file");
		free(dtb);
		if (fd >= 0)
			close(fd);
		return (1);
	}
	close(fd);
	bad = platform_discover(&plat, dtb, (size_t)n, err, sizeof(err));
	if (bad != 0 && strncmp(err, "no supported RAM", 16) == 0 &&
	    fill_ram(dtb) == 0) {
		filled = true;
		bad = platform_discover(&plat, dtb, DTB_MAX, err, sizeof(err));
	}
	printf("{\"found\": %s", bad == 0 ? "true" : "false");
	string("file", path);
	string("error", bad == 0 ? "" : err);
	boolean("ram_filled_in", filled);
	string("note", plat.note);
	string("model", plat.model == NULL ? "" : plat.model);
	console(&plat.console);
	if (bad == 0) {
		compatible(dtb);
		describe(&plat);
	}
	printf("}\n");
	free(dtb);
	return (0);
}

int
main(int argc, char **argv)
{
	int i, bad = 0;

	for (i = 1; i < argc; i++)
		bad |= look(argv[i]);
	return (bad);
}
