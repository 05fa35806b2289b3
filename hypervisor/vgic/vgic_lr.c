/*
 * List registers of the CPU we run on: an interrupt's state goes into one
 * (place) and back (fold); which of the queue go in when not all fit; when
 * the guest's progress must interrupt us (IHI 0069, 4.8 and 12.4). Must not
 * know registers of the distributor, nor other CPUs.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

/*
 * As vgic_lr_again(), for a GICv2's SGI: if it has ended and one source sent
 * it, another maybe.
 */
static inline bool
again_sgi2(struct vgic_cpu *vc, unsigned int sgi)
{
	unsigned int n = vc->priv.lr[sgi], from = vc->sgi_from[sgi];
	uint64_t lr = vc->lr[n];

	if ((lr & (LR_HW | LR_EOI | LR_STATE | 0x3ff)) != (LR_PENDING | sgi) ||
	    (from & (from - 1)) != 0 || lr_ops->read(n) & LR_STATE)
		return (false);
	vc->sgi_from[sgi] = 0;
	vc->lr[n] = (lr & ~(7ull << LR_SOURCE_SHIFT)) |
	    (uint64_t)__builtin_ctz(from) << LR_SOURCE_SHIFT;
	lr_ops->write(n, vc->lr[n]);
	return (true);
}

static void
set_control(struct vgic_cpu *vc, uint32_t hcr)
{

	if (vc->hcr != hcr) {
		vc->hcr = hcr;
		lr_ops->control(hcr);
	}
}

static VGIC_COLD void
fold(struct vgic_cpu *vc, unsigned int n)
{
	struct vgic *vg = vc->vgic;
	uint64_t old = vc->lr[n], lr = lr_ops->read(n);
	unsigned int intid = LR_INTID(old);
	struct vgic_bank *b = vc->bank[intid / 32];
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
	/* LPIs have no active state, though QEMU shows one until their EOI. */
	if (lr & LR_ACTIVE && !(old & VGIC_LPI))
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
	    lr_ops->line != NULL && !lr_ops->line(b->pintid[intid])) {
		b->latch &= ~bit;
		vgic_drop_phys(vg, vc, b, bit);
	}
	/* Out of the list register it may be another vCPU's. */
	vgic_update(vg, vc, b, bit);
}

/*
 * An interrupt of the queue goes into list register n, which is free. Where
 * list registers are scarce one that becomes pending by an EOI might be
 * worse than what waits: so none is active and pending.
 */
static VGIC_COLD void
place(struct vgic_cpu *vc, struct vgic_bank *b, unsigned int i,
    unsigned int n, uint32_t scarce)
{
	struct vgic *vg = vc->vgic;
	unsigned int intid = b->word * 32 + i;
	uint32_t bit = 1u << i, by_line = vgic_by_line(b);
	bool pending = vgic_enabled(vg, b) & vgic_pend(b) & bit;
	bool sgi2 = vgic_is_sgi2(vg, intid);
	bool later = false;	/* what is pending comes after its EOI */
	uint64_t lr = intid | (uint64_t)b->prio[i] << LR_PRIO_SHIFT;

	if (b->group & bit)
		lr |= LR_GROUP1;
	if (b->active & bit) {
		b->active &= ~bit;
		lr |= LR_ACTIVE;
		if (sgi2)
			lr |= vc->sgi_active[i] << LR_SOURCE_SHIFT;
		/* LRs with HW cannot be both; and it may be another's next. */
		if (pending && (sgi2 || scarce || b->phys & bit ||
		    b->dest[i] != vc->index)) {
			pending = false;
			later = true;
		}
	}
	if (pending) {
		lr |= LR_PENDING;
		if (sgi2) {
			/* One source; the others come after it. */
			unsigned int from = vc->sgi_from[i];

			lr |= __builtin_ctz(from) << LR_SOURCE_SHIFT;
			vc->sgi_from[i] = from &= from - 1;
			later = from != 0;
		}
		if (!later)
			b->latch &= by_line | ~bit;
	}
	if (b->phys & ~b->latch & bit)
		lr |= LR_HW | (uint64_t)b->pintid[i] << LR_PINTID_SHIFT;
	else if (later || b->level & by_line & bit) {
		lr |= LR_EOI;
		vc->lr_eoi |= 1u << n;
	}
	if (later)
		b->blocked |= bit;
	b->inlr |= bit;
	b->lr[i] = n;
	vgic_dequeue(vc, b, b->word, bit);
	vc->lr[n] = lr;
	vc->lr_used |= 1u << n;
	/* The guest's LPIs begin at 8192. */
	if (unlikely(lr & VGIC_LPI))
		lr ^= VGIC_LPI | 8192;
	lr_ops->write(n, lr);
}

/*
 * The best interrupt of the queue, of three sorts: pending; active; pending,
 * but its group is off. order: the sorts' ranks, a byte each from the lowest
 * on, 0xff to leave one out. Gives rank, priority and INTID in one number
 * that is less for a better one, or NONE; and in *sorts, which there are.
 */
