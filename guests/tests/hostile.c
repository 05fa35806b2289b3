/*
 * hostile: a guest that does everything wrong, at random: registers of all
 * devices in all widths, system registers, calls, addresses. What it gets
 * does not matter; a case passes if guest and machine are alive after it,
 * so what is checked is that a hypervisor holds. Boot arguments: steps=
 * (of each case), seed=.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	STEPS		4000
#define	UART_DR		0x00		/* would print */
#define	LOAD_Q		0x3dc00020u	/* ldr q0, [x1] */
#define	STORE_Q		0x3d800020u

static uint64_t state;

/* xorshift64*: the same walk for the same seed, on any machine. */
static uint64_t
rnd(void)
{

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1d);
}

static uint64_t
below(uint64_t n)
{

	return (rnd() % n);
}

static uint64_t
begin(uint64_t salt)
{

	state = (machine_arg_number("seed", 1) << 8 | salt) *
	    0x9e3779b97f4a7c15 | 1;
	return (machine_arg_number("steps", STEPS));
}

/* Nothing is lost: memory, exceptions, interrupts and time go on. */
static void
alive(void)
{
	static volatile uint64_t word;
	struct trap t;
	uint64_t v;

	word = 0x600d;
	CHECK_EQ(word, 0x600d);
	t = probe_read(SYSREG(3, 6, 1, 1, 0), &v);	/* SCR_EL3 */
	CHECK_EQ(t.taken, 1);
	CHECK(psci(PSCI_VERSION, 0, 0, 0) >= 0x10000);
	CHECK_EQ(read_sysreg(currentel), 1 << 2);
}

/*
 * Loads and stores of x0 at [x1], all widths, and those that a syndrome
 * does not describe: pairs, write-back, SIMD, exclusives.
 */
static const uint32_t loads[] = {
	0x39400020, 0x79400020, 0xb9400020, 0xf9400020,
	0x39800020, 0x79800020, 0xb9800020,		/* signed */
	0xa9400820, LOAD_Q, 0xf8408420, 0xc85f7c20, 0xc8dffc20,
	0x39400020, 0x79400020, 0xb9400020, 0xf9400020,
};
static const uint32_t stores[] = {
	0x39000020, 0x79000020, 0xb9000020, 0xf9000020,
	0xa9000820, STORE_Q, 0xf8008420, 0xc89ffc20,
	0x39000020, 0x79000020, 0xb9000020, 0xf9000020,
};

static void
access(uint64_t at)
{
	uint64_t x[2] = { rnd() >> below(64), at };

	if (below(2) != 0)
		probe_insn(loads[below(nitems(loads))], x);
	else
		probe_insn(stores[below(nitems(stores))], x);
}

/* Who shoots must hit: each instruction does what its list says. */
static void
aim(void)
{
	static uint64_t area[8] __attribute__((aligned(64)));
	uint64_t x[2];
	unsigned int i;

	for (i = 0; i < nitems(loads); i++) {
		area[0] = 0x11;
		x[0] = 0;
		x[1] = (uint64_t)area;
		CHECK(!probe_insn(loads[i], x).taken);
		if (loads[i] != LOAD_Q)
			CHECK_EQ(x[0], 0x11);
	}
	for (i = 0; i < nitems(stores); i++) {
		area[0] = ~0ul;
		x[0] = 0x22;
		x[1] = (uint64_t)area;
		CHECK(!probe_insn(stores[i], x).taken);
		if (stores[i] != STORE_Q)
			CHECK_EQ(area[0] & 0xff, 0x22);
	}
	x[1] = machine.gicd + 4;
	CHECK(!probe_insn(0xb9400020, x).taken);
	CHECK_EQ(x[0], mmio_read(machine.gicd + 4));
}

/* One in eight not aligned. */
static uint64_t
offset(uint64_t size)
{
	uint64_t at = below(size);

	return (below(8) == 0 ? at : at & ~7ul);
}

static void
spray(uint64_t salt, uint64_t base, uint64_t size)
{
	uint64_t n = begin(salt);

	if (base == 0)
		case_skip("not on this machine");
	while (n-- > 0)
		access(base + offset(size));
	alive();
}

static void
distributor(void)
{

	spray(1, machine.gicd, 0x10000);
}

/* Most of it is holes: here only where registers are. */
static void
distributor_registers(void)
{
	static const uint16_t at[] = { 0, 4, 8, 0x80, 0x100, 0x180, 0x200,
	    0x280, 0x300, 0x380, 0x400, 0x800, 0xc00, 0xf00, 0xf10, 0xf20,
	    0x6100, 0xffe0 };
	uint64_t n = begin(2);

	while (n-- > 0)
		access(machine.gicd + at[below(nitems(at))] + below(32) * 4);
	alive();
}

