/*
 * What a console driver is: a description of where a UART has its data and
 * its flags, which uart.c follows, and functions where that does not do.
 * Knows no UART.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "uart/uart.h"
#include "uart/uart_io.h"

/* Some of these bits of this register are set (or all are clear). */
struct uart_flag {
	uint16_t	reg;
	uint32_t	bits;
	bool		set;
};

struct uart_type {
	struct uart_flag room;		/* for one more to send */
	struct uart_flag got;		/* something is received */
	struct uart_flag empty, idle;	/* both: all is sent */
	uint16_t	tx, rx;		/* data, bits 7:0 */
	/* Receive interrupt: these bits of this register; or rx_irq below. */
	uint16_t	irq;
	uint32_t	irq_bits;
	/* Enables both ways, interrupts off. NULL: firmware has. */
	void	(*init)(struct uart *u);
	/* Before interrupts go on or off, or in place of irq. May be NULL. */
	void	(*rx_irq)(struct uart *u, bool on);
	/* Before and after one is sent; after one is read. May be NULL. */
	void	(*send)(struct uart *u);
	void	(*sent)(struct uart *u);
	void	(*taken)(struct uart *u);
};

/* Bits of a register: off, then on. */
void	uart_change(struct uart *u, unsigned int reg, uint32_t off,
	    uint32_t on);

extern const struct uart_type cadence, dcc, geni, imx, lpuart, meson, msm,
	mvebu, ns16550, pl011, pl011_sbsa, scif;