#define	SORT_PENDING	(1u << 0)
#define	SORT_ACTIVE	(1u << 1)
#define	SORT_AGAIN	(1u << 3)	/* one is in a list register */
#define	PENDING_FIRST	0x020100
#define	ACTIVE_FIRST	0x020001
#define	ONLY_ACTIVE	0xff00ff
#define	KEY(prio, intid) ((unsigned int)(prio) << 12 | (intid))
#define	KEY_PRIO(key)	((key) >> 12 & 0xff)
#define	KEY_INTID(key)	((key) & 0xfff)
#define	NONE		(0xffu << 20)

static VGIC_COLD unsigned int
best(struct vgic_cpu *vc, uint32_t vmcr, uint32_t order, uint32_t *sorts)
{
	unsigned int min = NONE;

	*sorts = 0;
	for (uint32_t words = vc->queue_words; words != 0;
	    words &= words - 1) {
		unsigned int w = (unsigned int)__builtin_ctz(words);
		struct vgic_bank *b = vc->bank[w];

		*sorts |= vc->queue[w] & b->inlr ? SORT_AGAIN : 0;
		for (uint32_t bits = vc->queue[w]; bits != 0;
		    bits &= bits - 1) {
			unsigned int i = (unsigned int)__builtin_ctz(bits);
			unsigned int sort = b->active >> i & 1 ? 1 :
			    vmcr & VMCR_VENG(b->group >> i & 1) ? 0 : 2;
			unsigned int key = (order >> 8 * sort & 0xff) << 20 |
			    KEY(b->prio[i], w * 32 + i);

			*sorts |= 1u << sort;
			if (key < min)
				min = key;
		}
	}
	return (min);
}

/*
 * Of a list register, as best() makes them with PENDING_FIRST; the INTID only
 * of one as last written.
 */
static VGIC_COLD unsigned int
key_of(uint64_t lr, uint32_t vmcr)
{

	return ((vmcr & VMCR_VENG(lr & LR_GROUP1 ? 1 : 0) ? 0 : 2u << 20) |
	    KEY(lr >> LR_PRIO_SHIFT & 0xff, LR_INTID(lr)));
}

static VGIC_COLD void
place_best(struct vgic_cpu *vc, unsigned int key, unsigned int n)
{

	place(vc, vc->bank[KEY_INTID(key) / 32], KEY_INTID(key) % 32, n, true);
}

/*
 * More than fits, as before: what is better than the worst in a list register
 * takes its place. False: that does not do. *sorts: what is left over.
 */
static VGIC_COLD bool
exchange(struct vgic_cpu *vc, uint32_t vmcr, uint32_t *sorts)
{

	while (vc->hcr != LR_HCR_EN) {
		unsigned int new = best(vc, vmcr, PENDING_FIRST, sorts);
		unsigned int worst = 0, at = 0;

		for (unsigned int n = 0; n < lr_ops->count; n++) {
			uint64_t lr = lr_ops->read(n);
			unsigned int key = lr & LR_PENDING ?
			    key_of(lr, vmcr) : 0;

			if ((lr & LR_STATE) == LR_STATE)
				return (false);
			if (key >= worst) {
				worst = key;
				at = n;
			}
		}
		if (worst == 0 || *sorts & (SORT_ACTIVE | SORT_AGAIN))
			return (false);
		if (new >= worst)
			return (true);
		fold(vc, at);
		place_best(vc, new, at);
	}
	return (false);
}

/*
 * More than fits. The best one that can be signalled must be in, so that it
 * preempts; then the active ones, whose EOI costs an exit if they are not;
 * then the rest, all by priority.
 */
static VGIC_COLD void
refill(struct vgic_cpu *vc)
{
	uint32_t vmcr = lr_ops->get(LR_REG_VMCR), hcr = LR_HCR_EN, sorts;

	if (!exchange(vc, vmcr, &sorts)) {
		vgic_lr_fold_all(vc);
		for (unsigned int n = 0; n < lr_ops->count &&
		    vc->queue_words != 0; n++)
			place_best(vc, best(vc, vmcr, n == 0 ? PENDING_FIRST :
			    ACTIVE_FIRST, &sorts), n);
		best(vc, vmcr, ACTIVE_FIRST, &sorts);
	}
	if (sorts & SORT_ACTIVE)
		hcr |= LR_HCR_LRENPIE | LR_HCR_TDIR;
	if (sorts & SORT_PENDING)
		hcr |= LR_HCR_NPIE;
	if (sorts & ~SORT_ACTIVE)
		hcr |= LR_HCR_GROUP_CHANGE(vmcr);
	set_control(vc, hcr);
}

