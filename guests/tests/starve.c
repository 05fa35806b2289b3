/*
 * starve: two VMs on one CPU. In each case the second does all it can, in one
 * way, to keep the first from running; the first measures what it gets: its
 * share of the CPU, and the longest time it stood still. They begin each case
 * together, by the physical count, which is one for both.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "turns_test.h"

#define	FIRST_MS	1000ul		/* after the hypervisor's start */
#define	CASE_MS		60ul
#define	EDGE_MS		10ul		/* not measured, at both ends */
#define	BURST		65536ul		/* characters, where VMs share it */

static unsigned int slot;
static void prints(uint64_t end);

static void
nothing(uint64_t end)
{

	sleep_until(end);
}

static void
resets(uint64_t end)
{

	(void)end;
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
}

#define	SLOTS		13ul		/* one a case, and one of silence */

static void
against(void (*attack)(uint64_t end))
{
	uint64_t boot = hvc(HC_BOOT, 0, 0, 0).x1;
	uint64_t start = boot + ticks(1000 * (FIRST_MS + slot++ * CASE_MS));
	uint64_t end = start + ticks(1000 * (CASE_MS - EDGE_MS));
	bool first = hvc(HC_WHOAMI, 0, 0, 0).x1 == 0;

	if (!first && now() >= start) {
		/* It was reset, and may be once more; or that is over. */
		if (now() < boot + ticks(1000 * (FIRST_MS + SLOTS * CASE_MS -
		    EDGE_MS)))
			resets(0);
		return;
	}
	REQUIRE(now() < start);
	if (first) {
		slot += attack == prints;
		measure(start + ticks(1000 * EDGE_MS),
		    end - ticks(1000 * EDGE_MS), 1000,
		    attack == nothing ? ALL : SHARE);
		return;
	}
	sleep_until(start);
	irq_off();
	while (now() < end)
		attack(end);
}

/* ---- what is done ---------------------------------------------------- */

static void
spin_masked(uint64_t end)
{

	while (now() < end)
		;
}

static void
call(uint64_t end)
{

	(void)end;
	hvc(PSCI_VERSION, 0, 0, 0);
	hvc(0x8600fe5d, 0, 0, 0);
	hvc(HC_STATS, 0, 0, 0);
	psci(PSCI_AFFINITY_INFO, 0, 0, 0);
	psci(PSCI_CPU_ON, 0, 0, 0);
}

static void
registers(uint64_t end)
{
	uint64_t v;

	(void)end;
	read_sysreg(id_aa64pfr0_el1);
	probe_read(SYSREG(3, 7, 15, 7, 7), &v);
	ptimer_set(now() + ticks(100000));
	ptimer_set(0);
	ptimer_off();
}

static void
devices(uint64_t end)
{
	unsigned int i;

	(void)end;
	for (i = 0; i < 0x400; i += 4)
		mmio_write(machine.gicd + 0x400 + i,
		    mmio_read(machine.gicd + 0x400 + i));
	mmio_read(machine.uart_base + 0x18);
}

/* All that there are, pending at oneself, who takes none. */
static void
interrupts(uint64_t end)
{
	unsigned int i;

	(void)end;
	for (i = 0; i < 15; i++)
		gic_sgi_self(i);
	for (i = 0; i < 40; i++) {
		gic_enable(gic_spare(i));
		gic_pend(gic_spare(i));
	}
	for (i = 0; i < 40; i++)
		gic_unpend(gic_spare(i));
}

static void
touch(uint64_t at)
{

	__asm__ volatile("ldr x9, [%0]" : : "r" (at) : "x9", "memory");
}

static void
aborts(uint64_t end)
{

	(void)end;
	trap_catch(touch, machine.ram_base + machine.ram_size);
	trap_catch(touch, 0x1000);
}

/* All of its memory cleaned, each time. */
static void
set_way(uint64_t end)
{

	(void)end;
	__asm__ volatile("dc cisw, %0; dsb sy" : : "r" (0ul) : "memory");
}

/* Gives way for a moment, shortly before the end of its turn. */
static void
naps(uint64_t end)
{
	uint64_t until = now() + ticks(TURN_US - TURN_US / 10);

	(void)end;
	while (now() < until)
		;
	sleep_until(now() + ticks(2));
	irq_off();
}

/*
 * As much as there is room for: its store takes the longer the more it has
 * said, and in between interrupts come.
 */
static void
prints(uint64_t end)
{
	uint64_t n = 0;

	while (now() < end) {
		const char *p = "a line of no meaning\n";

		for (; *p != '\0' && now() < end; n++)
			mmio_write(machine.uart_base, (uint8_t)*p++);
	}
	/* What it says of this case has to wait, too. */
	slot++;
	CHECK(n >= BURST / 2);
	CHECK(n <= BURST + BURST / 100);
}

static volatile uint64_t beat;

/* Looks from another CPU whether it is the other VM's turn, and ends it. */
static void
watch(void *end)
{
	uint64_t seen, at;

	while (now() < (uint64_t)end) {
		seen = beat;
		at = now() + ticks(5);
		while (beat == seen && now() < at)
			__asm__ volatile("yield");
		if (beat == seen)
			gic_sgi(1, 0);
	}
}

static void
kicks(uint64_t end)
{

	if (machine.ncpus < 2)
		case_fail("starve.c", __LINE__, "wants a second vCPU");
	REQUIRE(smp_on(1, watch, (void *)end) == 0);
	gic_enable(1);
	while (now() < end) {
		beat++;
		irq_on();
		isb();
		irq_off();
		__asm__ volatile("yield");
	}
}

#define	CASE(name, attack)						\
static void								\
name(void)								\
{									\
									\
	against(attack);						\
}
CASE(alone, nothing)
CASE(spinning, spin_masked)
CASE(calling, call)
CASE(trapping, registers)
CASE(storing, devices)
CASE(interrupting, interrupts)
CASE(aborting, aborts)
CASE(cleaning, set_way)
CASE(napping, naps)
CASE(printing, prints)
CASE(kicking, kicks)
CASE(resetting, resets)

const char guest_name[] = "starve";
const struct guest_case guest_cases[] = {
	{ "alone", alone, 0, NEED_APIARY },
	{ "spinning", spinning, 0, NEED_APIARY },
	{ "calling", calling, 0, NEED_APIARY },
	{ "trapping", trapping, 0, NEED_APIARY },
	{ "storing", storing, 0, NEED_APIARY },
	{ "interrupting", interrupting, 0, NEED_APIARY },
	{ "aborting", aborting, 0, NEED_APIARY },
	{ "cleaning", cleaning, 0, NEED_APIARY },
	{ "napping", napping, 0, NEED_APIARY },
	{ "printing", printing, 0, NEED_APIARY },
	{ "kicking", kicking, 0, NEED_APIARY },
	/* Last: whoever is reset begins anew, and has not much to do. */
	{ "resetting", resetting, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
