/*
 * What a test or benchmark guest may use: the whole run-time library in one
 * page. A guest is one C file with a table of cases (guest_cases) and runs
 * at EL1 with the MMU and caches on, identity mapped, one stack per CPU.
 * Everything is discovered from the device tree: it runs on Apiary, KVM,
 * Xen and bare machines that boot Linux with PSCI.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define	nitems(a)	(sizeof(a) / sizeof((a)[0]))
#define	PAGE_SIZE	4096ul

/* ---- cases (case.c): what a guest is made of ------------------------- */

struct guest_case {
	const char	*name;		/* "version": reported as guest.name */
	void		(*run)(void);
	unsigned int	cpus;		/* needs at least this many; 0: one */
	unsigned int	needs;		/* NEED_* */
};
#define	NEED_APIARY	(1u << 0)	/* our hypercalls */
#define	NEED_GICV2	(1u << 1)
#define	NEED_GICV3	(1u << 2)
#define	NEED_PMU	(1u << 3)
#define	NEED_UART	(1u << 4)	/* a PL011 */
#define	NEED_RTC	(1u << 5)	/* a PL031 */
#define	NEED_GPIO	(1u << 6)	/* a PL061 */
#define	NEED_ITS	(1u << 8)
#define	NEED_SMC	(1u << 7)	/* undefined without EL3: no_el3 */

/* Every guest defines these two. */
extern const char guest_name[];
extern const struct guest_case guest_cases[];	/* ends with a NULL name */
/*
 * Optional: called instead of running the table (benchmarks). The default
 * runs guest_cases, prints records, powers off.
 */
void	guest_main(void);

/*
 * Fails the running case (it goes on after a CHECK; REQUIRE ends it) and
 * prints file, line, expression and the values.
 */
#define	CHECK(e)	((void)((e) || (case_fail(__FILE__, __LINE__, #e), 0)))
#define	CHECK_EQ(a, b)	case_equal(__FILE__, __LINE__, #a " == " #b,	\
			    (uint64_t)(a), (uint64_t)(b))
#define	REQUIRE(e)	((void)((e) || (case_fail(__FILE__, __LINE__, #e), \
			    case_end(), 0)))
void	case_fail(const char *file, int line, const char *what);
bool	case_equal(const char *file, int line, const char *what, uint64_t a,
	    uint64_t b);
void	case_end(void) __attribute__((noreturn));
/* Ends the case as skipped, with a reason. */
void	case_skip(const char *why) __attribute__((noreturn));

/* ---- output (print.c) ------------------------------------------------ */

void	print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	print_va(const char *fmt, va_list ap);
/* <LAVA_SIGNAL_TESTCASE ...>, counted and added to the checksum. */
void	record_text(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));
/* The end, with number and checksum of all records since the start. */
void	record_done(const char *name);
/* CRC-32 of ISO/IEC 13239 (reflected, 0x04c11db7), as zlib's: from ~0 to ~. */
uint32_t crc32_add(uint32_t crc, char c);
/* The same of a test case; with a measurement if units is not NULL. */
void	record(const char *test, const char *name, const char *result,
	    uint64_t value, const char *units);
/* A character to the console, or from it (-1: none). */
void	console_put(char c);
int	console_get(void);

/* ---- the machine (machine.c) ----------------------------------------- */

struct machine {
	const void	*fdt;
	uint64_t	ram_base, ram_size;	/* the first bank, bytes */
	uint64_t	uart_base;		/* 0: none found */
	bool		uart_pl011;
	bool		uart_sbsa;	/* of a PL011 only what BSA needs */
	uint32_t	uart_intid;
	uint64_t	rtc_base;		/* PL031; 0: none */
	uint32_t	rtc_intid;
	uint64_t	gpio_base;	/* PL061; 0: none */
	uint32_t	gpio_intid;
	unsigned int	gic;			/* 2 or 3 */
	uint64_t	gicd, gicc, gicr, gicr_size;
	uint64_t	its;			/* GICv3; 0: none */
	uint32_t	vtimer_intid, ptimer_intid, pmu_intid;
	bool		psci_smc;		/* conduit; else HVC */
	unsigned int	ncpus;
	uint64_t	mpidr[8];
	const char	*bootargs;
	bool		apiary;			/* HC_UID answered */
	bool		smc;			/* no boot argument no_el3 */
};
extern struct machine machine;
/* "key=value" in bootargs: true and the value (NUL ended) in buf. */
bool	machine_arg(const char *key, char *buf, size_t size);
uint64_t machine_arg_number(const char *key, uint64_t otherwise);

/* ---- CPU (cpu.h is included below: sysreg accessors, barriers) ------- */

