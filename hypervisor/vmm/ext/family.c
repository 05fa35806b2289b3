/*
 * When one of a family gives way; see family.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/ext/family.h"
#include "vmm/vcpu.h"

/* What waits for another vCPU, in bytes: its loop, and the code around it. */
#define	WAIT_LOOP	64
#define	WAIT_FUNCTION	256

static inline bool
within(uint64_t pc, uint64_t of, uint64_t bytes)
{

	return (pc - of + bytes < 2 * bytes);
}

bool
family_gives_way(struct pcpu *p, uint64_t now)
{
	uint64_t pc = port_kernel_pc(), end = p->slice_end;
	bool waits = pc != 0 && (within(pc, p->seen, WAIT_LOOP) ||
	    within(pc, p->waited, WAIT_FUNCTION));

	if (pc != 0)
		end += p->slice;
	else if (p->turn < p->slice)
		end = 0;
	p->seen = pc;
	if (waits)
		p->waited = pc;
	else if (now < end) {
		p->look = now + p->slice / TURN_LOOKS;
		return (false);
	}
	p->turn = waits ? p->slice / TURN_LOOKS : p->slice;
	return (true);
}
