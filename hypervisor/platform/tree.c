/*
 * One pass over a flattened device tree; see tree.h. libfdt checks the
 * header and reads no further: merely stepping through the nodes and
 * properties of QEMU's virt machine takes it 194,000 instructions, before
 * any name is compared, as it fetches names byte by byte through a checked
 * pointer. All of discovery takes 98,000 here: a property is known by where
 * its name lies in the strings block.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>

#include "lib/print.h"
#include "lib/string.h"
#include "platform/tree.h"

#define	OTHER		TREE_PROPS	/* a property we do not want */

static const char *const names[TREE_PROPS] = {
	"compatible", "reg", "status", "interrupts",
	"interrupt-parent", "ranges", "#address-cells",
	"#size-cells", "phandle", "device_type",
	"#interrupt-cells", "interrupts-extended",
	"interrupt-names", "interrupt-map", "interrupt-map-mask",
	"enable-method", "cpu-release-addr", "method", "cpu_on",
	"cpu_off", "cpu_suspend", "#redistributor-regions",
	"redistributor-stride", "clock-frequency", "stdout-path",
	"linux,stdout-path", "bootargs", "linux,initrd-start",
	"linux,initrd-end", "model", "reg-shift", "reg-io-width",
	"reg-offset", "current-speed", "big-endian",
};

static inline uint32_t
be32(const uint32_t *p)
{

	return (fdt32_to_cpu(*(const fdt32_t *)p));
}

uint32_t
tree_cell(const struct tree_value *v, unsigned int i)
{

	return (be32(v->data + i));
}

static void
tree_path(const struct tree *t, char *buf, size_t size)
{
	unsigned int d;
	size_t n = 0;
	const char *s;

	if (size == 0)
		return;
	for (d = 1; d <= t->depth; d++) {
		if (n + 1 < size)
			buf[n++] = '/';
		for (s = t->frame[d].name; *s != '\0' && n + 1 < size; s++)
			buf[n++] = *s;
	}
	if (n == 0 && size > 1)
		buf[n++] = '/';
	buf[n] = '\0';
}

int
tree_fail(struct tree *t, const char *prop, const char *text)
{
	char path[96];

	tree_path(t, path, sizeof(path));
	print_buf(t->err, t->errlen, "%s: %s%s%s", path,
	    prop == NULL ? "" : prop, prop == NULL ? "" : ": ", text);
	return (-1);
}

static __attribute__((cold)) int
tree_broken(struct tree *t, const char *text)
{

	print_buf(t->err, t->errlen, "device tree: %s", text);
	return (-1);
}

int
tree_open(struct tree *t, const void *dtb, size_t max, char *err,
    size_t errlen)
{
	uint32_t off, len;
	int e;

	t->err = err;
	t->errlen = errlen;
	t->depth = 0;
	if (dtb == NULL || ((uintptr_t)dtb & 7) != 0)
		return (tree_broken(t, "not at a multiple of 8 bytes"));
	if (max < sizeof(struct fdt_header) || fdt_magic(dtb) != FDT_MAGIC)
		return (tree_broken(t, "no device tree at the address given"));
	if (fdt_totalsize(dtb) > max)
		return (tree_broken(t, "truncated"));
	/* From version 17 on the header has the structure block's size. */
	if (fdt_version(dtb) < 17 || fdt_last_comp_version(dtb) > 17)
		return (tree_broken(t, "a version that is not supported"));
	if ((e = fdt_check_header(dtb)) != 0)
		return (tree_broken(t, fdt_strerror(e)));
	off = fdt_off_dt_struct(dtb);
	len = fdt_size_dt_struct(dtb);
	if ((off & 3) != 0 || (fdt_off_mem_rsvmap(dtb) & 7) != 0)
		return (tree_broken(t, "misaligned blocks"));
	t->dtb = dtb;
	t->tokens = (const uint32_t *)(t->dtb + off);
	t->end = t->tokens + len / 4;
	t->strings = t->dtb + fdt_off_dt_strings(dtb);
	t->strings_len = fdt_size_dt_strings(dtb);
	memset(t->cache, 0xff, sizeof(t->cache));
	return (0);
}

/* The name in the strings block is terminated there, or this is NULL. */
static const char *
tree_name(const struct tree *t, uint32_t off)
{

	if (off >= t->strings_len ||
	    memchr(t->strings + off, 0, t->strings_len - off) == NULL)
		return (NULL);
	return (t->strings + off);
}

/* Which property this name is; -1 when it is not a name. */
static int
tree_id(struct tree *t, uint32_t off)
{
	unsigned int slot = off * 0x9e3779b1u >> 25;
	unsigned int id;
	const char *name;

	if (likely(t->cache[slot].off == off))
		return ((int)t->cache[slot].id);
	if ((name = tree_name(t, off)) == NULL)
		return (-1);
	for (id = 0; id < OTHER; id++)
		if (name[0] == names[id][0] && strcmp(name, names[id]) == 0)
			break;
	t->cache[slot].off = off;
	t->cache[slot].id = id;
	return ((int)id);
}

