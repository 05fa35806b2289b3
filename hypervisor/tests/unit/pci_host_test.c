/*
 * The machine's host bridge: what is believed of its node in the machine's
 * tree, properties that make no sense, and what firmware has given away
 * already.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include <stdlib.h>

#include "devices/pci.h"
#include "devices/private.h"
#include "pt_check.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define	ECAM_PA		(MEM_FAKE_BASE + (1ull << 30))
#define	GICD_PA		0x08000000ull
#define	WINDOW		0x10000000u
#define	SIZE		0x01000000u
#define	PAIR(x)		(uint32_t)((x) >> 32), (uint32_t)(x)
#define	MEM32		(2u << 24)
#define	RID(dev, fn)	((dev) << 3 | (fn))

struct devices_machine devices_machine;

static struct pci_host h;
static struct platform plat;
static char tree[8192];
static int node;
static unsigned int mapped;

static void
map_registers(pa_t base, uint64_t size, enum pt_memory memory)
{

	ATF_CHECK_EQ(ECAM_PA, base.v);
	ATF_CHECK_EQ(1u << 20, size);
	ATF_CHECK_EQ(PT_DEVICE, memory);
	mapped++;
}

static void
cells(int at, const char *name, unsigned int n, const uint32_t *v)
{

	ATF_REQUIRE_EQ(0, fdt_setprop(tree, at, name, NULL, 0));
	for (unsigned int i = 0; i < n; i++)
		ATF_REQUIRE_EQ(0, fdt_appendprop_u32(tree, at, name, v[i]));
}
#define	SET(at, name, ...) do {						\
	const uint32_t v_[] = { __VA_ARGS__ };				\
									\
	cells(at, name, nitems(v_), v_);				\
} while (0)

/* The bridge is in front, and does not move when others are changed. */
static void
make(void)
{

	fdt_create_empty_tree(tree, sizeof(tree));
	SET(0, "#address-cells", 2);
	SET(0, "#size-cells", 2);
	int gic = fdt_add_subnode(tree, 0, "intc");
	fdt_setprop(tree, gic, "interrupt-controller", NULL, 0);
	SET(gic, "phandle", 5);
	SET(gic, "#interrupt-cells", 3);
	SET(gic, "reg", PAIR(GICD_PA), 0, 0x10000);
	node = fdt_add_subnode(tree, 0, "pcie");
	fdt_setprop_string(tree, node, "compatible", "pci-host-ecam-generic");
	SET(node, "#address-cells", 3);
	SET(node, "#size-cells", 2);
	SET(node, "bus-range", 0, 0xff);
	SET(node, "reg", PAIR(ECAM_PA), 0, 0x10000000);
	SET(node, "ranges", MEM32, 0, WINDOW, 0, WINDOW, 0, SIZE);
	memset(mem_fake_ptr(PA(ECAM_PA)), 0xff, 1 << 20);
	memset(&plat, 0, sizeof(plat));
	plat.gic.gicd.base = PA(GICD_PA);
}

static const char *
find(void)
{

	mapped = 0;
	return (pci_host_find(&h, tree, &plat, map_registers));
}

static void
config(unsigned int rid, unsigned int reg, uint32_t value)
{

	memcpy(mem_fake_ptr(PA(ECAM_PA + (rid << 12) + reg)), &value, 4);
}

/* A function of this header type, with nothing in it. */
static void
function(unsigned int rid, unsigned int type)
{

	memset(mem_fake_ptr(PA(ECAM_PA + (rid << 12))), 0, PAGE_SIZE);
	config(rid, PCI_VENDOR, 0x12345678);
	config(rid, PCI_CACHE_LINE, type << 16);
}

