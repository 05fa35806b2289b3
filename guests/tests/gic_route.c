/*
 * gic_route: which CPU a shared interrupt goes to (IHI 0048, 4.3.12; IHI
 * 0069, 12.9.22), and distributor registers read back. Must not know what
 * devices there are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic_test.h"

#define	GICD_CTLR	0x0000
#define	GICD_TYPER	0x0004
#define	GICD_IGROUPR	0x0080
#define	GICD_ISENABLER	0x0100
#define	GICD_ICENABLER	0x0180
#define	GICD_ISPENDR	0x0200
#define	GICD_ISACTIVER	0x0300
#define	GICD_IPRIORITYR	0x0400
#define	GICD_ITARGETSR	0x0800
#define	GICD_ICFGR	0x0c00
#define	GICD_IROUTER	0x6000

const char guest_name[] = "gic_route";

static uint32_t spi;
static volatile uint32_t listening[8], quit;

static void
listen(void *unused)
{

	(void)unused;
	irq_on();
	publish(&listening[cpu_index()], 1);
	/* A second each; an emulator may take long to let the other go on. */
	for (unsigned int i = 0; i < 10 && !wait_for(&quit, 1); i++)
		;
	irq_off();
}

/* CPU 1 takes interrupts; a spare SPI, edge, enabled or not, to CPU `to`. */
static void
prepare(bool enabled, unsigned int to)
{

	spi = gic_spare(4);
	log_start();
	gic_edge(spi, true);
	gic_route(spi, to);
	if (enabled)
		gic_enable(spi);
	quit = listening[1] = 0;
	if (machine.ncpus < 2)
		return;
	REQUIRE(smp_on(1, listen, NULL) == 0);
	REQUIRE(wait_for(&listening[1], 1));
}

static void
finish(void)
{

	publish(&quit, 1);
	CHECK(smp_wait_off(1));
}

static void
to_other(void)
{

	prepare(true, 1);
	gic_pend(spi);
	CHECK(log_reaches(1, 1));
	CHECK_EQ(irq_log[1].intid[0], spi);
	CHECK(take(0));
	finish();
}

static void
to_other_and_back(void)
{
	unsigned int i;

	prepare(true, 0);
	for (i = 0; i < 10; i++) {
		gic_route(spi, 1);
		gic_pend(spi);
		REQUIRE(log_reaches(1, i + 1));
		gic_route(spi, 0);
		gic_pend(spi);
		REQUIRE(take(i + 1));
	}
	finish();
}

/* Pending and disabled, the route changes: the new CPU gets it. */
static void
moved_while_disabled(void)
{

	not_in_qemu(2);
	prepare(false, 0);
	gic_pend(spi);
	gic_route(spi, 1);
	CHECK(gic_pending(spi));
	gic_enable(spi);
	CHECK(log_reaches(1, 1));
	CHECK(take(0));
	finish();
}

/* Offered to this CPU already, not acknowledged: goes to the new one. */
static void
moved_while_pending(void)
{

	not_in_qemu(2);
	prepare(true, 0);
	gic_pend(spi);
	delay_us(50);
	CHECK(read_sysreg(isr_el1) & 1u << 7);
	gic_route(spi, 1);
	CHECK(log_reaches(1, 1));
	CHECK(take(0));
	finish();
}

/* Taken here, then moved: it ends here, and the next one goes there. */
static void
moved_while_active(void)
{

	prepare(true, 0);
	gic_pend(spi);
	REQUIRE(ack_soon() == spi);
	gic_route(spi, 1);
	gic_pend(spi);
	CHECK(log_reaches(1, 0));
	CHECK(gic_active(spi));
	gic_eoi(spi);
	CHECK(log_reaches(1, 1));
	CHECK(nothing_comes());
	CHECK(!gic_active(spi));
	finish();
}

static uint32_t
target_byte(uint32_t intid)
{

	return (gic_reg(intid, GICD_ITARGETSR + (intid & ~3u)) >>
	    intid % 4 * 8 & 0xff);
}

/* To any of two: one of them gets it, once. */
static void
v2_to_both(void)
{
	uint64_t addr;

	prepare(true, 1);
	addr = machine.gicd + GICD_ITARGETSR + spi;
	__asm__ volatile("strb %w0, [%1]" : : "r" (3), "r" (addr) : "memory");
	CHECK_EQ(target_byte(spi), 3);
	irq_on();
	gic_pend(spi);
	delay_us(2000);
	irq_off();
	CHECK_EQ(logged(0) + logged(1), 1);
	finish();
}

