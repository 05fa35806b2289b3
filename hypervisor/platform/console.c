/*
 * From /chosen's stdout-path to a UART; see console.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/print.h"
#include "lib/string.h"
#include "platform/console.h"
#include "platform/intid.h"

struct search {
	const char	*at, *end;	/* what is left of the path */
	unsigned int	depth;		/* matched so far */
	uint32_t	gic;
	unsigned int	cells;
	struct platform_console *c;
};

static int
console_node(struct tree *t, struct search *s)
{
	struct platform_console *c = s->c;
	struct uart_desc *d = &c->desc;
	uint64_t base, size;
	uint32_t offset, n;

	c->path = t->frame[t->depth].name;
	if (!t->frame[t->depth].okay)
		return (tree_fail(t, "status", "the console is disabled"));
	if (tree_string(t, TREE_COMPATIBLE) == NULL)
		return (tree_fail(t, "compatible", "missing"));
	n = tree_reg(t, 0, &base, &size) == 1 ? 1 : 0;
	if (n == 0)
		return (tree_has(t, TREE_REG) ? -1 :
		    tree_fail(t, "reg", "missing"));
	offset = tree_u32(t, TREE_REG_OFFSET, 0, 0);
	if (base == 0 || offset >= size)
		return (tree_fail(t, "reg", "not an address of registers"));
	n = tree_u32(t, TREE_REG_SHIFT, 0, UART_DEFAULT);
	if (n > 4 && n != UART_DEFAULT)
		return (tree_fail(t, "reg-shift", "above 4"));
	d->reg_shift = (uint8_t)n;
	n = tree_u32(t, TREE_REG_IO_WIDTH, 0, UART_DEFAULT);
	if (n != 1 && n != 2 && n != 4 && n != UART_DEFAULT)
		return (tree_fail(t, "reg-io-width", "not 1, 2 or 4"));
	d->reg_io_width = (uint8_t)n;
	d->compatible = (const char *)t->prop[TREE_COMPATIBLE].data;
	d->compatible_len = t->prop[TREE_COMPATIBLE].len;
	d->big_endian = tree_has(t, TREE_BIG_ENDIAN);
	d->base = PA(base + offset);
	d->size = size - offset;
	c->clock = tree_u32(t, TREE_CLOCK_FREQUENCY, 0, 0);
	if (c->baud == 0)
		c->baud = tree_u32(t, TREE_CURRENT_SPEED, 0, 0);
	intid_of_node(t, s->gic, s->cells, &c->irq);
	return (1);
}

/* Is this the next node of the path? A unit address may be left out. */
static int
console_step(struct tree *t, void *ctx)
{
	struct search *s = ctx;
	const char *name = t->frame[t->depth].name;
	const char *slash;
	size_t n;

	if (t->depth == 0)
		return (0);
	if (t->depth <= s->depth)
		return (1);		/* behind the place it should be in */
	if (t->depth != s->depth + 1)
		return (0);
	slash = memchr(s->at, '/', (size_t)(s->end - s->at));
	n = (size_t)((slash == NULL ? s->end : slash) - s->at);
	if (strncmp(name, s->at, n) != 0 || (name[n] != '\0' &&
	    (name[n] != '@' || memchr(s->at, '@', n) != NULL)))
		return (0);
	s->depth = t->depth;
	s->at += n;
	while (s->at < s->end && *s->at == '/')
		s->at++;
	return (s->at == s->end ? console_node(t, s) : 0);
}

/* "115200n8" and its like. */
static uint32_t
console_baud(const char *options)
{
	uint32_t n = 0;

	while (*options >= '0' && *options <= '9' && n < 100000000)
		n = n * 10 + (uint32_t)(*options++ - '0');
	return (n);
}

static void
console_none(struct tree *t, const char *why, const char *name, size_t len)
{

	print_buf(t->err, t->errlen, "no console: %s%.*s", why,
	    len > 60 ? 60 : (int)len, name);
}

void
console_find(struct tree *t, const struct console_wish *w, uint32_t gic,
    unsigned int cells, struct platform *p)
{
	const char *path = w->path == NULL ? "serial0" : w->path;
	const char *end = strchr(path, ':');
	struct search s = { .gic = gic, .cells = cells, .c = &p->console };
	struct tree_value v;

	p->console.baud = end == NULL ? 0 : console_baud(end + 1);
	if (end == NULL)
		end = path + strlen(path);
	s.at = path;
	s.end = end;
	if (path[0] != '/') {
		/* An alias; the boot loader's choice where none is asked. */
		if (w->aliases == NULL || !tree_find(t, w->aliases, path,
		    (size_t)(end - path), &v) ||
		    memchr(v.data, 0, v.len) == NULL) {
			if (w->path == NULL)
				console_none(t, "/chosen has no stdout-path",
				    "", 0);
			else
				console_none(t, "stdout-path names no alias: ",
				    path, (size_t)(end - path));
			return;
		}
		path = s.at = (const char *)v.data;
		s.end = end = path + strlen(path);
	}
	while (s.at < s.end && *s.at == '/')
		s.at++;
	t->err[0] = '\0';
	(void)tree_walk(t, console_step, &s);
	if (p->console.desc.base.v == 0 && t->err[0] == '\0')
		console_none(t, "no node ", path, (size_t)(end - path));
}
