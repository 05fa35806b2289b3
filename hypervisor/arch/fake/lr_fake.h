/*
 * A virtual CPU interface in software, for tests of the virtual GIC: the
 * list registers of several CPUs as port/lr.h wants them, and what a guest
 * does at its CPU interface (IHI 0069, 4.8; IHI 0048B, 5). Physical
 * interrupts behind hardware-mapped list registers have an active state and
 * nothing else. Aborts when list registers are programmed as the manuals
 * forbid. Knows nothing of the virtual GIC.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "port/lr.h"

#define	LR_FAKE_CPUS	8
#define	LR_FAKE_NONE	1023u		/* nothing to acknowledge */

struct lr_fake {
	uint64_t	lr[16];
	uint32_t	hcr, vmcr;
	uint32_t	apr[2][4];
	bool		ppi_active[32];
};

extern struct lr_fake lr_fake[LR_FAKE_CPUS];
extern bool lr_fake_spi_active[1024];
extern bool lr_fake_spi_pending[1024];	/* by the distributor */
extern bool lr_fake_spi_line[1024];	/* for tests to set */
/* LPIs become active, as in QEMU 7.2; IHI 0069 says they do not. */
extern bool lr_fake_lpi_active;
extern unsigned long lr_fake_writes;	/* of list registers */

/* Everything as at power-on; version of the interface guests see. */
void	lr_fake_init(unsigned int version, unsigned int count,
	    unsigned int prio_bits);
/* This thread is that CPU from now on. */
void	lr_fake_select(unsigned int cpu);
unsigned int lr_fake_cpu(void);
bool	*lr_fake_active(unsigned int cpu, unsigned int pintid);

/* The guest's side, on this CPU. */
/* IAR of a group: vINTID (GICv2 SGI: source in [12:10]) or LR_FAKE_NONE. */
unsigned int lr_fake_ack(unsigned int group);
void	lr_fake_eoi(unsigned int group, unsigned int id);
/* True: trapped, not done. */
bool	lr_fake_dir(unsigned int id);
/* Is the virtual IRQ or FIQ of a CPU raised? */
bool	lr_fake_signal(unsigned int cpu);
bool	lr_fake_maintenance(unsigned int cpu);
/* ICH_VMCR_EL2 as the guest's own accesses change it. */
void	lr_fake_set_vmcr(uint32_t mask, uint32_t val);
/* Running priority, 0xff for idle. */
unsigned int lr_fake_rpr(unsigned int cpu);
