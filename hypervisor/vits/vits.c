/*
 * The registers of the ITS (IHI 0069, 12.12 and 12.13), its life, and what it
 * is for: a device's event becomes an LPI. Must not know commands.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "vits/vits_private.h"

#define	GITS_CTLR	0x0000		/* GITS_IIDR is the upper half */
#define	CTLR_ENABLED	(1u << 0)
#define	CTLR_QUIESCENT	(1u << 31)
#define	IIDR_ARM	(0x43bull << 32)
#define	GITS_TYPER	0x0008
#define	GITS_CBASER	0x0080
#define	GITS_CWRITER	0x0088
#define	CWRITER_RETRY	(1u << 0)
#define	GITS_CREADR	0x0090
#define	CREADR_STALLED	(1u << 0)
#define	GITS_BASER	0x0100
#define	GITS_IDS	0xffd0
#define	OFFSET		0xfffe0u	/* in the queue: whole commands */

/*
 * Physical LPIs, 16 bits of device and of event, 4 of collection; a byte is
 * what we ask for of an entry of a table, since we use none. Targets are
 * numbers of vCPUs (PTA is 0).
 */
#define	TYPER		(1u << 0 | 15u << 8 | 15u << 13 | 3ull << 32 |	\
			    1ull << 36)
_Static_assert(VITS_COLLECTIONS == 16, "TYPER");

/* Valid, caches, address, shareability, pages; the rest is fixed. */
#define	BASER_BITS	0xb8e0ffffffffffffull
#define	BASER_TYPE	((uint64_t[]){ 1ull << 56, 4ull << 56 })
#define	CBASER_BITS	0xb8effffffffffcffull

static void
wipe(struct vits *v)
{

	memset((char *)v + offsetof(struct vits, enabled), 0,
	    sizeof(*v) - offsetof(struct vits, enabled));
	for (unsigned int i = 0; i < VITS_WORDS; i++) {
		struct vgic_bank *b = &v->bank[i];

		b->word = VGIC_LPI / 32 + i;
		b->edge = b->group = ~0u;
	}
}

void
vits_init(struct vits *v, struct vgic *vg, const struct vits_ops *ops,
    void *ctx)
{

	v->vgic = vg;
	v->ops = ops;
	v->ctx = ctx;
	wipe(v);
	for (unsigned int i = 0; i < vg->nvcpus; i++)
		for (unsigned int w = 0; w < VITS_WORDS; w++)
			vg->cpus[i]->bank[VGIC_LPI / 32 + w] = &v->bank[w];
	/* LPIs, 2^(8 + 1) of them, and INTIDs of 14 bits. */
	vg->typer = (vg->typer & ~(31u << 19)) | 13u << 19 | 1u << 17 |
	    8u << 11;
}

void
vits_reset(struct vits *v)
{

	spin_lock(&v->lock);
	wipe(v);
	spin_unlock(&v->lock);
}

uint32_t
vits_entries(const struct vits *v, unsigned int baser)
{
	uint64_t b = v->baser[baser];
	unsigned int shift = 12 + 2 * (b >> 8 & 3);

	if (shift > 16)			/* reserved: as 64 KiB */
		shift = 16;
	return (b & VITS_VALID ? (uint32_t)((b & 0xff) + 1) << shift : 0);
}

struct vits_device *
vits_find(struct vits *v, uint32_t id)
{

	for (unsigned int i = 0; i < VITS_DEVICES; i++)
		if (v->device[i].event_bits != 0 && v->device[i].id == id)
			return (&v->device[i]);
	return (NULL);
}

unsigned int
vits_lookup(const struct vits *v, const struct vits_device *d, uint32_t event)
{
	unsigned int n = d->first;

	while (n != VITS_LPIS && v->lpi[n].event != event)
		n = v->lpi[n].next;
	return (n);
}

bool
vits_claim(struct vits *v)
{

	spin_lock(&v->lock);
	bool ours = !v->busy;
	v->busy = true;
	spin_unlock(&v->lock);
	return (ours);
}

