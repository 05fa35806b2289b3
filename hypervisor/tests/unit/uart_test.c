/*
 * The console drivers against UARTs at register level: what is written is
 * what the manual asks for, at the right offsets and widths, and never what
 * firmware has set up. Over 500 lines because all drivers share one fake.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "uart/uart.h"
#include "uart/uart_io.h"

/* A UART: registers by offset, and what is behind the two data ends. */
static struct {
	uint32_t	reg[0x900];	/* by offset / stride */
	unsigned int	stride;		/* bytes between registers */
	unsigned int	width;		/* of every access */
	unsigned int	tx_reg, rx_reg;
	char		sent[64];
	unsigned int	nsent;
	const char	*input;		/* to be received */
	unsigned int	busy;		/* status reads until there is room */
	unsigned int	reads;
	uint32_t	(*status)(unsigned int r);
	void		(*written)(unsigned int r, uint32_t v);
	uint32_t	log_reg[16], log_value[16];
	unsigned int	nlog;
} f;

static struct uart u;

static unsigned int
fake_reg(const struct uart *v, unsigned int reg)
{
	unsigned int offset = reg << v->shift;

	ATF_REQUIRE_EQ(v->width == 0 ? 0 : 0x9000, v->base);
	ATF_REQUIRE_EQ(f.width, v->width);
	ATF_REQUIRE_EQ_MSG(0, offset % f.stride, "offset %#x", offset);
	ATF_REQUIRE(offset / f.stride < nitems(f.reg));
	return (offset / f.stride);
}

uint32_t
uart_io_read(const struct uart *v, unsigned int reg)
{
	unsigned int r = fake_reg(v, reg);

	f.reads++;
	if (r == f.rx_reg && f.input != NULL && *f.input != '\0')
		return ((uint8_t)*f.input++);
	return (f.status(r));
}

void
uart_io_write(const struct uart *v, unsigned int reg, uint32_t value)
{
	unsigned int r = fake_reg(v, reg);

	if (r == f.tx_reg) {
		ATF_REQUIRE_MSG(f.busy == 0, "sent without room");
		ATF_REQUIRE(f.nsent < sizeof(f.sent) - 1);
		f.sent[f.nsent++] = (char)value;
		return;
	}
	if (f.nlog < nitems(f.log_reg)) {
		f.log_reg[f.nlog] = r;
		f.log_value[f.nlog++] = value;
	}
	f.reg[r] = value;
	if (f.written != NULL)
		f.written(r, value);
}

/* Status with room after f.busy reads. */
static bool
room(void)
{

	if (f.busy != 0)
		f.busy--;
	return (f.busy == 0);
}

static bool
input(void)
{

	return (f.input != NULL && *f.input != '\0');
}

static struct uart_desc
desc(const char *compatible, uint8_t shift, uint8_t width)
{

	return ((struct uart_desc){ compatible,
	    (uint32_t)strlen(compatible) + 1, PA(0x9000), 0x1000, shift,
	    width, false });
}

static void
fake(unsigned int stride, unsigned int width, unsigned int tx,
    unsigned int rx, uint32_t (*status)(unsigned int r))
{

	memset(&f, 0, sizeof(f));
	f.stride = stride;
	f.width = width;
	f.tx_reg = tx;
	f.rx_reg = rx;
	f.status = status;
}

static uint32_t
logged(unsigned int reg)
{
	unsigned int i;

	for (i = f.nlog; i-- > 0;)
		if (f.log_reg[i] == reg)
			return (f.log_value[i]);
	atf_tc_fail("register %u was not written", reg);
}

static bool
touched(unsigned int reg)
{
	unsigned int i;

	for (i = 0; i < f.nlog; i++)
		if (f.log_reg[i] == reg)
			return (true);
	return (false);
}

