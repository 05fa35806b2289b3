/*
 * What machine this is, from the device tree; and where a guest starts.
 * Must not know boards.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>

#include "abi/hypercall.h"
#include "console.h"

#define	MPIDR_MASK	0xff00fffffful

unsigned long strtoul(const char *, char **, int);
size_t	strnlen(const char *, size_t);

struct machine machine;
static uint64_t free_end;

static uint64_t
cells(const fdt32_t *p, int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 32 | fdt32_to_cpu(*p++);
	return (v);
}

/* An address on the bus below `bus` as its parents see it, up to the root. */
static bool
translate(const void *fdt, int bus, uint64_t *addr)
{

	while (bus > 0) {
		int len, i, parent = fdt_parent_offset(fdt, bus);
		int ac = fdt_address_cells(fdt, bus);
		int sc = fdt_size_cells(fdt, bus);
		int pc = fdt_address_cells(fdt, parent), each;
		const fdt32_t *r = fdt_getprop(fdt, bus, "ranges", &len);

		if (r == NULL || ac < 0 || sc < 0 || pc < 0)
			return (false);
		each = ac + pc + sc;
		for (i = 0; i + each <= len / 4; i += each) {
			uint64_t child = cells(&r[i], ac);

			if (*addr - child < cells(&r[i + ac + pc], sc)) {
				*addr += cells(&r[i + ac], pc) - child;
				break;
			}
		}
		if (len != 0 && i + each > len / 4)
			return (false);
		bus = parent;
	}
	return (true);
}

/* Entry i of a node's reg, translated. */
static bool
reg(const void *fdt, int node, int i, uint64_t *base, uint64_t *size)
{
	int len, parent = fdt_parent_offset(fdt, node);
	int ac = fdt_address_cells(fdt, parent);
	int sc = fdt_size_cells(fdt, parent);
	const fdt32_t *r = fdt_getprop(fdt, node, "reg", &len);

	if (r == NULL || ac < 0 || sc < 0 || (i + 1) * (ac + sc) > len / 4)
		return (false);
	r += i * (ac + sc);
	*base = cells(r, ac);
	*size = cells(r + ac, sc);
	return (translate(fdt, parent, base));
}

/* INTID of a node's interrupt i (three cells: type, number, flags). */
static uint32_t
intid(const void *fdt, int node, int i)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "interrupts", &len);

	if (p == NULL || (i + 1) * 3 > len / 4)
		return (0);
	p += i * 3;
	return (fdt32_to_cpu(p[1]) + (fdt32_to_cpu(p[0]) == 0 ? 32 : 16));
}

static int
compatible(const void *fdt, const char *what)
{

	return (fdt_node_offset_by_compatible(fdt, -1, what));
}

static void
find_gic(const void *fdt)
{
	static const char *const v2[] = { "arm,cortex-a15-gic", "arm,gic-400",
	    "arm,cortex-a9-gic", "arm,cortex-a7-gic" };
	uint64_t size;
	int node = compatible(fdt, "arm,gic-v3");
	unsigned int i;

	if (node >= 0) {
		machine.gic = 3;
		reg(fdt, node, 0, &machine.gicd, &size);
		reg(fdt, node, 1, &machine.gicr, &machine.gicr_size);
		if ((node = compatible(fdt, "arm,gic-v3-its")) >= 0)
			reg(fdt, node, 0, &machine.its, &size);
		return;
	}
	for (i = 0; i < nitems(v2) && node < 0; i++)
		node = compatible(fdt, v2[i]);
	if (node < 0)
		return;
	machine.gic = 2;
	reg(fdt, node, 0, &machine.gicd, &size);
	reg(fdt, node, 1, &machine.gicc, &size);
}

