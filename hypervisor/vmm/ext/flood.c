/*
 * The limit of what a VM says; see flood.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/ext/flood.h"
#include "vmm/vm.h"

bool
flood_pay(struct vm *vm, unsigned int n)
{
	struct vm_console *held = &vm->console;
	uint64_t now = port_counter(), hz = port_counter_hz();

	if (vm_count == 1)
		return (true);
	/* However long it was silent, it may be ahead by a burst. */
	uint64_t paid = held->paid > now ? held->paid : now;
	if (paid - now > hz * (FLOOD_BURST / FLOOD_RATE))
		return (false);
	held->paid = paid + hz / FLOOD_RATE * n;
	return (true);
}
