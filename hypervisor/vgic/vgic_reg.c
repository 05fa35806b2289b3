/*
 * The registers of the distributor and the redistributors (IHI 0048B, 4.3;
 * IHI 0069, 12.9 to 12.11), without LPIs. Those that have a field for each
 * interrupt are one table for GICD and the redistributors' SGI frames; the
 * rest is control, identification and routes. Must not know how an interrupt
 * gets to a vCPU.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/gic_regs.h"
#include "vgic/vgic_private.h"

#define	CTLR_ENABLE_GRP0	(1u << 0)
#define	CTLR_ENABLE_GRP1	(1u << 1)
#define	CTLR_DS			(1u << 6)	/* GICv3 */
#define	IIDR_ARM		0x43b		/* implementer */
#define	GICD_IDS		0xfd0
#define	IDS(vg)			((vg)->version == 3 ? 0xffd0 : GICD_IDS)
#define	IROUTER_IRM		(1u << 31)
#define	IROUTER_BITS		0xff80ffffffull
#define	FRAME			0x1000

/* Peripheral and component identification, or 0: there is nothing else. */
static VGIC_COLD uint32_t
id(const struct vgic *vg, uint32_t off)
{
	/* PIDR4-7, PIDR0-3, CIDR0-3: Arm; PIDR2[7:4] is the architecture. */
	static const uint8_t ids[12] = {
		0x04, 0, 0, 0, 0x92, 0xb4, 0x0b, 0, 0x0d, 0xf0, 0x05, 0xb1,
	};
	uint32_t i = (off - IDS(vg)) / 4;

	if (i >= nitems(ids))
		return (0);
	return (ids[i] | (i == 6 ? vg->version << 4 : 0));
}

/*
 * SPIs of real devices are made pending where these are, and come from
 * there: with whatever an interrupt of the device does.
 */
static VGIC_COLD uint32_t
real(const struct vgic_bank *b)
{

	return (b->word == 0 ? 0 : b->hw);
}

/* Registers with one bit per interrupt: 32 at once. Gives the old value. */
static VGIC_COLD uint32_t
bits(struct vgic *vg, struct vgic_cpu *self, struct vgic_bank *b,
    unsigned int reg, bool write, uint32_t val)
{
	uint32_t *p = reg < GICD_ISENABLER ? &b->group : reg < GICD_ISPENDR ?
	    &b->enabled : reg < GICD_ISACTIVER ? &b->latch : &b->active;
	uint32_t old = p == &b->latch ? vgic_pend(b) : *p, drop = 0;

	if (!write) {
		uint32_t ask = p == &b->latch ? real(b) & ~old : 0;
		for (; ask != 0; ask &= ask - 1)
			if (lr_ops->line(b->pintid[__builtin_ctz(ask)]))
				old |= ask & -ask;
		return (old);
	}
	switch (reg) {
	case GICD_ISENABLER:
		/*
		 * A level-triggered physical interrupt that came while
		 * disabled: its line may have fallen since. If not, it comes
		 * again at once.
		 */
		drop = val & ~b->enabled & b->phys & b->latch & ~b->edge &
		    ~b->active;
		b->latch &= ~drop;
		break;
	case GICD_ICPENDR:
		vgic_pend_phys(b, val & real(b), false);
		drop = val & b->latch & ~b->active;
		break;
	case GICD_ISACTIVER:
		/* Active for nobody, it is so for whom it would go to. */
		for (uint32_t own = val & ~(b->active | b->queued); own != 0;
		    own &= own - 1) {
			unsigned int i = (unsigned int)__builtin_ctz(own);

			b->owner[i] = b->dest[i] == VGIC_NOWHERE ? 0 :
			    b->dest[i];
		}
		break;
	case GICD_ICACTIVER:
		drop = val & b->active & ~b->latch;
		break;
	}
	*p = reg == GICD_IGROUPR ? val : reg & 0x80 ? *p & ~val : *p | val;
	vgic_drop_phys(vg, self, b, drop);
	return (old);
}

/*
 * Those with two or eight, of one interrupt. val < 0: a read. Gives the new
 * value.
 */
static VGIC_COLD uint8_t
field(struct vgic *vg, struct vgic_cpu *vc, struct vgic_bank *b,
    unsigned int reg, unsigned int intid, int val)
{
	unsigned int i = intid % 32, all = (1u << vg->nvcpus) - 1;
	uint8_t *p = &b->prio[i];
	uint32_t bit = 1u << i;

	switch (reg) {
	case GICD_IPRIORITYR:
		if (val >= 0)
			*p = val & vg->prio_mask;
		return (*p);
	case GICD_ICFGR:
		/* The upper bit: edge triggered, as SGIs are for good. */
		if (val >= 0 && intid >= 16)
			b->edge = (b->edge & ~bit) | (val & 2 ? bit : 0);
		return (b->edge & bit ? 2 : 0);
	case GICD_ITARGETSR:
		if (intid < 32)
			return (1u << vc->index);
		if (val >= 0) {
			vg->route[intid - 32] = val &= all;
			/* One of several: the first. */
			b->dest[i] = val != 0 ? __builtin_ctz(val) :
			    VGIC_NOWHERE;
		}
		return (vg->route[intid - 32]);
	default:	/* GICD_CPENDSGIR, GICD_SPENDSGIR */
		p = &vc->sgi_from[i % 16];
		bit = 1u << i % 16;
		if (val >= 0) {
			*p = i < 16 ? *p & ~val : *p | (val & all);
			b->latch = *p != 0 ? b->latch | bit : b->latch & ~bit;
		}
		return (*p);
	}
}

