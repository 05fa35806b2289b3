/*
 * Functions over the life of a VM: made, started, reset, ended, and not
 * started after all; with the VM's own life (vmm/vm.c) and an SMMU in memory
 * (smmu_fake.h) that confines them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>

#include "devices/pci.h"
#include "devices/private.h"
#include "tests/unit/pci_msi_fake.h"
#include "smmu_fake.h"
#include "vmm/console.h"
#include "vmm/irq.h"
/* All other tests have stand-ins of these functions. */
#include "vmm/vm.c"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define	ECAM_PA		(SMMU_PA + 0x100000)
#define	RAM_PA		(MEM_FAKE_BASE + (1ull << 30))
#define	RAM		0x200000u
#define	RID		0x08u		/* the function, and its stream */
#define	EXPRESS		0x40u		/* its capability */

struct devices_machine devices_machine;
struct irq_private irq_private = { .vtimer = 27 };

static struct pci_vm pci;
static struct vm_config config;
static struct pcpu cpu;
static char tree[4096], said[4000];
static bool ram_taken;
static unsigned int resets;

void
log_line(const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
	strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

void
sched_add(struct vcpu *v)
{

	(void)v;
}

void
vcpu_request(struct vcpu *v, uint32_t req)
{

	(void)v;
	(void)req;
}

bool
console_vm_put(void *vm, char c)
{

	(void)vm;
	(void)c;
	return (true);
}

void
console_vm_flush(struct vm *vm)
{

	(void)vm;
}

void
console_pump(void)
{
}

void
irq_own(unsigned int intid, bool edge, void (*handler)(void))
{

	(void)intid;
	(void)edge;
	(void)handler;
}

void
irq_assign(struct vm *vm, unsigned int intid, bool edge)
{

	(void)vm;
	(void)intid;
	(void)edge;
}

const char *
owner_of_pa(pa_t pa, uint64_t size)
{

	(void)pa;
	(void)size;
	return (NULL);
}

const char *
owner_of_intid(unsigned int intid)
{

	(void)intid;
	return (NULL);
}

static bool
ram_alloc(uint64_t size, uint64_t align, pa_t *pa)
{

	(void)align;
	*pa = PA(RAM_PA);
	if (ram_taken || size != RAM)
		return (false);
	ram_taken = true;
	return (true);
}

/* Nothing reaches it any more. */
static void
ram_free(pa_t pa, uint64_t size)
{

	ATF_CHECK_EQ(RAM_PA, pa.v);
	ATF_CHECK_EQ(RAM, size);
	ATF_CHECK_EQ(0, smmu_dma(RID, MACHINE_RAM_BASE));
	ram_taken = false;
}

static int
create(struct vm *vm, char *err)
{

	vm->devices = &pci;
	memset(&pci, 0, sizeof(pci));
	return (pci_create(vm, &pci, err));
}

static void
reset(struct vm *vm)
{

	resets++;
	pci_quiesce(vm, &pci, vm->why != VM_STOP_RESET);
}

static void
map_registers(pa_t base, uint64_t size, enum pt_memory memory)
{

	(void)base;
	(void)size;
	(void)memory;
}

static void
cells(int node, const char *name, unsigned int n, const uint32_t *v)
{

	ATF_REQUIRE_EQ(0, fdt_setprop(tree, node, name, NULL, 0));
	for (unsigned int i = 0; i < n; i++)
		ATF_REQUIRE_EQ(0, fdt_appendprop_u32(tree, node, name, v[i]));
}
#define	CELLS(node, name, ...) do {					\
	const uint32_t v_[] = { __VA_ARGS__ };				\
									\
	cells(node, name, nitems(v_), v_);				\
} while (0)

static uint32_t
hw(unsigned int reg)
{
	uint32_t v;

	memcpy(&v, mem_fake_ptr(PA(ECAM_PA + (RID << 12) + reg)), 4);
	return (v);
}

static void
hw_set(unsigned int reg, uint32_t v)
{

	memcpy(mem_fake_ptr(PA(ECAM_PA + (RID << 12) + reg)), &v, 4);
}

