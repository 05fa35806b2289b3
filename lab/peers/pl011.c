/*
 * A PL011 (DDI 0183) that prints on standard output; nothing is ever
 * received. Must not know how its registers are reached.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "runner.h"

#define	DR	0x000
#define	FR	0x018
#define	IBRD	0x024
#define	FBRD	0x028
#define	LCR_H	0x02c
#define	CR	0x030
#define	IFLS	0x034
#define	IMSC	0x038
#define	RIS	0x03c
#define	MIS	0x040
#define	ICR	0x044
#define	ID	0xfe0

#define	FR_RXFE	(1u << 4)
#define	FR_TXFE	(1u << 7)
#define	INT_TX	(1u << 5)

static uint32_t ibrd, fbrd, lcr_h, cr = 0x300, ifls = 0x12, imsc, ris;

static void
update(void)
{
	static bool level;
	bool now = (ris & imsc) != 0;

	if (now != level)
		vm_irq_line(UART_SPI, now);
	level = now;
}

uint32_t
pl011_read(uint64_t offset)
{
	static const uint8_t id[8] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0,
	    0x05, 0xb1 };

	switch (offset) {
	case FR:
		return (FR_RXFE | FR_TXFE);
	case IBRD:
		return (ibrd);
	case FBRD:
		return (fbrd);
	case LCR_H:
		return (lcr_h);
	case CR:
		return (cr);
	case IFLS:
		return (ifls);
	case IMSC:
		return (imsc);
	case RIS:
		return (ris);
	case MIS:
		return (ris & imsc);
	}
	if (offset >= ID && offset % 4 == 0)
		return (id[(offset - ID) / 4]);
	return (0);
}

static void
put(char c)
{

	putchar(c);
	if (c != '\n')
		return;
	/*
	 * A line is out before the guest goes on: a UART of the host that is
	 * still sending would interrupt what the guest measures next.
	 */
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
}

void
pl011_write(uint64_t offset, uint32_t value)
{

	switch (offset) {
	case DR:
		put((char)value);
		ris |= INT_TX;
		break;
	case IBRD:
		ibrd = value & 0xffff;
		break;
	case FBRD:
		fbrd = value & 0x3f;
		break;
	case LCR_H:
		lcr_h = value & 0xff;
		break;
	case CR:
		cr = value & 0xffff;
		break;
	case IFLS:
		ifls = value & 0x3f;
		break;
	case IMSC:
		imsc = value & 0x7ff;
		break;
	case ICR:
		ris &= ~value;
		break;
	}
	update();
}
