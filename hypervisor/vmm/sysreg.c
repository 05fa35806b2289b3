/*
 * MSR, MRS and system instructions of a guest that trap (exception class
 * 0x18). Everything is answered, handed over or refused by an undefined
 * instruction; nothing is swallowed without a reason that stands here. Must
 * not know the registers of this CPU: it asks port/.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/exits.h"
#include "vmm/ext/set_way.h"

/*
 * Identification registers, DDI 0487 D19.2 by their names: what a guest
 * gets is the hardware's value less the fields that are not listed here. A
 * field stays when it tells of instructions, or of state that is switched
 * with the vCPU; one that is unknown here reads 0, as do the registers that
 * are not listed (SME, AFR, ISAR3, MMFR3, ...).
 *
 * Hidden: EL2 and EL3, RAS, SME, MPAM, AMU, realms (PFR0); MTE, NMI
 * (PFR1); trace, statistical profiling, trace and branch buffers (DFR0);
 * TME (ISAR0); LS64, XS (ISAR1), WFxT, MOPS (ISAR2); ECV, FGT, granules of
 * stage 2 (MMFR0); VHE, LORegions, XNX, HCX (MMFR1); NV, IESB, FWB, EVT
 * (MMFR2).
 */
#define	ID(crm, op2)	((crm) * 8 + (op2))
#define	F(shift)	(0xfull << (shift))

#define	ID_PFR0		ID(1, 0)
#define	ID_PFR1		ID(1, 1)
#define	ID_DFR0		ID(1, 2)
#define	ID_AA64PFR0	ID(4, 0)
#define	ID_AA64DFR0	ID(5, 0)
#define	ID_AA64MMFR0	ID(7, 0)
#define	ID_AA64MMFR1	ID(7, 1)

#define	DFR0_PMU_SHIFT	8		/* ID_AA64DFR0_EL1.PMUVer */

static const struct {
	uint8_t		reg;
	uint64_t	keep;
} id_keep[] = {
	/* ID_PFR0: State0-3, CSV2, DIT. */
	{ ID_PFR0, 0xffffull | F(16) | F(24) },
	/* ID_PFR1: the timer. No AArch32 at EL1: no modes of it. */
	{ ID_PFR1, F(16) },
	/* ID_DFR0: debug by CP14, monitors. */
	{ ID_DFR0, F(0) | F(24) },
	/* ID_MMFR0 to ID_MMFR3. */
	{ ID(1, 4), ~0ull }, { ID(1, 5), ~0ull },
	{ ID(1, 6), ~0ull }, { ID(1, 7), ~0ull },
	/* ID_ISAR0 to ID_ISAR5, ID_ISAR6. */
	{ ID(2, 0), ~0ull }, { ID(2, 1), ~0ull }, { ID(2, 2), ~0ull },
	{ ID(2, 3), ~0ull }, { ID(2, 4), ~0ull }, { ID(2, 5), ~0ull },
	{ ID(2, 7), ~0ull },
	/* ID_MMFR4: not XNX, EVT. */
	{ ID(2, 6), 0xffffffffull & ~(F(8) | F(28)) },
	/* MVFR0 to MVFR2. */
	{ ID(3, 0), ~0ull }, { ID(3, 1), ~0ull }, { ID(3, 2), ~0ull },
	/* ID_PFR2: CSV3, SSBS. */
	{ ID(3, 4), F(0) | F(4) },
	/* ID_MMFR5: ETS, nTLBPA. */
	{ ID(3, 6), F(0) | F(4) },
	/* EL0, EL1, FP, AdvSIMD, SVE, DIT, CSV2, CSV3. */
	{ ID_AA64PFR0, F(0) | F(4) | F(16) | F(20) | F(32) | F(48) | F(56) |
	    F(60) },
	/* ID_AA64ZFR0: of SVE. */
	{ ID(4, 4), ~0ull },
	/* ID_AA64PFR1: BT, SSBS. */
	{ ID(4, 1), F(0) | F(4) },
	/* DebugVer, PMUVer, BRPs, WRPs, CTX_CMPs. */
	{ ID_AA64DFR0, F(0) | F(8) | F(12) | F(20) | F(28) },
	/* ID_AA64ISAR0: all but TME. */
	{ ID(6, 0), ~(F(0) | F(24)) },
	/*
	 * ID_AA64ISAR1: DPB, APA, API, JSCVT, FCMA, LRCPC, GPA, GPI, FRINTTS,
	 * SB, SPECRES, BF16, DGH, I8MM.
	 */
	{ ID(6, 1), 0x00ffffffffffffffull },
	/*
	 * ID_AA64ISAR2: RPRES, GPA3, APA3, BC, PAC_frac, CLRBHB, RPRFM, CSSC.
	 */
	{ ID(6, 2), F(4) | F(8) | F(12) | F(20) | F(24) | F(28) | F(48) |
	    F(52) },
	/* PARange, ASIDBits, BigEnd, BigEndEL0, TGran16, 64 and 4, ExS. */
	{ ID_AA64MMFR0, F(0) | F(4) | F(8) | F(16) | F(20) | F(24) | F(28) |
	    F(44) },
	/* HAFDBS, HPDS, PAN, SpecSEI, ETS, AFP, nTLBPA. */
	{ ID_AA64MMFR1, F(0) | F(12) | F(20) | F(24) | F(36) | F(44) |
	    F(48) },
	/*
	 * ID_AA64MMFR2: CnP, UAO, LSM, VARange, CCIDX, ST, AT, IDS, TTL, BBM,
	 * E0PD.
	 */
	{ ID(7, 2), F(0) | F(4) | F(8) | F(16) | F(20) | F(28) | F(32) |
	    F(36) | F(48) | F(52) | F(60) },
};

