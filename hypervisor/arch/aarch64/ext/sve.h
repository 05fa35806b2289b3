/*
 * SVE of guests (DDI 0487, B1.2.2): the registers follow their user as FP
 * and SIMD do, which are a part of them. A vCPU that never uses SVE never
 * pays, nor has it room for them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include "vmm/outcome.h"

struct vcpu;

/* Before the first guest: where the CPU has it, FP traps come here, too. */
void	sve_init(void);
/* vectors.S, by exception class. */
extern outcome_t (*exit_table[])(struct vcpu *v, uint64_t esr);
/* Exception class 0x19: an SVE instruction, or ZCR_EL1. */
outcome_t sve_trap(struct vcpu *v, uint64_t esr);

/* sve.S: Z0-Z31, P0-P15 and FFR at the largest vector length there is. */
void	sve_regs_save(void *area);
void	sve_regs_load(const void *area);
/* Bytes of a vector. */
uint64_t sve_vl(void);
