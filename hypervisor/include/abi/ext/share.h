/*
 * Memory that two VMs share, and its doorbells: what the guest tree's node
 * with compatible "apiary,share-1" describes. reg is the memory, then a page
 * of the registers below; interrupts is one SPI, level, high while PENDING
 * is not 0. The memory is zero at first, and stays as it is when one of the
 * VMs is reset; when both have ended it is zeroed. Usable from C and from
 * assembly.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	SHARE_COMPATIBLE	"apiary,share-1"

/* Registers of 32 bits, by offset. */
#define	SHARE_ID	0x00		/* reads SHARE_ID_VALUE */
#define	SHARE_ID_VALUE	0x53686172
#define	SHARE_RING	0x04		/* write: bits to set in the peer's */
#define	SHARE_PENDING	0x08		/* bits rung; write: bits to clear */
#define	SHARE_PEER	0x0c		/* 1: there is one */
