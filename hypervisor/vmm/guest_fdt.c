/*
 * The device tree of a guest; see guest_fdt.h. Names, phandles and order of
 * cells are those of QEMU's "virt" machine, which kernels made for it may
 * have learnt by heart.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/guest_fdt.h"
#include "lib/dtw.h"
#include "lib/print.h"
#include "lib/string.h"

#define	PHANDLE_CLOCK	0x8000
#define	PHANDLE_GIC	0x8002

/* Interrupt specifiers (Linux bindings, arm,gic.yaml). */
#define	IRQ_SPI		0
#define	IRQ_PPI		1
#define	IRQ_EDGE_RISING	1
#define	IRQ_LEVEL_HIGH	4

/* Node names with a unit address; the fixed part of the tree, less names. */
#define	NODE_NAME	64
#define	FIXED_BYTES	2560

/* Runs once for each VM: small is better than fast. */
#define	SMALL	__attribute__((cold, noinline))

static SMALL void
begin_at(struct dtw *t, const char *name, unsigned int len, uint64_t address)
{
	char buf[NODE_NAME];

	print_buf(buf, sizeof(buf), "%.*s@%llx", (int)len, name,
	    (unsigned long long)address);
	dtw_begin(t, buf);
}

/* The ending NUL belongs to the value; a list has one after each. */
#define	STRING(t, name, s)	dtw_bytes(t, name, "" s, sizeof(s))

#define	CELLS(t, name, ...)	do {					\
	const uint32_t v_[] = { __VA_ARGS__ };				\
									\
	dtw_cells(t, name, v_, nitems(v_));				\
} while (0)

/* A number of two cells. */
#define	WORD(x)	(uint32_t)((uint64_t)(x) >> 32), (uint32_t)(x)

static SMALL void
flag(struct dtw *t, const char *name)
{

	dtw_bytes(t, name, "", 0);
}

static SMALL void
chosen(struct dtw *t, const struct guest_fdt *g)
{

	dtw_begin(t, "chosen");
	STRING(t, "stdout-path", "/pl011@9000000");
	if (g->bootargs[0] != '\0')
		dtw_bytes(t, "bootargs", g->bootargs, strlen(g->bootargs) + 1);
	if (g->initrd_size != 0) {
		CELLS(t, "linux,initrd-start", WORD(g->initrd.v));
		CELLS(t, "linux,initrd-end", WORD(g->initrd.v +
		    g->initrd_size));
	}
	dtw_end(t);
}

static SMALL void
cpus(struct dtw *t, unsigned int n)
{
	unsigned int i;

	dtw_begin(t, "cpus");
	CELLS(t, "#address-cells", 1);
	CELLS(t, "#size-cells", 0);
	for (i = 0; i < n; i++) {
		begin_at(t, "cpu", 3, i);
		STRING(t, "device_type", "cpu");
		STRING(t, "compatible", "arm,armv8");
		CELLS(t, "reg", i);
		STRING(t, "enable-method", "psci");
		dtw_end(t);
	}
	dtw_end(t);
}

