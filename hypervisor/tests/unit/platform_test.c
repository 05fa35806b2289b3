/*
 * Discovery on whole trees: what QEMU gives, the shapes of boards, and
 * trees that are broken in one way each.
 * Over 500 lines because each tree that is refused is a case of its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "platform_trees.h"

static void *dtb;

static void
discover(const atf_tc_t *tc, const char *name)
{
	const char *broken;
	size_t size;
	int rv;

	dtb = trees_fixture(tc, name, &size);
	rv = platform_discover(&p, dtb, size, err, sizeof(err));
	ATF_REQUIRE_MSG(rv == 0, "%s: %s", name, err);
	broken = trees_check(rv, dtb, size);
	ATF_REQUIRE_MSG(broken == NULL, "%s: %s", name, broken);
}

#define	RANGE_EQ(r, b, s) do {						\
	ATF_CHECK_EQ((b), (r).base.v);					\
	ATF_CHECK_EQ((s), (r).size);					\
} while (0)
#define	RAM_EQ(i, b, s) do {						\
	ATF_CHECK_EQ((b), p.ram.e[i].base);				\
	ATF_CHECK_EQ((s), p.ram.e[i].size);				\
} while (0)

static void
qemu_virt(const atf_tc_t *tc, const char *name, unsigned int gic,
    unsigned int cpus, uint64_t ram)
{
	unsigned int i;

	discover(tc, name);
	ATF_CHECK_EQ(gic, p.gic.version);
	RANGE_EQ(p.gic.gicd, 0x8000000, 0x10000);
	if (gic == 2) {
		RANGE_EQ(p.gic.gicc, 0x8010000, 0x10000);
		RANGE_EQ(p.gic.gich, 0x8030000, 0x10000);
		RANGE_EQ(p.gic.gicv, 0x8040000, 0x10000);
		ATF_CHECK(!p.gic.maybe_spaced);
	} else {
		ATF_CHECK_EQ(1, p.gic.nr_gicr);
		RANGE_EQ(p.gic.gicr[0], 0x80a0000, 0xf60000);
		ATF_CHECK_EQ(0, p.gic.gicr_stride);
		ATF_CHECK_EQ(0, p.gic.gicv.size);
	}
	ATF_CHECK_EQ(25, p.gic.maintenance.intid);
	ATF_CHECK_EQ(cpus, p.nr_cpus);
	for (i = 0; i < cpus; i++) {
		ATF_CHECK_EQ(i, p.cpu[i].mpidr);
		ATF_CHECK(p.cpu[i].okay);
		ATF_CHECK_STREQ("arm,cortex-a72", p.cpu[i].compatible);
		if (cpus > 1)
			ATF_CHECK_EQ(PLATFORM_ENABLE_PSCI, p.cpu[i].enable);
	}
	ATF_CHECK(p.psci.present && !p.psci.hvc && !p.psci.v0_1);
	ATF_CHECK_EQ(27, p.timer.virt.intid);
	ATF_CHECK_EQ(26, p.timer.hyp.intid);
	ATF_CHECK(!p.timer.virt.edge);
	ATF_CHECK_EQ(0x9000000, p.console.desc.base.v);
	ATF_CHECK_EQ(0x1000, p.console.desc.size);
	ATF_CHECK_STREQ("arm,pl011", p.console.desc.compatible);
	ATF_CHECK_EQ(24, p.console.desc.compatible_len);
	ATF_CHECK_EQ(UART_DEFAULT, p.console.desc.reg_shift);
	ATF_CHECK_EQ(33, p.console.irq.intid);
	ATF_CHECK(!p.console.irq.edge);
	ATF_CHECK_EQ(1, p.ram.n);
	RAM_EQ(0, 0x40000000, ram);
	ATF_CHECK_EQ(ram, p.ram_total);
	ATF_CHECK_EQ(0, p.bundle_end.v);
	ATF_CHECK_STREQ("linux,dummy-virt", p.model);
	ATF_CHECK_STREQ("", p.note);
	free(dtb);
}

ATF_TC_WITHOUT_HEAD(qemu_virt);
ATF_TC_BODY(qemu_virt, tc)
{

	qemu_virt(tc, "qemu-virt-gicv2-cpu1-512M", 2, 1, 512ull << 20);
	qemu_virt(tc, "qemu-virt-gicv2-cpu8-300G", 2, 8, 300ull << 30);
	qemu_virt(tc, "qemu-virt-gicv3-cpu1-512M", 3, 1, 512ull << 20);
	qemu_virt(tc, "qemu-virt-gicv3-cpu4-512M", 3, 4, 512ull << 20);
	qemu_virt(tc, "qemu-virt-gicv3-cpu8-300G", 3, 8, 300ull << 30);
}

ATF_TC_WITHOUT_HEAD(qemu_versal);
ATF_TC_BODY(qemu_versal, tc)
{

	discover(tc, "qemu-versal");
	ATF_CHECK_EQ(3, p.gic.version);
	RANGE_EQ(p.gic.gicd, 0xf9000000, 0x10000);
	ATF_CHECK_EQ(0xf9080000, p.gic.gicr[0].base.v);
	ATF_CHECK_EQ(0xff000000, p.console.desc.base.v);
	ATF_CHECK_EQ(50, p.console.irq.intid);
	ATF_CHECK_EQ(2, p.nr_cpus);
	RAM_EQ(0, 0, 0x80000000);
	ATF_CHECK_STREQ("some CPUs have no way to be started", p.note);
	free(dtb);
}

ATF_TC_WITHOUT_HEAD(zcu102);
ATF_TC_BODY(zcu102, tc)
{

	discover(tc, "zcu102");
	ATF_CHECK_EQ(2, p.gic.version);
	RANGE_EQ(p.gic.gicd, 0xf9010000, 0x10000);
	RANGE_EQ(p.gic.gicc, 0xf9020000, 0x20000);
	RANGE_EQ(p.gic.gich, 0xf9040000, 0x20000);
	RANGE_EQ(p.gic.gicv, 0xf9060000, 0x20000);
	ATF_CHECK(p.gic.maybe_spaced);
	ATF_CHECK_STREQ("xlnx,zynqmp-uart", p.console.desc.compatible);
	ATF_CHECK_EQ(0xff000000, p.console.desc.base.v);
	ATF_CHECK_EQ(53, p.console.irq.intid);
	ATF_CHECK_EQ(0x810000000, p.bundle_start.v);
	ATF_CHECK_EQ(0x810200000, p.bundle_end.v);
	ATF_CHECK_EQ(3, p.nr_cpus);
	ATF_CHECK_EQ(0x100, p.cpu[2].mpidr);
	ATF_CHECK(p.cpu[1].okay && !p.cpu[2].okay);
	/* Two banks; each reservation is cut out in whole pages. */
	ATF_CHECK_EQ(0x100000000, p.ram_total);
	/* Two of the four share a page. */
	ATF_CHECK_EQ(3, p.reserved.n);
	ATF_REQUIRE_EQ(4, p.ram.n);
	RAM_EQ(0, 0, 0x1000000);
	RAM_EQ(1, 0x1003000, 0x3ed00000 - 0x1003000);
	RAM_EQ(2, 0x3ed41000, 0x80000000 - 0x3ed41000);
	RAM_EQ(3, 0x800001000, 0x7ffff000);
	free(dtb);
}

