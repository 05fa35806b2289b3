/*
 * Random walks of guests, devices and a scheduler over the virtual GIC, on a
 * software virtual CPU interface (arch/fake/lr_fake.h), held against a naive
 * reference (vgic_ref.h) after every step. A walk is told by its seed; on a
 * failure the seed and the last steps are printed.
 * Over 500 lines because the steps share one machine and one reference.
 *
 *	VGIC_WALK_STEPS, -v steps=N	steps per version, default 500000
 *	VGIC_WALK_SEED, -v seed=N	first seed, default 1
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include "arch/fake/lr_fake.h"
#include "tests/model/vgic_ref.h"
#include "vgic/vgic_private.h"

#define	PCPUS		2
#define	NOBODY		(-1)
#define	TAIL		200		/* steps told on a failure */
#define	EPISODE		2000		/* steps on one machine */
#define	PHYS(vintid)	((vintid) < 32 ? (vintid) : (vintid) + 100)

static const unsigned int intids[] = {
	0, 3, 15, 20, 27, 30, 32, 33, 63, 64, 100, 287, 40, 41, 130,
};
#define	IS_HW(n)	((n) == 27 || (n) == 40 || (n) == 41 || (n) == 130)

static struct vgic vg;
static struct vgic_cpu vcs[REF_VCPUS];
static struct ref ref;
static int on[PCPUS];			/* vCPU loaded, or NOBODY */
static bool kicked[REF_VCPUS];
static bool phys_line[REF_VCPUS][MACHINE_NR_INTID];	/* SPIs: [0] */
static unsigned int nlrs, prio_bits;
static uint64_t rng, seed;
static char tail[TAIL][96];
static unsigned long step, counts[2];

static void __attribute__((format(printf, 1, 2)))
tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tail[step % TAIL], sizeof(tail[0]), fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 1, 2), noreturn))
fail(const char *fmt, ...)
{
	unsigned long i;
	unsigned int c;
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	for (i = step > TAIL ? step - TAIL + 1 : 1; i <= step; i++)
		fprintf(stderr, "%8lu  %s\n", i, tail[i % TAIL]);
	for (c = 0; c < PCPUS; c++) {
		fprintf(stderr, "CPU %u: vCPU %d, HCR %08x, VMCR %08x, "
		    "running at %x, LRs", c, on[c], lr_fake[c].hcr,
		    lr_fake[c].vmcr, lr_fake_rpr(c));
		for (i = 0; i < nlrs; i++)
			fprintf(stderr, " %016llx",
			    (unsigned long long)lr_fake[c].lr[i]);
		fprintf(stderr, "\n");
	}
	fprintf(stderr, "seed %llu: GICv%u, %u LRs, %u vCPUs: %s\n",
	    (unsigned long long)seed, vg.version, nlrs, vg.nvcpus, why);
	abort();
}

static unsigned int
rnd(unsigned int below)
{

	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return ((rng >> 20) % below);
}

/* Another CPU's vgic_sync() runs on a stack of its own, for it may wait. */
static ucontext_t main_ctx, sync_ctx[PCPUS];
static char stacks[PCPUS][256 * 1024];
static bool syncing[PCPUS];
static int in_sync = NOBODY;

static void
sync_body(int p)
{

	kicked[on[p]] = false;
	vgic_sync(&vcs[on[p]]);
	syncing[p] = false;
}

static void
run_sync(int p)
{
	unsigned int here = lr_fake_cpu();

	if (!syncing[p]) {
		syncing[p] = true;
		getcontext(&sync_ctx[p]);
		sync_ctx[p].uc_stack.ss_sp = stacks[p];
		sync_ctx[p].uc_stack.ss_size = sizeof(stacks[p]);
		sync_ctx[p].uc_link = &main_ctx;
		makecontext(&sync_ctx[p], (void (*)(void))sync_body, 1, p);
	}
	in_sync = p;
	lr_fake_select(p);
	swapcontext(&main_ctx, &sync_ctx[p]);
	lr_fake_select(here);
	in_sync = NOBODY;
}

static void
relax(void)
{
	int p;

	if (in_sync != NOBODY) {
		swapcontext(&sync_ctx[in_sync], &main_ctx);
		return;
	}
	for (p = 0; p < PCPUS; p++)
		if ((unsigned int)p != lr_fake_cpu() && (syncing[p] ||
		    (on[p] != NOBODY && kicked[on[p]])))
			run_sync(p);
}

