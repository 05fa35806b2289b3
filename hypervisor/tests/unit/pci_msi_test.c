/*
 * Messages of PCI functions: what the machine's tree says of them, what the
 * machine's ITS and the SMMU are told, and whose ITS an LPI goes to; over a
 * GIC in memory (its_fake.h).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include <stdio.h>

#include "devices/pci.h"
#include "devices/private.h"
#include "its_fake.h"
#include "vits/vits.h"
#include "vmm/irq.h"
#include "vmm_fake.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define	ECAM_PA		(GICD_PA + 0x100000)
#define	TIMER		30u

struct devices_machine devices_machine;
struct host host;
bool (*irq_rest)(struct vcpu *v, uint32_t iar);

static struct pci_host bridge;
static struct vm vm[2];
static struct vcpu vcpu[2];
static struct vits vits[2];
static struct pci_function function;
static uint32_t control;		/* its MSI-X capability */

/* Recorded. */
static struct {
	struct vits	*vits;
	struct vgic_cpu	*self;
	uint32_t	device, event;
	unsigned int	n, counted, ended;
} msi;
static const char *unconfined;

bool
vits_msi(struct vits *v, struct vgic_cpu *self, uint32_t device,
    uint32_t event)
{

	msi.vits = v;
	msi.self = self;
	msi.device = device;
	msi.event = event;
	msi.n++;
	return (true);
}

void
its_hold_init(unsigned int intid)
{

	ATF_CHECK_EQ(TIMER, intid);
}

void
its_hold_count(void)
{

	msi.counted++;
}

bool
its_hold_end(unsigned int intid)
{

	msi.ended += intid == TIMER;
	return (intid == TIMER);
}

const char *
pci_unconfined(const struct vm_config *c)
{

	(void)c;
	return (unconfined);
}

static void
map_registers(pa_t base, uint64_t size, enum pt_memory memory)
{

	ATF_CHECK_EQ(PT_DEVICE, memory);
	ATF_CHECK(base.v == ITS_PA || base.v == ECAM_PA);
	ATF_CHECK(size == ITS_FRAME || size == 1 << 20);
}

static uint32_t
read_config(unsigned int rid, unsigned int reg, unsigned int size)
{

	(void)rid;
	(void)size;
	return (reg == 0x40 ? control : 0);
}

static const struct pci_config_ops ops = { read_config, NULL };

static void
cells(void *t, int node, const char *name, unsigned int n, const uint32_t *v)
{

	ATF_REQUIRE_EQ(0, fdt_setprop(t, node, name, NULL, 0));
	for (unsigned int i = 0; i < n; i++)
		ATF_REQUIRE_EQ(0, fdt_appendprop_u32(t, node, name, v[i]));
}
#define	CELLS(node, name, ...) do {					\
	const uint32_t v_[] = { __VA_ARGS__ };				\
									\
	cells(tree, node, name, nitems(v_), v_);			\
} while (0)
#define	PAIR(x)		(uint32_t)((x) >> 32), (uint32_t)(x)

static char tree[4096];
static int bridge_node;