ATF_TC_WITHOUT_HEAD(fvp);
ATF_TC_BODY(fvp, tc)
{

	discover(tc, "fvp");
	ATF_CHECK_EQ(3, p.gic.version);
	ATF_CHECK_EQ(3, p.gic.nr_gicr);
	RANGE_EQ(p.gic.gicr[0], 0x2f100000, 0x100000);
	RANGE_EQ(p.gic.gicr[1], 0x2f300000, 0x100000);
	RANGE_EQ(p.gic.gicr[2], 0x12f500000, 0x40000);
	ATF_CHECK_EQ(0x40000, p.gic.gicr_stride);
	RANGE_EQ(p.gic.gicc, 0x2c000000, 0x2000);
	RANGE_EQ(p.gic.gich, 0x2c010000, 0x2000);
	RANGE_EQ(p.gic.gicv, 0x2c02f000, 0x2000);
	/* Three buses down, two changes of address; by its alias. */
	ATF_CHECK_EQ(0x1c090000, p.console.desc.base.v);
	ATF_CHECK_EQ(37, p.console.irq.intid);
	ATF_CHECK(p.psci.present && p.psci.hvc);
	ATF_CHECK_EQ(0x100000100, p.cpu[1].mpidr);
	ATF_CHECK_EQ(PLATFORM_ENABLE_SPIN_TABLE, p.cpu[1].enable);
	ATF_CHECK_EQ(0x8000fff8, p.cpu[1].release);
	ATF_CHECK_EQ(27, p.timer.virt.intid);
	ATF_CHECK_EQ(26, p.timer.hyp.intid);
	ATF_CHECK_EQ(2, p.ram.n);
	free(dtb);
}

