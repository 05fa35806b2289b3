/*
 * Fields of a trap's syndrome (ESR_EL2, HSR), DDI 0487 D19.2.37; the same
 * layout for Armv7 HYP and Armv8. Pure: decodes numbers, reads no register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	ESR_EC_SHIFT		26
#define	ESR_EC(esr)		((unsigned int)((esr) >> 26) & 0x3f)
#define	ESR_IL			(1u << 25)

/* Exception classes. */
#define	EC_UNKNOWN		0x00
#define	EC_WFX			0x01
#define	EC_CP15			0x03	/* MCR, MRC (AArch32) */
#define	EC_CP15_64		0x04	/* MCRR, MRRC */
#define	EC_CP14			0x05
#define	EC_CP14_MEM		0x06	/* LDC, STC */
#define	EC_FP			0x07
#define	EC_VMRS			0x08	/* of an identification register */
#define	EC_CP14_64		0x0c
#define	EC_ILL			0x0e
#define	EC_HVC32		0x12
#define	EC_SMC32		0x13
#define	EC_HVC64		0x16
#define	EC_SMC64		0x17
#define	EC_SYSREG		0x18
#define	EC_IABT_LOW		0x20
#define	EC_PC_ALIGN		0x22
#define	EC_DABT_LOW		0x24
#define	EC_COUNT		0x40

/* WFx */
#define	WFX_IS_WFE(esr)		((esr) & 1)

/* Data and instruction aborts. */
#define	ABT_FSC(esr)		((unsigned int)(esr) & 0x3f)
#define	FSC_TYPE(fsc)		((fsc) & 0x3c)	/* low bits: level */
#define	FSC_TRANSLATION		0x04
#define	FSC_ACCESS		0x08
#define	FSC_PERMISSION		0x0c
#define	FSC_EXTERNAL		0x10
#define	FSC_EXTERNAL_WALK	0x14
#define	ABT_WRITE		(1u << 6)	/* WnR */
#define	ABT_S1PTW		(1u << 7)
#define	ABT_CM			(1u << 8)	/* cache maintenance */
#define	ABT_SF			(1u << 15)	/* 64-bit register */
#define	ABT_SRT(esr)		((esr) >> 16 & 0x1f)
#define	ABT_SSE			(1u << 21)	/* sign extend */
#define	ABT_SIZE(esr)		(1u << (((esr) >> 22) & 3))	/* bytes */
#define	ABT_ISV			(1u << 24)

/* Trapped MSR, MRS or system instruction. */
#define	SYS_READ(esr)		((esr) & 1)
#define	SYS_RT(esr)		((esr) >> 5 & 0x1f)
#define	SYS_MASK		0x003ffc1eu	/* what names the register */
/* The register's name as it stands in the syndrome. */
#define	SYS_REG(op0, op1, crn, crm, op2)				\
	((uint32_t)(op0) << 20 | (uint32_t)(op2) << 17 |		\
	 (uint32_t)(op1) << 14 | (uint32_t)(crn) << 10 | (uint32_t)(crm) << 1)
#define	SYS_OP0(esr)		(((esr) >> 20) & 3)
#define	SYS_CRM(esr)		(((esr) >> 1) & 15)
#define	SYS_OP2(esr)		(((esr) >> 17) & 7)
