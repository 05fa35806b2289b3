/*
 * A GICv3 guest's redistributors, without LPIs: control and identification
 * here, private interrupts in the SGI frame by vgic_reg.c (IHI 0069, 12.10
 * and 12.11). Must not know what an interrupt's state is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

#define	GICR_IIDR		0x0004
#define	 IIDR_ARM		0x43b		/* implementer */
#define	GICR_TYPER		0x0008		/* 64 bits */
#define	 TYPER_LAST		(1u << 4)
#define	GICR_WAKER		0x0014
#define	 WAKER_SLEEP		(1u << 1)
#define	 WAKER_ASLEEP		(1u << 2)
#define	GICR_PROPBASER		0x0070		/* 64 bits */
#define	GICR_PENDBASER		0x0078		/* 64 bits */
#define	GICR_IDS		0xffd0
#define	SGI_FRAME		0x10000

/* The doubleword at off, or what is at off as its lower half. */
static uint64_t
rd_read(struct vgic *vg, struct vgic_cpu *vc, uint32_t off)
{
	uint64_t typer;

	switch (off) {
	case GICR_IIDR:
		return (IIDR_ARM);
	case GICR_TYPER:
	case GICR_TYPER + 4:
		/* Affinity 0.0.0.index. */
		typer = (uint64_t)vc->index << 32 | vc->index << 8 |
		    (vc->index + 1 == vg->nvcpus ? TYPER_LAST : 0);
		return (off == GICR_TYPER ? typer : typer >> 32);
	case GICR_WAKER:
		return (vc->asleep ? WAKER_SLEEP | WAKER_ASLEEP : 0);
	default:
		return (off >= GICR_IDS ? vgic_dist_id(vg, off) : 0);
	}
}

enum mmio_result
vgic_redist_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vgic *vg = dev;
	struct vgic_cpu *self = vg->cpus[vcpu], *vc;
	uint32_t off = m->offset % MACHINE_GICR_STRIDE, row;

	vc = vg->cpus[m->offset / MACHINE_GICR_STRIDE];
	if (off >= SGI_FRAME && off < SGI_FRAME + 0x1000)
		return (vgic_reg_access(vg, self, m, vc, off - SGI_FRAME));
	row = off & ~7u;
	if (off & (m->size - 1u) || !(m->size == 4 || (m->size == 8 &&
	    (row == GICR_TYPER || row == GICR_PROPBASER ||
	    row == GICR_PENDBASER))))
		return (MMIO_FAULT);
	if (!m->write)
		m->value = off >= SGI_FRAME ? 0 : rd_read(vg, vc, off);
	else if (off == GICR_WAKER)
		vc->asleep = m->value & WAKER_SLEEP;
	if (m->size == 4)
		m->value = (uint32_t)m->value;
	return (MMIO_OK);
}
