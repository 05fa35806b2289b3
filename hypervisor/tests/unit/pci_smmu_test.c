/*
 * The SMMU before a host bridge: what the machine's tree says of it, who has
 * which stream, and the lines of its faults; over an SMMU in memory
 * (smmu_fake.h).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>

#include "devices/pci.h"
#include "devices/private.h"
#include "smmu_fake.h"
#include "vmm/console.h"
#include "vmm/irq.h"
#include "vmm_fake.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define	IRQ		106u
#define	RID		0x18u
#define	STREAM		0x118u

struct devices_machine devices_machine;
struct host host;

static struct pci_host bridge;
static struct vm vm[2];
static void (*handler)(void);
static unsigned int own_intid, pumps, mapped;
static bool own_edge;
static char tree[2048];
static int node;

void
irq_own(unsigned int intid, bool edge, void (*h)(void))
{

	own_intid = intid;
	own_edge = edge;
	handler = h;
}

void
console_pump(void)
{

	pumps++;
}

struct vm *
vm_by_index(unsigned int i)
{

	return (i < nitems(vm) ? &vm[i] : NULL);
}

const struct pt *
pci_msi_tables(const struct vm *v)
{

	return (&v->s2.pt);
}

static void
map_registers(pa_t base, uint64_t size, enum pt_memory memory)
{

	mapped++;
	ATF_CHECK_EQ(SMMU_PA, base.v);
	ATF_CHECK_EQ(SMMU_FRAME, size);
	ATF_CHECK_EQ(PT_DEVICE, memory);
}

static void
cells(const char *name, unsigned int n, const uint32_t *v)
{

	ATF_REQUIRE_EQ(0, fdt_setprop(tree, node, name, NULL, 0));
	for (unsigned int i = 0; i < n; i++)
		ATF_REQUIRE_EQ(0, fdt_appendprop_u32(tree, node, name, v[i]));
}
#define	CELLS(name, ...) do {						\
	const uint32_t v_[] = { __VA_ARGS__ };				\
									\
	cells(name, nitems(v_), v_);					\
} while (0)

/* As QEMU's virt, but that streams are not called as functions are. */
static void
make_tree(void)
{
	static const char names[] = "eventq\0priq\0cmdq-sync\0gerror";

	fdt_create_empty_tree(tree, sizeof(tree));
	node = 0;
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	node = fdt_add_subnode(tree, 0, "smmu");
	fdt_setprop_string(tree, node, "compatible", "arm,smmu-v3");
	CELLS("phandle", 7);
	CELLS("reg", 0, SMMU_PA, 0, SMMU_FRAME);
	CELLS("interrupts", 0, IRQ - 32, 1, 0, 75, 1, 0, 76, 1, 0, 77, 1);
	fdt_setprop(tree, node, "interrupt-names", names, sizeof(names));
	bridge = (struct pci_host){ .streams = { .row = { { 0, 7, 0x100,
	    0x80 }, { 0x80, 9, 0x180, 0x80 } }, .n = 2, .mask = ~0u } };
}

static void
init(void)
{

	smmu_fake_start(IDR0_GOOD | IDR0_ST_2LEVEL, IDR1_GOOD, IDR5_GOOD);
	host.pool = &pool;
	host.ipa_bits = 40;
	devices_machine = (struct devices_machine){ tree, NULL,
	    map_registers };
	vmm_fake_reset();
	handler = NULL;
	own_intid = mapped = pumps = 0;
	pci_smmu_init(&bridge);
	for (unsigned int i = 0; i < nitems(vm); i++) {
		vm[i] = (struct vm){ .index = i };
		snprintf(vm[i].config.name, sizeof(vm[i].config.name), "%c",
		    'a' + (char)i);
		ATF_REQUIRE_EQ(0, pt_init(&vm[i].s2.pt, PT_STAGE2, 40, i + 1,
		    &pool));
		ATF_REQUIRE_EQ(0, pt_map(&vm[i].s2.pt, SMMU_TRAFFIC,
		    PA(0x80000000 + i * 0x10000000), PAGE_SIZE,
		    (struct pt_attr){ PT_NORMAL, true, true, true }));
	}
}

