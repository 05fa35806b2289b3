/*
 * Which driver serves which UART, and the calls to it; see uart.h. A new
 * driver is one file and its rows here. Knows no register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "uart/drivers.h"
#include "uart/uart.h"
#include "uart/uart_io.h"

/*
 * Long enough for the slowest character in use (1200 baud: 8 ms) at any
 * speed of device reads; a UART that is held by flow control or has lost
 * its clock costs this once, not once a character.
 */
#define	TRIES		1000000

static const struct driver {
	const char	*compatible;
	const struct uart_ops *ops;
	uint8_t		shift, width;	/* where the tree does not say */
} drivers[] = {
	{ "arm,pl011",		&pl011_ops,		0, 4 },
	{ "arm,sbsa-uart",	&pl011_ops_sbsa,	0, 4 },
	{ "xlnx,xuartps",	&cadence_ops,		0, 4 },
	{ "xlnx,zynqmp-uart",	&cadence_ops,		0, 4 },
	{ "cdns,uart-r1p8",	&cadence_ops,		0, 4 },
	{ "cdns,uart-r1p12",	&cadence_ops,		0, 4 },
	{ "ns16550a",		&ns16550_ops,		0, 1 },
	{ "ns16550",		&ns16550_ops,		0, 1 },
	{ "ns16450",		&ns16550_ops,		0, 1 },
	{ "ns16850",		&ns16550_ops,		0, 1 },
	{ "fsl,ns16550",	&ns16550_ops,		0, 1 },
	{ "fsl,16550-FIFO64",	&ns16550_ops,		0, 1 },
	{ "snps,dw-apb-uart",	&ns16550_ops,		0, 1 },
	{ "brcm,bcm2835-aux-uart", &ns16550_ops,	2, 4 },
	{ "mediatek,mt6577-uart", &ns16550_ops,		2, 4 },
	{ "mrvl,mmp-uart",	&ns16550_ops,		2, 4 },
	{ "nvidia,tegra20-uart", &ns16550_ops,		2, 4 },
	{ "ti,am654-uart",	&ns16550_ops,		2, 4 },
	{ "ti,omap4-uart",	&ns16550_ops,		2, 4 },
};

static const struct driver *
uart_driver(const struct uart_desc *d)
{
	const char *s = d->compatible, *end;
	unsigned int i;

	/* The list names the most specific first. */
	for (end = s + d->compatible_len; s < end; s += strlen(s) + 1) {
		if (memchr(s, 0, (size_t)(end - s)) == NULL)
			break;
		for (i = 0; i < nitems(drivers); i++)
			if (strcmp(s, drivers[i].compatible) == 0)
				return (&drivers[i]);
	}
	return (NULL);
}

bool
uart_supported(const struct uart_desc *d)
{

	return (d->base.v != 0 && !d->big_endian && uart_driver(d) != NULL);
}

bool
uart_probe(struct uart *u, const struct uart_desc *d, uintptr_t base)
{
	const struct driver *v;

	*u = (struct uart){ 0 };
	if (!uart_supported(d))
		return (false);
	v = uart_driver(d);
	u->base = base;
	u->shift = d->reg_shift == UART_DEFAULT || v->ops != &ns16550_ops ?
	    v->shift : d->reg_shift;
	u->width = d->reg_io_width == UART_DEFAULT ? v->width :
	    d->reg_io_width;
	/* Registers closer than their width would be misaligned. */
	if ((base & (u->width - 1u)) != 0 ||
	    (v->ops == &ns16550_ops && u->width > 1u << u->shift))
		return (false);
	u->ops = v->ops;
	u->ops->init(u);
	return (true);
}

static bool
uart_is(const struct uart *u, const struct uart_state *s)
{

	return ((uart_io_read(u, u->ops->status << u->shift) & s->mask) ==
	    s->value);
}

static bool
uart_wait(struct uart *u, const struct uart_state *s)
{
	unsigned int tries = u->stuck ? 1 : TRIES;

	while (!uart_is(u, s))
		if (--tries == 0) {
			u->stuck = true;
			return (false);
		}
	u->stuck = false;
	return (true);
}

void
uart_putc(struct uart *u, char c)
{

	if (u->ops != NULL && uart_wait(u, &u->ops->room))
		uart_io_write(u, u->ops->data << u->shift, (uint8_t)c);
}

int
uart_getc(struct uart *u)
{

	if (u->ops == NULL || !uart_is(u, &u->ops->ready))
		return (-1);
	return (uart_io_read(u, u->ops->data << u->shift) & 0xff);
}

void
uart_rx_irq(struct uart *u, bool on)
{

	if (u->ops != NULL)
		u->ops->rx_irq(u, on);
}

void
uart_flush(struct uart *u)
{

	if (u->ops != NULL)
		(void)uart_wait(u, &u->ops->idle);
}
