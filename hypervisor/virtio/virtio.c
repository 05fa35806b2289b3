/*
 * The MMIO transport and split queues; see virtio.h. Sections are those of
 * Virtual I/O Device (VIRTIO) Version 1.2. Must not know any device.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "virtio/virtio.h"

/* Registers (4.2.2), by offset. */
enum {
	MAGIC = 0x00, VERSION = 0x04, DEVICE_ID = 0x08, VENDOR_ID = 0x0c,
	FEATURES = 0x10, FEATURES_SEL = 0x14, DRIVER = 0x20,
	DRIVER_SEL = 0x24, QUEUE_SEL = 0x30, QUEUE_NUM_MAX = 0x34,
	QUEUE_NUM = 0x38, QUEUE_READY = 0x44, QUEUE_NOTIFY = 0x50,
	INTERRUPT_STATUS = 0x60, INTERRUPT_ACK = 0x64, STATUS = 0x70,
	QUEUE_DESC = 0x80, QUEUE_DRIVER = 0x90, QUEUE_DEVICE = 0xa0,
	SHM_LEN = 0xb0, SHM_BASE_END = 0xc0, CONFIG = 0x100
};
#define	MAGIC_VALUE	0x74726976	/* "virt" */
#define	VENDOR		0x41706961	/* "Apia" */
#define	ISR_USED	(1u << 0)	/* 4.2.2, InterruptStatus */
#define	ISR_CONFIG	(1u << 1)
/* Device status (2.1). */
#define	DRIVER_OK	(1u << 2)
#define	FEATURES_OK	(1u << 3)
#define	NEEDS_RESET	(1u << 6)
#define	STATUS_DRIVER	0x8f		/* what a driver may set */
/* Split queues (2.7.5 to 2.7.8). */
#define	DESC_SIZE	16
#define	DESC_NEXT	(1u << 0)
#define	DESC_WRITE	(1u << 1)
#define	DESC_INDIRECT	(1u << 2)	/* never offered */
#define	AVAIL_NO_INTERRUPT (1u << 0)
#define	RING		4		/* behind flags and index */

enum { DESC, AVAIL, USED };		/* of virtio_queue.ring */

static void
update_line(struct virtio *d)
{
	bool level = d->isr != 0;

	if (level == d->level)
		return;
	d->level = level;
	d->ops->line(d->ctx, d->slot, level);
}

void
virtio_broken(struct virtio *d)
{

	if (d->status & NEEDS_RESET)
		return;
	d->status |= NEEDS_RESET;
	if (d->status & DRIVER_OK)	/* 2.1.2 */
		d->isr |= ISR_CONFIG;
	update_line(d);
}