static void
kick(struct vgic_cpu *vc)
{

	kicked[vc->index] = true;
}

static const struct vgic_ops ops = { .kick = kick };

static void
inject(int p, unsigned int c, unsigned int n)
{
	struct ref_irq *i = ref_irq(&ref, c, n);
	struct vgic_cpu *self = on[p] == NOBODY ? NULL : &vcs[on[p]];

	lr_fake_select(p);
	*lr_fake_active(p, PHYS(n)) = true;
	if (n < 32)
		vgic_inject_private(self, n);
	else
		vgic_inject(&vg, self, n);
	i->latch = i->phys = true;
	lr_fake_spi_pending[PHYS(n)] = i->asked = false;
}

/* Until nothing more happens by itself, as on a machine left alone. */
static void
settle(void)
{
	unsigned int i, c, n, rounds = 0;
	bool again;
	int p;

	do {
		again = false;
		if (++rounds > 100)
			fail("interrupt storm");
		for (p = 0; p < PCPUS; p++)
			if (syncing[p] || (on[p] != NOBODY &&
			    (kicked[on[p]] || lr_fake_maintenance(p)))) {
				run_sync(p);
				again = true;
			}
		for (i = 0; i < nitems(intids); i++) {
			n = intids[i];
			if (!IS_HW(n))
				continue;
			if (n >= 32) {
				p = rnd(PCPUS);
				if ((phys_line[0][n] ||
				    lr_fake_spi_pending[PHYS(n)]) &&
				    !*lr_fake_active(p, PHYS(n))) {
					inject(p, 0, n);
					again = true;
				}
				continue;
			}
			for (p = 0; p < PCPUS; p++) {
				c = on[p];
				if (on[p] != NOBODY && phys_line[c][n] &&
				    !*lr_fake_active(p, PHYS(n))) {
					inject(p, c, n);
					again = true;
				}
			}
		}
	} while (again);
	memset(kicked, 0, sizeof(kicked));
}

/* What the interrupt's state is, without disturbing where it is. */
static void
peek(unsigned int c, unsigned int n, bool *pending, bool *active,
    uint8_t *from)
{
	struct vgic_bank *b = vcs[c].bank[n / 32];
	uint32_t bit = 1u << n % 32;
	uint64_t lr = 0, shadow;
	int p;

	if (n >= 32)
		c = b->owner[n % 32];
	if (b->inlr & bit) {
		for (p = 0; p < PCPUS; p++)
			if (on[p] == (int)c)
				break;
		if (p == PCPUS)
			fail("%u is in a list register of nobody", n);
		lr = lr_fake[p].lr[b->lr[n % 32]];
		if ((lr & 0x3ff) != n)
			fail("%u is not in its list register", n);
	}
	*pending = vgic_pend(b) & bit || lr & LR_PENDING;
	if (vgic_by_line(b) & b->inlr & bit) {
		shadow = vcs[c].lr[b->lr[n % 32]];
		if (shadow & LR_PENDING)	/* it knows of the latch */
			*pending = b->level & bit || lr & LR_PENDING;
	}
	*active = b->active & bit || lr & LR_ACTIVE;
	*from = 0;
	if (n < 16 && vg.version == 2)
		*from = vcs[c].sgi_from[n] | (lr & LR_PENDING ?
		    1u << LR_SOURCE(lr) : 0);
}

