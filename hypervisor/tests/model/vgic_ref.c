/*
 * The naive reference; see vgic_ref.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <string.h>
#include "tests/model/vgic_ref.h"

void
ref_reset(struct ref *r)
{
	struct ref old = *r;
	struct ref_irq *i;
	unsigned int c, n;

	memset(r, 0, sizeof(*r));
	r->version = old.version;
	r->nvcpus = old.nvcpus;
	r->pre_bits = old.pre_bits;
	for (c = 0; c < r->nvcpus; c++) {
		r->cpu[c].vmcr = r->version == 3 ? 8 : 0;
		for (n = 0; n < 32; n++) {
			i = &r->cpu[c].priv[n];
			i->edge = n < 16;
			i->line = old.cpu[c].priv[n].line;
			i->hw = old.cpu[c].priv[n].hw;
		}
	}
	for (n = 32; n < MACHINE_NR_INTID; n++) {
		r->spi[n].line = old.spi[n].line;
		r->spi[n].hw = old.spi[n].hw;
		r->spi[n].dest = r->version == 2 && r->nvcpus > 1 ?
		    REF_NOBODY : 0;
	}
}

struct ref_irq *
ref_irq(struct ref *r, unsigned int c, unsigned int intid)
{

	return (intid < 32 ? &r->cpu[c].priv[intid] : &r->spi[intid]);
}

bool
ref_pending(const struct ref *r, const struct ref_irq *i, unsigned int intid)
{

	if (intid < 16 && r->version == 2)
		return (i->from != 0);
	if (i->hw || i->edge)
		return (i->latch);
	return (i->latch || i->line);
}

static unsigned int
group_prio(struct ref *r, unsigned int c, unsigned int prio,
    unsigned int group)
{
	uint32_t vmcr = r->cpu[c].vmcr;
	unsigned int sub;	/* bits below the group priority */

	if (group == 1 && !(vmcr & 0x10)) {
		sub = vmcr >> 18 & 7;
	} else
		sub = (vmcr >> 21 & 7) + 1;
	if (sub < 8 - r->pre_bits)
		sub = 8 - r->pre_bits;
	return (prio & ~((1u << sub) - 1));
}

bool
ref_candidate(struct ref *r, unsigned int c, unsigned int intid)
{
	struct ref_irq *i = ref_irq(r, c, intid);
	struct ref_cpu *cpu = &r->cpu[c];

	return ((intid < 32 || i->dest == c) && ref_pending(r, i, intid) &&
	    !i->active && i->enabled && r->on[i->group] &&
	    cpu->vmcr >> i->group & 1);
}

static bool
preempts(struct ref *r, unsigned int c, unsigned int prio, unsigned int group)
{
	struct ref_cpu *cpu = &r->cpu[c];

	if (prio >= cpu->vmcr >> 24)
		return (false);
	return (cpu->depth == 0 || group_prio(r, c, prio, group) <
	    group_prio(r, c, cpu->stack[cpu->depth - 1].prio, group));
}

enum ref_answer
ref_best(struct ref *r, unsigned int c, unsigned int *prio)
{
	struct ref_irq *i;
	unsigned int n, yes = 0, no = 0;

	*prio = 0x100;
	for (n = 0; n < MACHINE_NR_INTID; n++)
		if (ref_candidate(r, c, n) && ref_irq(r, c, n)->prio < *prio)
			*prio = ref_irq(r, c, n)->prio;
	for (n = 0; n < MACHINE_NR_INTID; n++) {
		i = ref_irq(r, c, n);
		if (!ref_candidate(r, c, n) || i->prio != *prio)
			continue;
		if (preempts(r, c, i->prio, i->group))
			yes++;
		else
			no++;
	}
	return (yes == 0 ? REF_NO : no == 0 ? REF_YES : REF_EITHER);
}

void
ref_settle(struct ref *r, struct ref_irq *i, unsigned int intid)
{

	if (!i->active && !ref_pending(r, i, intid))
		i->phys = false;
}

void
ref_ack(struct ref *r, unsigned int c, unsigned int intid, unsigned int from)
{
	struct ref_irq *i = ref_irq(r, c, intid);
	struct ref_cpu *cpu = &r->cpu[c];

	cpu->stack[cpu->depth++] = (struct ref_stack){
		intid, i->group, from, group_prio(r, c, i->prio, i->group),
	};
	i->active = true;
	i->active_on = c;
	i->active_from = from;
	i->latch = false;
	i->from &= ~(1u << from);
}

static void
end(struct ref *r, unsigned int c, struct ref_stack s)
{
	struct ref_irq *i = ref_irq(r, c, s.intid);

	/* A GICv2's SGI is ended by number and source (IHI 0048B, 4.4.5). */
	if (i->active && i->active_on == c && (s.intid >= 16 ||
	    r->version == 3 || i->active_from == s.from))
		i->active = false;
	ref_settle(r, i, s.intid);
}

struct ref_stack
ref_eoi(struct ref *r, unsigned int c)
{
	struct ref_cpu *cpu = &r->cpu[c];
	struct ref_stack s = cpu->stack[--cpu->depth];

	if (cpu->vmcr & 0x200)
		cpu->dropped[cpu->ndropped++] = s;
	else
		end(r, c, s);
	return (s);
}

struct ref_stack
ref_dir(struct ref *r, unsigned int c, unsigned int n)
{
	struct ref_cpu *cpu = &r->cpu[c];
	struct ref_stack s = cpu->dropped[n];

	memmove(&cpu->dropped[n], &cpu->dropped[n + 1],
	    (cpu->ndropped - n - 1) * sizeof(s));
	cpu->ndropped--;
	end(r, c, s);
	return (s);
}

void
ref_line(struct ref_irq *i, unsigned int intid, bool level)
{

	(void)intid;
	if (level && !i->line && i->edge)
		i->latch = true;
	i->line = level;
}
