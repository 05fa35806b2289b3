/*
 * The machine's ITS (GICv3 interrupt translation service, IHI 0069 5 and
 * 12): one, that makes physical LPIs of the messages of devices; and the LPIs
 * of all redistributors. What an event of a device is translated to is fixed
 * when the device is mapped.
 *
 * Configuration of an LPI never changes: all are enabled, of a lower priority
 * than all other interrupts; what is not mapped does not come. So there is
 * nothing to invalidate in redistributors (no INV).
 *
 * Must not know buses nor VMs.
 *
 * Map of the room
 *	its.h		this
 *	its_regs.h	registers and commands
 *	its.c		start: tables, redistributors
 *	its_queue.c	commands
 *	its_hold.c	a CPU's LPIs are put off for a while
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "abi/machine.h"
#include "lib/types.h"

struct pool;

#define	ITS_FRAME	0x20000ul	/* bytes of registers */
#define	ITS_TRANSLATER	0x10000ul	/* the page that messages go to */
#define	ITS_EVENTS_BITS	6		/* of one device, at most */
#define	ITS_PRIORITY	0xc0

/*
 * LPIs that we use. What an exit looks at first are the low ten bits of an
 * INTID (vmm/irq.c): these are to be of no SPI that a VM may have, nor of
 * what is spurious.
 */
#define	ITS_LPI0	(8192u + MACHINE_NR_INTID)
#define	ITS_LPIS	(1020u - MACHINE_NR_INTID)

/* What a device sends: event n is INTID + n, at one CPU. */
struct its_device {
	uint32_t	id;
	uint32_t	intid;		/* an LPI */
	unsigned int	events;		/* at most 2^ITS_EVENTS_BITS */
	unsigned int	cpu;
	void		*itt;		/* its_map()'s */
};

/*
 * Takes it over, the registers mapped at base, and the redistributors of all
 * CPUs that are up; devices with ids below that will be asked for. NULL, or
 * what is wrong with it.
 */
const char *its_start(uintptr_t base, uint32_t devices, struct pool *pool);

/* NULL, or why not: nothing is mapped then. Callers lock all three. */
const char *its_map(struct its_device *d);
/* What is pending of it is no more; false: it does not answer. */
bool	its_clear(const struct its_device *d);
/* The end of its_map(). */
bool	its_unmap(struct its_device *d);

/* The EL1 physical timer's interrupt, for what follows. */
void	its_hold_init(unsigned int intid);
/*
 * An LPI was taken on this CPU, where others wait for their turn: of too many
 * in a millisecond what is left waits for the next one.
 */
void	its_hold_count(void);
/* That timer's interrupt? Then they go on. */
bool	its_hold_end(unsigned int intid);
