/*
 * The nodes of a bundle; see node.h. libfdt finds the tokens and
 * keeps inside of the structure block.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include "lib/string.h"
#include "vmm/node.h"
#include "vmm/log.h"

#define	LINE	200

struct line {
	char		s[LINE];
	unsigned int	len;
};

/* What the bundle holds goes to a terminal: nothing that moves its cursor. */
static void
put(void *ctx, char c)
{
	struct line *l = ctx;

	if (l->len < LINE - 1)
		l->s[l->len++] = c >= ' ' && c < 0x7f ? c : '?';
	l->s[l->len] = '\0';
}

static __attribute__((noinline)) void
puts_line(struct line *l, const char *s)
{

	while (*s != '\0')
		put(l, *s++);
}

static void
say(const struct node *n, const char *prop, const char *fmt, va_list ap)
{
	struct line l = { .len = 0 };

	puts_line(&l, n->path[0] == '\0' ? "/" : n->path);
	if (prop != NULL) {
		puts_line(&l, ": ");
		puts_line(&l, prop);
	}
	puts_line(&l, ": ");
	print_to(put, &l, fmt, ap);
	log_line("bundle: %s", l.s);
}

void
node_say(const struct node *n, const char *prop, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(n, prop, fmt, ap);
	va_end(ap);
}

bool
node_refuse(const struct node *n, const char *prop, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(n, prop, fmt, ap);
	va_end(ap);
	return (false);
}

/* Cells stand at multiples of 4: node_root() has seen to it. */
static uint32_t
be32(const uint8_t *p)
{

	return (fdt32_to_cpu(*(const fdt32_t *)(const void *)p));
}

/* The property at off; its name, or NULL where that is not in the tree. */
static const char *
property(const void *fdt, int off, struct node_value *v)
{
	const uint8_t *p = (const uint8_t *)fdt + fdt_off_dt_struct(fdt) + off;
	const char *strings = (const char *)fdt + fdt_off_dt_strings(fdt);
	uint32_t name = be32(p + 8), size = fdt_size_dt_strings(fdt);

	v->len = be32(p + 4);
	v->data = p + 12;
	if (name >= size || memchr(strings + name, 0, size - name) == NULL)
		return (NULL);
	return (strings + name);
}

/* One root, nodes that end, properties before children, names that end. */
static const char *
look_over(const void *fdt)
{
	int off = 0, next, depth = 0;
	struct node_value v;
	bool open = false, rooted = false;
	uint32_t tag;

	for (;; off = next) {
		tag = fdt_next_tag(fdt, off, &next);
		if (next <= off)
			return ("cut short, or its structure is broken");
		switch (tag) {
		case FDT_BEGIN_NODE:
			if (depth++ == 0 && rooted)
				return ("more than one root");
			open = rooted = true;
			break;
		case FDT_PROP:
			if (!open)
				return ("a property outside of its node");
			if (property(fdt, off, &v) == NULL)
				return ("a property without a name");
			break;
		case FDT_END_NODE:
			if (depth-- == 0)
				return ("more node ends than nodes");
			open = false;
			break;
		case FDT_END:
			return (!rooted || depth != 0 ?
			    "nodes that do not end" : NULL);
		}
	}
}

bool
node_root(struct node *n, const void *fdt, size_t size)
{
	const char *wrong = NULL;
	int error;

	*n = (struct node){ .fdt = fdt, .name = "" };
	if ((uintptr_t)fdt % 8 != 0)
		wrong = "not at a multiple of 8 bytes";
	else if (size < sizeof(struct fdt_header) || fdt_magic(fdt) !=
	    FDT_MAGIC)
		wrong = "no flattened device tree";
	else if (fdt_totalsize(fdt) > size)
		wrong = "cut short";
	else if (fdt_version(fdt) < 17 || fdt_off_dt_struct(fdt) % 4 != 0 ||
	    (error = fdt_check_header(fdt)) != 0)
		wrong = "broken header, or not of version 17";
	else
		wrong = look_over(fdt);
	if (wrong != NULL) {
		log_line("bundle: %s", wrong);
		return (false);
	}
	/* Past the root's own token and name; tokens before it are void. */
	while (fdt_next_tag(fdt, n->off, &error) != FDT_BEGIN_NODE)
		n->off = error;
	n->off = n->first = error;
	return (true);
}

