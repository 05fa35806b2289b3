/*
 * One vCPU's Armv8 world: reset, save and load when the vCPU on a CPU
 * changes, and exceptions into it. What is switched lazily is in lazy.c.
 * Must not know why a switch or an injection happens.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/sysreg.h"
#include "lib/string.h"
#include "vmm/vm.h"

_Static_assert(offsetof(struct vcpu, x) == VCPU_X(0), "x");
_Static_assert(offsetof(struct vcpu, pcpu) == VCPU_PCPU, "pcpu");
_Static_assert(offsetof(struct vcpu, exits) == VCPU_EXITS, "exits");
_Static_assert(offsetof(struct pcpu, current) == PCPU_CURRENT, "current");
_Static_assert(offsetof(struct pcpu, index) == PCPU_INDEX, "index");
_Static_assert(offsetof(struct pcpu, entry_ticks) == PCPU_ENTRY_TICKS, "t");
_Static_assert(offsetof(struct pcpu, entry_class) == PCPU_ENTRY_CLASS, "c");
_Static_assert(offsetof(struct pcpu, panic_stack) == PCPU_PANIC_STACK, "p");
_Static_assert(offsetof(struct pcpu, vectors) == PCPU_TABLE, "vectors");

uint64_t arch_hcr_guest = HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO |
    HCR_FB | HCR_BSU_INNER | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR |
    HCR_TSW | HCR_TLOR | HCR_TERR | HCR_RW;

__attribute__((cold)) void
port_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t x0)
{

	memset(v->x, 0, sizeof(v->x));
	v->x[0] = x0;
	memset(&v->arch, 0, offsetof(struct arch_vcpu, aarch32));
	v->arch.el1[EL1_SCTLR] = SCTLR_EL1_RESET;
	v->arch.elr = pc;
	v->arch.spsr = PSR_EL1H | PSR_DAIF;
	v->arch.hcr = arch_hcr_guest;
	/* Spinning on WFE is worth a trap only where others wait. */
	if (!v->vm->config.wfi_native)
		v->arch.hcr |= v->pcpu->assigned > 1 ? HCR_TWI | HCR_TWE :
		    HCR_TWI;
	v->arch.mdcr = lazy_mdcr_reset();
	/* The OS lock is set out of reset (DDI 0487, D19.3.24). */
	v->arch.debug.oslsr = 1;
	if (v->vm->config.image.aarch32)
		aarch32_reset(v);
}

void
port_vcpu_save(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;

	a->elr = read_sysreg(elr_el2);
	a->spsr = read_sysreg(spsr_el2);
	a->cntv_ctl = read_el12(cntv_ctl_el0);
	a->cntv_cval = read_el12(cntv_cval_el0);
	/* Its interrupt must not come while somebody else runs. */
	write_el12(cntv_ctl_el0, 0);
	switch_save_el1(a->el1);
	if (unlikely(a->uses != 0))
		lazy_save(v);
}

void
port_vcpu_load(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;
	struct vm *vm = v->vm;
	struct pcpu *p = v->pcpu;

	write_sysreg(hcr_el2, a->hcr);
	write_sysreg(vmpidr_el2, v->mpidr);
	write_sysreg(cptr_el2, p->fp_owner == v ? e2h.cptr : e2h.cptr_tfp);
	write_sysreg(mdcr_el2, a->mdcr);
	switch_load_el1(a->el1, vm->vttbr);
	write_sysreg(cntvoff_el2, vm->cntvoff);
	write_el12(cntv_cval_el0, a->cntv_cval);
	write_el12(cntv_ctl_el0, a->cntv_ctl);
	write_sysreg(elr_el2, a->elr);
	write_sysreg(spsr_el2, a->spsr);
	if (unlikely(vm->ways != p->ways)) {
		p->ways = vm->ways;
		memcpy(p->vectors, vectors_sets[vm->ways], sizeof(p->vectors));
	}
	/*
	 * vCPUs of one VM have one VMID, but a TLB each is what their guest
	 * counts on (it may use one ASID for different tables on each).
	 */
	if (vm->last_vcpu[p->index] != v->index) {
		vm->last_vcpu[p->index] = v->index;
		isb();
		tlbi(vmalle1);
		dsb(nsh);
	}
	if (unlikely(a->uses != 0))
		lazy_load(v);
}

