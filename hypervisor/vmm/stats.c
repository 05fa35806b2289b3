/*
 * Exits counted (by the vectors, per exception class) and timed (for VMs
 * described with "stats").
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/vm.h"

enum exit_class
stats_class(unsigned int ec)
{
	static const uint8_t classes[VCPU_EXIT_SERROR + 1] = {
		[EC_WFX] = EXIT_WFX, [EC_HVC64] = EXIT_HVC,
		[EC_SMC64] = EXIT_SMC, [EC_SYSREG] = EXIT_SYSREG,
		[EC_CP15 ... EC_CP14_MEM] = EXIT_SYSREG,
		[EC_VMRS] = EXIT_SYSREG, [EC_CP14_64] = EXIT_SYSREG,
		[EC_HVC32] = EXIT_HVC, [EC_SMC32] = EXIT_SMC,
		[EC_FP] = EXIT_FP, [EC_DABT_LOW] = EXIT_DATA_ABORT,
		[EC_IABT_LOW] = EXIT_INSN_ABORT, [VCPU_EXIT_IRQ] = EXIT_IRQ,
		[VCPU_EXIT_SERROR] = EXIT_SERROR,
	};

	return (classes[ec]);
}

uint64_t
stats_exits(const struct vcpu *v, enum exit_class c)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < nitems(v->exits); i++)
		if (stats_class(i) == c)
			n += v->exits[i];
	return (n);
}

void
stats_add_time(void)
{
	struct pcpu *p = pcpus[port_cpu()];

	p->current->ticks[stats_class(p->entry_class)] +=
	    port_counter() - p->entry_ticks;
}

void
stats_print(const struct vm *vm)
{
	static const char *const names[] = EXIT_CLASS_NAMES;

	for (unsigned int i = 0; i < vm->config.nvcpus; i++) {
		const struct vcpu *v = vm->vcpus[i];

		for (unsigned int c = 0; c < EXIT_CLASSES; c++) {
			uint64_t n = stats_exits(v, c);

			if (n != 0)
				log_vm(vm, "stats: vcpu %u %s exits %lu ticks "
				    "%lu", i, names[c], n, v->ticks[c]);
		}
	}
}
