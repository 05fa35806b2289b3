/*
 * The operations: one table, at the end. What each name means is defined in
 * README.md. To add one: an entry, and the function or the timed code that
 * it names. Must not know how samples become figures.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "op.h"

#define	SMCCC_VERSION	0x80000000u
#define	GICD_SGIR	0xf00
#define	GICD_TYPER	0x004
#define	GICD_ISENABLER	0x100
#define	GICD_ICENABLER	0x180
#define	SPI_UNUSED	60u		/* no device of the machine's */
#define	SGI_BENCH	5u
#define	SGIR_SELF	(2u << 24)

/* ---- instructions that come back -------------------------------------- */

TIMED(code_empty, "", "");
TIMED(code_hvc, "mov x0, x19", "hvc #0");
TIMED(code_read, "", "ldr w0, [x19]");
TIMED(code_id_reg, "", "mrs x0, id_aa64pfr0_el1");
TIMED(code_store, "", "str xzr, [x19]");
/* It must be disabled before each; that is another trap of the same kind. */
__asm__(".text\n" SHOT(enable_shot_pmu, CLK_PMU, "", "str w20, [x19]")
    SHOT(enable_twin_pmu, CLK_PMU, "", "")
    SHOT(enable_shot_cnt, CLK_COUNTER, "", "str w20, [x19]")
    SHOT(enable_twin_cnt, CLK_COUNTER, "", ""));
DECLARE_SHOTS(enable);
static const struct code code_enable = {
    { enable_shot_pmu, enable_shot_cnt },
    { enable_twin_pmu, enable_twin_cnt }, NULL, NULL };

static const char *
prep_empty(struct run *r)
{

	r->code = &code_empty;
	return (NULL);
}

static void
call_once(uint64_t fn)
{

	hvc((uint32_t)fn, 0, 0, 0);
}

static const char *
prep_hvc(struct run *r, uint32_t fn)
{

	r->code = &code_hvc;
	r->arg[0] = fn;
	return (trap_catch(call_once, fn).taken ? "HVC is undefined here" :
	    NULL);
}

static const char *
prep_smccc(struct run *r)
{

	return (prep_hvc(r, SMCCC_VERSION));
}

static const char *
prep_psci(struct run *r)
{

	return (prep_hvc(r, PSCI_VERSION));
}

static const char *
prep_typer(struct run *r)
{

	r->code = &code_read;
	r->arg[0] = machine.gicd + GICD_TYPER;
	return (NULL);
}

static const char *
prep_enable(struct run *r)
{

	r->code = &code_enable;
	r->arg[0] = machine.gicd + GICD_ISENABLER + SPI_UNUSED / 32 * 4;
	r->arg[1] = 1u << SPI_UNUSED % 32;
	return (NULL);
}

static bool
sample_enable(struct run *r, uint64_t *value)
{

	gic_disable(SPI_UNUSED);
	if (!sample_shot(r, value))
		return (false);
	if (!gic_enabled(SPI_UNUSED))
		print("INTID %u was not enabled\n", SPI_UNUSED);
	return (gic_enabled(SPI_UNUSED));
}

static void
post_enable(struct run *r)
{

	(void)r;
	gic_disable(SPI_UNUSED);
}

static const char *
prep_id_reg(struct run *r)
{

	r->code = &code_id_reg;
	return (NULL);
}

/* ---- memory ------------------------------------------------------------ */

static const char *
prep_fault(struct run *r)
{

	r->code = &code_store;
	/* A page for each, and those of the warm-up; none touched so far. */
	r->arg[1] = (uint64_t)memory_alloc((r->op->samples + r->op->warmup) *
	    PAGE_SIZE, PAGE_SIZE);
	return (r->clock == CLOCK_PMU ? NULL :
	    "one fault is too short for the counter: needs the PMU");
}

static bool
sample_fault(struct run *r, uint64_t *value)
{
	uint64_t again;

	r->arg[0] = r->arg[1];
	r->arg[1] += PAGE_SIZE;
	*value = r->code->shot[r->clock](r->arg);
	again = r->code->shot[r->clock](r->arg);
	*value = *value > again ? *value - again : 0;
	return (true);
}

