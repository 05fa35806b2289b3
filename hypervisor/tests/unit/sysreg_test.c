/*
 * Trapped system registers: what a guest reads of the CPU's features, and
 * what becomes of every other access (DDI 0487, D19). Over 500 lines because
 * one loop goes through all encodings there are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "vmm_fake.h"
#include "vmm/exits.h"

#define	ID(crm, op2)	((crm) * 8 + (op2))
#define	ID_NAME(crm, op2)	SYS_REG(3, 0, 0, crm, op2)
#define	PFR0		4, 0
#define	PFR1		4, 1
#define	DFR0		5, 0
#define	ISAR0		6, 0
#define	ISAR1		6, 1
#define	ISAR2		6, 2
#define	MMFR0		7, 0
#define	MMFR1		7, 1
#define	MMFR2		7, 2

static struct vcpu *const v = &vmm_vcpu[0];

static outcome_t
trap(uint32_t name, bool read, unsigned int rt)
{

	return (sysreg_trap(v, ESR_SYS(name, read, rt)));
}

/* As the guest gets it. */
static uint64_t
id(unsigned int crm, unsigned int op2)
{

	ATF_REQUIRE_EQ(OUTCOME_DONE, trap(ID_NAME(crm, op2), true, 9));
	return (v->x[9]);
}

static void
set(unsigned int crm, unsigned int op2, uint64_t value)
{

	vcpu_fake.id[ID(crm, op2)] = value;
}

#define	CHECK_ID(value, reg) do {					\
	ATF_CHECK_EQ_MSG((uint64_t)(value), id reg, "%s: %#lx", #reg,	\
	    (unsigned long)id reg);					\
} while (0)

/* What QEMU's Cortex-A72 says of itself, less what guests do not get. */
ATF_TC_WITHOUT_HEAD(cortex_a72);
ATF_TC_BODY(cortex_a72, tc)
{

	vmm_fake_reset();
	set(1, 0, 0x131);
	set(1, 1, 0x10011011);
	set(1, 2, 0x03010066);
	set(1, 4, 0x10201105);
	set(2, 0, 0x02101110);
	set(3, 0, 0x10110222);
	set(PFR0, 0x01002222);
	set(DFR0, 0x10305106);
	set(ISAR0, 0x00011120);
	set(MMFR0, 0x00001124);
	sysreg_init(40);
	CHECK_ID(0x131, (1, 0));
	CHECK_ID(0x10010000, (1, 1));
	CHECK_ID(0x03000006, (1, 2));
	CHECK_ID(0x10201105, (1, 4));
	CHECK_ID(0x02101110, (2, 0));
	CHECK_ID(0x10110222, (3, 0));
	CHECK_ID(0x01000012, (PFR0));
	CHECK_ID(0xf010305106, (DFR0));
	CHECK_ID(0x00011120, (ISAR0));
	CHECK_ID(0x00000122, (MMFR0));
	/* GICv2: no system registers for it. */
	vmm_vm.config.gic = 2;
	CHECK_ID(0x00000012, (PFR0));
	CHECK_ID(0x00010000, (1, 1));
	CHECK_ID(0xf010305106, (DFR0));
}

/*
 * A CPU that has everything there will ever be: of each field 7, which is
 * more than we know, or what the test says.
 */