__attribute__((cold)) void
port_vcpu_dump(struct vcpu *v)
{

	log_vm(v->vm, "vCPU %u: PC %016lx PSTATE %08lx ESR_EL2 %08lx", v->index,
	    read_sysreg(elr_el2), read_sysreg(spsr_el2), read_sysreg(esr_el2));
	log_vm(v->vm, "FAR_EL2 %016lx HPFAR_EL2 %016lx SP_EL1 %016lx",
	    read_sysreg(far_el2), read_sysreg(hpfar_el2), read_sysreg(sp_el1));
	log_vm(v->vm, "ELR_EL1 %016lx ESR_EL1 %08lx FAR_EL1 %016lx",
	    read_el12(elr_el1), read_el12(esr_el1), read_el12(far_el1));
	for (unsigned int i = 0; i < 30; i += 3)
		log_vm(v->vm, "x%-2u %016lx x%-2u %016lx x%-2u %016lx", i,
		    v->x[i], i + 1, v->x[i + 1], i + 2, v->x[i + 2]);
	log_vm(v->vm, "x30 %016lx", v->x[30]);
}

/* AArch64.TakeException to EL1 (DDI 0487, J1.1.2). */
static void
take_exception(uint64_t esr)
{
	uint64_t pstate = read_sysreg(spsr_el2), sctlr = read_el12(sctlr_el1);
	uint64_t new = PSR_EL1H | PSR_DAIF, offset;

	if (pstate & PSR_AARCH32)
		offset = 0x600;
	else if ((pstate & PSR_MODE_MASK) == 0)
		offset = 0x400;
	else
		offset = pstate & 1 ? 0x200 : 0;
	new |= pstate & (PSR_NZCV | PSR_DIT | PSR_PAN);
	if (arch_has_pan && !(sctlr & SCTLR_SPAN))
		new |= PSR_PAN;
	if (arch_has_ssbs && sctlr & SCTLR_DSSBS)
		new |= PSR_SSBS;
	write_el12(esr_el1, esr);
	write_el12(elr_el1, read_sysreg(elr_el2));
	write_el12(spsr_el1, pstate);
	write_sysreg(spsr_el2, new);
	write_sysreg(elr_el2, read_el12(vbar_el1) + offset);
}

void
port_inject_undef(struct vcpu *v)
{

	(void)v;
	take_exception((uint64_t)EC_UNKNOWN << ESR_EC_SHIFT | ESR_IL);
}

void
port_inject_abort(struct vcpu *v, uint64_t esr)
{
	uint64_t pstate = read_sysreg(spsr_el2);
	bool insn = ESR_EC(esr) == EC_IABT_LOW;
	bool from_el0 = (pstate & (PSR_MODE_MASK | PSR_AARCH32)) == 0 ||
	    pstate & PSR_AARCH32;
	uint64_t new = (uint64_t)(insn ? EC_IABT_LOW : EC_DABT_LOW) +
	    (from_el0 ? 0 : 1);

	new = new << ESR_EC_SHIFT | ESR_IL;
	/* ESR_EL2 has the level of stage 2; the guest wants its own. */
	new |= esr & ABT_S1PTW ? FSC_EXTERNAL_WALK | walk_level(v) :
	    FSC_EXTERNAL;
	if (!insn)
		new |= esr & (ABT_WRITE | ABT_CM);
	write_el12(far_el1, read_sysreg(far_el2));
	take_exception(new);
}

__attribute__((cold)) void
port_inject_serror(struct vcpu *v)
{

	v->arch.uses |= USES_SERROR;
	write_sysreg(hcr_el2, v->arch.hcr | HCR_VSE);
}
