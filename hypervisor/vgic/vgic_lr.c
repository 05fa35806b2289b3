/*
 * List registers of the CPU we run on: an interrupt's state goes into one
 * (place) and back (fold); which of the queue go in when not all fit; when
 * the guest's progress must interrupt us (IHI 0069, 4.8 and 12.4). Must not
 * know registers of the distributor, nor other CPUs.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

static void
set_control(struct vgic_cpu *vc, uint32_t hcr)
{

	if (vc->hcr != hcr) {
		vc->hcr = hcr;
		lr_ops->control(hcr);
	}
}

void
vgic_lr_fold(struct vgic_cpu *vc, unsigned int n)
{
	struct vgic *vg = vc->vgic;
	uint64_t old = vc->lr[n], lr = lr_ops->read(n);
	unsigned int intid = LR_INTID(old), word = intid / 32;
	struct vgic_bank *b = vgic_bank(vg, vc, word);
	uint32_t bit = 1u << intid % 32;

	/* An ended one with an EOI bit would go on interrupting us. */
	if ((lr & LR_STATE) != 0 || vc->lr_eoi & 1u << n)
		lr_ops->write(n, 0);
	vc->lr[n] = 0;
	vc->lr_used &= ~(1u << n);
	vc->lr_eoi &= ~(1u << n);
	b->inlr &= ~bit;
	b->blocked &= ~bit;
	/* Unless it came again, and waits in the bank. */
	if (old & LR_HW && (lr & LR_STATE) == 0)
		b->phys &= b->latch | ~bit;
	if (lr & LR_ACTIVE)
		b->active |= bit;
	if (vgic_is_sgi2(vg, intid)) {
		if (lr & LR_PENDING) {
			vc->sgi_from[intid] |= 1u << LR_SOURCE(old);
			b->latch |= bit;
		}
		if (lr & LR_ACTIVE)
			vc->sgi_active[intid] = LR_SOURCE(old);
	} else if (vgic_by_line(b) & bit) {
		if (old & LR_PENDING && !(lr & LR_PENDING))
			b->latch &= ~bit;	/* acknowledged */
	} else if (lr & LR_PENDING)
		b->latch |= bit;
	/*
	 * A private device that the guest programs unseen (the virtual
	 * timer) may have lowered its line since.
	 */
	if (old & LR_HW && intid < 32 && (lr & LR_STATE) == LR_PENDING &&
	    lr_ops->line != NULL && !lr_ops->line(vg->pintid[intid])) {
		b->latch &= ~bit;
		vgic_drop_phys(vg, vc, vc, word, bit);
	}
	/* Out of the list register it may be another vCPU's. */
	vgic_unqueue(vg, vc, word, bit);
	vgic_update(vg, vc, vc, word);
}

/*
 * GICv2: the list register was in this state for an SGI of this source.
 * Each source has a pending state of its own, the register holds one.
 */
static VGIC_COLD uint64_t
place_sgi2(struct vgic_cpu *vc, unsigned int intid, uint64_t state,
    unsigned int source)
{
	uint8_t *from = &vc->sgi_from[intid];

	if (state == 0) {
		source = (unsigned int)__builtin_ctz(*from);
		state = LR_PENDING;
	}
	if (state == LR_PENDING)
		*from &= ~(1u << source);
	if (*from == 0)
		vc->priv.latch &= ~(1u << intid);
	return (state | (uint64_t)source << LR_SOURCE_SHIFT);
}

static inline void
dequeue(struct vgic_cpu *vc, unsigned int word, uint32_t bit)
{

	vgic_bank(vc->vgic, vc, word)->queued &= ~bit;
	vc->queue[word] &= ~bit;
	if (vc->queue[word] == 0)
		vc->queue_words &= ~(1u << word);
}

/*
 * The bank's state of an interrupt joins what list register n says of it
 * (old, with no state bits if nothing). n is free or holds it. Where list
 * registers are scarce one that becomes pending by an EOI might be worse
 * than what waits: so none is active and pending.
 */