void
vgic_lr_deliver(struct vgic_cpu *vc)
{
	struct vgic *vg = vc->vgic;

	if (unlikely(vc->hcr & LR_HCR_LRENPIE))
		vgic_lr_fold_ended(vc);		/* before EOIcount is lost */
	while (vc->queue_words != 0) {
		unsigned int word =
		    (unsigned int)__builtin_ctz(vc->queue_words);
		unsigned int i = (unsigned int)__builtin_ctz(vc->queue[word]);
		uint32_t bit = 1u << i;
		struct vgic_bank *b = vc->bank[word];

		if (b->inlr & bit) {
			/* It came again. */
			if (word == 0 && i < 16 && (vg->version == 3 ?
			    vgic_lr_again(vc, i) : again_sgi2(vc, i))) {
				b->latch &= ~bit;
				vgic_dequeue(vc, b, 0, bit);
			} else
				fold(vc, b->lr[i]);
		} else if (vc->lr_used != vg->lr_all)
			place(vc, b, i,
			    (unsigned int)__builtin_ctz(~vc->lr_used),
			    vc->hcr != LR_HCR_EN);
		else {
			vgic_lr_fold_ended(vc);
			for (uint32_t ended = lr_ops->get(LR_REG_EMPTY) &
			    vc->lr_used;
			    ended != 0; ended &= ended - 1)
				fold(vc, __builtin_ctz(ended));
			if (vc->lr_used == vg->lr_all) {
				refill(vc);
				return;
			}
		}
	}
	set_control(vc, LR_HCR_EN);
}

VGIC_COLD void
vgic_lr_fold_ended(struct vgic_cpu *vc)
{

	/* Ended with EOI, one is not "empty" (IHI 0069, ICH_ELRSR_EL2). */
	for (uint32_t bits = vc->lr_eoi; bits != 0; bits &= bits - 1)
		if (!(lr_ops->read(__builtin_ctz(bits)) & LR_STATE))
			fold(vc, __builtin_ctz(bits));
	if (!(vc->hcr & LR_HCR_LRENPIE))
		return;
	uint32_t count = lr_ops->get(LR_REG_HCR) >> LR_HCR_EOICOUNT_SHIFT,
	    sorts;
	if (count == 0)
		return;
	lr_ops->control(vc->hcr);
	uint32_t vmcr = lr_ops->get(LR_REG_VMCR);
	/* With EOImode 1 vgic_dir() knows better. */
	if (vmcr & VMCR_VEOIM)
		return;
	/*
	 * The guest ended active interrupts that have no list register:
	 * those of highest priority, since EOIs come in the reverse order of
	 * acknowledges (IHI 0069, 4.1.2).
	 */
	for (; count != 0; count--) {
		unsigned int key = best(vc, vmcr, ONLY_ACTIVE, &sorts);

		if (key == NONE)
			return;
		vgic_deactivate(vc->vgic, vc, vc->bank[KEY_INTID(key) / 32],
		    1u << KEY_INTID(key) % 32);
	}
}

VGIC_COLD void
vgic_lr_fold_all(struct vgic_cpu *vc)
{

	vgic_lr_fold_ended(vc);
	while (vc->lr_used != 0)
		fold(vc, __builtin_ctz(vc->lr_used));
}

/* Is a pending interrupt of this priority and group signalled? */
static VGIC_COLD bool
passes(const struct lr_state *s, unsigned int prio, unsigned int group)
{
	unsigned int pre = lr_ops->prio_bits < 7 ? lr_ops->prio_bits : 7;

	if (prio >= VMCR_VPMR(s->vmcr))
		return (false);
	unsigned int below = group == 1 && !(s->vmcr & VMCR_VCBPR) ?
	    VMCR_VBPR1(s->vmcr) : VMCR_VBPR0(s->vmcr) + 1;
	if (below < 8 - pre)
		below = 8 - pre;
	for (unsigned int i = 0; i < 1u << (pre - 5); i++) {
		uint32_t active = s->apr[0][i] | s->apr[1][i];

		if (active == 0)
			continue;
		i = (i * 32 + (unsigned int)__builtin_ctz(active)) << (8 - pre);
		return (prio >> below < i >> below);
	}
	return (true);
}

/* Only the best one of the enabled groups counts (IHI 0069, 4.8). */
VGIC_COLD bool
vgic_pending(struct vgic_cpu *vc)
{
	struct vgic *vg = vc->vgic;

	spin_lock(&vg->lock);
	if (vc->loaded)
		lr_ops->save(&vc->cpuif);
	uint32_t vmcr = vc->cpuif.vmcr;
	uint32_t sorts;
	unsigned int min = best(vc, vmcr, PENDING_FIRST, &sorts);
	for (uint32_t bits = vc->lr_used; bits != 0; bits &= bits - 1) {
		unsigned int n = (unsigned int)__builtin_ctz(bits);
		unsigned int key = key_of(vc->lr[n], vmcr);

		if (key < min && (lr_ops->read(n) & LR_STATE) == LR_PENDING)
			min = key;
	}
	unsigned int intid = KEY_INTID(min);
	bool pending = min < 1u << 20 && passes(&vc->cpuif, KEY_PRIO(min),
	    vc->bank[intid / 32]->group >> intid % 32 & 1);
	spin_unlock(&vg->lock);
	return (pending);
}
