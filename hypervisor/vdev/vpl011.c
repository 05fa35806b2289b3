/*
 * Emulated PL011; see vpl011.h. Register offsets, bits and reset values are
 * those of DDI 0183G, chapter 3. Of time it knows that it passes at once: a
 * character sent has left, and silence follows each one received.
 *
 * It sends and receives whether or not CR enables it, as many bare-metal
 * programs for QEMU never do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "vdev/primecell.h"
#include "vdev/vpl011.h"

enum {
	DR, RSR, FR = 6, ILPR = 8, IBRD, FBRD, LCR, CR, IFLS, IMSC, RIS, MIS,
	ICR, DMACR, REGS
};
#define	FR_CTS		(1u << 0)
#define	FR_DSR		(1u << 1)
#define	FR_DCD		(1u << 2)
#define	FR_RXFE		(1u << 4)
#define	FR_RXFF		(1u << 6)
#define	FR_TXFE		(1u << 7)
#define	FR_RI		(1u << 8)
#define	LCR_H_FEN	(1u << 4)
#define	CR_LBE		(1u << 7)
#define	CR_DTR		(1u << 10)
#define	CR_RTS		(1u << 11)
#define	CR_OUT1		(1u << 12)
#define	CR_OUT2		(1u << 13)
#define	CR_RESET	0x0300
#define	IFLS_RESET	0x12
#define	INT_RI		(1u << 0)
#define	INT_CTS		(1u << 1)
#define	INT_DCD		(1u << 2)
#define	INT_DSR		(1u << 3)
#define	INT_RX		(1u << 4)
#define	INT_TX		(1u << 5)
#define	INT_RT		(1u << 6)
#define	INT_OE		(1u << 10)
#define	ERR_OE		(1u << 3)	/* RSR; DR bit 11 */

/* The modem lines: what drives each in loop-back, its flag, its interrupt. */
static const struct {
	uint16_t	cr, fr, ris;
} lines[] = {
	{ CR_RTS, FR_CTS, INT_CTS }, { CR_DTR, FR_DSR, INT_DSR },
	{ CR_OUT1, FR_DCD, INT_DCD }, { CR_OUT2, FR_RI, INT_RI },
};

static bool
vpl011_fifos(const struct vpl011 *u)
{

	return ((u->reg[LCR] & LCR_H_FEN) != 0);
}

static unsigned int
vpl011_depth(const struct vpl011 *u)
{

	return (vpl011_fifos(u) ? VPL011_FIFO : 1);
}

/* Characters at which the receive interrupt comes (3.3.9). */
static unsigned int
vpl011_trigger(const struct vpl011 *u)
{
	static const uint8_t eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 };

	return (vpl011_fifos(u) ?
	    eighths[u->reg[IFLS] >> 3 & 7] * (VPL011_FIFO / 8) : 1);
}

/* Brings flag register and line up to date; the end of each change. */
static void
vpl011_update(struct vpl011 *u)
{
	uint32_t fr = FR_TXFE, cr = u->reg[CR];
	bool level = (u->reg[RIS] & u->reg[IMSC]) != 0;

	if ((cr & CR_LBE) == 0)
		cr = CR_RTS | CR_DTR | CR_OUT1;	/* someone listens */
	for (unsigned int i = 0; i < nitems(lines); i++)
		fr |= cr & lines[i].cr ? lines[i].fr : 0;
	if (u->rx_count == 0)
		fr |= FR_RXFE;
	if (u->rx_count >= vpl011_depth(u))
		fr |= FR_RXFF;
	__atomic_store_n(&u->reg[FR], (uint16_t)fr, __ATOMIC_RELAXED);
	if (level != u->level) {
		u->level = level;
		u->ops->line(u->ctx, u->ops->intid, level);
	}
}

static bool
vpl011_push(struct vpl011 *u, uint8_t c)
{

	if (u->rx_count >= vpl011_depth(u))
		return (false);
	u->rx[(u->rx_head + u->rx_count++) % VPL011_FIFO] = c;
	if (u->rx_count >= vpl011_trigger(u))
		u->reg[RIS] |= INT_RX;
	u->reg[RIS] |= INT_RT;
	return (true);
}

static uint32_t
vpl011_pop(struct vpl011 *u)
{
	uint32_t v = u->rx[u->rx_head];

	u->reg[RSR] = 0;
	if (u->rx_count == 0)
		return (v);		/* the last one again */
	if (u->overrun)
		u->reg[RSR] = ERR_OE;
	u->overrun = false;
	if (--u->rx_count != 0)
		u->rx_head = (u->rx_head + 1) % VPL011_FIFO;
	if (u->rx_count < vpl011_trigger(u))
		u->reg[RIS] &= ~INT_RX;
	/* What is left waits in silence from now on. */
	if (u->rx_count == 0)
		u->reg[RIS] &= ~INT_RT;
	else
		u->reg[RIS] |= INT_RT;
	return (v | (uint32_t)u->reg[RSR] << 8);
}

