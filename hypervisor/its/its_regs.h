/*
 * Registers of the ITS and of a redistributor's LPIs, and the commands of the
 * queue (IHI 0069, 12.11, 12.12, 12.13 and 5.3).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	GITS_CTLR		0x0000
#define	 GITS_CTLR_ENABLED	(1u << 0)
#define	 GITS_CTLR_QUIESCENT	(1u << 31)
#define	GITS_TYPER		0x0008		/* 64 bits, as what follows */
#define	 TYPER_PHYSICAL		(1ull << 0)
#define	 TYPER_ITT_BYTES(t)	(((t) >> 4 & 15) + 1)
#define	 TYPER_EVENT_BITS(t)	(((t) >> 8 & 31) + 1)
#define	 TYPER_DEVICE_BITS(t)	(((t) >> 13 & 31) + 1)
#define	 TYPER_PTA		(1ull << 19)	/* targets by address */
#define	 TYPER_HCC(t)		((t) >> 24 & 0xff)
#define	GITS_CBASER		0x0080
#define	GITS_CWRITER		0x0088
#define	GITS_CREADR		0x0090
#define	 CREADR_STALLED		(1ull << 0)
#define	GITS_BASER(n)		(0x0100 + (n) * 8)
#define	GITS_BASERS		8
#define	 BASER_PAGES_MAX	256
#define	 BASER_SIZE(b)		((b) >> 8 & 3)	/* 4, 16, 64 KiB */
#define	 BASER_ENTRY(b)		(((b) >> 48 & 31) + 1)
#define	 BASER_TYPE(b)		((b) >> 56 & 7)
#define	 BASER_DEVICES		1
#define	 BASER_COLLECTIONS	4
#define	 BASER_VALID		(1ull << 63)	/* GITS_CBASER, too */
/* What is fixed: type, and size of an entry. */
#define	 BASER_FIXED		(7ull << 56 | 31ull << 48)

#define	GICR_CTLR_LPIS		(1u << 0)	/* EnableLPIs */
#define	GICR_TYPER_PLPIS	(1u << 0)
#define	GICR_TYPER_NUMBER(t)	((t) >> 8 & 0xffff)
#define	PENDBASER_PTZ		(1ull << 62)	/* the table is all zero */
#define	GICD_TYPER_LPIS		(1u << 17)
#define	GICD_TYPER_IDBITS(t)	(((t) >> 19 & 31) + 1)

/*
 * Memory behind these registers: write-back and inner shareable, or not
 * cached. Field InnerCache is elsewhere in the ITS and in redistributors.
 */
#define	BASE_SHAREABLE		(1ull << 10)	/* of two bits */
#define	BASE_SHARE_MASK		(3ull << 10)
#define	BASE_CACHED		7ull
#define	BASE_NOT_CACHED		1ull
#define	BASE_SHIFT_GITS		59
#define	BASE_SHIFT_GICR		7

/* Commands: four words of 64 bits. */
#define	CMD_WORDS		4
#define	CMD_CLEAR		0x04ull
#define	CMD_SYNC		0x05ull
#define	CMD_MAPD		0x08ull
#define	CMD_MAPC		0x09ull
#define	CMD_MAPTI		0x0aull
#define	CMD_DISCARD		0x0full
#define	CMD_DEVICE(id)		((uint64_t)(id) << 32)
#define	CMD_INTID(n)		((uint64_t)(n) << 32)
#define	CMD_VALID		(1ull << 63)
