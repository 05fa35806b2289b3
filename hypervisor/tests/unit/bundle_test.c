/*
 * Bundles that are good, and everything that can be wrong with one: each
 * spoilt bundle gets its line, and the VM beside it lives.
 * Over 500 lines because each line that the loader can say is here.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <libfdt.h>

#include "bundle_fake.h"
#include "bundle_trees.h"

#define	FULL	"bundles/full.dts"

static void *bundle;
static size_t size;

/* full.dts with more text behind it; how many VMs came of it. */
static unsigned int
load(const atf_tc_t *tc, const char *more, unsigned int gic)
{
	unsigned int n;

	fake_reset(bundle, size);
	free(bundle);
	bundle = trees_make(tc, FULL, more, &size);
	n = fake_load(bundle, size, gic);
	ATF_CHECK_MSG(fake.broken == NULL, "%s: promise broken: %s", more,
	    fake.broken);
	return (n);
}

/* Spoilt so, VM a is refused with this one line and VM b is made. */
static void
refuses(const atf_tc_t *tc, const char *more, const char *line)
{
	size_t pages;

	ATF_CHECK_MSG(load(tc, more, 3) == 1, "%s: VMs", more);
	ATF_CHECK_MSG(fake_vm("a") == NULL && fake_vm("b") != NULL,
	    "%s: the wrong one", more);
	ATF_CHECK_MSG(strcmp(fake.lines, line) == 0, "%s\nwanted: %sgot:    %s",
	    more, line, fake.lines);
	/* VM b has a tree of its own. */
	pages = fake.pages;
	ATF_CHECK_MSG(pages == 0, "%s: %zu pages lost", more, pages);
}

#define	REFUSES(more, line)	refuses(tc, more, "bundle: /vms/a" line "\n")

ATF_TC_WITHOUT_HEAD(good);
ATF_TC_BODY(good, tc)
{
	const struct vm_config *c;
	const struct vm_image *part;
	const struct vm *vm;
	const char *s;
	int len, n;

	ATF_REQUIRE_EQ(2, load(tc, "", 3));
	ATF_CHECK_STREQ("", fake.lines);
	ATF_REQUIRE((vm = fake_vm("a")) != NULL);
	c = &vm->config;
	ATF_CHECK_EQ(2, c->nvcpus);
	ATF_CHECK_EQ(1, c->cpus[0]);
	ATF_CHECK_EQ(0, c->cpus[1]);
	ATF_CHECK_EQ(0x4000000, c->memory);
	ATF_CHECK_EQ(3, c->gic);
	ATF_CHECK(c->demand && c->wfi_native && c->stats);
	ATF_REQUIRE_EQ(3, c->ndevices);
	ATF_CHECK_EQ(0x0c002000, c->devices[1].ipa.v);
	ATF_CHECK_EQ(0x10004000, c->devices[1].pa.v);
	ATF_CHECK_EQ(0x2000, c->devices[1].size);
	ATF_CHECK(!c->devices[1].read_only && c->devices[2].read_only);
	ATF_CHECK_EQ(0x100000000, c->devices[2].ipa.v);
	ATF_REQUIRE_EQ(2, c->nspis);
	ATF_CHECK_EQ(40, c->spis[0].intid);
	ATF_CHECK_EQ(41, c->spis[1].intid);
	ATF_CHECK(c->spis[0].edge && c->spis[1].edge);
	/* Kernel, initrd, tree, in this order; the tree knows the initrd. */
	part = vm->config.image.part;
	ATF_REQUIRE_EQ(3, vm->config.image.nparts);
	ATF_CHECK_EQ(0x40000000, vm->config.image.entry.v);
	ATF_CHECK_EQ(0x40000000, part[0].ipa.v);
	ATF_CHECK_EQ(64, part[0].size);
	ATF_CHECK_EQ(0x100000 - 64, part[0].zero);
	ATF_CHECK_EQ(31, part[1].size);
	ATF_CHECK_STREQ("not an initrd, but long enough",
	    (const char *)part[1].data);
	ATF_CHECK_EQ(vm->config.dtb.v, part[2].ipa.v);
	ATF_CHECK_EQ(0, fdt_check_full(part[2].data,
	    part[2].size));
	n = fdt_path_offset(part[2].data, "/chosen");
	s = fdt_getprop(part[2].data, n, "bootargs", &len);
	ATF_REQUIRE(s != NULL);
	ATF_CHECK_STREQ("quiet console=ttyAMA0", s);
	s = fdt_getprop(part[2].data, n, "linux,initrd-start", &len);
	ATF_REQUIRE(s != NULL && len == 8);
	ATF_CHECK_EQ(part[1].ipa.v, fdt64_ld((const fdt64_t *)s));
	n = fdt_path_offset(part[2].data, "/passthrough/uart@c000000");
	s = fdt_getprop(part[2].data, n, "compatible", &len);
	ATF_REQUIRE(s != NULL && len == 12);
	ATF_CHECK_STREQ("v,any", s + 6);

	ATF_REQUIRE((vm = fake_vm("b")) != NULL);
	c = &vm->config;
	ATF_CHECK_EQ(1, c->nvcpus);
	ATF_CHECK_EQ(VM_CPU_ANY, c->cpus[0]);
	ATF_CHECK(!c->demand && !c->wfi_native && !c->stats);
	ATF_REQUIRE_EQ(1, c->nspis);
	ATF_CHECK(!c->spis[0].edge);
	ATF_CHECK_EQ(0x40200004, vm->config.image.entry.v);
	ATF_REQUIRE_EQ(2, vm->config.image.nparts);
	ATF_CHECK_EQ(0x40200000, vm->config.image.part[0].ipa.v);
	ATF_CHECK_EQ(12, vm->config.image.part[0].size);
	ATF_CHECK_EQ(0x40000000, vm->config.dtb.v);
	ATF_CHECK_EQ(72, vm->config.image.part[1].size);
}

