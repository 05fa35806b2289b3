/*
 * The floor of the machine: what a trap to EL2 costs that does next to
 * nothing, as operations of the benchmark's harness. It is a kernel entered at
 * EL2, and the guest above itself. Must not know how samples become figures.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "ops.h"

#define	SLOT		0x400		/* synchronous, lower EL, AArch64 */
#define	WORDS		32u		/* that a vector has room for */
#define	STACK		4096u

/* floor.S: the vectors, and what is copied there or branched to. */
extern char el2_vectors[], floor_stack_code[], floor_empty_code[];
extern char floor_saved_code[], floor_saved_end[], floor_switch_code[];

TIMED(floor_hvc, "", "hvc #0");

/* Has HVC execute these instructions at EL2. */
static void
vector(const void *code, unsigned int words)
{
	uint32_t *slot = (uint32_t *)(el2_vectors + SLOT);

	memcpy(slot, code, words * 4);
	sync_code(slot, words * 4);
	/* The MMU of EL2 is off. */
	cache_flush((uint64_t)slot, (uint64_t)(slot + WORDS));
}

static const char *
ready(struct run *r, const void *code, unsigned int words)
{
	static uint8_t stack[STACK] __attribute__((aligned(64)));

	if (words > WORDS)
		return ("the code is longer than a vector");
	if (clock_best() != CLOCK_PMU)
		return ("needs a PMU that counts at EL2");
	cache_flush((uint64_t)stack, (uint64_t)stack + STACK);
	vector(floor_stack_code, 2);
	hvc((uint64_t)stack + STACK, 0, 0, 0);
	vector(code, words);
	r->code = &floor_hvc;
	return (NULL);
}

static const char *
prep_empty(struct run *r)
{

	return (ready(r, floor_empty_code, 1));
}

static const char *
prep_saved(struct run *r)
{

	return (ready(r, floor_saved_code,
	    (unsigned int)(floor_saved_end - floor_saved_code) / 4));
}

static const char *
prep_switch(struct run *r)
{
	/* B, 26 bits of words: DDI 0487, C6.2.26. */
	uint32_t branch = 0x14000000u | (uint32_t)((floor_switch_code -
	    (el2_vectors + SLOT)) / 4 & 0x3ffffff);

	return (ready(r, &branch, 1));
}

const struct op ops[] = {
	{ "floor_trap", "HVC #0, and ERET is all that EL2 does",
	  1000, 16, 0, prep_empty, sample_shot, sample_twin },
	{ "floor_trap_saved", "the same, what C may change saved and restored",
	  1000, 16, 0, prep_saved, sample_shot, sample_twin },
	{ "floor_switch", "HVC #0: all of EL1's context out and in, and back",
	  1000, 16, 0, prep_switch, sample_shot, sample_twin },
	{ .name = NULL },
};

bool
ops_peer(const char *name)
{

	(void)name;
	return (false);
}
