/*
 * The machine a guest sees: addresses and interrupt numbers, laid out as
 * QEMU's "virt" machine. Facts only; knows nothing of the hypervisor.
 * Usable from C and from assembly.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

/* Intermediate physical addresses and sizes, in bytes. */
#define	MACHINE_ROM_BASE	0x00000000	/* firmware's, if it has one */
#define	MACHINE_ROM_SIZE	0x04000000	/* at most */
#define	MACHINE_VARS_BASE	0x04000000	/* a flash for its variables */
#define	MACHINE_VARS_SIZE	0x00200000
#define	MACHINE_GICD_BASE	0x08000000
#define	MACHINE_GICD_SIZE	0x00010000
#define	MACHINE_GICC_BASE	0x08010000	/* GICv2 only */
#define	MACHINE_GICC_SIZE	0x00002000
#define	MACHINE_ITS_BASE	0x08080000	/* GICv3, if asked for */
#define	MACHINE_ITS_SIZE	0x00020000	/* two frames */
#define	MACHINE_GICR_BASE	0x080a0000	/* GICv3 only */
#define	MACHINE_GICR_STRIDE	0x00020000	/* RD and SGI frame, one vCPU */
#define	MACHINE_UART_BASE	0x09000000	/* PL011 */
#define	MACHINE_UART_SIZE	0x00001000
#define	MACHINE_RTC_BASE	0x09010000	/* PL031 */
#define	MACHINE_RTC_SIZE	0x00001000
#define	MACHINE_FWCFG_BASE	0x09020000	/* what it is to boot */
#define	MACHINE_FWCFG_SIZE	0x00000018
#define	MACHINE_VIRTIO_BASE	0x0a000000	/* reserved for virtio-mmio */
#define	MACHINE_VIRTIO_SIZE	0x00004000
#define	MACHINE_VIRTIO_STRIDE	0x00000200	/* slot n: SPI 16 + n, level */
#define	MACHINE_DOORBELL_BASE	0x0a003000	/* abi/ext/share.h */
#define	MACHINE_SHARE_BASE	0x0b000000	/* the memory to it */
#define	MACHINE_SHARE_SIZE	0x01000000	/* at most */
#define	MACHINE_PCI_BASE	0x10000000	/* BARs of PCI functions */
#define	MACHINE_PCI_ECAM_BASE	0x3f000000	/* one bus */
#define	MACHINE_RAM_BASE	0x40000000

/* Interrupt identifiers (INTID): SPI n of a device tree is INTID 32 + n. */
#define	MACHINE_UART_INTID	33		/* SPI 1, level */
#define	MACHINE_RTC_INTID	34		/* SPI 2, level */
#define	MACHINE_VTIMER_INTID	27		/* PPI 11, level */
#define	MACHINE_PTIMER_INTID	30		/* PPI 14, level */
#define	MACHINE_PMU_INTID	23		/* PPI 7, level */
#define	MACHINE_VIRTIO_INTID	48		/* of slot 0 */
#define	MACHINE_DOORBELL_INTID	51		/* SPI 19, level */
#define	MACHINE_NR_INTID	288		/* 32 private + 256 SPI */

#define	MACHINE_UART_CLOCK	24000000	/* Hz */

/* Limits of one VM. */
#define	MACHINE_MAX_VCPUS	8