static void
vpl011_send(struct vpl011 *u, uint8_t c)
{

	if ((u->reg[CR] & CR_LBE) == 0)
		u->refused = !u->ops->sink(u->ctx, (char)c);
	else if (!vpl011_push(u, c)) {
		u->overrun = true;
		u->reg[RIS] |= INT_OE;
	}
	/* Filled and drained: through the trigger level, wherever it is. */
	u->reg[RIS] |= INT_TX;
}

static void
vpl011_flush(struct vpl011 *u)
{

	u->rx_head = u->rx_count = 0;
	u->overrun = false;
	u->reg[RIS] &= ~(INT_RX | INT_RT);
}

/* The modem lines that change on the way raise their interrupts. */
static void
vpl011_set_cr(struct vpl011 *u)
{
	uint32_t changed = u->reg[FR];

	vpl011_update(u);
	changed ^= u->reg[FR];
	for (unsigned int i = 0; i < nitems(lines); i++)
		u->reg[RIS] |= changed & lines[i].fr ? lines[i].ris : 0;
}

static uint32_t
vpl011_read(void *dev, unsigned int reg)
{
	struct vpl011 *u = dev;

	if (reg == DR)
		return (vpl011_pop(u));
	if (reg == MIS)
		return (u->reg[RIS] & u->reg[IMSC]);
	return (reg < REGS ? u->reg[reg] : 0);
}

static void
vpl011_write(void *dev, unsigned int reg, uint32_t v)
{
	/* What can be written; there is no DMA, and yet its register. */
	static const uint16_t mask[REGS] = {
		[ILPR] = 0xff, [IBRD] = 0xffff, [FBRD] = 0x3f, [LCR] = 0xff,
		[CR] = 0xff87, [IFLS] = 0x3f, [IMSC] = 0x7ff, [DMACR] = 7,
	};
	struct vpl011 *u = dev;
	bool fifos = vpl011_fifos(u);

	if (reg == DR)
		vpl011_send(u, (uint8_t)v);
	else if (reg == RSR)
		u->reg[RSR] = 0;
	else if (reg == ICR)
		u->reg[RIS] &= ~v;
	else if (reg < REGS && mask[reg] != 0) {
		u->reg[reg] = v & mask[reg];
		if (fifos && !vpl011_fifos(u))
			vpl011_flush(u);
		if (reg == CR)
			vpl011_set_cr(u);
	}
}

/* Apart from vpl011_mmio() so that a read of FR needs no stack frame. */
static __attribute__((noinline)) enum mmio_result
vpl011_access(struct vpl011 *u, struct mmio *m)
{
	static const struct primecell regs = {
		vpl011_read, vpl011_write,
		/* r1p5: a Linux driver takes revision 3 to have FIFOs of 32. */
		{ 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 },
	};

	spin_lock(&u->lock);
	u->refused = false;
	enum mmio_result r = primecell_access(&regs, u, m);
	if (u->refused)
		r = MMIO_AGAIN;
	vpl011_update(u);
	spin_unlock(&u->lock);
	return (r);
}

enum mmio_result
vpl011_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vpl011 *u = dev;

	(void)vcpu;
	/* What every program spins on. */
	if (likely(m->offset == FR * 4 && !m->write && m->size == 4)) {
		m->value = __atomic_load_n(&u->reg[FR], __ATOMIC_RELAXED);
		return (MMIO_OK);
	}
	return (vpl011_access(u, m));
}

bool
vpl011_input(struct vpl011 *u, char c)
{

	spin_lock(&u->lock);
	/* In loop-back the receiver does not hear the line. */
	bool taken = (u->reg[CR] & CR_LBE) == 0 && vpl011_push(u, (uint8_t)c);
	if (taken)
		vpl011_update(u);
	spin_unlock(&u->lock);
	return (taken);
}

void
vpl011_reset(struct vpl011 *u)
{

	spin_lock(&u->lock);
	memset(u->reg, 0, sizeof(u->reg));
	u->reg[CR] = CR_RESET;
	u->reg[IFLS] = IFLS_RESET;
	vpl011_flush(u);
	vpl011_update(u);
	spin_unlock(&u->lock);
}

void
vpl011_init(struct vpl011 *u, const struct vpl011_ops *ops, void *ctx)
{

	*u = (struct vpl011){ .ops = ops, .ctx = ctx };
	vpl011_reset(u);
}