static void
place(struct vgic_cpu *vc, unsigned int intid, unsigned int n, uint64_t old,
    bool scarce)
{
	struct vgic *vg = vc->vgic;
	unsigned int word = intid / 32, i = intid % 32;
	struct vgic_bank *b = vgic_bank(vg, vc, word);
	uint32_t bit = 1u << i, by_line = vgic_by_line(b);
	uint64_t lr = old & LR_STATE;
	bool later = false;	/* what is pending comes after its EOI */

	if (b->active & bit) {
		b->active &= ~bit;
		lr |= LR_ACTIVE;
		old = b->phys & bit ? LR_HW : 0;
		if (vgic_is_sgi2(vg, intid))
			old = (uint64_t)vc->sgi_active[intid] <<
			    LR_SOURCE_SHIFT;
	}
	if (!(vgic_enabled(vg, b) & vgic_pend(b) & bit)) {
		if (vgic_is_sgi2(vg, intid))
			lr |= old & LR_SOURCE_MASK;
		else if (!(b->latch & bit))
			lr |= old & LR_HW;
	} else if (vgic_is_sgi2(vg, intid)) {
		lr = place_sgi2(vc, intid, lr, LR_SOURCE(old));
		later = b->latch & bit;
	} else if (lr & LR_ACTIVE && (scarce || b->phys & bit || (word != 0 &&
	    vg->dest[intid - 32] != vc->index))) {
		/* LRs with HW cannot be both; and it may be another's next. */
		lr = LR_ACTIVE;
		later = true;
	} else {
		lr |= LR_PENDING | (b->phys & bit ? LR_HW : 0);
		b->latch &= ~(bit & ~by_line);
	}
	if (lr & LR_HW)
		lr |= (uint64_t)vg->pintid[intid] << LR_PINTID_SHIFT;
	else if (later || b->level & by_line & bit)
		lr |= LR_EOI;
	if (later)
		b->blocked |= bit;
	lr |= intid | (uint64_t)b->prio[i] << LR_PRIO_SHIFT |
	    (b->group & bit ? LR_GROUP1 : 0);

	vc->lr[n] = lr;
	vc->lr_used |= 1u << n;
	vc->lr_eoi &= ~(1u << n);
	if (!(lr & LR_HW) && lr & LR_EOI)
		vc->lr_eoi |= 1u << n;
	b->inlr |= bit;
	dequeue(vc, word, bit);
	if (word == 0)
		vc->lr_of[intid] = n;
	else
		vg->spi_lr[intid - 32] = n;
	lr_ops->write(n, lr);
}

/* Of the queue: 0 pending, 1 active, 2 pending but its group is off. */
static unsigned int
class(struct vgic_cpu *vc, uint32_t vmcr, unsigned int intid)
{
	struct vgic_bank *b = vgic_bank(vc->vgic, vc, intid / 32);
	unsigned int i = intid % 32;

	if (b->active >> i & 1)
		return (1);
	return (vmcr & VMCR_VENG(b->group >> i & 1) ? 0 : 2);
}

/*
 * More than fits. The best one that can be signalled must be in, so that it
 * preempts; then the active ones, whose EOI costs an exit if they are not;
 * then the rest, all by priority.
 */
