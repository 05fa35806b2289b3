/*
 * The nodes of a bundle; see node.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "vmm/node.h"
#include "vmm/log.h"

#define	LINE	200

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

bool
node_root(struct tree_node *n, const void *fdt, size_t size)
{
	char line[LINE];

	if (tree_open(n, fdt, size, line, sizeof(line)) == 0)
		return (true);
	log_line("bundle: %s", line);
	return (false);
}

static void
say_unknown(const struct tree_node *n, const char *name,
    const char *const names[], unsigned int count)
{
	char known[96] = "";
	unsigned int len = 0;

	for (unsigned int i = 0; i < count && len < sizeof(known); i++)
		len += (unsigned int)print_buf(known + len,
		    sizeof(known) - len, " %s", names[i]);
	node_say(n, name, "not known: ignored%s%s", count == 0 ? "" :
	    "; there are", known);
}

bool
node_read(const struct tree_node *n, const char *const names[],
    unsigned int count, struct tree_value v[])
{
	/* What dtc adds, and what does no harm in any node. */
	static const char any[] = "phandle\0description\0#address-cells\0"
	    "#size-cells";
	const struct tree_value common = { any, sizeof(any) };
	const uint32_t *p = n->props;
	struct tree_value value;
	const char *name;
	unsigned int i;

	for (i = 0; i < count; i++)
		v[i] = (struct tree_value){ NULL, 0 };
	while ((name = tree_prop(n, &p, &value)) != NULL) {
		for (i = 0; i < count && strcmp(name, names[i]) != 0; i++)
			;
		if (i == count) {
			if (!tree_lists(&common, name))
				say_unknown(n, name, names, count);
		} else if (v[i].data != NULL)
			return (node_say(n, name, "given twice"));
		else
			v[i] = value;
	}
	return (true);
}

bool
node_number(const struct tree_node *n, const char *prop,
    const struct tree_value *v, unsigned int cells, uint64_t *x)
{

	*x = tree_number(v, 0, cells);
	return (v->len == cells * 4 || node_say(n, prop, "%u bytes: wants "
	    "%s", v->len, cells == 1 ? "one cell" : "two cells, high and low "
	    "half of a number"));
}

bool
node_string(const struct tree_node *n, const char *prop,
    const struct tree_value *v, const char **s)
{

	*s = tree_next(v, NULL);
	return ((*s != NULL && v->len > 1 && strlen(*s) == v->len - 1) ||
	    node_say(n, prop, "wants one string, not empty"));
}

bool
node_word(const struct tree_node *n, const char *prop,
    const struct tree_value *v, const char *const words[2], bool *second)
{
	const char *s;

	*second = false;
	if (v->data == NULL)
		return (true);
	if (!node_string(n, prop, v, &s))
		return (false);
	*second = strcmp(s, words[1]) == 0;
	return (*second || strcmp(s, words[0]) == 0 || node_say(n, prop,
	    "\"%s\" is neither \"%s\" nor \"%s\"", s, words[0], words[1]));
}

bool
node_flag(const struct tree_node *n, const char *prop,
    const struct tree_value *v, bool *on)
{

	*on = v->data != NULL;
	return (v->len == 0 || node_say(n, prop, "wants no value: it is "
	    "there or not"));
}
