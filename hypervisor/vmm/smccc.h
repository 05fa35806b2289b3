/*
 * Calls of a guest by the SMC Calling Convention (DEN 0028), by HVC or by a
 * trapped SMC: which function of which service. Must not know what the
 * functions do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"

/* Fields of a function identifier. */
#define	SMCCC_FAST		(1u << 31)
#define	SMCCC_64		(1u << 30)	/* SMC64 convention */
#define	SMCCC_OWNER_SHIFT	24
#define	SMCCC_ARCH		0u		/* owners */
#define	SMCCC_STANDARD		4u
#define	SMCCC_HYP		6u		/* vendor's hypervisor */
#define	SMCCC_NUMBER(fid)	((fid) & 0xffffffu)

#define	SMCCC_VERSION		0x80000000u	/* functions of ARCH */
#define	SMCCC_ARCH_FEATURES	0x80000001u
#define	SMCCC_NOT_SUPPORTED	(-1)

/* Length of a service's table of functions: a power of two. */
#define	SMCCC_CALLS		16u

/* One function. Its identifier, arguments and results are in v->x. */
typedef outcome_t smccc_fn(struct vcpu *v);

static inline uint32_t
smccc_fid(const struct vcpu *v)
{

	return ((uint32_t)v->x[0]);
}

/* Argument n: the SMC32 convention has 32-bit registers. */
static inline uint64_t
smccc_arg(const struct vcpu *v, unsigned int n)
{

	return (v->x[0] & SMCCC_64 ? v->x[n] : (uint32_t)v->x[n]);
}

static inline outcome_t
smccc_return(struct vcpu *v, int64_t result)
{

	v->x[0] = (uint64_t)result;
	return (OUTCOME_DONE);
}

/* A function that returns the same to all. */
#define	SMCCC_ANSWER(name, value)					\
outcome_t name(struct vcpu *v) { return (smccc_return(v, value)); }

/* Stands in the tables where there is no function: NOT_SUPPORTED. */
smccc_fn smccc_unknown;

/* The hypervisor's own calls (abi/hypercall.h) as a table. */

extern smccc_fn *const hypercall_calls64[SMCCC_CALLS];

/* Physical count at the hypervisor's entry; set once by whoever boots. */
extern uint64_t hypercall_boot_entry;
