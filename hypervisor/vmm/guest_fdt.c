/*
 * The device tree of a guest; see bundle.h. Names, phandles and order of
 * cells are those of QEMU's "virt" machine, which kernels made for it may
 * have learnt by heart.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/bundle.h"
#include "lib/dtw.h"
#include "lib/print.h"
#include "lib/string.h"

#define	NODE_NAME	64
#define	FIXED_BYTES	2560		/* of the fixed part, less names */

/* As dtw_text(), with the numbers of its cells. */
#define	TEXT(t, s, ...)							\
	dtw_text(t, s, (const uint64_t[]){ __VA_ARGS__ })

/* Of name without its unit address, and as much as there is room for. */
static void
begin_at(struct dtw *t, const char *name, uint64_t address)
{
	char buf[NODE_NAME];
	int len = 0;

	while (len < NODE_NAME - 18 && name[len] != '\0' && name[len] != '@')
		len++;
	dtw_begin(t, buf, (size_t)print_buf(buf, sizeof(buf), "%.*s@%lx",
	    len, name, address));
}

static void
chosen(struct dtw *t, const struct guest_fdt *g)
{

	dtw_text(t, "chosen{stdout-path=/pl011@9000000;", NULL);
	if (g->bootargs[0] != '\0')
		dtw_bytes(t, "bootargs", g->bootargs, strlen(g->bootargs) + 1);
	if (g->initrd_size != 0)
		TEXT(t, "linux,initrd-start<&>linux,initrd-end<&>",
		    g->initrd.v, g->initrd.v + g->initrd_size);
	dtw_text(t, "}", NULL);
}

static void
cpus(struct dtw *t, unsigned int n)
{

	dtw_text(t, "cpus{#address-cells<1>#size-cells<0>", NULL);
	for (unsigned int i = 0; i < n; i++) {
		begin_at(t, "cpu", i);
		TEXT(t, "device_type=cpu;compatible=arm,armv8;reg<%>"
		    "enable-method=psci;}", i);
	}
	dtw_text(t, "}", NULL);
}

static void
gic(struct dtw *t, const struct vm_config *c)
{

	if (c->gic == 3)
		TEXT(t, "intc@8000000{compatible=arm,gic-v3;"
		    "#redistributor-regions<1>reg<& & & &>",
		    MACHINE_GICD_BASE, MACHINE_GICD_SIZE, MACHINE_GICR_BASE,
		    (uint64_t)MACHINE_GICR_STRIDE * c->nvcpus);
	else
		TEXT(t, "intc@8000000{compatible=arm,cortex-a15-gic;"
		    "reg<& & & &>", MACHINE_GICD_BASE, MACHINE_GICD_SIZE,
		    MACHINE_GICC_BASE, MACHINE_GICC_SIZE);
	dtw_text(t, "interrupt-controller;#interrupt-cells<3>"
	    "#address-cells<2>#size-cells<2>ranges;phandle<8002>}", NULL);
}

/*
 * An interrupt has three cells (Linux bindings, arm,gic.yaml): SPI 0 or PPI
 * 1, number, flags: 4 level high, 1 rising edge.
 */
static void
timer(struct dtw *t, const struct vm_config *c, bool pmu)
{
	/* The CPUs of a private interrupt, in GICv2's binding. */
	uint32_t flags = 4 | (c->gic == 2 ? ((1u << c->nvcpus) - 1) << 8 : 0);

	/* Secure, physical, virtual, hypervisor. */
	TEXT(t, "timer{compatible=arm,armv8-timer|arm,armv7-timer;always-on;"
	    "interrupts<1 d % 1 % % 1 % % 1 a %>}", flags,
	    MACHINE_PTIMER_INTID - 16, flags, MACHINE_VTIMER_INTID - 16,
	    flags, flags);
	if (pmu)
		TEXT(t, "pmu{compatible=arm,armv8-pmuv3;interrupts<1 % %>}",
		    MACHINE_PMU_INTID - 16, flags);
}

