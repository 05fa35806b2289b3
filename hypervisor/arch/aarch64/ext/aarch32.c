/*
 * A vCPU of AArch32: reset, what of it is switched, exits and exceptions
 * into it. What is emulated is the same as for AArch64, by the same
 * handlers: here their syndromes are made, and PC and IT state moved.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/aarch32.h"
#include "arch/aarch64/ext/sve.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/sysreg.h"
#include "vmm/exits.h"
#include "vmm/smccc.h"

/* CPSR at reset: Supervisor mode, A, I and F masked. */
#define	CPSR_RESET	0x1d3ull
#define	CPSR_T		(1ull << 5)
/* SCTLR at reset: RES1 bits of Armv8.0 and CP15BEN, MMU and caches off. */
#define	SCTLR_RESET	0x00c50838ull
#define	SCTLR_V		(1ull << 13)
#define	TTBCR_EAE	(1ull << 31)

#define	PSCI_FEATURES	0x8400000au

#define	ID_PFR1		SYS_REG(3, 0, 0, 1, 1)

void
aarch32_reset(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;

	/*
	 * Boot protocol (Linux, Documentation/arch/arm/booting.rst): r0 = 0,
	 * r1 = any machine, r2 = device tree.
	 */
	v->x[2] = v->x[0] >> 32;
	v->x[0] = (uint32_t)v->x[0];
	if (v->x[2] != 0)
		v->x[1] = 0xffffffff;
	a->spsr = CPSR_RESET | (a->elr & 1 ? CPSR_T : 0);
	a->elr &= ~1ull;
	a->hcr &= ~HCR_RW;
	a->el1[EL1_SCTLR] = SCTLR_RESET;
	a->uses |= USES_AARCH32;
	a->aarch32 = (struct arch_aarch32){ .fpexc = 0 };
}

/* FPEXC32_EL2 traps to ourselves with the rest of FP (DDI 0487, D19.2). */
static uint64_t
open_fp(void)
{
	uint64_t cptr = read_sysreg(cptr_el2);

	write_sysreg(cptr_el2, e2h.cptr);
	isb();
	return (cptr);
}

void
aarch32_save(struct vcpu *v)
{
	struct arch_aarch32 *s = &v->arch.aarch32;
	uint64_t cptr = open_fp();

	s->fpexc = read_sysreg(fpexc32_el2);
	write_sysreg(cptr_el2, cptr);
	s->spsr_abt = read_sysreg(spsr_abt);
	s->spsr_und = read_sysreg(spsr_und);
	s->spsr_irq = read_sysreg(spsr_irq);
	s->spsr_fiq = read_sysreg(spsr_fiq);
	s->dacr = read_sysreg(dacr32_el2);
	s->ifsr = read_sysreg(ifsr32_el2);
	if (v->arch.uses & PORT_DEBUG)
		s->dbgvcr = read_sysreg(dbgvcr32_el2);
}

void
aarch32_load(struct vcpu *v)
{
	const struct arch_aarch32 *s = &v->arch.aarch32;
	uint64_t cptr = open_fp();

	write_sysreg(fpexc32_el2, s->fpexc);
	write_sysreg(cptr_el2, cptr);
	write_sysreg(spsr_abt, s->spsr_abt);
	write_sysreg(spsr_und, s->spsr_und);
	write_sysreg(spsr_irq, s->spsr_irq);
	write_sysreg(spsr_fiq, s->spsr_fiq);
	write_sysreg(dacr32_el2, s->dacr);
	write_sysreg(ifsr32_el2, s->ifsr);
	/* 0 unless its own debug registers were given to it. */
	write_sysreg(dbgvcr32_el2, s->dbgvcr);
}

