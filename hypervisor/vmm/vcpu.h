/*
 * Virtual CPUs, the physical CPUs that they run on, and who runs when. A
 * vCPU is bound to one physical CPU when its VM is created and does not move.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "abi/stats.h"
#include "port/cpu.h"
#include "port/trap.h"
#include "port/vcpu.h"
#include "vgic/vgic.h"
#include "vtimer/vtimer.h"
#include "vmm/outcome.h"

struct vm;

/* Power state, as PSCI sees it (DEN 0022, 5.7). */
enum vcpu_power {
	VCPU_OFF,
	VCPU_ON_PENDING,
	VCPU_ON,
};

/* What another CPU wants of this one; see vcpu_request(). */
#define	VCPU_REQ_GIC		(1u << 0)	/* call vgic_sync */
#define	VCPU_REQ_STOP		(1u << 1)	/* the VM is stopping */
#define	VCPU_REQ_START		(1u << 2)	/* reset to start_pc first */
#define	VCPU_REQ_TIMER		(1u << 3)	/* its CPU's timer: set anew */
#define	VCPU_REQ_SCRUB		(1u << 4)	/* all have stopped: the rest */

struct vcpu {
	/* Known to the vectors (arch offsets): keep first, in this order. */
	uint64_t	x[31];
	struct pcpu	*pcpu;
	uint64_t	exits[EC_COUNT + 2];	/* by class of exception; then
						   IRQ, SError */
#define	VCPU_EXIT_IRQ	EC_COUNT
#define	VCPU_EXIT_SERROR (EC_COUNT + 1)

	struct vm	*vm;
	unsigned int	index;		/* in the VM */
	uint64_t	mpidr;		/* as the guest reads it */
	struct vcpu	*next;		/* ring of the vCPUs of this pcpu */

	uint32_t	requests;	/* atomic, VCPU_REQ_* */
	uint32_t	waiting;	/* atomic: in WFI, nothing pending */
	enum vcpu_power	power;		/* under vm->lock */
	uint64_t	start_pc, start_x0;	/* of the pending CPU_ON */

	struct vgic_cpu	gic;
	struct vtimer	ptimer;		/* emulated CNTP; CNTV is in arch */
	bool		ptimer_told;	/* its line was raised for this */
	uint64_t	cleaned;	/* how far a sweep of its RAM is */
	struct arch_vcpu arch;
	uint64_t	ticks[EXIT_CLASSES];	/* with "stats" */
};

/*
 * One physical CPU: which vCPU is loaded, which ones it serves, who owns the
 * state that is switched lazily. Stands at the top of that CPU's stack.
 */

struct pcpu {
	/* Known to the vectors (arch offsets): keep first, in this order. */
	struct vcpu	*current;
	uint64_t	index;		/* order of the device tree */
	uint64_t	entry_ticks;	/* of this exit, with "stats" */
	uint64_t	entry_class;
	void		*panic_stack;	/* its top */
	const void	*vectors[5];	/* what an exit goes through */

	uint64_t	mpidr;		/* affinity bits */
	bool		online;
	struct vcpu	*loaded;	/* whose EL1 state is in the CPU */
	struct vcpu	*fp_owner;
	struct vcpu	*ring;		/* circular list of its vCPUs */
	unsigned int	nvcpus;		/* in the ring */
	unsigned int	assigned;	/* bound to it, started or not */
	uint64_t	slice;		/* ticks of one turn */
	uint64_t	turn;		/* ticks of the next, until a look */
	uint64_t	slice_end;	/* count at which the turn ends */
	uint64_t	look;		/* and at which to look at it */
	uint64_t	timer_next;	/* count of the next timer of a vCPU */
	uint64_t	seen;		/* PC of a kernel at the last look */
	uint64_t	waited;		/* PC of the last that waited */
	uint8_t		ways;		/* whose are in vectors[] */
	bool		family;		/* all its vCPUs are of one VM */
};

#define	PCPU_MAX	64
extern struct pcpu *pcpus[PCPU_MAX + 1];	/* the last stays NULL */
extern unsigned int pcpu_count;		/* entries of pcpus in use */

/* Ask a vCPU, on whichever CPU, to attend to req; wakes it from WFI. */
void	vcpu_request(struct vcpu *v, uint32_t req);
/*
 * Attend to what was asked of v, which is loaded on this CPU or waits. False:
 * there is more of it, and others have their turn first.
 */
bool	vcpu_attend(struct vcpu *v);
/* The guest waits for an interrupt. */
outcome_t vcpu_wait(struct vcpu *v);
/* By guest register number; 31 reads as zero and swallows writes. */
static inline uint64_t
vcpu_reg(const struct vcpu *v, unsigned int n)
{

	return (n == 31 ? 0 : v->x[n]);
}

static inline void
vcpu_set_reg(struct vcpu *v, unsigned int n, uint64_t value)
{

	if (n != 31)
		v->x[n] = value;
}

/*
 * Who runs on a CPU: one vCPU costs nothing; several take turns, round robin,
 * by the EL2 timer. Also the timers of vCPUs that do not run.
 */

#define	SCHED_SLICE_US	1000		/* a turn, where others wait */
/*
 * Where vCPUs of one VM share a CPU: an operating system has them wait for
 * each other in loops that end with no trap, each for the rest of its turn.
 */
#define	SCHED_SIBLINGS_US 100
#define	SCHED_FAMILY_US	400	/* nobody else there; see ext/family.h */

/* A vCPU joins the ring of its CPU. */
void	sched_add(struct vcpu *v);
/*
 * The next vCPU to run after v (which may be the only one; NULL at start),
 * loaded and current. Sleeps while there is none.
 */
struct vcpu *sched_next(struct pcpu *p, struct vcpu *v);
/* A timer of v, or who waits, has changed: set the EL2 timer anew. */
void	sched_timer_changed(struct vcpu *v);
/* On this CPU, safe with any lock held: sched_timer() before guests go on. */
void	sched_soon(void);
/*
 * The EL2 timer has fired on p, or it was kicked. True: the turn is over, and
 * others than the current could run.
 */
bool	sched_timer(struct pcpu *p);
/* Nobody's EL1 state is to stay in this CPU (the loaded vCPU's is saved). */
void	sched_unload(struct pcpu *p);