/* By row of 128 bytes. */
static const struct {
	uint16_t	first;	/* register of INTID 0 */
	uint8_t		shift;	/* log2 of the bits of an interrupt */
} regs[FRAME / 128] = {
#define	ABSENT	{ FRAME, 0 }		/* there are none: RAZ/WI */
	[0x00] = ABSENT,
	[0x01] = { GICD_IGROUPR, 0 },
	[0x02] = { GICD_ISENABLER, 0 },
	[0x03] = { GICD_ICENABLER, 0 },
	[0x04] = { GICD_ISPENDR, 0 },
	[0x05] = { GICD_ICPENDR, 0 },
	[0x06] = { GICD_ISACTIVER, 0 },
	[0x07] = { GICD_ICACTIVER, 0 },
	[0x08 ... 0x0f] = { GICD_IPRIORITYR, 3 },
	[0x10 ... 0x17] = { GICD_ITARGETSR, 3 },
	[0x18 ... 0x19] = { GICD_ICFGR, 1 },
	[0x1a ... 0x1d] = ABSENT,	/* IGRPMODR, NSACR */
	[0x1e] = { GICD_CPENDSGIR, 3 },
	[0x1f] = ABSENT,
};

/*
 * vc: the vCPU of an SGI frame, which has only private interrupts. NULL:
 * GICD, which has those of self if it is a GICv2; with affinity routing they
 * read as zero (IHI 0069, 12.9).
 */
static VGIC_COLD enum mmio_result
bank_access(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int reg = regs[off >> 7].first, shift = regs[off >> 7].shift;
	unsigned int intid = (off - reg) * 8 >> shift;
	unsigned int n = m->size * 8 >> shift;
	uint32_t val = m->value;

	if (m->size != 4 && (m->size != 1 || shift != 3))
		return (MMIO_FAULT);
	m->value = 0;
	if (intid >= MACHINE_NR_INTID ||
	    (vc != NULL ? intid >= 32 : intid < 32 && vg->version == 3) ||
	    /* With one CPU RAZ/WI (IHI 0048B, 4.3.12). */
	    (reg == GICD_ITARGETSR && (vg->version == 3 || vg->nvcpus == 1)) ||
	    (reg == GICD_CPENDSGIR && (vg->version == 3 || intid >= 32)))
		return (MMIO_OK);
	if (vc == NULL)
		vc = self;
	struct vgic_bank *b = vc->bank[intid / 32];
	uint32_t mask = ~0u >> (32 - n) << intid % 32;
	if (reg == GICD_CPENDSGIR)
		mask = 0xffff;
	else if (m->write && shift == 0 && reg != GICD_IGROUPR) {
		/* GICv2's SGIs: by GICD_SPENDSGIR alone (4.3.7). */
		if ((reg == GICD_ISPENDR || reg == GICD_ICPENDR) &&
		    vgic_is_sgi2(vg, intid))
			val &= ~0xffffu;
		if (reg == GICD_ISPENDR) {
			vgic_pend_phys(b, val & real(b), true);
			val &= ~real(b);
		}
		mask = val;
	}
	uint32_t held = vgic_begin(vg, self, b, mask);
	if (shift == 0)
		m->value = bits(vg, self, b, reg, m->write, val);
	else
		for (unsigned int k = 0; k < n; k++)
			m->value |= (uint64_t)field(vg, vc, b, reg, intid + k,
			    m->write ? (uint8_t)(val >> (k << shift)) : -1) <<
			    (k << shift);
	vgic_end(vg, self, b, mask, held);
	return (MMIO_OK);
}

/* 64 bits or either half; IRM and Aff2-0 in the lower, Aff3 in the upper. */
static VGIC_COLD void
irouter_access(struct vgic *vg, struct vgic_cpu *self, unsigned int intid,
    struct mmio *m)
{
	struct vgic_bank *b = &vg->spi[intid / 32 - 1];
	uint64_t *route = &vg->route[intid - 32], mask = ~0ull >>
	    (64 - 8 * m->size), val;
	unsigned int at = m->offset % 8 * 8, any = 0;

	if (!m->write) {
		m->value = *route >> at & mask;
		return;
	}
	uint32_t held = vgic_begin(vg, self, b, 1u << intid % 32);
	val = (*route & ~(mask << at)) | m->value << at;
	*route = val &= IROUTER_BITS;
	for (unsigned int i = vg->nvcpus; i-- > 0;)
		if (!vg->cpus[i]->asleep)
			any = i;
	b->dest[intid % 32] = val & IROUTER_IRM ? any :
	    val < vg->nvcpus ? val : VGIC_NOWHERE;
	vgic_end(vg, self, b, 1u << intid % 32, held);
}