/* Takes the exception: mode, its link register's offset, its vector. */
static void
enter(struct vcpu *v, unsigned int mode, unsigned int offset,
    unsigned int vector)
{
	uint64_t pstate = read_sysreg(spsr_el2);
	uint64_t sctlr = read_el12(sctlr_el1);

	v->x[mode == AARCH32_UND ? 22 : 20] = (uint32_t)(read_sysreg(elr_el2) +
	    offset);
	if (mode == AARCH32_UND)
		write_sysreg(spsr_und, aarch32_spsr(pstate));
	else
		write_sysreg(spsr_abt, aarch32_spsr(pstate));
	write_sysreg(spsr_el2, aarch32_enter(pstate, sctlr, mode, arch_has_pan,
	    arch_has_ssbs));
	write_sysreg(elr_el2, (sctlr & SCTLR_V ? 0xffff0000 :
	    read_el12(vbar_el1)) + vector);
}

static void
inject_undef(struct vcpu *v)
{

	/* Behind the instruction; of T32 behind its first half. */
	enter(v, AARCH32_UND, read_sysreg(spsr_el2) & CPSR_T ? 2 : 4, 0x04);
}

/*
 * At which level did the guest's own walk leave its memory? Short
 * descriptors have two; the first table may be told by its address.
 */
static unsigned int
walk_level_short(uint64_t ttbcr, uint64_t va, uint64_t fault)
{
	unsigned int n = ttbcr & 7;
	bool high = n != 0 && va >> (32 - n) != 0;
	unsigned int bits = high ? 14 : 14 - n;	/* of the table's size */
	uint64_t table = (high ? read_el12(ttbr1_el1) :
	    read_el12(ttbr0_el1)) & 0xffffffff;

	table = round_down(table, 1ull << bits) |
	    (va >> 18 & 0x3ffc & ((1ull << bits) - 1));
	return (round_down(table, PAGE_SIZE) == fault ? 1 : 2);
}

static unsigned int
walk_level_long(struct vcpu *v, uint64_t ttbcr, uint64_t va, uint64_t fault)
{
	unsigned int t0 = ttbcr & 7, t1 = ttbcr >> 16 & 7;
	bool high = t1 != 0 ? va >> (32 - t1) == (1u << t1) - 1 :
	    t0 != 0 && va >> (32 - t0) != 0;
	unsigned int bits = 32 - (high ? t1 : t0);
	uint64_t table = (high ? read_el12(ttbr1_el1) :
	    read_el12(ttbr0_el1)) & 0xfffffffff8ull;
	pa_t pa;

	va &= (1ull << bits) - 1;
	for (unsigned int level = bits > 30 ? 1 : 2; level < 3; level++) {
		unsigned int shift = level == 1 ? 30 : 21;

		table += (va >> shift & 511) * 8;
		if (round_down(table, PAGE_SIZE) == fault ||
		    !stage2_translate(&v->vm->s2, IPA(table), false, &pa))
			return (level);
		table = *(const uint64_t *)port_pa_to_ptr(pa) & 0xfffffff000ull;
	}
	return (3);
}

static void
inject_abort(struct vcpu *v, uint64_t esr)
{
	uint64_t ttbcr = read_el12(tcr_el1), far = read_sysreg(far_el2);
	uint64_t both = read_el12(far_el1);	/* DFAR, and IFAR above */
	bool lpae = ttbcr & TTBCR_EAE;
	unsigned int level = 1;

	far = (uint32_t)far;
	if (esr & ABT_S1PTW) {
		uint64_t fault =
		    (read_sysreg(hpfar_el2) & 0xffffffffff0ull) << 8;

		level = lpae ? walk_level_long(v, ttbcr, far, fault) :
		    walk_level_short(ttbcr, far, fault);
	}
	if (ESR_EC(esr) == EC_IABT_LOW) {
		write_sysreg(ifsr32_el2, aarch32_fsr(esr, lpae, level));
		write_el12(far_el1, (uint32_t)both | far << 32);
		enter(v, AARCH32_ABT, 4, 0x0c);
	} else {
		write_el12(esr_el1, aarch32_fsr(esr, lpae, level));
		write_el12(far_el1, both >> 32 << 32 | far);
		enter(v, AARCH32_ABT, 8, 0x10);
	}
}

