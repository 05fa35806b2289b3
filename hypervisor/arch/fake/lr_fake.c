/*
 * The software virtual CPU interface; see lr_fake.h. Written from the
 * manuals, not from the virtual GIC.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arch/fake/lr_fake.h"

#define	LR_HCR_UIE		(1u << 1)	/* 0 or 1 LR in use */
#define	STATE(lr)	((unsigned int)((lr) >> 62))
#define	VINTID(lr)	((unsigned int)(lr) & 0x3fff)	/* and source */
#define	IS_LPI(id)	((id) >= 8192)
#define	PINTID(lr)	((unsigned int)((lr) >> 32) & 0x3ff)
#define	PRIO(lr)	((unsigned int)((lr) >> 48) & 0xff)
#define	GROUP(lr)	((unsigned int)((lr) >> 60) & 1)

struct lr_fake lr_fake[LR_FAKE_CPUS];
bool lr_fake_spi_active[1024], lr_fake_spi_pending[1024];
bool lr_fake_spi_line[1024];
unsigned long lr_fake_writes;
bool lr_fake_lpi_active;
static __thread struct lr_fake *me = lr_fake;
static unsigned int version;
static struct lr_ops ops;
const struct lr_ops *lr_ops = &ops;

static void
illegal(const char *what, unsigned int n, uint64_t lr)
{

	fprintf(stderr, "lr_fake: %s: LR%u = %016llx\n", what, n,
	    (unsigned long long)lr);
	abort();
}

bool *
lr_fake_active(unsigned int cpu, unsigned int pintid)
{

	return (pintid < 32 ? &lr_fake[cpu].ppi_active[pintid] :
	    &lr_fake_spi_active[pintid]);
}

static uint64_t
op_read(unsigned int n)
{

	if (n >= ops.count)
		illegal("no such list register", n, 0);
	/* What may be left out is. */
	return (me->lr[n] & 0xd0ff0000000003ff);
}

static void
op_write(unsigned int n, uint64_t lr)
{
	unsigned int i;

	lr_fake_writes++;
	if (n >= ops.count)
		illegal("no such list register", n, lr);
	if (STATE(lr) != 0) {
		if (lr & LR_HW && STATE(lr) == 3)
			illegal("pending and active with HW", n, lr);
		if (lr & LR_HW && !*lr_fake_active(me - lr_fake, PINTID(lr)))
			illegal("physical interrupt is not active", n, lr);
		if (!(lr & LR_HW) && (lr >> 32 & 0x1fff & ~(1u << 9)) != 0)
			illegal("reserved bits", n, lr);
		if (PRIO(lr) & ((1u << (8 - ops.prio_bits)) - 1))
			illegal("priority bits that are not there", n, lr);
		if ((version == 3 || (lr & 0x3ff) >= 16) &&
		    VINTID(lr) > 1019 && (version == 2 || !IS_LPI(VINTID(lr))))
			illegal("vINTID", n, lr);
		if (IS_LPI(VINTID(lr)) && lr & (LR_HW | LR_ACTIVE))
			illegal("an LPI with HW or active", n, lr);
		for (i = 0; i < ops.count; i++) {
			if (i == n || STATE(me->lr[i]) == 0)
				continue;
			if ((me->lr[i] & 0x23ff) == (lr & 0x23ff))
				illegal("vINTID twice", n, lr);
			if (lr & me->lr[i] & LR_HW &&
			    PINTID(lr) == PINTID(me->lr[i]))
				illegal("pINTID twice", n, lr);
		}
	}
	me->lr[n] = lr;
}

/* ICH_ELRSR_EL2: not before its EOI maintenance interrupt is served. */
static uint32_t
empty(void)
{
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < ops.count; i++)
		if (STATE(me->lr[i]) == 0 && (me->lr[i] & LR_HW ||
		    !(me->lr[i] & LR_EOI)))
			bits |= 1u << i;
	return (bits);
}

static uint32_t
op_get(enum lr_reg r)
{

	return (r == LR_REG_HCR ? me->hcr : r == LR_REG_VMCR ? me->vmcr :
	    empty());
}

static void
op_control(uint32_t hcr)
{

	me->hcr = hcr;
}

static unsigned int
pre_bits(void)
{

	return (ops.prio_bits < 7 ? ops.prio_bits : 7);
}

static void
op_save(struct lr_state *s)
{

	s->vmcr = me->vmcr;
	memcpy(s->apr, me->apr, sizeof(s->apr));
}

static void
op_restore(const struct lr_state *s)
{

	me->vmcr = s->vmcr;
	memcpy(me->apr, s->apr, sizeof(me->apr));
}

static void
op_deactivate(unsigned int pintid)
{
	bool *active = lr_fake_active(me - lr_fake, pintid);

	if (!*active)
		illegal("deactivates what is not active", pintid, 0);
	*active = false;
}

static void
op_set_active(unsigned int pintid)
{

	*lr_fake_active(me - lr_fake, pintid) = true;
}

/* Private lines are not known here: high. */
static bool
op_line(unsigned int pintid)
{

	return (pintid < 32 || lr_fake_spi_line[pintid] ||
	    lr_fake_spi_pending[pintid]);
}

static void
op_pend(unsigned int pintid, bool pending)
{

	if (pintid < 32)
		illegal("makes no SPI pending", pintid, 0);
	lr_fake_spi_pending[pintid] = pending;
}

