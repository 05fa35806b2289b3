/*
 * sysregs: identification registers (DDI 0487, D19), and whether the CPU
 * has what they say and no more.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	EC_UNKNOWN	0x00		/* UNDEFINED instruction */

static uint64_t
field(uint64_t reg, unsigned int at)
{

	return (reg >> at & 0xf);
}

/* ---- identification -------------------------------------------------- */

/* D19.3.1: what is not allocated there reads as zero, it never traps. */
static void
id_space(void)
{
	unsigned int m, op2;
	uint64_t v;

	for (m = 1; m < 8; m++)
		for (op2 = 0; op2 < 8; op2++)
			if (probe_read(SYSREG(3, 0, 0, m, op2), &v).taken) {
				print("CRm %u op2 %u\n", m, op2);
				CHECK(!"an ID register is UNDEFINED");
			}
}

static void
id_read_only(void)
{
	struct trap t = probe_write(SYSREG(3, 0, 0, 4, 0), 0);

	CHECK(t.taken);
	CHECK_EQ(ESR_EC(t.esr), EC_UNKNOWN);
}

static void
midr(void)
{
	uint64_t v = read_sysreg(midr_el1), at;

	CHECK(v != 0);
	CHECK_EQ(field(v, 16), 0xf);		/* by ID registers */
	CHECK(!probe_read(SYSREG(3, 0, 0, 0, 6), &at).taken);	/* REVIDR */
	CHECK(!probe_read(SYSREG(3, 1, 0, 0, 7), &at).taken);	/* AIDR */
}

static volatile uint64_t mpidr_of[8];
static volatile uint32_t told[8];

static void
tell_mpidr(void *unused)
{

	(void)unused;
	mpidr_of[cpu_index()] = read_sysreg(mpidr_el1);
	publish(&told[cpu_index()], 1);
}

static void
mpidr(void)
{
	unsigned int i;

	for (i = 0; i < machine.ncpus; i++) {
		if (i == 0)
			tell_mpidr(NULL);
		else
			REQUIRE(smp_on(i, tell_mpidr, NULL) == 0);
		CHECK(wait_for(&told[i], 1));
		CHECK_EQ(mpidr_of[i] & 0xff00fffffful, machine.mpidr[i]);
		CHECK_EQ(mpidr_of[i] >> 31 & 1, 1);	/* RES1 */
	}
}

static void
levels(void)
{
	uint64_t v = read_sysreg(id_aa64pfr0_el1);

	CHECK_EQ(read_sysreg(currentel), 1 << 2);
	CHECK(field(v, 0) >= 1);		/* EL0 and EL1 in AArch64 */
	CHECK(field(v, 4) >= 1);
}

/* A guest is offered no EL2 to virtualize with, and no EL3. */
static void
no_levels_above(void)
{
	uint64_t v = read_sysreg(id_aa64pfr0_el1);

	CHECK_EQ(field(v, 8), 0);
	CHECK_EQ(field(v, 12), 0);
}

static void
cache_geometry(void)
{
	uint64_t ctr = read_sysreg(ctr_el0), clidr = read_sysreg(clidr_el1);
	uint64_t v;
	unsigned int i;

	CHECK(field(ctr, 0) >= 2 && field(ctr, 0) <= 9);
	CHECK(field(ctr, 16) >= 2 && field(ctr, 16) <= 9);
	for (i = 0; i < 7 && (clidr >> 3 * i & 7) != 0; i++) {
		write_sysreg(csselr_el1, i << 1);
		isb();
		CHECK_EQ(read_sysreg(csselr_el1), i << 1);
		CHECK(!probe_read(SYSREG(3, 1, 0, 0, 0), &v).taken);
	}
	write_sysreg(csselr_el1, 0);
}

static void
dc_zva(void)
{
	uint64_t v = read_sysreg(dczid_el0);
	static uint8_t area[4096] __attribute__((aligned(4096)));
	unsigned int i, size = 4u << (v & 0xf), dirty = 0;

	if (v & 1 << 4) {
		CHECK(!machine.apiary);
		case_skip("DC ZVA is prohibited here");
	}
	REQUIRE(size <= 2048);
	memset(area, 0xee, sizeof(area));
	__asm__ volatile("dc zva, %0" : : "r" (area + size) : "memory");
	for (i = 0; i < size; i++)
		dirty += area[size + i] != 0;
	CHECK_EQ(dirty, 0);
	CHECK_EQ(area[size - 1], 0xee);
	CHECK_EQ(area[2 * size], 0xee);
}

/* ---- features: the ID register and the instruction agree ------------- */

static void
agrees(const char *what, bool says, bool works)
{

	if (says == works)
		return;
	print("%s: the ID register says %s, the CPU %s\n", what,
	    says ? "yes" : "no", works ? "has it" : "has not");
	CHECK(!"what is said is not what is");
}

static bool
reads(uint32_t reg)
{
	uint64_t v;

	return (!probe_read(reg, &v).taken);
}

static bool
works(uint32_t insn)
{
	uint64_t x[2] = { 0, (uint64_t)x };

	return (!probe_insn(insn, x).taken);
}