ATF_TC_WITHOUT_HEAD(from_the_future);
ATF_TC_BODY(from_the_future, tc)
{
	/* SME, DFR1, AFR, ISAR3, MMFR3, MMFR4, and free ones. */
	static const uint8_t hidden[] = { ID(1, 3), ID(3, 5), ID(4, 2),
	    ID(4, 5), ID(4, 7), ID(5, 1), ID(5, 4), ID(5, 5),
	    ID(6, 3), ID(6, 7), ID(7, 3), ID(7, 4), ID(7, 7), ID(0, 0),
	    ID(0, 7) };
	unsigned int i;

	vmm_fake_reset();
	for (i = 0; i < 64; i++)
		vcpu_fake.id[i] = 0x7777777777777777;
	sysreg_init(40);
	/* EL0 EL1 FP AdvSIMD GIC SVE DIT CSV2 CSV3 */
	CHECK_ID(0x7107000701770017, (PFR0));
	CHECK_ID(0x7777777777777777, (4, 4));
	CHECK_ID(0x0000000000000077, (PFR1));
	/* DebugVer PMUVer BRPs WRPs CTX_CMPs DoubleLock */
	CHECK_ID(0x000000f070305606, (DFR0));
	CHECK_ID(0x7777777770777770, (ISAR0));
	CHECK_ID(0x0077777777777777, (ISAR1));
	CHECK_ID(0x0077000077707770, (ISAR2));
	/* PARange 40 bits; no LPA2 */
	CHECK_ID(0x0000700077170772, (MMFR0));
	CHECK_ID(0x0007707007707002, (MMFR1));
	CHECK_ID(0x7077007770770777, (MMFR2));
	CHECK_ID(0x07017777, (1, 0));
	CHECK_ID(0x10070000, (1, 1));
	CHECK_ID(0x06000006, (1, 2));
	CHECK_ID(0x07777077, (2, 6));
	CHECK_ID(0x77, (3, 4));
	CHECK_ID(0x77, (3, 6));
	for (i = 0; i < nitems(hidden); i++)
		CHECK_ID(0, (hidden[i] / 8, hidden[i] % 8));
}

/* Nothing on the CPU, nothing for the guest, but the GIC it is given. */
ATF_TC_WITHOUT_HEAD(plain);
ATF_TC_BODY(plain, tc)
{
	unsigned int crm, op2;

	vmm_fake_reset();
	sysreg_init(40);
	vmm_vm.config.gic = 2;
	for (crm = 0; crm < 8; crm++)
		for (op2 = 0; op2 < 8; op2++)
			CHECK_ID(crm == 5 && op2 == 0 ? 0xf000000000 : 0,
			    (crm, op2));
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	static const struct {
		unsigned int	has, bits, gives;
	} pa[] = { { 0, 40, 0 }, { 1, 40, 1 }, { 2, 40, 2 }, { 5, 40, 2 },
	    { 6, 48, 5 }, { 1, 36, 1 }, { 2, 36, 1 }, { 5, 32, 0 },
	    { 5, 39, 1 }, { 3, 42, 3 }, { 6, 52, 6 } };
	unsigned int i;

	for (i = 0; i < nitems(pa); i++) {
		vmm_fake_reset();
		set(MMFR0, pa[i].has);
		sysreg_init(pa[i].bits);
		CHECK_ID(pa[i].gives, (MMFR0));
	}
	/* Monitors: PMUv3, what we know of it, and the maker's own. */
	for (i = 0; i < 16; i++) {
		vmm_fake_reset();
		set(DFR0, i << 8);
		set(1, 2, i << 24);
		sysreg_init(40);
		CHECK_ID(0xf000000000 | (i == 15 ? 0 : i > 6 ? 6 : i) << 8,
		    (DFR0));
		CHECK_ID((i == 15 ? 0 : i > 6 ? 6 : i) << 24, (1, 2));
	}
	/* 4 KiB granule: without, with, with 52 bits. */
	vmm_fake_reset();
	set(MMFR0, 0xff000000);
	sysreg_init(40);
	CHECK_ID(0xff000000, (MMFR0));
	set(MMFR0, 0x10200000);
	sysreg_init(40);
	CHECK_ID(0x00100000, (MMFR0));
	/* EL0 may have AArch32, EL1 has not. */
	set(PFR0, 0x22);
	sysreg_init(40);
	CHECK_ID(0x01000012, (PFR0));
	set(PFR0, 0x11);
	sysreg_init(40);
	CHECK_ID(0x01000011, (PFR0));
	/* No floating point. */
	set(PFR0, 0xff0011);
	sysreg_init(40);
	CHECK_ID(0x01ff0011, (PFR0));
}