/*
 * One property at p, past its token; to where the next token is, or NULL
 * when it is broken.
 */
static inline const uint32_t *
tree_prop(const struct tree *t, const uint32_t *p, uint32_t *nameoff,
    struct tree_value *v)
{

	if (t->end - p < 2)
		return (NULL);
	v->len = be32(p);
	*nameoff = be32(p + 1);
	v->data = p + 2;
	if (v->len > (uint64_t)(t->end - v->data) * 4)
		return (NULL);
	return (v->data + ((uint64_t)v->len + 3) / 4);
}

bool
tree_find(const struct tree *t, const uint32_t *first, const char *name,
    size_t len, struct tree_value *v)
{
	const uint32_t *p = first;
	const char *s;
	uint32_t off, token;

	while (p != NULL && p < t->end) {
		token = be32(p++);
		if (token == FDT_NOP)
			continue;
		if (token != FDT_PROP)
			return (false);
		p = tree_prop(t, p, &off, v);
		if (p != NULL && (s = tree_name(t, off)) != NULL &&
		    strlen(s) == len && memcmp(s, name, len) == 0)
			return (true);
	}
	return (false);
}

/* The node's properties are read: derive what its children inherit. */
static void
tree_enter(struct tree *t)
{
	struct tree_frame *f = &t->frame[t->depth];
	const struct tree_frame *up = t->depth == 0 ? NULL : f - 1;
	const char *status;

	f->kind = 0;
	f->acells = tree_u32(t, TREE_ADDRESS_CELLS, 0, 2);
	f->scells = tree_u32(t, TREE_SIZE_CELLS, 0, 1);
	f->phandle = tree_u32(t, TREE_PHANDLE, 0, 0);
	f->irq_cells = tree_u32(t, TREE_INTERRUPT_CELLS, 0, 0);
	f->has_ranges = tree_has(t, TREE_RANGES);
	if (f->has_ranges)
		f->ranges = t->prop[TREE_RANGES];
	f->okay = up == NULL || up->okay;
	if (f->okay && tree_has(t, TREE_STATUS)) {
		status = tree_string(t, TREE_STATUS);
		f->okay = status != NULL && (strcmp(status, "okay") == 0 ||
		    strcmp(status, "ok") == 0);
	}
	f->map.len = 0;
	if (tree_has(t, TREE_INTERRUPT_MAP)) {
		f->map = t->prop[TREE_INTERRUPT_MAP];
		f->mask.len = 0;
		if (tree_has(t, TREE_INTERRUPT_MAP_MASK))
			f->mask = t->prop[TREE_INTERRUPT_MAP_MASK];
	}
	/* Devicetree Specification v0.4, 2.4.1: the nearest that has one. */
	f->irq_nexus = -1;
	f->irq_parent = 0;
	if (tree_has(t, TREE_INTERRUPT_PARENT))
		f->irq_parent = tree_u32(t, TREE_INTERRUPT_PARENT, 0, 0);
	else if (up != NULL && up->irq_cells == 0) {
		f->irq_parent = up->irq_parent;
		f->irq_nexus = up->irq_nexus;
	} else if (up != NULL) {
		f->irq_parent = up->phandle;
		if (up->map.len != 0)
			f->irq_nexus = (int)t->depth - 1;
	}
}

int
tree_walk(struct tree *t, int (*visit)(struct tree *t, void *ctx),
    void *ctx)
{
	const uint32_t *p = t->tokens, *next;
	struct tree_value v;
	bool open = false;	/* the current node's properties follow */
	bool rooted = false;
	unsigned int level = 0;	/* nodes we are in */
	uint32_t off, token;
	const char *nul;
	int id, rv;

	while (p < t->end) {
		token = be32(p++);
		if (likely(token == FDT_PROP)) {
			if (!open)
				return (level == 0 ?
				    tree_broken(t, "property outside a node") :
				    tree_fail(t, NULL,
				    "property behind a subnode"));
			next = tree_prop(t, p, &off, &v);
			if (next == NULL)
				return (tree_fail(t, NULL,
				    "property longer than the tree"));
			p = next;
			if ((id = tree_id(t, off)) < 0)
				return (tree_fail(t, NULL,
				    "property without a name"));
			if (id != OTHER) {
				t->prop[id] = v;
				t->have |= 1ull << id;
			}
			continue;
		}
		if (token == FDT_NOP)
			continue;
		if (open) {
			open = false;
			tree_enter(t);
			if ((rv = visit(t, ctx)) != 0)
				return (rv);
		}
		if (token == FDT_BEGIN_NODE) {
			if (level == TREE_DEPTH)
				return (tree_fail(t, NULL,
				    "nested too deep"));
			if (level == 0 && rooted)
				return (tree_broken(t, "more than one root"));
			rooted = true;
			nul = memchr(p, 0, (size_t)(t->end - p) * 4);
			if (nul == NULL)
				return (tree_broken(t, "truncated name"));
			t->depth = level++;
			t->frame[t->depth].name = (const char *)p;
			p += (nul - (const char *)p) / 4 + 1;
			t->have = 0;
			t->first = p;
			open = true;
		} else if (token == FDT_END_NODE) {
			if (level == 0)
				return (tree_broken(t, "unbalanced nodes"));
			level--;
			t->depth = level == 0 ? 0 : level - 1;
		} else if (token == FDT_END) {
			if (level != 0 || !rooted)
				return (tree_broken(t, "unbalanced nodes"));
			return (0);
		} else
			return (tree_broken(t, "unknown token"));
	}
	return (tree_broken(t, "truncated"));
}