/* Functions of bus 1 are DeviceIDs from 0x40 on, at the ITS. */
static void
make_tree(const char *controller)
{
	int n;

	fdt_create_empty_tree(tree, sizeof(tree));
	CELLS(0, "#address-cells", 2);
	CELLS(0, "#size-cells", 2);
	n = fdt_add_subnode(tree, 0, "timer");
	fdt_setprop_string(tree, n, "compatible", "arm,armv8-timer");
	CELLS(n, "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	n = fdt_add_subnode(tree, 0, "msi");
	fdt_setprop_string(tree, n, "compatible", controller);
	CELLS(n, "phandle", 3);
	CELLS(n, "reg", PAIR(ITS_PA), 0, ITS_FRAME);
	bridge_node = n = fdt_add_subnode(tree, 0, "pcie");
	fdt_setprop_string(tree, n, "compatible", "pci-host-ecam-generic");
	CELLS(n, "#address-cells", 3);
	CELLS(n, "#size-cells", 2);
	CELLS(n, "bus-range", 1, 1);
	CELLS(n, "reg", PAIR(ECAM_PA), 0, 0x100000);
	CELLS(n, "ranges", 2u << 24, 0, 0x10000000, 0, 0x10000000, 0,
	    0x1000000);
	CELLS(n, "msi-map", 0x180, 9, 0, 0x80, 0x100, 3, 0x40, 0x80);
}

static void
find(void)
{
	static struct platform plat;

	devices_machine = (struct devices_machine){ tree, &plat,
	    map_registers };
	memset(mem_fake_ptr(PA(ECAM_PA)), 0xff, 1 << 20);
	ATF_REQUIRE_EQ(NULL, pci_host_find(&bridge, tree, &plat,
	    map_registers));
	pci_msi_init(&bridge);
}

static void
start(const char *controller)
{

	its_fake_start();
	irq_rest = NULL;
	unconfined = NULL;
	memset(&msi, 0, sizeof(msi));
	host.pool = &pool;
	make_tree(controller);
	/* Who has the first of these phandles is asked for. */
	CELLS(bridge_node, "msi-map", 0x100, 3, 0x40, 0x80);
	find();
	for (unsigned int i = 0; i < 2; i++) {
		vm[i] = (struct vm){ .index = i, .vcpus = { &vcpu[i] } };
		snprintf(vm[i].config.name, sizeof(vm[i].config.name), "%c",
		    'a' + (char)i);
		vcpu[i].vm = &vm[i];
		vcpu[i].pcpu = &its_cpu[i];
		its_cpu[i].index = i;
		its_cpu[i].nvcpus = 1;
		ATF_REQUIRE_EQ(0, pt_init(&vm[i].s2.pt, PT_STAGE2, 40, i + 1,
		    &pool));
		/* The window of PCI, as each such VM has it. */
		ATF_REQUIRE_EQ(0, pt_map(&vm[i].s2.pt, MACHINE_PCI_BASE,
		    PA(0x10000000), 0x10000, (struct pt_attr){ PT_DEVICE,
		    true, true, false }));
	}
	function = (struct pci_function){ .ops = &ops, .rid = 0x118,
	    .msix = 0x40 };
	control = 3 << 16;			/* four messages */
}

/* Slot 1 of a VM is the function at that device. */
static void
give(unsigned int i, unsigned int device)
{

	function.messages = 0;
	function.rid = (uint16_t)(0x100 | device << 3);
	pci_msi_begin(&bridge, &vm[i], &vits[i]);
	pci_msi_give(&bridge, &vm[i], &function, 1);
}

CASE(maps)
{
	uint32_t phandle, to;

	(void)tc;
	its_fake_start();
	make_tree("arm,gic-v3-its");
	find();
	ATF_CHECK(pci_map_find(&bridge.messages, 0x1a0, &phandle, &to));
	ATF_CHECK_EQ(9, phandle);
	ATF_CHECK_EQ(0x20, to);
	ATF_CHECK(pci_map_find(&bridge.messages, 0x17f, &phandle, &to));
	ATF_CHECK_EQ(3, phandle);
	ATF_CHECK_EQ(0xbf, to);
	ATF_CHECK(!pci_map_find(&bridge.messages, 0x200, &phandle, &to));
	ATF_CHECK(!pci_map_find(&bridge.messages, 0xff, &phandle, &to));
	ATF_CHECK_EQ(0xbf, pci_map_last(&bridge, &bridge.messages, 3));
	/* A mask, as for bridges that make one of all functions. */
	CELLS(bridge_node, "msi-map-mask", 0xff00);
	find();
	ATF_CHECK(pci_map_find(&bridge.messages, 0x17f, &phandle, &to));
	ATF_CHECK_EQ(0x40, to);
	/* Without a map: as they are called. */
	fdt_delprop(tree, bridge_node, "msi-map");
	fdt_delprop(tree, bridge_node, "msi-map-mask");
	CELLS(bridge_node, "msi-parent", 3);
	find();
	ATF_CHECK(pci_map_find(&bridge.messages, 0x118, &phandle, &to));
	ATF_CHECK_EQ(3, phandle);
	ATF_CHECK_EQ(0x118, to);
	fdt_delprop(tree, bridge_node, "msi-parent");
	find();
	ATF_CHECK(!pci_map_find(&bridge.messages, 0x118, &phandle, &to));
}

/* The only page that the CPUs' tables lack is the machine's. */
CASE(tables)
{
	struct check_path cpu, own;

	(void)tc;
	start("arm,gic-v3-its");
	ATF_CHECK_EQ(&vm[0].s2.pt, pci_msi_tables(&vm[0]));
	give(0, 3);
	const struct pt *pt = pci_msi_tables(&vm[0]);
	ATF_REQUIRE(pt != &vm[0].s2.pt);
	ATF_CHECK_EQ(&vm[1].s2.pt, pci_msi_tables(&vm[1]));
	ATF_CHECK_EQ(vm[0].s2.pt.vmid, pt->vmid);
	for (uint64_t at = 0; at < MACHINE_PCI_BASE + 0x20000;
	    at += PAGE_SIZE) {
		check_walk(&vm[0].s2.pt, at, &cpu);
		check_walk(pt, at, &own);
		if (at == MACHINE_ITS_BASE + 0x10000) {
			ATF_CHECK(!cpu.mapped && own.mapped);
			ATF_CHECK_EQ(ITS_PA + 0x10000, own.pa.v);
			ATF_CHECK_EQ(PT_DEVICE, own.attr.memory);
			ATF_CHECK(own.attr.write && !own.attr.read &&
			    !own.attr.exec);
		} else if (cpu.mapped != own.mapped ||
		    (cpu.mapped && cpu.pa.v != own.pa.v))
			atf_tc_fail("another page at 0x%lx", at);
	}
}

/* All pages come back, and where there are too few nothing is half made. */
CASE(memory)
{
	size_t left;

	(void)tc;
	start("arm,gic-v3-its");
	give(1, 4);			/* which starts the ITS */
	pci_msi_begin(&bridge, &vm[0], &vits[0]);
	pci_msi_end(&vm[0]);
	left = pool_available(&pool);
	give(0, 3);
	ATF_CHECK(pool_available(&pool) < left);
	pci_msi_quiesce(&vm[0], true);
	pci_msi_end(&vm[0]);
	ATF_CHECK_EQ(left, pool_available(&pool));
	ATF_CHECK_EQ(&vm[0].s2.pt, pci_msi_tables(&vm[0]));
	pci_msi_end(&vm[0]);
	ATF_CHECK_EQ(left, pool_available(&pool));
	while (pool_available(&pool) > 3)
		ATF_REQUIRE(pool_alloc(&pool, 1, 1) != NULL);
	/* Two for the root, one below it. */
	give(0, 3);
	ATF_CHECK_STREQ("vm a: PCI function 00:01.0: no messages, but INTx: "
	    "no memory for tables", vmm_fake.log);
	ATF_CHECK_EQ(vm[0].s2.pt.root.v, pci_msi_tables(&vm[0])->root.v);
	pci_msi_quiesce(&vm[0], true);
	pci_msi_end(&vm[0]);
	ATF_CHECK_EQ(3, pool_available(&pool));
}

CASE(an_lpi_finds_its_vm)
{

	(void)tc;
	start("arm,gic-v3-its");
	give(0, 3);
	ATF_CHECK_STREQ("vm a: PCI function 00:01.0: messages (MSI) by LPIs "
	    "8480 to 8483", vmm_fake.log);
	ATF_CHECK_EQ(4, function.messages);
	ATF_REQUIRE_EQ(3 + 6, fake_its.n);
	ATF_CHECK_EQ(0x58ull << 32 | CMD_MAPD, fake_its.command[3][0]);
	give(1, 4);
	ATF_CHECK_STREQ("vm b: PCI function 00:01.0: messages (MSI) by LPIs "
	    "8484 to 8487", vmm_fake.log);
	ATF_CHECK_EQ(0x60ull << 32 | CMD_MAPD, fake_its.command[9][0]);
	ATF_CHECK_EQ(1, fake_its.command[10][2]);	/* at CPU 1 */
	ATF_REQUIRE(irq_rest != NULL);
	ATF_CHECK(irq_rest(&vcpu[0], 8482));
	ATF_CHECK(msi.vits == &vits[0] && msi.self == &vcpu[0].gic);
	ATF_CHECK(msi.device == 8 && msi.event == 2);
	ATF_CHECK(irq_rest(&vcpu[0], 8487));
	ATF_CHECK(msi.vits == &vits[1] && msi.self == NULL);
	ATF_CHECK(msi.device == 8 && msi.event == 3);
	ATF_CHECK(irq_rest(NULL, 8480));
	ATF_CHECK(msi.vits == &vits[0] && msi.self == NULL);
	ATF_CHECK_EQ(3, msi.n);
	/* Nobody's; and what is none of ours. */
	ATF_CHECK(irq_rest(&vcpu[0], 8488));
	ATF_CHECK(irq_rest(&vcpu[0], 8192));
	ATF_CHECK(irq_rest(&vcpu[0], ITS_LPI0 + ITS_LPIS));
	ATF_CHECK(irq_rest(&vcpu[0], ~0u));
	ATF_CHECK(!irq_rest(&vcpu[0], 25));
	ATF_CHECK_EQ(3, msi.n);
	ATF_CHECK_EQ(0, msi.ended);
	ATF_CHECK(!irq_rest(&vcpu[0], TIMER));
	ATF_CHECK_EQ(1, msi.ended);
	/* Floods are counted where others want a turn. */
	ATF_CHECK_EQ(0, msi.counted);
	its_cpu[0].nvcpus = 2;
	irq_rest(NULL, 8480);
	irq_rest(NULL, 8488);
	ATF_CHECK_EQ(2, msi.counted);
}

CASE(ends)
{
	unsigned int n;

	(void)tc;
	start("arm,gic-v3-its");
	give(0, 3);
	n = fake_its.n;
	pci_msi_quiesce(&vm[1], true);
	ATF_CHECK_EQ(n, fake_its.n);
	/* A reset: none is pending; later ones come. */
	pci_msi_quiesce(&vm[0], false);
	ATF_REQUIRE_EQ(n + 5, fake_its.n);
	ATF_CHECK_EQ(0x58ull << 32 | CMD_CLEAR, fake_its.command[n][0]);
	irq_rest(NULL, 8480);
	ATF_CHECK_EQ(1, msi.n);
	pci_msi_quiesce(&vm[0], true);
	ATF_REQUIRE_EQ(n + 5 + 7, fake_its.n);
	ATF_CHECK_EQ(0x58ull << 32 | CMD_DISCARD, fake_its.command[n + 5][0]);
	irq_rest(NULL, 8480);
	ATF_CHECK_EQ(1, msi.n);
	pci_msi_quiesce(&vm[0], true);
	ATF_CHECK_EQ(n + 12, fake_its.n);
	/* Its LPIs are another's now. */
	give(1, 4);
	irq_rest(NULL, 8480);
	ATF_CHECK_EQ(2, msi.n);
	ATF_CHECK_EQ(&vits[1], msi.vits);
	/* One that does not answer: then none is handed on. */
	fake_its.silent = true;
	pci_msi_quiesce(&vm[1], false);
	ATF_CHECK_STREQ("vm b: PCI function 00:01.0: the ITS does not answer: "
	    "no messages any more", vmm_fake.log);
	irq_rest(NULL, 8480);
	ATF_CHECK_EQ(2, msi.n);
}

static void
refused(const char *why)
{
	char line[160];

	give(0, 3);
	snprintf(line, sizeof(line), "vm a: PCI function 00:01.0: no "
	    "messages, but INTx: %s", why);
	ATF_CHECK_STREQ(line, vmm_fake.log);
	ATF_CHECK_EQ(0, function.messages);
	ATF_CHECK_EQ(0, msi.n);
	start("arm,gic-v3-its");
}

CASE(not_given)
{

	(void)tc;
	start("arm,gic-v2m-frame");
	refused("a GICv2m frame takes any of its interrupts from any function");
	start("arm,other");
	refused("the machine's MSI controller is no ITS (arm,gic-v3-its)");
	function.msix = 0;
	refused("it has neither MSI nor MSI-X");
	unconfined = "there is none";
	refused("nothing leads them to the ITS without an SMMU");
	bridge.messages.n = 0;
	pci_msi_init(&bridge);
	refused("the host bridge has no msi-map");
	bridge.messages.row[0].length = 0x10;
	refused("the ITS has no DeviceID for it (msi-map)");
	fdt_delprop(tree, fdt_path_offset(tree, "/timer"), "interrupts");
	find();
	refused("EL1's physical timer is missing in the device tree");
	fake_its.silent = true;
	refused("the machine's ITS does not work");
	fdt_setprop_string(tree, fdt_path_offset(tree, "/msi"), "status",
	    "disabled");
	find();
	refused("the machine's MSI controller is no ITS (arm,gic-v3-its)");
	ATF_CHECK_EQ(NULL, irq_rest);
}

/* 64 of a function are given at most, and 732 in all. */
CASE(many)
{

	(void)tc;
	start("arm,gic-v3-its");
	control = 0x7ff << 16;
	pci_msi_begin(&bridge, &vm[0], &vits[0]);
	pci_msi_begin(&bridge, &vm[1], &vits[1]);
	for (unsigned int i = 0; i < 11; i++) {
		function.rid = (uint16_t)(0x100 | i << 3);
		function.messages = 0;
		pci_msi_give(&bridge, &vm[i / 8], &function, i % 8);
		ATF_CHECK_EQ(64, function.messages);
	}
	function.messages = 0;
	pci_msi_give(&bridge, &vm[1], &function, 7);
	ATF_CHECK_EQ(0, function.messages);
	ATF_CHECK_STREQ("vm b: PCI function 00:07.0: no messages, but INTx: "
	    "too many events: other functions have the LPIs", vmm_fake.log);
	irq_rest(NULL, ITS_LPI0 + 10 * 64 + 63);
	ATF_CHECK(msi.vits == &vits[1] && msi.device == 2 << 3 &&
	    msi.event == 63);
	pci_msi_quiesce(&vm[0], true);
	pci_msi_quiesce(&vm[1], true);
}

CASE(nobody_else_has_the_frame)
{

	(void)tc;
	start("arm,gic-v3-its");
	ATF_CHECK(pci_msi_has(PA(ITS_PA + 0x10000), PAGE_SIZE));
	ATF_CHECK(pci_msi_has(PA(ITS_PA - PAGE_SIZE), 2 * PAGE_SIZE));
	ATF_CHECK(!pci_msi_has(PA(ITS_PA + ITS_FRAME), PAGE_SIZE));
	ATF_CHECK(!pci_msi_has(PA(ITS_PA - PAGE_SIZE), PAGE_SIZE));
	start("arm,gic-v2m-frame");
	ATF_CHECK(pci_msi_has(PA(ITS_PA), PAGE_SIZE));
	start("arm,pl011");
	ATF_CHECK(!pci_msi_has(PA(ITS_PA), PAGE_SIZE));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, maps);
	ATF_TP_ADD_TC(tp, tables);
	ATF_TP_ADD_TC(tp, memory);
	ATF_TP_ADD_TC(tp, an_lpi_finds_its_vm);
	ATF_TP_ADD_TC(tp, ends);
	ATF_TP_ADD_TC(tp, not_given);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, nobody_else_has_the_frame);
	return (atf_no_error());
}
