/*
 * What the files of the virtual GIC share, and the ITS, whose LPIs have such
 * state (vits/). Nobody else includes it.
 *
 * State of interrupt n of a bank. Its line is `level`; `latch` is a pending
 * state of its own: a rising edge, an SGI, an acknowledged physical
 * interrupt, GICD_ISPENDR. Level-triggered and not hardware mapped ("by
 * line"): it is pending while line or latch is, and while it is in a list
 * register, level and latch stay here. All others: pending by the latch
 * alone, and a list register takes the latch over; a latch that is set
 * while inlr is news for that list register. `active` is here or in the
 * list register, never in both. `phys` and `latch`: the physical interrupt
 * is behind the pending state; `phys` alone: behind the active state or the
 * list register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vgic/vgic.h"

#define	VGIC_NOWHERE	0xff		/* dest: routed to no vCPU */

/* ICH_VMCR_EL2 (IHI 0069, 12.4.8). */
#define	VMCR_VENG(g)	(1u << (g))
#define	VMCR_VFIQEN	(1u << 3)	/* RES1 for a GICv3 guest */
#define	VMCR_VCBPR	(1u << 4)
#define	VMCR_VEOIM	(1u << 9)
#define	VMCR_VBPR1(v)	(((v) >> 18) & 7)
#define	VMCR_VBPR0(v)	(((v) >> 21) & 7)
#define	VMCR_VPMR(v)	((v) >> 24)

/* Off the hot paths: for size. */
#define	VGIC_COLD	__attribute__((cold, noinline))

#define	LR_STATE	(LR_PENDING | LR_ACTIVE)
#define	LR_INTID(lr)	((unsigned int)(lr) & 0x3ff)
#define	LR_SOURCE(lr)	((unsigned int)(lr) >> LR_SOURCE_SHIFT & 7)

/* Pending state by line; see above. */
static inline uint32_t
vgic_by_line(const struct vgic_bank *b)
{

	return (~(b->edge | b->hw));
}

static inline uint32_t
vgic_pend(const struct vgic_bank *b)
{

	return (b->latch | (b->level & vgic_by_line(b)));
}

/* May be signalled, as far as the distributor's enables go. */
static inline uint32_t
vgic_enabled(const struct vgic *vg, const struct vgic_bank *b)
{

	return (b->enabled & ((b->group & vg->group_on[1]) |
	    (~b->group & vg->group_on[0])));
}

static inline bool
vgic_is_sgi2(const struct vgic *vg, unsigned int intid)
{

	return (intid < 16 && vg->version == 2);
}

/* word: b's, which callers mostly know better. */
static inline void
vgic_enqueue(struct vgic_cpu *vc, struct vgic_bank *b, unsigned int word,
    uint32_t bit)
{

	b->queued |= bit;
	vc->queue[word] |= bit;
	vc->queue_words |= 1u << word;
}

static inline void
vgic_dequeue(struct vgic_cpu *vc, struct vgic_bank *b, unsigned int word,
    uint32_t bit)
{

	b->queued &= ~bit;
	vc->queue[word] &= ~bit;
	if (vc->queue[word] == 0)
		vc->queue_words &= ~(1u << word);
}

/* vgic.c. The lock is held in all of these but vgic_begin(). */
/*
 * State of a bank changed: queue what is to be told now and was not, on the
 * vCPU it is for; unqueue what is not. Those of bits may belong to another
 * vCPU now, or before others. Others than self are kicked; vgic_resume() is
 * self's turn.
 */
void	vgic_update(struct vgic *vg, struct vgic_cpu *self,
	    struct vgic_bank *b, uint32_t bits);
/*
 * To change these interrupts (NULL: all there are) from self: takes the lock;
 * all their state is in the bank, until vgic_end() with the vCPUs held that
 * this gives. May let go of the lock in between.
 */
uint32_t vgic_begin(struct vgic *vg, struct vgic_cpu *self,
	    struct vgic_bank *b, uint32_t bits);
void	vgic_end(struct vgic *vg, struct vgic_cpu *self, struct vgic_bank *b,
	    uint32_t bits, uint32_t held);
/*
 * self's list registers are made true: folded if stale, when nobody holds
 * it any more live, and filled.
 */
void	vgic_resume(struct vgic_cpu *self);
/* Deactivate the physical interrupts behind these; no longer phys. */
void	vgic_drop_phys(struct vgic *vg, struct vgic_cpu *self,
	    struct vgic_bank *b, uint32_t bits);
/* Made pending, or no longer so, at the real distributor: SPIs. */
void	vgic_pend_phys(const struct vgic_bank *b, uint32_t bits, bool pending);
/* These are active no more, as far as they were, nor the physical ones. */
void	vgic_deactivate(struct vgic *vg, struct vgic_cpu *self,
	    struct vgic_bank *b, uint32_t bits);

/* vgic_lr.c. On the CPU where vc is loaded, with the lock held. */
void	vgic_lr_fold_all(struct vgic_cpu *vc);
/* What the guest ended: EOIs that ask for us, and those without an LR. */
void	vgic_lr_fold_ended(struct vgic_cpu *vc);
/* Queue to list registers, as far as they go. */
void	vgic_lr_deliver(struct vgic_cpu *vc);

/*
 * Mostly an SGI's list register of the last time is there still, and takes
 * it without more ado: only this CPU changes it, no lock is needed; and if
 * the guest had disabled or changed the interrupt it would have been folded.
 * Not for a GICv2's, which have sources.
 */
static inline bool
vgic_lr_again(struct vgic_cpu *self, unsigned int sgi)
{
	unsigned int n = self->priv.lr[sgi];
	uint64_t lr = self->lr[n], state;

	if ((lr & (LR_HW | LR_EOI | LR_PENDING | 0x3ff)) !=
	    (LR_PENDING | sgi))
		return (false);
	state = lr_ops->read(n) & LR_STATE;
	if (!(state & LR_PENDING))
		lr_ops->write(n, (lr & ~LR_STATE) | state | LR_PENDING);
	return (true);
}

/* GICD_SGIR of a GICv2. Takes the lock. */
void	vgic_sgir(struct vgic_cpu *self, uint32_t val);
