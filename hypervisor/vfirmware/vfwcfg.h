/*
 * The "firmware configuration" device of QEMU's virt machine (QEMU,
 * docs/specs/fw_cfg.rst), read-only: what firmware is to boot, a kernel,
 * an initrd and a command line, and an empty directory of files.
 * Must not know bundles, nor whether memory is that of a guest.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/mmio.h"
#include "port/cpu.h"

struct vfwcfg_item {
	const void	*data;
	uint32_t	size;		/* 0: there is none */
};

struct vfwcfg {
	struct spinlock	lock;
	struct vfwcfg_item kernel, initrd, cmdline;
	unsigned int	cpus;
	/* The guest's byte at ipa, and the rest of its page; NULL: no RAM. */
	void		*(*memory)(void *ctx, uint64_t ipa, bool write);
	void		*ctx;
	uint16_t	key;
	uint32_t	at;		/* in its data */
	uint32_t	high;		/* half of an address */
	bool		busy;		/* in the midst of a DMA: */
	uint64_t	control, to;	/* where it is told of, goes on; */
	uint32_t	left;		/* bytes */
};

void	vfwcfg_reset(struct vfwcfg *f);
mmio_fn	vfwcfg_mmio;
