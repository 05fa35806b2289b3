/*
 * The console UART, polled: PL011 (DDI 0183), the part of it that the Base
 * System Architecture asks for (DEN 0094, SBSA UART: data and flags), or 16550
 * and its kin. Which and where, machine.c has found out.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "console.h"

#define	PL011_DR	0x00
#define	PL011_FR	0x18
#define	PL011_LCR_H	0x2c
#define	PL011_CR	0x30
#define	PL011_FR_RXFE	(1u << 4)
#define	PL011_FR_TXFF	(1u << 5)

#define	NS_DATA		0
#define	NS_LSR		5
#define	NS_LSR_DR	(1u << 0)
#define	NS_LSR_THRE	(1u << 5)

unsigned int console_shift, console_width = 1;

static uint64_t
ns_register(unsigned int reg)
{

	return (machine.uart_base + ((uint64_t)reg << console_shift));
}

static uint32_t
ns_read(unsigned int reg)
{
	uint32_t v;

	if (console_width == 4)
		return (mmio_read(ns_register(reg)));
	__asm__ volatile("ldrb %w0, [%1]" : "=r" (v) : "r" (ns_register(reg)) :
	    "memory");
	return (v);
}

static void
ns_write(unsigned int reg, uint32_t v)
{

	if (console_width == 4)
		mmio_write(ns_register(reg), v);
	else
		__asm__ volatile("strb %w0, [%1]" : : "r" (v),
		    "r" (ns_register(reg)) : "memory");
}

void
console_init(void)
{
	uint64_t base = machine.uart_base;

	/* Firmware's settings stay; without any: 8 bits, FIFOs, on. */
	if (base != 0 && machine.uart_pl011 &&
	    (mmio_read(base + PL011_CR) & 1) == 0) {
		mmio_write(base + PL011_LCR_H, 0x70);
		mmio_write(base + PL011_CR, 0x301);
	}
}

void
console_put(char c)
{
	uint64_t base = machine.uart_base;

	if (base == 0)
		return;
	if (c == '\n')
		console_put('\r');
	if (machine.uart_pl011 || machine.uart_sbsa) {
		while (mmio_read(base + PL011_FR) & PL011_FR_TXFF)
			;
		mmio_write(base + PL011_DR, (unsigned char)c);
	} else {
		while ((ns_read(NS_LSR) & NS_LSR_THRE) == 0)
			;
		ns_write(NS_DATA, (unsigned char)c);
	}
}

int
console_get(void)
{
	uint64_t base = machine.uart_base;

	if (base == 0)
		return (-1);
	if (machine.uart_pl011 || machine.uart_sbsa)
		return (mmio_read(base + PL011_FR) & PL011_FR_RXFE ? -1 :
		    (int)(mmio_read(base + PL011_DR) & 0xff));
	return (ns_read(NS_LSR) & NS_LSR_DR ? (int)(ns_read(NS_DATA) & 0xff) :
	    -1);
}
