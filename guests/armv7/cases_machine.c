/*
 * The machine around the CPU: what is there at the start, power control,
 * interrupts, timers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "armv7.h"

#define	NOT_SUPPORTED	(-1)
#define	INVALID_ADDRESS	(-9)

static uint32_t irq_on_cpu[MAX_CPUS];

static void
hello(void)
{

	/* Boot protocol (Linux, Documentation/arch/arm/booting.rst). */
	CHECK_EQ(entry_state[0], 0);
	CHECK_EQ(entry_state[1], ~0u);
	CHECK_EQ(__builtin_bswap32(*(uint32_t *)entry_state[2]), 0xd00dfeedu);
	/* Supervisor mode, A32, interrupts masked. */
	CHECK_EQ(entry_state[3] & 0x3f, MODE_SVC);
	CHECK_EQ(entry_state[3] & 0xc0, 0xc0);
	print("hello: CPU 0x%x, %u of them, GICv%u\n", mrc(p15, 0, 0, 0, 0),
	    machine.ncpus, machine.gic);
	CHECK_EQ(mrc(p15, 0, 0, 0, 5) & 0x80ffffff, 0x80000000);
}

static int32_t
features(uint32_t fn)
{

	return ((int32_t)hvc(PSCI_FEATURES, fn, 0, 0).r[0]);
}

static void
psci(void)
{

	CHECK(hvc(PSCI_VERSION, 0, 0, 0).r[0] >= 0x10000);
	CHECK_EQ(features(PSCI_CPU_ON), 0);
	CHECK_EQ((uint32_t)features(0x8400ffff), (uint32_t)NOT_SUPPORTED);
	/* SMC64 is not for AArch32 (DEN 0028). */
	if (machine.hypervisor) {
		CHECK_EQ((uint32_t)features(PSCI_CPU_ON | PSCI_64),
		    (uint32_t)NOT_SUPPORTED);
		CHECK_EQ(hvc(PSCI_CPU_ON | PSCI_64, 0, 0, 0).r[0],
		    (uint32_t)NOT_SUPPORTED);
	}
}

static void
call_smc(uint32_t result)
{

	*(struct call *)result = smc(PSCI_VERSION, 0, 0, 0);
}

static void
smc_conduit(void)
{
	struct call c = { { 0 } };

	if (!machine.hypervisor)
		case_skip("nobody traps SMC");
	if (machine_arg("no_el3"))
		case_skip("SMC is undefined here: no EL3");
	CHECK_EQ(trap_catch(call_smc, (uint32_t)&c).vector, 0);
	CHECK_EQ(c.r[0], hvc(PSCI_VERSION, 0, 0, 0).r[0]);
}

static void
note_cpu(void)
{

	smp_boot[1].fn = NULL;
	dsb();
}

static void
cpu_on(void)
{
	struct smp_boot *b = &smp_boot[1];

	/* In A32, then in T32, as bit 0 of the entry says. */
	REQUIRE(smp_on(1, (uint32_t)secondary_start, note_cpu) == 0);
	REQUIRE(smp_wait_off(1));
	CHECK_EQ(b->state, 0xa);
	CHECK_EQ(b->cpsr & 0x1df, 0x1c0 | MODE_SVC);
	CHECK(b->fn == NULL);
	REQUIRE(smp_on(1, (uint32_t)secondary_start_t32, note_cpu) == 0);
	REQUIRE(smp_wait_off(1));
	CHECK_EQ(b->state, 0x32);
	CHECK(b->fn == NULL);
	/* Neither of the two, and outside of RAM. */
	if (machine.hypervisor) {
		CHECK_EQ((uint32_t)smp_on(1, (uint32_t)secondary_start | 2,
		    note_cpu), (uint32_t)INVALID_ADDRESS);
		CHECK_EQ((uint32_t)smp_on(1, 0x1001, note_cpu),
		    (uint32_t)INVALID_ADDRESS);
	}
}

static void
take_one(void)
{

	gic_enable(6);
	wait_irq(0, 500000);
	irq_on_cpu[1] = irq_last[1];
	dsb();
}