CASE(a_function_and_its_vm)
{

	(void)tc;
	make_tree();
	init();
	ATF_CHECK(pci_smmu_has(PA(SMMU_PA + 0x10000), PAGE_SIZE));
	ATF_CHECK(!pci_smmu_has(PA(SMMU_PA + SMMU_FRAME), PAGE_SIZE));
	ATF_CHECK(pci_smmu_has_intid(IRQ) && !pci_smmu_has_intid(IRQ + 1));
	/* It is started by the first that asks, once. */
	ATF_CHECK_EQ(0, mapped);
	ATF_CHECK_EQ(NULL, pci_smmu_find(&bridge, RID));
	ATF_CHECK_EQ(NULL, pci_smmu_find(&bridge, RID + 8));
	ATF_CHECK_EQ(1, mapped);
	ATF_CHECK_EQ(IRQ, own_intid);
	ATF_CHECK(own_edge);
	ATF_CHECK_STREQ("smmu: at 0xc0000000: streams without a VM abort; "
	    "faults come by interrupt", vmm_fake.log);
	ATF_CHECK_STREQ("it is behind a second one", pci_smmu_find(&bridge,
	    0x80));
	ATF_CHECK_STREQ("there is none", pci_smmu_find(&bridge, 0x100));
	ATF_CHECK(!pci_smmu_attach(&bridge, &vm[0], 0x100));
	smmu_watch(STREAM);
	smmu_watch(STREAM + 8);
	ATF_REQUIRE(pci_smmu_attach(&bridge, &vm[0], RID));
	ATF_REQUIRE(pci_smmu_attach(&bridge, &vm[1], RID + 8));
	ATF_CHECK_EQ(0x80000000, smmu_dma(STREAM, SMMU_TRAFFIC));
	ATF_CHECK_EQ(0x90000000, smmu_dma(STREAM + 8, SMMU_TRAFFIC));
	pci_smmu_detach(&vm[0]);
	ATF_CHECK_EQ(0, smmu_dma(STREAM, SMMU_TRAFFIC));
	ATF_CHECK_EQ(0x90000000, smmu_dma(STREAM + 8, SMMU_TRAFFIC));
	pci_smmu_detach(&vm[0]);
	/* As many as there may be, again and again. */
	for (unsigned int i = 0; i < 2 * VM_MAX * PCI_SLOTS; i++) {
		ATF_REQUIRE(pci_smmu_attach(&bridge, &vm[0], RID));
		pci_smmu_detach(&vm[0]);
	}
	fake_smmu.cmdq_dead = true;
	pci_smmu_detach(&vm[1]);
	ATF_CHECK_STREQ("vm b: smmu: does not answer: turned off, no function "
	    "has DMA any more", vmm_fake.log);
	smmu_works();
	ATF_CHECK_EQ(0, smmu_dma(STREAM + 8, SMMU_TRAFFIC));
}

/* Between two lives of a VM. */
CASE(held)
{

	(void)tc;
	make_tree();
	init();
	ATF_REQUIRE_EQ(NULL, pci_smmu_find(&bridge, RID));
	smmu_watch(STREAM);
	smmu_watch(STREAM + 8);
	ATF_REQUIRE(pci_smmu_attach(&bridge, &vm[0], RID));
	ATF_REQUIRE(pci_smmu_attach(&bridge, &vm[1], RID + 8));
	ATF_CHECK_EQ(0x80000000, smmu_dma(STREAM, SMMU_TRAFFIC));
	pci_smmu_hold(&vm[0]);
	ATF_CHECK_EQ(0, smmu_dma(STREAM, SMMU_TRAFFIC));
	ATF_CHECK_EQ(0x90000000, smmu_dma(STREAM + 8, SMMU_TRAFFIC));
	pci_smmu_let(&vm[0]);
	ATF_CHECK_EQ(0x80000000, smmu_dma(STREAM, SMMU_TRAFFIC));
	/* One that was said enough of stays so. */
	for (unsigned int i = 1; i <= 64; i++) {
		ATF_REQUIRE(smmu_event(STREAM, EVENT_TRANSLATION, true, i <<
		    12));
		handler();
	}
	pci_smmu_hold(&vm[0]);
	pci_smmu_let(&vm[0]);
	ATF_CHECK_EQ(0x80000000, smmu_dma(STREAM, SMMU_TRAFFIC));
	ATF_CHECK_EQ(0, fake_smmu.seen[0].ste[2] & STE2_RECORD);
	pci_smmu_hold(&vm[0]);
	fake_smmu.cmdq_dead = true;
	pci_smmu_let(&vm[0]);
	ATF_CHECK_STREQ("vm a: smmu: does not answer: turned off, no function "
	    "has DMA any more", vmm_fake.log);
	pci_smmu_detach(&vm[0]);
	pci_smmu_detach(&vm[1]);
}

