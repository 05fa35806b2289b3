/*
 * The registers that GICD and a redistributor's SGI frame share, as a table
 * of rows of 128 bytes (IHI 0069, 12.9 and 12.11; IHI 0048B, 4.3). Must not
 * know how an interrupt gets to a vCPU.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

#define	WORD(off)	(((off) & 0x7f) / 4)

static uint32_t
raz(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc, uint32_t off)
{

	(void)vg, (void)self, (void)vc, (void)off;
	return (0);
}

static void
wi(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc, uint32_t off,
    unsigned int size, uint32_t val)
{

	(void)vg, (void)self, (void)vc, (void)off, (void)size, (void)val;
}

static uint32_t
group_read(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off)
{

	(void)self;
	if (WORD(off) >= VGIC_WORDS)
		return (0);
	return (vgic_bank(vg, vc, WORD(off))->group);
}

static void
group_write(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	struct vgic_bank *b;
	uint32_t held;

	(void)size;
	if (WORD(off) >= VGIC_WORDS)
		return;
	b = vgic_bank(vg, vc, WORD(off));
	held = vgic_collect(vg, self, vc, WORD(off), b->group ^ val);
	vgic_unqueue(vg, vc, WORD(off), b->group ^ val);
	b->group = val;
	vgic_update(vg, self, vc, WORD(off));
	vgic_release(vg, held);
}

static uint32_t
enable_read(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off)
{

	(void)self;
	if (WORD(off) >= VGIC_WORDS)
		return (0);
	return (vgic_bank(vg, vc, WORD(off))->enabled);
}

static void
enable_set(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	struct vgic_bank *b;
	uint32_t stale, held;

	(void)size;
	if (WORD(off) >= VGIC_WORDS)
		return;
	b = vgic_bank(vg, vc, WORD(off));
	/*
	 * A level-triggered physical interrupt that came while disabled:
	 * its line may have fallen since. If not, it comes again at once.
	 */
	stale = val & ~b->enabled & b->phys & b->latch & ~b->edge;
	if (unlikely(stale != 0)) {
		held = vgic_collect(vg, self, vc, WORD(off), stale);
		stale &= b->phys & b->latch & ~b->active;
		b->latch &= ~stale;
		vgic_drop_phys(vg, self, vc, WORD(off), stale);
		vgic_release(vg, held);
	}
	b->enabled |= val;
	vgic_update(vg, self, vc, WORD(off));
}

static void
enable_clear(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	struct vgic_bank *b;
	uint32_t held;

	(void)size;
	if (WORD(off) >= VGIC_WORDS)
		return;
	b = vgic_bank(vg, vc, WORD(off));
	held = vgic_collect(vg, self, vc, WORD(off), b->enabled & val);
	b->enabled &= ~val;
	vgic_update(vg, self, vc, WORD(off));
	vgic_release(vg, held);
}

/* Of pending and active state: it may be in a list register. */
static uint32_t
state_read(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, bool active)
{
	struct vgic_bank *b;
	uint32_t held, val;

	if (WORD(off) >= VGIC_WORDS)
		return (0);
	b = vgic_bank(vg, vc, WORD(off));
	spin_lock(&vg->lock);
	held = vgic_collect(vg, self, vc, WORD(off), ~0u);
	val = active ? b->active : vgic_pend(b);
	vgic_release(vg, held);
	vgic_resume(self);
	spin_unlock(&vg->lock);
	return (val);
}

static uint32_t
pend_read(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off)
{

	return (state_read(vg, self, vc, off, false));
}

static uint32_t
active_read(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off)
{

	return (state_read(vg, self, vc, off, true));
}

static void
pend_set(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	struct vgic_bank *b;
	uint32_t held;

	(void)size;
	if (WORD(off) >= VGIC_WORDS)
		return;
	if (WORD(off) == 0 && vg->version == 2)
		val &= ~0xffffu;	/* GICD_SPENDSGIR's (4.3.7) */
	b = vgic_bank(vg, vc, WORD(off));
	held = vgic_collect(vg, self, vc, WORD(off), val);
	b->latch |= val;
	vgic_update(vg, self, vc, WORD(off));
	vgic_release(vg, held);
}