/* Any register may be named; no other changes. */
ATF_TC_WITHOUT_HEAD(registers);
ATF_TC_BODY(registers, tc)
{
	struct pcpu *pcpu;
	unsigned int rt;

	for (rt = 0; rt < 32; rt++) {
		vmm_fake_reset();
		pcpu = v->pcpu;
		set(ISAR0, 0x1111111111111110);
		sysreg_init(40);
		ATF_CHECK_EQ(OUTCOME_DONE, trap(ID_NAME(6, 0), true, rt));
		ATF_CHECK_EQ(rt == 31 ? 0 : 1u << rt, vmm_fake_changed(v));
		if (rt != 31)
			ATF_CHECK_EQ(0x1111111110111110, v->x[rt]);
		ATF_CHECK_EQ(pcpu, v->pcpu);
	}
}

ATF_TC_WITHOUT_HEAD(id_write);
ATF_TC_BODY(id_write, tc)
{
	unsigned int crm, op2;

	vmm_fake_reset();
	sysreg_init(40);
	for (crm = 0; crm < 16; crm++)
		for (op2 = 0; op2 < 8; op2++)
			ATF_CHECK_EQ(OUTCOME_UNDEF,
			    trap(ID_NAME(crm, op2), false, 0));
	/* The space ends with CRm 7. */
	for (crm = 8; crm < 16; crm++)
		for (op2 = 0; op2 < 8; op2++)
			ATF_CHECK_EQ(OUTCOME_UNDEF,
			    trap(ID_NAME(crm, op2), true, 0));
	ATF_CHECK_EQ(0, vmm_fake_changed(v));
}

ATF_TC_WITHOUT_HEAD(sgi);
ATF_TC_BODY(sgi, tc)
{
	static const struct {
		unsigned int	crm, op2;
		const char	*name;
	} regs[] = { { 11, 5, "sgi1r" }, { 11, 6, "sgi0r" },
	    { 11, 7, "sgi0r" }, { 11, 1, "dir" } };
	unsigned int i, rt;
	uint32_t name;

	for (i = 0; i < nitems(regs); i++) {
		name = SYS_REG(3, 0, 12, regs[i].crm, regs[i].op2);
		for (rt = 0; rt < 32; rt++) {
			vmm_fake_reset();
			ATF_CHECK_EQ(OUTCOME_DONE, trap(name, false, rt));
			ATF_CHECK_EQ(1, vmm_fake.gic_calls);
			ATF_CHECK_STREQ(regs[i].name, vmm_fake.gic);
			ATF_CHECK_EQ(&v->gic, vmm_fake.gic_self);
			ATF_CHECK_EQ(rt == 31 ? 0 : v->x[rt],
			    vmm_fake.gic_value);
			ATF_CHECK_EQ(0, vmm_fake_changed(v));
		}
		/* They are write-only, and a GICv2 has none. */
		vmm_fake_reset();
		ATF_CHECK_EQ(OUTCOME_UNDEF, trap(name, true, 0));
		vmm_vm.config.gic = 2;
		ATF_CHECK_EQ(OUTCOME_UNDEF, trap(name, false, 0));
		ATF_CHECK_EQ(0, vmm_fake.gic_calls);
	}
}

#define	TVAL	SYS_REG(3, 3, 14, 2, 0)
#define	CTL	SYS_REG(3, 3, 14, 2, 1)
#define	CVAL	SYS_REG(3, 3, 14, 2, 2)