/* A zImage: its tree goes to r2, and has CPUs of its kind. */
ATF_TC_WITHOUT_HEAD(aarch32);
ATF_TC_BODY(aarch32, tc)
{
	static const char more[] = "&images { z { data = [00 00 00 00 00 00 00 "
	    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
	    "00 00 00 00 00 00 00 00 18 28 6f 01]; }; }; "
	    "&a { kernel = \"z\"; };";
	const struct vm_config *c;

	vcpu_fake.id[4 * 8] = 0x22;
	ATF_REQUIRE_EQ(2, load(tc, more, 3));
	ATF_CHECK_STREQ("", fake.lines);
	c = &fake_vm("a")->config;
	ATF_CHECK(c->image.aarch32);
	ATF_REQUIRE_EQ(3, c->image.nparts);
	ATF_CHECK_EQ(0x42000000, c->image.entry.v);
	ATF_CHECK_EQ(c->image.part[2].ipa.v << 32, c->dtb.v);
	ATF_CHECK_EQ(0, fdt_node_check_compatible(c->image.part[2].data,
	    fdt_path_offset(c->image.part[2].data, "/cpus/cpu@0"),
	    "arm,armv7"));
	ATF_CHECK(!fake_vm("b")->config.image.aarch32);
	/* A CPU with 64 bits at EL1 alone: the other VM goes on. */
	vcpu_fake.id[4 * 8] = 0x12;
	ATF_CHECK_EQ(1, load(tc, more, 3));
	ATF_CHECK_STREQ("bundle: /vms/a: kernel: image \"z\" is for 32-bit "
	    "Arm, and this CPU runs nothing but AArch64 at EL1: wanted one "
	    "for arm64\n", fake.lines);
}

/* GICv2 is taken from the machine where the bundle does not say. */
ATF_TC_WITHOUT_HEAD(gic_of_machine);
ATF_TC_BODY(gic_of_machine, tc)
{

	ATF_REQUIRE_EQ(2, load(tc, "&a { /delete-property/ gic; };", 2));
	ATF_CHECK_EQ(2, fake_vm("a")->config.gic);
	ATF_CHECK_EQ(2, fake_vm("b")->config.gic);
	ATF_CHECK_EQ(1, load(tc, "", 2));
	ATF_CHECK_STREQ("bundle: /vms/a: gic: 3 is not possible: this "
	    "machine has GICv2\n", fake.lines);
}

ATF_TC_WITHOUT_HEAD(images);
ATF_TC_BODY(images, tc)
{

	REFUSES("&a { /delete-property/ kernel; };", ": kernel: missing");
	REFUSES("&a { kernel = \"nope\"; };",
	    ": kernel: no image \"nope\" in /images");
	REFUSES("&a { kernel = \"\"; };",
	    ": kernel: wants one string, not empty");
	REFUSES("&a { kernel = \"linux\", \"rd\"; };",
	    ": kernel: wants one string, not empty");
	REFUSES("&a { kernel = [6c 69]; };",
	    ": kernel: wants one string, not empty");
	REFUSES("&a { kernel = \"a\\x1b[2Jb\"; };",
	    ": kernel: no image \"a?[2Jb\" in /images");
	REFUSES("&a { initrd = \"nope\"; };",
	    ": initrd: no image \"nope\" in /images");
	REFUSES("&a { dtb = \"nope\"; };",
	    ": dtb: no image \"nope\" in /images");
	REFUSES("&a { kernel = \"rd\"; };", ": kernel: image \"rd\" is "
	    "neither an arm64 Image nor an ELF file; a raw binary needs type "
	    "= \"raw\" and load");
	REFUSES("&images { k { data = [1f 8b 08 00]; }; };"
	    "&a { kernel = \"k\"; };",
	    ": kernel: image \"k\" is gzip-compressed: gunzip it first");
	REFUSES("&images { k { type = \"raw\"; load = <0 0x20000000>; "
	    "data = [00]; }; }; &a { kernel = \"k\"; };", ": kernel: image "
	    "\"k\" needs 1 KiB at 0x20000000: the memory is 0x40000000 to "
	    "0x43ffffff");
	REFUSES("&a { dtb = \"rd\"; /delete-property/ bootargs; };",
	    ": dtb: image \"rd\" is no device tree");
	REFUSES("&images { t { data = <0xd00dfeed 4>; }; }; "
	    "&a { dtb = \"t\"; /delete-property/ bootargs; };",
	    ": dtb: image \"t\" is no device tree");
	REFUSES("&images { t { data = <0xd00dfeed 0x30 0 0 0 17 16 0 0 0>; }; "
	    "}; &a { dtb = \"t\"; /delete-property/ bootargs; };",
	    ": dtb: image \"t\" is cut short");
}

