/*
 * Exits counted and timed.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"

/* The abi's class of an index of vcpu->exits[]. */
enum exit_class stats_class(unsigned int ec);
/* Exits of v in this class. */
uint64_t stats_exits(const struct vcpu *v, enum exit_class c);
/* The exit being left belongs to the current vCPU: add up its time. */
void	stats_add_time(void);
void	stats_print(const struct vm *vm);
