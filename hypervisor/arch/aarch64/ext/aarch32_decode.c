/*
 * Syndromes and PSTATE of AArch32 as arithmetic (DDI 0487, D19.2.37 and
 * G1.12). Pure: reads no register, knows no vCPU.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/ext/aarch32.h"
#include "port/trap.h"

#define	PSR_MODE	0x1fu
#define	PSR_T		(1u << 5)
#define	PSR_I		(1u << 7)
#define	PSR_A		(1u << 8)
#define	PSR_E		(1u << 9)
#define	PSR_GE_Q	0xf80f0000u	/* N, Z, C, V, Q; GE */
#define	PSR_PAN		(1u << 22)
#define	PSR_SSBS	(1u << 23)
#define	PSR_DIT		(1u << 24)	/* in SPSR_EL2; 21 in an SPSR */
#define	PSR_SS		(1u << 21)	/* in SPSR_EL2 */

#define	SCTLR_SPAN	(1u << 23)
#define	SCTLR_EE	(1u << 25)
#define	SCTLR_TE	(1u << 30)
#define	SCTLR_DSSBS	(1u << 31)

#define	MODE_FIQ	0x11u
#define	MODE_IRQ	0x12u
#define	MODE_SVC	0x13u

#define	ISS_CV		(1u << 24)
#define	ISS_COND(esr)	((unsigned int)((esr) >> 20) & 15)
#define	SMC_CCKNOWNPASS	(1u << 19)	/* not known, that is */
#define	COND_AL		14u

/* IT[7:2] is PSTATE[15:10], IT[1:0] is PSTATE[26:25]. */
static unsigned int
it_state(uint64_t pstate)
{

	return (((pstate >> 10 & 0x3f) << 2) | (pstate >> 25 & 3));
}

static uint64_t
with_it(uint64_t pstate, unsigned int it)
{

	pstate &= ~(0x3full << 10 | 3ull << 25);
	return (pstate | (uint64_t)(it >> 2) << 10 | (uint64_t)(it & 3) << 25);
}

/* ConditionHolds() (DDI 0487, J1.3.3). */
static bool
holds(unsigned int cond, uint64_t pstate)
{
	bool n = pstate >> 31 & 1, z = pstate >> 30 & 1;
	bool c = pstate >> 29 & 1, v = pstate >> 28 & 1, r;

	switch (cond >> 1) {
	case 0:
		r = z;
		break;
	case 1:
		r = c;
		break;
	case 2:
		r = n;
		break;
	case 3:
		r = v;
		break;
	case 4:
		r = c && !z;
		break;
	case 5:
		r = n == v;
		break;
	case 6:
		r = n == v && !z;
		break;
	default:
		return (true);
	}
	return (cond & 1 ? !r : r);
}

bool
aarch32_passes(uint64_t esr, uint64_t pstate)
{
	unsigned int ec = ESR_EC(esr), it = it_state(pstate);

	/* Only these have a condition in their syndrome. */
	if (ec == EC_SMC32 ? (esr & SMC_CCKNOWNPASS) == 0 :
	    ec == EC_UNKNOWN || ec > EC_CP14_64)
		return (true);
	if (esr & ISS_CV)
		return (holds(ISS_COND(esr), pstate));
	/* T32 may leave it to us to look at the IT state. */
	return (holds(it == 0 ? COND_AL : it >> 4, pstate));
}

uint64_t
aarch32_next(uint64_t pstate)
{
	unsigned int it = it_state(pstate);

	/* ITAdvance(): the last of a block, or one more bit used up. */
	return (with_it(pstate, (it & 7) == 0 ? 0 :
	    (it & 0xe0) | (it << 1 & 0x1f)));
}

unsigned int
aarch32_register(unsigned int n, uint64_t pstate)
{
	unsigned int mode = pstate & PSR_MODE;

	/*
	 * In a syndrome it is the AArch64 view already (D19.2.37), so that
	 * of these modes no number here is below 16 but that of a register
	 * they share. QEMU (as of 7.2) names it as the instruction does.
	 */
	if (mode == MODE_FIQ && n >= 8 && n <= 14)
		return (n == 13 ? 29 : n == 14 ? 30 : n + 16);
	if (n != 13 && n != 14)
		return (n);
	switch (mode) {
	case MODE_IRQ:
		return (n == 13 ? 17 : 16);
	case MODE_SVC:
		return (n == 13 ? 19 : 18);
	case AARCH32_ABT:
		return (n == 13 ? 21 : 20);
	case AARCH32_UND:
		return (n == 13 ? 23 : 22);
	}
	return (n);
}

/* The fields of MCR and MRC stand where those of MSR and MRS do. */
#define	OP1(esr)	((esr) >> 14 & 7)
#define	CRN(esr)	((esr) >> 10 & 15)
#define	REST(esr, op0, op1)						\
	(((esr) & SYS_REG(0, 0, 15, 15, 7)) | SYS_REG(op0, op1, 0, 0, 0))
#define	NAME(op1, crn, crm, op2)	SYS_REG(0, op1, crn, crm, op2)

/* Reads as 0, as all of the space of ID registers that is not used. */
#define	ID_RESERVED	SYS_REG(3, 0, 0, 3, 7)
/* MDSCR_EL1: an access to it gives a guest all debug registers. */
#define	ANY_DEBUG	SYS_REG(2, 0, 0, 2, 2)