static void
refused(const char *why)
{

	init();
	ATF_CHECK_STREQ(why, pci_smmu_find(&bridge, RID));
	ATF_CHECK_EQ(NULL, handler);
	make_tree();
}

CASE(not_there)
{
	static const char foreign[] = "the IOMMU is no arm,smmu-v3";

	(void)tc;
	make_tree();
	fdt_setprop_string(tree, node, "compatible", "arm,mmu-500");
	refused(foreign);
	ATF_CHECK(!pci_smmu_has(PA(SMMU_PA), PAGE_SIZE));
	ATF_CHECK(!pci_smmu_has_intid(0));
	CELLS("phandle", 8);
	refused(foreign);
	CELLS("reg", 0, SMMU_PA, 0, SMMU_FRAME / 2);
	refused(foreign);
	fdt_delprop(tree, node, "reg");
	refused(foreign);
	fdt_setprop_string(tree, node, "status", "disabled");
	refused(foreign);
	bridge.streams.n = 0;
	refused("there is none");
	init();
	*smmu_reg(SMMU_IDR0) = 0;
	ATF_CHECK_STREQ("has no stage 2", pci_smmu_find(&bridge, RID));
	ATF_CHECK_STREQ("smmu: at 0xc0000000: has no stage 2", vmm_fake.log);
	init();
	*smmu_reg(SMMU_IDR5) = IDR5_GRAN4K | 1;
	ATF_CHECK_STREQ("has fewer bits of address than a VM",
	    pci_smmu_find(&bridge, RID));
}

static void
no_interrupt(void)
{

	init();
	ATF_CHECK_EQ(NULL, pci_smmu_find(&bridge, RID));
	ATF_CHECK_EQ(NULL, handler);
	ATF_CHECK_STREQ("smmu: at 0xc0000000: streams without a VM abort; "
	    "faults are not said, for they have no interrupt", vmm_fake.log);
	make_tree();
}

CASE(interrupts_of_all_kinds)
{

	(void)tc;
	make_tree();
	fdt_delprop(tree, node, "interrupts");
	no_interrupt();
	fdt_delprop(tree, node, "interrupt-names");
	no_interrupt();
	CELLS("interrupts", 1, 10, 1);		/* a PPI */
	no_interrupt();
	CELLS("interrupts", 0, 0x10000 + 74, 1);
	no_interrupt();
	CELLS("interrupts", 0, 74);
	no_interrupt();
	fdt_setprop(tree, node, "interrupt-names", "ev", 3);
	no_interrupt();
	fdt_setprop(tree, node, "interrupt-names", "eventq", 6);
	no_interrupt();
	/* The only one, and of level. */
	fdt_setprop_string(tree, node, "interrupt-names", "eventq");
	CELLS("interrupts", 0, 40, 4);
	init();
	ATF_CHECK_EQ(NULL, pci_smmu_find(&bridge, RID));
	ATF_CHECK_EQ(72, own_intid);
	ATF_CHECK(!own_edge);
}

static void
fault(uint32_t stream, unsigned int type, bool read, uint64_t address)
{

	ATF_REQUIRE(smmu_event(stream, type, read, address));
	handler();
}

