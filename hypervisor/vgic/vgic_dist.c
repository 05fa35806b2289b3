/*
 * The distributor's own registers: control, identification, targets
 * (GICv2: IHI 0048B, 4.3) and routes (GICv3: IHI 0069, 12.9). Must not know
 * what an interrupt's state is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

#define	GICD_CTLR		0x000
#define	 CTLR_ENABLE_GRP0	(1u << 0)
#define	 CTLR_ENABLE_GRP1	(1u << 1)
#define	 CTLR_ARE		(1u << 4)	/* GICv3 */
#define	 CTLR_DS		(1u << 6)	/* GICv3 */
#define	GICD_TYPER		0x004
#define	GICD_IIDR		0x008
#define	 IIDR_ARM		0x43b		/* implementer */
#define	GICD_IROUTER		0x6000		/* GICv3; 8 bytes per INTID */
#define	GICD_IROUTER_END	(GICD_IROUTER + 8 * MACHINE_NR_INTID)
#define	 IROUTER_IRM		(1u << 31)
#define	GICD_IDS		0xffd0		/* GICv3 */

enum mmio_result
vgic_dist_ctl_read(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{

	(void)self, (void)vc;
	switch (off) {
	case GICD_TYPER:
		m->value = vg->typer;
		break;
	case GICD_CTLR:
		m->value = (vg->group_on[0] & CTLR_ENABLE_GRP0) |
		    (vg->group_on[1] & CTLR_ENABLE_GRP1) |
		    (vg->version == 3 ? CTLR_ARE | CTLR_DS : 0);
		break;
	case GICD_IIDR:
		m->value = IIDR_ARM;
		break;
	default:
		m->value = 0;
		break;
	}
	return (MMIO_OK);
}

VGIC_COLD enum mmio_result
vgic_dist_ctl_write(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	uint32_t on[2], held;
	unsigned int i;

	(void)vc;
	if (off != GICD_CTLR)
		return (MMIO_OK);
	on[0] = m->value & CTLR_ENABLE_GRP0 ? ~0u : 0;
	on[1] = m->value & CTLR_ENABLE_GRP1 ? ~0u : 0;
	spin_lock(&vg->lock);
	held = vgic_collect_all(vg, self);
	vg->group_on[0] = on[0];
	vg->group_on[1] = on[1];
	for (i = 0; i < vg->nvcpus; i++)
		vgic_update(vg, self, vg->cpus[i], 0);
	for (i = 1; i < VGIC_WORDS; i++)
		vgic_update(vg, self, NULL, i);
	vgic_finish(vg, self, held);
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

/* An SPI goes to another vCPU; an active one stays where it is. */
static VGIC_COLD void
reroute(struct vgic *vg, struct vgic_cpu *self, unsigned int intid,
    unsigned int dest)
{
	uint32_t held, bit = 1u << intid % 32;
	unsigned int word = intid / 32;

	if (vg->dest[intid - 32] == dest)
		return;
	held = vgic_collect(vg, self, NULL, word, bit);
	vg->dest[intid - 32] = dest;
	if (!(vg->spi[word - 1].active & bit)) {
		vgic_unqueue(vg, NULL, word, bit);
		vgic_update(vg, self, NULL, word);
	}
	vgic_finish(vg, self, held);
}

VGIC_COLD enum mmio_result
vgic_dist_target_read(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int i, intid = off & 0x3ff;

	(void)vc;
	m->value = 0;
	/* With one CPU they are RAZ/WI (IHI 0048B, 4.3.12). */
	if (vg->version == 3 || vg->nvcpus == 1 || intid >= MACHINE_NR_INTID)
		return (MMIO_OK);
	for (i = 0; i < m->size; i++)
		m->value |= (uint64_t)(intid < 32 ? 1u << self->index :
		    vg->route[intid - 32 + i]) << i * 8;
	return (MMIO_OK);
}

VGIC_COLD enum mmio_result
vgic_dist_target_write(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int intid = off & 0x3ff, i;
	uint32_t set;

	(void)vc;
	if (vg->version == 3 || vg->nvcpus == 1 || intid < 32 ||
	    intid >= MACHINE_NR_INTID)
		return (MMIO_OK);
	spin_lock(&vg->lock);
	for (i = 0; i < m->size; i++, intid++) {
		set = m->value >> i * 8 & ((1u << vg->nvcpus) - 1);
		vg->route[intid - 32] = set;
		/* One of several: the first. */
		reroute(vg, self, intid, set != 0 ?
		    (unsigned int)__builtin_ctz(set) : VGIC_NOWHERE);
	}
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

VGIC_COLD uint32_t
vgic_dist_id(const struct vgic *vg, uint32_t off)
{
	/* PIDR4-7, PIDR0-3, CIDR0-3: Arm; PIDR2[7:4] is the architecture. */
	static const uint8_t ids[12] = {
		0x04, 0, 0, 0, 0x92, 0xb4, 0x0b, 0, 0x0d, 0xf0, 0x05, 0xb1,
	};
	unsigned int i = (off & 0x3f) / 4 - 4;

	return (ids[i] | (i == 6 ? vg->version << 4 : 0));
}

VGIC_COLD enum mmio_result
vgic_dist_id_read(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{

	(void)self, (void)vc;
	/* A GICv3's are at the end of its 64 KiB. */
	m->value = vg->version == 2 && off >= 0xfd0 ? vgic_dist_id(vg, off) :
	    0;
	return (MMIO_OK);
}

static VGIC_COLD unsigned int
first_awake(const struct vgic *vg)
{
	unsigned int i;

	for (i = 0; i < vg->nvcpus; i++)
		if (!vg->cpus[i]->asleep)
			return (i);
	return (0);
}

/* 64 bits or either half; IRM and Aff2-0 in the lower, Aff3 in the upper. */
static VGIC_COLD void
irouter_access(struct vgic *vg, struct vgic_cpu *self, unsigned int intid,
    unsigned int at, struct mmio *m)
{
	uint32_t *route = &vg->route[intid - 32];
	uint32_t *irm = &vg->irm[intid / 32 - 1], bit = 1u << intid % 32;
	uint64_t val;

	val = (*irm & bit ? IROUTER_IRM : 0) | (*route & 0xffffff) |
	    (uint64_t)(*route >> 24) << 32;
	if (!m->write) {
		m->value = m->size == 8 ? val : (uint32_t)(val >> at * 8);
		return;
	}
	if (m->size == 8)
		val = m->value;
	else if (at == 0)
		val = (val & ~0xffffffffull) | (uint32_t)m->value;
	else
		val = (uint32_t)val | m->value << 32;
	spin_lock(&vg->lock);
	*route = (val & 0xffffff) | (uint32_t)(val >> 32) << 24;
	*irm = val & IROUTER_IRM ? *irm | bit : *irm & ~bit;
	reroute(vg, self, intid, val & IROUTER_IRM ? first_awake(vg) :
	    *route < vg->nvcpus ? *route : VGIC_NOWHERE);
	spin_unlock(&vg->lock);
}

static VGIC_COLD enum mmio_result
high_access(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    uint32_t off)
{

	if (off & (m->size - 1u) || m->size < 4)
		return (MMIO_FAULT);
	if (vg->version == 3 && off >= GICD_IROUTER + 8 * 32 &&
	    off < GICD_IROUTER_END) {
		irouter_access(vg, self, (off - GICD_IROUTER) / 8, off % 8, m);
		return (MMIO_OK);
	}
	if (m->size != 4)
		return (MMIO_FAULT);
	m->value = vg->version == 3 && off >= GICD_IDS ?
	    vgic_dist_id(vg, off) : 0;
	return (MMIO_OK);
}

VGIC_COLD enum mmio_result
vgic_dist_other(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{

	(void)vc;
	if (off >= 0x1000)
		return (high_access(vg, self, m, off));
	return (vgic_reg_access(vg, self, m, NULL, off));
}

enum mmio_result
vgic_dist_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vgic *vg = dev;
	uint64_t off = m->offset;
	const struct vgic_row *row = &vgic_reg_rows[off >> 7 & 31];

	/* All banks take words: nearly all accesses are this. */
	if (unlikely(off >= 0x1000 || m->size != 4 ||
	    (off & 0x7f) < row->priv))
		row = &vgic_reg_rows[VGIC_ROW_OTHER];
	return (row->access[m->write](vg, vg->cpus[vcpu], m, vg->cpus[vcpu],
	    (uint32_t)off));
}
