/*
 * Which driver serves which UART, and how to go by what it says; see uart.h.
 * A new driver is one file and its rows here. Knows no register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/string.h"
#include "uart/drivers.h"

/*
 * Long enough for the slowest character in use (1200 baud: 8 ms) at any
 * speed of device reads; a UART that is held by flow control or has lost
 * its clock costs this once, not once a character.
 */
#define	TRIES		1000000

static const struct driver {
	const char	*compatible;
	const struct uart_type *type;
	uint8_t		shift, width;	/* where the tree does not say */
} drivers[] = {
	{ "arm,pl011",		&pl011,		0, 4 },
	{ "arm,sbsa-uart",	&pl011_sbsa,	0, 4 },
	{ "xlnx,xuartps",	&cadence,	0, 4 },
	{ "xlnx,zynqmp-uart",	&cadence,	0, 4 },
	{ "cdns,uart-r1p8",	&cadence,	0, 4 },
	{ "cdns,uart-r1p12",	&cadence,	0, 4 },
	{ "ns16550a",		&ns16550,	0, 1 },
	{ "ns16550",		&ns16550,	0, 1 },
	{ "ns16450",		&ns16550,	0, 1 },
	{ "ns16850",		&ns16550,	0, 1 },
	{ "fsl,ns16550",	&ns16550,	0, 1 },
	{ "fsl,16550-FIFO64",	&ns16550,	0, 1 },
	{ "snps,dw-apb-uart",	&ns16550,	0, 1 },
	{ "brcm,bcm2835-aux-uart", &ns16550,	2, 4 },
	{ "mediatek,mt6577-uart", &ns16550,	2, 4 },
	{ "mrvl,mmp-uart",	&ns16550,	2, 4 },
	{ "nvidia,tegra20-uart", &ns16550,	2, 4 },
	{ "ti,am654-uart",	&ns16550,	2, 4 },
	{ "ti,omap4-uart",	&ns16550,	2, 4 },
	{ "amlogic,meson-gx-uart", &meson,	0, 4 },
	{ "amlogic,meson-s4-uart", &meson,	0, 4 },
	{ "fsl,imx6q-uart",	&imx,		0, 4 },
	{ "fsl,imx7ulp-lpuart",	&lpuart,	0, 4 },
	{ "fsl,imx8qxp-lpuart",	&lpuart,	0, 4 },
	{ "marvell,armada-3700-uart", &mvebu,	0, 4 },
	{ "qcom,geni-debug-uart", &geni,	0, 4 },
	{ "qcom,geni-uart",	&geni,		0, 4 },
	{ "qcom,msm-uartdm-v1.4", &msm,		0, 4 },
	{ "renesas,rcar-gen3-scif", &scif,	0, 2 },
};

static const struct driver *
uart_driver(const struct uart_desc *d)
{
	const char *s = d->compatible;

	/* The list names the most specific first. */
	for (const char *end = s + d->compatible_len; s < end;
	    s += strlen(s) + 1) {
		if (memchr(s, 0, (size_t)(end - s)) == NULL)
			break;
		for (unsigned int i = 0; i < nitems(drivers); i++)
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
	struct uart w = { .base = base };

	*u = (struct uart){ .type = &dcc };
	if (!uart_supported(d))
		return (false);
	v = uart_driver(d);
	w.type = v->type;
	w.shift = d->reg_shift == UART_DEFAULT || v->type != &ns16550 ?
	    v->shift : d->reg_shift;
	w.width = d->reg_io_width == UART_DEFAULT ? v->width : d->reg_io_width;
	/* Registers closer than their width would be misaligned. */
	if ((base & (w.width - 1u)) != 0 ||
	    (v->type == &ns16550 && w.width > 1u << w.shift))
		return (false);
	*u = w;
	if (u->type->init != NULL)
		u->type->init(u);
	return (true);
}

void
uart_change(struct uart *u, unsigned int reg, uint32_t off, uint32_t on)
{

	uart_io_write(u, reg, (uart_io_read(u, reg) & ~off) | on);
}

static bool
is(struct uart *u, const struct uart_flag *f)
{

	return (((uart_io_read(u, f->reg) & f->bits) != 0) == f->set);
}

static bool
await(struct uart *u, const struct uart_flag *f)
{
	unsigned int tries = u->stuck ? 1 : TRIES;

	while (!is(u, f))
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
	const struct uart_type *t = u->type;

	if (t == NULL || !await(u, &t->room))
		return;
	if (t->send != NULL)
		t->send(u);
	uart_io_write(u, t->tx, (uint8_t)c);
	if (t->sent != NULL)
		t->sent(u);
}

int
uart_getc(struct uart *u)
{
	const struct uart_type *t = u->type;
	int c;

	if (t == NULL || !is(u, &t->got))
		return (-1);
	c = (int)(uart_io_read(u, t->rx) & 0xff);
	if (t->taken != NULL)
		t->taken(u);
	return (c);
}

void
uart_rx_irq(struct uart *u, bool on)
{
	const struct uart_type *t = u->type;

	if (t == NULL)
		return;
	if (t->rx_irq != NULL)
		t->rx_irq(u, on);
	if (t->irq_bits != 0)
		uart_change(u, t->irq, t->irq_bits, on ? t->irq_bits : 0);
}

void
uart_flush(struct uart *u)
{

	if (u->type != NULL && await(u, &u->type->empty))
		(void)await(u, &u->type->idle);
}