bool
node_child(struct node *n, struct node *child)
{
	int next, depth = 0;
	uint32_t tag;

	for (;; n->off = next) {
		tag = fdt_next_tag(n->fdt, n->off, &next);
		if (tag == FDT_BEGIN_NODE && depth++ == 0) {
			child->fdt = n->fdt;
			child->name = (const char *)n->fdt +
			    fdt_off_dt_struct(n->fdt) + n->off + FDT_TAGSIZE;
			child->off = child->first = next;
		} else if (tag == FDT_END_NODE && depth == 0)
			return (false);
		else if (tag == FDT_END_NODE && --depth == 0)
			break;
	}
	n->off = next;
	print_buf(child->path, sizeof(child->path), "%s/%s", n->path,
	    child->name);
	return (true);
}

/* What dtc adds, and what does no harm in any node. */
static bool
common(const char *name)
{

	return (strcmp(name, "phandle") == 0 ||
	    strcmp(name, "description") == 0 ||
	    strcmp(name, "#address-cells") == 0 ||
	    strcmp(name, "#size-cells") == 0);
}

static void
say_unknown(const struct node *n, const char *name,
    const char *const names[], unsigned int count)
{
	char known[96];
	unsigned int i;
	int len = 0;

	if (count == 0) {
		node_say(n, name, "not known: ignored");
		return;
	}
	for (i = 0; i < count && len < (int)sizeof(known); i++)
		len += print_buf(known + len, sizeof(known) - (size_t)len,
		    " %s", names[i]);
	node_say(n, name, "not known: ignored; there are%s", known);
}

bool
node_read(const struct node *n, const char *const names[],
    unsigned int count, struct node_value v[])
{
	int off, next;
	struct node_value value;
	const char *name;
	unsigned int i;
	uint32_t tag;

	for (i = 0; i < count; i++)
		v[i] = (struct node_value){ NULL, 0 };
	for (off = n->first;; off = next) {
		tag = fdt_next_tag(n->fdt, off, &next);
		if (tag == FDT_NOP)
			continue;
		if (tag != FDT_PROP)
			return (true);
		name = property(n->fdt, off, &value);
		for (i = 0; i < count; i++)
			if (strcmp(name, names[i]) == 0)
				break;
		if (i < count && v[i].data != NULL)
			return (node_refuse(n, name, "given twice"));
		if (i < count)
			v[i] = value;
		else if (!common(name))
			say_unknown(n, name, names, count);
	}
}

uint32_t
node_cell(const struct node_value *v, unsigned int i)
{

	return (be32(v->data + i * 4));
}

uint64_t
node_cells(const struct node_value *v, unsigned int i)
{

	return ((uint64_t)node_cell(v, i) << 32 | node_cell(v, i + 1));
}

/* The value is a list of strings, each with its NUL. */
static bool
is_text(const struct node_value *v)
{

	return (v->len > 1 && v->data[v->len - 1] == '\0');
}

bool
node_lists(const struct node_value *v, const char *s)
{
	const char *p = (const char *)v->data, *end = p + v->len;

	if (v->data == NULL || !is_text(v))
		return (false);
	for (; p < end; p += strlen(p) + 1)
		if (strcmp(p, s) == 0)
			return (true);
	return (false);
}

bool
node_number(const struct node *n, const char *prop,
    const struct node_value *v, unsigned int cells, uint64_t *x)
{

	if (v->len != cells * 4)
		return (node_refuse(n, prop, "%u bytes: wants %s", v->len,
		    cells == 1 ? "one cell" : "two cells, high and low "
		    "half of a number"));
	*x = cells == 1 ? node_cell(v, 0) : node_cells(v, 0);
	return (true);
}

bool
node_string(const struct node *n, const char *prop,
    const struct node_value *v, const char **s)
{

	*s = (const char *)v->data;
	return ((is_text(v) && strlen(*s) == v->len - 1) ||
	    node_refuse(n, prop, "wants one string, not empty"));
}

bool
node_word(const struct node *n, const char *prop,
    const struct node_value *v, const char *const words[2], bool *second)
{
	const char *s;

	*second = false;
	if (v->data == NULL)
		return (true);
	if (!node_string(n, prop, v, &s))
		return (false);
	*second = strcmp(s, words[1]) == 0;
	return (*second || strcmp(s, words[0]) == 0 || node_refuse(n, prop,
	    "\"%s\" is neither \"%s\" nor \"%s\"", s, words[0], words[1]));
}

bool
node_flag(const struct node *n, const char *prop,
    const struct node_value *v, bool *on)
{

	*on = v->data != NULL;
	return (v->len == 0 || node_refuse(n, prop, "wants no value: it is "
	    "there or not"));
}
