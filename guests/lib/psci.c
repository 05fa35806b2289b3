/*
 * Calls to who is below: the SMC Calling Convention (DEN 0028) and PSCI
 * (DEN 0022). Must not know what a call is for.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

#define	CALL(insn, fn, a1, a2, a3) ({					\
	register uint64_t x0 __asm__("x0") = (fn);			\
	register uint64_t x1 __asm__("x1") = (a1);			\
	register uint64_t x2 __asm__("x2") = (a2);			\
	register uint64_t x3 __asm__("x3") = (a3);			\
									\
	/* x4 to x17 may be lost with SMCCC 1.0. */			\
	__asm__ volatile(insn " #0" : "+r" (x0), "+r" (x1), "+r" (x2),	\
	    "+r" (x3) : : "x4", "x5", "x6", "x7", "x8", "x9", "x10",	\
	    "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");	\
	(struct smccc_result){ x0, x1, x2, x3 }; })

struct smccc_result
hvc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{

	return (CALL("hvc", fn, a1, a2, a3));
}

struct smccc_result
smc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{

	return (CALL("smc", fn, a1, a2, a3));
}

int64_t
psci(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct smccc_result r = machine.psci_smc ? smc(fn, a1, a2, a3) :
	    hvc(fn, a1, a2, a3);

	/* PSCI returns an int32 where the call is SMC32. */
	return (fn & 1u << 30 ? (int64_t)r.x0 : (int32_t)r.x0);
}

void
power_off(void)
{

	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
	print("SYSTEM_OFF came back\n");
	for (;;)
		wfi();
}