CASE(is_found)
{

	(void)tc;
	make();
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(1, mapped);
	ATF_CHECK_EQ(ECAM_PA, h.ecam.base.v);
	ATF_CHECK_EQ(1u << 20, h.ecam.size);
	ATF_CHECK_EQ(WINDOW, h.window.base.v);
	ATF_CHECK_EQ(SIZE, h.window.size);
	ATF_CHECK_EQ(WINDOW, h.pci);
	ATF_CHECK_EQ(SIZE, extent_total(&h.free));
	ATF_CHECK_EQ(0, h.bus);
	ATF_CHECK(!h.coherent);
	ATF_CHECK_EQ(0, h.streams.n);
	ATF_CHECK_EQ(0, h.intid[1][0]);
	fdt_setprop(tree, node, "dma-coherent", NULL, 0);
	SET(node, "bus-range", 0x40, 0x7f);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK(h.coherent);
	ATF_CHECK_EQ(0x40, h.bus);
	SET(node, "bus-range", 0xffffff02, 1);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(2, h.bus);
	fdt_delprop(tree, node, "bus-range");
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(0, h.bus);
}

static void
refused(const char *why)
{
	const char *said = find();

	ATF_CHECK_MSG(said != NULL && strcmp(said, why) == 0, "\"%s\", not "
	    "\"%s\"", said, why);
	ATF_CHECK_EQ(0, mapped);
	make();
}

CASE(is_not_found)
{
	static const char none[] = "no PCI host bridge with an ECAM (pci-host-"
	    "ecam-generic) in the machine's device tree";

	(void)tc;
	make();
	fdt_setprop_string(tree, node, "compatible", "pci-host-cam-generic");
	refused(none);
	fdt_setprop_string(tree, node, "status", "disabled");
	refused(none);
	fdt_delprop(tree, node, "reg");
	refused(none);
	SET(node, "reg", 0, 0x40);
	refused(none);
	SET(node, "reg", 1u << 31, 0, 0, 0x100000);
	refused(none);
	SET(node, "reg", PAIR(ECAM_PA), 0, 0xff000);
	refused("has an ECAM of less than a bus");
	SET(node, "reg", PAIR(ECAM_PA + 0x800), 0, 0x100000);
	refused("has an ECAM of less than a bus");
	memset(tree, 0, 40);
	refused("no device tree that can be read");
}

CASE(ranges)
{
	static const char odd[] = "has no ranges that are understood";
	static const char no[] = "has no range of memory of 32 bits";

	(void)tc;
	make();
	fdt_delprop(tree, node, "ranges");
	refused(odd);
	SET(node, "#address-cells", 2);
	refused(odd);
	SET(0, "#address-cells", 3);
	refused("no PCI host bridge with an ECAM (pci-host-ecam-generic) in "
	    "the machine's device tree");
	fdt_setprop(tree, node, "ranges", NULL, 0);
	refused(no);
	/* I/O; 64 bits; prefetchable; a row that ends too early. */
	SET(node, "ranges", 1u << 24, 0, WINDOW, 0, WINDOW, 0, SIZE);
	refused(no);
	SET(node, "ranges", 3u << 24, 0, WINDOW, 0, WINDOW, 0, SIZE);
	refused(no);
	SET(node, "ranges", MEM32 | 1u << 30, 0, WINDOW, 0, WINDOW, 0, SIZE);
	refused(no);
	SET(node, "ranges", MEM32, 0, WINDOW, 0, WINDOW, 0);
	refused(no);
	/* No pages; empty; all there is; beyond 32 bits, or 52. */
	SET(node, "ranges", MEM32, 0, WINDOW + 1, 0, WINDOW, 0, SIZE);
	refused(no);
	SET(node, "ranges", MEM32, 0, WINDOW, 0, WINDOW + 0x10, 0, SIZE);
	refused(no);
	SET(node, "ranges", MEM32, 0, WINDOW, 0, WINDOW, 0, 0);
	refused(no);
	SET(node, "ranges", MEM32, 0, 0, 0, WINDOW, 1, 0);
	refused(no);
	SET(node, "ranges", MEM32, 0, 0xff800000, 0, WINDOW, 0, SIZE);
	refused(no);
	SET(node, "ranges", MEM32, 1, WINDOW, 0, WINDOW, 0, SIZE);
	refused(no);
	SET(node, "ranges", MEM32, 0, WINDOW, 1u << 31, WINDOW, 0, SIZE);
	refused(no);
	/* Where the machine's RAM is. */
	ATF_REQUIRE_EQ(0, extent_add(&plat.ram, WINDOW + SIZE - 1, 1));
	refused(no);
	/* The first that will do. */
	SET(node, "ranges", 1u << 24, 0, 0, 0, WINDOW, 0, 0x10000, MEM32, 0,
	    0x20000000, 8, 0x30000000, 0, 0x10000, MEM32, 0, WINDOW, 0,
	    WINDOW, 0, SIZE);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(0x830000000, h.window.base.v);
	ATF_CHECK_EQ(0x20000000, h.pci);
	ATF_CHECK_EQ(0x10000, h.window.size);
	/* Addresses of one cell above it. */
	make();
	SET(0, "#address-cells", 1);
	SET(node, "reg", (uint32_t)ECAM_PA, 0, 0x10000000);
	SET(node, "ranges", MEM32, 0, WINDOW, WINDOW, 0, SIZE);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(WINDOW, h.window.base.v);
}

