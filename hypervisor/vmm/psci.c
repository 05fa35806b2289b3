/*
 * Power control for guests: PSCI 1.1 (DEN 0022). A vCPU's power state
 * changes under its VM's lock, so that of two callers of CPU_ON one wins.
 * Must not know how a vCPU starts, sleeps or stops: it asks vcpu.c, vm.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/psci.h"
#include "vmm/vm.h"

/* power_state of CPU_SUSPEND, original format (DEN 0022, CPU_SUSPEND). */
#define	SUSPEND_POWERDOWN	(1u << 16)
#define	SUSPEND_RES0		0xfcfe0000u

/* What AFFINITY_INFO returns. */
enum { AFFINITY_ON, AFFINITY_OFF, AFFINITY_ON_PENDING };

/* What MIGRATE_INFO_TYPE returns for no Trusted OS. */
#define	MIGRATE_NOT_REQUIRED	2

/* Can an instruction be fetched there? AArch32: bit 0 says T32. */
static inline __attribute__((always_inline)) bool
entry_valid(const struct vm *vm, uint64_t pc)
{

	return (pc - vm->config.ram_base < vm->config.memory &&
	    ((pc & 3) == 0 || (pc & vm->config.image.aarch32)));
}

static SMCCC_ANSWER(psci_version, PSCI_VERSION_1_1)
static SMCCC_ANSWER(psci_migrate_info_type, MIGRATE_NOT_REQUIRED)

/*
 * A standby state is WFI. A request to power down is taken as one for
 * standby, as an implementation may (DEN 0022, CPU_SUSPEND): the call returns.
 */
static outcome_t
psci_cpu_suspend(struct vcpu *v)
{
	uint32_t state = (uint32_t)v->x[1];

	if (state & SUSPEND_RES0)
		return (smccc_return(v, PSCI_INVALID_PARAMETERS));
	if (state & SUSPEND_POWERDOWN && !entry_valid(v->vm, smccc_arg(v, 2)))
		return (smccc_return(v, PSCI_INVALID_ADDRESS));
	v->x[0] = PSCI_SUCCESS;
	return (vcpu_wait(v));
}

static outcome_t
psci_cpu_default_suspend(struct vcpu *v)
{

	if (!entry_valid(v->vm, smccc_arg(v, 1)))
		return (smccc_return(v, PSCI_INVALID_ADDRESS));
	v->x[0] = PSCI_SUCCESS;
	return (vcpu_wait(v));
}

static outcome_t
psci_cpu_off(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool last = true;

	spin_lock(&vm->lock);
	v->power = VCPU_OFF;
	for (unsigned int i = 0; i < vm->config.nvcpus; i++)
		if (vm->vcpus[i]->power != VCPU_OFF)
			last = false;
	spin_unlock(&vm->lock);
	if (last) {
		/* Nobody is left who could turn one on again. */
		log_vm(vm, "its last vCPU went off (CPU_OFF)");
		vm_stop(vm, VM_STOP_OFF);
	}
	return (OUTCOME_SWITCH);
}

static outcome_t
psci_cpu_on(struct vcpu *v)
{
	uint64_t target = smccc_arg(v, 1), entry = smccc_arg(v, 2);
	struct vm *vm = v->vm;
	struct vcpu *t = NULL;
	int error = PSCI_SUCCESS;

	for (unsigned int i = 0; i < vm->config.nvcpus; i++)
		if ((vm->vcpus[i]->mpidr & PORT_AFFINITY) == target)
			t = vm->vcpus[i];
	if (t == NULL)
		return (smccc_return(v, PSCI_INVALID_PARAMETERS));
	if (!entry_valid(vm, entry))
		return (smccc_return(v, PSCI_INVALID_ADDRESS));
	spin_lock(&vm->lock);
	if (t->power == VCPU_ON)
		error = PSCI_ALREADY_ON;
	else if (t->power == VCPU_ON_PENDING)
		error = PSCI_ON_PENDING;
	else if (vm->state != VM_RUNNING)
		error = PSCI_INTERNAL_FAILURE;	/* another vCPU stops it */
	else {
		t->power = VCPU_ON_PENDING;
		t->start_pc = entry;
		t->start_x0 = smccc_arg(v, 3);
	}
	spin_unlock(&vm->lock);
	if (error == PSCI_SUCCESS)
		vcpu_request(t, VCPU_REQ_START);
	return (smccc_return(v, error));
}

