/*
 * Operations that are one instruction, which traps and comes back. Must not
 * know how it is timed.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "ops.h"

#define	SMCCC_VERSION	0x80000000u
#define	GICD_TYPER	0x004
#define	GICD_ISENABLER	0x100
#define	SPI_UNUSED	60u		/* no device of the machine's */
#define	UARTFR		0x018		/* DDI 0183, 3.3.3 */
#define	RTCIMSC		0x010		/* DDI 0224, 3.3.5 */

TIMED(code_empty, "", "");
TIMED(code_hvc, "mov x0, x19", "hvc #0");
TIMED(code_smc, "mov x0, x19", "smc #0");
TIMED(code_read, "", "ldr w0, [x19]");
TIMED(code_id_reg, "", "mrs x0, id_aa64pfr0_el1");
/* A register that a hypervisor in C may have left in the CPU. */
TIMED(code_context, "", "mrs x27, id_aa64pfr0_el1");
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
read_of(struct run *r, uint64_t address)
{

	r->code = &code_read;
	r->arg[0] = address;
	return (NULL);
}

const char *
exits_nothing(struct run *r)
{

	r->code = &code_empty;
	return (NULL);
}

static void
hvc_once(uint64_t fn)
{

	hvc((uint32_t)fn, 0, 0, 0);
}

static void
smc_once(uint64_t fn)
{

	smc((uint32_t)fn, 0, 0, 0);
}

const char *
exits_hvc(struct run *r, uint32_t fn)
{

	r->code = &code_hvc;
	r->arg[0] = fn;
	return (trap_catch(hvc_once, fn).taken ? "HVC is undefined here" :
	    NULL);
}

const char *
exits_smccc(struct run *r)
{

	return (exits_hvc(r, SMCCC_VERSION));
}

const char *
exits_psci(struct run *r)
{

	return (exits_hvc(r, PSCI_VERSION));
}

const char *
exits_smc(struct run *r)
{

	/* Elsewhere it may go to a firmware that does not come back. */
	if (!machine.smc)
		return ("SMC is undefined here, or nobody's that is known");
	r->code = &code_smc;
	r->arg[0] = SMCCC_VERSION;
	return (trap_catch(smc_once, SMCCC_VERSION).taken ?
	    "SMC is undefined here" : NULL);
}

const char *
exits_id_reg(struct run *r)
{

	r->code = &code_id_reg;
	return (NULL);
}

const char *
exits_context(struct run *r)
{

	r->code = &code_context;
	return (NULL);
}

const char *
exits_gicd_typer(struct run *r)
{

	return (read_of(r, machine.gicd + GICD_TYPER));
}

const char *
exits_uart(struct run *r)
{

	if (machine.uart_base == 0 ||
	    !(machine.uart_pl011 || machine.uart_sbsa))
		return ("needs a PL011");
	return (read_of(r, machine.uart_base + UARTFR));
}

const char *
exits_null(struct run *r)
{

	if (machine.rtc_base == 0)
		return ("needs a PL031");
	return (read_of(r, machine.rtc_base + RTCIMSC));
}

const char *
exits_gicd_enable(struct run *r)
{

	r->code = &code_enable;
	r->arg[0] = machine.gicd + GICD_ISENABLER + SPI_UNUSED / 32 * 4;
	r->arg[1] = 1u << SPI_UNUSED % 32;
	return (NULL);
}

bool
exits_enable_sample(struct run *r, uint64_t *value)
{

	gic_disable(SPI_UNUSED);
	if (!sample_shot(r, value))
		return (false);
	if (!gic_enabled(SPI_UNUSED))
		print("INTID %u was not enabled\n", SPI_UNUSED);
	return (gic_enabled(SPI_UNUSED));
}

void
exits_enable_post(struct run *r)
{

	(void)r;
	gic_disable(SPI_UNUSED);
}