static void
pend_clear(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	struct vgic_bank *b;
	uint32_t held;

	(void)size;
	if (WORD(off) >= VGIC_WORDS)
		return;
	if (WORD(off) == 0 && vg->version == 2)
		val &= ~0xffffu;
	b = vgic_bank(vg, vc, WORD(off));
	held = vgic_collect(vg, self, vc, WORD(off), val);
	val &= b->latch;
	b->latch &= ~val;
	vgic_drop_phys(vg, self, vc, WORD(off), val & ~b->active);
	vgic_update(vg, self, vc, WORD(off));
	vgic_release(vg, held);
}

static void
active_set(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	unsigned int word = WORD(off), spi;
	struct vgic_bank *b;
	uint32_t held, bits;

	(void)size;
	if (word >= VGIC_WORDS)
		return;
	b = vgic_bank(vg, vc, word);
	held = vgic_collect(vg, self, vc, word, val);
	val &= ~b->active;
	for (bits = word == 0 ? 0 : val & ~b->queued; bits != 0;
	    bits &= bits - 1) {
		spi = word * 32 - 32 + (unsigned int)__builtin_ctz(bits);
		/* Active for nobody: as well for the first. */
		vg->owner[spi] = vg->dest[spi] == VGIC_NOWHERE ? 0 :
		    vg->dest[spi];
	}
	b->active |= val;
	vgic_update(vg, self, vc, word);
	vgic_release(vg, held);
}

static void
active_clear(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	struct vgic_bank *b;
	uint32_t held;

	(void)size;
	if (WORD(off) >= VGIC_WORDS)
		return;
	b = vgic_bank(vg, vc, WORD(off));
	held = vgic_collect(vg, self, vc, WORD(off), val);
	val &= b->active;
	vgic_unqueue(vg, vc, WORD(off), val);
	b->active &= ~val;
	vgic_drop_phys(vg, self, vc, WORD(off), val & ~b->latch);
	vgic_update(vg, self, vc, WORD(off));
	vgic_release(vg, held);
}

static uint32_t
prio_read(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off)
{
	unsigned int intid = off & 0x3ff;
	const uint8_t *p;

	(void)self;
	if (intid >= MACHINE_NR_INTID)
		return (0);
	p = &vgic_bank(vg, vc, intid / 32)->prio[intid % 32];
	return (p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24);
}

static void
prio_write(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	unsigned int intid = off & 0x3ff, i;
	struct vgic_bank *b;
	uint32_t held, bits = ((1u << size) - 1) << intid % 32;

	if (intid >= MACHINE_NR_INTID)
		return;
	b = vgic_bank(vg, vc, intid / 32);
	held = vgic_collect(vg, self, vc, intid / 32, bits);
	for (i = 0; i < size; i++, val >>= 8)
		b->prio[intid % 32 + i] = val & vg->prio_mask;
	vgic_unqueue(vg, vc, intid / 32, bits);
	vgic_update(vg, self, vc, intid / 32);
	vgic_release(vg, held);
}

/* Two bits each; only the upper one means something: edge triggered. */
static uint32_t
config_read(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off)
{
	unsigned int intid = (off & 0xff) * 4, i;
	uint32_t edge, val = 0;

	(void)self;
	if (intid >= MACHINE_NR_INTID)
		return (0);
	edge = vgic_bank(vg, vc, intid / 32)->edge >> intid % 32;
	for (i = 0; i < 16; i++)
		val |= (edge >> i & 1) << (2 * i + 1);
	return (val);
}

static void
config_write(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, unsigned int size, uint32_t val)
{
	unsigned int intid = (off & 0xff) * 4, i;
	struct vgic_bank *b;
	uint32_t held, edge = 0, mask = 0xffffu << intid % 32;

	(void)size;
	/* SGIs are edge triggered for good. */
	if (intid < 16 || intid >= MACHINE_NR_INTID)
		return;
	for (i = 0; i < 16; i++)
		edge |= (val >> (2 * i + 1) & 1) << i;
	edge <<= intid % 32;
	b = vgic_bank(vg, vc, intid / 32);
	held = vgic_collect(vg, self, vc, intid / 32,
	    (b->edge ^ edge) & mask);
	b->edge = (b->edge & ~mask) | edge;
	vgic_update(vg, self, vc, intid / 32);
	vgic_release(vg, held);
}

