/*
 * Lets CPUs go from a spin table; see spin_table.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/sysreg.h"
#include "boot/boot.h"
#include "boot/ext/spin_table.h"
#include "port/mem.h"
#include "vmm/vcpu.h"

_Static_assert(offsetof(struct pcpu, mpidr) == 80, "spin_table.S");

/*
 * A CPU there reads in memory, past the caches, where to go on; they may all
 * wait for the same word.
 */
int
spin_table_let_go(pa_t where)
{
	volatile uint64_t *word = port_pa_to_ptr(where);

	memory_map(where, sizeof(*word), PT_DEVICE);
	port_clean_inval_poc(port_pa_to_ptr(where), sizeof(*word));
	*word = (uintptr_t)spin_table_start;
	dsb(sy);
	__asm__ volatile("sev");
	return (0);
}
