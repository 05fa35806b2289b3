/*
 * The parts of operations that the table names (ops.c). Each room of them
 * has a file: exits, memory, interrupts, turns. Must not know how samples
 * become figures.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "op.h"

/* ---- instructions that come back (exits.c) ---------------------------- */

const char *exits_nothing(struct run *);	/* prep: no instruction */
const char *exits_hvc(struct run *, uint32_t fn), *exits_smc(struct run *);
const char *exits_smccc(struct run *), *exits_psci(struct run *);
const char *exits_id_reg(struct run *), *exits_context(struct run *);
const char *exits_gicd_typer(struct run *), *exits_gicd_enable(struct run *);
const char *exits_uart(struct run *), *exits_null(struct run *);
bool	exits_enable_sample(struct run *, uint64_t *);
void	exits_enable_post(struct run *);

/* ---- stage 2 (memory.c) ----------------------------------------------- */

const char *memory_page(struct run *), *memory_block(struct run *);
bool	memory_page_sample(struct run *, uint64_t *);
bool	memory_block_sample(struct run *, uint64_t *);
const char *memory_remap(struct run *), *memory_walk(struct run *);
bool	memory_walk_sample(struct run *, uint64_t *);

/* ---- interrupts (interrupts.c) ---------------------------------------- */

const char *interrupts_sgi(struct run *), *interrupts_busy(struct run *);
const char *interrupts_ack(struct run *), *interrupts_end(struct run *);
const char *interrupts_timer(struct run *), *interrupts_wfi(struct run *);
const char *interrupts_ipi(struct run *), *interrupts_spi(struct run *);
bool	interrupts_spi_baseline(struct run *, uint64_t *);
bool	interrupts_busy_sample(struct run *, uint64_t *);
bool	interrupts_ack_sample(struct run *, uint64_t *);
bool	interrupts_end_sample(struct run *, uint64_t *);
bool	interrupts_wfi_baseline(struct run *, uint64_t *);
void	interrupts_post(struct run *), interrupts_busy_post(struct run *);
void	interrupts_ipi_post(struct run *);

/* ---- one vCPU after another (turns.c) --------------------------------- */

const char *turns_vm(struct run *), *turns_vm_fp(struct run *);
void	turns_vm_peer(uint64_t n), turns_vm_fp_peer(uint64_t n);
const char *turns_vcpu(struct run *), *turns_slice(struct run *);
bool	turns_twice_baseline(struct run *, uint64_t *);
bool	turns_slice_sample(struct run *, uint64_t *);
void	turns_vcpu_post(struct run *);
const char *turns_cpu_on(struct run *);
bool	turns_cpu_on_sample(struct run *, uint64_t *);
bool	turns_cpu_on_baseline(struct run *, uint64_t *);
const char *turns_boot(struct run *);
bool	turns_boot_sample(struct run *, uint64_t *);
bool	turns_start_sample(struct run *, uint64_t *);
