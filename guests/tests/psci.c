/*
 * psci: power control as DEN 0022 has it. Must not know who answers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	NOT_SUPPORTED	(-1)
#define	INVALID_PARAMS	(-2)
#define	ALREADY_ON	(-4)
#define	ON_PENDING	(-5)
#define	INVALID_ADDRESS	(-9)

#define	AFFINITY_ON	0
#define	AFFINITY_OFF	1

#define	UNKNOWN32	0x8400003fu
#define	UNKNOWN64	0xc400003fu
#define	MPIDR_AFF	0xff00fffffful

/* What a CPU finds at the entry of CPU_ON; written with its MMU off. */
static struct raw {
	uint64_t	x0, el, sctlr, daif, spsel, mpidr, smc, hold;
} __attribute__((aligned(64))) raw;

/* Stores the above and, when hold is 0, goes off: no stack, no MMU. */
void	raw_entry(void);
__asm__(
"	.text\n"
"	.globl	raw_entry\n"
"raw_entry:\n"
"	adrp	x9, raw\n"
"	add	x9, x9, :lo12:raw\n"
"	mrs	x1, CurrentEL\n"
"	stp	x0, x1, [x9]\n"
"	mrs	x1, sctlr_el1\n"
"	mrs	x2, daif\n"
"	stp	x1, x2, [x9, #16]\n"
"	mrs	x1, spsel\n"
"	mrs	x2, mpidr_el1\n"
"	stp	x1, x2, [x9, #32]\n"
"	dsb	sy\n"
"2:	ldr	x3, [x9, #56]\n"
"	cbnz	x3, 2b\n"
"	ldr	x3, [x9, #48]\n"
"	movz	w0, #0x8400, lsl #16\n"
"	movk	w0, #2\n"
"	cbnz	x3, 1f\n"
"	hvc	#0\n"
"1:	smc	#0\n"
"	b	.\n");

static int64_t
cpu_on(uint32_t fn, uint64_t target, uint64_t entry, uint64_t context)
{

	return (psci(fn, target, entry, context));
}

static int64_t
affinity(uint64_t target, uint64_t level)
{

	return (psci(PSCI_AFFINITY_INFO, target, level, 0));
}

/* An address that no CPU has. */
static uint64_t
no_cpu(void)
{
	uint64_t m = 0;
	unsigned int i;

	for (i = 0; i < machine.ncpus; i++)
		if (machine.mpidr[i] == m) {
			m++;
			i = ~0u;
		}
	return (m);
}

static void
raw_prepare(bool hold)
{

	memset(&raw, 0xff, sizeof(raw));
	raw.smc = machine.psci_smc;
	raw.hold = hold;
	cache_flush((uint64_t)&raw, (uint64_t)(&raw + 1));
}

static void
raw_on(uint32_t fn, uint64_t target, uint64_t context)
{

	raw_prepare(false);
	REQUIRE(cpu_on(fn, target, (uint64_t)raw_entry, context) == 0);
	REQUIRE(smp_wait_off(1));
	cache_flush((uint64_t)&raw, (uint64_t)(&raw + 1));
}

static void
version(void)
{
	int64_t v = psci(PSCI_VERSION, 0, 0, 0);

	CHECK(v >= 0x10000);
	CHECK(v < 0x20000);
}

static void
features(void)
{
	static const uint32_t fns[] = { PSCI_VERSION, PSCI_CPU_SUSPEND,
	    PSCI_CPU_OFF, PSCI_CPU_ON, PSCI_CPU_ON32, PSCI_AFFINITY_INFO,
	    PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET, PSCI_FEATURES };
	unsigned int i;

	for (i = 0; i < nitems(fns); i++)
		if (psci(PSCI_FEATURES, fns[i], 0, 0) < 0) {
			print("%#x\n", fns[i]);
			CHECK(!"a mandatory function");
		}
}

