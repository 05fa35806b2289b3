/*
 * LPUART of NXP's i.MX 7ULP, 8QXP, 8ULP and 9 (i.MX 8DualXPlus reference
 * manual, 16.13): 32-bit registers behind four words of other things. Not
 * yet tried on silicon. Knows only drivers.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	STAT		0x14
#define	CTRL		0x18
#define	CTRL_RE		(1u << 18)
#define	CTRL_TE		(1u << 19)
#define	CTRL_RIE	(1u << 21)	/* received */
#define	CTRL_IRQS	0xcff0c000u	/* all but TXDIR and TXINV */
#define	DATA		0x1c

static void
lpuart_init(struct uart *u)
{

	uart_change(u, CTRL, CTRL_IRQS, CTRL_RE | CTRL_TE);
}

const struct uart_type lpuart = {
	.room = { STAT, 1u << 23, true },	/* TDRE */
	.got = { STAT, 1u << 21, true },	/* RDRF */
	.empty = { STAT, 1u << 22, true },	/* TC */
	.idle = { STAT, 1u << 22, true },
	.tx = DATA,
	.rx = DATA,
	.irq = CTRL,
	.irq_bits = CTRL_RIE,
	.init = lpuart_init,
};