static void
devices(struct dtw *t)
{

	TEXT(t, "apb-pclk{compatible=fixed-clock;#clock-cells<0>"
	    "clock-frequency<%>clock-output-names=clk24mhz;phandle<8000>}"
	    "pl011@9000000{compatible=arm,pl011|arm,primecell;reg<& &>"
	    "interrupts<0 % 4>clocks<8000 8000>clock-names=uartclk|apb_pclk;}"
	    "pl031@9010000{compatible=arm,pl031|arm,primecell;reg<& &>"
	    "interrupts<0 % 4>clocks<8000>clock-names=apb_pclk;}",
	    MACHINE_UART_CLOCK, MACHINE_UART_BASE, MACHINE_UART_SIZE,
	    MACHINE_UART_INTID - 32, MACHINE_RTC_BASE, MACHINE_RTC_SIZE,
	    MACHINE_RTC_INTID - 32);
}

/* What the bundle says of passed-through devices, and no more. */
static void
passthrough(struct dtw *t, const struct guest_fdt *g)
{
	const struct vm_config *c = g->config;

	dtw_text(t, "passthrough{compatible=simple-bus;"
	    "#address-cells<2>#size-cells<2>ranges;", NULL);
	for (unsigned int d = 0; d < g->ndevices; d++) {
		const struct guest_fdt_device *dev = &g->devices[d];

		begin_at(t, dev->name, dev->nregs != 0 ?
		    c->devices[dev->reg].ipa.v : c->spis[dev->spi].intid);
		if (dev->compatible.data != NULL)
			dtw_bytes(t, "compatible", dev->compatible.data,
			    dev->compatible.len);
		if (dev->nregs != 0)
			dtw_text(t, "reg<", NULL);
		for (unsigned int i = dev->reg; i < dev->reg + dev->nregs; i++)
			TEXT(t, "& & ", c->devices[i].ipa.v,
			    c->devices[i].size);
		if (dev->nregs != 0)
			dtw_text(t, ">", NULL);
		if (dev->nspis != 0)
			dtw_text(t, "interrupts<", NULL);
		for (unsigned int i = dev->spi; i < dev->spi + dev->nspis; i++)
			TEXT(t, "0 % % ", c->spis[i].intid - 32,
			    c->spis[i].edge ? 1 : 4);
		if (dev->nspis != 0)
			dtw_text(t, ">", NULL);
		dtw_text(t, "}", NULL);
	}
	dtw_text(t, "}", NULL);
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

	if (g->config->extra.any)
		n += VM_DEVICES_FDT;
	n += g->config->nvcpus * 144ul;
	for (unsigned int i = 0; i < g->ndevices; i++)
		n += NODE_NAME + 96 + g->devices[i].compatible.len +
		    g->devices[i].nregs * 16ul + g->devices[i].nspis * 12ul;
	return (n);
}

size_t
guest_fdt_write(const struct guest_fdt *g, void *buf, size_t size)
{
	const struct vm_config *c = g->config;
	struct dtw w, *t = &w;

	dtw_start(t, buf, size, names_bound(g));
	TEXT(t, "{compatible=linux,dummy-virt;model=linux,dummy-virt;"
	    "#address-cells<2>#size-cells<2>interrupt-parent<8002>"
	    "memory@40000000{device_type=memory;reg<& &>}",
	    c->ram_base, c->memory);
	chosen(t, g);
	cpus(t, c->nvcpus);
	/* PSCI 1.x, and 0.1 with the numbers it was late to fix (DEN 0022). */
	dtw_text(t, "psci{compatible=arm,psci-1.0|arm,psci-0.2|arm,psci;"
	    "method=hvc;cpu_suspend<c4000001>cpu_off<84000002>"
	    "cpu_on<c4000003>migrate<c4000005>}", NULL);
	timer(t, c, g->pmu);
	gic(t, c);
	devices(t);
	if (g->ndevices != 0)
		passthrough(t, g);
	if (c->extra.any)
		host.devices->tree(t, c);
	dtw_text(t, "}", NULL);
	return (dtw_finish(t));
}
