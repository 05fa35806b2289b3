/*
 * Lines and records on the console, whole ones even when several CPUs print.
 * Must not know UARTs (console.c).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

static uint32_t lock;
static bool summing;			/* what is printed is a record */
static uint32_t sum = ~0u;
static unsigned int records;

static void
put(char c)
{

	if (summing)
		sum = crc32_add(sum, c);
	console_put(c);
}

static void
number(uint64_t v, unsigned int base, int width, char pad, bool alt)
{
	char digits[24];
	int n = 0;

	do
		digits[n++] = "0123456789abcdef"[v % base];
	while ((v /= base) != 0);
	if (alt && base == 16) {
		put('0');
		put('x');
		width -= 2;
	}
	for (; width > n; width--)
		put(pad);
	while (n > 0)
		put(digits[--n]);
}

static void
string(const char *s, int width)
{

	for (; *s != '\0'; s++, width--)
		put(*s);
	for (; width > 0; width--)
		put(' ');
}

/* %c %s %d %u %x %p, #, 0, width, -, l, ll, z. */
static void
format(const char *fmt, va_list ap)
{

	for (; *fmt != '\0'; fmt++) {
		bool alt = false, wide = false;
		char pad = ' ';
		int width = 0;
		uint64_t v;

		if (*fmt != '%') {
			put(*fmt);
			continue;
		}
		for (fmt++; *fmt == '#' || *fmt == '0' || *fmt == '-'; fmt++) {
			alt |= *fmt == '#';
			if (*fmt == '0')
				pad = '0';
		}
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + *fmt - '0';
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			wide = true;
		switch (*fmt) {
		case 'c':
			put((char)va_arg(ap, int));
			break;
		case 's':
			string(va_arg(ap, const char *), width);
			break;
		case 'd':
			v = wide ? va_arg(ap, uint64_t) :
			    (uint64_t)va_arg(ap, int);
			if ((int64_t)v < 0) {
				put('-');
				v = -v;
			}
			number(v, 10, width, pad, false);
			break;
		case 'u':
		case 'x':
			v = wide ? va_arg(ap, uint64_t) :
			    va_arg(ap, unsigned int);
			number(v, *fmt == 'u' ? 10 : 16, width, pad, alt);
			break;
		case 'p':
			number(va_arg(ap, uint64_t), 16, 0, ' ', true);
			break;
		case '\0':
			return;
		default:
			put(*fmt);
		}
	}
}

/* A record's text is added to the sum; its line's end is not part of it. */
static void
print_line(const char *fmt, va_list ap, bool record)
{
	uint64_t start, daif = read_sysreg(daif);

	irq_off();
	/*
	 * Exclusives need the MMU. Who holds the lock for a whole second has
	 * died with it: better a mixed line than none.
	 */
	start = read_sysreg(cntvct_el0);
	while (mmu_is_on && __atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) &&
	    read_sysreg(cntvct_el0) - start < counter_hz())
		__asm__ volatile("yield");
	summing = record;
	format(fmt, ap);
	summing = false;
	if (record) {
		records++;
		put('\n');
	}
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	write_sysreg(daif, daif);
}

void
print_va(const char *fmt, va_list ap)
{

	print_line(fmt, ap, false);
}

void
print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_va(fmt, ap);
	va_end(ap);
}

void
record_text(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(fmt, ap, true);
	va_end(ap);
}

void
record(const char *test, const char *name, const char *result,
    uint64_t value, const char *units)
{

	if (units == NULL)
		record_text("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=%s.%s "
		    "RESULT=%s>", test, name, result);
	else
		record_text("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=%s.%s "
		    "RESULT=%s MEASUREMENT=%lu UNITS=%s>", test, name, result,
		    value, units);
}

void
record_done(const char *name)
{

	print("<APIARY_DONE NAME=%s RECORDS=%u CRC=%08x>\n", name, records,
	    ~sum);
}
