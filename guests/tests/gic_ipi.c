/*
 * gic_ipi: software generated interrupts from CPU to CPU (IHI 0048, 3.2.2
 * and 4.3.15; IHI 0069, 12.2.20). One by one on this CPU alone: gic_sgi.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic_test.h"

#define	GICD_ITARGETSR	0x800
#define	GICD_SGIR	0xf00
#define	GICD_CPENDSGIR	0xf10

#define	SGI		5		/* where one is as good as another */

const char guest_name[] = "gic_ipi";

/* ---- GICv2: pending once for each source ----------------------------- */

/* Bits 12:10 of GICC_IAR: the CPU interface that sent it. */
static unsigned int
source(uint32_t iar)
{

	return (iar >> 10 & 7);
}

/* The number of this CPU's interface: who a private interrupt targets. */
static unsigned int
interface(void)
{
	uint32_t mask = mmio_read(machine.gicd + GICD_ITARGETSR) & 0xff;

	return (mask == 0 ? 0 : (unsigned int)__builtin_ctz(mask));
}

static volatile uint32_t its_interface, told, done;

static void
send_to_boot_cpu(void *arg)
{

	its_interface = interface();
	gic_sgi((unsigned int)(uint64_t)arg, 0);
	publish(&told, 1);
	(void)wait_for(&done, 1);
}

/* CPU 1 sends SGI to CPU 0 and stays. */
static void
other_sends(unsigned int intid)
{

	told = done = 0;
	REQUIRE(smp_on(1, send_to_boot_cpu, (void *)(uint64_t)intid) == 0);
	REQUIRE(wait_for(&told, 1));
}

static void
v2_source_other(void)
{
	uint32_t iar;

	gic_enable(SGI);
	other_sends(SGI);
	iar = ack_soon();
	CHECK_EQ(iar & 0x3ff, SGI);
	CHECK_EQ(source(iar), its_interface);
	CHECK(its_interface != interface());
	gic_eoi(iar);
	publish(&done, 1);
}

/* Two sources: two interrupts, each with its own. */
static void
v2_source_each(void)
{
	uint32_t iar, sources = 0;
	unsigned int i;

	gic_enable(SGI);
	gic_sgi_self(SGI);
	other_sends(SGI);
	for (i = 0; i < 2; i++) {
		iar = ack_soon();
		CHECK_EQ(iar & 0x3ff, SGI);
		sources |= 1u << source(iar);
		gic_eoi(iar);
	}
	CHECK(nothing_comes());
	CHECK_EQ(sources, 1u << its_interface | 1u << interface());
	publish(&done, 1);
}

static void
v2_clear_one_source(void)
{
	uint64_t reg = machine.gicd + GICD_CPENDSGIR + (SGI & ~3u);
	unsigned int at = SGI % 4 * 8;
	uint32_t iar;

	gic_enable(SGI);
	gic_sgi_self(SGI);
	other_sends(SGI);
	CHECK_EQ(mmio_read(reg) >> at & 0xff,
	    1u << its_interface | 1u << interface());
	mmio_write(reg, 1u << interface() << at);
	CHECK_EQ(mmio_read(reg) >> at & 0xff, 1u << its_interface);
	iar = ack_soon();
	CHECK_EQ(source(iar), its_interface);
	gic_eoi(iar);
	CHECK(nothing_comes());
	publish(&done, 1);
}

/* GICv3 knows no source: one interrupt. */
static void
v3_sources_merge(void)
{
	uint32_t iar;

	gic_enable(SGI);
	gic_sgi_self(SGI);
	other_sends(SGI);
	iar = ack_soon();
	CHECK_EQ(iar, SGI);
	gic_eoi(iar);
	CHECK(nothing_comes());
	publish(&done, 1);
}

/* ---- to others ------------------------------------------------------- */

static volatile uint32_t listening[8], quit;

/* Takes and logs interrupts until told to stop; WFI at times. */
static void
listen(void *arg)
{
	unsigned int i, cpu = cpu_index();
	bool sleep = arg != NULL;

	for (i = 0; i < 16; i++)
		gic_enable(i);
	irq_on();
	publish(&listening[cpu], 1);
	while (!quit) {
		if (sleep)
			wfi();
		else
			__asm__ volatile("yield");
	}
	irq_off();
}

static void
start_listeners(unsigned int n, bool sleep)
{
	unsigned int i;

	log_start();
	quit = 0;
	for (i = 1; i < n; i++) {
		listening[i] = 0;
		REQUIRE(smp_on(i, listen, sleep ? irq_log : NULL) == 0);
		REQUIRE(wait_for(&listening[i], 1));
	}
}

static void
stop_listeners(unsigned int n)
{
	unsigned int i;

	publish(&quit, 1);
	for (i = 1; i < n; i++) {
		gic_sgi(0, i);			/* out of its WFI */
		CHECK(smp_wait_off(i));
	}
}

