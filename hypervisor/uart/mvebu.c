/*
 * UART of Marvell's Armada 3700 (88F3720 functional specification, chapter
 * "UART"). Not yet tried on silicon. Knows only drivers.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	RBR		0x00
#define	TSH		0x04
#define	CTRL		0x08
#define	CTRL_RX_RDY	(1u << 4)
#define	CTRL_IRQS	0x3ffu		/* low bits: interrupts */
#define	STAT		0x0c

static void
mvebu_init(struct uart *u)
{

	uart_change(u, CTRL, CTRL_IRQS, 0);
}

const struct uart_type mvebu = {
	.room = { STAT, 1u << 11, false },	/* transmit FIFO full */
	.got = { STAT, 1u << 4, true },	/* receive ready */
	.empty = { STAT, 1u << 6, true },	/* transmitter empty */
	.idle = { STAT, 1u << 6, true },
	.tx = TSH,
	.rx = RBR,
	.irq = CTRL,
	.irq_bits = CTRL_RX_RDY,
	.init = mvebu_init,
};
