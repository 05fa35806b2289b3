/*
 * Runs the tables of cases and prints their records, in the words of
 * guests/lib; exceptions that are asked for; calls. Must not know what is
 * tested.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdarg.h>
#include "abi/hypercall.h"
#include "armv7.h"

#define	UART_FR_TXFF	(1u << 5)

uint32_t crc32_add(uint32_t crc, char c);	/* guests/lib/crc.c */
size_t	strlen(const char *s);
int	memcmp(const void *a, const void *b, size_t n);
void	*memset(void *p, int c, size_t n);
void	*memcpy(void *to, const void *from, size_t n);
void	guest_start(void) __attribute__((noreturn));
void	trap_taken(void) __attribute__((noreturn));

static const struct armv7_case *const tables[] = {
	exception_cases, state_cases, trap_cases, machine_cases,
};

static bool summing;
static uint32_t sum = ~0u;
static unsigned int records;
static struct context case_context, *trap_context;
static bool failed, skipped;
uint32_t trap_noted[5];

/* What the compiler wants, too; strings and copies are short. */
size_t
strlen(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return (n);
}

void *
memset(void *p, int c, size_t n)
{

	for (volatile uint8_t *b = p; n > 0; n--)
		*b++ = (uint8_t)c;
	return (p);
}

void *
memcpy(void *to, const void *from, size_t n)
{
	volatile uint8_t *d = to;

	for (const uint8_t *s = from; n > 0; n--)
		*d++ = *s++;
	return (to);
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	for (; n > 0; n--, p++, q++)
		if (*p != *q)
			return (*p - *q);
	return (0);
}

static void
put(char c)
{

	if (summing)
		sum = crc32_add(sum, c);
	if (c == '\n')
		put('\r');
	while (mmio_read(MACHINE_UART_BASE + 0x18) & UART_FR_TXFF)
		;
	mmio_write(MACHINE_UART_BASE, (uint8_t)c);
}

static void
number(uint64_t v, unsigned int base, int width)
{
	char digits[20];
	int n = 0;

	/* Without a division of 64 bits, which would be the library's. */
	for (; base == 16 && (v != 0 || n == 0); v >>= 4)
		digits[n++] = "0123456789abcdef"[v & 15];
	for (uint32_t w = (uint32_t)v; base == 10 && (w != 0 || n == 0);
	    w /= 10)
		digits[n++] = (char)('0' + w % 10);
	for (; width > n; width--)
		put('0');
	while (n > 0)
		put(digits[--n]);
}

static void
print_va(const char *fmt, va_list ap)
{

	for (; *fmt != '\0'; fmt++) {
		int width = 0;
		bool wide = false;

		if (*fmt != '%') {
			put(*fmt);
			continue;
		}
		for (fmt++; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + *fmt - '0';
		for (; *fmt == 'l'; fmt++)
			wide = true;
		if (*fmt == 's') {
			const char *s = va_arg(ap, const char *);

			while (*s != '\0')
				put(*s++);
		} else
			number(wide ? va_arg(ap, uint64_t) :
			    va_arg(ap, uint32_t), *fmt == 'u' ? 10 : 16,
			    width);
	}
}

void
print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_va(fmt, ap);
	va_end(ap);
}

static void
record(const char *name, const char *result)
{

	summing = true;
	print("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=armv7.%s RESULT=%s>", name,
	    result);
	summing = false;
	print("\n");
	records++;
}

void
case_fail(const char *file, int line, const char *what)
{
	const char *p, *base = file;

	for (p = file; *p != '\0'; p++)
		if (*p == '/')
			base = p + 1;
	failed = true;
	print("%s:%u: %s\n", base, (uint32_t)line, what);
}

void
case_equal(const char *file, int line, const char *what, uint64_t a,
    uint64_t b)
{

	if (a == b)
		return;
	print("0x%llx is not 0x%llx\n", a, b);
	case_fail(file, line, what);
}

void
case_end(void)
{

	trap_context = NULL;
	context_leave(&case_context);
}

void
case_skip(const char *why)
{

	print("skipped: %s\n", why);
	skipped = true;
	case_end();
}

static void
case_body(uint32_t arg)
{
	const struct armv7_case *c = (const struct armv7_case *)arg;

	if (c->cpus > machine.ncpus)
		case_skip("too few CPUs");
	c->run();
}