static void
features_unknown(void)
{

	CHECK_EQ(psci(PSCI_FEATURES, UNKNOWN32, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(psci(PSCI_FEATURES, UNKNOWN64, 0, 0), NOT_SUPPORTED);
	/* Only SMC32: VERSION, CPU_OFF, SYSTEM_OFF. */
	CHECK_EQ(psci(PSCI_FEATURES, 0xc4000000, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(psci(PSCI_FEATURES, 0xc4000002, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(psci(PSCI_FEATURES, 0xc4000008, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(psci(PSCI_FEATURES, 0, 0, 0), NOT_SUPPORTED);
}

static void
call_unknown(uint64_t unused)
{

	(void)unused;
	CHECK_EQ(psci(UNKNOWN32, 0, 0, 0), NOT_SUPPORTED);
	CHECK_EQ(psci(UNKNOWN64, 0, 0, 0), NOT_SUPPORTED);
}

static void
unknown(void)
{
	struct trap t = trap_catch(call_unknown, 0);

	if (t.taken && !machine.apiary)
		case_skip("no answer to unknown calls: undefined instruction");
	CHECK_EQ(t.taken, 0);
}

static volatile uint32_t stage, answer;

static void
note_index(void *arg)
{

	answer = (uint32_t)(uintptr_t)arg;
	publish(&stage, 1 + cpu_index());
}

static void
on(void)
{

	stage = 0;
	REQUIRE(smp_on(1, note_index, (void *)0x1234) == 0);
	CHECK(wait_for(&stage, 2));
	CHECK_EQ(answer, 0x1234);
	CHECK(smp_wait_off(1));
}

static void
on_state(void)
{

	raw_on(PSCI_CPU_ON, machine.mpidr[1], 0x123456789abcdef0ul);
	CHECK_EQ(raw.x0, 0x123456789abcdef0ul);
	CHECK_EQ(raw.mpidr & MPIDR_AFF, machine.mpidr[1]);
	CHECK_EQ(raw.daif, 0x3c0);
	CHECK_EQ(raw.spsel, 1);
	if (raw.el == 2 << 2)
		case_skip("entered at EL2: EL1's registers are unknown");
	CHECK_EQ(raw.el, 1 << 2);
	/* M, C and I off; little endian. */
	CHECK_EQ(raw.sctlr & (1u << 0 | 1u << 2 | 1u << 12 | 1u << 25), 0);
}

static void
on_32bit(void)
{

	if ((uint64_t)raw_entry >> 32)
		case_skip("the entry is above 4 GiB");
	raw_on(PSCI_CPU_ON32, machine.mpidr[1], 0x89abcdef);
	CHECK_EQ(raw.x0, 0x89abcdef);
}

/* SMC32: upper halves of the arguments are ignored (DEN 0028, 3.1). */
static void
on_32bit_upper(void)
{

	raw_on(PSCI_CPU_ON32, machine.mpidr[1] | 0xdeadul << 32,
	    0xfeed00000000ul | 0x89abcdef);
	CHECK_EQ(raw.x0, 0x89abcdef);
}

static void
stay(void *arg)
{

	wait_for(arg, 1);
}

static void
on_already(void)
{
	static volatile uint32_t leave;

	leave = 0;
	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[0], (uint64_t)raw_entry,
	    0), ALREADY_ON);
	REQUIRE(smp_on(1, stay, (void *)&leave) == 0);
	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[1], (uint64_t)raw_entry,
	    0), ALREADY_ON);
	CHECK_EQ(affinity(machine.mpidr[1], 0), AFFINITY_ON);
	publish(&leave, 1);
	CHECK(smp_wait_off(1));
}

static void
on_pending(void)
{
	int64_t second;

	raw_prepare(true);
	REQUIRE(cpu_on(PSCI_CPU_ON, machine.mpidr[1], (uint64_t)raw_entry,
	    0) == 0);
	second = cpu_on(PSCI_CPU_ON, machine.mpidr[1], (uint64_t)raw_entry, 0);
	CHECK(second == ALREADY_ON || second == ON_PENDING);
	raw_prepare(false);
	CHECK(smp_wait_off(1));
}

static void
on_bad_target(void)
{
	uint64_t entry = (uint64_t)raw_entry;

	CHECK_EQ(cpu_on(PSCI_CPU_ON, no_cpu(), entry, 0), INVALID_PARAMS);
	CHECK_EQ(cpu_on(PSCI_CPU_ON, 0xff00ffff00ul, entry, 0),
	    INVALID_PARAMS);
	CHECK_EQ(cpu_on(PSCI_CPU_ON32, 0xffffff, entry, 0), INVALID_PARAMS);
}

/* Reserved bits of the target, which are an address of no CPU. */
static void
on_reserved_bits(void)
{
	uint64_t entry = (uint64_t)raw_entry;

	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[1] | 1ul << 31, entry, 0),
	    INVALID_PARAMS);
	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[1] | 1ul << 63, entry, 0),
	    INVALID_PARAMS);
	CHECK_EQ(affinity(machine.mpidr[1], 0), AFFINITY_OFF);
}

/* An implementation need not check it, but ours does. */
static void
on_bad_address(void)
{
	uint64_t end = machine.ram_base + machine.ram_size;

	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[1], 0x1000, 0),
	    INVALID_ADDRESS);
	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[1], machine.gicd, 0),
	    INVALID_ADDRESS);
	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[1], end, 0),
	    INVALID_ADDRESS);
	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[1], ~3ul, 0),
	    INVALID_ADDRESS);
	CHECK_EQ(cpu_on(PSCI_CPU_ON, machine.mpidr[1],
	    (uint64_t)raw_entry + 2, 0), INVALID_ADDRESS);
	CHECK_EQ(affinity(machine.mpidr[1], 0), AFFINITY_OFF);
}

