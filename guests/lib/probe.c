/*
 * Instructions made up at run time, each caught if it is not taken well.
 * Must not know what they do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

#define	RET		0xd65f03c0u
#define	MRS_X0		0xd5200000u	/* with op0 to op2 and x0 */
#define	MSR_X0		0xd5000000u

static uint32_t code[MAX_CPUS][16] __attribute__((aligned(64)));

static void
call(uint64_t arg)
{
	uint64_t *x = (uint64_t *)arg;
	/* A call after x0 and x1 are loaded would cost them. */
	const uint32_t *at = code[cpu_index()];
	register uint64_t x0 __asm__("x0") = x[0];
	register uint64_t x1 __asm__("x1") = x[1];

	__asm__ volatile("blr %2" : "+r" (x0), "+r" (x1) :
	    "r" (at) : "x2", "x3", "x4", "x5", "x6", "x7",
	    "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
	    "x17", "x18", "x30", "cc", "memory");
	x[0] = x0;
	x[1] = x1;
}

struct trap
probe_insn(uint32_t insn, uint64_t x[2])
{
	uint32_t *c = code[cpu_index()];

	c[0] = insn;
	c[1] = RET;
	sync_code(c, 2 * sizeof(*c));
	return (trap_catch(call, (uint64_t)x));
}

struct trap
probe_read(uint32_t reg, uint64_t *value)
{
	uint64_t x[2] = { 0, 0 };
	struct trap t = probe_insn(MRS_X0 | reg, x);

	*value = x[0];
	return (t);
}

struct trap
probe_write(uint32_t reg, uint64_t value)
{
	uint64_t x[2] = { value, 0 };

	return (probe_insn(MSR_X0 | reg, x));
}