bool
virtio_live(const struct virtio *d, unsigned int queue)
{

	return ((d->status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK &&
	    d->queue[queue].ready);
}

/* Two bytes that lie in one page; NULL: the driver has put them nowhere. */
static uint16_t *
word(struct virtio *d, uint64_t ipa, bool write)
{
	uint16_t *p = d->ops->memory(d->ctx, ipa, write);

	if (p == NULL)
		virtio_broken(d);
	return (p);
}

static bool
copy(struct virtio *d, uint64_t ipa, void *buf, size_t len, bool write)
{
	char *to = buf;

	while (len != 0) {
		size_t n = PAGE_SIZE - (ipa & (PAGE_SIZE - 1));
		void *p = d->ops->memory(d->ctx, ipa, write);

		if (p == NULL) {
			virtio_broken(d);
			return (false);
		}
		if (n > len)
			n = len;
		if (write)
			memcpy(p, to, n);
		else
			memcpy(to, p, n);
		ipa += n;
		to += n;
		len -= n;
	}
	return (true);
}

/* Descriptor i and those it names, to d->part; false: they are no chain. */
static bool
read_chain(struct virtio *d, const struct virtio_queue *q, uint16_t i)
{
	struct {
		uint64_t	addr;
		uint32_t	len;
		uint16_t	flags, next;
	} desc;

	d->head = i;
	d->nread = 0;
	/* Longer than the queue, it is a loop. */
	for (d->nparts = 0; d->nparts < q->num; i = desc.next) {
		if (i >= q->num || !copy(d, q->ring[DESC] + i * DESC_SIZE,
		    &desc, sizeof(desc), false) || desc.addr + desc.len <
		    desc.addr || (desc.flags & DESC_INDIRECT))
			return (false);
		d->part[d->nparts].ipa = desc.addr;
		d->part[d->nparts].len = desc.len;
		if (!(desc.flags & DESC_WRITE)) {
			if (d->nread != d->nparts)
				return (false);	/* 2.7.4.2 */
			d->nread++;
		}
		d->nparts++;
		if (!(desc.flags & DESC_NEXT))
			return (true);
	}
	return (false);
}

bool
virtio_next(struct virtio *d, unsigned int queue)
{
	struct virtio_queue *q = &d->queue[queue];
	const uint16_t *p;

	if (!virtio_live(d, queue) ||
	    (p = word(d, q->ring[AVAIL] + 2, false)) == NULL)
		return (false);
	uint16_t waiting = (uint16_t)(__atomic_load_n(p, __ATOMIC_ACQUIRE) -
	    q->seen);
	if (waiting == 0)
		return (false);
	if (waiting <= q->num && (p = word(d, q->ring[AVAIL] + RING +
	    q->seen % q->num * 2u, false)) != NULL &&
	    read_chain(d, q, __atomic_load_n(p, __ATOMIC_RELAXED)))
		return (true);
	virtio_broken(d);
	return (false);
}

uint64_t
virtio_size(const struct virtio *d, bool write)
{
	uint64_t n = 0;

	for (unsigned int i = write ? d->nread : 0; i < (write ? d->nparts :
	    d->nread); i++)
		n += d->part[i].len;
	return (n);
}

bool
virtio_copy(struct virtio *d, bool write, uint64_t skip, void *buf, size_t n)
{
	char *at = buf;

	for (unsigned int i = write ? d->nread : 0; n != 0; i++) {
		uint64_t len = d->part[i].len;

		if (skip >= len) {
			skip -= len;
			continue;
		}
		len -= skip;
		if (len > n)
			len = n;
		if (!copy(d, d->part[i].ipa + skip, at, len, write))
			return (false);
		skip = 0;
		at += len;
		n -= len;
	}
	return (true);
}

void
virtio_done(struct virtio *d, unsigned int queue, uint32_t written)
{
	struct virtio_queue *q = &d->queue[queue];
	const uint32_t element[2] = { d->head, written };
	uint16_t *p;

	if (!copy(d, q->ring[USED] + RING + q->used % q->num * 8u,
	    (void *)(uintptr_t)element, sizeof(element), true) ||
	    (p = word(d, q->ring[USED] + 2, true)) == NULL)
		return;
	q->seen++;
	__atomic_store_n(p, ++q->used, __ATOMIC_RELEASE);
	/* The driver changes its flag, then looks at the index (2.7.7). */
	port_mb();
	if ((p = word(d, q->ring[AVAIL], false)) == NULL)
		return;
	if (!(__atomic_load_n(p, __ATOMIC_RELAXED) & AVAIL_NO_INTERRUPT)) {
		d->isr |= ISR_USED;
		update_line(d);
	}
}

static void
reset(struct virtio *d)
{

	d->isr = 0;
	update_line(d);
	memset((char *)d + offsetof(struct virtio, level), 0, sizeof(*d) -
	    offsetof(struct virtio, level));
}

void
virtio_reset(struct virtio *d)
{

	spin_lock(d->lock);
	reset(d);
	spin_unlock(d->lock);
}

void
virtio_init(struct virtio *d, const struct virtio_kind *kind,
    const struct virtio_ops *ops, void *ctx, unsigned int slot,
    struct spinlock *lock)
{

	*d = (struct virtio){ .kind = kind, .ops = ops, .ctx = ctx,
	    .slot = slot, .lock = lock != NULL ? lock : &d->own };
}

static uint64_t
offered(const struct virtio *d)
{

	return (d->kind->features | VIRTIO_F_VERSION_1);
}

static void
set_status(struct virtio *d, uint32_t v)
{

	if (v == 0) {
		reset(d);
		return;
	}
	/* A driver clears no bit; by this one it sees what we take (3.1.1). */
	v = d->status | (v & STATUS_DRIVER);
	if ((d->features & ~offered(d)) != 0 ||
	    !(d->features & VIRTIO_F_VERSION_1))
		v &= ~FEATURES_OK;
	if (!(v & FEATURES_OK))
		v &= ~DRIVER_OK;
	d->status = v;
}

static void
set_ready(struct virtio *d, struct virtio_queue *q, bool ready)
{

	if (!ready)
		*q = (struct virtio_queue){ .num = 0 };
	/* Its places make sense (2.7); that they are RAM is seen later. */
	else if (q->num == 0 || q->num > VIRTIO_NUM ||
	    (q->num & (q->num - 1)) != 0 || q->ring[DESC] % 16 != 0 ||
	    q->ring[AVAIL] % 2 != 0 || q->ring[USED] % 4 != 0)
		virtio_broken(d);
	else
		q->ready = true;
}

static void
set_half(uint64_t *x, bool high, uint32_t v)
{

	*x = high ? (uint32_t)*x | (uint64_t)v << 32 : *x >> 32 << 32 | v;
}

static bool
write_register(struct virtio *d, uint32_t offset, uint32_t v)
{
	struct virtio_queue *q = d->sel[QUEUE_SEL >> 4] < d->kind->queues ?
	    &d->queue[d->sel[QUEUE_SEL >> 4]] : NULL;

	switch (offset) {
	case DRIVER:
		if (d->sel[DRIVER_SEL >> 4] <= 1 && !(d->status & FEATURES_OK))
			set_half(&d->features, d->sel[DRIVER_SEL >> 4] == 1, v);
		break;
	case FEATURES_SEL: case DRIVER_SEL: case QUEUE_SEL:
		d->sel[offset >> 4] = v;
		break;
	case INTERRUPT_ACK:
		d->isr &= ~v;
		update_line(d);
		break;
	case STATUS:
		set_status(d, v);
		break;
	case QUEUE_NOTIFY:
		return (v < d->kind->queues && virtio_live(d, v) &&
		    d->kind->notify(d, v));
	case QUEUE_READY:
		if (q != NULL && (!q->ready || !(v & 1)))
			set_ready(d, q, v & 1);
		break;
	case QUEUE_NUM:
		if (q != NULL && !q->ready)
			q->num = v < 0xffff ? (uint16_t)v : 0xffff;
		break;
	case QUEUE_DESC: case QUEUE_DESC + 4:
	case QUEUE_DRIVER: case QUEUE_DRIVER + 4:
	case QUEUE_DEVICE: case QUEUE_DEVICE + 4:
		if (q != NULL && !q->ready)
			set_half(&q->ring[(offset - QUEUE_DESC) / 16],
			    offset & 4, v);
		break;
	}
	return (false);
}

static uint32_t
read_register(const struct virtio *d, uint32_t offset)
{
	uint32_t half = d->sel[FEATURES_SEL >> 4], q = d->sel[QUEUE_SEL >> 4];
	bool there = q < d->kind->queues;
	const struct {
		uint32_t	offset, value;
	} regs[] = {
		{ INTERRUPT_STATUS, d->isr }, { STATUS, d->status },
		{ MAGIC, MAGIC_VALUE }, { VERSION, 2 },
		{ DEVICE_ID, d->kind->id }, { VENDOR_ID, VENDOR },
		{ FEATURES, half > 1 ? 0 : (uint32_t)(offered(d) >>
		    32 * half) },
		{ QUEUE_NUM_MAX, there ? VIRTIO_NUM : 0 },
		{ QUEUE_READY, there && d->queue[q].ready },
	};

	for (unsigned int i = 0; i < nitems(regs); i++)
		if (regs[i].offset == offset)
			return (regs[i].value);
	/* No shared memory region: all ones (4.2.2). */
	return (offset >= SHM_LEN && offset < SHM_BASE_END ? ~0u : 0);
}

/* Bytes of configuration, in whatever pieces; it cannot be written to. */
static void
access_config(const struct virtio *d, struct mmio *m)
{

	for (uint32_t i = m->size; !m->write && i-- > 0;) {
		uint32_t at = m->offset - CONFIG + i;

		m->value = m->value << 8 | (at < d->config_size ?
		    d->config[at] : 0);
	}
}

enum mmio_result
virtio_mmio(struct virtio *d, struct mmio *m)
{
	enum mmio_result result = MMIO_OK;

	spin_lock(d->lock);
	if (m->offset >= CONFIG)
		access_config(d, m);
	else if (m->size != 4)
		result = MMIO_FAULT;		/* 4.2.2.2: a driver must not */
	else if (!m->write)
		m->value = read_register(d, m->offset);
	else if (write_register(d, m->offset, (uint32_t)m->value))
		result = MMIO_AGAIN;
	spin_unlock(d->lock);
	return (result);
}