static VGIC_COLD void
write_ctlr(struct vgic *vg, struct vgic_cpu *self, uint32_t val)
{
	uint32_t held = vgic_begin(vg, self, NULL, 0);

	vg->group_on[0] = val & CTLR_ENABLE_GRP0 ? ~0u : 0;
	vg->group_on[1] = val & CTLR_ENABLE_GRP1 ? ~0u : 0;
	for (unsigned int i = 0; i < vg->nvcpus; i++)
		vgic_update(vg, self, &vg->cpus[i]->priv, 0);
	for (unsigned int i = 1; i < VGIC_BANKS; i++)
		if (self->bank[i] != NULL)
			vgic_update(vg, self, self->bank[i], 0);
	vgic_end(vg, self, NULL, 0, held);
}

static uint32_t
read_control(const struct vgic *vg, uint32_t off)
{

	switch (off) {
	case GICD_TYPER:
		return (vg->typer);
	case GICD_CTLR:
		return ((vg->group_on[0] & CTLR_ENABLE_GRP0) |
		    (vg->group_on[1] & CTLR_ENABLE_GRP1) |
		    (vg->version == 3 ? GICD_CTLR_ARE | CTLR_DS : 0));
	case GICD_IIDR:
		return (IIDR_ARM);
	default:
		return (0);
	}
}

static VGIC_COLD enum mmio_result
dist_access(struct vgic *vg, struct vgic_cpu *self, struct mmio *m)
{
	uint32_t off = m->offset, intid = (off - GICD_IROUTER) / 8;

	if (vg->version == 3 && m->size >= 4 && off % m->size == 0 &&
	    intid >= 32 && intid < MACHINE_NR_INTID)
		irouter_access(vg, self, intid, m);
	else if (off >= GICD_IGROUPR && off < GICD_IDS)
		return (bank_access(vg, self, m, NULL, off));
	else if (m->size != 4)
		return (MMIO_FAULT);
	else if (!m->write)
		m->value = id(vg, off);
	else if (off == GICD_CTLR)
		write_ctlr(vg, self, m->value);
	return (MMIO_OK);
}

enum mmio_result
vgic_dist_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vgic *vg = dev;
	uint32_t off = m->offset, spi = off - (GICD_ISENABLER + 4);

	if (m->size == 4 && !m->write) {
		if (off < GICD_IGROUPR) {
			m->value = read_control(vg, off);
			return (MMIO_OK);
		}
	} else if (m->size == 4 && off == GICD_SGIR && vg->version == 2) {
		vgic_sgir(vg->cpus[vcpu], m->value);
		return (MMIO_OK);
	} else if (m->size == 4 && spi < (VGIC_WORDS - 1) * 4) {
		/* What drivers do most, and mostly nothing is pending. */
		struct vgic_bank *b = &vg->spi[spi / 4];

		spin_lock(&vg->lock);
		uint32_t val = m->value & ~b->enabled;
		if (likely((val & (b->latch | b->level)) == 0)) {
			b->enabled |= val;
			spin_unlock(&vg->lock);
			return (MMIO_OK);
		}
		spin_unlock(&vg->lock);
	}
	return (dist_access(vg, vg->cpus[vcpu], m));
}

/* The doubleword at off, or what is at off as its lower half. */
static VGIC_COLD uint64_t
read_rd(struct vgic *vg, struct vgic_cpu *vc, uint32_t off)
{
	uint64_t typer;

	switch (off) {
	case GICR_IIDR:
		return (IIDR_ARM);
	case GICR_TYPER:
	case GICR_TYPER + 4:
		/* Affinity 0.0.0.index. */
		typer = (uint64_t)vc->index << 32 | vc->index << 8 |
		    (vc->index + 1 == vg->nvcpus ? GICR_TYPER_LAST : 0);
		return (off == GICR_TYPER ? typer : typer >> 32);
	case GICR_WAKER:
		return (vc->asleep ? GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP : 0);
	default:
		return (id(vg, off));
	}
}

VGIC_COLD enum mmio_result
vgic_redist_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vgic *vg = dev;
	struct vgic_cpu *vc = vg->cpus[m->offset / MACHINE_GICR_STRIDE];
	uint32_t off = m->offset % MACHINE_GICR_STRIDE;

	if (off - GICR_SGI < FRAME)
		return (bank_access(vg, vg->cpus[vcpu], m, vc, off - GICR_SGI));
	if (m->size != 4 && (m->size != 8 || (off != GICR_TYPER &&
	    off != GICR_PROPBASER && off != GICR_PENDBASER)))
		return (MMIO_FAULT);
	if (!m->write)
		m->value = read_rd(vg, vc, off);
	else if (off == GICR_WAKER)
		vc->asleep = m->value & GICR_WAKER_SLEEP;
	if (m->size == 4)
		m->value = (uint32_t)m->value;
	return (MMIO_OK);
}
