/*
 * uart: the PL011 that is also the console (DDI 0183): what it does with
 * its registers, its FIFOs in loop-back, its interrupts. A case that fails
 * prints by the same UART: what it needs for that is put back first.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	DR		0x00
#define	RSR		0x04
#define	FR		0x18
#define	IBRD		0x24
#define	FBRD		0x28
#define	LCR_H		0x2c
#define	CR		0x30
#define	IFLS		0x34
#define	IMSC		0x38
#define	RIS		0x3c
#define	MIS		0x40
#define	ICR		0x44
#define	ID		0xfe0

#define	FR_RXFE		(1u << 4)
#define	FR_TXFF		(1u << 5)
#define	FR_RXFF		(1u << 6)
#define	FR_TXFE		(1u << 7)
#define	LCR_FEN		(1u << 4)	/* FIFOs */
#define	CR_LBE		(1u << 7)	/* loop-back */
#define	INT_RX		(1u << 4)
#define	INT_TX		(1u << 5)
#define	INT_RT		(1u << 6)	/* received, then silence */
#define	INT_OE		(1u << 10)	/* overrun */
#define	INT_ALL		0x7ffu

static volatile uint32_t interrupts;
static uint32_t old_cr, old_lcr;

static uint32_t
get(uint32_t reg)
{

	return (mmio_read(machine.uart_base + reg));
}

static void
set(uint32_t reg, uint32_t v)
{

	mmio_write(machine.uart_base + reg, v);
}

static void
drained(void)
{
	uint64_t start = counter();

	while ((get(FR) & FR_TXFE) == 0 && counter() - start < counter_hz())
		;
}

/* From here on what is sent is received, and the console is mute. */
static void
loop_begin(bool fifo)
{

	drained();
	old_cr = get(CR);
	old_lcr = get(LCR_H);
	set(LCR_H, (old_lcr & ~LCR_FEN) | (fifo ? LCR_FEN : 0));
	set(CR, old_cr | CR_LBE);
	while ((get(FR) & FR_RXFE) == 0)
		get(DR);
	set(ICR, INT_ALL);
}

static void
loop_end(void)
{

	while ((get(FR) & FR_RXFE) == 0)
		get(DR);
	set(IMSC, 0);
	set(CR, old_cr);
	set(LCR_H, old_lcr);
	set(ICR, INT_ALL);
}

/* Some models have no loop-back: ask for one character. */
static void
need_loop(void)
{
	bool heard = false;
	uint64_t start;

	loop_begin(true);
	set(DR, ' ');
	for (start = counter(); !heard && counter() - start <
	    counter_hz() / 100;)
		heard = (get(FR) & FR_RXFE) == 0;
	loop_end();
	if (!heard) {
		CHECK(!machine.apiary);
		case_skip("this PL011 has no loop-back");
	}
}

static void
on_interrupt(uint32_t intid)
{

	if (intid != machine.uart_intid)
		return;
	interrupts++;
	set(IMSC, 0);			/* the line falls */
}

static void
identity(void)
{
	static const uint8_t cell[] = { 0x0d, 0xf0, 0x05, 0xb1 };
	unsigned int i;

	CHECK_EQ(get(ID) & 0xff, 0x11);
	CHECK_EQ(get(ID + 4) & 0xff, 0x10);
	CHECK_EQ(get(ID + 8) & 0xf, 0x4);	/* above: the revision */
	for (i = 0; i < nitems(cell); i++)
		CHECK_EQ(get(ID + 0x10 + 4 * i) & 0xff, cell[i]);
}

static void
registers(void)
{
	uint32_t ibrd = get(IBRD), fbrd = get(FBRD), ifls = get(IFLS);
	uint32_t v[4];

	drained();
	set(IBRD, 0x1234);
	set(FBRD, 0x2a);
	set(IFLS, 0x0c);
	set(IMSC, 0x550 & ~INT_TX);
	v[0] = get(IBRD);
	v[1] = get(FBRD);
	v[2] = get(IFLS);
	v[3] = get(IMSC);
	set(IMSC, 0);
	set(IFLS, ifls);
	set(FBRD, fbrd);
	set(IBRD, ibrd);
	CHECK_EQ(v[0], 0x1234);
	CHECK_EQ(v[1], 0x2a);
	CHECK_EQ(v[2], 0x0c);
	CHECK_EQ(v[3], 0x550 & ~INT_TX);
	CHECK_EQ(get(IMSC), 0);
}

static void
flags_idle(void)
{

	drained();
	CHECK(get(FR) & FR_TXFE);
	CHECK((get(FR) & FR_TXFF) == 0);
}

/* Registers are read by bytes and halfwords too; a hole reads as zero. */
static void
widths(void)
{
	uint32_t byte, half, hole;
	uint64_t base = machine.uart_base;

	__asm__ volatile("ldrb %w0, [%1]" : "=r" (byte) : "r" (base + ID));
	__asm__ volatile("ldrh %w0, [%1]" : "=r" (half) : "r" (base + ID));
	__asm__ volatile("ldr %w0, [%1]" : "=r" (hole) : "r" (base + 0x800));
	CHECK_EQ(byte, 0x11);
	CHECK_EQ(half, 0x11);
	CHECK_EQ(hole, 0);
}

static void
loop_back(void)
{
	unsigned int i, wrong = 0;
	uint32_t empty, fr;

	need_loop();
	loop_begin(true);
	empty = get(FR) & FR_RXFE;
	for (i = 0; i < 16; i++)
		set(DR, 0x40 + i);
	drained();
	for (i = 0; i < 16; i++)
		wrong += (get(DR) & 0xff) != 0x40 + i;
	fr = get(FR);
	loop_end();
	CHECK_EQ(empty, FR_RXFE);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(fr & FR_RXFE, FR_RXFE);
}

