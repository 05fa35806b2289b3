/*
 * Cadence UART of Zynq-7000 and Zynq UltraScale+ (Xilinx UG585, appendix
 * B.33; UG1087). Knows only uart_io.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	CR		0x00
#define	CR_RX_EN	(1u << 2)
#define	CR_RX_DIS	(1u << 3)	/* wins over RX_EN */
#define	CR_TX_EN	(1u << 4)
#define	CR_TX_DIS	(1u << 5)
#define	CR_RESETS	3u		/* self-clearing: never written back */
#define	IER		0x08		/* write 1: on */
#define	IDR		0x0c		/* write 1: off */
#define	ISR		0x14		/* write 1: acknowledge */
#define	INT_RTRIG	(1u << 0)	/* FIFO at its trigger level */
#define	INT_ALL		0x1fff
#define	RXWM		0x20		/* trigger level, characters */
#define	SR		0x2c
#define	FIFO		0x30

static void
cadence_init(struct uart *u)
{
	uint32_t cr = uart_io_read(u, CR);

	uart_io_write(u, IDR, INT_ALL);
	uart_io_write(u, ISR, INT_ALL);
	uart_io_write(u, CR, (cr & ~(CR_RX_DIS | CR_TX_DIS | CR_RESETS)) |
	    CR_RX_EN | CR_TX_EN);
}

static void
cadence_rx_irq(struct uart *u, bool on)
{

	uart_io_write(u, IDR, INT_ALL);
	uart_io_write(u, ISR, INT_ALL);
	if (on) {
		uart_io_write(u, RXWM, 1);
		uart_io_write(u, IER, INT_RTRIG);
	}
}

const struct uart_type cadence = {
	.room = { SR, 1u << 4, false },	/* TXFULL */
	.got = { SR, 1u << 1, false },	/* RXEMPTY */
	.empty = { SR, 1u << 3, true },	/* TXEMPTY */
	.idle = { SR, 1u << 11, false },	/* TACTIVE */
	.tx = FIFO,
	.rx = FIFO,
	.init = cadence_init,
	.rx_irq = cadence_rx_irq,
};