/* [gic - 2][CRm * 8 + op2] */
static uint64_t ids[2][64];

/* An unsigned field of at most max. */
static uint64_t
at_most(uint64_t value, unsigned int shift, uint64_t max)
{

	if ((value >> shift & 15) > max)
		value = (value & ~F(shift)) | max << shift;
	return (value);
}

/*
 * Performance monitors up to PMUv3 for Armv8.5 (6), whose registers are
 * all switched. 15: not PMUv3 but the maker's own.
 */
static uint64_t
limit_pmu(uint64_t value, unsigned int shift)
{

	if ((value >> shift & 15) == 15)
		return (value & ~F(shift));
	return (at_most(value, shift, 6));
}

static uint64_t
limit(unsigned int reg, uint64_t value, unsigned int ipa_bits)
{
	static const uint8_t pa_bits[] = { 32, 36, 40, 42, 44, 48, 52 };
	unsigned int i;

	switch (reg) {
	case ID_PFR0:
		return (at_most(value, 16, 1));		/* CSV2 */
	case ID_DFR0:
		/* CopDbg: Armv8.0; what came later is not for a guest. */
		return (limit_pmu(at_most(value, 0, 6), 24));
	case ID_AA64PFR0:
		/* EL1 runs AArch64 only. CSV2 2: SCXTNUM, not switched. */
		return (at_most(at_most(value, 4, 1), 56, 1));
	case ID_AA64DFR0:
		/*
		 * DebugVer: Armv8.0, as above. DoubleLock 15: OSDLR_EL1 is
		 * RAZ/WI, for a guest powers nothing down. BRPs, WRPs: as
		 * many as are switched (arch_vcpu.h), less one.
		 */
		value = at_most(at_most(value, 12, 5), 20, 3);
		return (limit_pmu(at_most(value, 0, 6), DFR0_PMU_SHIFT) |
		    F(36));
	case ID_AA64MMFR0:
		for (i = nitems(pa_bits) - 1; i > 0; i--)
			if (pa_bits[i] <= ipa_bits)
				break;
		value = at_most(value, 0, i);
		/* No 52-bit addresses (LPA2): TGran16 2, TGran4 1. */
		value = at_most(value, 20, 1);
		if ((value >> 28 & 15) == 1)
			value &= ~F(28);
		return (value);
	case ID_AA64MMFR1:
		/* HAFDBS 3 and up: table descriptors, a new TCR2_EL1. */
		return (at_most(value, 0, 2));
	}
	return (value);
}

void
sysreg_init(unsigned int ipa_bits)
{

	for (unsigned int i = 0; i < nitems(id_keep); i++) {
		unsigned int reg = id_keep[i].reg;

		ids[0][reg] = ids[1][reg] = limit(reg,
		    port_id_reg(reg) & id_keep[i].keep, ipa_bits);
	}
	/* System registers of GICv3 (IHI 0069, 3.0), where the VM has them. */
	ids[1][ID_AA64PFR0] |= 1ull << 24;
	ids[1][ID_PFR1] |= 1ull << 28;
}

uint64_t
sysreg_id(unsigned int gic, unsigned int crm_op2)
{

	return (ids[(size_t)gic - 2][crm_op2]);
}

/* As it stands in a syndrome. */
#define	ICC_SGI1R	SYS_REG(3, 0, 12, 11, 5)

static outcome_t
answer(struct vcpu *v, uint64_t esr, uint64_t value)
{

	uint64_t rt = SYS_RT(esr);

	if (rt != 31)
		v->x[rt] = value;
	return (OUTCOME_DONE);
}