static void
find_uart(const void *fdt)
{
	int len, node = -1, chosen = fdt_path_offset(fdt, "/chosen");
	const char *path = fdt_getprop(fdt, chosen, "stdout-path", &len);
	const fdt32_t *p;
	uint64_t base, size;

	if (path != NULL) {
		/* Options follow a colon. */
		for (len = 0; path[len] != '\0' && path[len] != ':'; len++)
			;
		node = fdt_path_offset_namelen(fdt, path, len);
	}
	if (node < 0)
		node = compatible(fdt, "arm,pl011");
	if (node < 0)
		node = compatible(fdt, "arm,sbsa-uart");
	if (node < 0)
		node = compatible(fdt, "ns16550a");
	if (node < 0 || !reg(fdt, node, 0, &base, &size))
		return;
	machine.uart_pl011 =
	    fdt_node_check_compatible(fdt, node, "arm,pl011") == 0;
	machine.uart_sbsa =
	    fdt_node_check_compatible(fdt, node, "arm,sbsa-uart") == 0;
	if (!machine.uart_pl011 && !machine.uart_sbsa &&
	    fdt_node_check_compatible(fdt, node, "ns16550a") != 0 &&
	    fdt_node_check_compatible(fdt, node, "ns16550") != 0 &&
	    fdt_node_check_compatible(fdt, node, "snps,dw-apb-uart") != 0)
		return;
	if ((p = fdt_getprop(fdt, node, "reg-shift", NULL)) != NULL)
		console_shift = fdt32_to_cpu(*p) & 7;
	if ((p = fdt_getprop(fdt, node, "reg-io-width", NULL)) != NULL)
		console_width = fdt32_to_cpu(*p);
	machine.uart_base = base;
	machine.uart_intid = intid(fdt, node, 0);
}

static void
find_cpus(const void *fdt)
{
	uint64_t boot = read_sysreg(mpidr_el1) & MPIDR_MASK;
	int node, cpus = fdt_path_offset(fdt, "/cpus");
	int ac = fdt_address_cells(fdt, cpus);

	machine.mpidr[0] = boot;
	machine.ncpus = 1;
	fdt_for_each_subnode(node, fdt, cpus) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);
		const fdt32_t *r = fdt_getprop(fdt, node, "reg", NULL);

		if (type == NULL || strcmp(type, "cpu") != 0 || r == NULL ||
		    cells(r, ac) == boot || machine.ncpus == MAX_CPUS)
			continue;
		machine.mpidr[machine.ncpus++] = cells(r, ac);
	}
}

static void
find_ram(const void *fdt)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);
		uint64_t base, size;
		int i;

		if (type == NULL || strcmp(type, "memory") != 0)
			continue;
		for (i = 0; reg(fdt, node, i, &base, &size); i++) {
			/* First of all the bank we are in. */
			if ((uint64_t)image_start - base < size) {
				machine.ram_base = base;
				machine.ram_size = size;
			}
			mmu_map(base, size, false, true);
		}
	}
}

/* Somebody's memory starts at addr: ours ends there if it lies above us. */
static void
limit(uint64_t addr)
{

	if (addr >= (uint64_t)image_end && addr < free_end)
		free_end = addr & ~(PAGE_SIZE - 1);
}

static void
find_free(const void *fdt)
{
	int len, i, node = fdt_path_offset(fdt, "/reserved-memory");
	int child, chosen = fdt_path_offset(fdt, "/chosen");
	const fdt32_t *p;
	uint64_t base, size;

	free_end = machine.ram_base + machine.ram_size;
	limit((uint64_t)fdt);
	p = fdt_getprop(fdt, chosen, "linux,initrd-start", &len);
	if (p != NULL)
		limit(cells(p, len / 4));
	for (i = 0; i < fdt_num_mem_rsv(fdt); i++)
		if (fdt_get_mem_rsv(fdt, i, &base, &size) == 0)
			limit(base);
	if (node >= 0)
		fdt_for_each_subnode(child, fdt, node)
			if (reg(fdt, child, 0, &base, &size))
				limit(base);
}

static void
ask_uid(uint64_t unused)
{
	struct smccc_result r = hvc(HC_UID, 0, 0, 0);

	(void)unused;
	machine.apiary = (uint32_t)r.x0 == HC_UID_0 &&
	    (uint32_t)r.x1 == HC_UID_1 && (uint32_t)r.x2 == HC_UID_2 &&
	    (uint32_t)r.x3 == HC_UID_3;
}

