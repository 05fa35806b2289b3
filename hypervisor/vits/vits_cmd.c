/*
 * The command queue of the ITS (IHI 0069, 5.3 and 6.3). A command that makes
 * no sense is skipped; a queue that is not in RAM stalls until the guest
 * retries. Must not know registers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "vits/vits_private.h"

#define	BATCH		8		/* commands of one access */
#define	COMMAND		32		/* bytes */

/* By the first byte. */
enum {
	MOVI = 0x01, INT = 0x03, CLEAR = 0x04, SYNC = 0x05, MAPD = 0x08,
	MAPC = 0x09, MAPTI = 0x0a, MAPI = 0x0b, INV = 0x0c, INVALL = 0x0d,
	MOVALL = 0x0e, DISCARD = 0x0f,
};

/* Fields of the four doublewords. */
#define	OPCODE(c)	((unsigned int)(c)[0] & 0xff)
#define	DEVICE(c)	((uint32_t)((c)[0] >> 32))
#define	EVENT(c)	((uint32_t)(c)[1])
#define	EVENT_BITS(c)	(((unsigned int)(c)[1] & 31) + 1)
#define	INTID(c)	((uint32_t)((c)[1] >> 32))
#define	ICID(c)		((unsigned int)(c)[2] & 0xffff)
#define	TARGET(w)	((w) >> 16 & 0x7ffffffffull)
#define	VALID(c)	((c)[2] >> 63 != 0)

/* Takes an LPI from the event it belongs to, if any. */
static void
unmap(struct vits *v, unsigned int lpi)
{
	struct vits_lpi *l = &v->lpi[lpi];

	if (l->device == 0)
		return;
	spin_lock(&v->lock);
	uint16_t *p = &v->device[l->device - 1].first;
	while (*p != lpi)
		p = &v->lpi[*p].next;
	*p = l->next;
	l->device = 0;
	spin_unlock(&v->lock);
}

static void
discard(struct vits *v, struct vgic_cpu *self, unsigned int lpi)
{

	unmap(v, lpi);
	vits_lpi_one(v, self, lpi, true);
}

static const char *
mapd(struct vits *v, struct vgic_cpu *self, const uint64_t *c)
{
	struct vits_device *d = vits_find(v, DEVICE(c));
	unsigned int bits = EVENT_BITS(c);

	if (DEVICE(c) > 0xffff ||
	    DEVICE(c) >= vits_entries(v, VITS_BASER_DEVICES))
		return ("no such device");
	if (VALID(c) && bits > 16)
		return ("too many events");
	while (d != NULL && d->first != VITS_LPIS)
		discard(v, self, d->first);
	for (unsigned int i = 0; d == NULL && i < VITS_DEVICES; i++)
		if (v->device[i].event_bits == 0)
			d = &v->device[i];
	if (d == NULL)
		return (VALID(c) ? "too many devices" : NULL);
	spin_lock(&v->lock);
	*d = (struct vits_device){ DEVICE(c), VITS_LPIS,
	    (uint8_t)(VALID(c) ? bits : 0) };
	spin_unlock(&v->lock);
	return (NULL);
}

/* May it be named, mapped or not? */
static bool
collection(const struct vits *v, unsigned int icid)
{

	return (icid < VITS_COLLECTIONS &&
	    icid < vits_entries(v, VITS_BASER_COLLECTIONS));
}

static const char *
mapc(struct vits *v, struct vgic_cpu *self, const uint64_t *c)
{
	unsigned int icid = ICID(c);

	if (!collection(v, icid))
		return ("no such collection");
	if (VALID(c) && TARGET(c[2]) >= v->vgic->nvcpus)
		return ("no such target");
	spin_lock(&v->lock);
	v->target[icid] = (uint8_t)(VALID(c) ? TARGET(c[2]) + 1 : 0);
	spin_unlock(&v->lock);
	for (unsigned int w = 0; w < VITS_WORDS; w++) {
		uint32_t bits = 0;

		for (unsigned int i = 0; i < 32; i++)
			if (v->lpi[w * 32 + i].device != 0 &&
			    v->lpi[w * 32 + i].collection == icid)
				bits |= 1u << i;
		vits_lpi_update(v, self, w, bits, false);
	}
	return (NULL);
}

static const char *
map_event(struct vits *v, struct vgic_cpu *self, const uint64_t *c,
    struct vits_device *d, uint32_t intid)
{
	unsigned int lpi = intid - 8192, old = vits_lookup(v, d, EVENT(c));

