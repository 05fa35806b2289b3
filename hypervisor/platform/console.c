/*
 * From stdout-path to a UART; see pass.h. Must not know
 * drivers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "platform/pass.h"

int
console_read(struct pass *s, const struct tree_node *n)
{
	struct platform_console *c = &s->p->console;
	struct uart_desc *d = &c->desc;
	struct platform_range r;
	struct tree_value v;
	uint32_t offset = tree_u32(n, "reg-offset", 0);
	uint32_t shift = tree_u32(n, "reg-shift", UART_DEFAULT);
	uint32_t width = tree_u32(n, "reg-io-width", UART_DEFAULT);
	const char *wrong = NULL;
	int rv;

	c->path = n->name;
	if ((rv = pass_reg(s, n, 0, &r)) < 0)
		return (rv);
	if (!pass_okay(n))
		wrong = "status: the console is disabled";
	else if (!tree_get(n, "compatible", &v) || tree_next(&v, NULL) == NULL)
		wrong = "compatible: missing";
	else if (rv == 0)
		wrong = "reg: missing";
	else if (r.base.v == 0 || offset >= r.size)
		wrong = "reg: not an address of registers";
	else if (shift > 4 && shift != UART_DEFAULT)
		wrong = "reg-shift: above 4";
	else if (width != 1 && width != 2 && width != 4 &&
	    width != UART_DEFAULT)
		wrong = "reg-io-width: not 1, 2 or 4";
	if (wrong != NULL)
		return (pass_fail(s, n, "%s", wrong));
	d->compatible = v.data;
	d->compatible_len = v.len;
	d->reg_shift = (uint8_t)shift;
	d->reg_io_width = (uint8_t)width;
	d->big_endian = tree_get(n, "big-endian", &v);
	d->base = PA(r.base.v + offset);
	d->size = r.size - offset;
	intid_of_node(s, n, &c->irq);
	return (0);
}

int
console_find(struct pass *s)
{
	struct tree_node at[TREE_DEPTH + 1], *n = at;
	const char *path = s->stdout_path, *end, *slash;
	char alias[32];
	size_t len;

	*n = s->root;
	/* The boot loader's choice where none is asked for. */
	if (path == NULL)
		path = "serial0";
	/* Options follow a colon: the line is set up. */
	for (end = path; *end != '\0' && *end != ':'; end++)
		;
	if (path[0] != '/') {
		print_buf(alias, sizeof(alias), "%.*s", (int)(end - path),
		    path);
		path = NULL;
		if (tree_find(n, "aliases", 7, n + 1))
			path = tree_string(n + 1, alias);
		if (path == NULL)
			return (pass_fail(s, NULL, s->stdout_path == NULL ?
			    "console: /chosen has no stdout-path" : "console: "
			    "stdout-path names no alias: %s", alias));
		end = path + strlen(path);
		*n = s->root;
	}
	for (const char *all = path; path < end;
	    path += len + (slash != NULL)) {
		slash = memchr(path, '/', (size_t)(end - path));
		len = (size_t)((slash == NULL ? end : slash) - path);
		if (len != 0 && !tree_find(n, path, len, n + 1))
			return (pass_fail(s, NULL, "console: no node "
			    "%.*s", (int)(end - all), all));
		if (len != 0)
			n++;
	}
	return (console_read(s, n));
}