/* SMC64 is not for AArch32 (DEN 0028, 2.1). */
static outcome_t
call(struct vcpu *v, uint64_t immediate)
{

	if (smccc_fid(v) & SMCCC_64 || (smccc_fid(v) == PSCI_FEATURES &&
	    v->x[1] & SMCCC_64))
		return (smccc_return(v, SMCCC_NOT_SUPPORTED));
	return (smccc_hvc(v, immediate));
}

/* MCR, MRC; MCRR, MRRC, whose two registers are one of the AArch64 one. */
static outcome_t
access(struct vcpu *v, uint64_t esr, uint64_t pstate)
{
	unsigned int rt = aarch32_register(SYS_RT(esr), pstate), rt2 = 31;
	uint64_t low = vcpu_reg(v, rt), as = aarch32_sysreg(esr);
	outcome_t o;

	if (as == 0)
		return (OUTCOME_UNDEF);
	if (ESR_EC(esr) == EC_CP15_64)
		rt2 = aarch32_register(esr >> 10 & 31, pstate);
	as = (as & ~(uint64_t)0x3e0) | rt << 5;
	/* Upper halves are nobody's, but must not be part of a value. */
	vcpu_set_reg(v, rt, (uint32_t)low | vcpu_reg(v, rt2) << 32);
	o = sysreg_trap(v, as);
	if (!SYS_READ(esr) || o != OUTCOME_DONE) {
		vcpu_set_reg(v, rt, low);
		return (o);
	}
	/* ProgMod, of which a guest of AArch64 hears nothing. */
	if ((as & SYS_MASK) == ID_PFR1)
		v->x[rt] |= port_id_reg(SYS_CRM(as) * 8 + SYS_OP2(as)) & 15;
	vcpu_set_reg(v, rt2, vcpu_reg(v, rt) >> 32);
	return (OUTCOME_DONE);
}

static outcome_t
handle(struct vcpu *v, uint64_t esr, uint64_t pstate)
{

	switch (ESR_EC(esr)) {
	case EC_WFX:
		return (exits_wfx(v, esr));
	case EC_CP15:
	case EC_CP15_64:
	case EC_CP14:
	case EC_CP14_MEM:
	case EC_CP14_64:
	case EC_VMRS:
		return (access(v, esr, pstate));
	case EC_FP:
		return (exit_table[EC_FP](v, esr));
	case EC_HVC32:
		return (call(v, esr));
	case EC_SMC32:
		return (call(v, 0));
	case EC_IABT_LOW:
		return (abort_insn(v, esr));
	case EC_DABT_LOW:
		if (esr & ABT_ISV)
			esr = (esr & ~(0x1full << 16)) | (uint64_t)
			    aarch32_register(ABT_SRT(esr), pstate) << 16;
		return (abort_data(v, esr));
	}
	return (exits_unknown(v, esr));
}

outcome_t
aarch32_exit(struct vcpu *v, uint64_t esr)
{
	uint64_t pstate = read_sysreg(spsr_el2);
	outcome_t o = OUTCOME_DONE;

	if (aarch32_passes(esr, pstate))
		o = handle(v, esr, pstate);
	switch (o) {
	case OUTCOME_DONE:
	case OUTCOME_SWITCH:
		if (ESR_EC(esr) == EC_HVC32)
			break;			/* is behind it already */
		write_sysreg(elr_el2, (uint32_t)(read_sysreg(elr_el2) +
		    (esr & ESR_IL ? 4 : 2)));
		write_sysreg(spsr_el2, aarch32_next(pstate));
		break;
	case OUTCOME_UNDEF:
		inject_undef(v);
		return (OUTCOME_DONE);
	case OUTCOME_ABORT:
		inject_abort(v, esr);
		return (OUTCOME_DONE);
	}
	return (o);
}