ATF_TC_WITHOUT_HEAD(dw_uart);
ATF_TC_BODY(dw_uart, tc)
{

	discover(tc, "dw-uart");
	ATF_CHECK_EQ(0x11002020, p.console.desc.base.v);
	ATF_CHECK_EQ(0xe0, p.console.desc.size);
	ATF_CHECK_EQ(2, p.console.desc.reg_shift);
	ATF_CHECK_EQ(4, p.console.desc.reg_io_width);
	ATF_CHECK_EQ(38, p.console.irq.intid);
	ATF_CHECK(p.console.irq.edge);
	ATF_CHECK_STREQ("uart@11002000", p.console.path);
	ATF_CHECK(p.psci.v0_1);
	ATF_CHECK_EQ(0x95c10002, p.psci.cpu_on);
	ATF_CHECK_EQ(27, p.timer.virt.intid);
	/* Bits of MPIDR that are no affinity are dropped. */
	ATF_CHECK_EQ(3, p.cpu[0].mpidr);
	/* Banks that touch or overlap are one. */
	ATF_REQUIRE_EQ(1, p.ram.n);
	RAM_EQ(0, 0x40000000, 0x900000);
	free(dtb);
}

/* No GIC is one clear line; the console is there to print it on. */
ATF_TC_WITHOUT_HEAD(rpi3);
ATF_TC_BODY(rpi3, tc)
{
	size_t size;

	dtb = trees_fixture(tc, "rpi3", &size);
	ATF_CHECK_EQ(-1, platform_discover(&p, dtb, size, err, sizeof(err)));
	ATF_CHECK_STREQ("no supported interrupt controller: found "
	    "brcm,bcm2836-l1-intc", err);
	ATF_CHECK_EQ(0x3f201000, p.console.desc.base.v);
	ATF_CHECK_EQ(PLATFORM_ENABLE_SPIN_TABLE, p.cpu[1].enable);
	ATF_CHECK_EQ(0xe0, p.cpu[1].release);
	free(dtb);
}

ATF_TC_WITHOUT_HEAD(sbsa);
ATF_TC_BODY(sbsa, tc)
{
	size_t size;

	dtb = trees_fixture(tc, "sbsa", &size);
	ATF_CHECK_EQ(-1, platform_discover(&p, dtb, size, err, sizeof(err)));
	ATF_CHECK_STREQ("no supported interrupt controller: found none", err);
	ATF_CHECK_EQ(2, p.nr_cpus);
	ATF_CHECK_STREQ("console: /chosen has no stdout-path; some CPUs "
	    "have no way to be started", p.note);
	free(dtb);
}

/* The parts of a small machine, for trees with one thing wrong. */
#define	TREE(x)	"/dts-v1/; " ROOT(x)
#define	ROOT(x)	"/ { #address-cells = <1>; #size-cells = <1>;" \
	"interrupt-parent = <1>;" x "};"
