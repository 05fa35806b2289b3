/*
 * Qualcomm's GENI serial engine as firmware has set it up, a character at a
 * time (no public manual: what Linux's qcom_geni_serial.c says of it). Not
 * yet tried on silicon. Knows only drivers.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	STATUS		0x040		/* bit 0: main sequencer at work */
#define	TX_TRANS_LEN	0x270
#define	M_CMD0		0x600
#define	START_TX	(1u << 27)
#define	S_CMD0		0x630
#define	START_READ	(1u << 27)
#define	S_IRQ_EN	0x644
#define	S_IRQ_CLEAR	0x648
#define	S_RX_WATERMARK	(1u << 26)
#define	S_RX_LAST	(1u << 27)
#define	TX_FIFO		0x700
#define	RX_FIFO		0x780
#define	RX_FIFO_STATUS	0x804
#define	RX_FIFO_WORDS	0x1ffffffu	/* that wait */

static void
geni_init(struct uart *u)
{

	uart_io_write(u, S_IRQ_EN, 0);
	if ((uart_io_read(u, STATUS) & 1u << 12) == 0)
		uart_io_write(u, S_CMD0, START_READ);
}

static void
geni_rx_irq(struct uart *u, bool on)
{

	(void)on;
	uart_io_write(u, S_IRQ_CLEAR, S_RX_WATERMARK | S_RX_LAST);
}

static void
geni_send(struct uart *u)
{

	uart_io_write(u, TX_TRANS_LEN, 1);
	uart_io_write(u, M_CMD0, START_TX);
}

const struct uart_type geni = {
	.room = { STATUS, 1u << 0, false },
	.got = { RX_FIFO_STATUS, RX_FIFO_WORDS, true },
	.empty = { STATUS, 1u << 0, false },
	.idle = { STATUS, 1u << 0, false },
	.tx = TX_FIFO,
	.rx = RX_FIFO,
	.irq = S_IRQ_EN,
	.irq_bits = S_RX_WATERMARK | S_RX_LAST,
	.init = geni_init,
	.rx_irq = geni_rx_irq,
	.send = geni_send,
};
