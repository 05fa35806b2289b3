/*
 * All that the files of the Armv7 guest share. It is a guest of its own, in
 * one room: 32 bits, Supervisor mode, short-descriptor tables, an identity
 * map. It knows the machine by heart (abi/machine.h, as QEMU's virt has it);
 * of the device tree it takes GIC, CPUs and boot arguments.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	STACK_SIZE	8192
#define	MAX_CPUS	8

#define	MODE_USR	0x10
#define	MODE_FIQ	0x11
#define	MODE_IRQ	0x12
#define	MODE_SVC	0x13
#define	MODE_ABT	0x17
#define	MODE_UND	0x1b
#define	MODE_SYS	0x1f

#define	VECTOR_UND	1
#define	VECTOR_SVC	2
#define	VECTOR_PABT	3
#define	VECTOR_DABT	4

/* struct smp_boot */
#define	SMP_STACK	0
#define	SMP_INDEX	4
#define	SMP_STATE	8
#define	SMP_CPSR	12

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "abi/machine.h"

#define	nitems(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- cases ----------------------------------------------------------- */

struct armv7_case {
	const char	*name;
	void		(*run)(void);
	unsigned int	cpus;		/* needs at least this many; 0: one */
};
extern const struct armv7_case exception_cases[], state_cases[],
    trap_cases[], machine_cases[];

#define	CHECK(e)	((void)((e) || (case_fail(__FILE__, __LINE__, #e), 0)))
#define	CHECK_EQ(a, b)	case_equal(__FILE__, __LINE__, #a " == " #b,	\
			    (uint64_t)(a), (uint64_t)(b))
#define	REQUIRE(e)	((void)((e) || (case_fail(__FILE__, __LINE__, #e), \
			    case_end(), 0)))
void	case_fail(const char *file, int line, const char *what);
void	case_equal(const char *file, int line, const char *what, uint64_t a,
	    uint64_t b);
void	case_end(void) __attribute__((noreturn));
void	case_skip(const char *why) __attribute__((noreturn));

/* %c %s %u %x, of 32 bits; %lx of 64. */
void	print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- machine --------------------------------------------------------- */

struct machine {
	unsigned int	gic;		/* 2 or 3 */
	unsigned int	ncpus;
	const char	*bootargs;
	bool		hypervisor;	/* somebody answers HVC with a UID */
};
extern struct machine machine;
extern uint32_t entry_state[4];		/* r0 to r2 and CPSR at entry */
bool	machine_arg(const char *word);
void	machine_init(void);
void	mmu_init(void), mmu_on(void);
/* What caches hold of this image is in memory then. */
void	mmu_off(void);
/* The 1 MiB section at va is this descriptor. */
void	mmu_section(uint32_t va, uint32_t descriptor);
uint32_t mmu_section_of(uint32_t va);
#define	SECTION_RAM	0x00011c0eu	/* normal, shareable, all access */
#define	SECTION_DEVICE	0x00010c16u	/* and never code */

/* ---- CPU ------------------------------------------------------------- */

#define	mrc(p, op1, n, m, op2) ({					\
	uint32_t v_;							\
	__asm__ volatile("mrc " #p ", " #op1 ", %0, c" #n ", c" #m	\
	    ", " #op2 : "=r" (v_) : : "memory");			\
	v_; })
#define	mcr(p, op1, n, m, op2, v)					\
	__asm__ volatile("mcr " #p ", " #op1 ", %0, c" #n ", c" #m	\
	    ", " #op2 : : "r" ((uint32_t)(v)) : "memory")
#define	mrrc(p, op1, m) ({						\
	uint64_t v_;							\
	__asm__ volatile("mrrc " #p ", " #op1 ", %Q0, %R0, c" #m	\
	    : "=r" (v_) : : "memory");					\
	v_; })
#define	mcrr(p, op1, m, v)						\
	__asm__ volatile("mcrr " #p ", " #op1 ", %Q0, %R0, c" #m	\
	    : : "r" ((uint64_t)(v)) : "memory")