ATF_TC_WITHOUT_HEAD(timer);
ATF_TC_BODY(timer, tc)
{
	uint64_t now;

	vmm_fake_reset();
	/* A deadline far away; then one that has passed. */
	v->x[1] = ~0ull >> 1;
	v->x[2] = 1;
	ATF_CHECK_EQ(OUTCOME_DONE, trap(CVAL, false, 1));
	ATF_CHECK_EQ(OUTCOME_DONE, trap(CTL, false, 2));
	ATF_CHECK_EQ(2, vmm_fake.timer_changes);
	ATF_CHECK_EQ(2, vmm_fake.lines);
	ATF_CHECK(!vmm_fake.line);
	ATF_CHECK_EQ(MACHINE_PTIMER_INTID, vmm_fake.line_intid);
	ATF_CHECK_EQ(0, vmm_fake.line_vcpu);
	ATF_CHECK_EQ(&v->gic, vmm_fake.gic_self);
	ATF_CHECK_EQ(~0ull >> 1, vtimer_deadline(&v->ptimer));
	ATF_CHECK_EQ(OUTCOME_DONE, trap(CVAL, true, 3));
	ATF_CHECK_EQ(~0ull >> 1, v->x[3]);
	ATF_CHECK_EQ(OUTCOME_DONE, trap(CTL, true, 3));
	ATF_CHECK_EQ(1, v->x[3]);
	now = port_counter();
	v->x[1] = (uint64_t)(int64_t)-1;
	ATF_CHECK_EQ(OUTCOME_DONE, trap(TVAL, false, 1));
	ATF_CHECK(v->ptimer.cval >= now - 1);
	ATF_CHECK(v->ptimer.cval <= port_counter());
	ATF_CHECK(vmm_fake.line);
	ATF_CHECK_EQ(OUTCOME_DONE, trap(CTL, true, 3));
	ATF_CHECK_EQ(5, v->x[3]);
	ATF_CHECK_EQ(OUTCOME_DONE, trap(TVAL, true, 3));
	ATF_CHECK((int32_t)v->x[3] < 0);
	/* A new value to come takes the interrupt away. */
	v->x[1] = 0x7fffffff;
	ATF_CHECK_EQ(OUTCOME_DONE, trap(TVAL, false, 1));
	ATF_CHECK(!vmm_fake.line);
	ATF_CHECK_EQ(4, vmm_fake.timer_changes);
	/* So does masking, and XZR turns it off. */
	v->x[1] = 0;
	ATF_CHECK_EQ(OUTCOME_DONE, trap(CVAL, false, 1));
	ATF_CHECK(vmm_fake.line);
	v->x[1] = 3;
	ATF_CHECK_EQ(OUTCOME_DONE, trap(CTL, false, 1));
	ATF_CHECK(!vmm_fake.line);
	ATF_CHECK_EQ(OUTCOME_DONE, trap(CTL, false, 31));
	ATF_CHECK_EQ(VTIMER_NEVER, vtimer_deadline(&v->ptimer));
	ATF_CHECK_EQ(7, vmm_fake.lines);
	/* Another vCPU has another timer. */
	ATF_CHECK_EQ(0, vmm_vcpu[1].ptimer.cval);
}

static bool
in(uint32_t name, const uint32_t *list, size_t n)
{

	while (n-- > 0)
		if (list[n] == name)
			return (true);
	return (false);
}

/* Of the monitors; PMEVCNTR<n> and PMEVTYPER<n> besides. */
static const uint32_t pmu_regs[] = {
	SYS_REG(3, 3, 9, 12, 0), SYS_REG(3, 3, 9, 12, 1),
	SYS_REG(3, 3, 9, 12, 2), SYS_REG(3, 3, 9, 12, 3),
	SYS_REG(3, 3, 9, 12, 4), SYS_REG(3, 3, 9, 12, 5),
	SYS_REG(3, 3, 9, 12, 6), SYS_REG(3, 3, 9, 12, 7),
	SYS_REG(3, 3, 9, 13, 0), SYS_REG(3, 3, 9, 13, 1),
	SYS_REG(3, 3, 9, 13, 2), SYS_REG(3, 3, 9, 14, 0),
	SYS_REG(3, 3, 9, 14, 3), SYS_REG(3, 0, 9, 14, 1),
	SYS_REG(3, 0, 9, 14, 2), SYS_REG(3, 0, 9, 14, 6),
};