static void
to_other(void)
{

	start_listeners(2, false);
	gic_enable(SGI);
	gic_sgi(SGI, 1);
	CHECK(log_reaches(1, 1));
	CHECK_EQ(irq_log[1].intid[0], SGI);
	CHECK(take(0));
	stop_listeners(2);
}

static void
to_sleeping(void)
{
	unsigned int i;

	start_listeners(2, true);
	for (i = 0; i < 20; i++) {
		delay_us(50);			/* time to fall asleep */
		gic_sgi(SGI, 1);
		REQUIRE(log_reaches(1, i + 1));
	}
	stop_listeners(2);
}

/* All but oneself, once each. */
static void
others(void)
{
	unsigned int i;

	start_listeners(machine.ncpus, false);
	gic_enable(SGI);
	gic_sgi_others(SGI);
	for (i = 1; i < machine.ncpus; i++) {
		CHECK(log_reaches(i, 1));
		CHECK_EQ(irq_log[i].intid[0], SGI);
	}
	CHECK(take(0));
	stop_listeners(machine.ncpus);
}

/* To some of them by one write: those, and nobody else. */
static void
list(void)
{
	unsigned int i;
	uint64_t m;
	uint32_t targets = 0;

	start_listeners(machine.ncpus, false);
	gic_enable(SGI);
	for (i = 0; i < machine.ncpus; i += 2)
		targets |= 1u << i;
	if (machine.gic == 2) {
		mmio_write(machine.gicd + GICD_SGIR, targets << 16 | SGI);
	} else {
		for (i = 0, targets = 0; i < machine.ncpus; i += 2) {
			m = machine.mpidr[i];
			REQUIRE(m < 16);
			targets |= 1u << m;
		}
		write_sysreg(s3_0_c12_c11_5, SGI << 24 | targets);
		isb();
	}
	CHECK(take(1));
	for (i = 1; i < machine.ncpus; i++)
		CHECK(log_reaches(i, i % 2 == 0));
	stop_listeners(machine.ncpus);
}

/* Back and forth: each answers what it hears. */
static void
answer(uint32_t intid)
{

	log_irq(intid);
	if (cpu_index() != 0 && intid == SGI)
		gic_sgi(SGI + 1, 0);
}

static void
ping_pong(void)
{
	uint32_t i;

	start_listeners(2, false);
	irq_handler(answer);
	gic_enable(SGI + 1);
	irq_on();
	for (i = 0; i < 500; i++) {
		gic_sgi(SGI, 1);
		REQUIRE(wait_for(&irq_log[0].count, i + 1));
	}
	irq_off();
	CHECK_EQ(logged(1), 500);
	CHECK_EQ(irq_log[0].intid[0], SGI + 1);
	stop_listeners(2);
}

static volatile uint32_t came_back;

static void
go_off(void *unused)
{

	(void)unused;
	gic_enable(SGI);
	psci(PSCI_CPU_OFF, 0, 0, 0);
	publish(&came_back, 1);
}

/* A CPU that is off hears nothing, stays off, and is fit when on again. */
static void
to_off(void)
{
	unsigned int i;

	came_back = 0;
	REQUIRE(smp_on(1, go_off, NULL) == 0);
	REQUIRE(smp_wait_off(1));
	gic_enable(SGI);
	for (i = 0; i < 3; i++) {
		gic_sgi(SGI, 1);
		gic_sgi_others(SGI);
		CHECK(nothing_comes());
		CHECK_EQ(psci(PSCI_AFFINITY_INFO, machine.mpidr[1], 0, 0), 1);
	}
	CHECK_EQ(came_back, 0);
	start_listeners(2, false);
	gic_sgi(SGI + 1, 1);
	REQUIRE(log_reaches(1, 1));
	CHECK_EQ(irq_log[1].intid[0], SGI + 1);
	stop_listeners(2);
	CHECK_EQ(came_back, 0);
}

/* IRM set: the list of targets says nothing. */
static void
v3_irm(void)
{

	start_listeners(2, false);
	gic_enable(SGI);
	write_sysreg(s3_0_c12_c11_5, 1ul << 40 | SGI << 24 | 1);
	isb();
	CHECK(log_reaches(1, 1));
	CHECK(take(0));
	stop_listeners(2);
}

const struct guest_case guest_cases[] = {
	{ "v2_source_other", v2_source_other, 2, NEED_GICV2 },
	{ "v2_source_each", v2_source_each, 2, NEED_GICV2 },
	{ "v2_clear_one_source", v2_clear_one_source, 2, NEED_GICV2 },
	{ "v3_sources_merge", v3_sources_merge, 2, NEED_GICV3 },
	{ "to_other", to_other, 2, 0 },
	{ "to_sleeping", to_sleeping, 2, 0 },
	{ "others", others, 2, 0 },
	{ "list", list, 2, 0 },
	{ "ping_pong", ping_pong, 2, 0 },
	{ "to_off", to_off, 2, 0 },
	{ "v3_irm", v3_irm, 2, NEED_GICV3 },
	{ NULL, NULL, 0, 0 }
};