#define	isb()		__asm__ volatile("isb" : : : "memory")
#define	dsb()		__asm__ volatile("dsb" : : : "memory")
#define	irq_on()	__asm__ volatile("cpsie i" : : : "memory")
#define	irq_off()	__asm__ volatile("cpsid i" : : : "memory")

#define	SCTLR_M		(1u << 0)
#define	SCTLR_C		(1u << 2)
#define	SCTLR_I		(1u << 12)
#define	SCTLR_V		(1u << 13)
#define	SCTLR_TE	(1u << 30)
#define	sctlr()		mrc(p15, 0, 1, 0, 0)
#define	set_sctlr(v)	do { mcr(p15, 0, 1, 0, 0, v); isb(); } while (0)

static inline uint32_t
mmio_read(uint32_t addr)
{
	uint32_t v;

	__asm__ volatile("ldr %0, [%1]" : "=r" (v) : "r" (addr) : "memory");
	return (v);
}

static inline void
mmio_write(uint32_t addr, uint32_t v)
{

	__asm__ volatile("str %0, [%1]" : : "r" (v), "r" (addr) : "memory");
}

static inline unsigned int
cpu_index(void)
{

	return (mrc(p15, 0, 13, 0, 4));
}

/* ---- calls ----------------------------------------------------------- */

#define	PSCI_VERSION		0x84000000u
#define	PSCI_CPU_OFF		0x84000002u
#define	PSCI_CPU_ON		0x84000003u
#define	PSCI_AFFINITY_INFO	0x84000004u
#define	PSCI_SYSTEM_OFF		0x84000008u
#define	PSCI_FEATURES		0x8400000au
#define	PSCI_64			0x40000000u
struct call { uint32_t r[4]; };
struct call hvc(uint32_t fn, uint32_t a1, uint32_t a2, uint32_t a3);
struct call smc(uint32_t fn, uint32_t a1, uint32_t a2, uint32_t a3);

/* ---- exceptions ------------------------------------------------------ */

struct context {
	uint32_t	sp;
};
int	context_run(struct context *c, void (*fn)(uint32_t), uint32_t arg);
void	context_leave(struct context *c) __attribute__((noreturn));

struct trap {
	uint32_t	vector;		/* 0: none was taken */
	uint32_t	lr, spsr, cpsr, pc;	/* as the handler found them */
	uint32_t	dfsr, dfar, ifsr, ifar;
};
extern char vectors[], vectors_t32[];
/* Runs fn(arg); a synchronous exception in it ends it. */
struct trap trap_catch(void (*fn)(uint32_t), uint32_t arg);

/* ---- other CPUs ------------------------------------------------------ */

struct smp_boot {
	uint32_t	stack, index, state, cpsr;
	void		(*fn)(void);
};
void	secondary_start(void), secondary_start_t32(void);
extern struct smp_boot smp_boot[MAX_CPUS];
/* By CPU_ON at this entry; it calls fn and goes off. PSCI's result. */
int32_t	smp_on(unsigned int index, uint32_t entry, void (*fn)(void));
bool	smp_wait_off(unsigned int index);	/* false after a second */

/* ---- interrupts and time --------------------------------------------- */

void	gic_init(void), gic_cpu_init(void);
void	gic_enable(uint32_t intid), gic_disable(uint32_t intid);
void	gic_pend(uint32_t intid);
void	gic_sgi(unsigned int intid, unsigned int cpu);
extern volatile uint32_t irq_count[MAX_CPUS], irq_last[MAX_CPUS];
/* IRQs on until count differs or so many microseconds have gone. */
bool	wait_irq(uint32_t count, uint32_t us);
#define	counter()	mrrc(p15, 1, 14)	/* CNTVCT */
#define	counter_hz()	mrc(p15, 0, 14, 0, 0)

#endif /* !__ASSEMBLER__ */