static const uint32_t debug_regs[] = {
	SYS_REG(2, 0, 0, 0, 2),			/* OSDTRRX_EL1 */
	SYS_REG(2, 0, 0, 2, 0),			/* MDCCINT_EL1 */
	SYS_REG(2, 0, 0, 2, 2),			/* MDSCR_EL1 */
	SYS_REG(2, 0, 0, 3, 2),			/* OSDTRTX_EL1 */
	SYS_REG(2, 0, 0, 6, 2),			/* OSECCR_EL1 */
	SYS_REG(2, 0, 1, 0, 0),			/* MDRAR_EL1 */
	SYS_REG(2, 0, 1, 0, 4),			/* OSLAR_EL1 */
	SYS_REG(2, 0, 1, 1, 4),			/* OSLSR_EL1 */
	SYS_REG(2, 0, 7, 8, 6),			/* DBGCLAIMSET_EL1 */
	SYS_REG(2, 0, 7, 9, 6),			/* DBGCLAIMCLR_EL1 */
	SYS_REG(2, 0, 7, 14, 6),		/* DBGAUTHSTATUS_EL1 */
	SYS_REG(2, 3, 0, 1, 0),			/* MDCCSR_EL0 */
	SYS_REG(2, 3, 0, 4, 0),			/* DBGDTR_EL0 */
	SYS_REG(2, 3, 0, 5, 0),			/* DBGDTRTX_EL0 */
};

/* RAZ/WI, with reasons in sysreg.c. */
static const uint32_t zero_regs[] = {
	SYS_REG(3, 0, 1, 0, 1),			/* ACTLR_EL1 */
	SYS_REG(2, 0, 1, 3, 4),			/* OSDLR_EL1 */
	SYS_REG(2, 0, 1, 4, 4),			/* DBGPRCR_EL1 */
};

static const uint32_t set_way[] = {
	SYS_REG(1, 0, 7, 6, 2), SYS_REG(1, 0, 7, 10, 2),
	SYS_REG(1, 0, 7, 14, 2),
};

/*
 * Every encoding there is, read and written: it does what its list says,
 * and undefined is what is on none. 2 x 65,536 accesses.
 */
ATF_TC_WITHOUT_HEAD(all);
ATF_TC_BODY(all, tc)
{
	unsigned int op0, op1, crn, crm, op2, read, expect;
	outcome_t o;

	vmm_fake_reset();
	set(DFR0, 0x10305106);
	sysreg_init(40);
	for (op0 = 0; op0 < 4; op0++)
	for (op1 = 0; op1 < 8; op1++)
	for (crn = 0; crn < 16; crn++)
	for (crm = 0; crm < 16; crm++)
	for (op2 = 0; op2 < 8; op2++)
	for (read = 0; read < 2; read++) {
		uint32_t name = SYS_REG(op0, op1, crn, crm, op2);
		bool pmu = in(name, pmu_regs, nitems(pmu_regs)) ||
		    (op0 == 3 && op1 == 3 && crn == 14 && crm >= 8);
		bool debug = in(name, debug_regs, nitems(debug_regs)) ||
		    (op0 == 2 && op1 == 0 && crn == 0 && op2 >= 4);
		bool pauth = op0 == 3 && op1 == 0 && crn == 2 && crm > 0 &&
		    op2 < (crm == 3 ? 2 : crm < 3 ? 4 : 0);

		vmm_fake_reset();
		o = trap(name, read, 0);
		if (pmu || debug || pauth)
			expect = OUTCOME_RETRY;
		else if (in(name, zero_regs, nitems(zero_regs)))
			expect = OUTCOME_DONE;
		else if (in(name, set_way, nitems(set_way)))
			expect = read ? OUTCOME_UNDEF : OUTCOME_DONE;
		else if (name == CTL || name == CVAL || name == TVAL)
			expect = OUTCOME_DONE;
		else if (op0 == 3 && op1 == 0 && crn == 0 && crm < 8)
			expect = read ? OUTCOME_DONE : OUTCOME_UNDEF;
		else if (op0 == 3 && op1 == 0 && crn == 12 && crm == 11 &&
		    (op2 == 1 || op2 >= 5))
			expect = read ? OUTCOME_UNDEF : OUTCOME_DONE;
		else
			expect = OUTCOME_UNDEF;
		ATF_CHECK_EQ_MSG((outcome_t)expect, o,
		    "%s S%u_%u_C%u_C%u_%u: %d", read ? "read" : "write", op0,
		    op1, crn, crm, op2, o);
		ATF_CHECK_EQ(pmu, vcpu_fake.pmu);
		ATF_CHECK_EQ(debug, vcpu_fake.debug);
		ATF_CHECK_EQ(pauth, vcpu_fake.pauth);
		/* A register changes by a read that is done, and not else. */
		ATF_CHECK_EQ(read && expect == OUTCOME_DONE ? 1 : 0,
		    vmm_fake_changed(v));
	}
}