/* What each driver must do, once it is probed. */
static void
talk(void)
{

	uart_putc(&u, 'a');
	f.busy = 5;
	uart_putc(&u, '\xe4');
	ATF_CHECK_STREQ("a\xe4", f.sent);
	ATF_CHECK_EQ(-1, uart_getc(&u));
	f.input = "x\xff";
	ATF_CHECK_EQ('x', uart_getc(&u));
	ATF_CHECK_EQ(0xff, uart_getc(&u));
	ATF_CHECK_EQ(-1, uart_getc(&u));
	f.busy = 7;
	uart_flush(&u);
	ATF_CHECK_EQ(0, f.busy);
}

/* PL011: FR is register 6, LCR_H 11, CR 12, IMSC 14, ICR 17. */
static uint32_t
pl011_status(unsigned int r)
{

	if (r != 6)
		return (f.reg[r]);
	return ((room() ? 0 : 1u << 5 | 1u << 3) | (input() ? 0 : 1u << 4));
}

ATF_TC_WITHOUT_HEAD(pl011);
ATF_TC_BODY(pl011, tc)
{
	struct uart_desc d = desc("arm,pl011", UART_DEFAULT, UART_DEFAULT);

	(void)tc;
	fake(4, 4, 0, 0, pl011_status);
	f.reg[12] = 0x4300;		/* off, RTS flow control as set */
	ATF_REQUIRE(uart_probe(&u, &d, 0x9000));
	ATF_CHECK_EQ(0x4301, logged(12));
	ATF_CHECK_EQ(0x70, logged(11));
	ATF_CHECK_EQ(0, logged(14));
	ATF_CHECK_EQ(0x7ff, logged(17));
	ATF_CHECK(!touched(9) && !touched(10));
	talk();
	uart_rx_irq(&u, true);
	ATF_CHECK_EQ(0x50, f.reg[14]);
	ATF_CHECK_EQ(0x50, f.reg[17]);
	uart_rx_irq(&u, false);
	ATF_CHECK_EQ(0, f.reg[14]);

	/* Running: its line format is firmware's. */
	fake(4, 4, 0, 0, pl011_status);
	f.reg[12] = 0x101;
	ATF_REQUIRE(uart_probe(&u, &d, 0x9000));
	ATF_CHECK_EQ(0x301, logged(12));
	ATF_CHECK(!touched(11));
}

ATF_TC_WITHOUT_HEAD(sbsa);
ATF_TC_BODY(sbsa, tc)
{
	struct uart_desc d = desc("arm,sbsa-uart", UART_DEFAULT, UART_DEFAULT);

	(void)tc;
	fake(4, 4, 0, 0, pl011_status);
	ATF_REQUIRE(uart_probe(&u, &d, 0x9000));
	ATF_CHECK(!touched(11) && !touched(12));
	talk();
}

/* 16550: IER 1, FCR 2, LCR 3, MCR 4, LSR 5. */
static uint32_t
ns16550_status(unsigned int r)
{

	if (r == 5)
		return ((room() ? 0x60u : 0) | (input() ? 1 : 0));
	if (r == 2)
		return (1);		/* IIR: none */
	return (f.reg[r]);
}

ATF_TC_WITHOUT_HEAD(ns16550);
ATF_TC_BODY(ns16550, tc)
{
	static const struct {
		uint8_t	shift, width;
		bool	good;
	} forms[] = {
		{ 0, 1, true }, { 1, 1, true }, { 2, 1, true },
		{ 2, 2, true }, { 2, 4, true }, { 3, 4, true },
		{ 1, 2, true }, { 4, 4, true }, { 0, 2, false },
		{ 0, 4, false }, { 1, 4, false },
	};
	unsigned int i;
	struct uart_desc d;

	(void)tc;
	for (i = 0; i < nitems(forms); i++) {
		fake(1u << forms[i].shift, forms[i].width, 0, 0,
		    ns16550_status);
		f.reg[1] = 0x4f;	/* PXA: bit 6 is the unit's enable */
		f.reg[3] = 0x83;	/* divisor visible */
		d = desc("ns16550a", forms[i].shift, forms[i].width);
		ATF_CHECK_EQ_MSG(forms[i].good, uart_probe(&u, &d, 0x9000),
		    "shift %u width %u", forms[i].shift, forms[i].width);
		if (!forms[i].good)
			continue;
		ATF_CHECK_EQ(0, f.nsent);	/* nor was the divisor */
		ATF_CHECK_EQ(0x03, logged(3));
		ATF_CHECK_EQ(3, f.log_reg[0]);
		ATF_CHECK_EQ(0x40, logged(1));
		ATF_CHECK_EQ(1, logged(2));
		ATF_CHECK_EQ(0x0b, logged(4));
		talk();
		uart_rx_irq(&u, true);
		ATF_CHECK_EQ(0x41, f.reg[1]);
		uart_rx_irq(&u, false);
		ATF_CHECK_EQ(0x40, f.reg[1]);
	}
}

