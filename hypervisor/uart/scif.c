/*
 * SCIF of Renesas' R-Car Gen3 and RZ/G2 (RZ/G2 hardware manual, R01UH0808,
 * chapter 50): flags are cleared by writing 0 once they were read as 1. Not
 * yet tried on silicon. Knows only drivers.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

#define	SCSCR		0x08
#define	SCSCR_RE	(1u << 4)
#define	SCSCR_TE	(1u << 5)
#define	SCSCR_IRQS	0xc8u		/* TIE, RIE, REIE */
#define	SCSCR_RIE	(1u << 6)
#define	SCFTDR		0x0c		/* 8 bits */
#define	SCFSR		0x10
#define	SCFSR_GOT	0x03u		/* RDF, DR */
#define	SCFSR_SENT	0x60u		/* TEND, TDFE */
#define	SCFRDR		0x14		/* 8 bits */

static void
scif_init(struct uart *u)
{

	uart_change(u, SCSCR, SCSCR_IRQS, SCSCR_RE | SCSCR_TE);
}

static void
scif_sent(struct uart *u)
{

	uart_change(u, SCFSR, SCFSR_SENT, 0);
}

static void
scif_taken(struct uart *u)
{

	uart_change(u, SCFSR, SCFSR_GOT, 0);
}

const struct uart_type scif = {
	.room = { SCFSR, 1u << 5, true },	/* TDFE */
	.got = { SCFSR, 1u << 1, true },	/* RDF */
	.empty = { SCFSR, 1u << 6, true },	/* TEND */
	.idle = { SCFSR, 1u << 6, true },
	.tx = SCFTDR,
	.rx = SCFRDR,
	.irq = SCSCR,
	.irq_bits = SCSCR_RIE,
	.init = scif_init,
	.sent = scif_sent,
	.taken = scif_taken,
};