ATF_TC_WITHOUT_HEAD(zero);
ATF_TC_BODY(zero, tc)
{
	unsigned int i;

	for (i = 0; i < nitems(zero_regs); i++) {
		vmm_fake_reset();
		ATF_CHECK_EQ(OUTCOME_DONE, trap(zero_regs[i], true, 20));
		ATF_CHECK_EQ(0, v->x[20]);
		ATF_CHECK_EQ(1u << 20, vmm_fake_changed(v));
		ATF_CHECK_EQ(OUTCOME_DONE, trap(zero_regs[i], false, 3));
		ATF_CHECK_EQ(1u << 20, vmm_fake_changed(v));
		ATF_CHECK_EQ(0, vcpu_fake.debug);
	}
}

/* A guest that is told of no monitors has none. */
ATF_TC_WITHOUT_HEAD(no_pmu);
ATF_TC_BODY(no_pmu, tc)
{
	unsigned int i;

	vmm_fake_reset();
	set(DFR0, 0x10305f06);
	sysreg_init(40);
	for (i = 0; i < nitems(pmu_regs); i++)
		ATF_CHECK_EQ(OUTCOME_UNDEF, trap(pmu_regs[i], true, 0));
	ATF_CHECK_EQ(OUTCOME_UNDEF, trap(SYS_REG(3, 3, 14, 15, 7), false, 0));
	ATF_CHECK_EQ(0, vcpu_fake.pmu);
}

/* A sweep over sets and ways, up or down, cleans memory once a level. */
ATF_TC_WITHOUT_HEAD(caches);
ATF_TC_BODY(caches, tc)
{
	unsigned int i, level;
	int set_, way;

	for (i = 0; i < nitems(set_way); i++) {
		vmm_fake_reset();
		for (level = 0; level < 2; level++) {
			for (way = 1; way >= 0; way--) {
				for (set_ = 255; set_ >= 0; set_--) {
					v->x[0] = (uint64_t)way << 31 |
					    (unsigned int)set_ << 6 |
					    level << 1;
					ATF_CHECK_EQ(OUTCOME_DONE,
					    trap(set_way[i], false, 0));
				}
			}
			ATF_CHECK_EQ(level + 1, vmm_fake.cleans);
		}
		ATF_CHECK_EQ(OUTCOME_DONE, trap(set_way[i], false, 31));
		ATF_CHECK_EQ(3, vmm_fake.cleans);
		ATF_CHECK_EQ(OUTCOME_UNDEF, trap(set_way[i], true, 0));
		/* In pieces: again and again, and only then past it. */
		vmm_fake.pieces = 2;
		for (way = 2; way >= 0; way--)
			ATF_CHECK_EQ(way ? OUTCOME_RETRY : OUTCOME_DONE,
			    trap(set_way[i], false, 31));
	}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, cortex_a72);
	ATF_TP_ADD_TC(tp, from_the_future);
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, registers);
	ATF_TP_ADD_TC(tp, id_write);
	ATF_TP_ADD_TC(tp, sgi);
	ATF_TP_ADD_TC(tp, timer);
	ATF_TP_ADD_TC(tp, all);
	ATF_TP_ADD_TC(tp, zero);
	ATF_TP_ADD_TC(tp, no_pmu);
	ATF_TP_ADD_TC(tp, caches);
	return (atf_no_error());
}