/* A machine whose window has room for one VM's functions, and not for two. */
static void
machine(void)
{
	static const struct vm_device_ops ops = { .create = create,
	    .reset = reset };
	static const struct platform plat;
	int n;

	smmu_fake_start(IDR0_GOOD | IDR0_ST_2LEVEL, IDR1_GOOD, IDR5_GOOD);
	fdt_create_empty_tree(tree, sizeof(tree));
	CELLS(0, "#address-cells", 2);
	CELLS(0, "#size-cells", 2);
	n = fdt_add_subnode(tree, 0, "smmu");
	fdt_setprop_string(tree, n, "compatible", "arm,smmu-v3");
	CELLS(n, "phandle", 7);
	CELLS(n, "reg", 0, SMMU_PA, 0, SMMU_FRAME);
	n = fdt_add_subnode(tree, 0, "pcie");
	fdt_setprop_string(tree, n, "compatible", "pci-host-ecam-generic");
	CELLS(n, "#address-cells", 3);
	CELLS(n, "#size-cells", 2);
	CELLS(n, "reg", 0, ECAM_PA, 0, 0x100000);
	CELLS(n, "ranges", 2u << 24, 0, 0x10000000, 0, 0x10000000, 0, 0x8000);
	CELLS(n, "iommu-map", 0, 7, 0, 0x100);
	fdt_setprop_string(tree, n, "pci", "00:01.0");
	/* The function: no BAR but what memory takes for one. */
	memset(mem_fake_ptr(PA(ECAM_PA)), 0xff, 1 << 20);
	memset(mem_fake_ptr(PA(ECAM_PA + (RID << 12))), 0, PAGE_SIZE);
	hw_set(PCI_VENDOR, 0x12345678);
	hw_set(PCI_COMMAND, PCI_STATUS_CAPS);
	hw_set(PCI_CAPS, EXPRESS);
	hw_set(EXPRESS, 0x10);
	hw_set(EXPRESS + 4, 1u << 28);
	pcpu_count = 1;
	pcpus[0] = &cpu;
	cpu.online = true;
	said[0] = '\0';
	ram_taken = false;
	resets = 0;
	host = (struct host){ .pool = &pool, .ram_alloc = ram_alloc,
	    .ram_free = ram_free, .gic_version = 3, .ipa_bits = 40,
	    .devices = &ops };
	devices_machine = (struct devices_machine){ tree, &plat,
	    map_registers };
	pci_forget();
	smmu_watch(RID);
}

/* What the bundle would say. */
static bool
read_functions(void)
{
	struct tree_node root, n;
	struct tree_value v;
	char err[VM_ERR];

	config = (struct vm_config){ .name = "a", .nvcpus = 1, .cpus = {
	    VM_CPU_ANY }, .memory = RAM, .ram_base = MACHINE_RAM_BASE,
	    .gic = 3, .extra.any = true };
	ATF_REQUIRE_EQ(0, tree_open(&root, tree, sizeof(tree), err, VM_ERR));
	ATF_REQUIRE(tree_find(&root, "pcie", 4, &n));
	ATF_REQUIRE(tree_get(&n, "pci", &v));
	return (pci_read(&n, &v, &config));
}

static struct vm *
made(void)
{
	char err[VM_ERR] = "";

	ATF_REQUIRE_MSG(read_functions(), "%s", said);
	ATF_REQUIRE_MSG(vm_create(&config, err) == 0, "%s", err);
	smmu_glance();
	ATF_CHECK_EQ(RAM_PA, smmu_dma(RID, MACHINE_RAM_BASE));
	return (vm_by_index(0));
}

static enum mmio_result
configure(struct vm *vm, bool write, uint32_t reg, uint32_t *value)
{
	struct mmio m = { reg, 4, write, *value };
	unsigned int i;

	for (i = 0; vm->mmio[i].base != MACHINE_PCI_ECAM_BASE; i++)
		ATF_REQUIRE(i + 1 < vm->nmmio);
	enum mmio_result result = vm->mmio[i].access(vm->mmio[i].dev, 0, &m);
	*value = (uint32_t)m.value;
	return (result);
}

static void
stop(struct vm *vm, enum vm_stop why)
{

	vm->state = VM_STOPPING;
	vm->why = why;
	vm->running = 1;
	ATF_REQUIRE(vm_vcpu_stopped(vm));
	ATF_CHECK_EQ(0, smmu_dma(RID, MACHINE_RAM_BASE));
	ATF_CHECK_EQ(0, hw(PCI_COMMAND) & PCI_COMMAND_MASTER);
}