static void
compare(void)
{
	unsigned int i, c, n, prio;
	enum ref_answer want;
	bool pending, active;
	struct ref_irq *r;
	uint8_t from;
	int p;

	for (i = 0; i < nitems(intids); i++)
		for (c = 0; c < (intids[i] < 32 ? vg.nvcpus : 1); c++) {
			n = intids[i];
			r = ref_irq(&ref, c, n);
			peek(c, n, &pending, &active, &from);
			if (pending != ref_pending(&ref, r, n) ||
			    active != r->active || (n < 16 &&
			    vg.version == 2 && from != r->from))
				fail("vCPU %u INTID %u: pending %d active %d "
				    "from %x, want %d %d %x", c, n, pending,
				    active, from, ref_pending(&ref, r, n),
				    r->active, r->from);
			if (!IS_HW(n))
				continue;
			if (n >= 32) {
				if (lr_fake_spi_active[PHYS(n)] != r->phys)
					fail("physical %u is %sactive", n,
					    r->phys ? "in" : "");
				if (lr_fake_spi_pending[PHYS(n)] != r->asked)
					fail("physical %u is %spending", n,
					    r->asked ? "not " : "");
				continue;
			}
			for (p = 0; p < PCPUS; p++)
				if (on[p] == (int)c && *lr_fake_active(p,
				    PHYS(n)) != r->phys)
					fail("physical %u of vCPU %u is "
					    "%sactive", n, c,
					    r->phys ? "in" : "");
		}
	for (p = 0; p < PCPUS; p++) {
		if (on[p] == NOBODY) {
			if (*lr_fake_active(p, PHYS(27)))
				fail("timer stays active on CPU %d", p);
			continue;
		}
		want = ref_best(&ref, on[p], &prio);
		if (want != REF_EITHER && lr_fake_signal(p) != want)
			fail("vCPU %d: signalled %d, want %d at %x", on[p],
			    !want, want, prio);
	}
}

/* A register access by the vCPU on p; offset in GICD or GICR. */
static uint64_t
access_reg(int p, bool redist, uint32_t off, unsigned int size, bool write,
    uint64_t val)
{
	struct mmio m = { off, size, write, write ? val : 0xdeadbeef };
	enum mmio_result r;

	lr_fake_select(p);
	r = redist ? vgic_redist_mmio(&vg, on[p], &m) :
	    vgic_dist_mmio(&vg, on[p], &m);
	if (r != MMIO_OK)
		fail("access to %x was refused", off);
	return (m.value);
}

/* Where a guest finds the register of word n / 32 at bank base. */
static uint64_t
bank_reg(int p, unsigned int c, unsigned int n, uint32_t base,
    unsigned int bits, unsigned int size, bool write, uint64_t val)
{
	uint32_t off = base + n * bits / 8 / size * size;

	if (n < 32 && vg.version == 3)
		return (access_reg(p, true, c * MACHINE_GICR_STRIDE +
		    0x10000 + off, size, write, val));
	return (access_reg(p, false, off, size, write, val));
}

/* Acknowledged by somebody and not ended: hands off, if LRs may run out. */
static bool
handled(unsigned int n)
{
	unsigned int c, i;

	if (nlrs >= 16)
		return (false);
	for (c = 0; c < vg.nvcpus; c++) {
		for (i = 0; i < ref.cpu[c].depth; i++)
			if (ref.cpu[c].stack[i].intid == n)
				return (true);
		for (i = 0; i < ref.cpu[c].ndropped; i++)
			if (ref.cpu[c].dropped[i].intid == n)
				return (true);
	}
	return (false);
}

static void
write_bits(int p)
{
	static const uint32_t bases[] = {
		0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x100, 0x100,
	};
	unsigned int c = on[p], n = intids[rnd(nitems(intids))], i, m;
	uint32_t base = bases[rnd(nitems(bases))], val = 0;
	struct ref_irq *r;

	if (vg.version == 3)
		c = rnd(vg.nvcpus);
	/* Active without an acknowledge: EOIcount cannot tell them apart. */
	if (base == 0x300 && nlrs < 16)
		return;
	for (i = 0; i < nitems(intids); i++) {
		m = intids[i];
		/* Mostly enabled, or little ever happens. */
		if (m / 32 == n / 32 && rnd(6) < (base == 0x100 ? 4 :
		    base == 0x180 ? 1 : 2) &&
		    !(base == 0x380 && handled(m)) &&
		    /* An active SGI of what source? */
		    !(base == 0x300 && m < 16 && vg.version == 2))
			val |= 1u << m % 32;
	}
	tell("CPU %d vCPU %d: word %u of %03x (vCPU %u) = %08x", p, on[p],
	    n / 32, base, c, val);
	bank_reg(p, c, n / 32 * 32, base, 1, 4, true, val);
	for (i = n / 32 * 32; i < n / 32 * 32 + 32; i++) {
		bool bit = val >> i % 32 & 1;

		r = ref_irq(&ref, c, i);
		if (base == 0x080)
			r->group = bit;
		if (!bit)
			continue;
		switch (base) {
		case 0x100:
			/* Physical level: looked at anew. */
			if (!r->enabled && r->hw && r->phys && !r->active &&
			    !r->edge)
				r->latch = false;
			r->enabled = true;
			break;
		case 0x180:
			r->enabled = false;
			break;
		case 0x200:
			/* A real device's comes from there. */
			if (r->hw && i >= 32)
				r->asked = true;
			else if (i >= 16 || vg.version == 3)
				r->latch = true;
			break;
		case 0x280:
			if (i >= 16 || vg.version == 3)
				r->latch = false;
			r->asked = false;
			break;
		case 0x300:
			if (!r->active)
				r->active_on = i < 32 ? c : r->dest ==
				    REF_NOBODY ? 0 : r->dest;
			r->active = true;
			break;
		case 0x380:
			r->active = false;
			break;
		}
		ref_settle(&ref, r, i);
	}
}

