/*
 * A NOR flash with Intel's command set; see vflash.h. Commands are those of
 * its basic set (Intel's P30 data sheet, and CFI publication 100 for their
 * number); a command is the low byte of what is written, for it goes to both
 * chips. What takes a chip long is done at once.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "vfirmware/vflash.h"

enum { READ_ARRAY, READ_STATUS, READ_ID, READ_CFI };
enum { COMMAND, PROGRAM, ERASE, LOCK, COUNT, FILL, CONFIRM };

#define	STATUS_READY	0x80
#define	STATUS_ERASE	0x20		/* both: a sequence of commands that */
#define	STATUS_PROGRAM	0x10		/* is none */
#define	BOTH(x)		((uint64_t)(x) * 0x0001000100010001ull)

static uint8_t
log2_of(uint32_t x)
{

	return ((uint8_t)(31 - __builtin_clz(x)));
}

/* One byte of each chip, at this word. */
static uint8_t
cfi(const struct vflash *f, uint32_t word)
{
	static const uint8_t table[] = {
		'Q', 'R', 'Y', 1, 0, 0x31, 0, 0, 0, 0, 0,
		/* Volts; times, as powers of two of us and ms; at most. */
		0x17, 0x20, 0, 0, 4, 4, 4, 0, 4, 4, 4, 0,
		0, 1, 0, 6, 0, 1,	/* size, 16 bits, buffer, regions */
		0, 0, 0, 2,		/* sectors - 1, their size / 256 */
		/* Extended, of which there is nothing. */
		'P', 'R', 'I', '1', '0',
	};

	word -= 0x10;
	if (word == 0x17)
		return (log2_of(f->size / 2));
	if (word == 0x1d || word == 0x1e)
		return ((uint8_t)((f->size / VFLASH_SECTOR - 1) >>
		    (word - 0x1d) * 8));
	return (word < sizeof(table) ? table[word] : 0);
}

static uint64_t
read(const struct vflash *f, uint32_t offset, uint8_t size)
{
	static const uint8_t id[] = { 0x89, 0x18 };	/* Intel, 28F128 */
	uint32_t word = offset / 4;
	uint64_t value = 0;

	switch (f->reads) {
	case READ_STATUS:
		return (BOTH(f->status));
	case READ_ID:
		return (BOTH(word < sizeof(id) ? id[word] : 0));
	case READ_CFI:
		return (BOTH(cfi(f, word)));
	}
	memcpy(&value, f->array + offset, size);
	return (value);
}

static void
fail(struct vflash *f, uint8_t bits)
{

	f->status |= bits;
	f->step = COMMAND;
}

/* Bits go from 1 to 0 only. */
static void
program(struct vflash *f, uint32_t at, const uint8_t *data, uint32_t n)
{

	for (uint32_t i = 0; i < n; i++)
		f->array[at + i] &= data[i];
	f->ops->changed(f->ctx, f->array + at, n);
}

static void
erase(struct vflash *f, uint32_t at)
{

	at &= ~(VFLASH_SECTOR - 1);
	memset(f->array + at, 0xff, VFLASH_SECTOR);
	f->ops->changed(f->ctx, f->array + at, VFLASH_SECTOR);
}

static void
command(struct vflash *f, uint8_t c)
{
	static const struct {
		uint8_t		byte, reads, step;
	} commands[] = {
		{ 0x10, READ_STATUS, PROGRAM }, { 0x40, READ_STATUS, PROGRAM },
		{ 0x20, READ_STATUS, ERASE }, { 0x60, READ_STATUS, LOCK },
		{ 0x70, READ_STATUS, COMMAND }, { 0x90, READ_ID, COMMAND },
		{ 0x98, READ_CFI, COMMAND }, { 0xe8, READ_STATUS, COUNT },
	};

	if (c == 0x50) {			/* reads go on as they were */
		f->status = STATUS_READY;
		return;
	}
	f->reads = READ_ARRAY;			/* 0xff, and what is none */
	for (unsigned int i = 0; i < nitems(commands); i++)
		if (commands[i].byte == c) {
			f->reads = commands[i].reads;
			f->step = commands[i].step;
		}
}

static void
fill(struct vflash *f, const struct mmio *m)
{
	uint32_t base = m->offset & ~(VFLASH_BUFFER - 1);

	if (f->base == UINT32_MAX)
		f->base = base;
	if (f->base != base) {
		fail(f, STATUS_ERASE | STATUS_PROGRAM);
		return;
	}
	memcpy(f->buffer + (m->offset - base), &m->value, m->size);
	if (f->count-- == 0)
		f->step = CONFIRM;
}

static void
write(struct vflash *f, const struct mmio *m)
{
	uint8_t c = (uint8_t)m->value;

	switch (f->step) {
	case COMMAND:
		command(f, c);
		return;
	case FILL:
		fill(f, m);
		return;
	case COUNT:				/* of writes to come, less 1 */
		if (c >= VFLASH_BUFFER / 4) {
			fail(f, STATUS_ERASE | STATUS_PROGRAM);
			return;
		}
		f->count = c;
		f->base = UINT32_MAX;
		memset(f->buffer, 0xff, sizeof(f->buffer));
		f->step = FILL;
		return;
	case PROGRAM:
		program(f, m->offset, (const uint8_t *)&m->value, m->size);
		break;
	case CONFIRM:
		if (c != 0xd0) {
			fail(f, STATUS_ERASE | STATUS_PROGRAM);
			return;
		}
		program(f, f->base, f->buffer, VFLASH_BUFFER);
		break;
	case ERASE:
		if (c != 0xd0) {
			fail(f, STATUS_ERASE | STATUS_PROGRAM);
			return;
		}
		erase(f, m->offset);
		break;
	case LOCK:				/* there are no locks */
		break;
	}
	f->step = COMMAND;
}

static void
settle(struct vflash *f)
{
	bool direct = f->reads == READ_ARRAY;

	if (direct != f->direct) {
		f->direct = direct;
		f->ops->direct(f->ctx, direct);
	}
}

void
vflash_reset(struct vflash *f)
{

	f->step = COMMAND;
	f->reads = READ_ARRAY;
	f->status = STATUS_READY;
	settle(f);
}

void
vflash_init(struct vflash *f, const struct vflash_ops *ops, void *ctx,
    void *array, uint32_t size)
{

	*f = (struct vflash){ .ops = ops, .ctx = ctx, .array = array,
	    .size = size };
	for (uint32_t at = 0; at < size; at += VFLASH_SECTOR)
		erase(f, at);
	vflash_reset(f);
}

enum mmio_result
vflash_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vflash *f = dev;

	(void)vcpu;
	spin_lock(&f->lock);
	if (m->write)
		write(f, m);
	else
		m->value = read(f, m->offset, m->size);
	settle(f);
	spin_unlock(&f->lock);
	return (MMIO_OK);
}
