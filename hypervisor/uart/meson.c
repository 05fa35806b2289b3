/*
 * UART of Amlogic's SoCs (S905X data sheet, chapter "UART").
 * Not yet tried on silicon. Knows only drivers.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	WFIFO		0x00
#define	RFIFO		0x04
#define	CONTROL		0x08
#define	CONTROL_TX_EN	(1u << 12)
#define	CONTROL_RX_EN	(1u << 13)
#define	CONTROL_RX_INT	(1u << 27)
#define	CONTROL_TX_INT	(1u << 28)
#define	STATUS		0x0c
#define	MISC		0x10
#define	MISC_RX_LEVEL	0xffu		/* characters until the interrupt */

static void
meson_init(struct uart *u)
{

	uart_change(u, MISC, MISC_RX_LEVEL, 1);
	uart_change(u, CONTROL, CONTROL_RX_INT | CONTROL_TX_INT,
	    CONTROL_TX_EN | CONTROL_RX_EN);
}

const struct uart_type meson = {
	.room = { STATUS, 1u << 21, false },	/* transmit FIFO full */
	.got = { STATUS, 1u << 20, false },	/* receive FIFO empty */
	.empty = { STATUS, 1u << 22, true },	/* transmit FIFO empty */
	.idle = { STATUS, 1u << 25, false },	/* transmitter busy */
	.tx = WFIFO,
	.rx = RFIFO,
	.irq = CONTROL,
	.irq_bits = CONTROL_RX_INT,
	.init = meson_init,
};