/* ---- interrupts -------------------------------------------------------- */

/* ICC_SGI1R_EL1 on GICv3, GICD_SGIR on GICv2. */
ENTRY(code_sgi3, "msr s3_0_c12_c11_5, x19", "nop");
ENTRY(code_sgi2, "str w20, [x19]", "nop");
ENTRY(code_ipi3, "msr s3_0_c12_c11_5, x19", "yield");
ENTRY(code_ipi2, "str w20, [x19]", "yield");
WAIT(wait_spinning, "nop");
WAIT(wait_wfi, "wfi");
ENTRY(code_wfi, "wfi", "wfi");

/* What a CPU writes to send an SGI to another, or itself. */
static void
sgi_to(unsigned int cpu, uint64_t arg[2])
{
	uint64_t m = machine.mpidr[cpu];

	if (machine.gic == 3) {
		/* Aff3, Aff2, INTID, Aff1, range and target of Aff0. */
		arg[0] = (m >> 32 & 0xff) << 48 | (m >> 16 & 0xff) << 32 |
		    (uint64_t)SGI_BENCH << 24 | (m >> 8 & 0xff) << 16 |
		    (m & 0xf0) << 40 | 1u << (m & 0xf);
	} else {
		arg[0] = machine.gicd + GICD_SGIR;
		arg[1] = 1u << (16 + (m & 7)) | SGI_BENCH;
	}
}

static const char *
prep_vsgi(struct run *r)
{

	r->code = machine.gic == 3 ? &code_sgi3 : &code_sgi2;
	sgi_to(0, r->arg);
	if (machine.gic == 2)
		r->arg[1] = SGIR_SELF | SGI_BENCH;
	r->intid = SGI_BENCH;
	gic_enable(SGI_BENCH);
	return (NULL);
}

static void
post_irq(struct run *r)
{

	vtimer_off();
	gic_disable(r->intid);
}

static const char *
prep_deadline(struct run *r, const struct code *code)
{

	r->code = code;
	r->intid = machine.vtimer_intid;
	gic_enable(r->intid);
	return (NULL);
}

static const char *
prep_timer(struct run *r)
{

	return (prep_deadline(r, &wait_spinning_code));
}

static const char *
prep_wfi(struct run *r)
{

	if (r->clock == CLOCK_PMU) {
		if (!clock_retired())
			return ("needs a counter of instructions");
		r->clock = CLOCK_RETIRED;
		return (prep_deadline(r, &code_wfi));
	}
	return (prep_deadline(r, &wait_wfi_code));
}

static bool
sample_wfi_baseline(struct run *r, uint64_t *value)
{

	if (r->clock == CLOCK_RETIRED)
		return (sample_twin(r, value));
	*value = 0;
	return (true);
}

/* The other CPU. */
extern char entry_vectors_echo2[], entry_vectors_echo3[];
void	entry_echo(const uint64_t arg[2], const volatile uint32_t *stop,
	    uint64_t gicc);
static volatile uint32_t echo_stop, echo_ready;

static void
echo(void *unused)
{
	uint64_t arg[2] = { 0, 0 };

	(void)unused;
	sgi_to(0, arg);
	gic_enable(SGI_BENCH);
	write_sysreg(vbar_el1, machine.gic == 3 ? entry_vectors_echo3 :
	    entry_vectors_echo2);
	isb();
	publish(&echo_ready, 1);
	entry_echo(arg, &echo_stop, machine.gicc);
}

static const char *
prep_vipi(struct run *r)
{

	if (machine.ncpus < 2)
		return ("needs two CPUs");
	r->code = machine.gic == 3 ? &code_ipi3 : &code_ipi2;
	sgi_to(1, r->arg);
	r->intid = SGI_BENCH;
	gic_enable(SGI_BENCH);
	echo_stop = echo_ready = 0;
	if (smp_on(1, echo, NULL) != 0 || !wait_for(&echo_ready, 1))
		return ("the second CPU does not start");
	return (NULL);
}

static void
post_vipi(struct run *r)
{

	publish(&echo_stop, 1);
	if (!smp_wait_off(1))
		print("the second CPU does not go off\n");
	post_irq(r);
}

