/*
 * Operations that end in another vCPU: of this VM or of another on the same
 * CPU, or one that is turned on; and the start of a VM. Must not know how a
 * loop is timed.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "ops.h"

#define	CPACR_FPEN	(3ul << 20)

/* Asks for the FP registers at each turn; the twin has them already. */
#define	USE_FP		".arch_extension fp\nmov x0, x19\nfmov d0, x19"
TIMED(code_yield, "mov x0, x19", "hvc #0");
TIMED(code_yield_fp, USE_FP, "hvc #0");

static void
fp_on(void)
{

	write_sysreg(cpacr_el1, read_sysreg(cpacr_el1) | CPACR_FPEN);
	isb();
}

static const char *
prep_yield(struct run *r, const struct code *code)
{

	r->code = code;
	r->arg[0] = HC_YIELD;
	r->clock = CLOCK_COUNTER;
	/* There and back; let the other come up first. */
	r->per = 2 * LOOP;
	r->code->loop(r->arg, LOOP);
	return (NULL);
}

const char *
turns_vm(struct run *r)
{

	return (prep_yield(r, &code_yield));
}

const char *
turns_vm_fp(struct run *r)
{

	fp_on();
	return (prep_yield(r, &code_yield_fp));
}

void
turns_vm_peer(uint64_t n)
{

	code_yield.loop((const uint64_t[]){ HC_YIELD, 0 }, n);
}

void
turns_vm_fp_peer(uint64_t n)
{

	fp_on();
	code_yield_fp.loop((const uint64_t[]){ HC_YIELD, 0 }, n);
}

/* The other's loop has the same instructions as ours. */
bool
turns_twice_baseline(struct run *r, uint64_t *value)
{
	uint64_t again;

	return (sample_twin(r, value) && sample_twin(r, &again) &&
	    (*value += again, true));
}

/* ---- two vCPUs of this VM --------------------------------------------- */

static struct {
	volatile uint64_t	count;		/* what it has read last */
	volatile uint64_t	pcpu;
	volatile uint32_t	ready, stop;
} other;

static void
yielder(void *unused)
{

	(void)unused;
	other.pcpu = hvc(HC_WHOAMI, 0, 0, 0).x3;
	publish(&other.ready, 1);
	while (!other.stop)
		code_yield.loop((const uint64_t[]){ HC_YIELD, 0 }, LOOP);
}

static void
reader(void *unused)
{

	(void)unused;
	other.pcpu = hvc(HC_WHOAMI, 0, 0, 0).x3;
	publish(&other.ready, 1);
	while (!other.stop)
		other.count = read_sysreg(cntvct_el0);
}

/* The second vCPU does fn, on this vCPU's CPU. */
static const char *
beside(void (*fn)(void *))
{

	if (machine.ncpus < 2)
		return ("needs two vCPUs");
	other.ready = other.stop = 0;
	other.count = 0;
	if (smp_on(1, fn, NULL) != 0 || !wait_for(&other.ready, 1))
		return ("the second vCPU does not start");
	if (other.pcpu == hvc(HC_WHOAMI, 0, 0, 0).x3)
		return (NULL);
	turns_vcpu_post(NULL);
	return ("needs two vCPUs on one CPU");
}

void
turns_vcpu_post(struct run *r)
{

	(void)r;
	publish(&other.stop, 1);
	if (!smp_wait_off(1))
		print("the second vCPU does not go off\n");
}

const char *
turns_vcpu(struct run *r)
{
	const char *why = beside(yielder);

	return (why != NULL ? why : prep_yield(r, &code_yield));
}

const char *
turns_slice(struct run *r)
{

	r->clock = CLOCK_COUNTER;
	return (beside(reader));
}

/* From the last count that the other read to the first that we read. */
bool
turns_slice_sample(struct run *r, uint64_t *value)
{
	uint64_t begin = read_sysreg(cntvct_el0), theirs, now;

	(void)r;
	do {
		theirs = other.count;
		now = read_sysreg(cntvct_el0);
	} while (theirs <= begin && now - begin < counter_hz());
	*value = now - theirs;
	if (theirs <= begin)
		print("the other vCPU has had no turn for a second\n");
	return (theirs > begin);
}

/* ---- a CPU that is turned on ------------------------------------------ */

/* Known to entry.S. */
static struct {
	volatile uint64_t	count;
	uint64_t		smc;		/* conduit of CPU_OFF */
} __attribute__((aligned(64))) started;
void	entry_started(void);

#define	START_US	200			/* until it is off again */

const char *
turns_cpu_on(struct run *r)
{

	r->clock = CLOCK_COUNTER;
	return (machine.ncpus < 2 ? "needs two CPUs" : NULL);
}

bool
turns_cpu_on_sample(struct run *r, uint64_t *value)
{
	uint64_t begin, end = counter() + START_US * counter_hz() / 1000000;

	/* Written with the MMU off. */
	started.count = 0;
	started.smc = machine.psci_smc;
	cache_flush((uint64_t)&started, (uint64_t)(&started + 1));
	/* Other phases of a tick. */
	for (begin = r->index % 16; begin > 0; begin--)
		__asm__ volatile("");
	begin = counter();
	if (psci(PSCI_CPU_ON, machine.mpidr[1], (uint64_t)entry_started,
	    (uint64_t)&started) != 0) {
		print("CPU_ON is refused\n");
		return (false);
	}
	while (counter() < end)
		__asm__ volatile("yield");
	if (!smp_wait_off(1))
		return (false);
	cache_flush((uint64_t)&started, (uint64_t)(&started + 1));
	*value = started.count - begin;
	return (started.count >= begin);
}

bool
turns_cpu_on_baseline(struct run *r, uint64_t *value)
{
	uint64_t begin = counter();

	(void)r;
	*value = counter() - begin;
	return (true);
}

/* ---- start of a VM ----------------------------------------------------- */

const char *
turns_boot(struct run *r)
{

	r->clock = CLOCK_COUNTER;
	return (NULL);
}

/* From `entry`, that of the hypervisor, or from where it is told. */
static bool
since(uint64_t begin, uint64_t *value)
{
	register uint64_t x0 __asm__("x0") = HC_BOOT;
	register uint64_t entry __asm__("x1"), first __asm__("x2");
	register uint64_t copied __asm__("x3");

	__asm__ volatile("hvc #0" : "+r" (x0), "=r" (entry), "=r" (first),
	    "=r" (copied) : : "memory", "x4", "x5", "x6", "x7", "x8", "x9",
	    "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17");
	if (begin == 0)
		begin = entry;
	*value = first - begin - copied;
	return (x0 == HC_E_OK && begin < first && copied < first - begin);
}

bool
turns_boot_sample(struct run *r, uint64_t *value)
{

	(void)r;
	return (since(0, value));
}

bool
turns_start_sample(struct run *r, uint64_t *value)
{
	uint64_t virtual = read_sysreg(cntvct_el0);

	(void)r;
	/* When its virtual counter was 0. */
	return (since(read_sysreg(cntpct_el0) - virtual, value));
}