/* A line is cut where it gets longer than people read. */
ATF_TC_WITHOUT_HEAD(long_line);
ATF_TC_BODY(long_line, tc)
{
	char more[300], line[300];

	snprintf(more, sizeof(more), "&a { wfi = \"%0200d\"; };", 0);
	/* After "bundle: ", 199 characters: 14 are the path and the name. */
	snprintf(line, sizeof(line), "bundle: /vms/a: wfi: \"%0185d\n", 0);
	refuses(tc, more, line);
}

ATF_TC_WITHOUT_HEAD(huge_dtb);
ATF_TC_BODY(huge_dtb, tc)
{
	static uint64_t big[(3u << 20) / 8];
	uint32_t *data;
	int n;

	load(tc, "&a { dtb = \"tree\"; };", 3);
	ATF_REQUIRE_EQ(0, fdt_open_into(bundle, big, sizeof(big)));
	n = fdt_path_offset(big, "/images/tree");
	ATF_REQUIRE_EQ(0, fdt_setprop_placeholder(big, n, "data",
	    (2 << 20) + 4, (void **)&data));
	data[0] = cpu_to_fdt32(FDT_MAGIC);
	data[1] = cpu_to_fdt32(72);
	fake_reset(bundle, size);
	ATF_CHECK_EQ(0, fake_load(big, sizeof(big), 3));
	ATF_CHECK(strstr(fake.lines, "bundle: /vms/a: dtb: image \"tree\" is "
	    "larger than 2 MiB\n") != NULL);
	ATF_REQUIRE_EQ(0, fdt_setprop_placeholder(big, n, "data", 2 << 20,
	    (void **)&data));
	data[1] = cpu_to_fdt32(72);
	fake_reset(big, sizeof(big));
	ATF_CHECK_EQ(2, fake_load(big, sizeof(big), 3));
	fake_reset(big, sizeof(big));
}

/* What is wrong with an image is said of the image, and of who wants it. */
ATF_TC_WITHOUT_HEAD(images_refused);
ATF_TC_BODY(images_refused, tc)
{
#define	IMAGE(props, line)						\
	refuses(tc, "&images { k { " props " }; }; &a { kernel = \"k\"; };", \
	    "bundle: /images/k: " line "\n"				\
	    "bundle: /vms/a: kernel: image \"k\" was refused\n")

	IMAGE("", "data: missing");
	IMAGE("data;", "data: empty");
	IMAGE("data = [00]; type = \"elf\";",
	    "type: \"elf\" is neither \"auto\" nor \"raw\"");
	IMAGE("data = [00]; type = \"raw\";",
	    "load: missing: a raw image needs one");
	IMAGE("data = [00]; type = \"raw\"; load = <0x40000000>;",
	    "load: 4 bytes: wants two cells, high and low half of a number");
	IMAGE("data = [00]; type = \"raw\"; load = <0 0>; entry = <0>;",
	    "entry: 4 bytes: wants two cells, high and low half of a number");
}

ATF_TC_WITHOUT_HEAD(memory);
ATF_TC_BODY(memory, tc)
{

	REFUSES("&a { /delete-property/ memory; };", ": memory: missing");
	REFUSES("&a { memory = <0x4000000>; };", ": memory: 4 bytes: wants "
	    "two cells, high and low half of a number");
	REFUSES("&a { memory = <0 0>; };",
	    ": memory: 0x0 is not a multiple of 4096 above 0");
	REFUSES("&a { memory = <0 0x4000800>; };",
	    ": memory: 0x4000800 is not a multiple of 4096 above 0");
	REFUSES("&a { memory = <0 0x20000000>; };", ": memory: larger than "
	    "the machine has (512 MiB wanted, 256 MiB free)");
	REFUSES("&a { memory = <0xffffffff 0xfffff000>; };", ": memory: "
	    "larger than the machine has (17592186044415 MiB wanted, 256 MiB "
	    "free)");
	REFUSES("&a { memory = <0 0x80000>; };", ": kernel: image \"linux\" "
	    "needs 1024 KiB at 0x40000000: the memory is 0x40000000 to "
	    "0x4007ffff");
	/* The kernel fits, but nothing beside it. */
	REFUSES("&a { memory = <0 0x100000>; };", ": memory: too small: 1024 "
	    "KiB in all, but kernel 1024 KiB, initrd 1 KiB, device tree 4 "
	    "KiB");
	REFUSES("&a { memory = <0 0x101000>; };", ": memory: too small: 1028 "
	    "KiB in all, but kernel 1024 KiB, initrd 1 KiB, device tree 4 "
	    "KiB");
	ATF_CHECK_EQ(2, load(tc, "&a { memory = <0 0x102000>; };", 3));
}

