/*
 * LPIs as the redistributors have them (IHI 0069, 5.1 and 12.11): the
 * configuration and pending tables in guest memory, and the registers that
 * say where these are. Must not know devices nor events.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/gic_regs.h"
#include "vits/vits_private.h"

#define	CTLR_ENABLE	(1u << 0)	/* GICR_CTLR.EnableLPIs, */
#define	CTLR_CES	(1u << 1)	/* which may be cleared */
#define	TYPER_PLPIS	(1u << 0)	/* GICR_TYPER */
#define	PROPBASER_BITS	0x070fffffffffff9full
#define	PENDBASER_BITS	0x470fffffffff0f80ull
#define	PENDBASER_PTZ	(1ull << 62)	/* all zero; reads as 0 */
#define	CONFIG_ENABLE	(1u << 0)
#define	CONFIG_PRIO	0xfcu

/* The configuration of a bank's LPIs, a byte each; NULL: there is none. */
static const uint8_t *
config(const struct vits *v, unsigned int word)
{

	/* All INTIDs that we have, or not one LPI: 14 bits. */
	if ((v->propbaser & 31) < 13)
		return (NULL);
	return (v->ops->memory(v->ctx, (v->propbaser & VITS_ADDRESS) +
	    word * 32, false));
}

void
vits_lpi_update(struct vits *v, struct vgic_cpu *self, unsigned int word,
    uint32_t bits, bool forget)
{
	struct vgic_bank *b = &v->bank[word];

	if (bits == 0)
		return;
	const uint8_t *bytes = config(v, word);
	uint32_t held = vgic_begin(v->vgic, self, b, bits);
	if (forget)
		b->latch &= ~bits;
	b->enabled &= ~bits;
	for (uint32_t left = bits; left != 0; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(left);
		const struct vits_lpi *l = &v->lpi[word * 32 + i];
		/* The guest may be writing it. */
		uint8_t byte = bytes == NULL ? 0 :
		    __atomic_load_n(&bytes[i], __ATOMIC_RELAXED);

		if (l->device != 0 && v->target[l->collection] != 0)
			b->dest[i] = v->target[l->collection] - 1u;
		b->prio[i] = byte & CONFIG_PRIO & v->vgic->prio_mask;
		if (byte & CONFIG_ENABLE && v->on >> b->dest[i] & 1)
			b->enabled |= left & -left;
	}
	vgic_end(v->vgic, self, b, bits, held);
}

void
vits_lpi_one(struct vits *v, struct vgic_cpu *self, unsigned int lpi,
    bool forget)
{

	vits_lpi_update(v, self, lpi / 32, 1u << lpi % 32, forget);
}

/* Those of a bank that go to a vCPU. */
static uint32_t
at(const struct vgic_bank *b, unsigned int vcpu)
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < 32; i++)
		if (b->dest[i] == vcpu)
			bits |= 1u << i;
	return (bits);
}

void
vits_lpi_all(struct vits *v, struct vgic_cpu *self, unsigned int vcpu)
{

	for (unsigned int w = 0; w < VITS_WORDS; w++)
		vits_lpi_update(v, self, w, at(&v->bank[w], vcpu), false);
}

void
vits_lpi_move(struct vits *v, struct vgic_cpu *self, unsigned int from,
    unsigned int to)
{

	for (unsigned int w = 0; w < VITS_WORDS; w++) {
		struct vgic_bank *b = &v->bank[w];
		uint32_t bits = at(b, from);
		uint32_t held = vgic_begin(v->vgic, self, b, bits);

		bits &= b->latch;
		for (uint32_t left = bits; left != 0; left &= left - 1)
			b->dest[__builtin_ctz(left)] = (uint8_t)to;
		if (!(v->on >> to & 1))
			b->enabled &= ~bits;
		vgic_end(v->vgic, self, b, bits, held);
	}
}

/*
 * A vCPU's pending table: a bit each, behind a KiB for the INTIDs below 8192;
 * NULL: none.
 */
static uint32_t *
pending_table(const struct vits *v, unsigned int vcpu, bool write)
{

	return (v->ops->memory(v->ctx, (v->pendbaser[vcpu] & VITS_ADDRESS) +
	    1024, write));
}

