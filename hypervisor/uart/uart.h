/*
 * The hypervisor's console: drivers for real UARTs, chosen by compatible
 * string. Firmware has set line speed and clock; we only enable what we
 * use. Works with the MMU off, before anything else of the hypervisor does.
 * Must not know what is printed, nor who locks: callers serialise.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct uart_type;

struct uart {
	const struct uart_type *type;	/* NULL: none; calls do nothing */
	uintptr_t	base;		/* where mapped; MMU off: physical */
	uint8_t		shift;		/* register n is at n << shift */
	uint8_t		width;		/* bytes of one access: 1, 2, 4 */
	bool		stuck;		/* has been waited for in vain */
};

#define	UART_DEFAULT	0xff

/* What a device tree says of a UART. */
struct uart_desc {
	const char	*compatible;	/* list of strings, each with its NUL */
	uint32_t	compatible_len;	/* bytes */
	pa_t		base;
	uint64_t	size;		/* bytes */
	uint8_t		reg_shift;	/* or UART_DEFAULT: the driver's */
	uint8_t		reg_io_width;	/* bytes: 1, 2, 4; or UART_DEFAULT */
	bool		big_endian;	/* registers; not supported */
};

/*
 * Picks the driver for d and has it initialised at base (where d->base is
 * mapped). False when no driver fits: it is then the DCC. To move a console to
 * another mapping, set u->base.
 */
bool	uart_probe(struct uart *u, const struct uart_desc *d, uintptr_t base);

/* Is there a driver for d? Touches no device. */
bool	uart_supported(const struct uart_desc *d);

/* These do nothing (getc: -1) without a driver. */
/* Waits for room, then sends. Gives up on a UART that never has any. */
void	uart_putc(struct uart *u, char c);
/* The next character received, or -1 when there is none. */
int	uart_getc(struct uart *u);
/*
 * Receive interrupt on or off, what is pending acknowledged. The handler
 * is: uart_rx_irq(u, true), then uart_getc() until -1. The other way round
 * would acknowledge, and so lose, a character that comes in between.
 */
void	uart_rx_irq(struct uart *u, bool on);
/* Waits until the last bit has left. */
void	uart_flush(struct uart *u);
