/*
 * The guest's device tree, as QEMU's virt machine has it. Must not know KVM.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include <stdio.h>

#include "runner.h"

#define	GIC		1u		/* phandles */
#define	CLOCK		2u
#define	SPI		0u		/* first cell of an interrupt */
#define	PPI		1u
#define	LEVEL_HIGH	4u

static void *fdt;

static void
check(int error, const char *what)
{

	if (error != 0)
		die("device tree: %s: %s", what, fdt_strerror(error));
}

static void
begin(const char *name)
{

	check(fdt_begin_node(fdt, name), name);
}

static void
end(void)
{

	check(fdt_end_node(fdt), "end of a node");
}

static void
u32(const char *name, uint32_t value)
{

	check(fdt_property_u32(fdt, name, value), name);
}

static void
string(const char *name, const char *value)
{

	check(fdt_property_string(fdt, name, value), name);
}

static void
cells(const char *name, const uint32_t *value, unsigned int n)
{
	fdt32_t out[32];
	unsigned int i;

	for (i = 0; i < n; i++)
		out[i] = cpu_to_fdt32(value[i]);
	check(fdt_property(fdt, name, out, (int)(n * 4)), name);
}
#define	CELLS(name, ...) do {						\
	const uint32_t v[] = { __VA_ARGS__ };				\
									\
	cells((name), v, sizeof(v) / sizeof(v[0]));			\
} while (0)
#define	U64(x)	(uint32_t)((uint64_t)(x) >> 32), (uint32_t)(x)

static void
chosen(const struct machine *m)
{

	begin("chosen");
	string("bootargs", m->options->append);
	string("stdout-path", "/pl011@9000000");
	if (m->initrd != 0) {
		CELLS("linux,initrd-start", U64(m->initrd));
		CELLS("linux,initrd-end", U64(m->initrd_end));
	}
	end();
}

static void
cpus(const struct machine *m)
{
	unsigned int i;
	char name[32];

	begin("cpus");
	u32("#address-cells", 2);
	u32("#size-cells", 0);
	for (i = 0; i < m->options->vcpus; i++) {
		snprintf(name, sizeof(name), "cpu@%lx",
		    (unsigned long)m->mpidr[i]);
		begin(name);
		string("device_type", "cpu");
		string("compatible", "arm,armv8");
		string("enable-method", "psci");
		CELLS("reg", U64(m->mpidr[i]));
		end();
	}
	end();
}

static void
gic(const struct machine *m)
{

	begin("intc@8000000");
	string("compatible", m->gic == 3 ? "arm,gic-v3" :
	    "arm,cortex-a15-gic");
	u32("#interrupt-cells", 3);
	check(fdt_property(fdt, "interrupt-controller", NULL, 0), "gic");
	if (m->gic == 3)
		CELLS("reg", U64(GICD_BASE), U64(GICD_SIZE), U64(GICR_BASE),
		    U64(GICR_EACH * m->options->vcpus));
	else
		CELLS("reg", U64(GICD_BASE), U64(GICD_SIZE), U64(GICC_BASE),
		    U64(GICC_SIZE));
	u32("phandle", GIC);
	end();
}

static void
devices(const struct machine *m)
{
	/* GICv2 names the CPUs that a PPI goes to. */
	uint32_t all = m->gic == 3 ? LEVEL_HIGH :
	    ((1u << m->options->vcpus) - 1) << 8 | LEVEL_HIGH;
	static const char uart[] = "arm,pl011\0arm,primecell";
	static const char clocks[] = "uartclk\0apb_pclk";

	begin("timer");
	string("compatible", "arm,armv8-timer");
	check(fdt_property(fdt, "always-on", NULL, 0), "timer");
	CELLS("interrupts", PPI, TIMER_SECURE, all, PPI, TIMER_PHYSICAL, all,
	    PPI, TIMER_VIRTUAL, all, PPI, TIMER_HYP, all);
	end();
	if (m->options->pmu) {
		begin("pmu");
		string("compatible", "arm,armv8-pmuv3");
		CELLS("interrupts", PPI, PMU_PPI, all);
		end();
	}
	begin("apb-pclk");
	string("compatible", "fixed-clock");
	u32("#clock-cells", 0);
	u32("clock-frequency", 24000000);
	u32("phandle", CLOCK);
	end();
	begin("pl011@9000000");
	check(fdt_property(fdt, "compatible", uart, sizeof(uart)), "uart");
	CELLS("reg", U64(UART_BASE), U64(UART_SIZE));
	CELLS("interrupts", SPI, UART_SPI, LEVEL_HIGH);
	CELLS("clocks", CLOCK, CLOCK);
	check(fdt_property(fdt, "clock-names", clocks, sizeof(clocks)), "uart");
	end();
}

void
tree_write(const struct machine *m, void *at, size_t size)
{
	static const char psci[] = "arm,psci-1.0\0arm,psci-0.2";

	fdt = at;
	check(fdt_create(fdt, (int)size), "create");
	check(fdt_finish_reservemap(fdt), "reservations");
	begin("");
	string("compatible", "linux,dummy-virt");
	u32("#address-cells", 2);
	u32("#size-cells", 2);
	u32("interrupt-parent", GIC);
	chosen(m);
	begin("memory@40000000");
	string("device_type", "memory");
	CELLS("reg", U64(RAM_BASE), U64(m->options->memory));
	end();
	cpus(m);
	begin("psci");
	check(fdt_property(fdt, "compatible", psci, sizeof(psci)), "psci");
	string("method", "hvc");
	end();
	gic(m);
	devices(m);
	end();
	check(fdt_finish(fdt), "finish");
}