static void
machine_init(const void *fdt)
{
	int node;
	uint64_t size;
	const char *p;
	char none;

	machine.fdt = fdt;
	find_uart(fdt);
	console_init();
	find_ram(fdt);
	find_free(fdt);
	find_cpus(fdt);
	find_gic(fdt);
	if ((node = compatible(fdt, "arm,pl031")) >= 0 &&
	    reg(fdt, node, 0, &machine.rtc_base, &size))
		machine.rtc_intid = intid(fdt, node, 0);
	if ((node = compatible(fdt, "arm,pl061")) >= 0 &&
	    reg(fdt, node, 0, &machine.gpio_base, &size)) {
		machine.gpio_intid = intid(fdt, node, 0);
		mmu_map(machine.gpio_base, PAGE_SIZE, true, false);
	}
	/* Secure, non-secure, virtual, hypervisor. */
	if ((node = compatible(fdt, "arm,armv8-timer")) >= 0) {
		machine.ptimer_intid = intid(fdt, node, 1);
		machine.vtimer_intid = intid(fdt, node, 2);
	}
	if ((node = compatible(fdt, "arm,armv8-pmuv3")) >= 0)
		machine.pmu_intid = intid(fdt, node, 0);
	node = fdt_path_offset(fdt, "/psci");
	p = fdt_getprop(fdt, node, "method", NULL);
	machine.psci_smc = p != NULL && strcmp(p, "smc") == 0;
	node = fdt_path_offset(fdt, "/chosen");
	p = fdt_getprop(fdt, node, "bootargs", NULL);
	machine.bootargs = p != NULL ? p : "";
	/* With nobody at EL2, HVC may be undefined. */
	trap_catch(ask_uid, 0);
	machine.smc = machine.apiary && !machine_arg("no_el3", &none, 1);
}

bool
machine_arg(const char *key, char *buf, size_t size)
{
	const char *p = machine.bootargs;
	size_t n = strlen(key), i;

	while (*p != '\0') {
		while (*p == ' ')
			p++;
		if (memcmp(p, key, strnlen(p, n)) == 0 && strnlen(p, n) == n &&
		    (p[n] == '=' || p[n] == ' ' || p[n] == '\0')) {
			p += n + (p[n] == '=');
			for (i = 0; i + 1 < size && *p != ' ' && *p != '\0';)
				buf[i++] = *p++;
			buf[i] = '\0';
			return (true);
		}
		while (*p != ' ' && *p != '\0')
			p++;
	}
	return (false);
}

uint64_t
machine_arg_number(const char *key, uint64_t otherwise)
{
	char buf[24], *end;
	uint64_t v;

	if (!machine_arg(key, buf, sizeof(buf)))
		return (otherwise);
	v = strtoul(buf, &end, 0);
	if (*end != '\0' || end == buf) {
		print("boot argument %s=%s is no number\n", key, buf);
		power_off();
	}
	return (v);
}

uint64_t
memory_free_start(void)
{

	return (((uint64_t)image_end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
}

uint64_t
memory_free_end(void)
{

	return (free_end);
}

void *
memory_alloc(size_t bytes, size_t align)
{
	static uint64_t next;
	uint64_t at;

	if (next == 0)
		next = memory_free_start();
	at = (next + align - 1) & ~(align - 1);
	if (at > free_end || bytes > free_end - at) {
		print("no %zu bytes of RAM left\n", bytes);
		case_fail("machine.c", __LINE__, "memory_alloc");
		case_end();
	}
	next = at + ((bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
	return ((void *)at);
}

void
guest_start(uint64_t fdt)
{

	/* No console is known without the tree: nobody to tell. */
	if (fdt_check_header((void *)fdt) != 0)
		for (;;)
			wfi();
	mmu_init(fdt);
	machine_init((void *)fdt);
	gic_init();
	gic_cpu_init();
	guest_main();
	if (counter() / counter_hz() < machine_arg_number("seconds", 0))
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	power_off();
}
