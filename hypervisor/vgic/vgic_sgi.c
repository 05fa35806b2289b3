/*
 * Software generated interrupts: a GICv3 guest's trapped system registers
 * (IHI 0069, 12.2), a GICv2 guest's GICD_SGIR (IHI 0048B, 4.3.15). Must not
 * know list registers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

#define	SGIR_INTID(val)		((unsigned int)((val) >> 24) & 15)
#define	SGIR_LIST		0xffffull	/* targets */
#define	SGIR_IRM		(1ull << 40)	/* all but me */
/* Aff3, RS, Aff2, Aff1: all are 0 here. */
#define	SGIR_ELSEWHERE		0x00fff0ff00ff0000ull

/* With the lock, which it gives back. */
static __attribute__((noinline)) void
post(struct vgic_cpu *self, uint32_t bit, uint32_t targets,
    uint32_t not_groups)
{
	struct vgic *vg = self->vgic;

	for (; targets != 0; targets &= targets - 1) {
		struct vgic_cpu *vc = vg->cpus[__builtin_ctz(targets)];
		struct vgic_bank *b = &vc->priv;

		if (b->group & not_groups & bit)
			continue;
		b->latch |= bit;
		/* This is vgic_update(), for one bit. */
		if (vgic_enabled(vg, b) & ~b->blocked & ~vc->queue[0] & bit) {
			vgic_enqueue(vc, b, 0, bit);
			if (vc != self)
				vg->ops->kick(vc);
		}
	}
	if (self->queue_words != 0)
		vgic_resume(self);
	spin_unlock(&vg->lock);
}

static __attribute__((noinline)) void
send(struct vgic_cpu *self, uint64_t val, uint32_t not_groups)
{
	struct vgic *vg = self->vgic;
	uint32_t all = (1u << vg->nvcpus) - 1, targets = val & all;

	if (unlikely(val & (SGIR_IRM | SGIR_ELSEWHERE))) {
		if (!(val & SGIR_IRM))
			return;
		targets = all & ~(1u << self->index);
	}
	spin_lock(&vg->lock);
	post(self, 1u << SGIR_INTID(val), targets, not_groups);
}

static __attribute__((noinline)) void
send_self(struct vgic_cpu *self, uint64_t val)
{

	if (!vgic_lr_again(self, SGIR_INTID(val)))
		send(self, val, 0);
}

/* In one Security state it serves both groups (IHI 0069, 8.1.10). */
void
vgic_sgi1r(struct vgic_cpu *self, uint64_t val)
{

	if ((val & (SGIR_IRM | SGIR_ELSEWHERE | SGIR_LIST)) ==
	    1ull << self->index)
		send_self(self, val);
	else
		send(self, val, 0);
}

void
vgic_sgi0r(struct vgic_cpu *self, uint64_t val)
{

	send(self, val, ~0u);
}

void
vgic_sgir(struct vgic_cpu *self, uint32_t val)
{
	struct vgic *vg = self->vgic;
	uint32_t bit = 1u << (val & 15), me = 1u << self->index;
	uint32_t filter = val >> 24 & 3, targets = val >> 16;

	if (unlikely(filter != 0))
		targets = filter == 1 ? ~me : filter == 2 ? me : 0;
	targets &= (1u << vg->nvcpus) - 1;
	spin_lock(&vg->lock);
	for (uint32_t left = targets; left != 0; left &= left - 1) {
		struct vgic_cpu *vc = vg->cpus[__builtin_ctz(left)];

		vc->sgi_from[val & 15] |= me;
		/* One more of a source that is pending there is not more. */
		vc->priv.blocked &= ~bit;
	}
	post(self, bit, targets, 0);
}