struct trap
trap_catch(void (*fn)(uint32_t), uint32_t arg)
{
	struct context here;
	struct trap t = { 0 };

	trap_context = &here;
	int taken = context_run(&here, fn, arg);
	trap_context = NULL;
	if (!taken)
		return (t);
	t.vector = trap_noted[0];
	t.lr = trap_noted[1];
	t.spsr = trap_noted[2];
	t.cpsr = trap_noted[3];
	t.pc = trap_noted[4];
	t.dfsr = mrc(p15, 0, 5, 0, 0);
	t.dfar = mrc(p15, 0, 6, 0, 0);
	t.ifsr = mrc(p15, 0, 5, 0, 1);
	t.ifar = mrc(p15, 0, 6, 0, 2);
	return (t);
}

/* From the vectors, in Supervisor mode, with no stack to count on. */
void
trap_taken(void)
{

	if (trap_context != NULL)
		context_leave(trap_context);
	/* Nobody asked for it: the case's end. */
	__asm__ volatile("mov sp, %0" : : "r" (case_context.sp - 1024));
	print("exception %u at 0x%x, SPSR 0x%x, DFSR 0x%x, DFAR 0x%x\n",
	    trap_noted[0], trap_noted[1], trap_noted[2],
	    mrc(p15, 0, 5, 0, 0), mrc(p15, 0, 6, 0, 0));
	case_fail("vectors", 0, "an exception that nobody asked for");
	case_end();
}

static void
ask_uid(uint32_t unused)
{
	struct call c = hvc(HC_UID, 0, 0, 0);

	(void)unused;
	machine.hypervisor = c.r[0] == HC_UID_0 && c.r[1] == HC_UID_1 &&
	    c.r[2] == HC_UID_2 && c.r[3] == HC_UID_3;
}

/* Is it in the list of only=a,b? */
static bool
chosen(const char *name)
{
	const char *p = machine.bootargs;
	size_t n = strlen(name);

	while (memcmp(p, "only=", 5) != 0)
		if (*p++ == '\0')
			return (true);
	for (p += 4; *p == '=' || *p == ',';) {
		p++;
		if (memcmp(p, name, n) == 0 &&
		    (p[n] == ',' || p[n] == ' ' || p[n] == '\0'))
			return (true);
		while (*p != ',' && *p != ' ' && *p != '\0')
			p++;
	}
	return (false);
}

static void
run(const struct armv7_case *c)
{

	if (!chosen(c->name))
		return;
	failed = false;
	skipped = machine_arg("list");
	if (!skipped)
		context_run(&case_context, case_body, (uint32_t)c);
	irq_off();
	record(c->name, failed ? "fail" : skipped ? "skip" : "pass");
}

void
guest_start(void)
{
	const struct armv7_case *c;
	unsigned int i, n = 0;

	machine_init();
	mmu_init();
	mmu_on();
	trap_catch(ask_uid, 0);
	gic_init();
	gic_cpu_init();
	for (i = 0; i < nitems(tables); i++)
		for (c = tables[i]; c->name != NULL; c++)
			n += chosen(c->name);
	print("<APIARY_GUEST NAME=armv7 CASES=%u>\n", n);
	for (i = 0; i < nitems(tables); i++)
		for (c = tables[i]; c->name != NULL; c++)
			run(c);
	print("<APIARY_DONE NAME=armv7 RECORDS=%u CRC=%08x>\n", records, ~sum);
	hvc(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

#define	CALL(how)							\
	register uint32_t r0 __asm__("r0") = fn;			\
	register uint32_t r1 __asm__("r1") = a1;			\
	register uint32_t r2 __asm__("r2") = a2;			\
	register uint32_t r3 __asm__("r3") = a3;			\
									\
	__asm__ volatile(how : "+r" (r0), "+r" (r1), "+r" (r2), "+r" (r3) \
	    : : "memory");						\
	return ((struct call){ { r0, r1, r2, r3 } })

struct call
hvc(uint32_t fn, uint32_t a1, uint32_t a2, uint32_t a3)
{

	CALL("hvc #0");
}

struct call
smc(uint32_t fn, uint32_t a1, uint32_t a2, uint32_t a3)
{

	CALL("smc #0");
}