/* A translated event: pending where its collection goes. Locked. */
static void
pend(struct vits *v, struct vgic_cpu *self, unsigned int lpi)
{
	unsigned int to = v->target[v->lpi[lpi].collection] - 1u;
	struct vgic_bank *b = &v->bank[lpi / 32];
	struct vgic *vg = v->vgic;

	/* No collection, or LPIs are off there: it is lost (IHI 0069, 5.1). */
	if (to >= vg->nvcpus || !(v->on >> to & 1))
		return;
	spin_lock(&vg->lock);
	b->dest[lpi % 32] = (uint8_t)to;	/* another after MOVALL */
	b->latch |= 1u << lpi % 32;
	vgic_update(vg, self, b, 0);
	if (self != NULL)
		vgic_resume(self);
	spin_unlock(&vg->lock);
}

bool
vits_msi(struct vits *v, struct vgic_cpu *self, uint32_t device,
    uint32_t event)
{
	unsigned int lpi = VITS_LPIS;

	spin_lock(&v->lock);
	const struct vits_device *d = v->enabled ? vits_find(v, device) : NULL;
	if (d != NULL)
		lpi = vits_lookup(v, d, event);
	if (lpi != VITS_LPIS)
		pend(v, self, lpi);
	spin_unlock(&v->lock);
	return (lpi != VITS_LPIS);
}

/* Doublewords, at multiples of 8. */
static uint64_t
read_reg(const struct vits *v, uint32_t off)
{
	/* As the distributor's, but for its part number. */
	static const uint8_t ids[12] = {
		0x04, 0, 0, 0, 0x94, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1,
	};
	uint32_t i = (off - GITS_IDS) / 4;

	switch (off) {
	case GITS_CTLR:
		return (IIDR_ARM | (v->enabled ? CTLR_ENABLED : v->busy ? 0 :
		    CTLR_QUIESCENT));
	case GITS_TYPER:
		return (TYPER);
	case GITS_CBASER:
		return (v->cbaser);
	case GITS_CWRITER:
		return (v->cwriter);
	case GITS_CREADR:
		return (v->creadr | (v->stalled ? CREADR_STALLED : 0));
	case GITS_BASER:
	case GITS_BASER + 8:
		i = (off - GITS_BASER) / 8;
		return (v->baser[i] | BASER_TYPE[i]);
	default:
		return (i < nitems(ids) ? ids[i] | (uint64_t)ids[i + 1] << 32 :
		    0);
	}
}

static void
write_reg(struct vits *v, uint32_t off, uint64_t val)
{
	/* What says where things are stays while it is used. */
	bool fixed = v->enabled || v->busy;

	switch (off) {
	case GITS_CTLR:
		v->enabled = val & CTLR_ENABLED;
		break;
	case GITS_CBASER:
		if (fixed)
			break;
		v->cbaser = val & CBASER_BITS;
		v->creadr = 0;
		v->stalled = false;
		break;
	case GITS_CWRITER:
		v->cwriter = val & OFFSET;
		if (val & CWRITER_RETRY)
			v->stalled = false;
		break;
	case GITS_BASER:
	case GITS_BASER + 8:
		if (!fixed)
			v->baser[(off - GITS_BASER) / 8] = val & BASER_BITS;
		break;
	}
}

enum mmio_result
vits_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vits *v = dev;
	uint32_t off = m->offset & ~7u, at = m->offset % 8 * 8;
	uint64_t mask = ~0ull >> (64 - 8 * m->size) << at, val;

	if (m->size < 4)
		return (MMIO_FAULT);
	spin_lock(&v->lock);
	val = read_reg(v, off);
	if (m->write)
		write_reg(v, off, (val & ~mask) | m->value << at);
	spin_unlock(&v->lock);
	if (!m->write)
		m->value = (val & mask) >> at;
	else if (off == GITS_CTLR || off == GITS_CWRITER)
		if (!vits_claim(v) || vits_cmd_run(v, v->vgic->cpus[vcpu]))
			return (MMIO_AGAIN);
	return (MMIO_OK);
}