/* What the VMs before have taken is not free any more. */
ATF_TC_WITHOUT_HEAD(memory_all);
ATF_TC_BODY(memory_all, tc)
{

	ATF_CHECK_EQ(1, load(tc, "&a { memory = <0 0xf800000>; };", 3));
	ATF_CHECK(fake_vm("a") != NULL);
	ATF_CHECK_STREQ("bundle: /vms/b: memory: larger than the machine has "
	    "(16 MiB wanted, 8 MiB free)\n", fake.lines);
}

/* As much as the machine has, but not as a guest can address. */
ATF_TC_WITHOUT_HEAD(memory_address_space);
ATF_TC_BODY(memory_address_space, tc)
{

	load(tc, "&a { memory = <1 0>; };", 3);
	fake_reset(bundle, size);
	host.ipa_bits = 32;
	fake.free = 1ull << 40;
	ATF_CHECK_EQ(1, bundle_load(bundle, size));
	ATF_CHECK_STREQ("bundle: /vms/a: memory: larger than a guest can "
	    "address here (3072 MiB)\n", fake.lines);
}

ATF_TC_WITHOUT_HEAD(vcpus);
ATF_TC_BODY(vcpus, tc)
{

	REFUSES("&a { vcpus = <0>; };", ": vcpus: 0 is not 1 to 8");
	REFUSES("&a { vcpus = <9>; };", ": vcpus: 9 is not 1 to 8");
	REFUSES("&a { vcpus = <0xffffffff>; };",
	    ": vcpus: 4294967295 is not 1 to 8");
	REFUSES("&a { vcpus = <0 2>; };", ": vcpus: 8 bytes: wants one cell");
	REFUSES("&a { cpus = <0>; };",
	    ": cpus: 4 bytes: wants one cell for each of 2 vCPUs");
	REFUSES("&a { cpus = <0 1 3>; };",
	    ": cpus: 12 bytes: wants one cell for each of 2 vCPUs");
	REFUSES("&a { cpus = <0 4>; };",
	    ": cpus: CPU 4 is not there: this machine has 4");
	REFUSES("&a { cpus = <2 0>; };",
	    ": cpus: CPU 2 is not there: this machine has 4");
	REFUSES("&a { cpus = <0xffffffff 0>; };",
	    ": cpus: CPU 4294967295 is not there: this machine has 4");
	ATF_CHECK_EQ(2, load(tc, "&a { vcpus = <8>; "
	    "/delete-property/ cpus; };", 3));
	ATF_CHECK_EQ(8, fake_vm("a")->config.nvcpus);
}

ATF_TC_WITHOUT_HEAD(words);
ATF_TC_BODY(words, tc)
{
	char more[2200], args[2100] = "";

	REFUSES("&a { stage2 = \"lazy\"; };",
	    ": stage2: \"lazy\" is neither \"eager\" nor \"demand\"");
	REFUSES("&a { wfi = \"ignore\"; };",
	    ": wfi: \"ignore\" is neither \"trap\" nor \"native\"");
	REFUSES("&a { wfi; };", ": wfi: wants one string, not empty");
	REFUSES("&a { stats = <0>; };",
	    ": stats: wants no value: it is there or not");
	REFUSES("&uart { edge = <0>; };", "/passthrough/uart@a000000: edge: "
	    "wants no value: it is there or not");
	REFUSES("&rom { read-only = <0>; };", "/passthrough/rom: read-only: "
	    "wants no value: it is there or not");
	REFUSES("&a { gic = <4>; };", ": gic: 4 is not 2 or 3");
	REFUSES("&a { gic = <2>; };",
	    ": gic: 2 is not possible: this machine has GICv3");
	REFUSES("&a { gic = \"3\"; };", ": gic: 2 bytes: wants one cell");
	REFUSES("&a { bootargs = <0x61626364>; };",
	    ": bootargs: wants one string, not empty");
	memset(args, 'x', 2048);
	snprintf(more, sizeof(more), "&a { bootargs = \"%s\"; };", args);
	REFUSES(more, ": bootargs: 2048 characters: at most 2047");
	args[2047] = '\0';
	snprintf(more, sizeof(more), "&a { bootargs = \"%s\"; };", args);
	ATF_CHECK_EQ(2, load(tc, more, 3));
}

#define	DEV	"/passthrough/uart@a000000: "

