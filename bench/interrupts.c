/*
 * Operations of interrupts: sent, waited for, acknowledged, ended. Must not
 * know how the moment of an interrupt is taken.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "ops.h"

#define	GICD_ISPENDR	0x200
#define	GICD_SGIR	0xf00
#define	GICC_IAR	0x00c
#define	GICC_EOIR	0x010
#define	SGI_BENCH	5u
#define	SGIR_SELF	(2u << 24)

/* ICC_SGI1R_EL1 on GICv3, GICD_SGIR on GICv2. */
ENTRY(code_sgi3, "msr s3_0_c12_c11_5, x19", "nop");
ENTRY(code_sgi2, "str w20, [x19]", "nop");
ENTRY(code_ipi3, "msr s3_0_c12_c11_5, x19", "yield");
ENTRY(code_ipi2, "str w20, [x19]", "yield");
WAIT(wait_spinning, "nop");
WAIT(wait_wfi, "wfi");
ENTRY(code_wfi, "wfi", "wfi");
/* ICC_IAR1_EL1 and ICC_EOIR1_EL1; the registers of GICv2. */
TIMED(code_ack3, "", "mrs x0, s3_0_c12_c12_0");
TIMED(code_ack2, "", "ldr w0, [x19]");
TIMED(code_end3, "", "msr s3_0_c12_c12_1, x20");
TIMED(code_end2, "", "str w20, [x19]");
/* GICD_ISPENDR; and the same of no interrupt, which is trapped as well. */
ENTRY(code_pend, "str w20, [x19]", "nop");
TIMED(code_pend_none, "", "str wzr, [x19]");

/* What a CPU writes to send an SGI to another, or itself. */
static void
sgi_to(unsigned int cpu, unsigned int intid, uint64_t arg[2])
{
	uint64_t m = machine.mpidr[cpu];

	if (machine.gic == 3) {
		/* Aff3, Aff2, INTID, Aff1, range and target of Aff0. */
		arg[0] = (m >> 32 & 0xff) << 48 | (m >> 16 & 0xff) << 32 |
		    (uint64_t)intid << 24 | (m >> 8 & 0xff) << 16 |
		    (m & 0xf0) << 40 | 1u << (m & 0xf);
	} else {
		arg[0] = machine.gicd + GICD_SGIR;
		arg[1] = 1u << (16 + (m & 7)) | intid;
	}
}

static void
to_self(struct run *r, unsigned int intid)
{

	sgi_to(0, intid, r->arg);
	if (machine.gic == 2)
		r->arg[1] = SGIR_SELF | intid;
	r->intid = intid;
}

const char *
interrupts_sgi(struct run *r)
{

	r->code = machine.gic == 3 ? &code_sgi3 : &code_sgi2;
	to_self(r, SGI_BENCH);
	gic_enable(SGI_BENCH);
	return (NULL);
}

void
interrupts_post(struct run *r)
{

	vtimer_off();
	gic_disable(r->intid);
}

/* An SPI of the machine that is ours, and that no device drives: "spi". */
const char *
interrupts_spi(struct run *r)
{
	uint64_t intid = machine_arg_number("spi", 0);

	if (intid < 32 || intid > 1019)
		return ("needs spi=INTID, passed through and without a device");
	r->code = &code_pend;
	r->arg[0] = machine.gicd + GICD_ISPENDR + intid / 32 * 4;
	r->arg[1] = 1u << intid % 32;
	r->intid = intid;
	gic_edge(r->intid, true);
	gic_route(r->intid, 0);
	gic_enable(r->intid);
	return (NULL);
}

bool
interrupts_spi_baseline(struct run *r, uint64_t *value)
{

	*value = code_pend_none.shot[r->clock](r->arg);
	return (true);
}

/*
 * More than any GIC has list registers (16) are pending, but masked by
 * priority; and what comes was not there lately.
 */
#define	BUSY		24u
#define	SGIS		15u		/* the last one is the library's */
#define	MASK		0xa0
#define	BELOW		0xc0