/* PSCI 1.x, and 0.1 with the numbers it was late to fix (DEN 0022). */
static SMALL void
psci(struct dtw *t)
{

	dtw_begin(t, "psci");
	STRING(t, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
	STRING(t, "method", "hvc");
	CELLS(t, "cpu_suspend", 0xc4000001);
	CELLS(t, "cpu_off", 0x84000002);
	CELLS(t, "cpu_on", 0xc4000003);
	CELLS(t, "migrate", 0xc4000005);
	dtw_end(t);
}

static SMALL void
gic(struct dtw *t, const struct vm_config *c)
{

	dtw_begin(t, "intc@8000000");
	if (c->gic == 3) {
		STRING(t, "compatible", "arm,gic-v3");
		CELLS(t, "#redistributor-regions", 1);
		CELLS(t, "reg", WORD(MACHINE_GICD_BASE),
		    WORD(MACHINE_GICD_SIZE), WORD(MACHINE_GICR_BASE),
		    WORD((uint64_t)MACHINE_GICR_STRIDE * c->nvcpus));
	} else {
		STRING(t, "compatible", "arm,cortex-a15-gic");
		CELLS(t, "reg", WORD(MACHINE_GICD_BASE),
		    WORD(MACHINE_GICD_SIZE), WORD(MACHINE_GICC_BASE),
		    WORD(MACHINE_GICC_SIZE));
	}
	flag(t, "interrupt-controller");
	CELLS(t, "#interrupt-cells", 3);
	CELLS(t, "#address-cells", 2);
	CELLS(t, "#size-cells", 2);
	flag(t, "ranges");
	CELLS(t, "phandle", PHANDLE_GIC);
	dtw_end(t);
}

static SMALL void
timer(struct dtw *t, const struct vm_config *c, bool pmu)
{
	/* The CPUs of a private interrupt, in GICv2's binding. */
	uint32_t flags = IRQ_LEVEL_HIGH | (c->gic == 2 ?
	    ((1u << c->nvcpus) - 1) << 8 : 0);

	dtw_begin(t, "timer");
	STRING(t, "compatible", "arm,armv8-timer\0arm,armv7-timer");
	flag(t, "always-on");
	/* Secure, physical, virtual, hypervisor. */
	CELLS(t, "interrupts", IRQ_PPI, 13, flags,
	    IRQ_PPI, MACHINE_PTIMER_INTID - 16, flags,
	    IRQ_PPI, MACHINE_VTIMER_INTID - 16, flags,
	    IRQ_PPI, 10, flags);
	dtw_end(t);
	if (!pmu)
		return;
	dtw_begin(t, "pmu");
	STRING(t, "compatible", "arm,armv8-pmuv3");
	CELLS(t, "interrupts", IRQ_PPI, MACHINE_PMU_INTID - 16, flags);
	dtw_end(t);
}

static SMALL void
devices(struct dtw *t)
{

	dtw_begin(t, "apb-pclk");
	STRING(t, "compatible", "fixed-clock");
	CELLS(t, "#clock-cells", 0);
	CELLS(t, "clock-frequency", MACHINE_UART_CLOCK);
	STRING(t, "clock-output-names", "clk24mhz");
	CELLS(t, "phandle", PHANDLE_CLOCK);
	dtw_end(t);
	dtw_begin(t, "pl011@9000000");
	STRING(t, "compatible", "arm,pl011\0arm,primecell");
	CELLS(t, "reg", WORD(MACHINE_UART_BASE), WORD(MACHINE_UART_SIZE));
	CELLS(t, "interrupts", IRQ_SPI, MACHINE_UART_INTID - 32,
	    IRQ_LEVEL_HIGH);
	CELLS(t, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
	STRING(t, "clock-names", "uartclk\0apb_pclk");
	dtw_end(t);
	dtw_begin(t, "pl031@9010000");
	STRING(t, "compatible", "arm,pl031\0arm,primecell");
	CELLS(t, "reg", WORD(MACHINE_RTC_BASE), WORD(MACHINE_RTC_SIZE));
	CELLS(t, "interrupts", IRQ_SPI, MACHINE_RTC_INTID - 32,
	    IRQ_LEVEL_HIGH);
	CELLS(t, "clocks", PHANDLE_CLOCK);
	STRING(t, "clock-names", "apb_pclk");
	dtw_end(t);
}

/* What the bundle says of passed-through devices, and no more. */
static SMALL void
passthrough(struct dtw *t, const struct guest_fdt *g)
{
	const struct vm_config *c = g->config;
	uint32_t v[VM_MAX_PASSTHROUGH * 4];
	unsigned int d, i;

	dtw_begin(t, "passthrough");
	STRING(t, "compatible", "simple-bus");
	CELLS(t, "#address-cells", 2);
	CELLS(t, "#size-cells", 2);
	flag(t, "ranges");
	for (d = 0; d < g->ndevices; d++) {
		const struct guest_fdt_device *dev = &g->devices[d];
		const char *at = memchr(dev->name, '@', dev->name_len);

		begin_at(t, dev->name, at == NULL ? dev->name_len :
		    (unsigned int)(at - dev->name),
		    c->devices[dev->reg].ipa.v);
		if (dev->compatible != NULL)
			dtw_bytes(t, "compatible", dev->compatible,
			    dev->compatible_len);
		for (i = 0; i < dev->nregs; i++)
			memcpy(v + i * 4, (const uint32_t[]){
			    WORD(c->devices[dev->reg + i].ipa.v),
			    WORD(c->devices[dev->reg + i].size) }, 16);
		dtw_cells(t, "reg", v, dev->nregs * 4u);
		for (i = 0; i < dev->nspis; i++)
			memcpy(v + i * 3, (const uint32_t[]){ IRQ_SPI,
			    c->spis[dev->spi + i].intid - 32,
			    c->spis[dev->spi + i].edge ? IRQ_EDGE_RISING :
			    IRQ_LEVEL_HIGH }, 12);
		if (dev->nspis != 0)
			dtw_cells(t, "interrupts", v, dev->nspis * 3u);
		dtw_end(t);
	}
	dtw_end(t);
}

static size_t
names_bound(const struct guest_fdt *g)
{

	return (1024 + g->config->nvcpus * 48ul + g->ndevices * 32ul);
}

size_t
guest_fdt_bound(const struct guest_fdt *g)
{
	size_t n = FIXED_BYTES + names_bound(g) + strlen(g->bootargs);
	unsigned int i;

	n += g->config->nvcpus * 144ul;
	for (i = 0; i < g->ndevices; i++)
		n += NODE_NAME + 96 + g->devices[i].compatible_len +
		    g->devices[i].nregs * 16ul + g->devices[i].nspis * 12ul;
	return (n);
}

size_t
guest_fdt_write(const struct guest_fdt *g, void *buf, size_t size)
{
	const struct vm_config *c = g->config;
	struct dtw w, *t = &w;

	dtw_start(t, buf, size, names_bound(g));
	dtw_begin(t, "");
	STRING(t, "compatible", "linux,dummy-virt");
	STRING(t, "model", "linux,dummy-virt");
	CELLS(t, "#address-cells", 2);
	CELLS(t, "#size-cells", 2);
	CELLS(t, "interrupt-parent", PHANDLE_GIC);
	chosen(t, g);
	dtw_begin(t, "memory@40000000");
	STRING(t, "device_type", "memory");
	CELLS(t, "reg", WORD(MACHINE_RAM_BASE), WORD(c->memory));
	dtw_end(t);
	cpus(t, c->nvcpus);
	psci(t);
	timer(t, c, g->pmu);
	gic(t, c);
	devices(t);
	if (g->ndevices != 0)
		passthrough(t, g);
	dtw_end(t);
	return (dtw_finish(t));
}
