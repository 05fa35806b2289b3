/*
 * What the hypervisor itself answers to a guest (abi/hypercall.h). Must not
 * know how a call comes in.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "vmm/ext/identity.h"
#include "vmm/ext/release.h"
#include "vmm/vm.h"

uint64_t hypercall_boot_entry;

static outcome_t
hypercall_yield(struct vcpu *v)
{

	v->x[0] = HC_E_OK;
	return (OUTCOME_SWITCH);
}

static outcome_t
hypercall_stats(struct vcpu *v)
{
	const struct vm *vm = v->vm;
	uint64_t index = v->x[1], class = v->x[2];

	if (index >= vm->config.nvcpus || class >= EXIT_CLASSES)
		return (smccc_return(v, HC_E_INVALID));
	v->x[1] = stats_exits(vm->vcpus[index], (enum exit_class)class);
	v->x[2] = vm->vcpus[index]->ticks[class];
	return (smccc_return(v, HC_E_OK));
}

static outcome_t
hypercall_boot(struct vcpu *v)
{

	v->x[1] = hypercall_boot_entry;
	v->x[2] = v->vm->first_entry;
	v->x[3] = v->vm->copy_ticks;
	return (smccc_return(v, HC_E_OK));
}

smccc_fn *const hypercall_calls64[SMCCC_CALLS] = {
	[0] = smccc_unknown,
	[SMCCC_NUMBER(HC_YIELD)] = hypercall_yield,
	[SMCCC_NUMBER(HC_STATS)] = hypercall_stats,
	[SMCCC_NUMBER(HC_BOOT)] = hypercall_boot,
	[SMCCC_NUMBER(HC_WHOAMI)] = identity_whoami,
	[SMCCC_NUMBER(HC_RELEASE)] = release_page,
	[6 ... SMCCC_CALLS - 1] = smccc_unknown,
};