ATF_TC_WITHOUT_HEAD(ranges);
ATF_TC_BODY(ranges, tc)
{
#define	REG(cells, line)						\
	REFUSES("&uart { reg = <" cells ">; };", DEV "reg: " line)

	REFUSES("&uart { /delete-property/ reg; /delete-property/ interrupts; "
	    "};", DEV "reg: wants IPA, PA and size, two cells each");
	REG("0 0xc000000 0 0x10000000 0x1000",
	    "wants IPA, PA and size, two cells each");
	REG("0 0xc000000 0 0x10000000 0 0x1000 0 0xd000000",
	    "wants IPA, PA and size, two cells each");
	REG("0 0xc000800 0 0x10000000 0 0x1000",
	    "IPA 0xc000800: not whole pages");
	REG("0 0xc000000 0 0x10000004 0 0x1000",
	    "IPA 0xc000000: not whole pages");
	REG("0 0xc000000 0 0x10000000 0 0x100",
	    "IPA 0xc000000: not whole pages");
	REG("0 0xc000000 0 0x10000000 0 0", "IPA 0xc000000: not whole pages");
	REG("0x100 0 0 0x10000000 0 0x1000",
	    "IPA 0x10000000000: ends beyond the addresses there are");
	REG("0xff 0xfffff000 0 0x10000000 0 0x2000",
	    "IPA 0xfffffff000: ends beyond the addresses there are");
	REG("0 0x50000000 0 0 0xffffffff 0xfffff000",
	    "IPA 0x50000000: ends beyond the addresses there are");
	REG("0 0x50000000 0xffffffff 0xfffff000 0 0x2000",
	    "IPA 0x50000000: ends beyond the addresses there are");
	REG("0 0x43fff000 0 0x10000000 0 0x1000",
	    "IPA 0x43fff000: overlaps the VM's RAM");
	REG("0 0x3ffff000 0 0x10000000 0 0x2000",
	    "IPA 0x3ffff000: overlaps the VM's RAM");
	REG("0 0x0800f000 0 0x10000000 0 0x1000",
	    "IPA 0x800f000: overlaps the VM's GIC");
	REG("0 0x0809f000 0 0x10000000 0 0x1000",
	    "IPA 0x809f000: overlaps the VM's ITS");
	REG("0 0x08011000 0 0x10000000 0 0x1000",
	    "IPA 0x8011000: overlaps the VM's GIC");
	REG("0 0x0819f000 0 0x10000000 0 0x1000",
	    "IPA 0x819f000: overlaps the VM's GIC");
	REG("0 0x09000000 0 0x10000000 0 0x1000",
	    "IPA 0x9000000: overlaps the VM's UART");
	REG("0 0x09010000 0 0x10000000 0 0x1000",
	    "IPA 0x9010000: overlaps the VM's clock");
	REG("0 0x0a003000 0 0x10000000 0 0x1000",
	    "IPA 0xa003000: overlaps the VM's virtio window");
	REG("0 0xc000000 0 0x10000000 0 0x2000 "
	    "0 0xc001000 0 0x11000000 0 0x1000",
	    "IPA 0xc001000: overlaps another range of this VM");
	REG("0 0xc000000 0 0x10000000 0 0x2000 "
	    "0 0xd000000 0 0x10001000 0 0x1000",
	    "IPA 0xd000000: overlaps another range of this VM");
	REG("0 0xc000000 0 0x08fff000 0 0x2000",
	    "PA 0x8fff000: is the hypervisor's console");
	REG("0 0xc000000 0 0x48000000 0 0x1000",
	    "PA 0x48000000: is RAM of the machine");
}

ATF_TC_WITHOUT_HEAD(interrupts);
ATF_TC_BODY(interrupts, tc)
{
#define	SPI(cells, line)						\
	REFUSES("&uart { interrupts = " cells "; };", DEV "interrupts: " line)

	SPI("[00]", "wants one cell each");
	SPI("<31>", "31 is no SPI (32 to 287)");
	SPI("<288>", "288 is no SPI (32 to 287)");
	SPI("<33>", "33 is that of the VM's UART");
	SPI("<34>", "34 is that of the VM's clock");
	SPI("<40 40>", "40 is named twice");
	SPI("<40 50>", "50 is the hypervisor's console");
	ATF_CHECK_EQ(2, load(tc, "&uart { interrupts = <32 287>; };", 3));
	/* An interrupt alone, of a device that is nowhere. */
	ATF_CHECK_EQ(2, load(tc, "&uart { /delete-property/ reg; };", 3));
	ATF_CHECK_EQ(1, fake_vm("a")->config.ndevices);
	ATF_CHECK_EQ(2, fake_vm("a")->config.nspis);
}

/* What VM a has, VM b cannot get. */
ATF_TC_WITHOUT_HEAD(given);
ATF_TC_BODY(given, tc)
{

	ATF_CHECK_EQ(1, load(tc, "&dev { reg = <0 0xc000000 0 0x10005000 "
	    "0 0x1000>; };", 3));
	ATF_CHECK_STREQ("bundle: /vms/b/passthrough/dev: reg: PA 0x10005000: "
	    "is given to VM a already\n", fake.lines);
	ATF_CHECK_EQ(1, load(tc, "&dev { interrupts = <41>; };", 3));
	ATF_CHECK_STREQ("bundle: /vms/b/passthrough/dev: interrupts: 41 is "
	    "given to VM a already\n", fake.lines);
	/* But what a refused VM asked for is free. */
	ATF_CHECK_EQ(1, load(tc, "&a { memory = <0 0>; }; "
	    "&dev { interrupts = <41>; };", 3));
	ATF_CHECK(fake_vm("b") != NULL);
}

