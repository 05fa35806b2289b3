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
 * All state of these interrupts is in the bank, until vgic_resume(); may
 * let go of the lock in between. Gives the vCPUs held, for vgic_resume().
 */
uint32_t vgic_collect(struct vgic *vg, struct vgic_cpu *self,
	    struct vgic_cpu *vc, unsigned int word, uint32_t bits);
/* The same for all interrupts in list registers. */
uint32_t vgic_collect_all(struct vgic *vg, struct vgic_cpu *self);
void	vgic_release(struct vgic *vg, uint32_t held);
/* self goes on: fills its list registers. */
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
/*
 * If list register n holds a hardware-mapped interrupt: it has ended and is
 * pending anew. False: it is another kind, nothing done.
 */
bool	vgic_lr_again(struct vgic_cpu *vc, unsigned int n);
/* Does the guest loaded here drop priority and deactivate apart? */
bool	vgic_lr_eoimode(void);
/* vc is loaded here or nowhere. */
bool	vgic_lr_signalled(struct vgic_cpu *vc);

/*
 * vgic_reg.c: registers at 0x000 to 0xfff of GICD; from 0x080 on also of a
 * redistributor's SGI frame. A row is 128 bytes.
 */
typedef uint32_t vgic_read_fn(struct vgic *vg, struct vgic_cpu *self,
    struct vgic_cpu *vc, uint32_t off);	/* of the aligned word; unlocked */
typedef void vgic_write_fn(struct vgic *vg, struct vgic_cpu *self,
    struct vgic_cpu *vc, uint32_t off, unsigned int size, uint32_t val);
					/* locked; vgic_resume() follows */
enum mmio_result vgic_reg_access(struct vgic *vg, struct vgic_cpu *self,
    struct vgic_cpu *vc_or_null, uint32_t off, struct mmio *m);

vgic_read_fn	vgic_dist_ctl_read, vgic_dist_target_read, vgic_dist_id_read;
vgic_write_fn	vgic_dist_ctl_write, vgic_dist_target_write;
/* Peripheral and component identification, 0xfd0 and 0xffd0 alike. */
uint32_t vgic_dist_id(const struct vgic *vg, uint32_t off);
vgic_read_fn	vgic_sgi_read;		/* 0xf00 on, GICv2 */
vgic_write_fn	vgic_sgi_write;

#endif
