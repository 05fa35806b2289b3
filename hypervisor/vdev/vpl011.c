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
#include "vdev/vpl011.h"

#define	REG(offset)	((offset) / 4)
#define	FR_CTS		(1u << 0)
#define	FR_DSR		(1u << 1)
#define	FR_DCD		(1u << 2)
#define	FR_RXFE		(1u << 4)
#define	FR_RXFF		(1u << 6)
#define	FR_TXFE		(1u << 7)
#define	FR_RI		(1u << 8)
#define	FR_MODEM	(FR_CTS | FR_DSR | FR_DCD | FR_RI)
#define	FR_OFFSET	0x18
#define	LCR_H_FEN	(1u << 4)
#define	CR_LBE		(1u << 7)
#define	CR_DTR		(1u << 10)
#define	CR_RTS		(1u << 11)
#define	CR_OUT1		(1u << 12)
#define	CR_OUT2		(1u << 13)
#define	CR_MASK		0xff87
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
#define	INT_MASK	0x7ff
#define	ERR_OE		(1u << 3)	/* RSR; DR bit 11 */

/* r1p5: a Linux driver takes revision 3 to have FIFOs of 32. */
static const uint8_t ids[8] = {
	0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1,
};

static bool
vpl011_fifos(const struct vpl011 *u)
{

	return ((u->lcr & LCR_H_FEN) != 0);
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
	    eighths[u->ifls >> 3 & 7] * (VPL011_FIFO / 8) : 1);
}

/* Brings flag register and line up to date; the end of each change. */
static void
vpl011_update(struct vpl011 *u)
{
	uint32_t fr = FR_TXFE;
	bool level = (u->ris & u->imsc) != 0;

	if ((u->cr & CR_LBE) == 0)
		fr |= FR_CTS | FR_DSR | FR_DCD;	/* someone listens */
	else
		fr |= ((u->cr & CR_RTS) != 0 ? FR_CTS : 0) |
		    ((u->cr & CR_DTR) != 0 ? FR_DSR : 0) |
		    ((u->cr & CR_OUT1) != 0 ? FR_DCD : 0) |
		    ((u->cr & CR_OUT2) != 0 ? FR_RI : 0);
	if (u->rx_count == 0)
		fr |= FR_RXFE;
	if (u->rx_count >= vpl011_depth(u))
		fr |= FR_RXFF;
	__atomic_store_n(&u->fr, fr, __ATOMIC_RELAXED);
	if (level != u->level) {
		u->level = level;
		u->ops->line(u->ctx, level);
	}
}

static bool
vpl011_push(struct vpl011 *u, uint8_t c)
{

	if (u->rx_count >= vpl011_depth(u))
		return (false);
	u->rx[(u->rx_head + u->rx_count++) % VPL011_FIFO] = c;
	if (u->rx_count >= vpl011_trigger(u))
		u->ris |= INT_RX;
	u->ris |= INT_RT;
	return (true);
}

static uint32_t
vpl011_pop(struct vpl011 *u)
{
	uint32_t v = u->rx[u->rx_head];

	u->rsr = 0;
	if (u->rx_count == 0)
		return (v);		/* the last one again */
	if (u->overrun)
		u->rsr = ERR_OE;
	u->overrun = false;
	if (--u->rx_count != 0)
		u->rx_head = (u->rx_head + 1) % VPL011_FIFO;
	if (u->rx_count < vpl011_trigger(u))
		u->ris &= ~INT_RX;
	/* What is left waits in silence from now on. */
	if (u->rx_count == 0)
		u->ris &= ~INT_RT;
	else
		u->ris |= INT_RT;
	return (v | (uint32_t)u->rsr << 8);
}

static void
vpl011_send(struct vpl011 *u, uint8_t c)
{

	if ((u->cr & CR_LBE) == 0)
		u->ops->sink(u->ctx, (char)c);
	else if (!vpl011_push(u, c)) {
		u->overrun = true;
		u->ris |= INT_OE;
	}
	/* Filled and drained: through the trigger level, wherever it is. */
	u->ris |= INT_TX;
}

static void
vpl011_set_lcr(struct vpl011 *u, uint8_t lcr)
{
	bool were = vpl011_fifos(u);

	u->lcr = lcr;
	if (were && !vpl011_fifos(u)) {
		u->rx_head = u->rx_count = 0;
		u->overrun = false;
		u->ris &= ~(INT_RX | INT_RT);
	}
}