ATF_TC_WITHOUT_HEAD(too_many);
ATF_TC_BODY(too_many, tc)
{
	char more[8000];
	unsigned int i;
	size_t n;

	/* 17 SPIs; 17 ranges, in two devices. */
	REFUSES("&uart { interrupts = <60 61 62 63 64 65 66 67 68 69 70 71 72 "
	    "73 74 75 76>; };", DEV "interrupts: more than 16");
	n = (size_t)snprintf(more, sizeof(more), "&rom { reg = <");
	for (i = 0; i < 15; i++)
		n += (size_t)snprintf(more + n, sizeof(more) - n,
		    "0 0x%x 0 0x%x 0 0x1000 ", 0x20000000 + i * 0x1000,
		    0x30000000 + i * 0x1000);
	snprintf(more + n, sizeof(more) - n, ">; };");
	REFUSES(more, "/passthrough/rom: reg: more than 16 ranges");

	/* With a and b, 17 VMs. */
	n = (size_t)snprintf(more, sizeof(more), "&vms {");
	for (i = 0; i < 15; i++)
		n += (size_t)snprintf(more + n, sizeof(more) - n, "v%u { "
		    "kernel = \"linux\"; memory = <0 0x200000>; };", i);
	snprintf(more + n, sizeof(more) - n, "};");
	ATF_CHECK_EQ(16, load(tc, more, 3));
	ATF_CHECK_STREQ("bundle: /vms/v14: more than 16 VMs\n", fake.lines);
	ATF_CHECK(fake_vm("v13") != NULL);

	/* 49 images. */
	n = (size_t)snprintf(more, sizeof(more), "&images {");
	for (i = 0; i < 45; i++)
		n += (size_t)snprintf(more + n, sizeof(more) - n,
		    "i%u { data = [00]; };", i);
	snprintf(more + n, sizeof(more) - n, "};");
	ATF_CHECK_EQ(2, load(tc, more, 3));
	ATF_CHECK_STREQ("bundle: /images/i44: ignored: more than 48 images\n",
	    fake.lines);
}

ATF_TC_WITHOUT_HEAD(names);
ATF_TC_BODY(names, tc)
{

	ATF_CHECK_EQ(3, load(tc, "&vms { n234567890123456789012345678901 { "
	    "kernel = \"linux\"; memory = <0 0x200000>; }; };", 3));
	ATF_CHECK_EQ(2, load(tc, "&vms { n2345678901234567890123456789012 { "
	    "kernel = \"linux\"; memory = <0 0x200000>; }; };", 3));
	ATF_CHECK_STREQ("bundle: /vms/n2345678901234567890123456789012: name "
	    "longer than 31 characters\n", fake.lines);
}

/* dtc makes no such thing: two nodes, or properties, of one name. */
ATF_TC_WITHOUT_HEAD(twice);
ATF_TC_BODY(twice, tc)
{
	char *p;

	load(tc, "&a { vcpux = <1>; }; &vms { c { }; };", 3);
	fake_reset(bundle, size);
	fake.free = FAKE_FREE;
	p = memmem(bundle, size, "vcpux", 6);
	ATF_REQUIRE(p != NULL);
	p[4] = 's';
	/* The node c, by its token. */
	p = memmem(bundle, size, "\0\0\0\1c\0\0\0", 8);
	ATF_REQUIRE(p != NULL);
	p[4] = 'b';
	ATF_CHECK_EQ(1, bundle_load(bundle, size));
	ATF_CHECK_STREQ("bundle: /vms/a: vcpus: given twice\n"
	    "bundle: /vms/b: there is a VM of this name already\n",
	    fake.lines);
}

/* Words that nobody knows are most often words with a typo. */
ATF_TC_WITHOUT_HEAD(unknown);
ATF_TC_BODY(unknown, tc)
{

	ATF_CHECK_EQ(2, load(tc, "&a { vcpu = <1>; }; &uart { irq = <1>; };"
	    "&{/} { colour = \"blue\"; misc { }; };"
	    "&linux { size = <1>; load = <0 0>; };"
	    "&images { x = <1>; }; &vms { y = <1>; };"
	    "&b { widgets { }; }; &passthrough { z = <1>; };", 3));
	ATF_CHECK_STREQ(
	    "bundle: /: colour: not known: ignored; there are compatible\n"
	    "bundle: /misc: not known: ignored\n"
	    "bundle: /images: x: not known: ignored\n"
	    "bundle: /images/linux: size: not known: ignored; there are data "
	    "type load entry\n"
	    "bundle: /images/linux: load: not used: type is not \"raw\"\n"
	    "bundle: /vms: y: not known: ignored\n"
	    "bundle: /vms/a: vcpu: not known: ignored; there are kernel "
	    "initrd dtb bootargs memory vcpus cpus stage2 wfi gic stats\n"
	    "bundle: /vms/a/passthrough: z: not known: ignored\n"
	    "bundle: /vms/a/passthrough/uart@a000000: irq: not known: "
	    "ignored; there are reg interrupts edge read-only compatible\n"
	    "bundle: /vms/b/widgets: not known: ignored\n", fake.lines);
	ATF_CHECK_EQ(2, load(tc, "&a { phandle = <9>; #address-cells = <2>; "
	    "#size-cells = <2>; description = \"x\"; }; "
	    "&{/} { __symbols__ { }; };", 3));
	ATF_CHECK_STREQ("", fake.lines);
}

