/*
 * bti: branch target identification (FEAT_BTI). In a guarded page an indirect
 * branch arrives at a BTI or is an exception, and who runs the guest changes
 * nothing about it: PSTATE.BTYPE goes with an exit and comes back with it.
 * Two VMs may run this at once. Skipped where the CPU has none.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "guest.h"

#define	EC_BTI		0x0d		/* Branch Target Exception */
#define	EC_DABT		0x25
#define	BTYPE(spsr)	((spsr) >> 10 & 3)
#define	BTYPE_CALL	2		/* by BLR */
#define	HOLE		0x0c000000ul	/* nothing is there, see stage2.c */

/* DDI 0487, C6.2. */
#define	BTI_C		0xd503245fu	/* calls */
#define	BTI_J		0xd503249fu	/* jumps */
#define	NOP		0xd503201fu
#define	RET		0xd65f03c0u
#define	HVC		0xd4000002u
#define	LDR_X0		0xf9400000u	/* ldr x0, [x0] */
#define	LDR_W0		0xb9400000u
#define	B		0x14000000u

extern const char vectors[];

static uint32_t page[1024] __attribute__((aligned(4096)));
static uint32_t other_vectors[1024] __attribute__((aligned(4096)));

static void
begin(void)
{

	if ((read_sysreg(s3_0_c0_c4_1) & 15) == 0)	/* ID_AA64PFR1_EL1.BT */
		case_skip("this CPU has no BTI");
}

/* By BLR into the page, guarded or not, where these stand. */
static struct trap
call(uint32_t first, uint32_t second, bool guarded, uint64_t arg)
{
	struct trap t;

	page[0] = first;
	page[1] = second;
	page[2] = RET;
	sync_code(page, 3 * sizeof(*page));
	mmu_guard((uint64_t)page, guarded);
	t = trap_catch((void (*)(uint64_t))(uint64_t)page, arg);
	mmu_guard((uint64_t)page, false);
	return (t);
}

static void
refused(struct trap t)
{

	CHECK(t.taken);
	CHECK_EQ(ESR_EC(t.esr), EC_BTI);
	CHECK_EQ(t.elr, (uint64_t)page);
	CHECK_EQ(BTYPE(t.spsr), BTYPE_CALL);
}

static void
guards(void)
{

	begin();
	CHECK(!call(BTI_C, NOP, true, 0).taken);
	refused(call(BTI_J, NOP, true, 0));
	refused(call(NOP, NOP, true, 0));
	CHECK(!call(NOP, NOP, false, 0).taken);
}

/* An exit in a guarded page, and one where a call arrives. */
static void
hypercall(void)
{

	begin();
	CHECK(!call(BTI_C, HVC, true, PSCI_VERSION).taken);
	CHECK(!call(HVC, NOP, false, PSCI_VERSION).taken);
	refused(call(HVC, NOP, true, PSCI_VERSION));
}

static void
mmio(void)
{

	begin();
	CHECK(!call(BTI_C, LDR_W0, true, machine.gicd).taken);
	CHECK(!call(LDR_W0, NOP, false, machine.gicd).taken);
}

static void
yield(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 100; i++) {
		CHECK(!call(BTI_C, HVC, true, HC_YIELD).taken);
		CHECK(!call(HVC, NOP, false, HC_YIELD).taken);
		refused(call(HVC, NOP, true, HC_YIELD));
	}
}

/*
 * An abort is injected where a call has arrived: the vector, in a guarded
 * page, is no target of that call (DDI 0487, D1.3.1: BTYPE is 0 there).
 */
static void
injected(void)
{
	uint64_t old = read_sysreg(vbar_el1);
	uint32_t *at = &other_vectors[0x200 / 4];
	struct trap t;

	begin();
	*at = B | (((uint64_t)vectors + 0x200 - (uint64_t)at) >> 2 & 0x3ffffff);
	sync_code(at, sizeof(*at));
	mmu_guard((uint64_t)other_vectors, true);
	write_sysreg(vbar_el1, (uint64_t)other_vectors);
	isb();
	t = call(LDR_X0, NOP, false, HOLE);
	write_sysreg(vbar_el1, old);
	isb();
	mmu_guard((uint64_t)other_vectors, false);
	CHECK(t.taken);
	CHECK_EQ(ESR_EC(t.esr), EC_DABT);
	CHECK_EQ(t.elr, (uint64_t)page);
	CHECK_EQ(t.far, HOLE);
	CHECK_EQ(BTYPE(t.spsr), BTYPE_CALL);
}

const char guest_name[] = "bti";
const struct guest_case guest_cases[] = {
	{ "guards", guards, 0, 0 },
	{ "hypercall", hypercall, 0, 0 },
	{ "mmio", mmio, 0, 0 },
	{ "yield", yield, 0, NEED_APIARY },
	{ "injected", injected, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