/* Device 1's pins are SPIs 3 to 6 as QEMU's are; the GIC has two more cells. */
CASE(interrupt_map)
{

	(void)tc;
	make();
	SET(fdt_path_offset(tree, "/intc"), "#address-cells", 2);
	SET(node, "interrupt-map-mask", 0x1800, 0, 0, 7);
	SET(node, "interrupt-map",
	    0x800, 0, 0, 1, 5, 0, 0, 0, 3, 4,
	    0x800, 0, 0, 2, 5, 0, 0, 0, 4, 4,
	    0x1000, 0, 0, 1, 5, 0, 0, 0, 5, 4,
	    0x1000, 0, 0, 2, 6, 0, 0, 0, 6, 4,		/* another's */
	    0x1000, 0, 0, 3, 5, 0, 0, 1, 7, 4,		/* a PPI */
	    0x1000, 0, 0, 4, 5, 0, 0, 0, 8, 1,		/* an edge */
	    0x1800, 0, 0, 1, 5, 0, 0, 0, 988, 4,	/* none */
	    0x1800, 0, 0, 2, 5, 0, 0, 0, 987, 4,
	    0x1800, 0, 0, 3, 5, 0, 0, 0);		/* not all of it */
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(35, h.intid[1][0]);
	ATF_CHECK_EQ(36, h.intid[1][1]);
	ATF_CHECK_EQ(0, h.intid[1][2]);
	ATF_CHECK_EQ(37, h.intid[2][0]);
	ATF_CHECK_EQ(0, h.intid[2][1] | h.intid[2][2] | h.intid[2][3]);
	ATF_CHECK_EQ(0, h.intid[3][0]);
	ATF_CHECK_EQ(1019, h.intid[3][1]);
	ATF_CHECK_EQ(0, h.intid[3][2]);
	ATF_CHECK_EQ(0, h.intid[0][0]);
	/* By the mask all eight times. */
	ATF_CHECK_EQ(35, h.intid[29][0]);
	/* Without one each row is of one device. */
	fdt_delprop(tree, node, "interrupt-map-mask");
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(35, h.intid[1][0]);
	ATF_CHECK_EQ(0, h.intid[29][0]);
	/* A controller with cells that nobody can have. */
	SET(fdt_path_offset(tree, "/intc"), "#interrupt-cells", 0xfffffffb);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(0, h.intid[1][0]);
	SET(fdt_path_offset(tree, "/intc"), "#interrupt-cells", 3);
	SET(fdt_path_offset(tree, "/intc"), "#address-cells", 0xfffffffb);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(0, h.intid[1][0]);
}