/* With a tree of its own a VM has to see for itself. */
ATF_TC_WITHOUT_HEAD(own_dtb);
ATF_TC_BODY(own_dtb, tc)
{
	char line[200];

	ATF_CHECK_EQ(2, load(tc, "&a { dtb = \"tree\"; };", 3));
	ATF_REQUIRE_EQ(3, fake_vm("a")->config.image.nparts);
	snprintf(line, sizeof(line), "bundle: /vms/a: bootargs: not used: "
	    "the VM has a dtb of its own\nbundle: /vms/a: initrd: at 0x%lx: "
	    "the VM's own dtb must say so\n",
	    (unsigned long)fake_vm("a")->config.image.part[1].ipa.v);
	ATF_CHECK_STREQ(line, fake.lines);
	ATF_CHECK_EQ(0, fake.pages);
}

ATF_TC_WITHOUT_HEAD(no_vms);
ATF_TC_BODY(no_vms, tc)
{

	ATF_CHECK_EQ(0, load(tc, "/delete-node/ &a; /delete-node/ &b;", 3));
	ATF_CHECK_STREQ("bundle: /vms: no VMs\n", fake.lines);
	ATF_CHECK_EQ(0, load(tc, "/delete-node/ &vms;", 3));
	ATF_CHECK_STREQ("bundle: /: vms: missing\n", fake.lines);
	ATF_CHECK_EQ(0, load(tc, "/delete-node/ &images;", 3));
	ATF_CHECK_STREQ("bundle: /: images: missing\n", fake.lines);
	ATF_CHECK_EQ(0, load(tc, "&{/} { compatible = \"apiary\"; };", 3));
	ATF_CHECK_STREQ("bundle: /: compatible: not \"apiary,bundle-1\": no "
	    "bundle, or not for this hypervisor\n", fake.lines);
	ATF_CHECK_EQ(0, load(tc, "&{/} { /delete-property/ compatible; };",
	    3));
	ATF_CHECK_EQ(2, load(tc, "&{/} { compatible = \"apiary,bundle-2\", "
	    "\"apiary,bundle-1\"; };", 3));
}

/* The blob itself. */
static void
broken(size_t len, const char *line)
{
	void *exact = malloc(len);

	ATF_REQUIRE(exact != NULL);
	memcpy(exact, bundle, len);
	fake_reset(bundle, size);
	ATF_CHECK_EQ(0, bundle_load(exact, len));
	ATF_CHECK_STREQ(line, fake.lines);
	free(exact);
}

ATF_TC_WITHOUT_HEAD(blob);
ATF_TC_BODY(blob, tc)
{
	uint32_t *w;
	char *off;
	size_t i;

#define	BLOB(line)	broken(size, "bundle: " line "\n")
	load(tc, "", 3);
	w = bundle;
	for (i = 0; i < sizeof(struct fdt_header); i++)
		broken(i, "bundle: device tree: there is none\n");
	for (; i < size; i += 7)
		broken(i, "bundle: device tree: cut short\n");
	w[0] = cpu_to_fdt32(0xd00dfeee);
	BLOB("device tree: there is none");
	w[0] = cpu_to_fdt32(FDT_MAGIC);
	w[5] = cpu_to_fdt32(16);
	BLOB("device tree: broken header, or not of version 17");
	w[5] = cpu_to_fdt32(17);
	w[6] = cpu_to_fdt32(18);
	BLOB("device tree: broken header, or not of version 17");
	w[6] = cpu_to_fdt32(16);
	w[2] = cpu_to_fdt32(fdt32_to_cpu(w[2]) + 2);
	BLOB("device tree: broken header, or not of version 17");
	w[2] = cpu_to_fdt32(fdt32_to_cpu(w[2]) - 2);
	/* Strings end before the last names. */
	w[8] = cpu_to_fdt32(8);
	BLOB("/: a property without a name");
	/* Not where a word of eight bytes may stand. */
	off = malloc(size + 4);
	ATF_REQUIRE(off != NULL);
	memcpy(off + 4, bundle, size);
	fake_reset(bundle, size);
	ATF_CHECK_EQ(0, fake_load(off + 4, size, 3));
	ATF_CHECK_STREQ("bundle: device tree: not at a multiple of 8 "
	    "bytes\n", fake.lines);
	free(off);
	/* The structure ends before its nodes do. */
	load(tc, "", 3);
	w = bundle;
	w[9] = cpu_to_fdt32(fdt32_to_cpu(w[9]) - 8);
	BLOB("device tree: cut short");
}

/* Structures that dtc would never write, token by token. */
static void
structure(const uint32_t *tokens, size_t n, const char *line)
{
	uint32_t w[64] = { FDT_MAGIC, 0, 56, 0, 40, 17, 16, 0, 12, 0 };
	size_t i;

	w[3] = 56 + (uint32_t)n * 4;
	w[9] = (uint32_t)n * 4;
	w[1] = w[3] + 12;
	memcpy(w + 14, tokens, n * 4);
	memcpy(w + 14 + n, (uint32_t[]){ 0x61000000, 0, 0 }, 12);
	for (i = 0; i < nitems(w); i++)
		w[i] = cpu_to_fdt32(w[i]);
	fake_reset(bundle, size);
	free(bundle);
	size = fdt_totalsize(w);
	ATF_REQUIRE((bundle = malloc(size)) != NULL);
	memcpy(bundle, w, size);
	broken(size, line);
}

