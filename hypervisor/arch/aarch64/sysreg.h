/*
 * System registers of Armv8-A by name, and the bits of them that we use
 * (DDI 0487, D19). The only place where such bits are written down.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	HCR_VM		(1ull << 0)
#define	HCR_SWIO	(1ull << 1)
#define	HCR_FMO		(1ull << 3)
#define	HCR_IMO		(1ull << 4)
#define	HCR_AMO		(1ull << 5)
#define	HCR_VSE		(1ull << 8)
#define	HCR_FB		(1ull << 9)
#define	HCR_BSU_INNER	(1ull << 10)
#define	HCR_TWI		(1ull << 13)
#define	HCR_TWE		(1ull << 14)
#define	HCR_TID3	(1ull << 18)
#define	HCR_TSC		(1ull << 19)
#define	HCR_TIDCP	(1ull << 20)
#define	HCR_TACR	(1ull << 21)
#define	HCR_TSW		(1ull << 22)
#define	HCR_RW		(1ull << 31)
#define	HCR_TLOR	(1ull << 35)
#define	HCR_TERR	(1ull << 36)
#define	HCR_APK		(1ull << 40)
#define	HCR_API		(1ull << 41)

#define	CPTR_RES1	0x32ffull
#define	CPTR_TZ		(1ull << 8)
#define	CPTR_TFP	(1ull << 10)
#define	CPTR_TTA	(1ull << 20)
#define	CPTR_TAM	(1ull << 30)

#define	MDCR_TPMCR	(1ull << 5)
#define	MDCR_TPM	(1ull << 6)
#define	MDCR_TDA	(1ull << 9)
#define	MDCR_TDOSA	(1ull << 10)
#define	MDCR_TDRA	(1ull << 11)
#define	MDCR_TPMS	(1ull << 14)
#define	MDCR_TTRF	(1ull << 19)

#define	CNTHCTL_EL1PCTEN (1ull << 0)	/* CNTPCT not trapped */
#define	CNT_CTL_ENABLE	(1ull << 0)

#define	SCTLR_EL2_RES1	0x30c50830ull
#define	SCTLR_M		(1ull << 0)
#define	SCTLR_C		(1ull << 2)
#define	SCTLR_SA	(1ull << 3)
#define	SCTLR_I		(1ull << 12)
#define	SCTLR_WXN	(1ull << 19)
#define	SCTLR_SPAN	(1ull << 23)
#define	SCTLR_DSSBS	(1ull << 44)
/* SCTLR_EL1 at reset: RES1 bits of Armv8.0, MMU and caches off. */
#define	SCTLR_EL1_RESET	0x30d00800ull

#define	MAIR_EL2_VALUE	0xff04ull	/* 0: Device-nGnRE, 1: Normal WB */

#define	TCR_EL2_RES1	(1ull << 31 | 1ull << 23)
#define	TCR_SH_INNER	(3ull << 12)
#define	TCR_ORGN_WB	(1ull << 10)
#define	TCR_IRGN_WB	(1ull << 8)
#define	VTCR_PS(n)	((uint64_t)(n) << 16)
#define	TCR_T0SZ(n)	((uint64_t)(n))

#define	VTCR_RES1	(1ull << 31)
#define	VTCR_SL0(n)	((uint64_t)(n) << 6)

#define	VTTBR_VMID_SHIFT 48

/* PSTATE as in SPSR_ELx. */
#define	PSR_EL1H	0x5ull
#define	PSR_MODE_MASK	0xfull
#define	PSR_AARCH32	(1ull << 4)
#define	PSR_DAIF	0x3c0ull
#define	PSR_NZCV	0xf0000000ull
#define	PSR_SSBS	(1ull << 12)
#define	PSR_PAN		(1ull << 22)
#define	PSR_DIT		(1ull << 24)

#define	PMCR_N_SHIFT	11

#define	read_sysreg(r) ({						\
	uint64_t v_;							\
	__asm__ volatile("mrs %0, " #r : "=r" (v_));			\
	v_; })
#define	write_sysreg(r, v)						\
	__asm__ volatile("msr " #r ", %x0" : : "rZ" ((uint64_t)(v)))
/*
 * A guest's register that E2H gives another name (op1 5, _EL12, _EL02): the
 * section .el12 says where, and ext/e2h.c changes the instruction.
 */
#define	EL12		"\n.pushsection .el12, \"a\"; .long 9b - .; .popsection"
#define	read_el12(r) ({							\
	uint64_t v_;							\
	__asm__ volatile("9: mrs %0, " #r EL12 : "=r" (v_));		\
	v_; })
#define	write_el12(r, v)						\
	__asm__ volatile("9: msr " #r ", %x0" EL12 : : "rZ" ((uint64_t)(v)))
#define	isb()		__asm__ volatile("isb" : : : "memory")
#define	dsb(o)		__asm__ volatile("dsb " #o : : : "memory")
#define	tlbi(o)		__asm__ volatile("tlbi " #o : : : "memory")
#define	tlbi_arg(o, x)	__asm__ volatile("tlbi " #o ", %0" : : "r" (x)	\
			    : "memory")
