/*
 * SVE of guests; see sve.h. Room for the registers is made when a vCPU first
 * uses them, and stays its own. Whoever runs with SVE trapped (CPTR_EL2)
 * may still have its registers in the CPU: the trap then only ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/ext/sve.h"
#include "arch/aarch64/sysreg.h"
#include "lib/string.h"
#include "mm/pool.h"
#include "vmm/exits.h"
#include "vmm/vm.h"

/* For the names of the registers; the compiler makes no use of it. */
__asm__(".arch_extension sve");

#define	ZCR_LEN_ALL	0xf		/* as long as there is */

struct arch_sve {
	uint64_t	zcr;
	/* 32 vectors; 17 predicates, an eighth of that each. */
	uint8_t		regs[] __attribute__((aligned(16)));
};

/* For us, and the guest; FP too. */
static void
allow(void)
{

	write_sysreg(cptr_el2, e2h.cptr ^ e2h.cptr_sve);
	isb();
	write_sysreg(zcr_el2, ZCR_LEN_ALL);
	isb();
}

static void
save(struct vcpu *v)
{
	struct arch_fp *fp = &v->arch.fp;

	allow();
	v->arch.sve->zcr = read_el12(zcr_el1);
	fp->fpsr = read_sysreg(fpsr);
	fp->fpcr = read_sysreg(fpcr);
	sve_regs_save(v->arch.sve->regs);
	/* The next one has not asked. */
	write_sysreg(cptr_el2, e2h.cptr);
	isb();
}

static void
load(struct vcpu *v)
{

	allow();
	sve_regs_load(v->arch.sve->regs);
	write_sysreg(fpsr, v->arch.fp.fpsr);
	write_sysreg(fpcr, v->arch.fp.fpcr);
	write_el12(zcr_el1, v->arch.sve->zcr);
}

/* From now on its registers are these; what it has of FP is a part of them. */
static bool
first(struct vcpu *v)
{
	struct arch_fp *fp = &v->arch.fp;

	allow();
	uint64_t vl = sve_vl();
	size_t size = sizeof(struct arch_sve) + 32 * vl + 17 * vl / 8;

	if (v->pcpu->fp_owner == v) {
		fp_save(fp);
		v->pcpu->fp_owner = NULL;
	}
	if (v->arch.sve_room == NULL)
		v->arch.sve_room = pool_alloc(host.pool, PAGE_COUNT(size), 1);
	if (v->arch.sve_room == NULL)
		return (false);
	v->arch.sve = memset(v->arch.sve_room, 0, size);
	for (unsigned int i = 0; i < 32; i++)
		memcpy(v->arch.sve->regs + i * vl, &fp->q[2 * i], 16);
	return (true);
}

/* As port_take_fp(), where some vCPUs use SVE. */
static outcome_t
take(struct vcpu *v, uint64_t esr)
{
	struct vcpu *old = v->pcpu->fp_owner;

	(void)esr;
	write_sysreg(cptr_el2, e2h.cptr);
	isb();
	if (old != NULL && old->arch.sve != NULL)
		save(old);
	else if (old != NULL)
		fp_save(&old->arch.fp);
	v->pcpu->fp_owner = v;
	if (v->arch.sve != NULL)
		load(v);
	else
		fp_load(&v->arch.fp);
	return (OUTCOME_RETRY);
}

outcome_t
sve_trap(struct vcpu *v, uint64_t esr)
{

	if (v->arch.sve == NULL && !first(v)) {
		log_vm(v->vm, "no memory for the SVE registers of vCPU %u",
		    v->index);
		return (OUTCOME_STOP);
	}
	if (v->pcpu->fp_owner != v)
		return (take(v, esr));
	allow();
	return (OUTCOME_RETRY);
}

void
sve_init(void)
{

	if ((read_sysreg(id_aa64pfr0_el1) >> 32 & 15) != 0)
		exit_table[EC_FP] = take;
}