static void
write_other(int p)
{
	unsigned int c = on[p], n = intids[rnd(nitems(intids))], i, size, b;
	uint64_t val;

	if (vg.version == 3)
		c = rnd(vg.nvcpus);
	switch (rnd(4)) {
	case 0:					/* priority */
		size = rnd(2) ? 1 : 4;
		for (i = n & ~(size - 1), b = i; b < i + size; b++)
			if (ref_irq(&ref, c, b)->active || handled(b))
				return;
		val = (uint64_t)(rnd(256) | rnd(256) << 8 | rnd(256) << 16) |
		    (uint64_t)rnd(256) << 24;
		tell("CPU %d vCPU %d: priority of %u (vCPU %u) = %llx, %u "
		    "bytes", p, on[p], i, c, (unsigned long long)val, size);
		bank_reg(p, c, n, 0x400, 8, size, true,
		    size == 1 ? val & 0xff : val);
		for (b = 0; b < size; b++)
			ref_irq(&ref, c, i + b)->prio = val >> b * 8 &
			    (0xff << (8 - prio_bits));
		break;
	case 1:					/* edge or level */
		val = rnd(2) ? 0xaaaaaaaa : rnd(0x10000) * 0x10001u;
		tell("CPU %d vCPU %d: config of %u (vCPU %u) = %llx", p,
		    on[p], n & ~15u, c, (unsigned long long)val);
		bank_reg(p, c, n & ~15u, 0xc00, 2, 4, true, val);
		if (n >= 16)
			for (i = 0; i < 16; i++) {
				struct ref_irq *r = ref_irq(&ref, c,
				    (n & ~15u) + i);

				r->edge = val >> (2 * i + 1) & 1;
				ref_settle(&ref, r, (n & ~15u) + i);
			}
		break;
	case 2:					/* where SPIs go */
		if (n < 32)
			return;
		if (vg.version == 2) {
			val = rnd(4) == 0 ? rnd(256) : 1u << rnd(vg.nvcpus);
			tell("CPU %d: target of %u = %llx", p, n,
			    (unsigned long long)val);
			access_reg(p, false, 0x800 + n, 1, true, val);
			if (vg.nvcpus == 1)
				return;
			ref.target[n] = val & ((1u << vg.nvcpus) - 1);
			for (i = 0; i < vg.nvcpus; i++)
				if (val >> i & 1)
					break;
			ref.spi[n].dest = i < vg.nvcpus ? i : REF_NOBODY;
		} else {
			val = rnd(8) == 0 ? 1u << 31 | 3 : rnd(8) == 0 ?
			    (uint64_t)rnd(2) << 32 | 0x100 :
			    rnd(vg.nvcpus);
			tell("CPU %d: route of %u = %llx", p, n,
			    (unsigned long long)val);
			access_reg(p, false, 0x6000 + 8 * n, 8, true, val);
			ref.router[n] = val;
			ref.spi[n].dest = val >> 31 & 1 ? 0 :
			    val < vg.nvcpus ? val : REF_NOBODY;
		}
		break;
	default:				/* GICD_CTLR */
		val = rnd(8) ? 3 : rnd(4);
		tell("CPU %d: GICD_CTLR = %llx", p, (unsigned long long)val);
		access_reg(p, false, 0, 4, true, val);
		ref.on[0] = val & 1;
		ref.on[1] = val & 2;
		break;
	}
}

