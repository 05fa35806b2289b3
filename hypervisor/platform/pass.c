/*
 * What discovery asks of any node; see pass.h. Must not know what the node
 * is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "platform/bus.h"

#define	PA_BITS		52	/* the most Armv8 has (DDI 0487 D8.1.6) */

int
pass_fail(struct pass *s, const struct tree_node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tree_say(s->err, s->errlen, n, NULL, fmt, ap);
	va_end(ap);
	return (-1);
}

bool
pass_okay(const struct tree_node *n)
{
	struct tree_value v;

	for (; n != NULL; n = n->up)
		if (tree_get(n, "status", &v) && (v.len < 3 ||
		    memcmp(v.data, "ok", 2) != 0))
			return (false);
	return (true);
}

bool
pass_range_ok(const struct platform_range *r)
{

	return ((r->base.v | r->size | (r->base.v + r->size - 1)) >>
	    PA_BITS == 0 || r->size == 0);
}

/* From the addresses on this bus. What is wrong, or NULL. */
static const char *
translate(const struct tree_node *bus, uint64_t *addr)
{
	const char *wrong = NULL;
	struct tree_value v;

	for (; bus->up != NULL && wrong == NULL; bus = bus->up)
		if (!tree_get(bus, "ranges", &v))
			wrong = "on a bus without ranges";
		else if (v.len != 0)
			wrong = bus_translate(bus, &v, addr);
	return (wrong);
}

int
pass_reg(struct pass *s, const struct tree_node *n, uint32_t i,
    struct platform_range *r)
{
	const char *wrong = NULL;
	struct tree_value v;

	/* The root is on no bus. */
	if (n->up == NULL || !tree_get(n, "reg", &v))
		return (0);
	uint32_t cells = tree_u32(n->up, "#address-cells", 2);
	uint32_t size = tree_u32(n->up, "#size-cells", 1);
	uint32_t entry = cells + size;
	if (cells - 1 > 1 || size > 2)
		wrong = "#address-cells or #size-cells above it not supported";
	else if (v.len % (entry * 4) != 0)
		wrong = "length does not fit its cells";
	else if ((i *= entry) >= v.len / 4)
		return (0);
	else {
		r->base.v = tree_number(&v, i, cells);
		r->size = tree_number(&v, i + cells, size);
		/* A CPU's reg is no address. */
		if (size != 0)
			wrong = translate(n->up, &r->base.v);
		if (wrong == NULL && !pass_range_ok(r))
			wrong = "beyond 52 bits";
	}
	return (wrong == NULL ? 1 : pass_fail(s, n, "reg: %s", wrong));
}