CASE(iommu_map)
{
	uint32_t phandle, to;

	(void)tc;
	make();
	SET(node, "iommu-map", 0, 7, 0x1000, 0x10, 0x10, 7, 0xfffffff8, 0x10,
	    0x20, 8, 0, 0xffffffff, 0, 9, 0, 0x10000, 0, 10, 0, 1);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(PCI_MAP_ROWS, h.streams.n);
	ATF_REQUIRE(pci_map_find(&h.streams, 0xf, &phandle, &to));
	ATF_CHECK(phandle == 7 && to == 0x100f);
	ATF_REQUIRE(pci_map_find(&h.streams, 0x1f, &phandle, &to));
	ATF_CHECK(phandle == 7 && to == 7);
	ATF_REQUIRE(pci_map_find(&h.streams, 0x20, &phandle, &to));
	ATF_CHECK_EQ(8, phandle);
	ATF_CHECK_EQ(~0u, pci_map_last(&h, &h.streams, 7));
	/* Half a row, and none. */
	SET(node, "iommu-map", 0, 7, 0x1000);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK(!pci_map_find(&h.streams, 0, &phandle, &to));
	SET(node, "iommu-map", 0x100, 7, 0x1000, 0);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK(!pci_map_find(&h.streams, 0x100, &phandle, &to));
	ATF_CHECK_EQ(0, pci_map_last(&h, &h.streams, 7));
}

CASE(what_firmware_gave_away)
{
	uint64_t base;

	(void)tc;
	make();
	function(RID(1, 0), 0);
	config(RID(1, 0), PCI_COMMAND, PCI_COMMAND_MEMORY);
	config(RID(1, 0), PCI_BAR(0), WINDOW + 0x3000);
	config(RID(1, 0), PCI_BAR(1), 0xe001);			/* I/O */
	/* Of 64 bits, above; what looks like an address is its upper half. */
	config(RID(1, 0), PCI_BAR(2), 4);
	config(RID(1, 0), PCI_BAR(3), WINDOW + 0x5000);
	config(RID(1, 0), PCI_BAR(5), WINDOW + 0x7008);
	function(RID(2, 0), 0x81);				/* a bridge */
	config(RID(2, 0), PCI_COMMAND, PCI_COMMAND_MEMORY);
	config(RID(2, 0), PCI_BAR(0), WINDOW + 0x9000);
	config(RID(2, 0), PCI_BRIDGE_MEMORY, 0x10301020);
	function(RID(3, 1), 1);					/* is off */
	config(RID(3, 1), PCI_BRIDGE_MEMORY, 0x10601050);
	function(RID(4, 0), 1);					/* is empty */
	config(RID(4, 0), PCI_COMMAND, PCI_COMMAND_MEMORY);
	config(RID(4, 0), PCI_BRIDGE_MEMORY, 0x10701080);
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(SIZE - 3 * PAGE_SIZE - 0x200000,
	    extent_total(&h.free));
	ATF_CHECK(!extent_meets(&h.free, WINDOW + 0x3000, PAGE_SIZE));
	ATF_CHECK(extent_meets(&h.free, WINDOW + 0x5000, PAGE_SIZE));
	ATF_CHECK(!extent_meets(&h.free, WINDOW + 0x7000, PAGE_SIZE));
	ATF_CHECK(!extent_meets(&h.free, WINDOW + 0x9000, PAGE_SIZE));
	ATF_CHECK(!extent_meets(&h.free, WINDOW + 0x200000, 0x200000));
	/* Sized, and as it was. */
	uint32_t v;
	memcpy(&v, mem_fake_ptr(PA(ECAM_PA + (RID(1, 0) << 12) +
	    PCI_BAR(0))), 4);
	ATF_CHECK_EQ(WINDOW + 0x3000, v);
	memcpy(&v, mem_fake_ptr(PA(ECAM_PA + (RID(1, 0) << 12) +
	    PCI_COMMAND)), 4);
	ATF_CHECK_EQ(PCI_COMMAND_MEMORY, v);
	ATF_REQUIRE(extent_alloc(&h.free, 0x100000, 0x100000, &base));
	ATF_CHECK_EQ(WINDOW + 0x100000, base);
	/* More pieces than can be kept account of: then none is free. */
	make();
	SET(node, "ranges", MEM32, 0, WINDOW, 0, WINDOW, 0, SIZE);
	for (unsigned int rid = 0; rid < 256; rid++) {
		function(rid, 0);
		config(rid, PCI_BAR(0), WINDOW + (2 * rid + 1) * 0x1000);
	}
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK_EQ(0, extent_total(&h.free));
}