static void
read_reg(int p)
{
	unsigned int c = on[p], n = intids[rnd(nitems(intids))] & ~31u, i;
	uint32_t want = 0, got;
	static const uint32_t bases[] = {
		0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380,
	};
	uint32_t base = bases[rnd(nitems(bases))];
	struct ref_irq *r;

	if (vg.version == 3)
		c = rnd(vg.nvcpus);
	tell("CPU %d vCPU %d: reads word %u of %03x (vCPU %u)", p, on[p],
	    n / 32, base, c);
	got = bank_reg(p, c, n, base, 1, 4, false, 0);
	for (i = n; i < n + 32; i++) {
		r = ref_irq(&ref, c, i);
		if (base == 0x080 ? r->group : base < 0x200 ? r->enabled :
		    base < 0x300 ? ref_pending(&ref, r, i) || (r->hw &&
		    i >= 32 && (r->asked || phys_line[0][i])) : r->active)
			want |= 1u << i % 32;
	}
	if (got != want)
		fail("read %08x, want %08x", got, want);
	for (i = 0, want = 0; i < 4; i++)
		want |= (uint32_t)ref_irq(&ref, c, n + i)->prio << 8 * i;
	if (bank_reg(p, c, n, 0x400, 8, 4, false, 0) != want)
		fail("priorities at %u, want %08x", n, want);
	for (i = 0, want = 0; i < 16; i++)
		want |= (uint32_t)ref_irq(&ref, c, n + 16 + i)->edge <<
		    (2 * i + 1);
	if (bank_reg(p, c, n + 16, 0xc00, 2, 4, false, 0) != want)
		fail("configuration at %u, want %08x", n + 16, want);
	if (n < 32)
		return;
	if (vg.version == 3) {
		if (access_reg(p, false, 0x6000 + 8 * n, 8, false, 0) !=
		    ref.router[n])
			fail("route of %u", n);
	} else if (access_reg(p, false, 0x800 + n, 1, false, 0) !=
	    ref.target[n])
		fail("target of %u", n);
}

static void
line_change(int p)
{
	unsigned int n = intids[rnd(nitems(intids))], c = rnd(vg.nvcpus);
	struct vgic_cpu *self = on[p] == NOBODY ? NULL : &vcs[on[p]];
	bool level = rnd(2);

	if (n < 16)
		return;
	if (IS_HW(n)) {
		if (n >= 32)
			c = 0;
		tell("physical %u of %u = %d", n, c, level);
		phys_line[c][n] = level;
		if (n >= 32)
			lr_fake_spi_line[PHYS(n)] = level;
		return;
	}
	if (n < 32 && rnd(2) && self != NULL)
		c = self->index;
	tell("CPU %d: line %u of vCPU %u = %d", p, n, c, level);
	lr_fake_select(p);
	vgic_set_line(&vg, self, c, n, level);
	ref_line(ref_irq(&ref, c, n), n, level);
}

static void
acknowledge(int p)
{
	unsigned int g = rnd(2), id, n, c = on[p], best;
	struct ref_irq *r;
	enum ref_answer any = ref_best(&ref, c, &best);

	lr_fake_select(p);
	id = lr_fake_ack(g);
	if (id == LR_FAKE_NONE)
		id = lr_fake_ack(g ^= 1);
	tell("CPU %d vCPU %u: acknowledges %u of group %u", p, c, id, g);
	if (id == LR_FAKE_NONE) {
		if (any == REF_YES)
			fail("lost: nothing, want priority %x", best);
		return;
	}
	n = id & 0x3ff;
	r = ref_irq(&ref, c, n);
	if (any == REF_NO || !ref_candidate(&ref, c, n) || r->prio != best ||
	    r->group != g)
		fail("spurious: %u, want %d priority %x", n, any, best);
	if (n < 16 && vg.version == 2 && !(r->from >> (id >> 10) & 1))
		fail("SGI %u from %u", n, id >> 10);
	ref_ack(&ref, c, n, vg.version == 2 ? id >> 10 : 0);
	counts[0]++;
}