/* As often as you like: functions, window, RAM and stream are free again. */
CASE(not_started)
{
	static const char image[16];
	char err[VM_ERR];
	size_t before = 0;

	(void)tc;
	machine();
	for (unsigned int turn = 0; turn < 5; turn++) {
		struct vm *vm = made();

		vm->config.image.part[0] = (struct vm_image){ IPA(1ull << 39),
		    image, sizeof(image), 0 };
		vm->config.image.nparts = 1;
		ATF_CHECK_EQ(-1, vm_start(vm, err));
		ATF_CHECK_STREQ("no memory to load to", err);
		vm_destroy(vm);
		ATF_CHECK_EQ(turn + 1, resets);
		ATF_CHECK_EQ(NULL, vm_by_index(0));
		ATF_CHECK(!ram_taken);
		ATF_CHECK_EQ(0, smmu_dma(RID, MACHINE_RAM_BASE));
		/* The next one need not wait for a reset of it. */
		ATF_CHECK_EQ(0, hw(EXPRESS + 8) & 1u << 15);
		if (turn == 0)
			before = pool_available(&pool);
		ATF_CHECK_EQ(before, pool_available(&pool));
	}
	/* Nor is a window lost that was read, and then never asked for. */
	ATF_CHECK(read_functions());
	ATF_CHECK(read_functions());
	made();
}

CASE(not_made)
{
	char err[VM_ERR];

	(void)tc;
	machine();
	ATF_REQUIRE(read_functions());
	config.extra.firmware.data = "";
	ATF_CHECK_EQ(-1, vm_create(&config, err));
	ATF_CHECK_STREQ("devices: pci: not with firmware", err);
	ATF_CHECK_EQ(1, resets);
	ATF_CHECK(!ram_taken);
	/* One that does not answer when it is to have the stream. */
	ATF_REQUIRE(read_functions());
	ATF_REQUIRE_EQ(NULL, pci_unconfined(&config));
	fake_smmu.cmdq_dead = true;
	ATF_CHECK_EQ(-1, vm_create(&config, err));
	ATF_CHECK_STREQ("devices: pci: the SMMU does not answer, or has no "
	    "memory left", err);
	ATF_CHECK_EQ(2, resets);
	ATF_CHECK(!ram_taken);
}

CASE(a_reset)
{
	const uint64_t ms = CPU_FAKE_HZ / 1000;
	uint32_t v = PCI_COMMAND_MASTER;
	char err[VM_ERR];

	(void)tc;
	machine();
	struct vm *vm = made();
	ATF_REQUIRE_EQ(0, vm_start(vm, err));
	ATF_CHECK_EQ(MMIO_OK, configure(vm, true, PCI_COMMAND, &v));
	ATF_CHECK_EQ(PCI_COMMAND_MASTER, hw(PCI_COMMAND) & 0xffff);
	uint64_t then = fake_counter;
	stop(vm, VM_STOP_RESET);
	ATF_CHECK_EQ(1u << 15, hw(EXPRESS + 8) & 1u << 15);
	/* 100 ms nothing is touched, and nothing let through. */
	hw_set(PCI_COMMAND, 0xdead0000);
	fake_counter = then + 98 * ms;
	ATF_CHECK_EQ(MMIO_AGAIN, configure(vm, true, PCI_COMMAND, &v));
	ATF_CHECK_EQ(MMIO_AGAIN, configure(vm, false, PCI_VENDOR, &v));
	ATF_CHECK_EQ(0xdead0000, hw(PCI_COMMAND));
	ATF_CHECK_EQ(0, smmu_dma(RID, MACHINE_RAM_BASE));
	fake_counter = then + 101 * ms;
	ATF_CHECK_EQ(MMIO_OK, configure(vm, false, PCI_COMMAND, &v));
	ATF_CHECK_EQ(0, v & 0xffff);
	ATF_CHECK_EQ(PCI_COMMAND_NO_INTX, hw(PCI_COMMAND) & 0xffff);
	ATF_CHECK_EQ(RAM_PA, smmu_dma(RID, MACHINE_RAM_BASE));
	/* The end: for ever. */
	stop(vm, VM_STOP_OFF);
	fake_counter += 1000 * ms;
	smmu_glance();
	ATF_CHECK_EQ(0, smmu_dma(RID, MACHINE_RAM_BASE));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, not_started);
	ATF_TP_ADD_TC(tp, not_made);
	ATF_TP_ADD_TC(tp, a_reset);
	return (atf_no_error());
}
