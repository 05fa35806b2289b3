/*
 * The console drivers there are; chosen in uart.c. Knows nothing else.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef UART_DRIVERS_H
#define	UART_DRIVERS_H

#include "uart/uart.h"

extern const struct uart_ops pl011_ops, pl011_ops_sbsa;	/* pl011.c */
extern const struct uart_ops ns16550_ops;		/* ns16550.c */
extern const struct uart_ops cadence_ops;		/* cadence.c */

#endif