/* To nobody: stays pending until somebody is named. */
static void
v2_to_nobody(void)
{
	uint64_t addr;

	not_in_qemu(2);
	prepare(true, 0);
	addr = machine.gicd + GICD_ITARGETSR + spi;
	__asm__ volatile("strb wzr, [%0]" : : "r" (addr) : "memory");
	CHECK_EQ(target_byte(spi), 0);
	gic_pend(spi);
	CHECK(take(0));
	CHECK_EQ(logged(1), 0);
	CHECK(gic_pending(spi));
	gic_route(spi, 0);
	CHECK(take(1));
	finish();
}

/* With one CPU, targets read as zero (IHI 0048, 4.3.12). */
static void
v2_targets(void)
{
	uint32_t cpus = (mmio_read(machine.gicd + GICD_TYPER) >> 5 & 7) + 1;
	uint32_t mine = target_byte(0), i;

	CHECK_EQ(cpus, machine.ncpus);
	spi = gic_spare(4);
	gic_route(spi, 0);
	if (cpus == 1) {
		CHECK_EQ(target_byte(spi), 0);
		return;
	}
	/* Of private interrupts: this CPU, whatever is written. */
	CHECK(mine != 0 && (mine & (mine - 1)) == 0);
	for (i = 0; i < 32; i += 4) {
		gic_reg_write(i, GICD_ITARGETSR + i, ~(mine * 0x01010101u));
		if (i < 16)
			CHECK_EQ(gic_reg(i, GICD_ITARGETSR + i),
			    mine * 0x01010101u);
	}
	CHECK_EQ(target_byte(spi), mine);
	gic_route(spi, 1);
	CHECK(target_byte(spi) != mine && target_byte(spi) != 0);
	/* CPUs there are none of cannot be targets. */
	gic_reg_write(spi, GICD_ITARGETSR + (spi & ~3u), ~0u);
	if (machine.apiary)
		CHECK_EQ(target_byte(spi), (1u << cpus) - 1);
}

static uint64_t
router(uint32_t intid)
{
	uint64_t v, addr = machine.gicd + GICD_IROUTER + 8ul * intid;

	__asm__ volatile("ldr %0, [%1]" : "=r" (v) : "r" (addr) : "memory");
	return (v);
}

static void
v3_router(void)
{
	uint32_t i, off;

	spi = gic_spare(4);
	off = GICD_IROUTER + 8 * spi;
	for (i = 0; i < machine.ncpus; i++) {
		gic_route(spi, i);
		CHECK_EQ(router(spi), machine.mpidr[i]);
		/* And in halves. */
		CHECK_EQ(gic_reg(spi, off), (uint32_t)machine.mpidr[i]);
		CHECK_EQ(gic_reg(spi, off + 4), machine.mpidr[i] >> 32);
	}
	gic_reg_write(spi, off, 0);
	CHECK_EQ(router(spi) & 0xffffff, 0);
	/* With affinity routing there are no targets. */
	gic_reg_write(spi, GICD_ITARGETSR + (spi & ~3u), ~0u);
	CHECK_EQ(target_byte(spi), 0);
}

/* To an affinity that is nobody's: pends until there is somebody. */
static void
v3_to_nobody(void)
{

	prepare(true, 0);
	gic_reg_write(spi, GICD_IROUTER + 8 * spi, 0x00090909);
	gic_pend(spi);
	CHECK(take(0));
	CHECK(gic_pending(spi));
	gic_route(spi, 0);
	CHECK(take(1));
	if (machine.ncpus > 1)
		finish();
}

/* Interrupt routing mode 1: to any one CPU. */
static void
v3_to_any(void)
{

	prepare(true, 0);
	gic_reg_write(spi, GICD_IROUTER + 8 * spi, 1u << 31);
	CHECK(router(spi) & 1u << 31);
	irq_on();
	gic_pend(spi);
	delay_us(2000);
	irq_off();
	CHECK_EQ(logged(0) + logged(1), 1);
	if (machine.ncpus > 1)
		finish();
}

/* ---- registers ------------------------------------------------------- */

/* One bit set and cleared is that one's: the neighbours stay. */
static void
enable_bits(void)
{
	uint32_t off;

	spi = gic_spare(0) / 32 * 32 - 32;
	off = spi / 8;
	gic_reg_write(spi, GICD_ISENABLER + off, 0xa5a50ff0);
	CHECK_EQ(gic_reg(spi, GICD_ISENABLER + off), 0xa5a50ff0);
	CHECK_EQ(gic_reg(spi, GICD_ICENABLER + off), 0xa5a50ff0);
	gic_reg_write(spi, GICD_ISENABLER + off, 0);
	CHECK_EQ(gic_reg(spi, GICD_ISENABLER + off), 0xa5a50ff0);
	gic_reg_write(spi, GICD_ICENABLER + off, 0x05000010);
	CHECK_EQ(gic_reg(spi, GICD_ISENABLER + off), 0xa0a50fe0);
	gic_reg_write(spi, GICD_ICENABLER + off, ~0u);
	CHECK_EQ(gic_reg(spi, GICD_ISENABLER + off), 0);
}