#define	MEMORY	"memory@0 { device_type = \"memory\"; reg = <0 0x400000>; };"
#define	CPUS	"cpus { #address-cells = <1>; #size-cells = <0>;"	\
	"cpu@0 { device_type = \"cpu\"; reg = <0>; }; };"
#define	CPUS_(c) "cpus { #address-cells = <1>; #size-cells = <0>;"	\
	"cpu@0 { device_type = \"cpu\"; reg = <0>; }; "			\
	"cpu@1 { device_type = \"cpu\"; " c "}; };"
#define	GIC_(x)	"gic { compatible = \"arm,gic-v3\"; phandle = <1>;"	\
	"interrupts = <1 9 4>;" x "};"
#define	GIC	GIC_("#interrupt-cells = <3>;"				\
	"reg = <0x8000000 0x10000>, <0x80a0000 0xf60000>;")
#define	TIMER_(x) "timer { compatible = \"arm,armv8-timer\";" x "};"
#define	TIMER	TIMER_("interrupts = <1 13 4 1 14 4 1 11 4 1 10 4>;")
#define	REST	CPUS GIC TIMER

static const struct {
	const char	*tree;
	const char	*line;
} broken[] = {
	{ TREE(CPUS GIC TIMER),
	  "no supported RAM: no memory node has any" },
	{ TREE("memory { device_type = \"memory\"; reg = <0 0>; };" REST),
	  "no supported RAM: no memory node has any" },
	{ TREE("memory { device_type = \"memory\"; reg = <0 1 2>; };" REST),
	  "/memory: reg: length does not fit its cells" },
	{ TREE("memory { device_type = \"memory\"; "
	  "reg = <0xffff0000 0x20000>; };" REST), NULL },
	{ "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; m { "
	  "device_type = \"memory\"; reg = <0xffffffff 0xffff0000 0 0x20000>;"
	  "}; };", "/m: reg: beyond 52 bits" },
	{ "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; m { "
	  "device_type = \"memory\"; reg = <0x100000 0 0 0x20000>; }; };",
	  "/m: reg: beyond 52 bits" },
	{ "/dts-v1/; / { #address-cells = <0x40000000>; #size-cells = <2>; "
	  "m { device_type = \"memory\"; reg = <0 0>; }; };",
	  "/m: reg: #address-cells or #size-cells above it not supported" },
	{ TREE(MEMORY GIC TIMER), "no supported CPU: none under /cpus" },
	{ TREE(MEMORY GIC TIMER CPUS_("reg = <0>;")),
	  "/cpus/cpu@1: reg: the same as that of another CPU" },
	{ TREE(MEMORY GIC TIMER CPUS_("")), "/cpus/cpu@1: reg: missing" },
	{ TREE(MEMORY GIC TIMER CPUS_("reg = <1>; "
	  "enable-method = \"spin-table\";")),
	  "/cpus/cpu@1: cpu-release-addr: not an address of 64 bits" },
	{ TREE(MEMORY CPUS TIMER),
	  "no supported interrupt controller: found none" },
	{ TREE(MEMORY CPUS TIMER "x { phandle = <1>; compatible = \"a,b\"; };"),
	  "no supported interrupt controller: found a,b" },
	{ TREE(MEMORY CPUS TIMER GIC_("#interrupt-cells = <3>; "
	  "reg = <0 0x10000>;")),
	  "/gic: reg: fewer entries than redistributor regions" },
	{ TREE(MEMORY CPUS TIMER GIC_("#interrupt-cells = <3>; "
	  "reg = <0 0x10000>, <0x10000 0x20000>; "
	  "#redistributor-regions = <0x40000000>;")),
	  "/gic: #redistributor-regions: not 1 to 16" },
	{ TREE(MEMORY CPUS TIMER GIC_("#interrupt-cells = <3>; "
	  "reg = <0 0x10000>, <0x10000 0x20000>; "
	  "redistributor-stride = <0x1000>;")),
	  "/gic: redistributor-stride: not a multiple of 64 KiB" },
	{ TREE(MEMORY CPUS TIMER GIC_("#interrupt-cells = <1>; "
	  "reg = <0 0x10000>, <0x10000 0x20000>;")),
	  "/gic: #interrupt-cells: not 3 or 4" },
	{ TREE(MEMORY CPUS TIMER "gic { compatible = \"arm,gic-400\"; "
	  "phandle = <1>; #interrupt-cells = <3>; "
	  "reg = <0 0x1000>, <0x2000 0x2000>; };"),
	  "/gic: reg: no virtual interface (GICH, GICV)" },
	{ TREE(MEMORY CPUS GIC),
	  "no supported timer: no arm,armv8-timer with interrupts" },
	{ TREE(MEMORY CPUS GIC TIMER_("interrupts = <1 13 4>;")),
	  "no supported timer: no virtual or hypervisor timer interrupt" },
	{ TREE(MEMORY CPUS GIC TIMER_("interrupts = <1 13 4 1 14 4 1 99 4 "
	  "1 10 4>;")),
	  "no supported timer: no virtual or hypervisor timer interrupt" },
	{ TREE(MEMORY CPUS GIC TIMER_("interrupt-parent = <7>; "
	  "interrupts = <1 13 4 1 14 4 1 11 4 1 10 4>;")),
	  "no supported timer: its interrupts do not go to the GIC" },
	{ TREE(MEMORY CPUS TIMER "b { #address-cells = <1>; "
	  "#size-cells = <1>;" GIC "};"),
	  "/b/gic: reg: on a bus without ranges" },
	{ TREE(MEMORY CPUS TIMER "b { #address-cells = <1>; "
	  "#size-cells = <1>; ranges = <0 0 0x1000>;" GIC "};"),
	  "/b/gic: reg: outside the ranges of its bus" },
	{ TREE(MEMORY CPUS TIMER "b { #address-cells = <1>; "
	  "#size-cells = <1>; ranges = <0 0>;" GIC "};"),
	  "/b/gic: reg: behind ranges of a broken length" },
	{ TREE(MEMORY CPUS TIMER "b { #address-cells = <1>; "
	  "#size-cells = <9>; ranges; c { #address-cells = <1>; "
	  "#size-cells = <1>; ranges = <0 0 0xffffffff>;" GIC "}; };"), NULL },
	{ TREE("reserved-memory { #address-cells = <1>; #size-cells = <1>; "
	  "ranges; x { reg = <1>; }; };" MEMORY REST),
	  "/reserved-memory/x: reg: length does not fit its cells" },
	{ TREE("reserved-memory { #address-cells = <1>; #size-cells = <1>; "
	  "ranges; x { reg = <0 0xffffffff>; }; };" MEMORY REST),
	  "no supported RAM: all of it is reserved" },
	{ "/dts-v1/; /memreserve/ 0xffffffffffff0000 0x20000;"
	  ROOT(MEMORY REST),
	  "memory reservation: beyond 52 bits" },
	{ TREE("a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{"
	  "};};};};};};};};};};};};};};};};};};};};};};};};};" MEMORY REST),
	  "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a: nested too deep" },
};

