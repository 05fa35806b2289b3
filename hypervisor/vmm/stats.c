/*
 * Exits counted (by the vectors, per exception class) and timed (for VMs
 * described with "stats").
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/stats.h"
#include "vmm/log.h"
#include "vmm/pcpu.h"
#include "vmm/vm.h"

enum exit_class
stats_class(unsigned int ec)
{

	switch (ec) {
	case EC_WFX:
		return (EXIT_WFX);
	case EC_HVC64:
		return (EXIT_HVC);
	case EC_SMC64:
		return (EXIT_SMC);
	case EC_SYSREG:
		return (EXIT_SYSREG);
	case EC_FP:
		return (EXIT_FP);
	case EC_DABT_LOW:
		return (EXIT_DATA_ABORT);
	case EC_IABT_LOW:
		return (EXIT_INSN_ABORT);
	case VCPU_EXIT_IRQ:
		return (EXIT_IRQ);
	case VCPU_EXIT_SERROR:
		return (EXIT_SERROR);
	}
	return (EXIT_UNKNOWN);
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
				log_vm(vm, "stats: vcpu %u %s exits %llu "
				    "ticks %llu", i, names[c],
				    (unsigned long long)n,
				    (unsigned long long)v->ticks[c]);
		}
	}
}