static void
group_bits(void)
{
	uint32_t off;

	spi = gic_spare(0) / 32 * 32 - 32;
	off = GICD_IGROUPR + spi / 8;
	if (machine.gic == 3 &&
	    (mmio_read(machine.gicd + GICD_CTLR) & 1u << 6) == 0)
		case_skip("groups are not ours: GICD_CTLR.DS is 0");
	gic_reg_write(spi, off, 0x12345678);
	if (machine.gic == 2 && gic_reg(spi, off) == 0 && !machine.apiary)
		case_skip("no groups: QEMU's GICv2 without security");
	CHECK_EQ(gic_reg(spi, off), 0x12345678);
	gic_reg_write(spi, off, ~0x12345678u);
	CHECK_EQ(gic_reg(spi, off), ~0x12345678u);
	gic_group(spi + 2, true);
	gic_group(spi + 1, false);
	CHECK_EQ(gic_reg(spi, off) & 6, 4);
}

static void
config_bits(void)
{
	uint32_t off;

	spi = gic_spare(0) / 32 * 32 - 32;
	off = GICD_ICFGR + spi / 4;
	/* The lower bit of each field is reserved. */
	gic_reg_write(spi, off, 0x82a0288a);
	CHECK_EQ(gic_reg(spi, off) & 0xaaaaaaaa, 0x82a0288a);
	gic_reg_write(spi, off, 0);
	CHECK_EQ(gic_reg(spi, off) & 0xaaaaaaaa, 0);
	/* SGIs are edges, and read-only. */
	gic_reg_write(0, GICD_ICFGR, 0);
	CHECK_EQ(gic_reg(0, GICD_ICFGR) & 0xaaaaaaaa, 0xaaaaaaaa);
}

/* Interrupts above what GICD_TYPER tells of: RAZ/WI. */
static void
beyond_the_last(void)
{
	uint32_t first = ((mmio_read(machine.gicd + GICD_TYPER) & 0x1f) + 1) *
	    32;

	not_in_qemu(3);
	if (first > 992)
		case_skip("all INTIDs are there");
	gic_reg_write(first, GICD_ISENABLER + first / 8, ~0u);
	CHECK_EQ(gic_reg(first, GICD_ISENABLER + first / 8), 0);
	gic_reg_write(first, GICD_ISPENDR + first / 8, ~0u);
	CHECK_EQ(gic_reg(first, GICD_ISPENDR + first / 8), 0);
	gic_reg_write(first, GICD_ISACTIVER + first / 8, ~0u);
	CHECK_EQ(gic_reg(first, GICD_ISACTIVER + first / 8), 0);
	gic_reg_write(first, GICD_IPRIORITYR + first, ~0u);
	CHECK_EQ(gic_reg(first, GICD_IPRIORITYR + first), 0);
	gic_reg_write(first, GICD_ICFGR + first / 4, ~0u);
	CHECK_EQ(gic_reg(first, GICD_ICFGR + first / 4), 0);
	CHECK(nothing_comes());
}

const struct guest_case guest_cases[] = {
	{ "to_other", to_other, 2, 0 },
	{ "to_other_and_back", to_other_and_back, 2, 0 },
	{ "moved_while_disabled", moved_while_disabled, 2, 0 },
	{ "moved_while_pending", moved_while_pending, 2, 0 },
	{ "moved_while_active", moved_while_active, 2, 0 },
	{ "v2_to_both", v2_to_both, 2, NEED_GICV2 },
	{ "v2_to_nobody", v2_to_nobody, 2, NEED_GICV2 },
	{ "v2_targets", v2_targets, 0, NEED_GICV2 },
	{ "v3_router", v3_router, 0, NEED_GICV3 },
	{ "v3_to_nobody", v3_to_nobody, 0, NEED_GICV3 },
	{ "v3_to_any", v3_to_any, 0, NEED_GICV3 },
	{ "enable_bits", enable_bits, 0, 0 },
	{ "group_bits", group_bits, 0, 0 },
	{ "config_bits", config_bits, 0, 0 },
	{ "beyond_the_last", beyond_the_last, 0, 0 },
	{ NULL, NULL, 0, 0 }
};