static void
cpu_interface(void)
{

	spray(3, machine.gicc, 0x2000);
}

static void
redistributor(void)
{

	spray(4, machine.gicr, 0x20000ul * machine.ncpus);
}

/* Not the data register; and its flags never change in what we print. */
static void
uart(void)
{
	uint64_t n = begin(5);

	while (n-- > 0) {
		uint64_t at = offset(0x1000);

		if (at >= UART_DR + 8)
			access(machine.uart_base + at);
	}
	/* Back to where the library finds its way out. */
	mmio_write(machine.uart_base + 0x30, 0);
	alive();
}

static void
rtc(void)
{

	spray(6, machine.rtc_base, 0x1000);
}

/* Anywhere but in RAM and the devices that print. */
static void
addresses(void)
{
	uint64_t n = begin(7);

	while (n-- > 0) {
		uint64_t at = rnd() & ((1ul << (20 + below(19))) - 1);

		if (at - machine.ram_base < machine.ram_size ||
		    at - machine.uart_base < 8)
			continue;
		if (!machine.apiary && at < machine.ram_base)
			continue;	/* a machine's flash, PCIe: not ours */
		access(at & ~7ul);
	}
	alive();
}

static uint32_t
any_sysreg(void)
{

	/* op0 1 to 3: system instructions, debug, all else. */
	return (SYSREG(1 + below(3), below(8), below(16), below(16),
	    below(8)));
}

static void
sysreg_reads(void)
{
	uint64_t n = begin(8), v;

	while (n-- > 0) {
		uint32_t reg = any_sysreg();

		if (reg >> 19 != 1)
			probe_read(reg, &v);
	}
	alive();
}

/* Those that take the ground from under the guest itself. */
static bool
spares_us(uint32_t reg)
{
	unsigned int op0 = reg >> 19, op1 = reg >> 16 & 7;
	unsigned int n = reg >> 12 & 15, m = reg >> 8 & 15;

	if (op0 == 1)				/* by address: memory */
		return (!(n == 7 && m != 1 && m != 5));
	if (op0 == 2)				/* MDSCR: single step */
		return (!(n == 0 && m == 2));
	if (op1 == 3)				/* DAIF, NZCV, FPCR */
		return (n != 4);
	/* SCTLR, TTBR and keys, SP and PSTATE, MAIR, VBAR. */
	return (op1 != 0 || !(n == 1 || n == 2 || n == 4 || n == 10 ||
	    (n == 12 && m == 0)));
}

static void
sysreg_writes(void)
{
	uint64_t n = begin(9);
	uint64_t cpacr = read_sysreg(cpacr_el1);

	while (n-- > 0) {
		uint32_t reg = any_sysreg();

		if (spares_us(reg))
			probe_write(reg, rnd() >> below(64));
	}
	write_sysreg(cpacr_el1, cpacr);
	write_sysreg(oslar_el1, 0);
	alive();
}

/* Those that exist and trap, again and again: timers, GIC, PMU, debug. */
static void
sysreg_known(void)
{
	static const uint32_t regs[] = {
		SYSREG(3, 3, 14, 2, 0), SYSREG(3, 3, 14, 2, 1),
		SYSREG(3, 3, 14, 2, 2), SYSREG(3, 3, 14, 3, 1),
		SYSREG(3, 3, 14, 3, 2), SYSREG(3, 0, 4, 6, 0),
		SYSREG(3, 0, 12, 11, 5), SYSREG(3, 0, 12, 11, 7),
		SYSREG(3, 0, 12, 11, 6), SYSREG(3, 0, 12, 11, 1),
		SYSREG(3, 0, 12, 12, 0), SYSREG(3, 0, 12, 12, 1),
		SYSREG(3, 0, 12, 12, 3), SYSREG(3, 0, 12, 12, 4),
		SYSREG(3, 0, 12, 12, 5), SYSREG(3, 0, 12, 9, 0),
		SYSREG(3, 3, 9, 12, 0), SYSREG(3, 3, 9, 12, 5),
		SYSREG(3, 3, 9, 13, 1), SYSREG(3, 3, 9, 14, 3),
		SYSREG(2, 0, 0, 0, 4), SYSREG(2, 0, 0, 1, 5),
		SYSREG(2, 0, 1, 0, 4), SYSREG(2, 0, 1, 3, 4),
	};
	uint64_t n = begin(10), v;

	while (n-- > 0) {
		uint32_t reg = regs[below(nitems(regs))];

		if (below(2) != 0)
			probe_read(reg, &v);
		else
			probe_write(reg, rnd() >> below(64));
	}
	write_sysreg(oslar_el1, 0);
	alive();
}

