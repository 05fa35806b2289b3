/*
 * The node "devices" of a VM: what is read of it, every line about what is
 * wrong with it, and what the guest's tree says then; bus masters.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <libfdt.h>

#include "bundle_fake.h"
#include "bundle_trees.h"

#define	FULL	"bundles/full.dts"
#define	PASS	"/delete-node/ passthrough; passthrough { dev { reg = "	\
	"<0 0x0c000000 0 0x10004000 0 0x1000>; interrupts = <70 71>; "	\
	"edge; }; };"

static void *bundle;
static size_t size;
static unsigned int host_gic = 3;

/* Both VMs with this text in them; how many VMs come of it. */
static unsigned int
load(const atf_tc_t *tc, const char *a, const char *b)
{
	static char more[24000];
	unsigned int n;

	snprintf(more, sizeof(more), "&a { %s }; &b { %s };", a, b);
	fake_reset(bundle, size);
	free(bundle);
	bundle = trees_make(tc, FULL, more, &size);
	n = fake_load(bundle, size, host_gic);
	ATF_CHECK_MSG(fake.broken == NULL, "%s: promise broken: %s", more,
	    fake.broken);
	return (n);
}

static void
refuses(const atf_tc_t *tc, const char *a, const char *line)
{

	ATF_CHECK_MSG(load(tc, a, "") == 1 && fake_vm("a") == NULL,
	    "%s: the wrong VMs", a);
	ATF_CHECK_MSG(strcmp(fake.lines, line) == 0, "%s\nwanted: %sgot:    %s",
	    a, line, fake.lines);
}

#define	REFUSES(a, line)	refuses(tc, a, "bundle: /vms/a" line "\n")

static const void *
tree(void)
{
	const struct image *im = &fake_vm("a")->config.image;

	return (im->part[im->nparts - 1].data);
}

/* A property of the guest's tree of VM a, as cells; or it is not there. */
static void
cells(const char *path, const char *name, unsigned int n, const uint32_t *v)
{
	const void *t = tree();
	int len, at = fdt_path_offset(t, path);

	ATF_REQUIRE_MSG(at >= 0, "no %s", path);
	const fdt32_t *p = fdt_getprop(t, at, name, &len);
	ATF_REQUIRE_MSG(p != NULL && (unsigned int)len == n * 4, "%s: %s",
	    path, name);
	for (unsigned int i = 0; i < n; i++)
		ATF_CHECK_EQ_MSG(v[i], fdt32_to_cpu(p[i]), "%s: %s: 0x%x",
		    path, name, fdt32_to_cpu(p[i]));
}
#define	CELLS(path, name, ...) do {					\
	const uint32_t v_[] = { __VA_ARGS__ };				\
									\
	cells(path, name, nitems(v_), v_);				\
} while (0)

static bool
absent(const char *path)
{

	return (fdt_path_offset(tree(), path) < 0);
}

ATF_TC_WITHOUT_HEAD(all_of_them);
ATF_TC_BODY(all_of_them, tc)
{
	const struct vm_config *a, *b;

	ATF_REQUIRE_EQ(2, load(tc, "devices { console; rng; link = \"w\"; "
	    "share = \"m\"; share-size = <0 0x3000>; };", "devices { its; "
	    "link = \"w\"; share = \"m\"; share-size = <0 0x3000>; };"));
	ATF_CHECK_STREQ("", fake.lines);
	a = &fake_vm("a")->config;
	b = &fake_vm("b")->config;
	ATF_CHECK(a->extra.any && a->extra.console && a->extra.rng);
	ATF_CHECK(b->extra.any && !b->extra.console && !b->extra.rng);
	ATF_CHECK(!a->extra.its && b->extra.its);
	ATF_CHECK(a->extra.link != 0 && a->extra.link == b->extra.link);
	ATF_CHECK(a->extra.share != 0 && a->extra.share == b->extra.share);
	ATF_CHECK_EQ(0x3000, a->extra.share_size);
	ATF_CHECK_EQ(0x40000000, a->ram_base);
	CELLS("/virtio_mmio@a000000", "reg", 0, 0xa000000, 0, 0x200);
	CELLS("/virtio_mmio@a000000", "interrupts", 0, 16, 4);
	CELLS("/virtio_mmio@a000200", "interrupts", 0, 17, 4);
	CELLS("/virtio_mmio@a000400", "interrupts", 0, 18, 4);
	CELLS("/share@b000000", "reg", 0, 0xb000000, 0, 0x3000, 0, 0xa003000,
	    0, 0x1000);
	CELLS("/share@b000000", "interrupts", 0, 19, 4);
	ATF_CHECK(absent("/virtio_mmio@a000600"));
}

