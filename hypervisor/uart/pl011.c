/*
 * Arm PL011 (DDI 0183G, chapter 3), and the subset of it that SBSA calls
 * the Generic UART (DEN 0094, appendix B): that one has no control
 * registers, firmware has enabled it. Knows only uart_io.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	DR		0x00
#define	FR		0x18
#define	LCR_H		0x2c
#define	LCR_H_FEN	(1u << 4)	/* FIFOs */
#define	LCR_H_WLEN8	(3u << 5)
#define	CR		0x30
#define	CR_UARTEN	(1u << 0)
#define	CR_TXE		(1u << 8)
#define	CR_RXE		(1u << 9)
#define	IMSC		0x38
#define	ICR		0x44
#define	INT_RX		(1u << 4)
#define	INT_RT		(1u << 6)	/* received, and then silence */
#define	INT_ALL		0x7ff

static void
pl011_init_sbsa(struct uart *u)
{

	uart_io_write(u, IMSC, 0);
	uart_io_write(u, ICR, INT_ALL);
}

static void
pl011_init(struct uart *u)
{
	uint32_t cr = uart_io_read(u, CR);

	pl011_init_sbsa(u);
	/* The line format must not be touched while it runs (3.3.8). */
	if ((cr & CR_UARTEN) == 0)
		uart_io_write(u, LCR_H, LCR_H_WLEN8 | LCR_H_FEN);
	uart_io_write(u, CR, cr | CR_UARTEN | CR_TXE | CR_RXE);
}

static void
pl011_rx_irq(struct uart *u, bool on)
{

	(void)on;
	uart_io_write(u, ICR, INT_RX | INT_RT);
}

#define	PL011(how)							\
	.room = { FR, 1u << 5, false },	/* TXFF */			\
	.got = { FR, 1u << 4, false },	/* RXFE */			\
	.empty = { FR, 1u << 3, false },	/* BUSY */		\
	.idle = { FR, 1u << 3, false },					\
	.tx = DR, .rx = DR,						\
	.irq = IMSC, .irq_bits = INT_RX | INT_RT,			\
	.rx_irq = pl011_rx_irq, .init = (how)

const struct uart_type pl011 = { PL011(pl011_init) };
const struct uart_type pl011_sbsa = { PL011(pl011_init_sbsa) };