static const struct row {
	uint8_t		sizes;		/* legal widths in bytes, or'ed */
	uint8_t		priv;		/* its first bytes: private ones' */
	vgic_read_fn	*read;
	vgic_write_fn	*write;
} rows[32] = {
	/* 000 */ { 4, 0, vgic_dist_ctl_read, vgic_dist_ctl_write },
	/* 080 */ { 4, 4, group_read, group_write },
	/* 100 */ { 4, 4, enable_read, enable_set },
	/* 180 */ { 4, 4, enable_read, enable_clear },
	/* 200 */ { 4, 4, pend_read, pend_set },
	/* 280 */ { 4, 4, pend_read, pend_clear },
	/* 300 */ { 4, 4, active_read, active_set },
	/* 380 */ { 4, 4, active_read, active_clear },
	/* 400 */ { 5, 32, prio_read, prio_write },
	/* 480 */ { 5, 0, prio_read, prio_write },
	/* 500 */ { 5, 0, prio_read, prio_write },
	/* 580 */ { 5, 0, prio_read, prio_write },
	/* 600 */ { 5, 0, prio_read, prio_write },
	/* 680 */ { 5, 0, prio_read, prio_write },
	/* 700 */ { 5, 0, prio_read, prio_write },
	/* 780 */ { 5, 0, prio_read, prio_write },
	/* 800 */ { 5, 0, vgic_dist_target_read, vgic_dist_target_write },
	/* 880 */ { 5, 0, vgic_dist_target_read, vgic_dist_target_write },
	/* 900 */ { 5, 0, vgic_dist_target_read, vgic_dist_target_write },
	/* 980 */ { 5, 0, vgic_dist_target_read, vgic_dist_target_write },
	/* a00 */ { 5, 0, vgic_dist_target_read, vgic_dist_target_write },
	/* a80 */ { 5, 0, vgic_dist_target_read, vgic_dist_target_write },
	/* b00 */ { 5, 0, vgic_dist_target_read, vgic_dist_target_write },
	/* b80 */ { 5, 0, vgic_dist_target_read, vgic_dist_target_write },
	/* c00 */ { 4, 8, config_read, config_write },
	/* c80 */ { 4, 0, config_read, config_write },
	/* d00 */ { 4, 4, raz, wi },		/* IGRPMODR: DS is 1 */
	/* d80 */ { 4, 0, raz, wi },
	/* e00 */ { 4, 8, raz, wi },		/* NSACR: one Security state */
	/* e80 */ { 4, 0, raz, wi },
	/* f00 */ { 5, 0, vgic_sgi_read, vgic_sgi_write },
	/* f80 */ { 4, 0, vgic_dist_id_read, wi },
};

/*
 * vc: the vCPU of an SGI frame, which has only the private part of a row.
 * NULL: GICD, which has that part of self if it is a GICv2; with affinity
 * routing it reads as zero (IHI 0069, 12.9).
 */
enum mmio_result
vgic_reg_access(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    uint32_t off, struct mmio *m)
{
	const struct row *row = &rows[off >> 7];
	bool priv = (off & 0x7f) < row->priv;
	uint32_t val;

	if (!(row->sizes & m->size) || off & (m->size - 1u))
		return (MMIO_FAULT);
	if (vc != NULL ? !priv : priv && vg->version == 3) {
		m->value = 0;
		return (MMIO_OK);
	}
	if (vc == NULL)
		vc = self;
	if (m->write) {
		spin_lock(&vg->lock);
		row->write(vg, self, vc, off, m->size, (uint32_t)m->value);
		vgic_resume(self);
		spin_unlock(&vg->lock);
	} else {
		val = row->read(vg, self, vc, off & ~3u);
		m->value = m->size == 4 ? val : val >> off % 4 * 8 & 0xff;
	}
	return (MMIO_OK);
}
