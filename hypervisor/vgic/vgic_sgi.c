/*
 * Software generated interrupts: a GICv3 guest's trapped system registers
 * (IHI 0069, 12.2), a GICv2 guest's GICD_SGIR and its pending state by
 * source (IHI 0048B, 4.3.15 on). Must not know list registers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

#define	SGIR_INTID(val)		((unsigned int)((val) >> 24) & 15)
#define	SGIR_IRM		(1ull << 40)	/* all but me */
/* Aff3, RS, Aff2, Aff1: all are 0 here. */
#define	SGIR_ELSEWHERE		0x00fff0ff00ff0000ull

static void
send(struct vgic_cpu *self, uint64_t val, uint32_t not_groups)
{
	struct vgic *vg = self->vgic;
	uint32_t bit = 1u << SGIR_INTID(val);
	uint32_t targets = val & ((1u << vg->nvcpus) - 1);
	struct vgic_cpu *vc;

	if (unlikely(val & SGIR_IRM))
		targets = ((1u << vg->nvcpus) - 1) & ~(1u << self->index);
	else if (unlikely(val & SGIR_ELSEWHERE))
		return;
	if (targets == 1u << self->index && !(not_groups &
	    self->priv.group & bit) && vgic_lr_again(self, SGIR_INTID(val)))
		return;
	spin_lock(&vg->lock);
	for (; targets != 0; targets &= targets - 1) {
		vc = vg->cpus[__builtin_ctz(targets)];
		if (!(vc->priv.group & not_groups & bit))
			vgic_latch(vg, self, vc, bit);
	}
	vgic_resume(self);
	spin_unlock(&vg->lock);
}

/* In one Security state it serves both groups (IHI 0069, 8.1.10). */
void
vgic_sgi1r(struct vgic_cpu *self, uint64_t val)
{

	send(self, val, 0);
}

void
vgic_sgi0r(struct vgic_cpu *self, uint64_t val)
{

	send(self, val, ~0u);
}

#define	GICD_SGIR	0xf00
#define	GICD_CPENDSGIR	0xf10
#define	GICD_SPENDSGIR	0xf20
#define	GICD_SGI_END	0xf30

VGIC_COLD enum mmio_result
vgic_sgi_read(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int i;
	uint32_t held;

	m->value = 0;
	if (vg->version == 3 || off < GICD_CPENDSGIR || off >= GICD_SGI_END)
		return (MMIO_OK);
	spin_lock(&vg->lock);
	held = vgic_collect(vg, self, vc, 0, 0xffff);
	for (i = 0; i < m->size; i++)
		m->value |= (uint64_t)vc->sgi_from[off % 16 + i] << 8 * i;
	vgic_finish(vg, self, held);
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

static void
sgir_write(struct vgic *vg, struct vgic_cpu *self, uint32_t val)
{
	uint32_t all = (1u << vg->nvcpus) - 1, me = 1u << self->index, targets;
	struct vgic_cpu *vc;

	switch (val >> 24 & 3) {
	case 0:
		targets = val >> 16 & all;
		break;
	case 1:
		targets = all & ~me;
		break;
	case 2:
		targets = me;
		break;
	default:
		return;
	}
	for (; targets != 0; targets &= targets - 1) {
		vc = vg->cpus[__builtin_ctz(targets)];
		vc->sgi_from[val & 15] |= me;
		/* One more of a source that is pending there is not more. */
		vc->priv.blocked &= ~(1u << (val & 15));
		vgic_latch(vg, self, vc, 1u << (val & 15));
	}
	vgic_resume(self);
}

enum mmio_result
vgic_sgi_write(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	uint32_t val = m->value, held, bit;
	unsigned int size;
	uint8_t set;

	if (vg->version == 3 || off >= GICD_SGI_END)
		return (MMIO_OK);
	spin_lock(&vg->lock);
	if (off == GICD_SGIR && m->size == 4)
		sgir_write(vg, self, val);
	if (off >= GICD_CPENDSGIR) {
		held = vgic_collect(vg, self, vc, 0, 0xffff);
		for (size = m->size; size > 0; size--, off++, val >>= 8) {
			bit = 1u << off % 16;
			set = val & ((1u << vg->nvcpus) - 1);
			if (off < GICD_SPENDSGIR)
				vc->sgi_from[off % 16] &= ~set;
			else
				vc->sgi_from[off % 16] |= set;
			vc->priv.latch &= ~bit;
			if (vc->sgi_from[off % 16] != 0)
				vc->priv.latch |= bit;
		}
		vgic_update(vg, self, vc, 0);
		vgic_finish(vg, self, held);
	}
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}