/* The function is v's, and its entry looked at. Lines that were said. */
static unsigned int
begin_watched(struct vm *v)
{

	make_tree();
	init();
	ATF_REQUIRE_EQ(NULL, pci_smmu_find(&bridge, RID));
	smmu_watch(STREAM);
	ATF_REQUIRE(pci_smmu_attach(&bridge, v, RID));
	return (vmm_fake.logs);
}

CASE(lines_of_faults)
{
	unsigned int n;

	(void)tc;
	n = begin_watched(&vm[1]);
	fault(STREAM, EVENT_TRANSLATION, false, 0x12345678);
	ATF_CHECK_STREQ("vm b: smmu: stream 0x118 (PCI function 00:03.0): DMA "
	    "to 0x12345678 blocked: nothing of the VM's", vmm_fake.log);
	/* A page once in a row; other interrupts are looked after, too. */
	fault(STREAM, EVENT_TRANSLATION, false, 0x12345ff0);
	ATF_CHECK_EQ(n + 1, vmm_fake.logs);
	ATF_CHECK_EQ(2, pumps);
	fault(STREAM, EVENT_PERMISSION, true, 0x12346000);
	ATF_CHECK_STREQ("vm b: smmu: stream 0x118 (PCI function 00:03.0): DMA "
	    "from 0x12346000 blocked: not allowed", vmm_fake.log);
	fault(STREAM, 0x0b, true, 0xdead);
	ATF_CHECK_STREQ("vm b: smmu: stream 0x118 (PCI function 00:03.0): DMA "
	    "blocked: refused", vmm_fake.log);
	fault(0x777, EVENT_BAD_STREAM, true, 0);
	ATF_CHECK_STREQ("smmu: stream 0x777, nobody's: DMA blocked (no such "
	    "stream)", vmm_fake.log);
}

/* 64 of a function, then it is recorded no more; 64 of all strangers. */
CASE(a_flood_of_faults)
{
	unsigned int n;

	(void)tc;
	n = begin_watched(&vm[0]);
	for (unsigned int i = 1; i <= 64; i++) {
		ATF_CHECK(fake_smmu.seen[0].ste[2] & STE2_RECORD);
		fault(STREAM, EVENT_TRANSLATION, true, (uint64_t)i << 12);
	}
	ATF_CHECK_EQ(n + 65, vmm_fake.logs);
	ATF_CHECK_STREQ("vm a: smmu: stream 0x118: what else is blocked is not "
	    "said", vmm_fake.log);
	smmu_glance();
	ATF_CHECK_EQ(0, fake_smmu.seen[0].ste[2] & STE2_RECORD);
	ATF_CHECK_EQ(0x80000000, smmu_dma(STREAM, SMMU_TRAFFIC));
	fault(STREAM, EVENT_TRANSLATION, true, 0x1000);
	ATF_CHECK_EQ(n + 65, vmm_fake.logs);
	for (unsigned int i = 1; i <= 100; i++) {
		fault(i, EVENT_BAD_STREAM, true, 0);
		if (i == 64)
			ATF_CHECK_STREQ("smmu: stream 0x40, nobody's: DMA "
			    "blocked (no such stream); others are not said",
			    vmm_fake.log);
	}
	ATF_CHECK_EQ(n + 65 + 64, vmm_fake.logs);
	/* Another VM has it: said again. */
	pci_smmu_detach(&vm[0]);
	ATF_REQUIRE(pci_smmu_attach(&bridge, &vm[1], RID));
	fault(STREAM, EVENT_TRANSLATION, true, 0x2000);
	ATF_CHECK_STREQ("vm b: smmu: stream 0x118 (PCI function 00:03.0): DMA "
	    "from 0x2000 blocked: nothing of the VM's", vmm_fake.log);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, a_function_and_its_vm);
	ATF_TP_ADD_TC(tp, held);
	ATF_TP_ADD_TC(tp, not_there);
	ATF_TP_ADD_TC(tp, interrupts_of_all_kinds);
	ATF_TP_ADD_TC(tp, lines_of_faults);
	ATF_TP_ADD_TC(tp, a_flood_of_faults);
	return (atf_no_error());
}