static void
finish(int p)
{
	struct ref_cpu *cpu = &ref.cpu[on[p]];
	struct ref_stack s;

	lr_fake_select(p);
	if (cpu->ndropped > 0 && (cpu->depth == 0 || rnd(2))) {
		s = ref_dir(&ref, on[p], rnd(cpu->ndropped));
		tell("CPU %d vCPU %d: deactivates %u", p, on[p], s.intid);
		/* A GICv2 guest's page of GICC_DIR is trapped always. */
		if (vg.version == 2 ||
		    lr_fake_dir(s.intid | s.from << 10)) {
			counts[1]++;
			vgic_dir(&vcs[on[p]], s.intid | s.from << 10);
		}
	} else if (cpu->depth > 0 && cpu->ndropped < 60) {
		s = ref_eoi(&ref, on[p]);
		tell("CPU %d vCPU %d: ends %u", p, on[p], s.intid);
		lr_fake_eoi(s.group, s.intid | s.from << 10);
	}
}

static void
send_sgi(int p)
{
	static const unsigned int sgis[] = { 0, 3, 15 };
	unsigned int n = sgis[rnd(3)], list = rnd(1u << vg.nvcpus), c;
	unsigned int filter = rnd(4) ? 0 : rnd(3), me = on[p], only0 = 0;
	struct ref_irq *r;

	lr_fake_select(p);
	if (vg.version == 2) {
		access_reg(p, false, 0xf00, 4, true, filter << 24 |
		    list << 16 | n);
	} else {
		only0 = rnd(8) == 0;
		(only0 ? vgic_sgi0r : vgic_sgi1r)(&vcs[me],
		    (uint64_t)(filter == 1) << 40 | n << 24 | list);
		filter &= 1;
	}
	if (filter == 1)
		list = ~(1u << me);
	else if (filter == 2)
		list = 1u << me;
	tell("CPU %d vCPU %u: SGI %u to %x", p, me, n, list);
	for (c = 0; c < vg.nvcpus; c++) {
		r = ref_irq(&ref, c, n);
		if (!(list >> c & 1) || (only0 && r->group))
			continue;
		if (vg.version == 2)
			r->from |= 1u << me;
		else
			r->latch = true;
	}
}

static void
pend_sgi2(int p)
{
	unsigned int n = rnd(2) ? 3 : 15, set = rnd(2), c = on[p];
	uint32_t val = rnd(1u << vg.nvcpus);
	struct ref_irq *r = ref_irq(&ref, c, n);

	tell("vCPU %u: %sPENDSGIR of %u = %x", c, set ? "S" : "C", n, val);
	access_reg(p, false, (set ? 0xf20 : 0xf10) + n, 1, true, val);
	r->from = set ? r->from | val : r->from & ~val;
	if (access_reg(p, false, 0xf10 + n, 1, false, 0) != r->from)
		fail("CPENDSGIR");
}

static void
interface(int p, unsigned int what)
{
	struct ref_cpu *cpu = &ref.cpu[on[p]];
	uint32_t mask = 0, val = 0;

	switch (what) {
	case 0:
		mask = 0xff000000;
		val = (rnd(6) ? 0xff : rnd(256)) << 24;
		val &= ~0u << (32 - prio_bits);
		break;
	case 1:
		mask = 3;
		val = rnd(6) ? 3 : rnd(4);
		break;
	case 2:			/* binary points and EOImode: when idle */
		if (cpu->depth + cpu->ndropped != 0)
			return;
		mask = 0x00fc0010;
		val = rnd(64) << 18 | (rnd(4) == 0) << 4;
		break;
	case 3:
		if (cpu->depth + cpu->ndropped != 0)
			return;
		mask = 0x200;
		val = rnd(2) << 9;
		break;
	default:
		return;
	}
	tell("CPU %d vCPU %d: VMCR %08x = %08x", p, on[p], mask, val);
	lr_fake_select(p);
	lr_fake_set_vmcr(mask, val);
	cpu->vmcr = (cpu->vmcr & ~mask) | val;
}

static void
save(int p)
{

	if (on[p] == NOBODY)
		return;
	lr_fake_select(p);
	vgic_save(&vcs[on[p]]);
	on[p] = NOBODY;
}

static void
schedule(int p)
{
	unsigned int c = rnd(vg.nvcpus);
	int q;

	save(p);
	for (q = 0; q < PCPUS; q++)
		if (on[q] == (int)c)
			return;
	tell("CPU %d loads vCPU %u", p, c);
	lr_fake_select(p);
	on[p] = c;
	vgic_load(&vcs[c]);
	if (ref.cpu[c].vmcr >> 24 == 0)
		interface(p, 0);
}

