/*
 * Exceptions: those that a guest asked for by trap_catch, and the rest,
 * which fail the running case and say where. Must not know interrupts.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib.h"

static struct catch {
	struct context	context;
	struct trap	trap;
	uint64_t	daif;
	struct catch	*outer;
} *catching[MAX_CPUS];

struct trap
trap_catch(void (*fn)(uint64_t), uint64_t arg)
{
	struct catch c = { .outer = catching[cpu_index()] };

	c.daif = read_sysreg(daif);
	catching[cpu_index()] = &c;
	if (context_run(&c.context, fn, arg))
		write_sysreg(daif, c.daif);
	catching[cpu_index()] = c.outer;
	return (c.trap);
}

void
trap_leave(void)
{
	struct catch *c = catching[cpu_index()];

	context_leave(&c->context);
}

void
exception_reset(void)
{

	catching[cpu_index()] = NULL;
}

static void
unexpected(const struct trap_frame *f, const char *what)
{
	static unsigned int nested;
	uint64_t esr = read_sysreg(esr_el1), far = read_sysreg(far_el1);

	if (__atomic_fetch_add(&nested, 1, __ATOMIC_RELAXED) > 4)
		power_off();
	print("CPU %u: unexpected %s: ESR %#lx (class %#x) FAR %#lx SPSR %#lx\n"
	    "ELR %#lx, image + %#lx; LR image + %#lx\n", cpu_index(), what,
	    esr, ESR_EC(esr), far, f->spsr, f->elr,
	    f->elr - (uint64_t)image_start, f->x[30] - (uint64_t)image_start);
	case_fail("exception", 0, what);
	__atomic_fetch_sub(&nested, 1, __ATOMIC_RELAXED);
	case_end();
}

void
exception_sync(struct trap_frame *f)
{
	struct catch *c = catching[cpu_index()];

	if (c == NULL)
		unexpected(f, "synchronous exception");
	c->trap.taken = 1;
	c->trap.esr = read_sysreg(esr_el1);
	c->trap.far = read_sysreg(far_el1);
	c->trap.elr = f->elr;
	c->trap.spsr = f->spsr;
	context_leave(&c->context);
}

void
exception_other(struct trap_frame *f, unsigned int vector)
{
	static const char *const kinds[] = { "synchronous exception",
	    "IRQ", "FIQ", "SError" };
	static const char *const sources[] = { "of EL1t", "of EL1h",
	    "of EL0", "of AArch32 EL0" };

	print("vector %s\n", sources[vector >> 2 & 3]);
	unexpected(f, kinds[vector & 3]);
}
