/*
 * RAM banks, reserved ranges, and the one less the other; see ram.h. All
 * here is a sorted array: there are at most a few dozen pieces.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>

#include "lib/print.h"
#include "lib/string.h"
#include "platform/ram.h"

#define	PA_BITS		52	/* the most Armv8 has (DDI 0487 D8.1.6) */

int
ram_bank(struct platform *p, struct tree *t)
{
	uint64_t base, size;
	unsigned int i;
	int rv;

	for (i = 0; (rv = tree_reg(t, i, &base, &size)) == 1; i++) {
		if (size == 0)
			continue;
		if (p->nr_ram == PLATFORM_MAX_BANKS)
			return (tree_fail(t, "reg", "more than 32 banks"));
		if ((base + (size - 1)) >> PA_BITS != 0)
			return (tree_fail(t, "reg", "RAM above 52 bits"));
		p->ram[p->nr_ram++] =
		    (struct platform_range){ PA(base), size };
	}
	return (rv);
}

static bool
ram_keep_out(struct platform *p, uint64_t base, uint64_t size)
{

	if (p->nr_reserved == PLATFORM_MAX_RESERVED)
		return (false);
	p->reserved[p->nr_reserved++] =
	    (struct platform_range){ PA(base), size };
	return (true);
}

int
ram_reserved(struct platform *p, struct tree *t)
{
	uint64_t base, size;
	unsigned int i;
	int rv;

	for (i = 0; (rv = tree_reg(t, i, &base, &size)) == 1; i++)
		if (size != 0 && !ram_keep_out(p, base, size))
			return (tree_fail(t, "reg",
			    "more than 96 reserved ranges"));
	return (rv);
}

/* The memory reservation block (Devicetree Specification v0.4, 5.3). */
static int
ram_reservations(struct platform *p, struct tree *t)
{
	uint32_t off = fdt_off_mem_rsvmap(t->dtb);
	uint32_t end = fdt_totalsize(t->dtb);
	const fdt64_t *e;
	uint64_t base, size;

	for (; off < end && end - off >= 16; off += 16) {
		e = (const fdt64_t *)(t->dtb + off);
		base = fdt64_to_cpu(e[0]);
		size = fdt64_to_cpu(e[1]);
		if (base == 0 && size == 0)
			return (0);
		if (size == 0)
			continue;
		if (base + (size - 1) < base) {
			print_buf(t->err, t->errlen,
			    "device tree: a memory reservation wraps around");
			return (-1);
		}
		if (!ram_keep_out(p, base, size)) {
			print_buf(t->err, t->errlen,
			    "device tree: more than 96 reserved ranges");
			return (-1);
		}
	}
	print_buf(t->err, t->errlen,
	    "device tree: memory reservation block without end");
	return (-1);
}

static void
ram_delete(struct platform *p, unsigned int i)
{

	p->nr_ram--;
	memmove(&p->ram[i], &p->ram[i + 1],
	    (p->nr_ram - i) * sizeof(p->ram[0]));
}

/* Sorted, overlapping and touching ones merged, cut to whole pages. */
static void
ram_tidy(struct platform *p)
{
	struct platform_range *r = p->ram, x;
	unsigned int i, j;
	uint64_t end;

	for (i = 1; i < p->nr_ram; i++) {
		x = r[i];
		for (j = i; j > 0 && r[j - 1].base.v > x.base.v; j--)
			r[j] = r[j - 1];
		r[j] = x;
	}
	for (i = 0; i + 1 < p->nr_ram;) {
		end = r[i].base.v + r[i].size;
		if (end < r[i + 1].base.v) {
			i++;
			continue;
		}
		if (end < r[i + 1].base.v + r[i + 1].size)
			end = r[i + 1].base.v + r[i + 1].size;
		r[i].size = end - r[i].base.v;
		ram_delete(p, i + 1);
	}
	for (i = 0; i < p->nr_ram;) {
		p->ram_total += r[i].size;
		end = round_down(r[i].base.v + r[i].size, PAGE_SIZE);
		r[i].base.v = round_up(r[i].base.v, PAGE_SIZE);
		r[i].size = end > r[i].base.v ? end - r[i].base.v : 0;
		if (r[i].size == 0)
			ram_delete(p, i);
		else
			i++;
	}
}

int
ram_take(struct platform *p, uint64_t base, uint64_t size)
{
	struct platform_range *r;
	uint64_t from, last, end;
	unsigned int i;

	if (size == 0)
		return (0);
	/* The last byte, as the end of a range may be 2^64. */
	last = base + (size - 1) < base ? ~0ull : base + (size - 1);
	from = round_down(base, PAGE_SIZE);
	last |= PAGE_SIZE - 1;
	for (i = 0; i < p->nr_ram;) {
		r = &p->ram[i];
		end = r->base.v + r->size;
		if (end - 1 < from || r->base.v > last) {
			i++;
		} else if (r->base.v >= from && end - 1 <= last) {
			ram_delete(p, i);
		} else if (r->base.v >= from) {
			r->base.v = last + 1;
			r->size = end - r->base.v;
			i++;
		} else if (end - 1 <= last) {
			r->size = from - r->base.v;
			i++;
		} else {
			if (p->nr_ram == PLATFORM_MAX_RAM)
				return (-1);
			memmove(r + 1, r, (p->nr_ram - i) * sizeof(*r));
			p->nr_ram++;
			r[0].size = from - r[0].base.v;
			r[1].base.v = last + 1;
			r[1].size = end - r[1].base.v;
			return (0);
		}
	}
	return (0);
}

int
ram_finish(struct platform *p, struct tree *t)
{
	unsigned int i;

	if (ram_reservations(p, t) != 0)
		return (-1);
	ram_tidy(p);
	/* Each can add one piece: PLATFORM_MAX_RAM is their sum. */
	for (i = 0; i < p->nr_reserved; i++)
		(void)ram_take(p, p->reserved[i].base.v, p->reserved[i].size);
	return (0);
}