ATF_TC_WITHOUT_HEAD(broken);
ATF_TC_BODY(broken, tc)
{
	char text[4096];
	unsigned int i;
	size_t size;
	int rv;

	(void)tc;
	for (i = 0; i < nitems(broken); i++) {
		snprintf(text, sizeof(text), "%s", broken[i].tree);
		dtb = trees_text(text, &size);
		rv = platform_discover(&p, dtb, size, err, sizeof(err));
		ATF_CHECK_MSG((rv == 0) == (broken[i].line == NULL),
		    "%u: %d %s", i, rv, rv == 0 ? "" : err);
		if (rv != 0 && broken[i].line != NULL)
			ATF_CHECK_STREQ(broken[i].line, err);
		free(dtb);
	}
}

/* Where none is named: the first that may do, and the line says why. */
static const struct {
	const char	*tree;
	uint64_t	base;
} takes[] = {
	{ TREE(MEMORY REST "u@1000 { compatible = \"arm,pl011\"; "
	  "reg = <0x1000 0x1000>; };"), 0x1000 },
	{ TREE(MEMORY REST "u@1000 { compatible = \"x\"; "
	  "reg = <0x1000 0x1000>; }; u@2000 { compatible = \"y\", "
	  "\"arm,pl011\"; reg = <0x2000 0x1000>; };"), 0x2000 },
	{ TREE(MEMORY REST "u@1000 { compatible = \"arm,pl011\"; "
	  "reg = <0x1000 0x1000>; status = \"disabled\"; }; "
	  "u@2000 { compatible = \"arm,pl011\"; reg = <0x2000 0x1000>; "
	  "bluetooth { }; }; "
	  "u@3000 { compatible = \"arm,pl011\"; reg = <0x3000 0x1000>; }; "
	  "u@4000 { compatible = \"arm,pl011\"; reg = <0x4000 0x1000>; };"),
	  0x3000 },
	{ TREE(MEMORY REST "u@2000 { compatible = \"arm,pl011\"; "
	  "reg = <0x2000 0x1000>; bluetooth { }; };"), 0 },
	{ TREE(MEMORY REST "u@2000 { compatible = \"arm,pl011\"; };"), 0 },
};