/* PSCI's calls that would end or start something are another case. */
static void
calls(void)
{
	uint64_t n = begin(11);

	while (n-- > 0) {
		uint64_t fn = rnd();

		if (below(2) != 0)		/* near what is known */
			fn = (fn & 0xc600001f) | below(2) << 31;
		if ((fn & 0x3f000000) == 0x04000000 && (fn & 0xffff) < 0x20)
			continue;
		hvc(fn, rnd() >> below(64), rnd() >> below(64), rnd());
		if (machine.smc && below(4) == 0)
			smc(fn, rnd() >> below(64), rnd(), rnd());
	}
	alive();
}

static void
power_calls(void)
{
	static const uint32_t fns[] = { PSCI_VERSION, PSCI_CPU_ON,
	    PSCI_CPU_ON32, PSCI_AFFINITY_INFO, 0x84000004,
	    PSCI_MIGRATE_INFO_TYPE, PSCI_FEATURES, 0x84000005, 0x84000007,
	    0x84000013, 0xc4000013 };
	uint64_t n = begin(12);

	while (n-- > 0) {
		uint32_t fn = fns[below(nitems(fns))];
		uint64_t target = rnd() >> below(64);
		unsigned int i;

		/* Nobody is started: that would run at random too. */
		for (i = 0; i < machine.ncpus; i++)
			if (((target ^ machine.mpidr[i]) & 0xffffffff) == 0)
				target = 0x80000000;
		psci(fn, target, rnd() >> below(64), rnd());
	}
	alive();
}

/* HVC and SMC with immediates, BRK, HLT, ERET, DRPS, undefined ones. */
static void
exceptions(void)
{
	uint64_t n = begin(13);

	while (n-- > 0) {
		uint64_t x[2] = { 0x84000000, 0 };
		uint32_t imm = (uint32_t)below(0x10000) << 5;

		switch (below(4)) {
		case 0:
			if (machine.apiary)
				probe_insn(0xd4000002 | imm, x);
			break;
		case 1:
			if (machine.apiary)
				probe_insn(0xd4000003 | imm, x);
			break;
		case 2:
			probe_insn(0xd4200000 | imm, x);
			break;
		default:
			probe_insn((uint32_t)below(0x10000), x);
		}
	}
	alive();
}

/* All CPUs at the distributor at once. */
static volatile uint32_t finished;

static void
storm(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < 300; i++) {
		uint32_t intid = gic_spare((i * 7 + cpu_index()) % 40);

		gic_route(intid, i % machine.ncpus);
		gic_enable(intid);
		gic_pend(intid);
		gic_sgi(i % 15, (i + cpu_index()) % machine.ncpus);
		gic_unpend(intid);
		gic_activate(intid);
		gic_deactivate_reg(intid);
		gic_disable(intid);
		__asm__ volatile("yield");
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
}

static void
interrupt_storm(void)
{
	unsigned int i;
	uint64_t start = counter();

	finished = 0;
	for (i = 1; i < machine.ncpus; i++)
		REQUIRE(smp_on(i, storm, NULL) == 0);
	storm(NULL);
	while (finished < machine.ncpus && counter() - start < 5 * counter_hz())
		delay_us(10);
	CHECK_EQ(finished, machine.ncpus);
	alive();
}

const char guest_name[] = "hostile";
const struct guest_case guest_cases[] = {
	{ "aim", aim, 0, 0 },
	{ "distributor", distributor, 0, 0 },
	{ "distributor_registers", distributor_registers, 0, 0 },
	{ "cpu_interface", cpu_interface, 0, NEED_GICV2 },
	{ "redistributor", redistributor, 0, NEED_GICV3 },
	{ "uart", uart, 0, NEED_UART },
	{ "rtc", rtc, 0, NEED_RTC },
	{ "addresses", addresses, 0, 0 },
	{ "sysreg_reads", sysreg_reads, 0, 0 },
	{ "sysreg_writes", sysreg_writes, 0, 0 },
	{ "sysreg_known", sysreg_known, 0, 0 },
	{ "calls", calls, 0, 0 },
	{ "power_calls", power_calls, 0, 0 },
	{ "exceptions", exceptions, 0, 0 },
	{ "interrupt_storm", interrupt_storm, 2, 0 },
	{ NULL, NULL, 0, 0 }
};
