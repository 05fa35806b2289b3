/*
 * Qualcomm's UARTDM 1.4, a character at a time (APQ8016E technical reference
 * manual, chapter "UART"). Not yet tried on silicon. Knows only drivers.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	DMEN		0x3c
#define	DMEN_RX_SINGLE	(1u << 5)	/* one character to a word */
#define	NCF_TX		0x40		/* characters of this transfer */
#define	SR		0xa4
#define	IMR		0xb0		/* write only */
#define	IMR_RXSTALE	(1u << 3)
#define	IMR_RXLEV	(1u << 4)
#define	TF		0x100
#define	RF		0x140

static void
msm_init(struct uart *u)
{

	uart_io_write(u, IMR, 0);
	uart_change(u, DMEN, 0, DMEN_RX_SINGLE);
}

static void
msm_rx_irq(struct uart *u, bool on)
{

	uart_io_write(u, IMR, on ? IMR_RXLEV | IMR_RXSTALE : 0);
}

static void
msm_send(struct uart *u)
{

	uart_io_write(u, NCF_TX, 1);
	(void)uart_io_read(u, NCF_TX);	/* it has arrived */
}

const struct uart_type msm = {
	.room = { SR, 1u << 3, true },	/* TXEMT: the transfer before is over */
	.got = { SR, 1u << 0, true },		/* RXRDY */
	.empty = { SR, 1u << 3, true },
	.idle = { SR, 1u << 3, true },
	.tx = TF,
	.rx = RF,
	.init = msm_init,
	.rx_irq = msm_rx_irq,
	.send = msm_send,
};