ATF_TC_WITHOUT_HEAD(any_console);
ATF_TC_BODY(any_console, tc)
{

	(void)tc;
	for (unsigned int i = 0; i < nitems(takes); i++) {
		size_t size;
		void *t = trees_text(takes[i].tree, &size);

		ATF_CHECK_EQ_MSG(0, platform_discover(&p, t, size, err,
		    sizeof(err)), "%u: %s", i, err);
		ATF_CHECK_EQ_MSG(takes[i].base, p.console.desc.base.v,
		    "%u: %#lx", i, p.console.desc.base.v);
		ATF_CHECK_STREQ("console: /chosen has no stdout-path", p.note);
		free(t);
	}
}

/* A console that is missing or odd is a remark, the machine is usable. */
static const struct {
	const char	*tree;
	const char	*note;
} consoles[] = {
	{ TREE(MEMORY REST), "console: /chosen has no stdout-path" },
	{ TREE(MEMORY REST "chosen { stdout-path = \"com1:9600\"; };"),
	  "console: stdout-path names no alias: com1" },
	{ TREE(MEMORY REST "chosen { stdout-path = \"/a/b:9600\"; };"
	  "a { }; c { #address-cells = <1>; #size-cells = <1>; ranges; "
	  "b { compatible = \"x\"; reg = <1 2>; }; };"),
	  "console: no node /a/b" },
	{ TREE(MEMORY REST "chosen { stdout-path = \"/u\"; }; u { };"),
	  "/u: compatible: missing" },
	{ TREE(MEMORY REST "chosen { stdout-path = \"/u\"; }; "
	  "u { compatible = \"x\"; };"), "/u: reg: missing" },
	{ TREE(MEMORY REST "chosen { stdout-path = \"/u\"; }; "
	  "u { compatible = \"x\"; reg = <1 2>; status = \"disabled\"; };"),
	  "/u: status: the console is disabled" },
	{ TREE(MEMORY REST "chosen { stdout-path = \"/u\"; }; "
	  "u { compatible = \"x\"; reg = <1 2>; reg-shift = <9>; };"),
	  "/u: reg-shift: above 4" },
	{ TREE(MEMORY REST "chosen { stdout-path = \"/u\"; }; "
	  "u { compatible = \"x\"; reg = <1 2>; reg-io-width = <3>; };"),
	  "/u: reg-io-width: not 1, 2 or 4" },
	/* Strings that do not end. */
	{ TREE(MEMORY REST "chosen { stdout-path = [2f 75]; }; "
	  "u { compatible = \"x\"; reg = <1 2>; };"),
	  "console: /chosen has no stdout-path" },
	{ TREE(MEMORY REST "chosen { stdout-path = \"/u\"; }; "
	  "u { compatible = [78 78 78]; reg = <1 2>; };"),
	  "/u: compatible: missing" },
	{ TREE(MEMORY REST "aliases { serial0 = [2f 75]; }; "
	  "u { compatible = \"x\"; reg = <1 2>; };"),
	  "console: /chosen has no stdout-path" },
	/* From here on there is one. */
	{ TREE(MEMORY REST "chosen { linux,initrd-start = <9>; "
	  "linux,initrd-end = <8>; stdout-path = \"/u@1\"; }; "
	  "u@1 { compatible = \"x\"; reg = <1 2>; };"),
	  "/chosen: linux,initrd-end is not above linux,initrd-start" },
	/* QEMU 7.2 gives the low half of an address. */
	{ TREE(MEMORY REST "chosen { linux,initrd-start = <0x8000000>; "
	  "linux,initrd-end = <0x8000010>; stdout-path = \"/u@1\"; }; "
	  "u@1 { compatible = \"x\"; reg = <1 2>; };"),
	  "/chosen: linux,initrd-start is not in RAM" },
	{ TREE(MEMORY REST "aliases { serial0 = \"/u\"; };"
	  "u@1 { compatible = \"x\"; reg = <1 2>; };"), "" },
};

