/*
 * Input of the shared console: no character is lost, whenever it comes, and
 * a guest that does not read has nobody interrupted. Output: a VM that says too
 * much waits, and the others are heard.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "vmm/console.c"

/* Registers of the guest's UART (DDI 0183G, 3.2). */
#define	DR		0
#define	FR		0x18
#define	LCR_H		0x2c
#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

static struct vm guest;

/* A UART as QEMU's PL011: its interrupt is of the first character only. */
static struct {
	unsigned int	sent, in, out;	/* characters, counted up */
	bool		pending, listening;
	unsigned int	late;		/* come when we have seen it empty */
} uart;

static bool again;		/* sched_soon() was called */

void
sched_soon(void)
{

	again = true;
}

static bool
uart_input(struct vm *vm, char c)
{

	return (vpl011_input(&vm->uart, c));
}

unsigned int vm_count;

struct vm *
vm_by_index(unsigned int i)
{

	return (i == 0 ? &guest : NULL);
}

static void
type(unsigned int n)
{

	for (; n > 0; n--)
		if (uart.in++ == uart.out)
			uart.pending = true;
}

static unsigned int put_out;

static void
uart_put(struct uart *u, char c)
{

	(void)u;
	(void)c;
	put_out++;
}

static int
uart_get(struct uart *u)
{

	(void)u;
	if (uart.in == uart.out) {
		type(uart.late);
		uart.late = 0;
		return (-1);
	}
	int c = (int)(uart.out++ & 0x7f) | 0x80;
	if (uart.in == uart.out)
		uart.pending = false;
	return (c);
}

static void
uart_listen(struct uart *u, bool on)
{

	(void)u;
	uart.pending = false;
	uart.listening = on;
}

static bool
nothing_sent(void *ctx, char c)
{

	(void)ctx;
	(void)c;
	return (true);
}

static void
no_line(void *ctx, unsigned int intid, bool level)
{

	(void)intid;
	(void)ctx;
	(void)level;
}

static void
begin(void)
{
	static const struct console_ops ops = {
		uart_put, uart_get, uart_listen
	};
	static const struct vpl011_ops guest_ops = { nothing_sent, no_line,
	    33 };

	console_init(&ops, NULL);
	uart_listen(NULL, true);
	guest.state = VM_RUNNING;
	vpl011_init(&guest.uart, &guest_ops, NULL);
	guest.input = uart_input;
	struct mmio m = { .offset = LCR_H, .write = true, .size = 4,
	    .value = 1u << 4 };	/* FIFOs on */
	vpl011_mmio(&guest.uart, 0, &m);
}

/* The guest reads what its UART has: so many. */
static unsigned int
guest_reads(unsigned int next)
{
	unsigned int n = 0;
	struct mmio m;

	for (;; n++) {
		m = (struct mmio){ .offset = FR, .size = 4 };
		vpl011_mmio(&guest.uart, 0, &m);
		if ((m.value & 1u << 4) != 0)
			return (n);
		m = (struct mmio){ .offset = DR, .size = 4 };
		vpl011_mmio(&guest.uart, 0, &m);
		ATF_REQUIRE_EQ(((next + n) & 0x7f) | 0x80, m.value);
	}
}

CASE(late_character_interrupts)
{

	begin();
	type(3);
	uart.late = 1;
	console_pump();
	ATF_CHECK(uart.pending && uart.listening);
	console_pump();
	ATF_CHECK_EQ(4, guest_reads(0));
}

CASE(unread_input_waits_quietly)
{
	unsigned int got = 0, turns = 0;

	begin();
	type(2000);
	console_pump();
	ATF_CHECK(!uart.listening && console_backlog());
	for (; console_backlog() && turns < 1000; turns++) {
		ATF_REQUIRE(again);	/* nothing else would call us */
		again = false;
		got += guest_reads(got);
		console_pump();
	}
	got += guest_reads(got);
	ATF_CHECK_EQ(2000, got);
	ATF_CHECK(uart.listening && !uart.pending && !again);
}

/* How many characters it may say now, at most so many. */
static unsigned int
says(struct vm *vm, unsigned int most)
{
	unsigned int n = 0;

	while (n < most && console_vm_put(vm, n % 64 == 63 ? '\n' : 'x'))
		n++;
	return (n);
}

CASE(nobody_drowns_the_others)
{
	static struct vm other;
	unsigned int n;

	begin();
	fake_counter = 5;
	vm_count = 1;
	/* Alone it says what it likes. */
	ATF_CHECK_EQ(1000000, says(&guest, 1000000));
	vm_count = 2;
	n = says(&guest, 1000000);
	ATF_CHECK_MSG(n >= FLOOD_BURST && n <= FLOOD_BURST + 9, "%u", n);
	ATF_CHECK_EQ(0, says(&guest, 1));
	ATF_CHECK(!flood_pay(&guest, 64));
	n = put_out;
	ATF_CHECK_EQ(64, says(&other, 64));
	ATF_CHECK(put_out > n);
	/* Asking costs nothing; a second is worth so many. */
	fake_counter += port_counter_hz();
	n = says(&guest, 1000000);
	ATF_CHECK_MSG(n >= FLOOD_RATE && n <= FLOOD_RATE + 1, "%u", n);
	/* Silence saves up no more than the burst. */
	fake_counter += 1000ull * port_counter_hz();
	ATF_CHECK(flood_pay(&guest, 64));
	n = says(&guest, 1000000);
	ATF_CHECK_MSG(n <= FLOOD_BURST && n >= FLOOD_BURST - 64, "%u", n);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, late_character_interrupts);
	ATF_TP_ADD_TC(tp, unread_input_waits_quietly);
	ATF_TP_ADD_TC(tp, nobody_drowns_the_others);
	return (atf_no_error());
}
