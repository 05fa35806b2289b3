/*
 * The interrupt translation service a guest sees, and the part of its
 * redistributors that LPIs need (IHI 0069, 5, 6 and 12.11 to 12.13): one ITS
 * of a VM, physical LPIs only. Its tables are kept here and are bounded: what
 * the guest gives memory for is not used, what it writes there not believed.
 * Must not know VMs, nor how an access trapped; guest memory is reached
 * through vits_ops alone.
 *
 * Map of the room
 *	vits.h		this
 *	vits_private.h	what the files below share
 *	vits.c		life, the registers of the ITS, translation
 *	vits_cmd.c	the command queue
 *	vits_lpi.c	LPIs: configuration, pending state, redistributors
 *
 * LPIs are banks of the virtual GIC like those of SPIs, edge triggered
 * (vgic/vgic.h); so they share its queues and list registers. An LPI is
 * called by its number from 8192 on. They have no active state; what list
 * registers show of one (QEMU) is forgotten.
 *
 * What stands in guest memory is read when a command says so: the
 * configuration of an LPI when it is mapped or moved, by INV and INVALL, and
 * when LPIs are enabled; what is pending when they are disabled again is
 * written there.
 *
 * Locking: `lock` is for the tables and never held where another CPU is
 * waited for, so that vits_msi() may be called with a device's lock held. Who
 * is `busy` alone changes the tables, and what LPIs are set to; a second vCPU
 * that wants to repeats its store.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vgic/vgic.h"

#define	VITS_WORDS	(VGIC_BANKS - VGIC_LPI / 32)
#define	VITS_LPIS	(VITS_WORDS * 32)	/* INTIDs 8192 to 8703 */
#define	VITS_DEVICES	64		/* at a time; their ids have 16 bits, */
#define	VITS_COLLECTIONS 16		/* events 16 as well */

struct vits_ops {
	/*
	 * The byte of the guest's RAM at ipa, good up to the end of its
	 * page; NULL: no RAM there.
	 */
	void	*(*memory)(void *ctx, uint64_t ipa, bool write);
	/* The first command since reset that is refused, and why. */
	void	(*refused)(void *ctx, unsigned int command, const char *why);
};

/* What a device's event is translated to; by LPI. */
struct vits_lpi {
	uint16_t	event;
	uint16_t	next;		/* of the device, or VITS_LPIS */
	uint8_t		device;		/* its slot + 1; 0: not mapped */
	uint8_t		collection;
};

struct vits_device {
	uint32_t	id;
	uint16_t	first;		/* LPI, or VITS_LPIS */
	uint8_t		event_bits;	/* 0: slot not in use */
};

/* Of one VM, all zero before vits_init(). */
struct vits {
	struct vgic	*vgic;
	const struct vits_ops *ops;
	void		*ctx;
	struct spinlock	lock;
	/* From here on what a reset clears. */
	bool		enabled, stalled;
	bool		busy;		/* somebody changes the tables */
	bool		said;		/* ops->refused was called */
	uint32_t	cwriter, creadr;
	uint64_t	cbaser;
	uint64_t	baser[2];	/* of devices, of collections */
	uint64_t	propbaser;
	uint64_t	pendbaser[MACHINE_MAX_VCPUS];
	uint32_t	on;		/* vCPUs with EnableLPIs */
	uint8_t		target[VITS_COLLECTIONS]; /* vCPU + 1; 0: none */
	struct vits_device device[VITS_DEVICES];
	struct vits_lpi	lpi[VITS_LPIS];
	struct vgic_bank bank[VITS_WORDS];
};

/* After vgic_cpu_init() of all vCPUs. */
void	vits_init(struct vits *v, struct vgic *vg, const struct vits_ops *ops,
	    void *ctx);
/* Power-on state; vgic_reset() must follow before a vCPU runs. */
void	vits_reset(struct vits *v);
/*
 * A device's message: what a write to GITS_TRANSLATER is to hardware. self
 * is as in vgic.h; other locks may be held. False: nothing is mapped there.
 */
bool	vits_msi(struct vits *v, struct vgic_cpu *self_or_null,
	    uint32_t device, uint32_t event);

/* Registers, mmio_fn: dev is the vits. Both frames of the ITS; */
enum mmio_result vits_mmio(void *dev, unsigned int vcpu, struct mmio *m);
/* and those of the redistributors, in place of vgic_redist_mmio(). */
enum mmio_result vits_redist_mmio(void *dev, unsigned int vcpu,
	    struct mmio *m);
