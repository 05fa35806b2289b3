/*
 * One access to a register of a UART. Unit tests link their own version, a
 * fake at register level, in place of uart_io.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "uart/uart.h"

/*
 * reg: bytes from u->base, before the shift that u->shift makes of it. The
 * access has u->width bytes.
 */
uint32_t uart_io_read(const struct uart *u, unsigned int reg);
void	uart_io_write(const struct uart *u, unsigned int reg, uint32_t value);
