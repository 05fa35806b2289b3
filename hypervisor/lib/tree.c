/*
 * A reader of flattened trees; see tree.h. libfdt checks the header and
 * reads no further: to step through the tree of QEMU's virt machine takes
 * it 194,000 instructions, as it fetches all names byte by byte.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include "lib/print.h"
#include "lib/string.h"
#include "lib/tree.h"

#define	PATH	96			/* longer ones are cut in messages */

static inline uint32_t
be32(const uint32_t *p)
{

	return (__builtin_bswap32(*p));
}

/* To the token behind the one at p. */
static const uint32_t *
skip(const uint32_t *p)
{
	uint32_t token = be32(p++), w;

	if (token == FDT_PROP)
		return (p + 2 + (be32(p) + 3) / 4);
	if (token == FDT_BEGIN_NODE)
		do {
			w = *p++;	/* until a byte of it is 0 */
		} while (((w - 0x01010101u) & ~w & 0x80808080u) == 0);
	return (p);
}

/* "/a/b" to buf; where it ends. */
static size_t
path(char *buf, size_t size, const struct tree_node *n)
{
	size_t at = n->up != NULL && n->up->up != NULL ?
	    path(buf, size, n->up) : 0;

	at += (size_t)print_buf(buf + at, size - at, "/%s", n->name);
	return (at < size ? at : size - 1);
}

void
tree_say(char *buf, size_t size, const struct tree_node *n, const char *prop,
    const char *fmt, va_list ap)
{
	size_t at = n == NULL ? 0 : path(buf, size < PATH ? size : PATH, n);

	at += (size_t)print_buf(buf + at, size - at, "%s%s%s",
	    n == NULL ? "" : ": ", prop == NULL ? "" : prop,
	    prop == NULL ? "" : ": ");
	if (at < size)
		print_va(buf + at, size - at, fmt, ap);
	for (; *buf != '\0'; buf++)
		if (*buf < ' ' || *buf > '~')
			*buf = '?';
}

static __attribute__((format(printf, 4, 5))) int
fail(char *err, size_t errlen, const struct tree_node *n, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	tree_say(err, errlen, n, n == NULL ? "device tree" : NULL, fmt, ap);
	va_end(ap);
	return (-1);
}

/*
 * From p to end, the last token of all: one root, nodes that end, properties
 * before children, and names that are there. What is wrong, or NULL; the
 * node it is in is at[*depth - 1].
 */
static const char *
look_over(const uint32_t *p, const uint32_t *end, uint32_t strings_len,
    struct tree_node *at, unsigned int *depth)
{
	bool open = false;		/* properties may follow */
	struct tree_node *n;

	for (; p < end; p = skip(p)) {
		switch (be32(p)) {
		case FDT_BEGIN_NODE:
			n = &at[*depth];
			if (*depth == 0 && n->name != NULL)
				return ("more than one root");
			if (*depth == TREE_DEPTH)
				return ("nested too deep");
			n->name = (const char *)(p + 1);
			n->up = (*depth)++ == 0 ? NULL : n - 1;
			open = true;
			break;
		case FDT_PROP:
			if (!open)
				return ("a property outside of its node");
			if (end - p < 3 || be32(p + 1) > (end - p - 3) * 4)
				return ("a property longer than the tree");
			if (be32(p + 2) >= strings_len)
				return ("a property without a name");
			break;
		case FDT_END_NODE:
			if (*depth == 0)
				return ("more node ends than nodes");
			--*depth;
			open = false;
			break;
		case FDT_NOP:
			break;
		default:
			return ("an unknown token");
		}
	}
	return (p > end ? "cut short" : *depth != 0 || at[0].name == NULL ?
	    "nodes that do not end" : NULL);
}

