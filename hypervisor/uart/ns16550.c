/*
 * The 16550 family (National Semiconductor PC16550D data sheet, chapter 8)
 * in the ways SoCs wire it: any distance between registers, any width of
 * access. Knows only uart_io.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	RBR	0		/* received */
#define	THR	0		/* to send */
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

static void
ns16550_init(struct uart *u)
{
	uint32_t lcr = uart_io_read(u, LCR);

	if ((lcr & LCR_DLAB) != 0)
		uart_io_write(u, LCR, lcr & ~LCR_DLAB);
	uart_io_write(u, IER, uart_io_read(u, IER) & ~IER_ALL);
	uart_io_write(u, FCR, FCR_FEN);
	uart_io_write(u, MCR, uart_io_read(u, MCR) | MCR_ON);
}

/*
 * Reading clears it: a DesignWare time-out may stay up with an empty FIFO
 * until RBR was read, which is harmless with nothing there.
 */
static void
ns16550_rx_irq(struct uart *u, bool on)
{

	(void)on;
	if ((uart_io_read(u, IIR) & 0xf) == 0xc &&
	    (uart_io_read(u, LSR) & LSR_DR) == 0)
		(void)uart_io_read(u, RBR);
}

const struct uart_type ns16550 = {
	.room = { LSR, 1u << 5, true },	/* THRE */
	.got = { LSR, 1u << 0, true },	/* DR */
	.empty = { LSR, 1u << 6, true },	/* TEMT */
	.idle = { LSR, 1u << 6, true },
	.tx = THR,
	.rx = RBR,
	.irq = IER,
	.irq_bits = IER_RX,
	.init = ns16550_init,
	.rx_irq = ns16550_rx_irq,
};