const char *
interrupts_busy(struct run *r)
{
	unsigned int i;

	gic_pmr(MASK);
	for (i = 0; i < BUSY; i++) {
		gic_priority(gic_spare(i), BELOW);
		gic_route(gic_spare(i), 0);
		gic_enable(gic_spare(i));
		gic_pend(gic_spare(i));
	}
	for (i = 0; i < SGIS; i++) {
		gic_priority(i, MASK / 2);
		gic_enable(i);
	}
	return (interrupts_sgi(r));
}

bool
interrupts_busy_sample(struct run *r, uint64_t *value)
{

	to_self(r, r->index % SGIS);
	return (sample_entry(r, value));
}

void
interrupts_busy_post(struct run *r)
{

	interrupts_post(r);
	gic_quiet();
	gic_pmr(0xff);
}

static const char *
prep_access(struct run *r, const struct code *v3, const struct code *v2,
    uint64_t offset)
{

	r->code = machine.gic == 3 ? v3 : v2;
	r->arg[0] = machine.gicc + offset;
	r->arg[1] = r->intid = SGI_BENCH;
	gic_enable(SGI_BENCH);
	return (r->clock == CLOCK_PMU ? NULL : "needs the PMU");
}

const char *
interrupts_ack(struct run *r)
{

	return (prep_access(r, &code_ack3, &code_ack2, GICC_IAR));
}

const char *
interrupts_end(struct run *r)
{

	return (prep_access(r, &code_end3, &code_end2, GICC_EOIR));
}

bool
interrupts_ack_sample(struct run *r, uint64_t *value)
{

	gic_sgi_self(SGI_BENCH);
	dsb();
	if (!sample_shot(r, value))
		return (false);
	if (!gic_active(SGI_BENCH)) {
		print("the interrupt was not acknowledged\n");
		return (false);
	}
	/* An SGI from oneself: GICv2's source CPU is 0. */
	gic_eoi(SGI_BENCH);
	return (true);
}

bool
interrupts_end_sample(struct run *r, uint64_t *value)
{

	gic_sgi_self(SGI_BENCH);
	dsb();
	r->arg[1] = gic_ack();
	if (!sample_shot(r, value))
		return (false);
	if (gic_active(SGI_BENCH))
		print("the interrupt has not ended\n");
	return (!gic_active(SGI_BENCH));
}

static const char *
prep_deadline(struct run *r, const struct code *code)
{

	r->code = code;
	r->intid = machine.vtimer_intid;
	gic_enable(r->intid);
	return (NULL);
}

const char *
interrupts_timer(struct run *r)
{

	return (prep_deadline(r, &wait_spinning_code));
}

const char *
interrupts_wfi(struct run *r)
{

	if (r->clock == CLOCK_PMU) {
		if (!clock_retired())
			return ("needs a counter of instructions");
		r->clock = CLOCK_RETIRED;
		return (prep_deadline(r, &code_wfi));
	}
	return (prep_deadline(r, &wait_wfi_code));
}

bool
interrupts_wfi_baseline(struct run *r, uint64_t *value)
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
	sgi_to(0, SGI_BENCH, arg);
	gic_enable(SGI_BENCH);
	write_sysreg(vbar_el1, machine.gic == 3 ? entry_vectors_echo3 :
	    entry_vectors_echo2);
	isb();
	publish(&echo_ready, 1);
	entry_echo(arg, &echo_stop, machine.gicc);
}

const char *
interrupts_ipi(struct run *r)
{

	if (machine.ncpus < 2)
		return ("needs two CPUs");
	r->code = machine.gic == 3 ? &code_ipi3 : &code_ipi2;
	sgi_to(1, SGI_BENCH, r->arg);
	r->intid = SGI_BENCH;
	gic_enable(SGI_BENCH);
	echo_stop = echo_ready = 0;
	if (smp_on(1, echo, NULL) != 0 || !wait_for(&echo_ready, 1))
		return ("the second CPU does not start");
	return (NULL);
}

void
interrupts_ipi_post(struct run *r)
{

	publish(&echo_stop, 1);
	if (!smp_wait_off(1))
		print("the second CPU does not go off\n");
	interrupts_post(r);
}
