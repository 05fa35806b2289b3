/*
 * reset: PSCI SYSTEM_RESET starts the machine anew, from the image. Each
 * case arranges something, resets, and looks in the second boot. Which boot
 * it is, the real-time clock tells: it keeps what was last loaded into it,
 * for power-on alone resets it (DDI 0224).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	RTC_LR		0x08
/* Loaded by the first boot; a date in 1981, that nobody else sets. */
#define	MARK		0x15000000u
#define	DIRT		0x6469727479212121ul

/* In the image, so that a reset has something to put back. */
static volatile uint64_t data = 0x0123456789abcdef;
static volatile uint64_t zeroed[8];

static bool
second_boot(void)
{

	return (mmio_read(machine.rtc_base + RTC_LR) == MARK);
}

/* RAM far from the image, that it never uses. */
static volatile uint64_t *
far_page(void)
{

	return ((volatile uint64_t *)((memory_free_start() +
	    (8ul << 20)) & ~(PAGE_SIZE - 1)));
}

static void
spin(void *unused)
{

	(void)unused;
	for (;;)
		wfi();
}

/* Everything that must not be found again, then the reset. */
static void
first_boot(void)
{
	unsigned int i;

	data = DIRT;
	for (i = 0; i < nitems(zeroed); i++)
		zeroed[i] = DIRT;
	*far_page() = DIRT;
	/* A timer that is pending, interrupts in all states, other CPUs on. */
	gic_enable(machine.vtimer_intid);
	vtimer_set(0);
	ptimer_set(~0ul >> 1);
	gic_priority(gic_spare(0), 0x20);
	gic_enable(gic_spare(0));
	gic_pend(gic_spare(1));
	gic_activate(gic_spare(2));
	gic_route(gic_spare(3), machine.ncpus - 1);
	for (i = 1; i < machine.ncpus; i++)
		smp_on(i, spin, NULL);
	mmio_write(machine.rtc_base + RTC_LR, MARK);
	print("boot 1: SYSTEM_RESET\n");
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	case_fail("reset.c", __LINE__, "SYSTEM_RESET came back");
	case_end();
}

/* As the first case found them: after each the library turns them off. */
static uint64_t vtimer_found, ptimer_found;

static void
need_second(void)
{
	static bool asked;

	if (!second_boot())
		first_boot();
	if (!asked) {
		vtimer_found = read_sysreg(cntv_ctl_el0);
		ptimer_found = read_sysreg(cntp_ctl_el0);
	}
	asked = true;
}

static void
restarts(void)
{

	need_second();
	print("boot 2\n");
	CHECK(second_boot());
}

static void
image_restored(void)
{
	unsigned int i;

	need_second();
	CHECK_EQ(data, 0x0123456789abcdef);
	for (i = 0; i < nitems(zeroed); i++)
		CHECK_EQ(zeroed[i], 0);
}

static void
ram_cleared(void)
{

	need_second();
	CHECK_EQ(*far_page(), 0);
}

static void
timers_off(void)
{

	need_second();
	CHECK_EQ(vtimer_found & 1, 0);
	CHECK_EQ(ptimer_found & 1, 0);
}

/*
 * The library has put states and priorities right when it started; targets
 * and routes it leaves alone.
 */
static void
gic_reset(void)
{
	uint32_t intid = gic_spare(3);

	need_second();
	if (machine.gic == 2)
		CHECK_EQ(gic_reg(intid, 0x800 + (intid & ~3u)), 0);
	else
		CHECK_EQ(gic_reg(intid, 0x6000 + 8 * intid), 0);
}

static void
cpus_off(void)
{
	unsigned int i;

	need_second();
	for (i = 1; i < machine.ncpus; i++)
		CHECK_EQ(psci(PSCI_AFFINITY_INFO, machine.mpidr[i], 0, 0), 1);
}

static volatile uint32_t ran;

static void
set_ran(void *unused)
{

	(void)unused;
	publish(&ran, 1);
}

static void
cpus_on_again(void)
{

	need_second();
	CHECK_EQ(smp_on(1, set_ran, NULL), 0);
	CHECK(wait_for(&ran, 1));
	CHECK(smp_wait_off(1));
}

/* Interrupts work in the second life as in the first. */
static void
interrupts(void)
{

	need_second();
	gic_enable(machine.vtimer_intid);
	vtimer_set(counter() + counter_hz() / 1000);
	CHECK(wait_irq(&irq_count[0], 100000));
	CHECK_EQ(irq_last[0], machine.vtimer_intid);
}

const char guest_name[] = "reset";
const struct guest_case guest_cases[] = {
	{ "restarts", restarts, 0, NEED_RTC },
	{ "image_restored", image_restored, 0, NEED_RTC },
	{ "ram_cleared", ram_cleared, 0, NEED_RTC | NEED_APIARY },
	{ "timers_off", timers_off, 0, NEED_RTC },
	{ "gic_reset", gic_reset, 2, NEED_RTC },
	{ "cpus_off", cpus_off, 2, NEED_RTC },
	{ "cpus_on_again", cpus_on_again, 2, NEED_RTC },
	{ "interrupts", interrupts, 0, NEED_RTC },
	{ NULL, NULL, 0, 0 }
};