	if (lpi >= VITS_LPIS)
		return ("no such LPI");
	if (!collection(v, ICID(c)))
		return ("no such collection");
	/* Both are UNPREDICTABLE: mapped before, and an LPI of two events. */
	if (old != VITS_LPIS && old != lpi)
		discard(v, self, old);
	unmap(v, lpi);
	spin_lock(&v->lock);
	v->lpi[lpi] = (struct vits_lpi){ (uint16_t)EVENT(c), d->first,
	    (uint8_t)(d - v->device + 1), (uint8_t)ICID(c) };
	d->first = (uint16_t)lpi;
	spin_unlock(&v->lock);
	vits_lpi_one(v, self, lpi, false);
	return (NULL);
}

/* Those about an event that is mapped. */
static const char *
event(struct vits *v, struct vgic_cpu *self, const uint64_t *c,
    unsigned int lpi)
{

	switch (OPCODE(c)) {
	case INT:
		if (v->target[v->lpi[lpi].collection] == 0)
			return ("collection not mapped");
		vits_msi(v, self, DEVICE(c), EVENT(c));
		return (NULL);
	case MOVI:
		if (!collection(v, ICID(c)) || v->target[ICID(c)] == 0 ||
		    v->target[v->lpi[lpi].collection] == 0)
			return ("collection not mapped");
		spin_lock(&v->lock);
		v->lpi[lpi].collection = (uint8_t)ICID(c);
		spin_unlock(&v->lock);
		break;
	case DISCARD:
		unmap(v, lpi);
		break;
	}
	vits_lpi_one(v, self, lpi, OPCODE(c) == DISCARD || OPCODE(c) == CLEAR);
	return (NULL);
}

/* NULL, or why it was refused. */
static const char *
execute(struct vits *v, struct vgic_cpu *self, const uint64_t *c)
{
	struct vits_device *d;
	unsigned int lpi;

	switch (OPCODE(c)) {
	case MAPD:
		return (mapd(v, self, c));
	case MAPC:
		return (mapc(v, self, c));
	case SYNC:		/* all is done as it comes */
		return (TARGET(c[2]) < v->vgic->nvcpus ? NULL :
		    "no such target");
	case MOVALL:
		if (TARGET(c[2]) >= v->vgic->nvcpus ||
		    TARGET(c[3]) >= v->vgic->nvcpus)
			return ("no such target");
		vits_lpi_move(v, self, TARGET(c[2]), TARGET(c[3]));
		return (NULL);
	case INVALL:
		if (!collection(v, ICID(c)) || v->target[ICID(c)] == 0)
			return ("collection not mapped");
		vits_lpi_all(v, self, v->target[ICID(c)] - 1u);
		return (NULL);
	case MAPTI: case MAPI: case MOVI: case INT: case CLEAR: case INV:
	case DISCARD:
		d = vits_find(v, DEVICE(c));
		if (d == NULL)
			return ("device not mapped");
		if (EVENT(c) >> d->event_bits != 0)
			return ("no such event");
		if (OPCODE(c) == MAPTI || OPCODE(c) == MAPI)
			return (map_event(v, self, c, d,
			    OPCODE(c) == MAPTI ? INTID(c) : EVENT(c)));
		lpi = vits_lookup(v, d, EVENT(c));
		return (lpi == VITS_LPIS ? "event not mapped" :
		    event(v, self, c, lpi));
	default:
		return ("not known");
	}
}

static bool
ready(const struct vits *v)
{

	return (v->enabled && !v->stalled && v->cbaser & VITS_VALID &&
	    v->cwriter < VITS_QUEUE(v->cbaser) && v->creadr != v->cwriter);
}

bool
vits_cmd_run(struct vits *v, struct vgic_cpu *self)
{
	uint64_t c[COMMAND / 8];

	spin_lock(&v->lock);
	for (unsigned int n = 0; n < BATCH && ready(v); n++) {
		const void *p = v->ops->memory(v->ctx,
		    (v->cbaser & VITS_ADDRESS) + v->creadr, false);

		if (p == NULL) {
			v->stalled = true;
			break;
		}
		spin_unlock(&v->lock);
		memcpy(c, p, sizeof(c));
		const char *why = execute(v, self, c);
		if (why != NULL && !v->said) {
			v->said = true;
			v->ops->refused(v->ctx, OPCODE(c), why);
		}
		spin_lock(&v->lock);
		v->creadr = (v->creadr + COMMAND) % VITS_QUEUE(v->cbaser);
	}
	bool more = ready(v);
	v->busy = false;
	spin_unlock(&v->lock);
	return (more);
}
