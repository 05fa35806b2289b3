/*
 * The fw_cfg device of QEMU's virt machine; see vfwcfg.h. Registers, keys and
 * the descriptor of a DMA are those of QEMU's docs/specs/fw_cfg.rst.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "vfirmware/vfwcfg.h"

#define	REG_DATA	0x00		/* up to 8 bytes, in their order */
#define	REG_SELECT	0x08		/* 16 bits, big-endian */
#define	REG_DMA		0x10		/* 64 bits, big-endian */

#define	KEY_SIGNATURE	0x00
#define	KEY_ID		0x01
#define	KEY_CPUS	0x05
#define	KEY_KERNEL_SIZE	0x08
#define	KEY_INITRD_SIZE	0x0b
#define	KEY_MAX_CPUS	0x0f
#define	KEY_KERNEL	0x11
#define	KEY_INITRD	0x12
#define	KEY_CMDLINE_SIZE 0x14
#define	KEY_CMDLINE	0x15
#define	KEY_FILES	0x19

#define	ID_TRADITIONAL	1
#define	ID_DMA		2
#define	DMA_SIGNATURE	"QEMU CFG"

#define	DMA_ERROR	0x01
#define	DMA_READ	0x02
#define	DMA_SKIP	0x04
#define	DMA_SELECT	0x08		/* bits 31:16 are the key */
#define	DMA_WRITE	0x10
#define	DMA_BYTES	(64u << 10)	/* at a time */

struct descriptor {			/* big-endian */
	uint32_t	control, length;
	uint64_t	address;
};

/* What a key stands for; small is for what is but a number. */
static struct vfwcfg_item
item(const struct vfwcfg *f, uint32_t *small)
{

	switch (f->key) {
	case KEY_SIGNATURE:
		return ((struct vfwcfg_item){ "QEMU", 4 });
	case KEY_ID:
		*small = ID_TRADITIONAL | ID_DMA;
		break;
	case KEY_CPUS:
	case KEY_MAX_CPUS:
		*small = f->cpus;
		return ((struct vfwcfg_item){ small, 2 });
	case KEY_KERNEL_SIZE:
		*small = f->kernel.size;
		break;
	case KEY_INITRD_SIZE:
		*small = f->initrd.size;
		break;
	case KEY_CMDLINE_SIZE:
		*small = f->cmdline.size;
		break;
	case KEY_FILES:
		*small = 0;
		break;
	case KEY_KERNEL:
		return (f->kernel);
	case KEY_INITRD:
		return (f->initrd);
	case KEY_CMDLINE:
		return (f->cmdline);
	default:
		return ((struct vfwcfg_item){ NULL, 0 });
	}
	return ((struct vfwcfg_item){ small, 4 });
}

/* The next n bytes; beyond the end are zeros. */
static void
take(struct vfwcfg *f, void *to, uint32_t n)
{
	uint32_t small;
	struct vfwcfg_item i = item(f, &small);
	uint32_t have = f->at < i.size ? i.size - f->at : 0;

	if (have > n)
		have = n;
	if (have != 0)
		memcpy(to, (const uint8_t *)i.data + f->at, have);
	memset((uint8_t *)to + have, 0, n - have);
	f->at += have;
}

static void
choose(struct vfwcfg *f, uint16_t key)
{

	f->key = key;
	f->at = 0;
}

/* Copies between the guest's memory and buf, across pages. */
static bool
copy(const struct vfwcfg *f, uint64_t ipa, void *buf, uint32_t n, bool write)
{

	for (uint32_t i = 0; i < n; i++) {
		uint8_t *p = f->memory(f->ctx, ipa + i, write);

		if (p == NULL)
			return (false);
		if (write)
			*p = ((uint8_t *)buf)[i];
		else
			((uint8_t *)buf)[i] = *p;
	}
	return (true);
}

/* The guest waits for this: all bits are clear, or there was an error. */
static enum mmio_result
done(struct vfwcfg *f, bool good)
{
	uint32_t control = __builtin_bswap32(good ? 0 : DMA_ERROR);

	f->busy = false;
	copy(f, f->control, &control, sizeof(control), true);
	return (MMIO_OK);
}

static enum mmio_result
begin(struct vfwcfg *f, uint64_t ipa)
{
	struct descriptor d;

	f->control = ipa;
	if (!copy(f, ipa, &d, sizeof(d), false))
		return (done(f, false));
	uint32_t control = __builtin_bswap32(d.control);
	f->left = __builtin_bswap32(d.length);
	f->to = __builtin_bswap64(d.address);
	if (control & DMA_SELECT)
		choose(f, (uint16_t)(control >> 16));
	if (control & DMA_READ) {
		f->busy = true;
		return (MMIO_AGAIN);
	}
	if (control & DMA_WRITE)
		return (done(f, false));
	if (control & DMA_SKIP)
		f->at += f->left < UINT32_MAX - f->at ? f->left :
		    UINT32_MAX - f->at;
	return (done(f, true));
}

/* A piece of a DMA; the guest repeats its store until all is there. */
static enum mmio_result
go_on(struct vfwcfg *f)
{
	uint32_t budget = DMA_BYTES;

	while (f->left != 0 && budget != 0) {
		uint32_t n = PAGE_SIZE - (uint32_t)(f->to % PAGE_SIZE);
		void *p = f->memory(f->ctx, f->to, true);

		if (n > f->left)
			n = f->left;
		if (n > budget)
			n = budget;
		if (p == NULL)
			return (done(f, false));
		take(f, p, n);
		f->to += n;
		f->left -= n;
		budget -= n;
	}
	return (f->left != 0 ? MMIO_AGAIN : done(f, true));
}

static enum mmio_result
dma(struct vfwcfg *f, const struct mmio *m)
{

	if (m->size == 4 && m->offset == REG_DMA) {
		f->high = __builtin_bswap32((uint32_t)m->value);
		return (MMIO_OK);
	}
	if (f->busy)
		return (go_on(f));
	if (m->size == 8)
		return (begin(f, __builtin_bswap64(m->value)));
	if (m->size != 4)
		return (MMIO_OK);
	uint64_t ipa = (uint64_t)f->high << 32 |
	    __builtin_bswap32((uint32_t)m->value);
	f->high = 0;
	return (begin(f, ipa));
}

static enum mmio_result
access(struct vfwcfg *f, struct mmio *m)
{

	if (m->write) {
		if (m->offset == REG_SELECT && m->size == 2)
			choose(f, __builtin_bswap16((uint16_t)m->value));
		else if (m->offset >= REG_DMA && m->offset < REG_DMA + 8)
			return (dma(f, m));
	} else if (m->offset < REG_SELECT) {
		take(f, &m->value, m->size);
	} else if (m->offset >= REG_DMA && m->offset < REG_DMA + 8) {
		memcpy(&m->value, &DMA_SIGNATURE[m->offset - REG_DMA],
		    m->size);
	}
	return (MMIO_OK);
}

void
vfwcfg_reset(struct vfwcfg *f)
{

	choose(f, KEY_SIGNATURE);
	f->busy = false;
	f->high = 0;
}

enum mmio_result
vfwcfg_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vfwcfg *f = dev;

	(void)vcpu;
	spin_lock(&f->lock);
	enum mmio_result result = access(f, m);
	spin_unlock(&f->lock);
	return (result);
}