ATF_TC_WITHOUT_HEAD(only_what_is_asked);
ATF_TC_BODY(only_what_is_asked, tc)
{

	ATF_REQUIRE_EQ(2, load(tc, "devices { rng; };", "devices { };"));
	ATF_CHECK(absent("/virtio_mmio@a000000") && absent("/share@b000000"));
	CELLS("/virtio_mmio@a000200", "reg", 0, 0xa000200, 0, 0x200);
	ATF_REQUIRE_EQ(2, load(tc, "", ""));
	ATF_CHECK(!fake_vm("a")->config.extra.any);
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{

	REFUSES("devices { console = \"virtio\"; };",
	    "/devices: console: wants no value: it is there or not");
	REFUSES("devices { link = <1>; };",
	    "/devices: link: wants one string, not empty");
	REFUSES("devices { share = \"m\"; };",
	    "/devices: share: wants a name, and share-size");
	REFUSES("devices { share-size = <0 0x1000>; };",
	    "/devices: share: wants a name, and share-size");
	REFUSES("devices { share = \"x\"; share-size = <0 0x1800>; };",
	    "/devices: share-size: 0x1800 is not a multiple of 4096 up to "
	    "0x1000000");
	REFUSES("devices { share = \"x\"; share-size = <0 0x2000000>; };",
	    "/devices: share-size: 0x2000000 is not a multiple of 4096 up to "
	    "0x1000000");
	ATF_REQUIRE_EQ(1, load(tc, "devices { share = \"y\"; share-size = "
	    "<0 0x1000>; };", "devices { share = \"y\"; share-size = "
	    "<0 0x2000>; };"));
	ATF_CHECK_STREQ("bundle: /vms/b/devices: share-size: 0x2000, but the "
	    "other VM says 0x1000\n", fake.lines);
	REFUSES("devices { transports = <0 0x0c000000>; };",
	    "/devices: transports: wants IPA (two cells) and INTID of each, "
	    "at most 4");
	host_gic = 2;
	REFUSES("/delete-property/ gic; devices { its; };",
	    "/devices: its: not possible: this "
	    "machine has GICv2, whose VMs have no LPIs");
	host_gic = 3;
	fake_machine.no_entropy = true;
	REFUSES("devices { rng; };", "/devices: rng: no source of entropy "
	    "here: no FEAT_RNG, no TRNG in the firmware, no 32 bytes of "
	    "/chosen/rng-seed");
}

/* What is passed through, as the guest is told. */
ATF_TC_WITHOUT_HEAD(passed);
ATF_TC_BODY(passed, tc)
{
	static char more[20000];
	char compatible[1000] = { 0 };
	const void *t;
	int at, len;

	ATF_REQUIRE_EQ(2, load(tc, "/delete-node/ passthrough; passthrough {"
	    "uart@9 { compatible = \"v,one\", \"v,any\"; reg = "
	    "<0 0xc000000 0 0x10006000 0 0x1000>, "
	    "<1 0 1 0 2 0>; interrupts = <40>; };"
	    "rom { reg = <0 0xd000000 0 0x10008000 0 0x2000>; };"
	    "line { interrupts = <32>; edge; }; };", ""));
	CELLS("/passthrough/uart@c000000", "reg", 0, 0xc000000, 0, 0x1000,
	    1, 0, 2, 0);
	CELLS("/passthrough/uart@c000000", "interrupts", 0, 8, 4);
	CELLS("/passthrough/uart@c000000", "compatible", 0x762c6f6e,
	    0x6500762c, 0x616e7900);
	CELLS("/passthrough/rom@d000000", "reg", 0, 0xd000000, 0, 0x2000);
	t = tree();
	ATF_CHECK_STREQ("simple-bus", (const char *)fdt_getprop(t,
	    fdt_path_offset(t, "/passthrough"), "compatible", NULL));
	at = fdt_path_offset(t, "/passthrough/rom@d000000");
	ATF_CHECK(fdt_getprop(t, at, "interrupts", NULL) == NULL);
	ATF_CHECK(fdt_getprop(t, at, "compatible", NULL) == NULL);
	/* Nothing but an interrupt: named after that. */
	CELLS("/passthrough/line@20", "interrupts", 0, 0, 1);
	at = fdt_path_offset(t, "/passthrough/line@20");
	ATF_CHECK(fdt_getprop(t, at, "reg", NULL) == NULL);

	/* The most there can be, names longer than they may be. */
	memset(compatible, 'y', sizeof(compatible) - 1);
	len = sprintf(more, "/delete-node/ passthrough; passthrough {");
	for (int i = 0; i < VM_MAX_PASSTHROUGH; i++)
		len += sprintf(more + len, "a234567890b234567890c234567890"
		    "d234567890e234567890f234567890-%d { compatible = \"%s\"; "
		    "reg = <0xff %u 0 %u 0 0x1000>; interrupts = <%d>; };", i,
		    compatible, 0xff000000 + i * 0x1000u,
		    0x11000000 + i * 0x1000u, 60 + i);
	sprintf(more + len, "};");
	ATF_REQUIRE_EQ_MSG(2, load(tc, more, ""), "%s", fake.lines);
	CELLS("/passthrough/a234567890b234567890c234567890d234567890e23456@"
	    "ffff00f000", "interrupts", 0, 60 + 15 - 32, 4);
	/* The most nodes there can be. */
	len = sprintf(more, "/delete-node/ passthrough; passthrough {");
	for (int i = 0; i < VM_MAX_PASSTHROUGH; i++)
		len += sprintf(more + len, "r%d { reg = <0xff %u 0 %u 0 "
		    "0x1000>; }; i%d { interrupts = <%d>; };", i,
		    0xff000000 + i * 0x1000u, 0x11000000 + i * 0x1000u, i,
		    60 + i);
	sprintf(more + len, "};");
	ATF_REQUIRE_EQ_MSG(2, load(tc, more, ""), "%s", fake.lines);
	CELLS("/passthrough/r15@ffff00f000", "reg", 0xff, 0xff00f000, 0,
	    0x1000);
	CELLS("/passthrough/i15@4b", "interrupts", 0, 60 + 15 - 32, 4);
}

ATF_TC_WITHOUT_HEAD(masters);
ATF_TC_BODY(masters, tc)
{
	static const char *const marks[] = { "dma-coherent", "iommus",
	    "phy-mode", "bus-width" };

	ATF_CHECK_EQ(2, load(tc, PASS, ""));
	for (unsigned int i = 0; i < nitems(marks); i++) {
		fake_machine.master = marks[i];
		REFUSES(PASS, ": passthrough: PA 0x10004000 is a bus master, "
		    "and nothing here keeps its DMA in bounds: not without "
		    "unsafe-dma in the VM's devices node");
	}
	/* The page behind it is none. */
	ATF_CHECK_EQ(2, load(tc, "/delete-node/ passthrough; passthrough { d { "
	    "reg = <0 0x0c000000 0 0x10005000 0 0x1000>; }; };", ""));
}

ATF_TC_WITHOUT_HEAD(unsafe_dma);
ATF_TC_BODY(unsafe_dma, tc)
{
	struct vm_config before;
	const struct vm_config *c;
	const struct vm *vm;
	char err[VM_ERR];

	fake_machine.master = "dma-coherent";
	ATF_REQUIRE_EQ(2, load(tc, "devices { unsafe-dma; transports = "
	    "<0 0x0c000e00 70>; };" PASS, ""));
	vm = fake_vm("a");
	c = &vm->config;
	ATF_CHECK(c->extra.unsafe_dma);
	ATF_CHECK_EQ(0x48000000, c->ram_base);
	ATF_CHECK_EQ(0x10004000, fake.mapped);
	CELLS("/memory", "reg", 0, 0x48000000, 0, 0x4000000);
	CELLS("/virtio_mmio@c000e00", "reg", 0, 0xc000e00, 0, 0x200);
	CELLS("/virtio_mmio@c000e00", "interrupts", 0, 38, 1);
	/* The initrd was put into the RAM as if that were at 0x40000000. */
	CELLS("/chosen", "linux,initrd-start", 0, (uint32_t)
	    vm->config.image.part[1].ipa.v + 0x8000000);
	REFUSES("devices { transports = <0 0x0d000e00 70>; };" PASS,
	    ": devices: transports: IPA 0xd000e00 is in no range that is "
	    "passed through");
	REFUSES("devices { transports = <0 0x0c000f00 70>; };" PASS,
	    ": devices: transports: IPA 0xc000f00 is in no range that is "
	    "passed through");
	REFUSES("devices { transports = <0 0x0c000e00 79>; };" PASS,
	    ": devices: transports: 79 is no interrupt that is passed through");
	fake_machine.master = NULL;
	/* b's kernel is a raw binary, with an address. */
	ATF_REQUIRE_EQ(2, load(tc, "devices { unsafe-dma; };" PASS,
	    "devices { unsafe-dma; };"));
	vm = fake_vm("b");
	ATF_CHECK_EQ(-1, dma_move(&fake_vm("b")->config, err));
	ATF_CHECK_STREQ("kernel: no arm64 Image: others have their place, but "
	    "unsafe-dma moves the RAM", err);
	before = fake_vm("a")->config;
	ATF_CHECK_EQ(0, dma_move(&fake_vm("a")->config, err));
	c = &fake_vm("a")->config;
	ATF_CHECK_EQ(before.dtb.v + 0x8000000, c->dtb.v);
	ATF_CHECK_EQ(before.image.entry.v + 0x8000000, c->image.entry.v);
	for (unsigned int i = 0; i < 3; i++)
		ATF_CHECK_EQ(before.image.part[i].ipa.v + 0x8000000,
		    c->image.part[i].ipa.v);
	fake_machine.ram_at = 0x1000000;
	REFUSES("devices { unsafe-dma; };" PASS, "/devices: unsafe-dma: the "
	    "RAM left is at 0x1000000, where a guest cannot have it");
	ATF_CHECK_EQ(1, fake.returned);
	fake_machine.ram_at = 0x100001000;
	REFUSES("devices { unsafe-dma; };" PASS, "/devices: unsafe-dma: no "
	    "65536 KiB of RAM in one piece left");
}

/* VM a with an image "fw" of these cells as firmware, and more in it. */
static unsigned int
load_firmware(const atf_tc_t *tc, const char *data, const char *more)
{
	char b[500];

	snprintf(b, sizeof(b), "}; &images { fw { data = %s; }; };  &b {",
	    data);
	return (load(tc, more, b));
}

ATF_TC_WITHOUT_HEAD(firmware);
ATF_TC_BODY(firmware, tc)
{
	const struct vm_config *c;

	ATF_REQUIRE_EQ(2, load_firmware(tc, "[00 00 00 14 17]",
	    "devices { firmware = \"fw\"; };"));
	ATF_CHECK_STREQ("", fake.lines);
	c = &fake_vm("a")->config;
	ATF_CHECK_EQ(5, c->extra.firmware.len);
	ATF_CHECK_EQ(0x17, ((const uint8_t *)c->extra.firmware.data)[4]);
	/* The rest goes to it, and not to RAM. */
	ATF_CHECK_EQ(64, c->extra.kernel.len);
	ATF_CHECK_STREQ("not an initrd, but long enough",
	    c->extra.initrd.data);
	ATF_CHECK_STREQ("quiet console=ttyAMA0", c->extra.bootargs);
	ATF_CHECK_EQ(1, c->image.nparts);
	ATF_CHECK_EQ(0, c->image.entry.v);
	ATF_CHECK_EQ(MACHINE_RAM_BASE, c->image.part[0].ipa.v);
	ATF_CHECK_EQ(MACHINE_RAM_BASE, c->dtb.v);
	CELLS("/flash@4000000", "reg", 0, 0x4000000, 0, 0x200000);
	CELLS("/flash@4000000", "bank-width", 4);
	CELLS("/fw-cfg@9020000", "reg", 0, 0x9020000, 0, 0x18);
	ATF_REQUIRE_EQ(2, load_firmware(tc, "[00 00 00 14]",
	    "/delete-property/ kernel; /delete-property/ initrd; "
	    "/delete-property/ bootargs; devices { firmware = \"fw\"; };"));
	ATF_CHECK_STREQ("", fake.lines);
	c = &fake_vm("a")->config;
	ATF_CHECK_EQ(0, c->extra.kernel.len + c->extra.initrd.len);
	ATF_CHECK_STREQ("", c->extra.bootargs);
	/* Without there is none of it. */
	ATF_REQUIRE_EQ(2, load(tc, "devices { };", ""));
	ATF_CHECK(absent("/flash@4000000") && absent("/fw-cfg@9020000"));
}

ATF_TC_WITHOUT_HEAD(firmware_refused);
ATF_TC_BODY(firmware_refused, tc)
{
	static const struct {
		const char	*data, *more, *line;
	} cases[] = {
		{ "[00 00 00 14]", "devices { firmware = \"no\"; };",
		    "no image \"no\" in /images" },
		{ "[00 00 00 00 01]", "", "image \"fw\" does not start with "
		    "an instruction: is it one of variables, or of another "
		    "architecture?" },
		{ "[ff ff ff ff 01]", "", "image \"fw\" does not start with "
		    "an instruction: is it one of variables, or of another "
		    "architecture?" },
		{ "[7f 45 4c 46 01]", "", "image \"fw\" is an ELF file: "
		    "wanted an image of flash" },
		{ "[51 46 49 fb 01]", "", "image \"fw\" is a qcow2 file: "
		    "qemu-img convert -O raw it first" },
		{ "[00 00 00 14]", "devices { firmware = \"fw\"; unsafe-dma; "
		    "};", "image \"fw\" wants its RAM at 0x40000000: not with "
		    "unsafe-dma" },
	};
	char line[PRINT_LINE];

	for (unsigned int i = 0; i < nitems(cases); i++) {
		ATF_CHECK_EQ(1, load_firmware(tc, cases[i].data,
		    cases[i].more[0] != '\0' ? cases[i].more :
		    "devices { firmware = \"fw\"; };"));
		ATF_CHECK(fake_vm("a") == NULL);
		snprintf(line, sizeof(line), "bundle: /vms/a/devices: "
		    "firmware: %s\n", cases[i].line);
		ATF_CHECK_STREQ(line, fake.lines);
	}
}

/* A function of that header type. */
static void
function(unsigned int rid, unsigned int type, uint32_t buses)
{
	char *p = mem_fake_ptr(PA(fake_machine.ecam + (rid << 12)));
	const uint32_t id = 0x12345678;

	memset(p, 0, PAGE_SIZE);
	memcpy(p + PCI_VENDOR, &id, 4);
	p[PCI_CACHE_LINE + 2] = (char)type;
	if (type == 1)
		memcpy(p + PCI_BRIDGE_BUSES, &buses, 4);
}

ATF_TC_WITHOUT_HEAD(functions);
ATF_TC_BODY(functions, tc)
{

	fake_machine.ecam = MEM_FAKE_BASE + (1ul << 30);
	memset(mem_fake_ptr(PA(fake_machine.ecam)), 0xff, 1 << 20);
	function(1 << 3, 0, 0);
	function(2 << 3 | 1, 1, 0x030100);
	ATF_REQUIRE_EQ(2, load(tc, "/delete-property/ stage2; "
	    "devices { unsafe-dma; pci = \"0000:00:01.0\"; };", ""));
	ATF_CHECK_EQ(1 << 3, fake_vm("a")->config.extra.pci[0]);
	REFUSES("devices { pci = \"00:02.1\"; };",
	    "/devices: pci: 00:02.1 is a bridge: what is behind it stays "
	    "the machine's");
	REFUSES("devices { pci = \"03:00.0\"; };",
	    "/devices: pci: 03:00.0 is behind the bridge 00:02.1, which "
	    "shares its window: only functions of bus 00 are passed through");
	REFUSES("devices { pci = \"04:00.0\"; };",
	    "/devices: pci: 04:00.0 is not on bus 00, the root of the first "
	    "host bridge: no others are passed through");
	REFUSES("devices { pci = \"0001:02:00.0\"; };",
	    "/devices: pci: 0001:02:00.0 is not on bus 00, the root of the "
	    "first host bridge: no others are passed through");
	fake_machine.ecam = 0;
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, all_of_them);
	ATF_TP_ADD_TC(tp, only_what_is_asked);
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, passed);
	ATF_TP_ADD_TC(tp, masters);
	ATF_TP_ADD_TC(tp, unsafe_dma);
	ATF_TP_ADD_TC(tp, firmware);
	ATF_TP_ADD_TC(tp, firmware_refused);
	ATF_TP_ADD_TC(tp, functions);
	return (atf_no_error());
}