int
tree_open(struct tree_node *root, const void *blob, size_t size, char *err,
    size_t errlen)
{
	const struct fdt_header *h = blob;
	struct tree_node at[TREE_DEPTH];
	unsigned int depth = 0;
	const uint32_t *p;
	const char *wrong;
	uint32_t len;

	if ((uintptr_t)blob % 8 != 0)
		wrong = "not at a multiple of 8 bytes";
	else if (blob == NULL || size < sizeof(*h) ||
	    be32(&h->magic) != FDT_MAGIC)
		wrong = "there is none";
	else if (be32(&h->totalsize) > size)
		wrong = "cut short";
	/* From version 17 on the header has the structure block's size. */
	else if (be32(&h->version) < 17 || be32(&h->off_dt_struct) % 4 != 0 ||
	    be32(&h->off_mem_rsvmap) % 8 != 0 || fdt_check_header(blob) != 0)
		wrong = "broken header, or not of version 17";
	else {
		/* Both blocks end such that no string leaves them. */
		root->strings = (const char *)h + be32(&h->off_dt_strings);
		for (len = be32(&h->size_dt_strings); len != 0 &&
		    root->strings[len - 1] != '\0'; len--)
			;
		p = (const uint32_t *)h + be32(&h->off_dt_struct) / 4;
		const uint32_t *end = p + be32(&h->size_dt_struct) / 4 - 1;
		at[0].name = NULL;
		wrong = end < p || be32(end) != FDT_END ? "cut short" :
		    look_over(p, end, len, at, &depth);
	}
	if (wrong != NULL)
		return (fail(err, errlen, depth == 0 ? NULL : &at[depth - 1],
		    "%s", wrong));
	while (be32(p) == FDT_NOP)
		p++;
	p = skip(p);
	*root = (struct tree_node){ NULL, "", root->strings, p, p, 0 };
	return (0);
}

bool
tree_child(struct tree_node *n, struct tree_node *child)
{
	const uint32_t *p;

	for (p = n->next;; p = skip(p)) {
		if (be32(p) == FDT_BEGIN_NODE && n->depth++ == 0)
			break;
		if (be32(p) == FDT_END_NODE && n->depth-- == 0) {
			n->next = p;
			n->depth = 0;
			return (false);
		}
	}
	*child = (struct tree_node){ n, (const char *)(p + 1), n->strings,
	    skip(p), skip(p), 0 };
	n->next = child->next;
	return (true);
}

bool
tree_find(struct tree_node *n, const char *name, size_t len,
    struct tree_node *child)
{

	while (tree_child(n, child))
		if (strncmp(child->name, name, len) == 0 &&
		    (child->name[len] == '\0' || (child->name[len] == '@' &&
		    memchr(name, '@', len) == NULL)))
			return (true);
	return (false);
}

int
tree_walk(struct tree_node *n, int (*visit)(void *ctx, struct tree_node *n),
    void *ctx)
{
	struct tree_node child;
	int rv = visit(ctx, n);

	while (rv == 0 && tree_child(n, &child)) {
		rv = tree_walk(&child, visit, ctx);
		n->next = child.next;	/* its end: saves reading it again */
	}
	return (rv);
}

const char *
tree_prop(const struct tree_node *n, const uint32_t **at,
    struct tree_value *v)
{
	const uint32_t *p = *at;

	while (be32(p) == FDT_NOP)
		p++;
	if (be32(p) != FDT_PROP)
		return (NULL);
	*at = skip(p);
	v->len = be32(p + 1);
	v->data = p + 3;
	return (n->strings + be32(p + 2));
}

bool
tree_get(const struct tree_node *n, const char *name, struct tree_value *v)
{
	const uint32_t *p = n->props;
	const char *s;

	while ((s = tree_prop(n, &p, v)) != NULL)
		if (*s == *name && strcmp(s, name) == 0)
			return (true);
	*v = (struct tree_value){ NULL, 0 };
	return (false);
}

uint32_t
tree_cell(const struct tree_value *v, uint32_t i)
{

	return (i < v->len / 4 ? be32((const uint32_t *)v->data + i) : 0);
}

uint64_t
tree_number(const struct tree_value *v, uint32_t i, uint32_t cells)
{
	uint64_t x = 0;

	while (cells-- > 0)
		x = x << 32 | tree_cell(v, i++);
	return (x);
}

uint32_t
tree_u32(const struct tree_node *n, const char *name, uint32_t dflt)
{
	struct tree_value v;

	tree_get(n, name, &v);
	return (v.len < 4 ? dflt : tree_cell(&v, 0));
}

bool
tree_u64(const struct tree_node *n, const char *name, uint64_t *x)
{
	struct tree_value v;

	tree_get(n, name, &v);
	if (v.len != 4 && v.len != 8)
		return (false);
	*x = tree_number(&v, 0, v.len / 4);
	return (true);
}

const char *
tree_next(const struct tree_value *v, const char *prev)
{
	const char *s = v->data, *end = s + v->len;

	if (prev != NULL)
		s = prev + strlen(prev) + 1;
	return (s < end && memchr(s, 0, (size_t)(end - s)) != NULL ? s : NULL);
}

const char *
tree_string(const struct tree_node *n, const char *name)
{
	struct tree_value v;

	tree_get(n, name, &v);
	return (tree_next(&v, NULL));
}

bool
tree_lists(const struct tree_value *v, const char *s)
{
	const char *e = NULL;

	while ((e = tree_next(v, e)) != NULL)
		if (strcmp(e, s) == 0)
			return (true);
	return (false);
}
