/*
 * pci_flood: two VMs on one CPU, and a function of the second's that sends
 * messages there without a pause: a vCPU on another CPU makes it. The first
 * measures what it gets of its CPU.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "pci_test.h"
#include "turns_test.h"

#define	FIRST_MS	1000ul		/* after the hypervisor's start */
#define	PART_MS		40ul		/* of silence, then of messages */
#define	EDGE_MS		10ul		/* not measured, at both ends */
#define	LEFT		80ul		/* per cent of what it has in silence */
#define	EDU_LPI		(LPI0 + 7)

const char guest_name[] = "pci_flood";

static uint64_t start;			/* of silence, by the count */

static uint64_t
part(unsigned int n)
{

	return (start + ticks(1000 * PART_MS * n));
}

/* On the other CPU; each store is a message, if it is one of edu's. */
static void
flood(void *unused)
{
	static volatile uint32_t nobodys;

	(void)unused;
	while (now() < part(2)) {
		mmio_write(now() < part(1) ? (uint64_t)&nobodys :
		    edu + EDU_RAISE, 1);
		/* An emulator with one thread goes on to the first CPU. */
		__asm__ volatile("yield");
	}
}

/* How often a bit of work is done in that part; never long without. */
static uint64_t
work(unsigned int n)
{
	uint64_t at, before = part(n) + ticks(1000 * EDGE_MS), most = 0;
	uint64_t end = part(n + 1) - ticks(1000 * EDGE_MS), done = 0;

	REQUIRE(now() < before);
	sleep_until(before);
	for (; before < end; done++) {
		toil(20);
		at = now();
		if (at - before > most)
			most = at - before;
		before = at;
	}
	CHECK(most <= ticks(GAP_US));
	return (done);
}

static void
edu_to_lpi(void)
{

	pci_find();
	its_start();
	its_configure(EDU_LPI, 0xa0, true);
	its_mapd(DEVICE_ID(EDU_SLOT), 1);
	its_mapti(DEVICE_ID(EDU_SLOT), 0, EDU_LPI, 0);
	its_event(ITS_INV, DEVICE_ID(EDU_SLOT), 0);
	msi_write(machine.its + TRANSLATER, 0);
	log_start();
}

static void
others_turns(void)
{
	uint64_t silent, n;

	start = hvc(HC_BOOT, 0, 0, 0).x1 + ticks(1000 * FIRST_MS);
	if (hvc(HC_WHOAMI, 0, 0, 0).x1 == 0) {
		silent = work(0);
		n = work(1);
		print("%lu %% of what it has without messages\n",
		    n * 100 / silent);
		CHECK(n * 100 >= silent * LEFT);
		return;
	}
	edu_to_lpi();
	REQUIRE(now() < start);
	REQUIRE(smp_on(1, flood, NULL) == 0);
	while (now() < part(2))
		;
	CHECK(smp_wait_off(1));
	/* The last ones have waited; and it goes on. */
	delay_us(2000);
	CHECK(take(1));
	CHECK_EQ(EDU_LPI, irq_log[0].intid[0]);
	edu_sends();
	CHECK(take(2));
}

const struct guest_case guest_cases[] = {
	{ "others_turns", others_turns, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 },
};