static void
ask_pending(int p)
{
	unsigned int c = rnd(vg.nvcpus), prio;
	enum ref_answer want;
	int q;

	for (q = 0; q < PCPUS; q++)
		if (on[q] == (int)c)
			p = q;
	lr_fake_select(p);
	tell("vCPU %u: pending?", c);
	want = ref_best(&ref, c, &prio);
	if (vgic_pending(&vcs[c]) != want && want != REF_EITHER)
		fail("WFI of vCPU %u would %swake", c, want ? "not " : "");
}

static void
machine(unsigned int version)
{
	static const unsigned int lrs[] = { 1, 2, 3, 4, 4, 16 };
	unsigned int i, c;

	nlrs = lrs[rnd(nitems(lrs))];
	prio_bits = rnd(4) ? 5 : 5 + rnd(4);
	lr_fake_init(version, nlrs, prio_bits);
	memset(&ref, 0, sizeof(ref));
	ref.version = version;
	ref.nvcpus = 1 + rnd(REF_VCPUS - 1);
	ref.pre_bits = prio_bits < 7 ? prio_bits : 7;
	vgic_init(&vg, version, ref.nvcpus, &ops);
	for (c = 0; c < ref.nvcpus; c++)
		vgic_cpu_init(&vg, &vcs[c], c);
	for (i = 0; i < nitems(intids); i++)
		if (IS_HW(intids[i])) {
			vgic_map_hw(&vg, intids[i], PHYS(intids[i]));
			for (c = 0; c < ref.nvcpus; c++)
				ref_irq(&ref, c, intids[i])->hw = true;
		}
	vgic_reset(&vg);
	ref_reset(&ref);
	memset(phys_line, 0, sizeof(phys_line));
	memset(kicked, 0, sizeof(kicked));
	on[0] = on[1] = NOBODY;
}

static void
one_step(void)
{
	int p = rnd(PCPUS);
	unsigned int what = rnd(100), i;

	if (on[p] == NOBODY && what >= 10) {
		schedule(p);
		return;
	}
	if (what < 10)
		line_change(p);
	else if (what < 25)
		write_bits(p);
	else if (what < 32)
		write_other(p);
	else if (what < 37)
		read_reg(p);
	else if (what < 40)
		ask_pending(p);
	else if (what < 43)
		schedule(p);
	else if (what < 48)
		interface(p, rnd(6));
	else if (what < 58)
		send_sgi(p);
	else if (what < 60) {
		if (vg.version == 2)
			pend_sgi2(p);
	} else if (what < 80)
		acknowledge(p);
	else if (what < 99)
		finish(p);
	else if (rnd(20) == 0) {
		tell("reset");
		save(0);
		save(1);
		vgic_reset(&vg);
		ref_reset(&ref);
		for (i = 0; i < ref.nvcpus; i++)
			kicked[i] = false;
	}
}

static void
walk(const atf_tc_t *tc, unsigned int version)
{
	const char *s = getenv("VGIC_WALK_STEPS");
	unsigned long n = 500000;

	if (atf_tc_has_config_var(tc, "steps"))
		s = atf_tc_get_config_var(tc, "steps");
	if (s != NULL)
		n = strtoul(s, NULL, 0);
	seed = 1;
	s = getenv("VGIC_WALK_SEED");
	if (atf_tc_has_config_var(tc, "seed"))
		s = atf_tc_get_config_var(tc, "seed");
	if (s != NULL)
		seed = strtoull(s, NULL, 0);
	fake_relax = relax;
	for (; n > 0; n -= n < EPISODE ? n : EPISODE, seed++) {
		rng = seed * 0x9e3779b97f4a7c15ull + version;
		machine(version);
		for (step = 1; step <= EPISODE && step <= n; step++) {
			tell("-");
			one_step();
			settle();
			compare();
		}
	}
	fprintf(stderr, "%lu acknowledged, %lu trapped DIR\n", counts[0],
	    counts[1]);
	ATF_CHECK(counts[0] > 0);
}

ATF_TC_WITHOUT_HEAD(gicv2);
ATF_TC_BODY(gicv2, tc)
{

	walk(tc, 2);
}

ATF_TC_WITHOUT_HEAD(gicv3);
ATF_TC_BODY(gicv3, tc)
{

	walk(tc, 3);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, gicv2);
	ATF_TP_ADD_TC(tp, gicv3);
	return (atf_no_error());
}