/* ---- two VMs on one CPU ------------------------------------------------ */

/* What the peer yields more often than it must: our boot and our prints. */
#define	PEER_SLACK	10000ul

static const char *
prep_switch(struct run *r)
{

	prep_hvc(r, 0);
	r->arg[0] = HC_YIELD;
	r->clock = CLOCK_COUNTER;
	/* There and back; let the peer come up first. */
	r->per = 2 * LOOP;
	r->code->loop(r->arg, LOOP);
	return (NULL);
}

/* The peer's loop has the same instructions as ours. */
static bool
sample_switch_loops(struct run *r, uint64_t *value)
{
	uint64_t again;

	return (sample_twin(r, value) && sample_twin(r, &again) &&
	    (*value += again, true));
}

void
ops_peer(void)
{
	const struct op *op;
	uint64_t arg[2] = { HC_YIELD, 0 }, n = LOOP + PEER_SLACK;

	for (op = ops; op->name != NULL; op++)
		if (op->needs & NEED_PEER)
			n += (op->samples + op->warmup) * LOOP;
	code_hvc.loop(arg, n);
}

/* ---- start ------------------------------------------------------------- */

static const char *
prep_boot(struct run *r)
{

	r->clock = CLOCK_COUNTER;
	return (NULL);
}

static bool
sample_boot(struct run *r, uint64_t *value)
{
	register uint64_t x0 __asm__("x0") = HC_BOOT;
	register uint64_t entry __asm__("x1"), first __asm__("x2");
	register uint64_t copied __asm__("x3");

	(void)r;
	__asm__ volatile("hvc #0" : "+r" (x0), "=r" (entry), "=r" (first),
	    "=r" (copied) : : "memory", "x4", "x5", "x6", "x7", "x8", "x9",
	    "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17");
	*value = first - entry - copied;
	return (x0 == HC_E_OK && entry < first && copied < first - entry);
}

const struct op ops[] = {
	{ "baseline", "the measuring code around nothing",
	  1000, 16, 0, prep_empty, sample_shot },
	{ "hypercall", "HVC #0, SMCCC_VERSION: to the next instruction",
	  1000, 16, 0, prep_smccc, sample_shot, sample_twin },
	{ "hypercall_psci", "HVC #0, PSCI_VERSION: to the next instruction",
	  1000, 16, 0, prep_psci, sample_shot, sample_twin },
	{ "sysreg_trap", "MRS of ID_AA64PFR0_EL1: to the next instruction",
	  1000, 16, 0, prep_id_reg, sample_shot, sample_twin },
	{ "mmio_vgic", "load of GICD_TYPER: to the next instruction",
	  1000, 16, 0, prep_typer, sample_shot, sample_twin },
	{ "mmio_vgic_write", "store that enables one SPI: to the next",
	  1000, 16, 0, prep_enable, sample_enable, sample_twin, post_enable },
	{ "vsgi", "write of an SGI to oneself: to the IRQ vector",
	  1000, 16, 0, prep_vsgi, sample_entry, sample_twin, post_irq },
	{ "virq_timer", "deadline of CNTV: to the IRQ vector, spinning",
	  1000, 16, 0, prep_timer, sample_deadline, NULL, post_irq,
	  .deadline = true },
	{ "wfi_wake", "deadline of CNTV: to the IRQ vector, in WFI",
	  1000, 16, 0, prep_wfi, sample_sleep, sample_wfi_baseline, post_irq,
	  .deadline = true },
	{ "stage2_fault", "first store to a page less the second one",
	  1000, 16, 0, prep_fault, sample_fault },
	{ "vipi", "write of an SGI to another CPU: until its answer's vector",
	  1000, 16, 0, prep_vipi, sample_entry, sample_twin, post_vipi },
	{ "world_switch", "HC_YIELD to another VM: until its HC_YIELD returns",
	  100, 16, NEED_APIARY | NEED_PEER, prep_switch, sample_shot,
	  sample_switch_loops, .no_pmu = true },
	{ "boot", "entry of the hypervisor to that of the VM, less copying",
	  1, 0, NEED_APIARY, prep_boot, sample_boot, .no_pmu = true },
	{ .name = NULL }
};
