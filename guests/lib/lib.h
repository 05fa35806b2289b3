/*
 * What the files of this library share with each other, and guests need not
 * know. Usable from C and from assembly.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	STACK_SIZE	16384		/* bytes, of each CPU */
#define	FRAME_SIZE	272		/* struct trap_frame, 16-aligned */
#define	MAX_CPUS	8

#ifndef __ASSEMBLER__
#include "guest.h"

extern char image_start[], image_end[];

/* ---- start.S, vectors.S ---------------------------------------------- */

struct trap_frame {
	uint64_t	x[31], elr, spsr;
};
struct context {
	uint64_t	saved[13];
};
bool	context_run(struct context *c, void (*fn)(uint64_t), uint64_t arg);
void	context_leave(struct context *c) __attribute__((noreturn));
void	secondary_start(void);

/* ---- mmu.c ----------------------------------------------------------- */

/* What turns the MMU on; the order is known to start.S. */
struct mmu_state {
	uint64_t	ttbr, tcr, mair, sctlr;
};
extern struct mmu_state mmu_state;
extern bool mmu_is_on;
void	mmu_enable(struct mmu_state *, uint64_t ttbr, uint64_t tcr,
	    uint64_t mair, uint64_t sctlr);
/* Image and device tree as normal memory, all else as device; then on. */
void	mmu_init(uint64_t fdt);

/* ---- start to end ---------------------------------------------------- */

void	guest_start(uint64_t fdt) __attribute__((noreturn));
void	console_init(void);
/* Fails the running case and ends it, if it has taken 10 s. */
void	case_check_time(void);

/* ---- exceptions and interrupts --------------------------------------- */

/* Forgets this CPU's trap_catch: its caller is not gone back to. */
void	exception_reset(void);
void	exception_sync(struct trap_frame *);
void	exception_other(struct trap_frame *, unsigned int vector);
/* From the vectors: acknowledge, handle, end. */
void	gic_dispatch(bool fiq);
/* The distributor, then the interface of this CPU. */
void	gic_init(void), gic_cpu_init(void), gic_cpu_off(void);
/* wait_irq's own timer: its interrupt is nobody's business. */
extern volatile uint32_t timer_guard[MAX_CPUS];
void	timer_guard_fired(uint32_t intid);

/* ---- smp.c ----------------------------------------------------------- */

#define	SMP_STOP_SGI	15u
extern volatile bool smp_stopping;
void	cpu_stop(void) __attribute__((noreturn));
/* Has all other CPUs go off. False, and names them, if one does not. */
bool	smp_stop_others(void);

#endif /* !__ASSEMBLER__ */