void
lr_fake_init(unsigned int v, unsigned int count, unsigned int prio_bits)
{

	version = v;
	lr_fake_lpi_active = false;
	memset(lr_fake, 0, sizeof(lr_fake));
	memset(lr_fake_spi_active, 0, sizeof(lr_fake_spi_active));
	memset(lr_fake_spi_pending, 0, sizeof(lr_fake_spi_pending));
	memset(lr_fake_spi_line, 0, sizeof(lr_fake_spi_line));
	ops = (struct lr_ops){
		.count = count, .prio_bits = prio_bits, .read = op_read,
		.write = op_write, .get = op_get, .control = op_control,
		.save = op_save, .restore = op_restore,
		.deactivate = op_deactivate, .set_active = op_set_active,
		.line = op_line, .pend = op_pend,
	};
	me = lr_fake;
}

void
lr_fake_select(unsigned int cpu)
{

	me = &lr_fake[cpu];
}

unsigned int
lr_fake_cpu(void)
{

	return (me - lr_fake);
}

void
lr_fake_set_vmcr(uint32_t mask, uint32_t val)
{

	me->vmcr = (me->vmcr & ~mask) | (val & mask);
}

unsigned int
lr_fake_rpr(unsigned int cpu)
{
	struct lr_fake *c = &lr_fake[cpu];
	unsigned int i;

	for (i = 0; i < 1u << pre_bits(); i++)
		if ((c->apr[0][i / 32] | c->apr[1][i / 32]) >> i % 32 & 1)
			return (i << (8 - pre_bits()));
	return (0xff);
}

/* Bits of a priority that count for preemption (IHI 0069, 4.8.4). */
static unsigned int
preemption_mask(struct lr_fake *c, unsigned int group)
{
	unsigned int bpr, min = 7 - pre_bits();

	if (group == 1 && !(c->vmcr & 1u << 4)) {
		bpr = c->vmcr >> 18 & 7;
		return (0xff << (bpr < min + 1 ? min + 1 : bpr) & 0xff);
	}
	bpr = c->vmcr >> 21 & 7;
	return (0xff << ((bpr < min ? min : bpr) + 1) & 0xff);
}

/* The list register that is signalled, or -1. */
static int
best(struct lr_fake *c)
{
	unsigned int i, g, mask, running = lr_fake_rpr(c - lr_fake);
	int b = -1;

	if (!(c->hcr & LR_HCR_EN))
		return (-1);
	/* A disabled group's interrupts are not considered. */
	for (i = 0; i < ops.count; i++) {
		g = GROUP(c->lr[i]);
		if (STATE(c->lr[i]) == 1 && c->vmcr >> g & 1 &&
		    (b < 0 || PRIO(c->lr[i]) < PRIO(c->lr[b])))
			b = i;
	}
	if (b < 0 || PRIO(c->lr[b]) >= c->vmcr >> 24)
		return (-1);
	mask = preemption_mask(c, GROUP(c->lr[b]));
	if (running != 0xff && (PRIO(c->lr[b]) & mask) >= (running & mask))
		return (-1);
	return (b);
}

bool
lr_fake_signal(unsigned int cpu)
{

	return (best(&lr_fake[cpu]) >= 0);
}

unsigned int
lr_fake_ack(unsigned int group)
{
	int b = best(me);
	unsigned int i;
	uint64_t lr;

	if (b < 0 || GROUP(me->lr[b]) != group)
		return (LR_FAKE_NONE);
	lr = me->lr[b];
	me->lr[b] = lr & ~LR_PENDING;
	if (!IS_LPI(VINTID(lr)) || lr_fake_lpi_active)
		me->lr[b] |= LR_ACTIVE;
	i = (PRIO(lr) & preemption_mask(me, group)) >> (8 - pre_bits());
	me->apr[group][i / 32] |= 1u << i % 32;
	return (VINTID(lr));
}

static void
deactivate(unsigned int id)
{
	unsigned int i;

	for (i = 0; i < ops.count; i++)
		if (me->lr[i] & LR_ACTIVE && VINTID(me->lr[i]) == id) {
			me->lr[i] &= ~LR_ACTIVE;
			if (me->lr[i] & LR_HW)
				*lr_fake_active(me - lr_fake,
				    PINTID(me->lr[i])) = false;
			return;
		}
	if (!IS_LPI(id))
		me->hcr += 1u << LR_HCR_EOICOUNT_SHIFT;
}

void
lr_fake_eoi(unsigned int group, unsigned int id)
{
	unsigned int i = lr_fake_rpr(me - lr_fake) >> (8 - pre_bits());

	if (lr_fake_rpr(me - lr_fake) == 0xff ||
	    !(me->apr[group][i / 32] >> i % 32 & 1))
		return;
	me->apr[group][i / 32] &= ~(1u << i % 32);
	if (!(me->vmcr & 1u << 9))
		deactivate(id);
}

bool
lr_fake_dir(unsigned int id)
{

	if (me->hcr & LR_HCR_TDIR)
		return (true);
	if (me->vmcr & 1u << 9)
		deactivate(id);
	return (false);
}

bool
lr_fake_maintenance(unsigned int cpu)
{
	struct lr_fake *c = &lr_fake[cpu];
	unsigned int i, valid = 0, pending = 0, g;

	if (!(c->hcr & LR_HCR_EN))
		return (false);
	for (i = 0; i < ops.count; i++) {
		if (STATE(c->lr[i]) == 0 && !(c->lr[i] & LR_HW) &&
		    c->lr[i] & LR_EOI)
			return (true);
		valid += STATE(c->lr[i]) != 0;
		pending += STATE(c->lr[i]) == 1;
	}
	for (g = 0; g < 2; g++)
		if (c->hcr & (c->vmcr >> g & 1 ? 0x10u : 0x20u) << 2 * g)
			return (true);
	return ((c->hcr & LR_HCR_UIE && valid < 2) ||
	    (c->hcr & LR_HCR_NPIE && pending == 0) ||
	    (c->hcr & LR_HCR_LRENPIE &&
	    c->hcr >> LR_HCR_EOICOUNT_SHIFT != 0));
}
