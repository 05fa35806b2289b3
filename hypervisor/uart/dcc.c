/*
 * The Debug Communications Channel of every Armv8 CPU (DDI 0487, H4): what is
 * sent goes to a debugger, if one looks. The last resort where there is no
 * UART. Not yet tried on silicon.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/drivers.h"

/* MDCCSR_EL0 and DBGDTRTX_EL0, DBGDTRRX_EL0, as uart_io.c numbers them. */
#define	SR		0
#define	DTR		1

const struct uart_type dcc = {
	.room = { SR, 1u << 29, false },	/* TXfull */
	.got = { SR, 1u << 30, true },		/* RXfull */
	.empty = { SR, 1u << 29, false },
	.idle = { SR, 1u << 29, false },
	.tx = DTR,
	.rx = DTR,
};