static void
sve_agrees(void)
{
	uint64_t cpacr = read_sysreg(cpacr_el1);

	write_sysreg(cpacr_el1, cpacr | 3ul << 16);	/* ZEN */
	isb();
	agrees("SVE", field(read_sysreg(id_aa64pfr0_el1), 32) != 0,
	    works(0x04bf5020));			/* rdvl x0, #1 */
	write_sysreg(cpacr_el1, cpacr);
	isb();
}

static void
sme_agrees(void)
{
	uint64_t v = 0, cpacr = read_sysreg(cpacr_el1);

	probe_read(SYSREG(3, 0, 0, 4, 1), &v);	/* ID_AA64PFR1_EL1 */
	write_sysreg(cpacr_el1, cpacr | 3ul << 24);	/* SMEN */
	isb();
	agrees("SME", field(v, 24) != 0, reads(SYSREG(3, 3, 4, 2, 2)));
	write_sysreg(cpacr_el1, cpacr);
	isb();
}

static void
mte_agrees(void)
{
	uint64_t v = 0;

	probe_read(SYSREG(3, 0, 0, 4, 1), &v);
	agrees("MTE", field(v, 8) >= 2, reads(SYSREG(3, 0, 1, 0, 6)));
}

static void
pauth_agrees(void)
{
	uint64_t v = read_sysreg(id_aa64isar1_el1), v2 = 0;
	bool says;

	probe_read(SYSREG(3, 0, 0, 6, 2), &v2);		/* ISAR2: APA3 */
	says = field(v, 4) != 0 || field(v, 8) != 0 || field(v2, 12) != 0;
	agrees("PAuth", says, reads(SYSREG(3, 0, 2, 1, 0)));
}

static void
pan_agrees(void)
{
	bool has = works(0xd500409f);		/* msr pan, #0 */

	agrees("PAN", field(read_sysreg(id_aa64mmfr1_el1), 20) != 0, has);
}

static void
lse_agrees(void)
{

	/* ldadd x0, x0, [x1] */
	agrees("LSE", field(read_sysreg(id_aa64isar0_el1), 20) != 0,
	    works(0xf8200020));
}

static void
rndr_agrees(void)
{

	agrees("RNDR", field(read_sysreg(id_aa64isar0_el1), 60) != 0,
	    reads(SYSREG(3, 3, 2, 4, 0)));
}

static void
ras_agrees(void)
{

	agrees("RAS", field(read_sysreg(id_aa64pfr0_el1), 28) != 0,
	    reads(SYSREG(3, 0, 5, 3, 0)));	/* ERRIDR_EL1 */
}

static void
amu_agrees(void)
{

	agrees("AMU", field(read_sysreg(id_aa64pfr0_el1), 44) != 0,
	    reads(SYSREG(3, 3, 13, 2, 1)));	/* AMCFGR_EL0 */
}

static void
spe_agrees(void)
{

	agrees("SPE", field(read_sysreg(id_aa64dfr0_el1), 32) != 0,
	    reads(SYSREG(3, 0, 9, 10, 7)));	/* PMBIDR_EL1 */
}

static void
lor_agrees(void)
{

	agrees("LORegions", field(read_sysreg(id_aa64mmfr1_el1), 16) != 0,
	    reads(SYSREG(3, 0, 10, 4, 7)));	/* LORID_EL1 */
}

static void
pmu_agrees(void)
{
	uint64_t v = field(read_sysreg(id_aa64dfr0_el1), 8);

	agrees("PMU", v != 0 && v != 0xf, reads(SYSREG(3, 3, 9, 12, 0)));
}

static void
gic_agrees(void)
{

	agrees("GIC system registers",
	    field(read_sysreg(id_aa64pfr0_el1), 24) != 0,
	    reads(SYSREG(3, 0, 12, 12, 5)));	/* ICC_SRE_EL1 */
	CHECK_EQ(machine.gic == 3,
	    field(read_sysreg(id_aa64pfr0_el1), 24) != 0);
}

const char guest_name[] = "sysregs";
const struct guest_case guest_cases[] = {
	{ "id_space", id_space, 0, 0 },
	{ "id_read_only", id_read_only, 0, 0 },
	{ "midr", midr, 0, 0 },
	{ "mpidr", mpidr, 0, 0 },
	{ "levels", levels, 0, 0 },
	{ "no_levels_above", no_levels_above, 0, NEED_APIARY },
	{ "cache_geometry", cache_geometry, 0, 0 },
	{ "dc_zva", dc_zva, 0, 0 },
	{ "sve_agrees", sve_agrees, 0, 0 },
	{ "sme_agrees", sme_agrees, 0, 0 },
	{ "mte_agrees", mte_agrees, 0, 0 },
	{ "pauth_agrees", pauth_agrees, 0, 0 },
	{ "pan_agrees", pan_agrees, 0, 0 },
	{ "lse_agrees", lse_agrees, 0, 0 },
	{ "rndr_agrees", rndr_agrees, 0, 0 },
	{ "ras_agrees", ras_agrees, 0, 0 },
	{ "amu_agrees", amu_agrees, 0, 0 },
	{ "spe_agrees", spe_agrees, 0, 0 },
	{ "lor_agrees", lor_agrees, 0, 0 },
	{ "pmu_agrees", pmu_agrees, 0, 0 },
	{ "gic_agrees", gic_agrees, 0, 0 },
	{ NULL, NULL, 0, 0 }
};
