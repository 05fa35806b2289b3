/*
 * Registers of the SMMUv3, and what it has in memory (IHI 0070: chapter 6
 * registers, 5.2 stream table, 4 commands, 7.3 events).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	SMMU_IDR0		0x00
#define	 IDR0_S2P		(1u << 0)
#define	 IDR0_TTF_AARCH64	(1u << 3)	/* of two bits: 2 or 3 */
#define	 IDR0_COHACC		(1u << 4)
#define	 IDR0_ENDIAN_MASK	(3u << 21)
#define	 IDR0_ENDIAN_BIG	(3u << 21)	/* only */
#define	 IDR0_STALL_MASK	(3u << 24)
#define	 IDR0_STALL_FORCED	(2u << 24)
#define	 IDR0_ST_MASK		(3u << 27)
#define	 IDR0_ST_2LEVEL		(1u << 27)	/* too */
#define	SMMU_IDR1		0x04
#define	 IDR1_SIDSIZE(x)	((x) & 0x3f)
#define	 IDR1_EVENTQS(x)	((x) >> 16 & 0x1f)
#define	 IDR1_CMDQS(x)		((x) >> 21 & 0x1f)
#define	 IDR1_PRESET		(3u << 29)	/* queues, tables */
#define	SMMU_IDR5		0x14
#define	 IDR5_OAS(x)		((x) & 7)
#define	 IDR5_GRAN4K		(1u << 4)
#define	SMMU_CR0		0x20
#define	 CR0_SMMUEN		(1u << 0)
#define	 CR0_EVENTQEN		(1u << 2)
#define	 CR0_CMDQEN		(1u << 3)
#define	SMMU_CR0ACK		0x24
#define	SMMU_CR1		0x28
/* Tables and queues: write-back, inner shareable. */
#define	 CR1_CACHED		(3u << 10 | 1u << 8 | 1u << 6 |		\
				    3u << 4 | 1u << 2 | 1u << 0)
#define	SMMU_CR2		0x2c
#define	 CR2_RECINVSID		(1u << 1)
#define	 CR2_PTM		(1u << 2)
#define	SMMU_GBPA		0x44
#define	 GBPA_ABORT		(1u << 20)
#define	 GBPA_UPDATE		(1u << 31)
#define	SMMU_IRQ_CTRL		0x50
#define	 IRQ_EVENTQ		(1u << 2)
#define	SMMU_IRQ_CTRLACK	0x54
#define	SMMU_STRTAB_BASE	0x80
#define	SMMU_STRTAB_CFG		0x88
#define	 STRTAB_LOG2(n)		(n)		/* of streams */
#define	 STRTAB_2LEVEL(split)	(1u << 16 | (split) << 6)
#define	SMMU_CMDQ_BASE		0x90
#define	SMMU_CMDQ_PROD		0x98
#define	SMMU_CMDQ_CONS		0x9c
#define	SMMU_EVENTQ_BASE	0xa0
#define	SMMU_EVENTQ_IRQ_CFG0	0xb0		/* 64 bits; 0: no MSI */
#define	SMMU_EVENTQ_PROD	0x100a8		/* of the second page */
#define	SMMU_EVENTQ_CONS	0x100ac
#define	BASE_RA			(1ull << 62)	/* allocate on read */
#define	QUEUE_OVERFLOW		(1u << 31)

/* Of two levels: a table of entries; 0: there is none, and they abort. */
#define	L1_DESC(pa, split)	((pa) | ((split) + 1))

/* A stream table entry has eight words of 64 bits. */
#define	STE_WORDS		8
#define	STE_VALID		(1ull << 0)	/* Config 0: abort, silently */
#define	STE_S2			(6ull << 1)
#define	STE1_SHCFG_INCOMING	(1ull << 44)
#define	STE2_VMID(x)		((uint64_t)(x))
#define	STE2_T0SZ(x)		((uint64_t)(x) << 32)
#define	STE2_SL0(x)		((uint64_t)(x) << 38)
#define	STE2_CACHED		(1ull << 40 | 1ull << 42 | 3ull << 44)
#define	STE2_PS(x)		((uint64_t)(x) << 48)
#define	STE2_AA64		(1ull << 51)
#define	STE2_RECORD		(1ull << 58)	/* S2R */

#define	CMD_WORDS		2
#define	CMD_CFGI_STE		0x03ull
#define	CMD_CFGI_ALL		0x04ull
#define	 CMD_ALL_STREAMS	31ull		/* a range of 2^32 */
#define	CMD_TLBI_S12_VMALL	0x28ull
#define	CMD_TLBI_NSNH_ALL	0x30ull
#define	CMD_SYNC		0x46ull
#define	CMD_ARG(x)		((uint64_t)(x) << 32)	/* stream, or VMID */

#define	EVENT_WORDS		4
#define	EVENT_TYPE(w0)		((uint8_t)(w0))
#define	EVENT_STREAM(w0)	((uint32_t)((w0) >> 32))
#define	EVENT_READ(w1)		((w1) >> 35 & 1)
#define	EVENT_BAD_STREAM	0x02
#define	EVENT_TRANSLATION	0x10		/* these have an address */
#define	EVENT_ADDR_SIZE		0x11
#define	EVENT_PERMISSION	0x13
