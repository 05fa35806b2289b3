/*
 * sysreg_traps: system registers (DDI 0487, D19) that a guest may not touch,
 * and those that are its own and keep what is written to them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "guest.h"

#define	EC_UNKNOWN	0x00		/* UNDEFINED instruction */

/* Reading it is UNDEFINED, at EL1. */
static bool
undefined(uint32_t reg)
{
	uint64_t v;
	struct trap t = probe_read(reg, &v);

	if (t.taken && ESR_EC(t.esr) == EC_UNKNOWN)
		return (true);
	print("S%u_%u_C%u_C%u_%u: %s, %#lx\n", reg >> 19, reg >> 16 & 7,
	    reg >> 12 & 15, reg >> 8 & 15, reg >> 5 & 7,
	    t.taken ? "traps otherwise" : "is read", t.taken ? t.esr : v);
	return (false);
}

/* ---- what is not EL1's ----------------------------------------------- */

static void
el2_undefined(void)
{
	static const uint32_t regs[] = {
		SYSREG(3, 4, 1, 0, 0),		/* SCTLR_EL2 */
		SYSREG(3, 4, 1, 1, 0),		/* HCR_EL2 */
		SYSREG(3, 4, 2, 1, 0),		/* VTTBR_EL2 */
		SYSREG(3, 4, 2, 1, 2),		/* VTCR_EL2 */
		SYSREG(3, 4, 4, 0, 1),		/* ELR_EL2 */
		SYSREG(3, 4, 5, 2, 0),		/* ESR_EL2 */
		SYSREG(3, 4, 6, 0, 4),		/* HPFAR_EL2 */
		SYSREG(3, 4, 12, 0, 0),		/* VBAR_EL2 */
		SYSREG(3, 4, 14, 0, 3),		/* CNTVOFF_EL2 */
		SYSREG(3, 4, 14, 1, 0),		/* CNTHCTL_EL2 */
		SYSREG(3, 4, 12, 11, 0),	/* ICH_HCR_EL2 */
		SYSREG(3, 4, 12, 12, 0),	/* ICH_LR0_EL2 */
		SYSREG(3, 5, 1, 0, 0),		/* SCTLR_EL12 */
	};
	unsigned int i;

	for (i = 0; i < nitems(regs); i++)
		CHECK(undefined(regs[i]));
}

/* Nothing of EL2 or EL3 takes a write: not one encoding of theirs. */
static void
above_not_written(void)
{
	uint32_t n, taken = 0;

	for (n = 0; n < 3 * 16 * 16 * 8; n++)
		taken += probe_write(SYSREG(3, 4 + n / 2048, n / 128 % 16,
		    n / 8 % 16, n % 8), ~0ul).taken;
	CHECK_EQ(taken, n);
	for (n = 0; n < 16 * 8; n++)		/* AT S1E2, S12E1, TLBI */
		CHECK(probe_write(SYSREG(1, 4, 7 + n / 64, 7 + n / 8 % 8 % 2,
		    n % 8), 0).taken);
}

static void
el3_undefined(void)
{

	CHECK(undefined(SYSREG(3, 6, 1, 1, 0)));	/* SCR_EL3 */
	CHECK(undefined(SYSREG(3, 6, 12, 0, 0)));	/* VBAR_EL3 */
	CHECK(undefined(SYSREG(3, 6, 12, 12, 5)));	/* ICC_SRE_EL3 */
}

static void
unallocated_undefined(void)
{

	CHECK(undefined(SYSREG(3, 3, 1, 0, 0)));
	CHECK(undefined(SYSREG(3, 0, 8, 0, 0)));
	CHECK(undefined(SYSREG(3, 7, 14, 15, 7)));
	CHECK(undefined(SYSREG(2, 5, 3, 4, 5)));
}

/*
 * Implementation defined: no guest may turn the CPU's own knobs. Not that
 * they are UNDEFINED is asked: emulators give some of them as constants.
 */
static void
impdef_no_effect(void)
{
	static const uint32_t regs[] = {
		SYSREG(3, 1, 15, 2, 0),		/* CPUACTLR_EL1 */
		SYSREG(3, 1, 15, 2, 1),		/* CPUECTLR_EL1 */
		SYSREG(3, 1, 11, 0, 2),		/* L2CTLR_EL1 */
		SYSREG(3, 0, 15, 0, 0), SYSREG(3, 7, 15, 7, 7),
	};
	unsigned int i;

	for (i = 0; i < nitems(regs); i++) {
		uint64_t before = 0, after = 0;

		probe_read(regs[i], &before);
		if (probe_write(regs[i], before ^ 0xffff).taken)
			continue;
		probe_read(regs[i], &after);
		CHECK_EQ(after, before);
	}
}

