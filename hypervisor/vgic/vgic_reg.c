/*
 * The registers that GICD and a redistributor's SGI frame share, as a table
 * of rows of 128 bytes (IHI 0069, 12.9 and 12.11; IHI 0048B, 4.3). Must not
 * know how an interrupt gets to a vCPU.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

#define	WORD(off)	(((off) & 0x7f) / 4)

/* Rows. */
#define	IGROUPR		0x080
#define	ISENABLER	0x100
#define	ICENABLER	0x180
#define	ISPENDR		0x200
#define	ICPENDR		0x280
#define	ISACTIVER	0x300
#define	ICACTIVER	0x380

enum mmio_result
vgic_reg_raz(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{

	(void)vg, (void)self, (void)vc, (void)off;
	m->value = 0;
	return (MMIO_OK);
}

enum mmio_result
vgic_reg_wi(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{

	(void)vg, (void)self, (void)vc, (void)off, (void)m;
	return (MMIO_OK);
}

static enum mmio_result
bits_read(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	struct vgic_bank *b;

	if (WORD(off) >= VGIC_WORDS)
		return (vgic_reg_raz(vg, self, m, vc, off));
	b = vgic_bank(vg, vc, WORD(off));
	m->value = off < ISENABLER ? b->group : b->enabled;
	return (MMIO_OK);
}

/* Pending and active state, which may be in a list register. */
static VGIC_COLD enum mmio_result
state_read(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	struct vgic_bank *b;
	uint32_t held;

	if (WORD(off) >= VGIC_WORDS)
		return (vgic_reg_raz(vg, self, m, vc, off));
	b = vgic_bank(vg, vc, WORD(off));
	spin_lock(&vg->lock);
	held = vgic_collect(vg, self, vc, WORD(off), ~0u);
	m->value = off < ISACTIVER ? vgic_pend(b) : b->active;
	vgic_finish(vg, self, held);
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

/* Some of what is enabled is pending already. The lock is held; lets go. */
static VGIC_COLD enum mmio_result
enable_pending(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    unsigned int word, uint32_t val)
{
	struct vgic_bank *b = vgic_bank(vg, vc, word);
	uint32_t held = 0, stale;

	/*
	 * A level-triggered physical interrupt that came while disabled:
	 * its line may have fallen since. If not, it comes again at once.
	 */
	stale = val & b->phys & b->latch & ~b->edge;
	if (stale != 0) {
		held = vgic_collect(vg, self, vc, word, stale);
		stale &= b->phys & b->latch & ~b->active;
		b->latch &= ~stale;
		vgic_drop_phys(vg, self, vc, word, stale);
	}
	b->enabled |= val;
	vgic_update(vg, self, vc, word);
	vgic_finish(vg, self, held);
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

static enum mmio_result
enable_write(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	struct vgic_bank *b;
	uint32_t val;

	if (WORD(off) >= VGIC_WORDS)
		return (MMIO_OK);
	b = vgic_bank(vg, vc, WORD(off));
	spin_lock(&vg->lock);
	val = m->value & ~b->enabled;
	if (unlikely((val & (b->latch | b->level)) != 0))
		return (enable_pending(vg, self, vc, WORD(off), val));
	b->enabled |= val;
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

/* Where active for nobody, it is so for the vCPU it would go to. */
static VGIC_COLD void
own(struct vgic *vg, unsigned int word, uint32_t bits)
{
	unsigned int spi;

	for (; word != 0 && bits != 0; bits &= bits - 1) {
		spi = word * 32 - 32 + (unsigned int)__builtin_ctz(bits);
		vg->owner[spi] = vg->dest[spi] == VGIC_NOWHERE ? 0 :
		    vg->dest[spi];
	}
}

static VGIC_COLD enum mmio_result
state_write(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int word = WORD(off), row = off & ~0x7fu;
	uint32_t val = m->value, held, drop = 0;
	struct vgic_bank *b;

	if (word >= VGIC_WORDS)
		return (MMIO_OK);
	if (word == 0 && vg->version == 2 && (row == ISPENDR ||
	    row == ICPENDR))
		val &= ~0xffffu;	/* GICD_SPENDSGIR's (4.3.7) */
	b = vgic_bank(vg, vc, word);
	spin_lock(&vg->lock);
	held = vgic_collect(vg, self, vc, word, row == IGROUPR ? ~0u : val);
	switch (row) {
	case IGROUPR:
		b->group = val;
		val = ~0u;
		break;
	case ICENABLER:
		b->enabled &= ~val;
		break;
	case ISPENDR:
		b->latch |= val;
		break;
	case ICPENDR:
		drop = val & b->latch & ~b->active;
		b->latch &= ~val;
		break;
	case ISACTIVER:
		own(vg, word, val & ~(b->active | b->queued));
		b->active |= val;
		break;
	case ICACTIVER:
		drop = val & b->active & ~b->latch;
		b->active &= ~val;
		break;
	}
	vgic_drop_phys(vg, self, vc, word, drop);
	vgic_unqueue(vg, vc, word, val);
	vgic_update(vg, self, vc, word);
	vgic_finish(vg, self, held);
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

static VGIC_COLD enum mmio_result
prio_read(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int intid = off & 0x3ff, i;
	const uint8_t *p;

	if (intid >= MACHINE_NR_INTID)
		return (vgic_reg_raz(vg, self, m, vc, off));
	p = &vgic_bank(vg, vc, intid / 32)->prio[intid % 32];
	m->value = 0;
	for (i = 0; i < m->size; i++)
		m->value |= (uint64_t)p[i] << 8 * i;
	return (MMIO_OK);
}

static VGIC_COLD enum mmio_result
prio_write(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int intid = off & 0x3ff, word = intid / 32, i;
	uint32_t held, bits = ((1u << m->size) - 1) << intid % 32;
	struct vgic_bank *b;

	if (intid >= MACHINE_NR_INTID)
		return (MMIO_OK);
	b = vgic_bank(vg, vc, word);
	spin_lock(&vg->lock);
	held = vgic_collect(vg, self, vc, word, bits);
	for (i = 0; i < m->size; i++)
		b->prio[intid % 32 + i] = m->value >> 8 * i & vg->prio_mask;
	vgic_unqueue(vg, vc, word, bits);
	vgic_update(vg, self, vc, word);
	vgic_finish(vg, self, held);
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

/* Two bits each; only the upper one means something: edge triggered. */
static VGIC_COLD enum mmio_result
config_read(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int intid = (off & 0xff) * 4, i;
	uint32_t edge;

	m->value = 0;
	if (intid >= MACHINE_NR_INTID)
		return (MMIO_OK);
	edge = vgic_bank(vg, vc, intid / 32)->edge >> intid % 32;
	(void)self;
	for (i = 0; i < 16; i++)
		m->value |= (edge >> i & 1) << (2 * i + 1);
	return (MMIO_OK);
}

static VGIC_COLD enum mmio_result
config_write(struct vgic *vg, struct vgic_cpu *self, struct mmio *m,
    struct vgic_cpu *vc, uint32_t off)
{
	unsigned int intid = (off & 0xff) * 4, word = intid / 32, i;
	uint32_t held, edge = 0, mask = 0xffffu << intid % 32;
	struct vgic_bank *b;

	/* SGIs are edge triggered for good. */
	if (intid < 16 || intid >= MACHINE_NR_INTID)
		return (MMIO_OK);
	for (i = 0; i < 16; i++)
		edge |= (uint32_t)(m->value >> (2 * i + 1) & 1) << i;
	b = vgic_bank(vg, vc, word);
	spin_lock(&vg->lock);
	held = vgic_collect(vg, self, vc, word, mask);
	b->edge = (b->edge & ~mask) | edge << intid % 32;
	vgic_update(vg, self, vc, word);
	vgic_finish(vg, self, held);
	spin_unlock(&vg->lock);
	return (MMIO_OK);
}

const struct vgic_row vgic_reg_rows[VGIC_ROW_OTHER + 1] = {
	/* 000 */ { { vgic_dist_ctl_read, vgic_dist_ctl_write }, 4, 0 },
	/* 080 */ { { bits_read, state_write }, 4, 4 },	/* IGROUPR */
	/* 100 */ { { bits_read, enable_write }, 4, 4 },	/* ISENABLER */
	/* 180 */ { { bits_read, state_write }, 4, 4 },	/* ICENABLER */
	/* 200 */ { { state_read, state_write }, 4, 4 },	/* ISPENDR */
	/* 280 */ { { state_read, state_write }, 4, 4 },	/* ICPENDR */
	/* 300 */ { { state_read, state_write }, 4, 4 },	/* ISACTIVER */
	/* 380 */ { { state_read, state_write }, 4, 4 },	/* ICACTIVER */
	/* 400 */ { { prio_read, prio_write }, 5, 32 },
	/* 480 */ { { prio_read, prio_write }, 5, 0 },
	/* 500 */ { { prio_read, prio_write }, 5, 0 },
	/* 580 */ { { prio_read, prio_write }, 5, 0 },
	/* 600 */ { { prio_read, prio_write }, 5, 0 },
	/* 680 */ { { prio_read, prio_write }, 5, 0 },
	/* 700 */ { { prio_read, prio_write }, 5, 0 },
	/* 780 */ { { prio_read, prio_write }, 5, 0 },
	/* 800 */ { { vgic_dist_target_read, vgic_dist_target_write }, 5, 0 },
	/* 880 */ { { vgic_dist_target_read, vgic_dist_target_write }, 5, 0 },
	/* 900 */ { { vgic_dist_target_read, vgic_dist_target_write }, 5, 0 },
	/* 980 */ { { vgic_dist_target_read, vgic_dist_target_write }, 5, 0 },
	/* a00 */ { { vgic_dist_target_read, vgic_dist_target_write }, 5, 0 },
	/* a80 */ { { vgic_dist_target_read, vgic_dist_target_write }, 5, 0 },
	/* b00 */ { { vgic_dist_target_read, vgic_dist_target_write }, 5, 0 },
	/* b80 */ { { vgic_dist_target_read, vgic_dist_target_write }, 5, 0 },
	/* c00 */ { { config_read, config_write }, 4, 8 },
	/* c80 */ { { config_read, config_write }, 4, 0 },
	/* d00 */ { { vgic_reg_raz, vgic_reg_wi }, 4, 4 },	/* IGRPMODR */
	/* d80 */ { { vgic_reg_raz, vgic_reg_wi }, 4, 0 },
	/* e00 */ { { vgic_reg_raz, vgic_reg_wi }, 4, 8 },	/* NSACR */
	/* e80 */ { { vgic_reg_raz, vgic_reg_wi }, 4, 0 },
	/* f00 */ { { vgic_sgi_read, vgic_sgi_write }, 5, 0 },
	/* f80 */ { { vgic_dist_id_read, vgic_reg_wi }, 4, 0 },
	{ { vgic_dist_other, vgic_dist_other }, 0, 0 },
};
