/*
 * The SMMU (SMMUv3, IHI 0070): one, that gives a stream of a bus master the
 * stage 2 of a VM, and aborts all others. Faults of streams are recorded in
 * its event queue, to be taken out one by one.
 *
 * The tables are those the CPUs walk (VTTBR_EL2), of a stage 2 that does not
 * change while a stream has it; so broadcast TLB maintenance is not waited
 * for (CR2.PTM), and what a stream has left in TLBs goes with it.
 *
 * Map of the room: smmu.c registers and queues, smmu_table.c the stream table.
 *
 * Must not know buses, devices nor VMs' lives.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "mm/pt.h"

#define	SMMU_FRAME	0x20000ul	/* bytes of registers */

struct smmu_fault {
	uint32_t	stream;
	uint8_t		type;		/* IHI 0070, 7.3; smmu_fault_name() */
	bool		has_address, write;
	uint64_t	address;	/* as the device gave it */
};

/*
 * Takes it over, the registers mapped at base; streams from 0 to last will
 * be asked for. Nothing passes it from now on. NULL, or what is wrong with
 * it; nothing is changed then, or all is aborted. Memory is as the number of
 * streams wants it, never more than SMMU_TABLE_MAX.
 */
const char *smmu_start(void *base, struct pool *pool, uint32_t last);
/* May it walk tables of so many bits of IPA? NULL, or why not. */
const char *smmu_suits(unsigned int ipa_bits);
/*
 * False: it does not answer (or, attach, there is no memory). It is off then
 * if it can be had off, all streams abort, and nobody waits for it again.
 */
bool	smmu_attach(uint32_t stream, const struct pt *pt);
bool	smmu_detach(uint32_t stream, unsigned int vmid);
/* Its faults are aborted as before, but not recorded any more. */
void	smmu_quiet(uint32_t stream);
/* The next fault, if there is one. */
bool	smmu_next_fault(struct smmu_fault *f);
const char *smmu_fault_name(uint8_t type);
