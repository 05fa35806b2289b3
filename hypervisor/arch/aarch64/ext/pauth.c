/*
 * Pointer authentication of guests; see pauth.h. The hypervisor itself has
 * none, so that the guest's keys may stay where they are while it runs.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/pauth.h"
#include "arch/aarch64/sysreg.h"
#include "vmm/vcpu.h"

/* AP{I,D}{A,B}Key and APGAKey, Lo and Hi (DDI 0487, D19.2), by encoding. */
#define	EACH_KEY(OP)							\
	OP(0, s3_0_c2_c1_0) OP(1, s3_0_c2_c1_1) OP(2, s3_0_c2_c1_2)	\
	OP(3, s3_0_c2_c1_3) OP(4, s3_0_c2_c2_0) OP(5, s3_0_c2_c2_1)	\
	OP(6, s3_0_c2_c2_2) OP(7, s3_0_c2_c2_3) OP(8, s3_0_c2_c3_0)	\
	OP(9, s3_0_c2_c3_1)
#define	SAVE(n, reg)	key[n] = read_sysreg(reg);
#define	LOAD(n, reg)	write_sysreg(reg, key[n]);

void
pauth_save(uint64_t key[10])
{

	EACH_KEY(SAVE)
}

void
pauth_load(const uint64_t key[10])
{

	EACH_KEY(LOAD)
}

outcome_t
pauth_trap(struct vcpu *v, uint64_t esr)
{

	(void)esr;
	port_take(v, PORT_PAUTH);
	return (OUTCOME_RETRY);
}