#define	STRUCTURE(line, ...) do {					\
	static const uint32_t tokens[] = { __VA_ARGS__ };		\
									\
	structure(tokens, nitems(tokens), "bundle: " line "\n");	\
} while (0)

ATF_TC_WITHOUT_HEAD(structures);
ATF_TC_BODY(structures, tc)
{
#define	TREE	"device tree: "
	enum { NODE = 1, ENDS, PROP, NOP, END = 9 };

	STRUCTURE(TREE "nodes that do not end", END);
	STRUCTURE(TREE "nodes that do not end", NOP, END);
	STRUCTURE("/: nodes that do not end", NODE, 0, END);
	STRUCTURE("/a: nodes that do not end", NODE, 0, NODE, 0x61000000,
	    NODE, 0x62000000, ENDS, END);
	STRUCTURE(TREE "more than one root", NODE, 0, ENDS, NODE, 0, ENDS,
	    END);
	STRUCTURE(TREE "more node ends than nodes", NODE, 0, ENDS, ENDS, END);
	STRUCTURE(TREE "a property outside of its node", PROP, 0, 0, END);
	STRUCTURE(TREE "a property outside of its node", NODE, 0, ENDS, PROP,
	    0, 0, END);
	STRUCTURE("/: a property outside of its node", NODE, 0, NODE,
	    0x61000000, ENDS, PROP, 0, 0, ENDS, END);
	STRUCTURE("/: a property without a name", NODE, 0, PROP, 0, 12, ENDS,
	    END);
	STRUCTURE("/: a property longer than the tree", NODE, 0, PROP,
	    0xfffffff0, 0, ENDS, END);
	STRUCTURE("/: a property longer than the tree", NODE, 0, PROP, END);
	STRUCTURE("/: an unknown token", NODE, 0, 5, END);
	STRUCTURE("/: an unknown token", NODE, 0, END, ENDS, END);
	STRUCTURE(TREE "cut short", NODE, 0, ENDS);
	/* The name has the last token's bytes. */
	STRUCTURE("/aaaa: cut short", NODE, 0x61616161, END);
	/* Nothing wrong, but no bundle. */
	STRUCTURE("/: compatible: not \"apiary,bundle-1\": no bundle, or not "
	    "for this hypervisor", NOP, NODE, 0, NOP, ENDS, NOP, END);
}

/* What only the machine can refuse; nothing is lost. */
ATF_TC_WITHOUT_HEAD(machine_refuses);
ATF_TC_BODY(machine_refuses, tc)
{

	load(tc, "", 3);
	fake_reset(bundle, size);
	fake.free = FAKE_FREE;
	fake.create_fails = "memory: no 65536 KiB of RAM in one piece left";
	ATF_CHECK_EQ(0, bundle_load(bundle, size));
	ATF_CHECK_STREQ("bundle: /vms/a: memory: no 65536 KiB of RAM in one "
	    "piece left\nbundle: /vms/b: memory: no 65536 KiB of RAM in one "
	    "piece left\n", fake.lines);
	ATF_CHECK_EQ(0, fake.pages);
	ATF_CHECK_EQ(FAKE_FREE, fake.free);
	fake_reset(bundle, size);
	fake.free = FAKE_FREE;
	fake.pool_empty = true;
	ATF_CHECK_EQ(1, bundle_load(bundle, size));
	ATF_CHECK_STREQ("bundle: /vms/a: no memory for its device tree\n",
	    fake.lines);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, good);
	ATF_TP_ADD_TC(tp, aarch32);
	ATF_TP_ADD_TC(tp, gic_of_machine);
	ATF_TP_ADD_TC(tp, images);
	ATF_TP_ADD_TC(tp, long_line);
	ATF_TP_ADD_TC(tp, huge_dtb);
	ATF_TP_ADD_TC(tp, images_refused);
	ATF_TP_ADD_TC(tp, memory);
	ATF_TP_ADD_TC(tp, memory_all);
	ATF_TP_ADD_TC(tp, memory_address_space);
	ATF_TP_ADD_TC(tp, vcpus);
	ATF_TP_ADD_TC(tp, words);
	ATF_TP_ADD_TC(tp, ranges);
	ATF_TP_ADD_TC(tp, interrupts);
	ATF_TP_ADD_TC(tp, given);
	ATF_TP_ADD_TC(tp, too_many);
	ATF_TP_ADD_TC(tp, names);
	ATF_TP_ADD_TC(tp, twice);
	ATF_TP_ADD_TC(tp, unknown);
	ATF_TP_ADD_TC(tp, own_dtb);
	ATF_TP_ADD_TC(tp, no_vms);
	ATF_TP_ADD_TC(tp, blob);
	ATF_TP_ADD_TC(tp, structures);
	ATF_TP_ADD_TC(tp, machine_refuses);
	return (atf_no_error());
}
