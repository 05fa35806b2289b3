/*
 * What an operation is, and the timed pieces of assembly they are made of.
 * Must not know which operations there are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "guest.h"

/*
 * Clocks: which register the timed code reads. CLOCK_RETIRED counts
 * instructions, 32 bits, and stands still while all CPUs sleep.
 */
enum { CLOCK_PMU, CLOCK_COUNTER, CLOCK_RETIRED, CLOCKS };

/*
 * One timed instruction, each way it is measured. A shot takes two words
 * (x19 and x20 of its text) and returns the difference of the clock. A twin
 * is the same code without the instruction: the baseline. A loop executes
 * the instruction n times and reads no clock; it may be missing.
 */
struct code {
	uint64_t	(*shot[CLOCKS])(const uint64_t arg[2]);
	uint64_t	(*twin[CLOCKS])(const uint64_t arg[2]);
	void		(*loop)(const uint64_t arg[2], uint64_t n);
	void		(*loop_twin)(const uint64_t arg[2], uint64_t n);
};
/* What a shot returns when the interrupt has not come. */
#define	NO_IRQ		(~0ull)

/* One operation while it is measured. */
struct run {
	const struct op		*op;
	const struct code	*code;
	uint64_t		arg[2];
	unsigned int		clock;
	uint32_t		intid;	/* that ends a shot; 0: none */
	uint64_t		per;	/* operations in a sample */
	uint64_t		index;	/* of the sample */
};

struct op {
	const char	*name;
	const char	*timed;		/* what, in one line */
	unsigned int	samples, warmup;
	unsigned int	needs;		/* NEED_* of guest.h, NEED_PEER */
	/* Once, before all samples: NULL, or why it cannot be measured. */
	const char	*(*prep)(struct run *);
	/* One sample in clock units, baseline not yet subtracted. */
	bool		(*sample)(struct run *, uint64_t *value);
	/* One sample of the baseline; NULL: nothing is to be subtracted. */
	bool		(*baseline)(struct run *, uint64_t *value);
	void		(*post)(struct run *);		/* once; or NULL */
	/* "ns" where a deadline is measured, else that of the clock. */
	bool		deadline;
	bool		no_pmu;		/* its use would be measured too */
	void		(*peer)(uint64_t n);	/* the other VM's part */
};
/* Only chosen by name: another VM must play its part. */
#define	NEED_PEER	(1u << 16)

extern const struct op ops[];		/* ends with a NULL name */
/*
 * Has the other VM's part of an operation played; returns when that must be
 * done. False: no such operation, or it has no such part.
 */
bool	ops_peer(const char *name);

/* ---- samples, for the table (sample.c) ------------------------------- */

/* Reads so many bytes of memory that nobody else uses; empties the TLBs. */
void	sample_evict(uint64_t bytes);

bool	sample_shot(struct run *, uint64_t *), sample_twin(struct run *,
	    uint64_t *);
/* A shot that an interrupt ends, acknowledged and ended afterwards. */
bool	sample_entry(struct run *, uint64_t *);
/* The virtual timer's deadline to the vector. */
bool	sample_deadline(struct run *, uint64_t *);
/* The same from WFI; by CLOCK_RETIRED from the instruction itself. */
bool	sample_sleep(struct run *, uint64_t *);

/* ---- clocks (clock.c) ------------------------------------------------ */

/*
 * Which clock can be used: CLOCK_PMU if there is one and it counts in the
 * hypervisor too. First use takes the PMU.
 */
unsigned int clock_best(void);
/* Has CLOCK_RETIRED count, once clock_best() has said CLOCK_PMU. */
bool	clock_retired(void);
bool	clock_is_insn(void);		/* unit=insn */
/* Of one tick of the counter, under unit=insn. */
uint64_t clock_insn_per_tick(void);
const char *clock_unit(unsigned int clock, bool deadline);
/* Difference of the clock to the unit. */
uint64_t clock_value(unsigned int clock, bool deadline, uint64_t diff);
/* What the PMU's clock shows when the counter becomes `ticks`; unit=insn. */
bool	clock_at(uint64_t ticks, uint64_t *pmu);

#define	LOOP	256ul			/* operations of one loop */

/* ---- text of the timed code ------------------------------------------ */

#define	CLK_PMU		"pmccntr_el0"
#define	CLK_COUNTER	"cntvct_el0"
#define	CLK_RETIRED	"pmevcntr0_el0"

#define	FN_BEGIN(name)							\
	".globl " #name "\n.balign 64\n" #name ":\n"			\
	"stp x19, x20, [sp, #-96]!\nstp x21, x22, [sp, #16]\n"		\
	"stp x23, x24, [sp, #32]\nstp x25, x26, [sp, #48]\n"		\
	"stp x27, x28, [sp, #64]\nstp x29, x30, [sp, #80]\n"		\
	"ldp x19, x20, [x0]\n"
