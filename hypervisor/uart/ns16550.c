/*
 * The 16550 family (National Semiconductor PC16550D data sheet, chapter 8)
 * in the ways SoCs wire it: any distance between registers, any width of
 * access. Knows only uart_io.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"
#include "uart/uart_io.h"

#define	RBR	0		/* received; written, to send: THR */
#define	IER	1
#define	IER_RX	(1u << 0)
#define	IER_ALL	0xfu		/* above: other things, on PXA and Tegra */
#define	IIR	2
#define	FCR	2		/* write only */
#define	FCR_FEN	(1u << 0)	/* FIFOs; interrupt from one character on */
#define	LCR	3
#define	LCR_DLAB (1u << 7)	/* registers 0 and 1 are the divisor */
#define	MCR	4
#define	MCR_ON	0xbu		/* DTR, RTS, and OUT2: the line to the PIC */
#define	LSR	5
#define	LSR_DR	(1u << 0)	/* received */
#define	LSR_THRE (1u << 5)	/* room */
#define	LSR_TEMT (1u << 6)	/* all sent */

static uint32_t
ns16550_read(const struct uart *u, unsigned int reg)
{

	return (uart_io_read(u, reg << u->shift));
}

static void
ns16550_write(const struct uart *u, unsigned int reg, uint32_t value)
{

	uart_io_write(u, reg << u->shift, value);
}

static void
ns16550_init(struct uart *u)
{
	uint32_t lcr = ns16550_read(u, LCR);

	if ((lcr & LCR_DLAB) != 0)
		ns16550_write(u, LCR, lcr & ~LCR_DLAB);
	ns16550_write(u, IER, ns16550_read(u, IER) & ~IER_ALL);
	ns16550_write(u, FCR, FCR_FEN);
	ns16550_write(u, MCR, ns16550_read(u, MCR) | MCR_ON);
}

static void
ns16550_rx_irq(struct uart *u, bool on)
{
	uint32_t ier = ns16550_read(u, IER) & ~IER_ALL;

	/*
	 * Reading clears it: a DesignWare time-out may stay up with an empty
	 * FIFO until RBR was read, which is harmless with nothing there.
	 */
	if ((ns16550_read(u, IIR) & 0xf) == 0xc &&
	    (ns16550_read(u, LSR) & LSR_DR) == 0)
		(void)ns16550_read(u, RBR);
	ns16550_write(u, IER, on ? ier | IER_RX : ier);
}

const struct uart_ops ns16550_ops = {
	ns16550_init, ns16550_rx_irq, RBR, LSR,
	.room = { LSR_THRE, LSR_THRE }, .ready = { LSR_DR, LSR_DR },
	.idle = { LSR_TEMT, LSR_TEMT },
};
