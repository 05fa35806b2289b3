/*
 * What the files of the virtual GIC share. Nobody outside this folder
 * includes it.
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
#ifndef VGIC_VGIC_PRIVATE_H
#define	VGIC_VGIC_PRIVATE_H

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
#define	LR_SOURCE_MASK	(7ull << LR_SOURCE_SHIFT)
#define	LR_SOURCE(lr)	((unsigned int)(lr) >> LR_SOURCE_SHIFT & 7)

static inline struct vgic_bank *
vgic_bank(struct vgic *vg, struct vgic_cpu *vc, unsigned int word)
{

	return (word == 0 ? &vc->priv : &vg->spi[word - 1]);
}

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

/* vgic.c. The lock is held in all of these. */
/*
 * The state of a word changed: queue what is to be told now and was not, on
 * the vCPU it is for; unqueue what is not. Others than self are kicked;
 * vgic_resume() is self's turn. vc: whose word 0 is meant.
 */
void	vgic_update(struct vgic *vg, struct vgic_cpu *self,
	    struct vgic_cpu *vc, unsigned int word);
/*
 * Before vgic_update(), where interrupts that are queued and stay so may
 * belong to another vCPU now, or before others.
 */
void	vgic_unqueue(struct vgic *vg, struct vgic_cpu *vc, unsigned int word,
	    uint32_t bits);
/*
 * All state of these interrupts is in the bank, until vgic_finish(); may
 * let go of the lock in between. Gives the vCPUs held, for vgic_finish().
 */
uint32_t vgic_collect(struct vgic *vg, struct vgic_cpu *self,
	    struct vgic_cpu *vc, unsigned int word, uint32_t bits);
/* The same for all interrupts in list registers. */
uint32_t vgic_collect_all(struct vgic *vg, struct vgic_cpu *self);
/* Those held may go on, and so does self: vgic_resume(). */
void	vgic_finish(struct vgic *vg, struct vgic_cpu *self, uint32_t held);
/* self goes live, when nobody holds it, and fills its list registers. */
void	vgic_resume(struct vgic_cpu *self);
/* Deactivate the physical interrupts behind these; no longer phys. */
void	vgic_drop_phys(struct vgic *vg, struct vgic_cpu *self,
	    struct vgic_cpu *vc, unsigned int word, uint32_t bits);

/* vgic_lr.c. On the CPU where vc is loaded, with the lock held. */
void	vgic_lr_fold(struct vgic_cpu *vc, unsigned int n);
void	vgic_lr_fold_all(struct vgic_cpu *vc);
/* What the guest ended: EOIs that ask for us, and those without an LR. */
void	vgic_lr_fold_ended(struct vgic_cpu *vc);
/* Queue to list registers, as far as they go. */
void	vgic_lr_deliver(struct vgic_cpu *vc);
/* Does the guest loaded here drop priority and deactivate apart? */
bool	vgic_lr_eoimode(void);
/* vc is loaded here or nowhere. */
bool	vgic_lr_signalled(struct vgic_cpu *vc);

/*
 * A private interrupt that is pending by its latch alone becomes so. This is
 * vgic_update(), for one bit.
 */
static inline void
vgic_latch(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t bit)
{
	struct vgic_bank *b = &vc->priv;

	b->latch |= bit;
	if (vgic_enabled(vg, b) & ~b->blocked & ~vc->queue[0] & bit) {
		b->queued |= bit;
		vc->queue[0] |= bit;
		vc->queue_words |= 1;
		if (vc != self)
			vg->ops->kick(vc);
	}
}

/*
 * Mostly an SGI's list register of the last time is there still, and takes
 * it without more ado: only this CPU changes it, no lock is needed; and if
 * the guest had disabled or changed the interrupt it would have been folded.
 * Not for a GICv2's, which have sources.
 */
static inline bool
vgic_lr_again(struct vgic_cpu *self, unsigned int sgi)
{
	unsigned int n = self->lr_of[sgi];
	uint64_t lr = self->lr[n], state;

	if ((lr & (LR_HW | LR_EOI | LR_PENDING | 0x3ff)) !=
	    (LR_PENDING | sgi))
		return (false);
	state = lr_ops->read(n) & LR_STATE;
	if (!(state & LR_PENDING))
		lr_ops->write(n, (lr & ~LR_STATE) | state | LR_PENDING);
	return (true);
}

/*
 * Registers of GICD at 0x000 to 0xfff, from 0x080 on also of a
 * redistributor's SGI frame; a row is 128 bytes. off: in the frame. vc:
 * whose private ones are meant. They take the lock.
 */
typedef enum mmio_result vgic_reg_fn(struct vgic *vg, struct vgic_cpu *self,
    struct mmio *m, struct vgic_cpu *vc, uint32_t off);

struct vgic_row {
	vgic_reg_fn	*access[2];	/* read, write */
	uint8_t		sizes;		/* legal widths in bytes, or'ed */
	uint8_t		priv;		/* its first bytes: private ones' */
} __attribute__((aligned(32)));		/* indexed by a shift */
#define	VGIC_ROW_OTHER	32		/* what is not a word of a bank */
extern const struct vgic_row vgic_reg_rows[VGIC_ROW_OTHER + 1];
vgic_reg_fn	vgic_reg_wi, vgic_reg_raz;

/*
 * vc: the vCPU of an SGI frame, which has only the private part of a row.
 * NULL: GICD, which has that part (of self) if it is a GICv2; with affinity
 * routing it reads as zero (IHI 0069, 12.9).
 */
static inline enum mmio_result
vgic_reg_access(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	const struct vgic_row *row = &vgic_reg_rows[off >> 7];
	bool priv = (off & 0x7f) < row->priv;

	if (unlikely(!(row->sizes & m->size)))
		return (MMIO_FAULT);
	if (vc != NULL ? !priv : unlikely(priv) && vg->version == 3)
		return (vgic_reg_raz(vg, self, m, vc, off));
	return (row->access[m->write](vg, self, m, vc != NULL ? vc : self,
	    off));
}

vgic_reg_fn	vgic_dist_ctl_read, vgic_dist_ctl_write, vgic_dist_other;
vgic_reg_fn	vgic_dist_target_read, vgic_dist_target_write;
vgic_reg_fn	vgic_dist_id_read;
/* Peripheral and component identification, 0xfd0 and 0xffd0 alike. */
uint32_t vgic_dist_id(const struct vgic *vg, uint32_t off);
vgic_reg_fn	vgic_sgi_read, vgic_sgi_write;	/* 0xf00 on, GICv2 */

#endif