/* What was pending when the guest last used LPIs. */
static void
load(struct vits *v, struct vgic_cpu *self, unsigned int vcpu)
{
	const uint32_t *table = v->pendbaser[vcpu] & PENDBASER_PTZ ? NULL :
	    pending_table(v, vcpu, false);

	for (unsigned int w = 0; table != NULL && w < VITS_WORDS; w++) {
		uint32_t bits = __atomic_load_n(&table[w], __ATOMIC_RELAXED);
		struct vgic_bank *b = &v->bank[w];

		if (bits == 0)
			continue;
		uint32_t held = vgic_begin(v->vgic, self, b, bits);
		b->latch |= bits;
		for (uint32_t left = bits; left != 0; left &= left - 1)
			b->dest[__builtin_ctz(left)] = (uint8_t)vcpu;
		vgic_end(v->vgic, self, b, bits, held);
	}
	vits_lpi_all(v, self, vcpu);
}

/* What is pending waits in the table, until LPIs are enabled again. */
static void
save(struct vits *v, struct vgic_cpu *self, unsigned int vcpu)
{
	uint32_t *table = pending_table(v, vcpu, true);

	v->pendbaser[vcpu] &= ~PENDBASER_PTZ;
	for (unsigned int w = 0; w < VITS_WORDS; w++) {
		struct vgic_bank *b = &v->bank[w];
		uint32_t bits = at(b, vcpu);
		uint32_t held = vgic_begin(v->vgic, self, b, bits);
		uint32_t pending = b->latch & bits;

		b->latch &= ~bits;
		b->enabled &= ~bits;
		vgic_end(v->vgic, self, b, bits, held);
		if (table != NULL)
			__atomic_store_n(&table[w], pending, __ATOMIC_RELAXED);
	}
}

static enum mmio_result
enable(struct vits *v, struct vgic_cpu *self, unsigned int vcpu, bool on)
{

	if ((v->on >> vcpu & 1) == on)
		return (MMIO_OK);
	if (!vits_claim(v))
		return (MMIO_AGAIN);
	spin_lock(&v->lock);
	v->on ^= 1u << vcpu;
	spin_unlock(&v->lock);
	(on ? load : save)(v, self, vcpu);
	spin_lock(&v->lock);
	v->busy = false;
	spin_unlock(&v->lock);
	return (MMIO_OK);
}

/* GICR_PROPBASER, which all vCPUs share (GICR_TYPER), or GICR_PENDBASER. */
static void
base_access(struct vits *v, unsigned int vcpu, bool pending, struct mmio *m)
{
	uint64_t *reg = pending ? &v->pendbaser[vcpu] : &v->propbaser;
	unsigned int shift = m->offset % 8 * 8;
	uint64_t mask = ~0ull >> (64 - 8 * m->size) << shift;

	spin_lock(&v->lock);
	if (!m->write)
		m->value = (*reg & ~PENDBASER_PTZ & mask) >> shift;
	else if (pending ? !(v->on >> vcpu & 1) : v->on == 0)
		*reg = ((*reg & ~mask) | m->value << shift) &
		    (pending ? PENDBASER_BITS : PROPBASER_BITS);
	spin_unlock(&v->lock);
}

enum mmio_result
vits_redist_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vits *v = dev;
	unsigned int of = m->offset / MACHINE_GICR_STRIDE;
	uint32_t off = m->offset % MACHINE_GICR_STRIDE;

	if (m->size >= 4 && ((off & ~7u) == GICR_PROPBASER ||
	    (off & ~7u) == GICR_PENDBASER)) {
		base_access(v, of, (off & ~7u) == GICR_PENDBASER, m);
		return (MMIO_OK);
	}
	if (off == GICR_CTLR && m->size == 4) {
		if (m->write)
			return (enable(v, v->vgic->cpus[vcpu], of,
			    m->value & CTLR_ENABLE));
		m->value = CTLR_CES | (v->on >> of & 1 ? CTLR_ENABLE : 0);
		return (MMIO_OK);
	}
	enum mmio_result r = vgic_redist_mmio(v->vgic, vcpu, m);
	if (off == GICR_TYPER && r == MMIO_OK && !m->write)
		m->value |= TYPER_PLPIS;
	return (r);
}
