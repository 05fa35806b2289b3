/*
 * port/vcpu.h for the build host: see arch_vcpu.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdlib.h>

#include "vmm/vcpu.h"

struct vcpu_fake vcpu_fake;

void
vcpu_fake_reset(void)
{

	vcpu_fake = (struct vcpu_fake){ .deadline = ~0ull };
}

void
port_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t x0)
{
	unsigned int i;

	for (i = 0; i < nitems(v->x); i++)
		v->x[i] = 0;
	v->x[0] = x0;
	v->arch.pc = pc;
	v->arch.x0 = x0;
	v->arch.resets++;
}

void
port_vcpu_save(struct vcpu *v)
{

	/* Saving who is not there would overwrite a vCPU with another's. */
	if (vcpu_fake.loaded != v)
		abort();
	vcpu_fake.loaded = NULL;
	v->arch.saves++;
}

void
port_vcpu_load(struct vcpu *v)
{

	if (vcpu_fake.loaded != NULL)
		abort();
	vcpu_fake.loaded = v;
	v->arch.loads++;
}

void
port_vcpu_disown(struct vcpu *v)
{

	v->arch.disowned++;
}

void
port_vcpu_dump(struct vcpu *v)
{

	v->arch.dumps++;
}

void
port_inject_undef(struct vcpu *v)
{

	(void)v;
	vcpu_fake.undefs++;
}

void
port_inject_abort(struct vcpu *v, uint64_t esr)
{

	(void)v;
	vcpu_fake.aborts++;
	vcpu_fake.abort_esr = esr;
}

void
port_inject_serror(struct vcpu *v)
{

	(void)v;
	vcpu_fake.serrors++;
}

void
port_take_fp(struct vcpu *v)
{

	(void)v;
	vcpu_fake.fp++;
}

void
port_take(struct vcpu *v, enum port_state what)
{

	(void)v;
	vcpu_fake.pmu += what == PORT_PMU;
	vcpu_fake.debug += what == PORT_DEBUG;
	vcpu_fake.pauth += what == PORT_PAUTH;
}

uint64_t
port_id_reg(unsigned int crm_op2)
{

	if (crm_op2 >= nitems(vcpu_fake.id))
		abort();
	return (vcpu_fake.id[crm_op2]);
}

uint64_t
port_stage2_base(pa_t root, unsigned int vmid)
{

	return (root.v | (uint64_t)vmid << 48);
}

void
port_set_deadline(uint64_t count)
{

	vcpu_fake.deadline = count;
}

void
port_idle(void)
{

	vcpu_fake.idles++;
	/* Nothing would ever wake it. */
	if (vcpu_fake.idle == NULL)
		abort();
	vcpu_fake.idle();
}

uint64_t
port_firmware(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{

	(void)a2;
	(void)a3;
	if (vcpu_fake.ncalls < VCPU_FAKE_CALLS) {
		vcpu_fake.calls[vcpu_fake.ncalls].fn = fn;
		vcpu_fake.calls[vcpu_fake.ncalls].a1 = a1;
	}
	vcpu_fake.ncalls++;
	return (vcpu_fake.firmware == NULL ? ~0ull :
	    vcpu_fake.firmware(fn, a1));
}

void
port_power_off(void)
{

	if (vcpu_fake.power_off == NULL)
		abort();
	longjmp(*vcpu_fake.power_off, 1);
}
