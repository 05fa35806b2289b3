/*
 * The nodes of a bundle; see bundle.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "vmm/bundle.h"

#define	LINE	200
#define	PROPS	16			/* of a node, at most */

bool
node_say(const struct tree_node *n, const char *prop, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	tree_say(line, sizeof(line), n, prop, fmt, ap);
	va_end(ap);
	log_line("bundle: %s", line);
	return (false);
}

static void
say_unknown(const struct tree_node *n, const char *name,
    const struct node_prop props[], unsigned int count)
{
	char known[96] = "";
	unsigned int len = 0;

	for (unsigned int i = 0; i < count && len < sizeof(known); i++)
		len += (unsigned int)print_buf(known + len,
		    sizeof(known) - len, " %s", props[i].name);
	node_say(n, name, "not known: ignored%s%s", count == 0 ? "" :
	    "; there are", known);
}

/* The value, which is there, to where it goes. */
static bool
read_value(const struct tree_node *n, const struct node_prop *p,
    const struct tree_value *v, void *to)
{
	unsigned int cells = p->kind == NODE_CELL ? 1 : 2;
	const char *s;

	switch (p->kind) {
	case NODE_BYTES:
		*(struct tree_value *)to = *v;
		return (true);
	case NODE_FLAG:
		*(bool *)to = true;
		return (v->len == 0 || node_say(n, p->name, "wants no value: "
		    "it is there or not"));
	case NODE_CELL:
	case NODE_PAIR:
		*(uint64_t *)to = tree_number(v, 0, cells);
		return (v->len == cells * 4 || node_say(n, p->name, "%u bytes: "
		    "wants %s", v->len, cells == 1 ? "one cell" : "two cells, "
		    "high and low half of a number"));
	case NODE_STRING:
	case NODE_WORD:
		break;
	}
	s = tree_next(v, NULL);
	if (s == NULL || v->len == 1 || strlen(s) != v->len - 1)
		return (node_say(n, p->name, "wants one string, not empty"));
	if (p->kind == NODE_STRING) {
		*(const char **)to = s;
		return (true);
	}
	const char *other = p->words + strlen(p->words) + 1;
	bool second = strcmp(s, other) == 0;
	*(bool *)to = second;
	return (second || strcmp(s, p->words) == 0 || node_say(n, p->name,
	    "\"%s\" is neither \"%s\" nor \"%s\"", s, p->words, other));
}

bool
node_read(const struct tree_node *n, const struct node_prop props[],
    unsigned int count, void *to)
{
	/* What dtc adds, and what does no harm in any node. */
	static const char any[] = "phandle\0description\0#address-cells\0"
	    "#size-cells";
	const struct tree_value common = { any, sizeof(any) };
	struct tree_value v[PROPS] = { 0 }, value;
	const uint32_t *p = n->props;
	const char *name;
	unsigned int i;

	while ((name = tree_prop(n, &p, &value)) != NULL) {
		for (i = 0; i < count && strcmp(name, props[i].name) != 0; i++)
			;
		if (i == count) {
			if (!tree_lists(&common, name))
				say_unknown(n, name, props, count);
		} else if (v[i].data != NULL)
			return (node_say(n, name, "given twice"));
		else
			v[i] = value;
	}
	for (i = 0; i < count; i++) {
		if (v[i].data == NULL && props[i].required)
			return (node_say(n, props[i].name, "missing"));
		if (v[i].data != NULL && !read_value(n, &props[i], &v[i],
		    (char *)to + props[i].at))
			return (false);
	}
	return (true);
}