/* Without FIFOs one character is held, and the next is lost and told. */
static void
overrun(void)
{
	uint32_t full, ris, first;

	need_loop();
	loop_begin(false);
	set(DR, 'a');
	drained();
	full = get(FR) & FR_RXFF;
	set(DR, 'b');
	drained();
	ris = get(RIS);
	first = get(DR) & 0xff;
	loop_end();
	CHECK_EQ(full, FR_RXFF);
	CHECK_EQ(ris & INT_OE, INT_OE);
	CHECK_EQ(first, 'a');
}

static void
rx_interrupt(void)
{
	uint32_t ris;
	bool came;

	need_loop();
	interrupts = 0;
	irq_handler(on_interrupt);
	gic_route(machine.uart_intid, 0);
	gic_enable(machine.uart_intid);
	loop_begin(false);
	set(IMSC, INT_RX);
	set(DR, 'x');
	came = wait_irq(&interrupts, 100000);
	ris = get(RIS);
	get(DR);
	ris &= ~get(RIS);
	loop_end();
	CHECK(came);
	CHECK_EQ(interrupts, 1);
	/* Reading takes the cause away. */
	CHECK(ris & INT_RX);
}

static void
tx_interrupt(void)
{

	interrupts = 0;
	irq_handler(on_interrupt);
	drained();
	set(ICR, INT_ALL);
	gic_route(machine.uart_intid, 0);
	gic_enable(machine.uart_intid);
	set(IMSC, INT_TX);
	/* Through the FIFO's trigger level once at least. */
	print("%s\n", "................................................");
	CHECK(wait_irq(&interrupts, 100000));
	CHECK_EQ(interrupts, 1);
	CHECK(get(RIS) & INT_TX);
	CHECK_EQ(get(MIS), 0);
	set(ICR, INT_TX);
	CHECK_EQ(get(RIS) & INT_TX, 0);
}

/* As long as the cause stays, so does the line: taken again and again. */
static volatile uint32_t takes;

static void
on_third(uint32_t intid)
{

	if (intid == machine.uart_intid && ++takes == 3) {
		set(ICR, INT_TX);
		interrupts = 1;
	}
}

static void
level_stays(void)
{

	interrupts = takes = 0;
	irq_handler(on_third);
	drained();
	set(ICR, INT_ALL);
	gic_route(machine.uart_intid, 0);
	gic_enable(machine.uart_intid);
	set(IMSC, INT_TX);
	print("%s\n", "................................................");
	CHECK(wait_irq(&interrupts, 100000));
	irq_on();
	delay_us(100);
	irq_off();
	set(IMSC, 0);
	CHECK_EQ(takes, 3);
}

static void
masked(void)
{

	interrupts = 0;
	irq_handler(on_interrupt);
	set(IMSC, 0);
	gic_route(machine.uart_intid, 0);
	gic_enable(machine.uart_intid);
	irq_on();
	print("%s\n", "................................................");
	drained();
	delay_us(1000);
	irq_off();
	CHECK_EQ(interrupts, 0);
	CHECK(!gic_pending(machine.uart_intid));
}

static char typed[64];
static volatile uint32_t ntyped;
static volatile bool line_end;

static void
on_key(uint32_t intid)
{
	char c;

	(void)intid;
	set(ICR, INT_RX | INT_RT);	/* before: what comes after is kept */
	while (!line_end && (get(FR) & FR_RXFE) == 0) {
		c = (char)get(DR);
		if (c == '\r' || c == '\n')
			line_end = true;
		else if (ntyped < sizeof(typed) - 1)
			typed[ntyped++] = c;
	}
	if (line_end)
		set(IMSC, 0);		/* the next line stays in the FIFO */
}

/* Says what is typed, line by line, until "bye": somebody must do it. */
static void
echo(void)
{
	char unused[8];

	if (!machine_arg("echo", unused, sizeof(unused)))
		case_skip("for somebody who types: boot argument echo");
	irq_handler(on_key);
	gic_route(machine.uart_intid, 0);
	gic_enable(machine.uart_intid);
	print("listens\n");
	do {
		memset(typed, 0, sizeof(typed));
		ntyped = 0;
		line_end = false;
		on_key(0);		/* what is there already */
		if (!line_end)
			set(IMSC, INT_RX | INT_RT);
		while (!line_end) {
			wfi();
			irq_on();
			irq_off();
		}
		print("heard %s\n", typed);
	} while (strcmp(typed, "bye") != 0);
}

const char guest_name[] = "uart";
const struct guest_case guest_cases[] = {
	{ "identity", identity, 0, NEED_UART },
	{ "registers", registers, 0, NEED_UART },
	{ "flags_idle", flags_idle, 0, NEED_UART },
	{ "widths", widths, 0, NEED_UART },
	{ "loop_back", loop_back, 0, NEED_UART },
	{ "overrun", overrun, 0, NEED_UART },
	{ "rx_interrupt", rx_interrupt, 0, NEED_UART },
	{ "tx_interrupt", tx_interrupt, 0, NEED_UART },
	{ "level_stays", level_stays, 0, NEED_UART },
	{ "masked", masked, 0, NEED_UART },
	{ "echo", echo, 0, NEED_UART },
	{ NULL, NULL, 0, 0 }
};