/*
 * Of a level above 0 the lower affinity fields do not count. It is on if
 * any vCPU in it is.
 */
static outcome_t
psci_affinity_info(struct vcpu *v)
{
	static const uint64_t masks[4] = { PORT_AFFINITY, 0xff00ffff00ull,
	    0xff00ff0000ull, 0xff00000000ull };
	uint64_t target = smccc_arg(v, 1);
	uint32_t level = (uint32_t)v->x[2];
	struct vm *vm = v->vm;
	int result = PSCI_INVALID_PARAMETERS;

	if (level >= nitems(masks) || target & ~PORT_AFFINITY)
		return (smccc_return(v, PSCI_INVALID_PARAMETERS));
	spin_lock(&vm->lock);
	for (unsigned int i = 0; i < vm->config.nvcpus; i++) {
		const struct vcpu *t = vm->vcpus[i];

		if ((t->mpidr ^ target) & masks[level])
			continue;
		if (t->power == VCPU_ON)
			result = AFFINITY_ON;
		else if (result != AFFINITY_ON && t->power == VCPU_ON_PENDING)
			result = AFFINITY_ON_PENDING;
		else if (result < 0)
			result = AFFINITY_OFF;
	}
	spin_unlock(&vm->lock);
	return (smccc_return(v, result));
}

/* SYSTEM_OFF; the next number is SYSTEM_RESET. */
static outcome_t
psci_system(struct vcpu *v)
{

	vm_stop(v->vm, smccc_fid(v) & 1 ? VM_STOP_RESET : VM_STOP_OFF);
	return (OUTCOME_SWITCH);
}

static outcome_t
psci_features(struct vcpu *v)
{
	uint32_t of = (uint32_t)v->x[1], n = SMCCC_NUMBER(of);
	smccc_fn *const *calls = of & SMCCC_64 ? psci_calls64 : psci_calls32;

	/* The one call of others to be asked for (DEN 0028). */
	if (of == SMCCC_VERSION)
		return (smccc_return(v, PSCI_SUCCESS));
	if ((of & ~SMCCC_64) >> SMCCC_OWNER_SHIFT != (0x80 | SMCCC_STANDARD) ||
	    n >= SMCCC_CALLS || calls[n] == smccc_unknown)
		return (smccc_return(v, PSCI_NOT_SUPPORTED));
	/* CPU_SUSPEND's flags: original format, platform-coordinated: 0. */
	return (smccc_return(v, PSCI_SUCCESS));
}

smccc_fn *const psci_calls32[SMCCC_CALLS] = {
	[0] = psci_version,
	[1] = psci_cpu_suspend,
	[2] = psci_cpu_off,
	[3] = psci_cpu_on,
	[4] = psci_affinity_info,
	[5] = smccc_unknown,			/* MIGRATE */
	[6] = psci_migrate_info_type,
	[7] = smccc_unknown,			/* MIGRATE_INFO_UP_CPU */
	[8 ... 9] = psci_system,
	[10] = psci_features,
	[11] = smccc_unknown,			/* CPU_FREEZE */
	[12] = psci_cpu_default_suspend,
	[13 ... SMCCC_CALLS - 1] = smccc_unknown,
};

smccc_fn *const psci_calls64[SMCCC_CALLS] = {
	[0] = smccc_unknown,
	[1] = psci_cpu_suspend,
	[2] = smccc_unknown,
	[3] = psci_cpu_on,
	[4] = psci_affinity_info,
	[5 ... 11] = smccc_unknown,
	[12] = psci_cpu_default_suspend,
	[13 ... SMCCC_CALLS - 1] = smccc_unknown,
};
