/*
 * One access to a register of a UART. Unit tests link their own version, a
 * fake at register level, in place of uart_io.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef UART_UART_IO_H
#define	UART_UART_IO_H

#include "uart/uart.h"

/* offset: bytes from u->base. The access has u->width bytes. */
uint32_t uart_io_read(const struct uart *u, unsigned int offset);
void	uart_io_write(const struct uart *u, unsigned int offset,
	    uint32_t value);

#endif