/* TLB maintenance of EL2 would reach other guests. */
static void
el2_tlbi_undefined(void)
{
	struct trap t = probe_write(SYSREG(1, 4, 8, 7, 4), 0); /* ALLE1 */

	CHECK(t.taken);
	t = probe_write(SYSREG(1, 4, 8, 7, 0), 0);		/* ALLE2 */
	CHECK(t.taken);
	t = probe_write(SYSREG(1, 4, 7, 8, 0), 0);		/* AT S1E2R */
	CHECK(t.taken);
}

/* ---- state ----------------------------------------------------------- */

/* Registers that the guest has to itself, and bits of them that are free. */
#define	KEPT(X)								\
	X(vbar_el1, 0xfffffffffffff800)				\
	X(ttbr1_el1, 0x0000000012345000)				\
	X(tpidr_el0, 0x0123456789abcdef) X(tpidr_el1, 0xfedcba9876543210) \
	X(tpidrro_el0, 0x5555aaaa5555aaaa) X(contextidr_el1, 0x2468ace0) \
	X(sp_el0, 0x1122334455667780) X(elr_el1, 0x0000123456789abc)	\
	X(spsr_el1, 0x600003c5) X(esr_el1, 0x5e000000)			\
	X(far_el1, 0x0000777766665555) X(cntkctl_el1, 0x3)

static void
kept_across(void (*something)(void))
{
#define	SAVE(r, v)	uint64_t old_##r = read_sysreg(r);
#define	SET(r, v)	write_sysreg(r, v);
#define	GET(r, v)	uint64_t got_##r = read_sysreg(r);
#define	RESTORE(r, v)	write_sysreg(r, old_##r);
#define	JUDGE(r, v)	CHECK_EQ(got_##r, v);
	KEPT(SAVE)
	irq_off();
	KEPT(SET)
	isb();
	something();
	KEPT(GET)
	KEPT(RESTORE)
	isb();
	KEPT(JUDGE)
}

static void
call(void)
{

	psci(PSCI_VERSION, 0, 0, 0);
}

static void
yields(void)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		hvc(HC_YIELD, 0, 0, 0);
}

static void
kept_call(void)
{

	kept_across(call);
}

static void
kept_yield(void)
{

	kept_across(yields);
}

static void
os_lock(void)
{

	write_sysreg(oslar_el1, 1);
	isb();
	CHECK_EQ(read_sysreg(oslsr_el1) >> 1 & 1, 1);
	write_sysreg(oslar_el1, 0);
	isb();
	CHECK_EQ(read_sysreg(oslsr_el1) >> 1 & 1, 0);
}

/* As Linux starts: monitor configuration, breakpoints, watchpoints. */
static void
debug_registers(void)
{
	uint64_t v, old = read_sysreg(mdscr_el1);

	write_sysreg(oslar_el1, 0);
	write_sysreg(mdscr_el1, 1ul << 12);		/* TDCC */
	isb();
	CHECK_EQ(read_sysreg(mdscr_el1) & 1ul << 12, 1ul << 12);
	write_sysreg(mdscr_el1, old);
	write_sysreg(dbgbvr0_el1, 0x12345678);
	isb();
	v = read_sysreg(dbgbvr0_el1);
	write_sysreg(dbgbvr0_el1, 0);
	CHECK_EQ(v, 0x12345678);
	write_sysreg(dbgbcr0_el1, 0);
	write_sysreg(dbgwcr0_el1, 0);
	CHECK_EQ(read_sysreg(dbgwcr0_el1) & 1, 0);
}

/* Breakpoints and watchpoints are this VM's, whatever others set theirs to. */
static void
debug_yield(void)
{
	uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);
	uint64_t own = (hvc(HC_WHOAMI, 0, 0, 0).x1 + 1) << 16, wrong = 0;
	unsigned int bps = (dfr0 >> 12 & 15) + 1, wps = (dfr0 >> 20 & 15) + 1;

	/* Not enabled; all bytes. */
#define	EACH_POINT(OP)							\
	OP(b, bps, 0) OP(b, bps, 1) OP(b, bps, 2) OP(b, bps, 3)		\
	OP(b, bps, 4) OP(b, bps, 5)					\
	OP(w, wps, 0) OP(w, wps, 1) OP(w, wps, 2) OP(w, wps, 3)