/* DesignWare: a time-out interrupt with nothing there; one read ends it. */
static uint32_t
dw_status(unsigned int r)
{

	if (r == 2)
		return (f.reg[0] == 0 ? 0xc : 1);
	if (r == 0)
		f.reg[0] = 1;
	return (r == 5 ? 0x60 : f.reg[r]);
}

ATF_TC_WITHOUT_HEAD(dw_timeout);
ATF_TC_BODY(dw_timeout, tc)
{
	struct uart_desc d = desc("snps,dw-apb-uart", 2, 4);

	(void)tc;
	fake(4, 4, 99, 99, dw_status);
	ATF_REQUIRE(uart_probe(&u, &d, 0x9000));
	uart_rx_irq(&u, true);
	ATF_CHECK_EQ(1, f.reg[0]);
}

/* Cadence: CR 0, IER 2, IDR 3, ISR 5, RXWM 8, SR 11, FIFO 12. */
static uint32_t
cadence_status(unsigned int r)
{

	if (r != 11)
		return (f.reg[r]);
	return ((room() ? 1u << 3 : 1u << 4 | 1u << 11) |
	    (input() ? 0 : 1u << 1));
}

ATF_TC_WITHOUT_HEAD(cadence);
ATF_TC_BODY(cadence, tc)
{
	struct uart_desc d = desc("xlnx,zynqmp-uart", UART_DEFAULT,
	    UART_DEFAULT);

	(void)tc;
	fake(4, 4, 12, 12, cadence_status);
	f.reg[0] = 0x12b;		/* stopped, resets, a break to keep */
	ATF_REQUIRE(uart_probe(&u, &d, 0x9000));
	ATF_CHECK_EQ(0x114, logged(0));
	ATF_CHECK_EQ(0x1fff, logged(3));
	ATF_CHECK(!touched(1) && !touched(6));
	talk();
	f.nlog = 0;
	uart_rx_irq(&u, true);
	ATF_CHECK_EQ(1, logged(8));
	ATF_CHECK_EQ(1, logged(2));
	ATF_CHECK_EQ(0x1fff, logged(5));
	f.nlog = 0;
	uart_rx_irq(&u, false);
	ATF_CHECK(!touched(2));
	ATF_CHECK_EQ(0x1fff, logged(3));
}

/*
 * The others say where their flags are, and are fakes of that: bit masks by
 * the manuals that the drivers cite. `on`: set when there is room, input;
 * `off`: set when there is none, or something is still to be sent.
 */