static void
off_on_again(void)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		stage = 0;
		REQUIRE(smp_on(1, note_index, (void *)(uintptr_t)i) == 0);
		REQUIRE(wait_for(&stage, 2));
		REQUIRE(answer == i);
		REQUIRE(smp_wait_off(1));
		CHECK_EQ(affinity(machine.mpidr[1], 0), AFFINITY_OFF);
	}
}

static void
affinity_info(void)
{

	CHECK_EQ(affinity(machine.mpidr[0], 0), AFFINITY_ON);
	/* At any level above, this CPU is among them. */
	CHECK_EQ(affinity(machine.mpidr[0], 1), AFFINITY_ON);
	CHECK_EQ(psci(0x84000004, machine.mpidr[0], 0, 0), AFFINITY_ON);
}

static void
affinity_info_off(void)
{
	unsigned int i;

	for (i = 1; i < machine.ncpus; i++)
		CHECK_EQ(affinity(machine.mpidr[i], 0), AFFINITY_OFF);
}

static void
affinity_info_bad(void)
{

	CHECK_EQ(affinity(no_cpu(), 0), INVALID_PARAMS);
	if (!machine.apiary)
		case_skip("levels are not known to be checked here");
	CHECK_EQ(affinity(machine.mpidr[0], 4), INVALID_PARAMS);
	CHECK_EQ(affinity(machine.mpidr[0], ~0u), INVALID_PARAMS);
	CHECK_EQ(affinity(machine.mpidr[0] | 1ul << 63, 0), INVALID_PARAMS);
}

/* A pending interrupt ends standby, masked though it is. */
static void
suspend_standby(void)
{
	uint64_t start, ticks = counter_hz() / 500;

	gic_enable(machine.vtimer_intid);
	start = counter();
	vtimer_set(start + ticks);
	CHECK_EQ(psci(PSCI_CPU_SUSPEND, 0, 0, 0), 0);
	CHECK(counter() - start >= ticks);
	CHECK(gic_pending(machine.vtimer_intid));
	CHECK_EQ(irq_count[0], 0);
	/* With it pending already, there is no sleep. */
	CHECK_EQ(psci(PSCI_CPU_SUSPEND, 0, 0, 0), 0);
	CHECK(counter() - start < 2 * ticks);
	/* Nor with one that nobody will raise again. */
	vtimer_off();
	gic_enable(1);
	gic_sgi_self(1);
	CHECK_EQ(psci(PSCI_CPU_SUSPEND, 0, 0, 0), 0);
}

static void
suspend_bad_state(void)
{

	/* Whoever takes it for a good one is to wake up again. */
	gic_enable(machine.vtimer_intid);
	vtimer_set(counter() + counter_hz() / 1000);
	CHECK_EQ(psci(PSCI_CPU_SUSPEND, 1u << 31, 0, 0), INVALID_PARAMS);
	CHECK_EQ(psci(PSCI_CPU_SUSPEND, 1u << 20, 0, 0), INVALID_PARAMS);
}

static void
migrate_info_type(void)
{
	int64_t type = psci(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0);

	/* No Trusted OS that would have to move: either says so. */
	CHECK(type == 2 || type == NOT_SUPPORTED);
	if (type != NOT_SUPPORTED)
		CHECK(psci(PSCI_FEATURES, PSCI_MIGRATE_INFO_TYPE, 0, 0) >= 0);
}

const char guest_name[] = "psci";
const struct guest_case guest_cases[] = {
	{ "version", version, 0, 0 },
	{ "features", features, 0, 0 },
	{ "features_unknown", features_unknown, 0, 0 },
	{ "unknown", unknown, 0, 0 },
	{ "cpu_on", on, 2, 0 },
	{ "cpu_on_state", on_state, 2, 0 },
	{ "cpu_on_32bit", on_32bit, 2, 0 },
	{ "cpu_on_32bit_upper", on_32bit_upper, 2, NEED_APIARY },
	{ "cpu_on_already", on_already, 2, 0 },
	{ "cpu_on_pending", on_pending, 2, 0 },
	{ "cpu_on_bad_target", on_bad_target, 0, 0 },
	{ "cpu_on_reserved_bits", on_reserved_bits, 2, NEED_APIARY },
	{ "cpu_on_bad_address", on_bad_address, 2, NEED_APIARY },
	{ "off_on_again", off_on_again, 2, 0 },
	{ "affinity_info", affinity_info, 0, 0 },
	{ "affinity_info_off", affinity_info_off, 2, 0 },
	{ "affinity_info_bad", affinity_info_bad, 0, 0 },
	{ "suspend_standby", suspend_standby, 0, 0 },
	{ "suspend_bad_state", suspend_bad_state, 0, 0 },
	{ "migrate_info_type", migrate_info_type, 0, 0 },
	{ NULL, NULL, 0, 0 }
};