CASE(bridges)
{
	unsigned int bridge;

	(void)tc;
	make();
	ATF_REQUIRE_EQ(NULL, find());
	ATF_CHECK(!pci_host_bridge(&h, 1, &bridge));
	function(RID(2, 0), 0);
	config(RID(2, 0), PCI_BRIDGE_BUSES, 0x050100);
	function(RID(3, 1), 0x81);
	config(RID(3, 1), PCI_BRIDGE_BUSES, 0x050300);
	function(RID(4, 0), 1);			/* without numbers */
	ATF_CHECK(!pci_host_bridge(&h, 2, &bridge));
	ATF_REQUIRE(pci_host_bridge(&h, 3, &bridge));
	ATF_CHECK_EQ(RID(3, 1), bridge);
	ATF_CHECK(pci_host_bridge(&h, 5, &bridge));
	ATF_CHECK(!pci_host_bridge(&h, 6, &bridge));
}

/* Whatever the node's properties hold: no read astray, no range but sane. */
CASE(garbage)
{
	static const char *const props[] = { "ranges", "reg", "bus-range",
	    "interrupt-map", "interrupt-map-mask", "iommu-map", "msi-map",
	    "iommu-map-mask", "#address-cells", "msi-parent" };
	unsigned int good = 0;
	uint32_t v[40];

	(void)tc;
	srandom(3);
	for (unsigned int i = 0; i < 20000; i++) {
		make();
		for (unsigned int j = 0; j < 3; j++) {
			const char *name = props[random() % nitems(props)];
			unsigned int n = (unsigned int)random() % nitems(v);
			int len;

			const uint32_t *old = fdt_getprop(tree, node, name,
			    &len);
			for (unsigned int k = 0; k < n; k++) {
				v[k] = old != NULL && (int)(4 * k) < len ?
				    fdt32_to_cpu(old[k]) : 0;
				if (random() % 4 == 0)
					v[k] ^= 1u << random() % 32;
				if (random() % 16 == 0)
					v[k] = (uint32_t)random() * 2 + 1;
			}
			cells(node, name, n, v);
		}
		/* The ECAM of this test is at one place. */
		SET(node, "reg", PAIR(ECAM_PA), 0, 0x100000);
		if (find() != NULL)
			continue;
		good++;
		ATF_REQUIRE(h.bus < 256 && h.window.size != 0);
		ATF_REQUIRE((h.pci + h.window.size - 1) >> 32 == 0);
		ATF_REQUIRE((h.window.base.v + h.window.size - 1) >> 52 == 0);
		for (unsigned int j = 0; j < 128; j++)
			ATF_REQUIRE(h.intid[j / 4][j % 4] == 0 ||
			    (h.intid[j / 4][j % 4] >= 32 &&
			    h.intid[j / 4][j % 4] < 1020));
		(void)pci_map_last(&h, &h.streams, 7);
	}
	ATF_CHECK_MSG(good > 5000, "%u", good);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, is_found);
	ATF_TP_ADD_TC(tp, is_not_found);
	ATF_TP_ADD_TC(tp, ranges);
	ATF_TP_ADD_TC(tp, interrupt_map);
	ATF_TP_ADD_TC(tp, iommu_map);
	ATF_TP_ADD_TC(tp, what_firmware_gave_away);
	ATF_TP_ADD_TC(tp, bridges);
	ATF_TP_ADD_TC(tp, garbage);
	return (atf_no_error());
}