static const struct other {
	const char	*compatible;
	unsigned int	stride, tx, rx, room_reg, got_reg, irq_reg;
	uint32_t	room_on, room_off, got_on, got_off, irq;
} others[] = {
	{ "amlogic,meson-gx-uart", 4, 0, 1, 3, 3, 2,
	    1u << 22, 1u << 21 | 1u << 25, 0, 1u << 20, 1u << 27 },
	{ "fsl,imx8mm-uart\0fsl,imx6q-uart", 4, 16, 0, 0xb4 / 4, 0x98 / 4,
	    0x80 / 4, 1u << 6, 1u << 4, 1, 0, 1u << 9 },
	{ "fsl,imx8qxp-lpuart", 4, 7, 7, 5, 5, 6,
	    1u << 23 | 1u << 22, 0, 1u << 21, 0, 1u << 21 },
	{ "marvell,armada-3700-uart", 4, 1, 0, 3, 3, 2,
	    1u << 6, 1u << 11, 1u << 4, 0, 1u << 4 },
	{ "qcom,geni-debug-uart", 4, 0x700 / 4, 0x780 / 4, 0x40 / 4,
	    0x804 / 4, 0x644 / 4, 0, 1, 2, 0, 3u << 26 },
	{ "qcom,msm-uartdm-v1.4", 4, 0x100 / 4, 0x140 / 4, 0xa4 / 4,
	    0xa4 / 4, 0xb0 / 4, 1u << 3, 0, 1, 0, 3u << 3 },
	{ "renesas,rcar-gen3-scif", 2, 6, 10, 8, 8, 4,
	    0x60, 0, 2, 0, 0x40 },
};
static const struct other *other;

static uint32_t
other_status(unsigned int r)
{
	uint32_t v = f.reg[r];

	if (r == other->room_reg) {
		v &= ~(other->room_on | other->room_off);
		v |= room() ? other->room_on : other->room_off;
	}
	/* i.MX has the end of a transmission with the received flag. */
	if (r == other->got_reg) {
		v &= ~(other->got_on | other->got_off);
		v |= input() ? other->got_on : other->got_off;
		if (other->got_reg != other->room_reg && other->got_on == 1)
			v |= 1u << 3;
	}
	return (v);
}

ATF_TC_WITHOUT_HEAD(others_talk);
ATF_TC_BODY(others_talk, tc)
{
	struct uart_desc d;
	unsigned int i;

	(void)tc;
	for (i = 0; i < nitems(others); i++) {
		other = &others[i];
		d = desc(other->compatible, UART_DEFAULT, UART_DEFAULT);
		if (strcmp(other->compatible, "fsl,imx8mm-uart") == 0)
			d.compatible_len = sizeof("fsl,imx8mm-uart\0"
			    "fsl,imx6q-uart");
		fake(other->stride, other->stride, other->tx, other->rx,
		    other_status);
		ATF_REQUIRE_MSG(uart_probe(&u, &d, 0x9000), "%s",
		    other->compatible);
		talk();
		uart_rx_irq(&u, true);
		ATF_CHECK_EQ_MSG(other->irq, f.reg[other->irq_reg] &
		    other->irq, "%s: %#x", other->compatible,
		    f.reg[other->irq_reg]);
		uart_rx_irq(&u, false);
		ATF_CHECK_EQ_MSG(0, f.reg[other->irq_reg] & other->irq,
		    "%s: %#x", other->compatible, f.reg[other->irq_reg]);
	}
}

/* Each character is a transfer of its own. */
ATF_TC_WITHOUT_HEAD(transfers);
ATF_TC_BODY(transfers, tc)
{
	struct uart_desc d;

	(void)tc;
	other = &others[4];
	d = desc(other->compatible, UART_DEFAULT, UART_DEFAULT);
	fake(4, 4, other->tx, other->rx, other_status);
	ATF_REQUIRE(uart_probe(&u, &d, 0x9000));
	f.nlog = 0;
	uart_putc(&u, 'a');
	ATF_CHECK_EQ(1, logged(0x270 / 4));
	ATF_CHECK_EQ(1u << 27, logged(0x600 / 4));

	other = &others[5];
	d = desc(other->compatible, UART_DEFAULT, UART_DEFAULT);
	fake(4, 4, other->tx, other->rx, other_status);
	ATF_REQUIRE(uart_probe(&u, &d, 0x9000));
	f.nlog = 0;
	uart_putc(&u, 'a');
	ATF_CHECK_EQ(1, logged(0x40 / 4));
}