/* The modem lines that change on the way raise their interrupts. */
static void
vpl011_set_cr(struct vpl011 *u, uint32_t cr)
{
	uint32_t changed = u->fr;

	u->cr = cr & CR_MASK;
	vpl011_update(u);
	changed = (changed ^ u->fr) & FR_MODEM;
	u->ris |= ((changed & FR_RI) != 0 ? INT_RI : 0) |
	    ((changed & FR_CTS) != 0 ? INT_CTS : 0) |
	    ((changed & FR_DCD) != 0 ? INT_DCD : 0) |
	    ((changed & FR_DSR) != 0 ? INT_DSR : 0);
}

static uint32_t
vpl011_read(struct vpl011 *u, unsigned int reg)
{

	switch (reg) {
	case REG(0x00):
		return (vpl011_pop(u));
	case REG(0x04):
		return (u->rsr);
	case REG(FR_OFFSET):
		return (u->fr);
	case REG(0x20):
		return (u->ilpr);
	case REG(0x24):
		return (u->ibrd);
	case REG(0x28):
		return (u->fbrd);
	case REG(0x2c):
		return (u->lcr);
	case REG(0x30):
		return (u->cr);
	case REG(0x34):
		return (u->ifls);
	case REG(0x38):
		return (u->imsc);
	case REG(0x3c):
		return (u->ris);
	case REG(0x40):
		return (u->ris & u->imsc);
	case REG(0x48):
		return (u->dmacr);
	case REG(0xfe0) ... REG(0xffc):
		return (ids[reg - REG(0xfe0)]);
	default:
		return (0);
	}
}

static void
vpl011_write(struct vpl011 *u, unsigned int reg, uint32_t v)
{

	switch (reg) {
	case REG(0x00):
		vpl011_send(u, (uint8_t)v);
		break;
	case REG(0x04):
		u->rsr = 0;
		break;
	case REG(0x20):
		u->ilpr = (uint8_t)v;
		break;
	case REG(0x24):
		u->ibrd = (uint16_t)v;
		break;
	case REG(0x28):
		u->fbrd = v & 0x3f;
		break;
	case REG(0x2c):
		vpl011_set_lcr(u, (uint8_t)v);
		break;
	case REG(0x30):
		vpl011_set_cr(u, v);
		break;
	case REG(0x34):
		u->ifls = v & 0x3f;
		break;
	case REG(0x38):
		u->imsc = v & INT_MASK;
		break;
	case REG(0x44):
		u->ris &= ~v;
		break;
	case REG(0x48):
		u->dmacr = v & 7;	/* there is no DMA: kept, no more */
		break;
	}
}

/* Apart from vpl011_mmio() so that a read of FR needs no stack frame. */
static __attribute__((noinline)) enum mmio_result
vpl011_access(struct vpl011 *u, struct mmio *m)
{

	if (m->size > 4 || (m->offset & (m->size - 1u)) != 0)
		return (MMIO_FAULT);
	if (m->offset >= VPL011_SIZE || (m->offset & 3) != 0) {
		if (!m->write)
			m->value = 0;
		return (MMIO_OK);
	}
	spin_lock(&u->lock);
	if (m->write)
		vpl011_write(u, REG(m->offset), (uint32_t)m->value);
	else
		m->value = vpl011_read(u, REG(m->offset)) &
		    (~0u >> (32 - 8 * m->size));
	vpl011_update(u);
	spin_unlock(&u->lock);
	return (MMIO_OK);
}

enum mmio_result
vpl011_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vpl011 *u = dev;

	(void)vcpu;
	/* What every program spins on. */
	if (likely(m->offset == FR_OFFSET && !m->write && m->size == 4)) {
		m->value = __atomic_load_n(&u->fr, __ATOMIC_RELAXED);
		return (MMIO_OK);
	}
	return (vpl011_access(u, m));
}

bool
vpl011_input(struct vpl011 *u, char c)
{
	bool taken;

	spin_lock(&u->lock);
	/* In loop-back the receiver does not hear the line. */
	taken = (u->cr & CR_LBE) == 0 && vpl011_push(u, (uint8_t)c);
	if (taken)
		vpl011_update(u);
	spin_unlock(&u->lock);
	return (taken);
}

void
vpl011_reset(struct vpl011 *u)
{

	spin_lock(&u->lock);
	u->ris = u->imsc = u->ibrd = 0;
	u->cr = CR_RESET;
	u->ifls = IFLS_RESET;
	u->fbrd = u->lcr = u->ilpr = u->dmacr = u->rsr = 0;
	u->overrun = false;
	u->rx_head = u->rx_count = 0;
	vpl011_update(u);
	spin_unlock(&u->lock);
}

void
vpl011_init(struct vpl011 *u, const struct vpl011_ops *ops, void *ctx)
{

	*u = (struct vpl011){ .ops = ops, .ctx = ctx };
	vpl011_reset(u);
}