/* Registers of the GICv3 CPU interface: a VM with GICv2 has none. */
static outcome_t
trap_gic(struct vcpu *v, uint64_t esr,
    void (*write)(struct vgic_cpu *self, uint64_t val))
{

	if (SYS_READ(esr) || v->vm->config.gic != 3)
		return (OUTCOME_UNDEF);
	write(&v->gic, vcpu_reg(v, SYS_RT(esr)));
	return (OUTCOME_DONE);
}

/* The physical timer of EL1, emulated. */
static outcome_t
trap_timer(struct vcpu *v, uint64_t esr, enum vtimer_reg reg)
{
	uint64_t now = port_counter();

	if (SYS_READ(esr))
		return (answer(v, esr, vtimer_read(&v->ptimer, reg, now)));
	vtimer_write(&v->ptimer, reg, vcpu_reg(v, SYS_RT(esr)), now);
	vgic_set_line(&v->vm->gic, &v->gic, v->index, MACHINE_PTIMER_INTID,
	    vtimer_line(&v->ptimer, now));
	sched_timer_changed(v);
	return (OUTCOME_DONE);
}

/*
 * The first access gives the vCPU the monitors (or the debug registers) for
 * good: from then on they are switched with it and do not trap.
 */
static outcome_t
trap_pmu(struct vcpu *v)
{
	uint64_t dfr0 = sysreg_id(v->vm->config.gic, ID_AA64DFR0);

	if ((dfr0 >> DFR0_PMU_SHIFT & 15) == 0)
		return (OUTCOME_UNDEF);
	port_take(v, PORT_PMU);
	return (OUTCOME_RETRY);
}

static __attribute__((noinline)) outcome_t
trap_sgi1r(struct vcpu *v, uint64_t esr)
{

	return (trap_gic(v, esr, vgic_sgi1r));
}

/* What else traps, and what comes of it; `any`: bits that do not matter. */
enum what {
	TIMER_CTL, TIMER_CVAL, TIMER_TVAL,	/* as enum vtimer_reg */
	DIR, SGI0R, SET_WAY, RAZ_WI, PMU, DEBUG, PAUTH,
};
#define	ANY_OP2		SYS_REG(0, 0, 0, 0, 7)
static const struct {
	uint32_t	name, any;
	enum what	what;
} others[] = {
	{ SYS_REG(3, 3, 14, 2, 0), 0, TIMER_TVAL },	/* CNTP_TVAL */
	{ SYS_REG(3, 3, 14, 2, 1), 0, TIMER_CTL },	/* CNTP_CTL */
	{ SYS_REG(3, 3, 14, 2, 2), 0, TIMER_CVAL },	/* CNTP_CVAL */
	{ SYS_REG(3, 0, 12, 11, 1), 0, DIR },		/* ICC_DIR */
	{ SYS_REG(3, 0, 12, 11, 7), 0, SGI0R },		/* ICC_SGI0R */
	/* ICC_ASGI1R: the same with one Security state. */
	{ SYS_REG(3, 0, 12, 11, 6), 0, SGI0R },
	{ SYS_REG(1, 0, 7, 6, 2), 0, SET_WAY },		/* DC ISW */
	{ SYS_REG(1, 0, 7, 10, 2), 0, SET_WAY },	/* DC CSW */
	{ SYS_REG(1, 0, 7, 14, 2), 0, SET_WAY },	/* DC CISW */
	/*
	 * ACTLR: IMPLEMENTATION DEFINED controls of the CPU, which all its
	 * guests share: none of them is a guest's to set. OSDLR: RAZ/WI
	 * without FEAT_DoubleLock, which is hidden. DBGPRCR.CORENPDRQ: a
	 * request to an external debugger's power controller; there is none.
	 */
	{ SYS_REG(3, 0, 1, 0, 1), 0, RAZ_WI },		/* ACTLR */
	{ SYS_REG(2, 0, 1, 3, 4), 0, RAZ_WI },		/* OSDLR */
	{ SYS_REG(2, 0, 1, 4, 4), 0, RAZ_WI },		/* DBGPRCR */
	{ SYS_REG(3, 3, 9, 12, 0), ANY_OP2, PMU },	/* PMCR-PMCEID1 */
	/* PMCCNTR, PMXEVTYPER, PMXEVCNTR, PMUSERENR, PMOVSSET */
	{ SYS_REG(3, 3, 9, 13, 0), SYS_REG(0, 0, 0, 0, 1), PMU },
	{ SYS_REG(3, 3, 9, 13, 2), 0, PMU },
	{ SYS_REG(3, 3, 9, 14, 0), 0, PMU },
	{ SYS_REG(3, 3, 9, 14, 3), 0, PMU },
	{ SYS_REG(3, 0, 9, 14, 1), 0, PMU },		/* PMINTENSET */
	{ SYS_REG(3, 0, 9, 14, 2), 0, PMU },		/* PMINTENCLR */
	{ SYS_REG(3, 0, 9, 14, 6), 0, PMU },		/* PMMIR */
	/* PMEVCNTR<n>, PMEVTYPER<n>, PMCCFILTR */
	{ SYS_REG(3, 3, 14, 8, 0), SYS_REG(0, 0, 0, 7, 7), PMU },
	/* APIAKEY, APIBKEY; APDAKEY, APDBKEY; APGAKEY */
	{ SYS_REG(3, 0, 2, 1, 0), SYS_REG(0, 0, 0, 0, 3), PAUTH },
	{ SYS_REG(3, 0, 2, 2, 0), SYS_REG(0, 0, 0, 0, 3), PAUTH },
	{ SYS_REG(3, 0, 2, 3, 0), SYS_REG(0, 0, 0, 0, 1), PAUTH },
	/* Self-hosted debug (DDI 0487, D19.3). DBG{BVR,BCR,WVR,WCR}<n> */
	{ SYS_REG(2, 0, 0, 0, 4), SYS_REG(0, 0, 0, 15, 3), DEBUG },
	{ SYS_REG(2, 0, 0, 0, 2), 0, DEBUG },		/* OSDTRRX */
	{ SYS_REG(2, 0, 0, 2, 0), 0, DEBUG },		/* MDCCINT */
	/* MDSCR, OSDTRTX */
	{ SYS_REG(2, 0, 0, 2, 2), SYS_REG(0, 0, 0, 1, 0), DEBUG },
	{ SYS_REG(2, 0, 0, 6, 2), 0, DEBUG },		/* OSECCR */
	{ SYS_REG(2, 3, 0, 1, 0), 0, DEBUG },		/* MDCCSR */
	/* DBGDTR, DBGDTRTX */
	{ SYS_REG(2, 3, 0, 4, 0), SYS_REG(0, 0, 0, 1, 0), DEBUG },
	/* MDRAR, OSLAR */
	{ SYS_REG(2, 0, 1, 0, 0), SYS_REG(0, 0, 0, 0, 4), DEBUG },
	{ SYS_REG(2, 0, 1, 1, 4), 0, DEBUG },		/* OSLSR */
	/* DBGCLAIMSET, DBGCLAIMCLR */
	{ SYS_REG(2, 0, 7, 8, 6), SYS_REG(0, 0, 0, 1, 0), DEBUG },
	{ SYS_REG(2, 0, 7, 14, 6), 0, DEBUG },		/* DBGAUTHSTATUS */
};