/* One that never has room costs one long wait, and is back when it has. */
ATF_TC_WITHOUT_HEAD(stuck);
ATF_TC_BODY(stuck, tc)
{
	struct uart_desc d = desc("arm,pl011", UART_DEFAULT, UART_DEFAULT);
	unsigned int first;

	(void)tc;
	fake(4, 4, 0, 0, pl011_status);
	ATF_REQUIRE(uart_probe(&u, &d, 0x9000));
	f.busy = ~0u;
	f.reads = 0;
	uart_putc(&u, 'a');
	first = f.reads;
	ATF_CHECK(first > 1000);
	uart_putc(&u, 'b');
	ATF_CHECK_EQ(first + 1, f.reads);
	ATF_CHECK_EQ(0, f.nsent);
	f.busy = 0;
	uart_putc(&u, 'c');
	ATF_CHECK_STREQ("c", f.sent);
}

/* The DCC: where no driver fits. Status 0, data 1. */
static uint32_t
dcc_status(unsigned int r)
{

	return (r != 0 ? f.reg[r] : (room() ? 0 : 1u << 29) |
	    (input() ? 1u << 30 : 0));
}

ATF_TC_WITHOUT_HEAD(last_resort);
ATF_TC_BODY(last_resort, tc)
{
	struct uart_desc d = desc("none,such", 0, 1);

	(void)tc;
	fake(1, 0, 1, 1, dcc_status);
	ATF_CHECK(!uart_probe(&u, &d, 0x9000));
	talk();
	/* It has no interrupt. */
	f.reads = 0;
	uart_rx_irq(&u, true);
	ATF_CHECK_EQ(0, f.reads);
	ATF_CHECK_EQ(0, f.nlog);
	/* Nor after a driver that does not fit. */
	fake(1, 0, 1, 1, dcc_status);
	d = desc("ns16550a", 0, 4);
	ATF_CHECK(!uart_probe(&u, &d, 0x9000));
	talk();
}

ATF_TC_WITHOUT_HEAD(probe);
ATF_TC_BODY(probe, tc)
{
	static const char list[] = "vendor,new\0fsl,x\0snps,dw-apb-uart";
	struct uart_desc d = desc("none,such", 0, 1);

	(void)tc;
	ATF_CHECK(!uart_supported(&d));
	/* Not yet probed: harmless. */
	u = (struct uart){ 0 };
	uart_putc(&u, 'x');
	uart_rx_irq(&u, true);
	uart_flush(&u);
	ATF_CHECK_EQ(-1, uart_getc(&u));

	d.compatible = list;
	d.compatible_len = sizeof(list);
	ATF_CHECK(uart_supported(&d));
	d.compatible_len = sizeof(list) - 1;	/* not terminated */
	ATF_CHECK(!uart_supported(&d));
	d.compatible_len = sizeof(list);
	d.big_endian = true;
	ATF_CHECK(!uart_supported(&d));
	d.big_endian = false;
	d.base = PA(0);
	ATF_CHECK(!uart_supported(&d));

	/* What the tree leaves out is the driver's default. */
	d = desc("brcm,bcm2835-aux-uart", UART_DEFAULT, UART_DEFAULT);
	fake(4, 4, 0, 0, ns16550_status);
	ATF_CHECK(uart_probe(&u, &d, 0x9000));
	ATF_CHECK_EQ(2, u.shift);
	ATF_CHECK(!uart_probe(&u, &d, 0x9002));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, pl011);
	ATF_TP_ADD_TC(tp, sbsa);
	ATF_TP_ADD_TC(tp, ns16550);
	ATF_TP_ADD_TC(tp, dw_timeout);
	ATF_TP_ADD_TC(tp, cadence);
	ATF_TP_ADD_TC(tp, others_talk);
	ATF_TP_ADD_TC(tp, transfers);
	ATF_TP_ADD_TC(tp, stuck);
	ATF_TP_ADD_TC(tp, last_resort);
	ATF_TP_ADD_TC(tp, probe);
	return (atf_no_error());
}
