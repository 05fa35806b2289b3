/*
 * pci_rest: two VMs on one CPU, and the second is reset and touches its PCI
 * function at once, which is to rest for 100 ms (see pci_reset.c). The first
 * measures what it gets of the CPU in that time.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "pci_test.h"
#include "turns_test.h"

#define	RTC_LR		0x08
#define	MARK		0x18000000u	/* see reset.c */
#define	FIRST_MS	1000ul		/* after the hypervisor's start */
#define	RESET_MS	20ul		/* is over after that */
#define	REST_MS		100ul

const char guest_name[] = "pci_rest";

static void
others_turns(void)
{
	uint64_t at = hvc(HC_BOOT, 0, 0, 0).x1 + ticks(1000 * FIRST_MS);

	if (hvc(HC_WHOAMI, 0, 0, 0).x1 == 0) {
		REQUIRE(now() < at);
		measure(at + ticks(1000 * RESET_MS), at +
		    ticks(1000 * (REST_MS - RESET_MS)), 20, SHARE);
		return;
	}
	if (mmio_read(machine.rtc_base + RTC_LR) != MARK) {
		pci_find();
		mmio_write(machine.rtc_base + RTC_LR, MARK);
		print("boot 1: SYSTEM_RESET\n");
		REQUIRE(now() < at);
		while (now() < at)
			;
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
		case_fail("pci_rest.c", __LINE__, "SYSTEM_RESET came back");
		case_end();
	}
	/* Not before it has slept enough, and not much later. */
	CHECK(now() < at + ticks(1000 * RESET_MS));
	pci_find();
	CHECK(now() >= at + ticks(1000 * REST_MS));
	CHECK(now() < at + ticks(1000 * (REST_MS + RESET_MS)));
	CHECK_EQ(0x010000edu, mmio_read(edu));
}

const struct guest_case guest_cases[] = {
	{ "others_turns", others_turns, 1, NEED_APIARY | NEED_RTC },
	{ NULL, NULL, 0, 0 },
};