/*
 * What is not there is what the identification registers deny, or what is
 * the CPU maker's own (CRn 11 and 15): undefined, as on a CPU without.
 */
static __attribute__((noinline)) outcome_t
sysreg_other(struct vcpu *v, uint64_t esr)
{
	uint32_t name = (uint32_t)esr & SYS_MASK;
	unsigned int i;

	for (i = 0; i < nitems(others); i++)
		if ((name & ~others[i].any) == others[i].name)
			break;
	if (i == nitems(others))
		return (OUTCOME_UNDEF);
	switch (others[i].what) {
	case DIR:
		return (trap_gic(v, esr, vgic_dir));
	case SGI0R:
		return (trap_gic(v, esr, vgic_sgi0r));
	case SET_WAY:
		return (set_way_trap(v, esr));
	case RAZ_WI:
		return (SYS_READ(esr) ? answer(v, esr, 0) : OUTCOME_DONE);
	case PMU:
		return (trap_pmu(v));
	case DEBUG:
	case PAUTH:
		port_take(v, others[i].what == DEBUG ? PORT_DEBUG : PORT_PAUTH);
		return (OUTCOME_RETRY);
	default:
		return (trap_timer(v, esr, (enum vtimer_reg)others[i].what));
	}
}

/* Op1 0, CRn 0: identification (op0 3, CRm 0 to 7), breakpoints (op0 2). */
static __attribute__((noinline)) outcome_t
trap_id(struct vcpu *v, uint64_t esr)
{

	if (unlikely(SYS_OP0(esr) != 3 || !SYS_READ(esr) || SYS_CRM(esr) > 7))
		return (sysreg_other(v, esr));
	return (answer(v, esr, sysreg_id(v->vm->config.gic,
	    SYS_CRM(esr) * 8 + SYS_OP2(esr))));
}

/* The two that come often first, then all the others. */
outcome_t
sysreg_trap(struct vcpu *v, uint64_t esr)
{

	if ((esr & SYS_REG(0, 7, 15, 0, 0)) == 0)
		return (trap_id(v, esr));
	if (((uint32_t)esr & (SYS_MASK | 1)) == ICC_SGI1R)
		return (trap_sgi1r(v, esr));
	return (sysreg_other(v, esr));
}