#define	read_sysreg(r) ({						\
	uint64_t v_;							\
	__asm__ volatile("mrs %0, " #r : "=r" (v_) : : "memory");	\
	v_; })
#define	write_sysreg(r, v)						\
	__asm__ volatile("msr " #r ", %x0" : : "rZ" ((uint64_t)(v)) : "memory")
#define	isb()		__asm__ volatile("isb" : : : "memory")
#define	dsb()		__asm__ volatile("dsb sy" : : : "memory")
#define	dmb()		__asm__ volatile("dmb sy" : : : "memory")
#define	wfi()		__asm__ volatile("wfi" : : : "memory")
#define	wfe()		__asm__ volatile("wfe" : : : "memory")
#define	sev()		__asm__ volatile("sev" : : : "memory")
/* Unmask and mask IRQ (and FIQ with it). */
#define	irq_on()	__asm__ volatile("msr daifclr, #3" : : : "memory")
#define	irq_off()	__asm__ volatile("msr daifset, #3" : : : "memory")

static inline uint32_t
mmio_read(uint64_t addr)
{
	uint32_t v;

	/* One instruction that a hypervisor can decode (ISV set). */
	__asm__ volatile("ldr %w0, [%1]" : "=r" (v) : "r" (addr) : "memory");
	return (v);
}

static inline void
mmio_write(uint64_t addr, uint32_t v)
{

	__asm__ volatile("str %w0, [%1]" : : "r" (v), "r" (addr) : "memory");
}

unsigned int cpu_index(void);		/* 0: the boot CPU */

/* ---- SMC Calling Convention and PSCI (smccc.c, psci.c) --------------- */

struct smccc_result { uint64_t x0, x1, x2, x3; };
struct smccc_result hvc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
struct smccc_result smc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
/* By the conduit of the device tree. */
int64_t	psci(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
void	power_off(void) __attribute__((noreturn));

#define	PSCI_VERSION		0x84000000u
#define	PSCI_CPU_SUSPEND	0xc4000001u
#define	PSCI_CPU_OFF		0x84000002u
#define	PSCI_CPU_ON		0xc4000003u
#define	PSCI_CPU_ON32		0x84000003u
#define	PSCI_AFFINITY_INFO	0xc4000004u
#define	PSCI_MIGRATE_INFO_TYPE	0x84000006u
#define	PSCI_SYSTEM_OFF		0x84000008u
#define	PSCI_SYSTEM_RESET	0x84000009u
#define	PSCI_FEATURES		0x8400000au

/* ---- other CPUs (smp.c) ---------------------------------------------- */

/*
 * Turns CPU index on (MMU, caches, vectors, GIC interface up, IRQs masked)
 * and has it call fn(arg); when fn returns it goes off by CPU_OFF. 0, or
 * PSCI's error. Waits until it has started.
 */
int64_t	smp_on(unsigned int index, void (*fn)(void *), void *arg);
/* Waits until AFFINITY_INFO says OFF; false after a second. */
bool	smp_wait_off(unsigned int index);
/*
 * Spins politely (WFE or yield) until *word == value; false after a second
 * of virtual count.
 */
bool	wait_for(const volatile uint32_t *word, uint32_t value);
void	publish(volatile uint32_t *word, uint32_t value);	/* and SEV */

/* ---- interrupts (gic.c; gicv2.c, gicv3.c) ---------------------------- */

#define	INTID_NONE	1020u		/* and above: spurious */
typedef void irq_fn(uint32_t intid);
/*
 * One handler for all, called between acknowledge and end (EOI, and
 * deactivate when eoi mode 1 is not chosen). NULL: only counted.
 */
void	irq_handler(irq_fn *fn);
extern volatile uint32_t irq_count[8];		/* taken, by CPU */
extern volatile uint32_t irq_last[8];		/* INTID of the last */
void	gic_enable(uint32_t intid), gic_disable(uint32_t intid);
bool	gic_enabled(uint32_t intid);
void	gic_pend(uint32_t intid), gic_unpend(uint32_t intid);
bool	gic_pending(uint32_t intid);
void	gic_activate(uint32_t intid), gic_deactivate_reg(uint32_t intid);
bool	gic_active(uint32_t intid);
void	gic_priority(uint32_t intid, uint8_t prio);
uint8_t	gic_priority_of(uint32_t intid);
void	gic_edge(uint32_t intid, bool edge);
void	gic_route(uint32_t intid, unsigned int cpu);	/* SPI to one CPU */
void	gic_group(uint32_t intid, bool group1);
void	gic_sgi(unsigned int intid, unsigned int cpu);	/* to one CPU */
void	gic_sgi_self(unsigned int intid), gic_sgi_others(unsigned int intid);
/* CPU interface of this CPU. */
uint32_t gic_ack(void);			/* full IAR (GICv2: source CPU) */
void	gic_eoi(uint32_t iar);		/* priority drop (+ deactivate) */
void	gic_dir(uint32_t iar);		/* deactivate, EOI mode 1 */
void	gic_eoi_mode(bool split);
void	gic_pmr(uint8_t mask);
uint8_t	gic_rpr(void);			/* running priority */
uint32_t gic_hppir(void);
void	gic_bpr(uint8_t bpr);
/* Distributor register by offset, for private ones the redistributor's
   SGI frame on GICv3. */
uint32_t gic_reg(uint32_t intid, uint32_t offset);
void	gic_reg_write(uint32_t intid, uint32_t offset, uint32_t value);
/* The nth interrupt from the top of the SPIs, n < 48: no device has it. */
uint32_t gic_spare(unsigned int n);
/* All interrupts disabled, inactive, not pending, default priority. */
void	gic_quiet(void);

/* ---- time (timer.c) -------------------------------------------------- */

uint64_t counter(void);			/* CNTVCT_EL0, with barriers */
uint64_t counter_hz(void);
void	vtimer_set(uint64_t cval);	/* CNTV: enabled, unmasked */
void	vtimer_off(void);
void	ptimer_set(uint64_t cval);	/* CNTP */
void	ptimer_off(void);
void	delay_us(uint64_t us);
/* Runs WFI with IRQs taken until *word != 0; false after that many us. */
bool	wait_irq(const volatile uint32_t *word, uint64_t us);

/* ---- memory (mmu.c) -------------------------------------------------- */

/* Identity map of a 2 MiB-aligned or page range, as device or normal. */
void	mmu_map(uint64_t addr, uint64_t size, bool device, bool exec);
void	mmu_unmap(uint64_t addr, uint64_t size);
/* Has a stage 1 table whose next level lies at table_pa: a walk goes there. */
void	mmu_point_table_at(uint64_t va, uint64_t table_pa);
/* Where the image is: of this page, indirect branches go to BTI only. */
void	mmu_guard(uint64_t addr, bool on);
/* Pages of RAM behind the image that nobody uses; zero only by the machine. */
void	*memory_alloc(size_t bytes, size_t align);
uint64_t memory_free_start(void), memory_free_end(void);
void	sync_code(const void *p, size_t n);	/* new instructions there */
/* To memory and out of the caches: for a CPU whose MMU is off, or was. */
void	cache_flush(uint64_t start, uint64_t end);

/* ---- exceptions (exception.c) ---------------------------------------- */

struct trap {
	uint64_t	taken;		/* 0: none was */
	uint64_t	esr, far, elr, spsr;
};
/*
 * Runs fn(arg); a synchronous exception in it ends fn, and is reported
 * instead of being fatal.
 */
struct trap trap_catch(void (*fn)(uint64_t), uint64_t arg);
/*
 * From an IRQ handler: ends what trap_catch runs, as if it had returned
 * (taken is 0). The handler has ended its interrupt itself (gic_eoi).
 */
void	trap_leave(void) __attribute__((noreturn));
#define	ESR_EC(esr)	((unsigned int)((esr) >> 26) & 0x3f)
#define	ESR_FSC(esr)	((unsigned int)(esr) & 0x3f)

/*
 * Made up at run time (probe.c): one instruction with x0 and x1 from and to
 * x[]; it may change x0 to x18 only. SYSREG is the encoding of a system
 * register or instruction, as in S<op0>_<op1>_C<n>_C<m>_<op2>.
 */
struct trap probe_insn(uint32_t insn, uint64_t x[2]);
struct trap probe_read(uint32_t reg, uint64_t *value);	/* MRS */
struct trap probe_write(uint32_t reg, uint64_t value);	/* MSR, SYS */
#define	SYSREG(op0, op1, n, m, op2)	((uint32_t)(op0) << 19 |	\
	    (uint32_t)(op1) << 16 | (uint32_t)(n) << 12 |		\
	    (uint32_t)(m) << 8 | (uint32_t)(op2) << 5)

/*
 * Benchmarks: a function in assembly that the IRQ vector branches to at
 * once (all registers as interrupted; it must end in eret itself); NULL:
 * the usual way.
 */
extern void (*volatile irq_fast)(void);

/* ---- C library pieces (libc.c) --------------------------------------- */

void	*memcpy(void *dst, const void *src, size_t n);
void	*memset(void *dst, int c, size_t n);
int	memcmp(const void *a, const void *b, size_t n);
size_t	strlen(const char *s);
int	strcmp(const char *a, const char *b);