#define	FN_END								\
	"ldp x29, x30, [sp, #80]\nldp x27, x28, [sp, #64]\n"		\
	"ldp x25, x26, [sp, #48]\nldp x23, x24, [sp, #32]\n"		\
	"ldp x21, x22, [sp, #16]\nldp x19, x20, [sp], #96\nret\n"

#define	CLK_START(clk)	"dsb sy\nisb\nmrs x21, " clk "\nisb\n"
#define	CLK_END(clk)	"dsb sy\nisb\nmrs x22, " clk "\nsub x0, x22, x21\n"

#define	SHOT(name, clk, prep, insn)					\
	FN_BEGIN(name) CLK_START(clk) prep "\n" insn "\n"		\
	CLK_END(clk) FN_END
#define	LOOPED(name, prep, insn)					\
	FN_BEGIN(name) "mov x21, x1\n"					\
	"1: " prep "\n" insn "\nsubs x21, x21, #1\nb.ne 1b\n" FN_END

#define	DECLARE_SHOTS(name)						\
	uint64_t name##_shot_pmu(const uint64_t *);			\
	uint64_t name##_shot_cnt(const uint64_t *);			\
	uint64_t name##_twin_pmu(const uint64_t *);			\
	uint64_t name##_twin_cnt(const uint64_t *)

/*
 * An instruction that comes back: timed from before it to after it. prep is
 * what must be done before each; its cost is in the twin too.
 */
#define	TIMED(name, prep, insn)						\
	__asm__(".text\n"						\
	    SHOT(name##_shot_pmu, CLK_PMU, prep, insn)			\
	    SHOT(name##_twin_pmu, CLK_PMU, prep, "")			\
	    SHOT(name##_shot_cnt, CLK_COUNTER, prep, insn)		\
	    SHOT(name##_twin_cnt, CLK_COUNTER, prep, "")		\
	    LOOPED(name##_loop, prep, insn)				\
	    LOOPED(name##_loop_twin, prep, ""));			\
	DECLARE_SHOTS(name);						\
	void name##_loop(const uint64_t *, uint64_t);			\
	void name##_loop_twin(const uint64_t *, uint64_t);		\
	static const struct code name = {				\
	    { name##_shot_pmu, name##_shot_cnt },			\
	    { name##_twin_pmu, name##_twin_cnt },			\
	    name##_loop, name##_loop_twin }

/*
 * An instruction that an interrupt follows: timed from before it to the
 * first instruction of the IRQ vector (entry.S), which comes back to 8:
 * with the clock in x22 and IRQs masked. Until then it turns in `turn`.
 */
#define	IRQ_WAIT(turn)							\
	"1: " turn "\nsubs x25, x25, #1\nb.ne 1b\n"			\
	"msr daifset, #2\nmov x22, #-1\nmov x21, #0\n"			\
	"8: sub x0, x22, x21\n"
#define	IRQ_BEGIN(name)							\
	FN_BEGIN(name) "adr x24, 8f\nmov x25, #(1 << 24)\n"

#define	ENTRY_SHOT(name, clk, insn, turn)				\
	IRQ_BEGIN(name) "msr daifclr, #2\n" CLK_START(clk)		\
	insn "\n" IRQ_WAIT(turn) FN_END
#define	ENTRY_TWIN(name, clk)						\
	FN_BEGIN(name) CLK_START(clk)					\
	"mrs x22, " clk "\nsub x0, x22, x21\n" FN_END

#define	ENTRY(name, insn, turn)						\
	__asm__(".text\n"						\
	    ENTRY_SHOT(name##_shot_pmu, CLK_PMU, insn, turn)		\
	    ENTRY_SHOT(name##_shot_cnt, CLK_COUNTER, insn, turn)	\
	    ENTRY_SHOT(name##_shot_ret, CLK_RETIRED, insn, turn)	\
	    ENTRY_TWIN(name##_twin_pmu, CLK_PMU)			\
	    ENTRY_TWIN(name##_twin_cnt, CLK_COUNTER)			\
	    ENTRY_TWIN(name##_twin_ret, CLK_RETIRED));			\
	DECLARE_SHOTS(name);						\
	uint64_t name##_shot_ret(const uint64_t *);			\
	uint64_t name##_twin_ret(const uint64_t *);			\
	static const struct code name = {				\
	    { name##_shot_pmu, name##_shot_cnt, name##_shot_ret },	\
	    { name##_twin_pmu, name##_twin_cnt, name##_twin_ret },	\
	    NULL, NULL }

/* Waits in `turn` for an interrupt; returns the clock at the vector. */
#define	WAIT(name, turn)						\
	__asm__(".text\n"						\
	    IRQ_BEGIN(name) "mov x21, #0\nmsr daifclr, #2\n"		\
	    IRQ_WAIT(turn) FN_END);					\
	uint64_t name(const uint64_t *);				\
	static const struct code name##_code = {			\
	    { name, name, NULL }, { NULL, NULL, NULL }, NULL, NULL }
