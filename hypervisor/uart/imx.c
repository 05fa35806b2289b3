/*
 * UART of NXP's i.MX 6 to 8M (i.MX 8M Mini reference manual, IMX8MMRM,
 * 16.2.15). Not yet tried on silicon. Knows only drivers.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	URXD		0x00
#define	UTXD		0x40
#define	UCR1		0x80
#define	UCR1_UARTEN	(1u << 0)
#define	UCR1_IRQS	0xe388u		/* every interrupt and DMA request */
#define	UCR1_RRDYEN	(1u << 9)	/* received as many as RXTL says */
#define	UCR2		0x84
#define	UCR2_RXEN	(1u << 1)
#define	UCR2_TXEN	(1u << 2)
#define	UFCR		0x90
#define	UFCR_RXTL	0x3fu
#define	USR2		0x98
#define	UTS		0xb4

static void
imx_init(struct uart *u)
{

	uart_change(u, UFCR, UFCR_RXTL, 1);
	uart_change(u, UCR1, UCR1_IRQS, UCR1_UARTEN);
	uart_change(u, UCR2, 0, UCR2_RXEN | UCR2_TXEN);
}

const struct uart_type imx = {
	.room = { UTS, 1u << 4, false },	/* TXFULL */
	.got = { USR2, 1u << 0, true },	/* RDR */
	.empty = { UTS, 1u << 6, true },	/* TXEMPTY */
	.idle = { USR2, 1u << 3, true },	/* TXDC */
	.tx = UTXD,
	.rx = URXD,
	.irq = UCR1,
	.irq_bits = UCR1_RRDYEN,
	.init = imx_init,
};