ATF_TC_WITHOUT_HEAD(consoles);
ATF_TC_BODY(consoles, tc)
{
	unsigned int i;
	size_t size;
	int rv;

	(void)tc;
	for (i = 0; i < nitems(consoles); i++) {
		dtb = trees_text(consoles[i].tree, &size);
		rv = platform_discover(&p, dtb, size, err, sizeof(err));
		ATF_CHECK_MSG(rv == 0, "%u: %s", i, err);
		if (strncmp(p.note, consoles[i].note,
		    strlen(consoles[i].note)) != 0 ||
		    (consoles[i].note[0] == '\0' && p.note[0] != '\0'))
			atf_tc_fail_nonfatal("%u: note is %s", i, p.note);
		ATF_CHECK_EQ(i >= nitems(consoles) - 3,
		    p.console.desc.base.v != 0);
		free(dtb);
	}
}

/* Cut anywhere, with or without a header that admits it. */
ATF_TC_WITHOUT_HEAD(truncated);
ATF_TC_BODY(truncated, tc)
{
	size_t size, n;
	void *cut;
	int rv;

	dtb = trees_fixture(tc, "zcu102", &size);
	for (n = 0; n < size; n++) {
		ATF_REQUIRE((cut = malloc(n + 1)) != NULL);
		memcpy(cut, dtb, n);
		rv = platform_discover(&p, cut, n, err, sizeof(err));
		ATF_CHECK_EQ(-1, rv);
		if (n >= sizeof(struct fdt_header)) {
			ATF_CHECK_STREQ("device tree: cut short", err);
			fdt_set_totalsize(cut, (uint32_t)n);
			rv = platform_discover(&p, cut, n, err, sizeof(err));
			ATF_CHECK_EQ(-1, rv);
		}
		free(cut);
	}
	free(dtb);
	ATF_CHECK_EQ(-1, platform_discover(&p, NULL, 0, err, sizeof(err)));
}

/* Lengths and names of properties that point out of the tree. */
ATF_TC_WITHOUT_HEAD(property);
ATF_TC_BODY(property, tc)
{
	struct fdt_property *q;
	size_t size;
	int len;

	dtb = trees_fixture(tc, "zcu102", &size);
	q = fdt_get_property_w(dtb, fdt_path_offset(dtb, "/axi"),
	    "compatible", &len);
	ATF_REQUIRE(q != NULL);
	q->len = cpu_to_fdt32(0xfffffff0);
	ATF_CHECK_EQ(-1, platform_discover(&p, dtb, size, err, sizeof(err)));
	ATF_CHECK_STREQ("/axi: a property longer than the tree", err);
	q->len = cpu_to_fdt32((uint32_t)len);
	q->nameoff = cpu_to_fdt32(0x7fffffff);
	ATF_CHECK_EQ(-1, platform_discover(&p, dtb, size, err, sizeof(err)));
	ATF_CHECK_STREQ("/axi: a property without a name", err);
	free(dtb);
}

