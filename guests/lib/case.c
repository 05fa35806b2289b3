/*
 * Runs a guest's table of cases and prints a record of each. Whatever a
 * case leaves behind is cleared away before the next. Must not know what is
 * tested.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

#define	CASE_SECONDS	10

static struct context end_context;
static volatile bool running, failed, skipped;
static uint64_t started;
static unsigned int counts[3];
static const char *const results[3] = { "pass", "fail", "skip" };

void
case_fail(const char *file, int line, const char *what)
{
	const char *p, *base = file;

	for (p = file; *p != '\0'; p++)
		if (*p == '/')
			base = p + 1;
	failed = true;
	print("%s:%d: %s\n", base, line, what);
}

bool
case_equal(const char *file, int line, const char *what, uint64_t a,
    uint64_t b)
{
	char text[160];
	size_t n = strlen(what);

	if (a == b)
		return (true);
	n = n < sizeof(text) - 1 ? n : sizeof(text) - 1;
	memcpy(text, what, n);
	text[n] = '\0';
	print("%#lx (%ld) is not %#lx (%ld)\n", a, (int64_t)a, b, (int64_t)b);
	case_fail(file, line, text);
	return (false);
}

void
case_end(void)
{

	irq_off();
	/* A case is the boot CPU's; another one's part in it ends. */
	if (cpu_index() != 0)
		cpu_stop();
	if (!running) {
		print("not in a case: giving up\n");
		power_off();
	}
	running = false;
	context_leave(&end_context);
}

void
case_skip(const char *why)
{

	if (!failed)
		print("skipped: %s\n", why);
	skipped = true;
	case_end();
}

void
case_check_time(void)
{

	if (cpu_index() != 0) {
		if (smp_stopping)
			cpu_stop();
		return;
	}
	if (!running || counter() - started < CASE_SECONDS * counter_hz())
		return;
	case_fail("case.c", __LINE__, "the case takes too long");
	case_end();
}

static const char *
missing(const struct guest_case *c)
{
	unsigned int needs = c->needs;

	if (c->cpus > machine.ncpus)
		return ("too few CPUs");
	if (needs & NEED_APIARY && !machine.apiary)
		return ("needs Apiary's hypercalls");
	if (needs & NEED_GICV2 && machine.gic != 2)
		return ("needs a GICv2");
	if (needs & NEED_GICV3 && machine.gic != 3)
		return ("needs a GICv3");
	if (needs & NEED_PMU && machine.pmu_intid == 0)
		return ("needs a PMU");
	if (needs & NEED_UART && !machine.uart_pl011)
		return ("needs a PL011");
	if (needs & NEED_RTC && machine.rtc_base == 0)
		return ("needs a PL031");
	if (needs & NEED_GPIO && machine.gpio_base == 0)
		return ("needs a PL061");
	if (needs & NEED_ITS && machine.its == 0)
		return ("needs an ITS");
	if (needs & NEED_SMC && !machine.smc)
		return ("SMC is undefined here: no EL3");
	return (NULL);
}

static void
case_body(uint64_t arg)
{
	const struct guest_case *c = (const struct guest_case *)arg;
	const char *why = missing(c);

	if (why != NULL)
		case_skip(why);
	c->run();
}

/* As the next case wants to find it. */
static void
case_clean(void)
{

	irq_off();
	irq_fast = NULL;
	exception_reset();
	vtimer_off();
	ptimer_off();
	irq_handler(NULL);
	if (!smp_stop_others())
		case_fail("case.c", __LINE__, "a CPU was left on");
	timer_guard[0] = 0;
	gic_init();
	console_init();
	memset((void *)(uintptr_t)irq_count, 0, sizeof(irq_count));
	memset((void *)(uintptr_t)irq_last, 0, sizeof(irq_last));
}

static void
case_run(const struct guest_case *c)
{
	unsigned int result;

	failed = skipped = false;
	started = counter();
	running = true;
	context_run(&end_context, case_body, (uint64_t)c);
	running = false;
	case_clean();
	result = failed ? 1 : skipped ? 2 : 0;
	counts[result]++;
	record(guest_name, c->name, results[result], 0, NULL);
}

/* Is it in the list of only=a,b? */
static bool
chosen(const struct guest_case *c, const char *only)
{
	size_t n = strlen(c->name);

	for (; *only != '\0'; only++) {
		if (memcmp(only, c->name, n) == 0 &&
		    (only[n] == ',' || only[n] == '\0'))
			return (true);
		while (*only != ',' && only[1] != '\0')
			only++;
	}
	return (false);
}

void __attribute__((weak))
guest_main(void)
{
	static char only[512];
	bool some = machine_arg("only", only, sizeof(only));
	bool list = machine_arg("list", (char [2]){ 0 }, 2);
	const struct guest_case *c;
	unsigned int cases = 0;

	for (c = guest_cases; c->name != NULL; c++)
		if (!some || chosen(c, only))
			cases++;
	print("<APIARY_GUEST NAME=%s CASES=%u>\n", guest_name, cases);
	if (cases == 0)
		print("no case of %s is called %s\n", guest_name, only);
	for (c = guest_cases; c->name != NULL; c++) {
		if (some && !chosen(c, only))
			continue;
		if (list)
			record(guest_name, c->name, results[2], 0, NULL);
		else
			case_run(c);
	}
	record_done(guest_name);
}