uint32_t
tree_u32(const struct tree *t, enum tree_prop p, unsigned int i,
    uint32_t dflt)
{

	if (!tree_has(t, p) || t->prop[p].len / 4 <= i)
		return (dflt);
	return (be32(t->prop[p].data + i));
}

bool
tree_u64(const struct tree *t, enum tree_prop p, uint64_t *v)
{

	if (!tree_has(t, p))
		return (false);
	if (t->prop[p].len == 4)
		*v = be32(t->prop[p].data);
	else if (t->prop[p].len == 8)
		*v = (uint64_t)be32(t->prop[p].data) << 32 |
		    be32(t->prop[p].data + 1);
	else
		return (false);
	return (true);
}

const char *
tree_string(const struct tree *t, enum tree_prop p)
{

	return (tree_next(t, p, NULL));
}

const char *
tree_next(const struct tree *t, enum tree_prop p, const char *prev)
{
	const char *s, *end;

	if (!tree_has(t, p))
		return (NULL);
	s = (const char *)t->prop[p].data;
	end = s + t->prop[p].len;
	if (prev != NULL)
		s = prev + strlen(prev) + 1;
	if (s >= end || memchr(s, 0, (size_t)(end - s)) == NULL)
		return (NULL);
	return (s);
}

bool
tree_lists(const struct tree *t, enum tree_prop p, const char *s)
{

	const char *e = NULL;

	while ((e = tree_next(t, p, e)) != NULL)
		if (strcmp(e, s) == 0)
			return (true);
	return (false);
}

static uint64_t
tree_number(const uint32_t *p, unsigned int cells)
{

	return (cells == 0 ? 0 : cells == 1 ? be32(p) :
	    (uint64_t)be32(p) << 32 | be32(p + 1));
}

/* From the addresses of frame d's children to those of the CPU. */
static int
tree_translate(struct tree *t, unsigned int d, uint64_t *addr)
{
	const struct tree_frame *f;
	const uint32_t *e, *end;
	unsigned int up, entry;

	for (; d > 0; d--) {
		f = &t->frame[d];
		up = f[-1].acells;
		if (!f->has_ranges)
			return (tree_fail(t, "reg",
			    "on a bus without ranges"));
		if (f->ranges.len == 0)
			continue;
		/* f->acells and scells were seen to be 1 or 2 below. */
		if (up < 1 || up > 2 || f->acells < 1 || f->acells > 2 ||
		    f->scells < 1 || f->scells > 2)
			return (tree_fail(t, "reg",
			    "behind ranges of more than two cells"));
		entry = f->acells + up + f->scells;
		if (f->ranges.len % (entry * 4) != 0)
			return (tree_fail(t, "reg",
			    "behind ranges of a broken length"));
		e = f->ranges.data;
		end = e + f->ranges.len / 4;
		for (; e < end; e += entry)
			if (*addr - tree_number(e, f->acells) <
			    tree_number(e + f->acells + up, f->scells))
				break;
		if (e == end)
			return (tree_fail(t, "reg",
			    "outside the ranges of its bus"));
		*addr = *addr - tree_number(e, f->acells) +
		    tree_number(e + f->acells, up);
	}
	return (0);
}

int
tree_reg(struct tree *t, unsigned int i, uint64_t *base, uint64_t *size)
{
	const struct tree_frame *bus;
	const uint32_t *p;
	unsigned int entry;

	if (t->depth == 0 || !tree_has(t, TREE_REG))
		return (0);
	bus = &t->frame[t->depth - 1];
	if (bus->acells < 1 || bus->acells > 2 || bus->scells > 2)
		return (tree_fail(t, "reg",
		    "#address-cells or #size-cells above it not supported"));
	entry = bus->acells + bus->scells;
	if (t->prop[TREE_REG].len % (entry * 4) != 0)
		return (tree_fail(t, "reg", "length does not fit its cells"));
	if (i >= t->prop[TREE_REG].len / (entry * 4))
		return (0);
	p = t->prop[TREE_REG].data + i * entry;
	*base = tree_number(p, bus->acells);
	*size = tree_number(p + bus->acells, bus->scells);
	/* A CPU's reg is no address. */
	if (bus->scells != 0 && tree_translate(t, t->depth - 1, base) != 0)
		return (-1);
	if (*size != 0 && *base + (*size - 1) < *base)
		return (tree_fail(t, "reg", "wraps around"));
	return (1);
}