#define	POINT_SET(k, have, n) if ((have) > (n)) {			\
	write_sysreg(dbg##k##vr##n##_el1, own + 8 * (n) + 0x100);	\
	write_sysreg(dbg##k##cr##n##_el1, 0x1e0 | (own >> 15 & 6));	\
}
#define	POINT_LOOK(k, have, n) if ((have) > (n)) {			\
	wrong += read_sysreg(dbg##k##vr##n##_el1) != own + 8 * (n) + 0x100; \
	wrong += (read_sysreg(dbg##k##cr##n##_el1) & 0x1e7) !=		\
	    (0x1e0 | (own >> 15 & 6));					\
}
#define	POINT_CLEAR(k, have, n) if ((have) > (n))			\
	write_sysreg(dbg##k##cr##n##_el1, 0);
	for (unsigned int i = 0; i < 20; i++) {
		EACH_POINT(POINT_SET)
		yields();
		EACH_POINT(POINT_LOOK)
	}
	EACH_POINT(POINT_CLEAR)
	CHECK_EQ(wrong, 0);
}

/* A breakpoint of the guest's own comes to the guest. */
static void __attribute__((noinline))
landmark(uint64_t unused)
{

	(void)unused;
	__asm__ volatile("nop" : : : "memory");
}

static void
breakpoint(void)
{
	uint64_t old = read_sysreg(mdscr_el1), daif = read_sysreg(daif);
	struct trap t;

	write_sysreg(oslar_el1, 0);
	write_sysreg(dbgbvr0_el1, (uint64_t)landmark);
	write_sysreg(dbgbcr0_el1, 0x1e3);	/* EL1, all bytes, on */
	write_sysreg(mdscr_el1, old | 1ul << 15 | 1ul << 13); /* MDE, KDE */
	__asm__ volatile("msr daifclr, #8; isb" : : : "memory");
	t = trap_catch(landmark, 0);
	write_sysreg(daif, daif);
	write_sysreg(mdscr_el1, old);
	write_sysreg(dbgbcr0_el1, 0);
	isb();
	CHECK(t.taken);
	CHECK_EQ(ESR_EC(t.esr), 0x31);		/* breakpoint, same level */
	CHECK_EQ(t.elr, (uint64_t)landmark);
}

/* By set and way: whatever it does for us, it does nothing bad. */
static void
set_way(void)
{
	static volatile uint64_t word;

	word = 0x600d;
	__asm__ volatile("dc csw, %0" : : "r" (0ul) : "memory");
	__asm__ volatile("dc cisw, %0" : : "r" (0ul) : "memory");
	__asm__ volatile("dc isw, %0" : : "r" (0ul) : "memory");
	dsb();
	CHECK_EQ(word, 0x600d);
}

static void
actlr(void)
{
	uint64_t v;

	CHECK(!probe_read(SYSREG(3, 0, 1, 0, 1), &v).taken);
	CHECK(!probe_write(SYSREG(3, 0, 1, 0, 1), v).taken);
}

static void
address_translation(void)
{
	static uint64_t word;
	uint64_t par;

	__asm__ volatile("at s1e1r, %1; isb; mrs %0, par_el1" : "=r" (par) :
	    "r" (&word) : "memory");
	CHECK_EQ(par & 1, 0);
	CHECK_EQ(par & 0xfffffffff000, (uint64_t)&word & ~0xffful);
	/* TTBR1's half is off. */
	__asm__ volatile("at s1e1r, %1; isb; mrs %0, par_el1" : "=r" (par) :
	    "r" (0xffff000000000000ul) : "memory");
	CHECK_EQ(par & 1, 1);
}

static void
isr(void)
{

	irq_off();
	CHECK_EQ(read_sysreg(isr_el1) & 0xc0, 0);
	gic_enable(machine.vtimer_intid);
	vtimer_set(0);
	delay_us(100);
	/* As IRQ or, of the other group, as FIQ. */
	CHECK(read_sysreg(isr_el1) & 0xc0);
	vtimer_off();
}

const char guest_name[] = "sysreg_traps";
const struct guest_case guest_cases[] = {
	{ "el2_undefined", el2_undefined, 0, 0 },
	{ "above_not_written", above_not_written, 0, 0 },
	{ "el3_undefined", el3_undefined, 0, 0 },
	{ "unallocated_undefined", unallocated_undefined, 0, 0 },
	{ "impdef_no_effect", impdef_no_effect, 0, NEED_APIARY },
	{ "el2_tlbi_undefined", el2_tlbi_undefined, 0, 0 },
	{ "kept_call", kept_call, 0, 0 },
	{ "kept_yield", kept_yield, 0, NEED_APIARY },
	{ "os_lock", os_lock, 0, 0 },
	{ "debug_registers", debug_registers, 0, 0 },
	{ "debug_yield", debug_yield, 0, NEED_APIARY },
	{ "breakpoint", breakpoint, 0, 0 },
	{ "set_way", set_way, 0, 0 },
	{ "actlr", actlr, 0, 0 },
	{ "address_translation", address_translation, 0, 0 },
	{ "isr", isr, 0, 0 },
	{ NULL, NULL, 0, 0 }
};