/* A machine is no device, whatever it says it is compatible with. */
ATF_TC_WITHOUT_HEAD(root_is_no_device);
ATF_TC_BODY(root_is_no_device, tc)
{
	static const char *const texts[] = {
		"/dts-v1/; / { compatible = \"arm,gic-400\";"
		"reg = <0 0x8000000 0x1000>; };",
		"/dts-v1/; / { compatible = \"arm,pl011\"; reg = <0 0 0x1000>;"
		"chosen { stdout-path = \"/\"; }; };",
	};
	size_t size;

	(void)tc;
	for (unsigned int i = 0; i < nitems(texts); i++) {
		dtb = trees_text(texts[i], &size);
		ATF_CHECK_EQ(-1, platform_discover(&p, dtb, size, err,
		    sizeof(err)));
		ATF_CHECK_EQ(0, p.console.desc.base.v);
		free(dtb);
	}
}

/* More of a thing than there is room for. */
ATF_TC_WITHOUT_HEAD(counts);
ATF_TC_BODY(counts, tc)
{
	static char text[65536];
	size_t n, size;
	unsigned int i, what;

	(void)tc;
	for (what = 0; what < 3; what++) {
		n = (size_t)sprintf(text, "/dts-v1/; / { #address-cells = <1>;"
		    "#size-cells = <1>; interrupt-parent = <1>;" GIC TIMER
		    "%s", what == 0 ? MEMORY "cpus { #address-cells = <1>; "
		    "#size-cells = <0>;" : what == 1 ? CPUS "m { device_type ="
		    "\"memory\"; reg = <" : CPUS MEMORY "reserved-memory {"
		    "#address-cells = <1>; #size-cells = <1>; ranges;");
		for (i = 0; i < 200; i++)
			n += (size_t)sprintf(text + n, what == 0 ?
			    "cpu@%x { device_type = \"cpu\"; reg = <%u>; };" :
			    what == 1 ? "%u 0x1000 " :
			    "r%u { reg = <%u 0x1000>; };", i * 0x2000,
			    what == 0 ? i : i * 0x2000 + 0x1000);
		sprintf(text + n, what == 1 ? ">; }; };" : "}; };");
		dtb = trees_text(text, &size);
		ATF_CHECK_EQ(what == 0 ? 0 : -1,
		    platform_discover(&p, dtb, size, err, sizeof(err)));
		if (what == 0) {
			ATF_CHECK_EQ(64, p.nr_cpus);
			ATF_CHECK_EQ(136, p.cpus_ignored);
			ATF_CHECK(strstr(p.note, "more than 64 CPUs") != NULL);
		} else
			ATF_CHECK_STREQ(what == 1 ?
			    "/m: reg: more than 128 ranges" :
			    "/reserved-memory/r1048576: reg: more than 128 "
			    "ranges", err);
		free(dtb);
	}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, qemu_virt);
	ATF_TP_ADD_TC(tp, qemu_versal);
	ATF_TP_ADD_TC(tp, zcu102);
	ATF_TP_ADD_TC(tp, fvp);
	ATF_TP_ADD_TC(tp, dw_uart);
	ATF_TP_ADD_TC(tp, rpi3);
	ATF_TP_ADD_TC(tp, sbsa);
	ATF_TP_ADD_TC(tp, broken);
	ATF_TP_ADD_TC(tp, any_console);
	ATF_TP_ADD_TC(tp, consoles);
	ATF_TP_ADD_TC(tp, truncated);
	ATF_TP_ADD_TC(tp, property);
	ATF_TP_ADD_TC(tp, root_is_no_device);
	ATF_TP_ADD_TC(tp, counts);
	return (atf_no_error());
}