static VGIC_COLD void
refill(struct vgic_cpu *vc)
{
	uint32_t vmcr = lr_ops->vmcr(), hcr = LR_HCR_EN, w, bits;
	unsigned int n, c, key, best, intid, chosen;

	vgic_lr_fold_all(vc);
	for (n = 0; n < lr_ops->count && vc->queue_words != 0; n++) {
		best = ~0u;
		chosen = 0;
		for (w = 0; w < VGIC_WORDS; w++)
			for (bits = vc->queue[w]; bits != 0; bits &= bits - 1) {
				intid = w * 32 + __builtin_ctz(bits);
				c = class(vc, vmcr, intid);
				if (n > 0 && c < 2)
					c = !c;
				key = c << 8 | vgic_bank(vc->vgic, vc, w)->
				    prio[intid % 32];
				if (key < best) {
					best = key;
					chosen = intid;
				}
			}
		place(vc, chosen, n, 0, true);
	}
	for (w = 0; w < VGIC_WORDS; w++)
		for (bits = vc->queue[w]; bits != 0; bits &= bits - 1) {
			c = class(vc, vmcr, w * 32 + __builtin_ctz(bits));
			if (c == 1)
				hcr |= LR_HCR_LRENPIE |
				    (vc->vgic->version == 3 ? LR_HCR_TDIR : 0);
			else
				hcr |= (c == 0 ? LR_HCR_NPIE : 0) |
				    LR_HCR_GROUP_CHANGE(vmcr);
		}
	set_control(vc, hcr);
}

void
vgic_lr_deliver(struct vgic_cpu *vc)
{
	struct vgic *vg = vc->vgic;
	unsigned int intid, word, n;
	uint32_t bit, ended;
	uint64_t lr;

	if (unlikely(vc->hcr & LR_HCR_LRENPIE))
		vgic_lr_fold_ended(vc);		/* before EOIcount is lost */
	while (vc->queue_words != 0) {
		word = (unsigned int)__builtin_ctz(vc->queue_words);
		bit = vc->queue[word] & -vc->queue[word];
		intid = word * 32 + (unsigned int)__builtin_ctz(bit);
		if (vgic_bank(vg, vc, word)->inlr & bit) {
			n = word == 0 ? vc->lr_of[intid] :
			    vg->spi_lr[intid - 32];
			if (intid < 16 && vg->version == 3 &&
			    vgic_lr_again(vc, intid)) {
				vc->priv.latch &= ~bit;
				dequeue(vc, 0, bit);
				continue;
			}
			lr = lr_ops->read(n);
			if (word != 0 && !(lr & LR_STATE) &&
			    vg->dest[intid - 32] != vc->index)
				vgic_lr_fold(vc, n);	/* no more ours */
			else
				place(vc, intid, n, lr,
				    vc->hcr != LR_HCR_EN);
			continue;
		}
		if (vc->lr_used == vg->lr_all) {
			vgic_lr_fold_ended(vc);
			for (ended = lr_ops->empty() & vc->lr_used; ended != 0;
			    ended &= ended - 1)
				vgic_lr_fold(vc, __builtin_ctz(ended));
			if (vc->lr_used == vg->lr_all) {
				refill(vc);
				return;
			}
			continue;
		}
		n = (unsigned int)__builtin_ctz(~vc->lr_used);
		place(vc, intid, n, 0, vc->hcr != LR_HCR_EN);
	}
	set_control(vc, LR_HCR_EN);
}

/*
 * The guest ended an active interrupt that has no list register: the one of
 * highest priority, since EOIs come in the reverse order of acknowledges
 * (IHI 0069, 4.1.2).
 */
static VGIC_COLD void
end_unlisted(struct vgic_cpu *vc)
{
	struct vgic *vg = vc->vgic;
	struct vgic_bank *b, *best = NULL;
	unsigned int w, i, word = 0, chosen = 0;
	uint32_t bits;

	for (w = 0; w < VGIC_WORDS; w++) {
		b = vgic_bank(vg, vc, w);
		for (bits = vc->queue[w] & b->active; bits != 0;
		    bits &= bits - 1) {
			i = (unsigned int)__builtin_ctz(bits);
			if (best == NULL || b->prio[i] < best->prio[chosen]) {
				best = b;
				word = w;
				chosen = i;
			}
		}
	}
	if (best == NULL)
		return;
	vgic_unqueue(vg, vc, word, 1u << chosen);
	best->active &= ~(1u << chosen);
	vgic_drop_phys(vg, vc, vc, word, 1u << chosen & ~best->latch);
	vgic_update(vg, vc, vc, word);
}

