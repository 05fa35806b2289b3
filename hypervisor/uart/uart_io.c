/*
 * Device accesses of the console drivers: of the exact width, aligned, in
 * order, MMU on or off; width 0 is the DCC, which has no address. Knows no
 * driver.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "uart/uart_io.h"

uint32_t
uart_io_read(const struct uart *u, unsigned int reg)
{
	uintptr_t a = u->base + (reg << u->shift);

	switch (u->width) {
	case 0:
		__asm__ volatile("mrs %0, mdccsr_el0" : "=r" (a));
		if (reg != 0)
			__asm__ volatile("mrs %0, dbgdtrrx_el0" : "=r" (a));
		return ((uint32_t)a);
	case 1:
		return (*(volatile uint8_t *)a);
	case 2:
		return (*(volatile uint16_t *)a);
	default:
		return (*(volatile uint32_t *)a);
	}
}

void
uart_io_write(const struct uart *u, unsigned int reg, uint32_t value)
{
	uintptr_t a = u->base + (reg << u->shift);

	switch (u->width) {
	case 0:
		a = value;
		__asm__ volatile("msr dbgdtrtx_el0, %0" : : "r" (a));
		break;
	case 1:
		*(volatile uint8_t *)a = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)a = (uint16_t)value;
		break;
	default:
		*(volatile uint32_t *)a = value;
		break;
	}
}