static uint32_t
cp15(uint32_t esr)
{
	uint32_t crm = SYS_CRM(esr), op2 = SYS_OP2(esr);

	if (OP1(esr) != 0)
		return (0);
	switch (CRN(esr)) {
	case 0:
		/* ID_PFR0 and on; MVFR0 to 2 are not in CP15. */
		return (crm < 3 || (crm == 3 && op2 > 3) ?
		    REST(esr, 3, 0) : ID_RESERVED);
	case 1:
		/* ACTLR, and ACTLR2: its upper half in AArch64. */
		return (crm == 0 && (op2 == 1 || op2 == 3) ?
		    SYS_REG(3, 0, 1, 0, 1) : 0);
	case 7:
		return (REST(esr, 1, 0));	/* set and way */
	case 9:
		/* PMINTENSET, PMINTENCLR, PMMIR; PMCEID2 and 3. */
		if (crm == 14 && (op2 == 4 || op2 == 5))
			return (SYS_REG(3, 3, 9, 12, 6));
		return (REST(esr, 3, crm == 14 && op2 != 0 && op2 != 3 ? 0 :
		    3));
	case 12:
		return (REST(esr, 3, 0));	/* ICC_DIR */
	case 14:
		return (REST(esr, 3, 3));	/* CNTP, PMEVCNTR and on */
	}
	return (0);
}

static uint32_t
cp15_64(uint32_t esr)
{

	switch ((esr >> 12 & 0xf0) | SYS_CRM(esr)) {
	case 0x09:
		return (SYS_REG(3, 3, 9, 13, 0));	/* PMCCNTR */
	case 0x2e:
		return (SYS_REG(3, 3, 14, 2, 2));	/* CNTP_CVAL */
	case 0x0c:
		return (SYS_REG(3, 0, 12, 11, 5));	/* ICC_SGI1R */
	case 0x1c:
		return (SYS_REG(3, 0, 12, 11, 6));	/* ICC_ASGI1R */
	case 0x2c:
		return (SYS_REG(3, 0, 12, 11, 7));	/* ICC_SGI0R */
	}
	return (0);
}

static uint32_t
cp14(uint32_t esr)
{

	switch (esr & NAME(7, 15, 15, 7)) {
	case NAME(0, 1, 3, 4):				/* DBGOSDLR */
	case NAME(0, 1, 4, 4):				/* DBGPRCR */
		return (REST(esr, 2, 0));
	}
	/* Other numbers: trace, ThumbEE. */
	return (OP1(esr) == 0 ? ANY_DEBUG : 0);
}

uint64_t
aarch32_sysreg(uint64_t esr)
{
	uint32_t e = (uint32_t)esr, name = 0;

	switch (ESR_EC(esr)) {
	case EC_CP15:
		name = cp15(e);
		break;
	case EC_CP15_64:
		name = cp15_64(e);
		break;
	case EC_CP14:
		name = cp14(e);
		break;
	case EC_CP14_MEM:
		name = ANY_DEBUG;		/* DBGDTRRXint, TXint */
		break;
	case EC_CP14_64:
		/* DBGDRAR, DBGDSAR; else trace. */
		if ((e >> 16 & 15) == 0 && SYS_CRM(e) <= 2)
			name = ANY_DEBUG;
		break;
	case EC_VMRS:
		/* MVFR2 to MVFR0 are c5 to c7. */
		if (CRN(e) >= 5 && CRN(e) <= 7)
			name = SYS_REG(3, 0, 0, 3, 7 - CRN(e));
		break;
	}
	return (name == 0 ? 0 : name | (e & 0x3e1));
}

uint64_t
aarch32_enter(uint64_t pstate, uint64_t sctlr, unsigned int mode, bool pan,
    bool ssbs)
{
	uint64_t new = (pstate & (PSR_GE_Q | PSR_PAN | PSR_DIT | PSR_A |
	    1u << 6)) | PSR_I | mode;

	if (mode == AARCH32_ABT)
		new |= PSR_A;
	if (sctlr & SCTLR_TE)
		new |= PSR_T;
	if (sctlr & SCTLR_EE)
		new |= PSR_E;
	if (pan && !(sctlr & SCTLR_SPAN))
		new |= PSR_PAN;
	if (ssbs && sctlr & SCTLR_DSSBS)
		new |= PSR_SSBS;
	return (new);
}

uint32_t
aarch32_spsr(uint64_t pstate)
{
	uint32_t spsr = (uint32_t)pstate & ~(PSR_DIT | PSR_SS);

	return (pstate & PSR_DIT ? spsr | PSR_SS : spsr);
}

uint32_t
aarch32_fsr(uint64_t esr, bool lpae, unsigned int level)
{
	uint32_t fsr, walk = esr & ABT_S1PTW;

	/* G8.2.37: status [5:0] and bit 9; else status [10], [3:0]. */
	if (lpae)
		fsr = 1u << 9 | (walk ? FSC_EXTERNAL_WALK | level :
		    FSC_EXTERNAL);
	else
		fsr = walk ? 0xc | (level == 2 ? 2 : 0) : 8;
	if (ESR_EC(esr) == EC_DABT_LOW) {
		if (esr & ABT_WRITE)
			fsr |= 1u << 11;
		if (esr & ABT_CM)
			fsr |= 1u << 13;
	}
	return (fsr);
}
