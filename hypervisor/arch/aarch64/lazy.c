/*
 * State that follows its user. FP and SIMD stay in the CPU until another
 * vCPU wants them. The performance monitors and the debug registers belong
 * to no vCPU until its first access, which traps; from then on they are
 * switched with it, and vCPUs that never touch them never pay.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/ext/pauth.h"
#include "arch/aarch64/sysreg.h"
#include "vmm/vcpu.h"

#define	MDCR_PMU	(MDCR_TPM | MDCR_TPMCR)
#define	MDCR_DEBUG	(MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)

static unsigned int
pmu_counters(void)
{

	return (read_sysreg(pmcr_el0) >> PMCR_N_SHIFT & 0x1f);
}

uint64_t
lazy_mdcr_reset(void)
{
	uint64_t mdcr = MDCR_PMU | MDCR_DEBUG | MDCR_TPMS | MDCR_TTRF;
	unsigned int ver = read_sysreg(id_aa64dfr0_el1) >> 8 & 15;

	/* Has this CPU a PMUv3 (ID_AA64DFR0_EL1.PMUVer)? HPMN: all. */
	if (ver != 0 && ver != 15)
		mdcr |= pmu_counters();
	return (mdcr);
}

void
port_take_fp(struct vcpu *v)
{
	struct pcpu *p = v->pcpu;

	write_sysreg(cptr_el2, e2h.cptr);
	isb();
	if (p->fp_owner == v)
		return;
	if (p->fp_owner != NULL)
		fp_save(&p->fp_owner->arch.fp);
	fp_load(&v->arch.fp);
	p->fp_owner = v;
}

void
port_vcpu_disown(struct vcpu *v)
{

	if (v->pcpu->fp_owner == v)
		v->pcpu->fp_owner = NULL;
}

/* One list for both ways, where there is a `save` to say which. */
#define	SWITCH(field, reg) do {						\
	if (save)							\
		(field) = read_sysreg(reg);				\
	else								\
		write_sysreg(reg, field);				\
} while (0)

static void
pmu_switch(struct arch_pmu *s, bool save)
{
	unsigned int n = pmu_counters();

	if (save) {
		s->pmcr = read_sysreg(pmcr_el0);
		s->cntenset = read_sysreg(pmcntenset_el0);
		s->intenset = read_sysreg(pmintenset_el1);
		s->selr = read_sysreg(pmselr_el0);
	}
	write_sysreg(pmcntenclr_el0, ~0u);
	isb();
	/* Nothing counts; no overflow of this vCPU's interrupts the next. */
	if (save)
		s->ovsset = read_sysreg(pmovsset_el0);
	write_sysreg(pmintenclr_el1, ~0u);
	write_sysreg(pmovsclr_el0, ~0u);
	SWITCH(s->ccntr, pmccntr_el0);
	SWITCH(s->ccfiltr, pmccfiltr_el0);
	SWITCH(s->userenr, pmuserenr_el0);
	for (unsigned int i = 0; i < n; i++) {
		write_sysreg(pmselr_el0, i);
		isb();
		SWITCH(s->evcntr[i], pmxevcntr_el0);
		SWITCH(s->evtyper[i], pmxevtyper_el0);
	}
	if (save)
		return;
	write_sysreg(pmselr_el0, s->selr);
	write_sysreg(pmovsset_el0, s->ovsset);
	write_sysreg(pmintenset_el1, s->intenset);
	write_sysreg(pmcr_el0, s->pmcr);
	write_sysreg(pmcntenset_el0, s->cntenset);
}

/*
 * The register number is in the name. As many as DEBUG_BPS and DEBUG_WPS, of
 * which sysreg.c lets guests know; a CPU has one more of each than this field
 * says.
 */
#define	DEBUG(k, have, n) if ((have) > (n)) {				\
	SWITCH(d->k##vr[n], dbg##k##vr##n##_el1);			\
	SWITCH(d->k##cr[n], dbg##k##cr##n##_el1);			\
}

static void
debug_switch(struct arch_debug *d, bool save)
{
	uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);
	unsigned int bps = (dfr0 >> 12 & 15) + 1, wps = (dfr0 >> 20 & 15) + 1;

	DEBUG(b, bps, 0) DEBUG(b, bps, 1) DEBUG(b, bps, 2) DEBUG(b, bps, 3)
	DEBUG(b, bps, 4) DEBUG(b, bps, 5)
	DEBUG(w, wps, 0) DEBUG(w, wps, 1) DEBUG(w, wps, 2) DEBUG(w, wps, 3)
	/*
	 * The double lock of one is not to turn off another's debugging. (What
	 * a guest asks of a power controller by DBGPRCR_EL1 stays: QEMU lacks
	 * the register.)
	 */
	SWITCH(d->osdlr, osdlr_el1);
	/* MDSCR_EL1 itself is switched with EL1. */
	if (save)
		d->oslsr = read_sysreg(oslsr_el1) >> 1 & 1;
	else
		write_sysreg(oslar_el1, d->oslsr);
}

void
lazy_save(struct vcpu *v)
{

	/* Taken, it waits no more (DDI 0487, HCR_EL2.VSE). */
	if (v->arch.uses & USES_SERROR) {
		v->arch.hcr = read_sysreg(hcr_el2);
		if ((v->arch.hcr & HCR_VSE) == 0)
			v->arch.uses &= ~USES_SERROR;
	}
	if (v->arch.uses & PORT_PMU)
		pmu_switch(&v->arch.pmu, true);
	if (v->arch.uses & PORT_DEBUG)
		debug_switch(&v->arch.debug, true);
	if (v->arch.uses & PORT_PAUTH)
		pauth_save(v->arch.pauth);
	if (v->arch.uses & USES_AARCH32)
		aarch32_save(v);
}

void
lazy_load(struct vcpu *v)
{

	if (v->arch.uses & PORT_PMU)
		pmu_switch(&v->arch.pmu, false);
	if (v->arch.uses & PORT_DEBUG)
		debug_switch(&v->arch.debug, false);
	if (v->arch.uses & PORT_PAUTH)
		pauth_load(v->arch.pauth);
	if (v->arch.uses & USES_AARCH32)
		aarch32_load(v);
}

void
port_take(struct vcpu *v, enum port_state what)
{
	struct arch_vcpu *a = &v->arch;

	lazy_save(v);
	a->uses |= what;
	if (what == PORT_PMU)
		a->mdcr &= ~MDCR_PMU;
	else if (what == PORT_DEBUG)
		a->mdcr &= ~MDCR_DEBUG;
	else
		a->hcr |= HCR_API | HCR_APK;
	write_sysreg(mdcr_el2, a->mdcr);
	write_sysreg(hcr_el2, a->hcr);
	lazy_load(v);
}
