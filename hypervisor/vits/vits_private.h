/*
 * What the files of the ITS share. Nobody outside this folder includes it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vgic/vgic_private.h"
#include "vits/vits.h"

#define	VITS_VALID	(1ull << 63)	/* of GITS_CBASER and GITS_BASER */
#define	VITS_ADDRESS	0x000ffffffffff000ull
/* Bytes of the command queue (IHI 0069, GITS_CBASER). */
#define	VITS_QUEUE(cbaser) (((uint32_t)(cbaser) & 0xff) * 4096 + 4096)

enum { VITS_BASER_DEVICES, VITS_BASER_COLLECTIONS };

/* vits.c. Entries that the guest gave memory for; with the lock, or busy. */
uint32_t vits_entries(const struct vits *v, unsigned int baser);
struct vits_device *vits_find(struct vits *v, uint32_t id); /* NULL: none */
/* The LPI of an event, or VITS_LPIS. */
unsigned int vits_lookup(const struct vits *v, const struct vits_device *d,
	    uint32_t event);
/* Becomes busy, unless somebody is. */
bool	vits_claim(struct vits *v);

/*
 * vits_cmd.c. Some of the commands in the queue; busy is ours. True: there
 * are more.
 */
bool	vits_cmd_run(struct vits *v, struct vgic_cpu *self);

/* vits_lpi.c. self is busy. */
/*
 * These of a bank of LPIs go where the tables say, with the configuration
 * that the guest has in memory. forget: they are pending no more.
 */
void	vits_lpi_update(struct vits *v, struct vgic_cpu *self,
	    unsigned int word, uint32_t bits, bool forget);
/* The same for one. */
void	vits_lpi_one(struct vits *v, struct vgic_cpu *self, unsigned int lpi,
	    bool forget);
/* For all that go to a vCPU. */
void	vits_lpi_all(struct vits *v, struct vgic_cpu *self,
	    unsigned int vcpu);
/* Those that are pending at a vCPU move to another. */
void	vits_lpi_move(struct vits *v, struct vgic_cpu *self,
	    unsigned int from, unsigned int to);