static void
sgi(void)
{
	uint32_t n = irq_count[0];

	gic_enable(5);
	gic_sgi(5, 0);
	CHECK(wait_irq(n, 100000));
	CHECK_EQ(irq_last[0], 5);
	gic_disable(5);
}

static void
sgi_other(void)
{
	uint64_t from = counter();

	irq_count[1] = irq_on_cpu[1] = 0;
	REQUIRE(smp_on(1, (uint32_t)secondary_start, take_one) == 0);
	/* Until it is there to be interrupted. */
	while (irq_count[1] == 0 && counter() - from < counter_hz()) {
		gic_sgi(6, 1);
		for (volatile int i = 0; i < 100; i++)
			__asm__ volatile("yield");
	}
	REQUIRE(smp_wait_off(1));
	CHECK_EQ(irq_on_cpu[1], 6);
}

static void
spi(void)
{
	uint32_t n = irq_count[0], intid = 70;

	gic_enable(intid);
	gic_pend(intid);
	CHECK(wait_irq(n, 100000));
	CHECK_EQ(irq_last[0], intid);
	gic_disable(intid);
}

static void
virtual_timer(void)
{
	uint32_t n = irq_count[0];
	uint64_t at = counter() + counter_hz() / 1000;

	gic_enable(MACHINE_VTIMER_INTID);
	mcrr(p15, 3, 14, at);				/* CNTV_CVAL */
	mcr(p15, 0, 14, 3, 1, 1);			/* CNTV_CTL */
	CHECK(wait_irq(n, 100000));
	CHECK_EQ(irq_last[0], MACHINE_VTIMER_INTID);
	CHECK(counter() >= at);
	gic_disable(MACHINE_VTIMER_INTID);
}

/* Which a hypervisor may emulate: all its registers, then the interrupt. */
static void
physical_timer(void)
{
	uint32_t n = irq_count[0];
	uint64_t now = mrrc(p15, 0, 14);		/* CNTPCT */

	gic_enable(MACHINE_PTIMER_INTID);
	mcrr(p15, 2, 14, 0x123456789abcdef0ull);	/* CNTP_CVAL */
	CHECK_EQ(mrrc(p15, 2, 14), 0x123456789abcdef0ull);
	mcr(p15, 0, 14, 2, 1, 3);			/* CNTP_CTL, masked */
	CHECK_EQ(mrc(p15, 0, 14, 2, 1), 3);
	mcr(p15, 0, 14, 2, 0, counter_hz() / 1000);	/* CNTP_TVAL */
	CHECK(mrrc(p15, 2, 14) - now > counter_hz() / 1000);
	CHECK(mrrc(p15, 2, 14) - now < counter_hz());
	CHECK(mrc(p15, 0, 14, 2, 0) <= counter_hz() / 1000);
	mcr(p15, 0, 14, 2, 1, 1);
	CHECK(wait_irq(n, 100000));
	CHECK_EQ(irq_last[0], MACHINE_PTIMER_INTID);
	gic_disable(MACHINE_PTIMER_INTID);
}

static void
wfi(void)
{
	uint64_t from = counter(), ticks = counter_hz() / 500;

	/* Masked, it ends the wait all the same; T32 has it in 16 bits. */
	gic_enable(MACHINE_VTIMER_INTID);
	mcrr(p15, 3, 14, from + ticks);
	mcr(p15, 0, 14, 3, 1, 1);
	isb();
	while (counter() - from < ticks)
		__asm__ volatile("wfi" : : : "memory");
	CHECK(counter() - from < counter_hz());
	mcr(p15, 0, 14, 3, 1, 0);
	gic_disable(MACHINE_VTIMER_INTID);
	__asm__ volatile("sev\n wfe\n wfe" : : : "memory");
}

const struct armv7_case machine_cases[] = {
	{ "hello", hello, 0 },
	{ "psci", psci, 0 },
	{ "smc", smc_conduit, 0 },
	{ "cpu_on", cpu_on, 2 },
	{ "sgi", sgi, 0 },
	{ "sgi_other", sgi_other, 2 },
	{ "spi", spi, 0 },
	{ "virtual_timer", virtual_timer, 0 },
	{ "physical_timer", physical_timer, 0 },
	{ "wfi", wfi, 0 },
	{ NULL, NULL, 0 },
};
