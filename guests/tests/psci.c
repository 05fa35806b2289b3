/*
 * psci: power control as DEN 0022 has it. Must not know who answers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

static void
version(void)
{

	CHECK(psci(PSCI_VERSION, 0, 0, 0) >= 0x10000);
	print("counter %lu hz %lu gic %u ncpus %u ram %#lx+%#lx\n", counter(), counter_hz(), machine.gic, machine.ncpus, machine.ram_base, machine.ram_size);
}

const char guest_name[] = "psci";
const struct guest_case guest_cases[] = {
	{ "version", version, 0, 0 },
	{ NULL, NULL, 0, 0 }
};