void
vgic_lr_fold_ended(struct vgic_cpu *vc)
{
	uint32_t bits, count;

	/* Ended with EOI, one is not "empty" (IHI 0069, ICH_ELRSR_EL2). */
	for (bits = vc->lr_eoi; bits != 0; bits &= bits - 1)
		if (!(lr_ops->read(__builtin_ctz(bits)) & LR_STATE))
			vgic_lr_fold(vc, __builtin_ctz(bits));
	if (vc->hcr & LR_HCR_LRENPIE) {
		count = lr_ops->control_read() >> LR_HCR_EOICOUNT_SHIFT;
		if (count == 0)
			return;
		lr_ops->control(vc->hcr);
		/* With EOImode 1 vgic_dir() knows better. */
		if (lr_ops->vmcr() & VMCR_VEOIM)
			return;
		while (count-- > 0)
			end_unlisted(vc);
	}
}

void
vgic_lr_fold_all(struct vgic_cpu *vc)
{

	if (vc->hcr & LR_HCR_LRENPIE)
		vgic_lr_fold_ended(vc);
	while (vc->lr_used != 0)
		vgic_lr_fold(vc, __builtin_ctz(vc->lr_used));
}

bool
vgic_lr_eoimode(void)
{

	return (lr_ops->vmcr() & VMCR_VEOIM);
}

/* Is a pending interrupt of this priority and group signalled? */
static VGIC_COLD bool
passes(const struct lr_state *s, unsigned int prio, unsigned int group)
{
	unsigned int pre = lr_ops->prio_bits < 7 ? lr_ops->prio_bits : 7;
	unsigned int below, i;	/* bits below the group priority */
	uint32_t active;

	if (prio >= VMCR_VPMR(s->vmcr))
		return (false);
	below = group == 1 && !(s->vmcr & VMCR_VCBPR) ?
	    VMCR_VBPR1(s->vmcr) : VMCR_VBPR0(s->vmcr) + 1;
	if (below < 8 - pre)
		below = 8 - pre;
	for (i = 0; i < 1u << (pre - 5); i++) {
		active = s->apr[0][i] | s->apr[1][i];
		if (active == 0)
			continue;
		i = (i * 32 + (unsigned int)__builtin_ctz(active)) <<
		    (8 - pre);
		return (prio >> below < i >> below);
	}
	return (true);
}

/* Only the best one of the enabled groups counts (IHI 0069, 4.8). */
VGIC_COLD bool
vgic_lr_signalled(struct vgic_cpu *vc)
{
	unsigned int i, group, prio, best = 0x100, best_group = 0;
	struct vgic_bank *b;
	uint32_t w, bits;
	uint64_t lr;

	if (vc->loaded)
		lr_ops->save(&vc->cpuif);
	for (bits = vc->lr_used; bits != 0; bits &= bits - 1) {
		lr = lr_ops->read(__builtin_ctz(bits));
		prio = lr >> LR_PRIO_SHIFT & 0xff;
		group = lr & LR_GROUP1 ? 1 : 0;
		if ((lr & LR_STATE) == LR_PENDING && prio < best &&
		    vc->cpuif.vmcr & VMCR_VENG(group)) {
			best = prio;
			best_group = group;
		}
	}
	for (w = 0; w < VGIC_WORDS; w++) {
		b = vgic_bank(vc->vgic, vc, w);
		for (bits = vc->queue[w] & ~b->active; bits != 0;
		    bits &= bits - 1) {
			i = (unsigned int)__builtin_ctz(bits);
			group = b->group >> i & 1;
			if (b->prio[i] < best &&
			    vc->cpuif.vmcr & VMCR_VENG(group)) {
				best = b->prio[i];
				best_group = group;
			}
		}
	}
	return (best < 0x100 && passes(&vc->cpuif, best, best_group));
}
