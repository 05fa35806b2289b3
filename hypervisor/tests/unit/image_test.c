/*
 * Kernel images of each format, whole and spoilt, and where things go in a
 * guest's memory.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "arch/aarch64/ext/image_other.h"
#include "vmm/bundle.h"

#define	BASE	((uint64_t)MACHINE_RAM_BASE)
#define	MIB	(1ull << 20)

struct host host = { .image_other = image_other };
static struct image im;
static struct image_places at;
static char err[VM_ERR];

/* An arm64 Image of size bytes, laid out as booting.rst has it. */
static uint8_t *
linux_image(size_t size, uint64_t text_offset, uint64_t image_size)
{
	uint8_t *p = calloc(1, size);

	ATF_REQUIRE(p != NULL);
	memcpy(p + 8, &text_offset, 8);
	memcpy(p + 16, &image_size, 8);
	memcpy(p + 56, "ARM\x64", 4);
	return (p);
}

static void
span(unsigned int i, uint64_t ipa, size_t size, size_t zero)
{

	ATF_REQUIRE(i < im.nparts);
	ATF_CHECK_EQ(ipa, im.part[i].ipa.v);
	ATF_CHECK_EQ(size, im.part[i].size);
	ATF_CHECK_EQ(zero, im.part[i].zero);
}

ATF_TC_WITHOUT_HEAD(arm64);
ATF_TC_BODY(arm64, tc)
{
	uint8_t *p = linux_image(4096, 0, 1 * MIB);

	ATF_REQUIRE_EQ(0, image_read(&im, p, 4096, 64 * MIB, err));
	ATF_CHECK(im.is_linux);
	ATF_CHECK_EQ(1, im.nparts);
	ATF_CHECK_EQ(BASE, im.entry.v);
	ATF_CHECK(im.part[0].data == p);
	span(0, BASE, 4096, 1 * MIB - 4096);
	/* It ends where the memory does; then one byte beyond. */
	ATF_CHECK_EQ(0, image_read(&im, p, 4096, 1 * MIB, err));
	ATF_CHECK_EQ(-1, image_read(&im, p, 4096, 1 * MIB - 4096, err));
	ATF_CHECK_STREQ("needs 1024 KiB at 0x40000000: the memory is "
	    "0x40000000 to 0x400fefff", err);
	free(p);
	p = linux_image(4096, 0, 1 * MIB + 1);
	ATF_CHECK_EQ(-1, image_read(&im, p, 4096, 1 * MIB, err));
	free(p);

	p = linux_image(4096, 0x200000, 100);
	ATF_REQUIRE_EQ(0, image_read(&im, p, 4096, 64 * MIB, err));
	ATF_CHECK_EQ(BASE + 0x200000, im.entry.v);
	span(0, BASE + 0x200000, 4096, 0);
	free(p);

	/* Before 3.17: image_size 0, text_offset not to be trusted. */
	p = linux_image(4096, 0x123, 0);
	ATF_REQUIRE_EQ(0, image_read(&im, p, 4096, 64 * MIB, err));
	ATF_CHECK_EQ(BASE + 0x80000, im.entry.v);
	span(0, BASE + 0x80000, 4096, 0);
	free(p);
}

ATF_TC_WITHOUT_HEAD(arm64_spoilt);
ATF_TC_BODY(arm64_spoilt, tc)
{
	static const struct {
		uint64_t	offset, size;
		const char	*line;
	} cases[] = {
		{ ~0ull, 1, "has an absurd text_offset in its header" },
		{ 0x80002, 4096, "has its entry at 0x40080002, where it has "
		    "no instruction" },
		{ 0x4000000, 4096, "needs 4 KiB at 0x44000000: the memory is "
		    "0x40000000 to 0x43ffffff" },
		{ 0, ~0ull, "needs 18014398509481984 KiB at 0x40000000: the "
		    "memory is 0x40000000 to 0x43ffffff" },
		{ 0, 65 * MIB, "needs 66560 KiB at 0x40000000: the memory is "
		    "0x40000000 to 0x43ffffff" },
	};
	unsigned int i;
	uint8_t *p;

	for (i = 0; i < nitems(cases); i++) {
		p = linux_image(4096, cases[i].offset, cases[i].size);
		ATF_CHECK_EQ(-1, image_read(&im, p, 4096, 64 * MIB, err));
		ATF_CHECK_STREQ(cases[i].line, err);
		free(p);
	}
	/* A header cut short is none. */
	p = linux_image(64, 0, 64);
	ATF_CHECK_EQ(0, image_read(&im, p, 64, 64 * MIB, err));
	ATF_CHECK_EQ(-1, image_read(&im, p, 63, 64 * MIB, err));
	free(p);
}

/* Text at physical BASE + 1 MiB but linked high; data; bss alone. */
static struct {
	Elf64_Ehdr	eh;
	Elf64_Phdr	ph[8];
	uint8_t		text[64], data[32];
} elf;

static void
segment(unsigned int i, size_t offset, uint64_t paddr, uint64_t filesz,
    uint64_t memsz)
{

	elf.ph[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = offset,
	    .p_vaddr = 0xffff000000000000 + paddr, .p_paddr = paddr,
	    .p_filesz = filesz, .p_memsz = memsz };
}

static void
make_elf(void)
{

	memset(&elf, 0, sizeof(elf));
	memcpy(elf.eh.e_ident, ELFMAG, 4);
	elf.eh.e_ident[EI_CLASS] = ELFCLASS64;
	elf.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.eh.e_type = ET_EXEC;
	elf.eh.e_machine = EM_AARCH64;
	elf.eh.e_entry = 0xffff000000000000 + BASE + MIB + 8;
	elf.eh.e_phoff = sizeof(elf.eh);
	elf.eh.e_phentsize = sizeof(elf.ph[0]);
	elf.eh.e_phnum = 5;
	segment(0, offsetof(__typeof__(elf), text), BASE + MIB, 64, 64);
	segment(1, offsetof(__typeof__(elf), data), BASE + 2 * MIB, 32, 100);
	segment(2, 0, BASE + 3 * MIB, 0, 0x1000);
	segment(3, 0, 0, 0, 0);			/* nothing, anywhere */
	elf.ph[4].p_type = PT_NOTE;
	elf.ph[4].p_offset = ~0ull;
	elf.ph[4].p_memsz = elf.ph[4].p_filesz = 16;
}

static int
read_elf(void)
{

	return (image_read(&im, &elf, sizeof(elf), 64 * MIB, err));
}

ATF_TC_WITHOUT_HEAD(elf64);
ATF_TC_BODY(elf64, tc)
{

	make_elf();
	ATF_REQUIRE_EQ_MSG(0, read_elf(), "%s", err);
	ATF_CHECK(!im.is_linux);
	ATF_CHECK_EQ(3, im.nparts);
	span(0, BASE + MIB, 64, 0);
	span(1, BASE + 2 * MIB, 32, 68);
	span(2, BASE + 3 * MIB, 0, 0x1000);
	ATF_CHECK(im.part[1].data == elf.data);
	ATF_CHECK_EQ(BASE + MIB + 8, im.entry.v);
	/* Entry by its physical address; position-independent. */
	elf.eh.e_entry = BASE + MIB + 12;
	elf.eh.e_type = ET_DYN;
	ATF_REQUIRE_EQ(0, read_elf());
	ATF_CHECK_EQ(BASE + MIB + 12, im.entry.v);
}

#define	ELF_REFUSED(change, line) do {					\
	make_elf();							\
	change;								\
	ATF_CHECK_EQ_MSG(-1, read_elf(), "%s", #change);		\
	ATF_CHECK_STREQ(line, err);					\
} while (0)

ATF_TC_WITHOUT_HEAD(elf64_spoilt);
ATF_TC_BODY(elf64_spoilt, tc)
{
	const char *other = "is an ELF file, but not for "
	    "little-endian Arm";
	const char *headers = "is an ELF file cut short: its program headers "
	    "are not there";
	const char *part = "is an ELF file cut short: a segment is not all "
	    "there";
	unsigned int i;

	ELF_REFUSED(elf.eh.e_ident[EI_CLASS] = ELFCLASS32, other);
	ELF_REFUSED(elf.eh.e_ident[EI_DATA] = ELFDATA2MSB, other);
	ELF_REFUSED(elf.eh.e_machine = EM_X86_64, other);
	ELF_REFUSED(elf.eh.e_type = ET_REL,
	    "is an ELF file, but no program: link it");
	ELF_REFUSED(elf.eh.e_phentsize = 32, headers);
	ELF_REFUSED(elf.eh.e_phoff = sizeof(elf) + 1, headers);
	ELF_REFUSED(elf.eh.e_phoff = ~0ull, headers);
	ELF_REFUSED(elf.eh.e_phnum = 10, headers);
	ELF_REFUSED(elf.eh.e_phnum = 0xffff, headers);
	ELF_REFUSED(elf.eh.e_phnum = 0,
	    "is an ELF file with nothing to load");
	ELF_REFUSED(elf.ph[0].p_filesz = 65, part);
	ELF_REFUSED(elf.ph[1].p_offset++, part);
	ELF_REFUSED(elf.ph[1].p_offset = ~0ull, part);
	ELF_REFUSED(elf.ph[1].p_memsz = ~0ull, "needs 18014398509481984 KiB "
	    "at 0x40200000: the memory is 0x40000000 to 0x43ffffff");
	ELF_REFUSED(elf.ph[1].p_paddr = 0x80000, "needs 1 KiB at 0x80000: "
	    "the memory is 0x40000000 to 0x43ffffff");
	ELF_REFUSED(elf.ph[1].p_paddr = ~0ull, "needs 1 KiB at "
	    "0xffffffffffffffff: the memory is 0x40000000 to 0x43ffffff");
	ELF_REFUSED(elf.ph[1].p_paddr = BASE + MIB + 63, "has segments that "
	    "overlap: at 0x40100000 and 0x4010003f");
	ELF_REFUSED(elf.ph[2].p_paddr = BASE + 2 * MIB - 0xfff, "has segments "
	    "that overlap: at 0x40200000 and 0x401ff001");
	ELF_REFUSED(elf.eh.e_entry = BASE + MIB + 64, "has its entry at "
	    "0x40100040, where it has no instruction");
	ELF_REFUSED(elf.eh.e_entry = BASE + MIB + 2, "has its entry at "
	    "0x40100002, where it has no instruction");
	ELF_REFUSED(elf.eh.e_entry = BASE + 3 * MIB, "has its entry at "
	    "0x40300000, where it has no instruction");
	ELF_REFUSED(for (i = 0; i < 8; i++) segment(i, 64, BASE + i * MIB, 4,
	    4); elf.eh.e_phnum = 7, "has more than 6 segments to load");
	make_elf();
	ATF_CHECK_EQ(-1, image_read(&im, &elf, 63, 64 * MIB, err));
	ATF_CHECK_STREQ("is an ELF file cut short", err);
}

ATF_TC_WITHOUT_HEAD(raw);
ATF_TC_BODY(raw, tc)
{

	ATF_REQUIRE_EQ(0, image_raw(&im, "abcd1234", 8, IPA(BASE + 0x1000),
	    IPA(BASE + 0x1004), MIB, err));
	span(0, BASE + 0x1000, 8, 0);
	ATF_CHECK_EQ(BASE + 0x1004, im.entry.v);
	ATF_CHECK(!im.is_linux);
	ATF_CHECK_EQ(-1, image_raw(&im, "abcd1234", 8, IPA(BASE + 0x1000),
	    IPA(BASE + 0x1008), MIB, err));
	ATF_CHECK_STREQ("has its entry at 0x40001008, where it has no "
	    "instruction", err);
	ATF_CHECK_EQ(-1, image_raw(&im, "abcd1234", 8, IPA(BASE + MIB - 4),
	    IPA(BASE + MIB - 4), MIB, err));
	ATF_CHECK_STREQ("needs 1 KiB at 0x400ffffc: the memory is 0x40000000 "
	    "to 0x400fffff", err);
	ATF_CHECK_EQ(-1, image_raw(&im, "abcd1234", 8, IPA(BASE - 4),
	    IPA(BASE - 4), MIB, err));
	ATF_CHECK_EQ(-1, image_raw(&im, "abcd1234", 8, IPA(~0ull - 3),
	    IPA(~0ull - 3), MIB, err));
}

ATF_TC_WITHOUT_HEAD(strangers);
ATF_TC_BODY(strangers, tc)
{
	static const struct {
		unsigned int	offset, len;
		const char	*bytes, *line;
	} cases[] = {
		{ 0, 2, "\x1f\x8b", "is gzip-compressed: gunzip it first" },
		{ 0, 4, "\x28\xb5\x2f\xfd",
		    "is zstd-compressed: unzstd it first" },
		{ 0, 5, "\xfd\x37zXZ", "is xz-compressed: unxz it first" },
		{ 0, 4, "\x02\x21\x4c\x18",
		    "is lz4-compressed: unlz4 it first" },
		{ 0, 4, "\x04\x22\x4d\x18",
		    "is lz4-compressed: unlz4 it first" },
		{ 0, 3, "BZh", "is bzip2-compressed: bunzip2 it first" },
		{ 0, 8, "MZ\0\0zimg",
		    "is an EFI zboot image: take the Image out of it" },
		{ 0x202, 4, "HdrS",
		    "is an x86 kernel: wanted one for arm64" },
		{ 0, 4, "\x27\x05\x19\x56",
		    "is a U-Boot uImage: take the Image out of it" },
		{ 0, 4, "\xd0\x0d\xfe\xed",
		    "is a device tree or a FIT image: wanted a kernel" },
		{ 0, 0, "", "is neither an arm64 Image nor an ELF file; a "
		    "raw binary needs type = \"raw\" and load" },
	};
	unsigned int i, len;
	uint8_t *p;

	for (i = 0; i < nitems(cases); i++) {
		/* As long as is needed to tell, and one byte shorter. */
		len = cases[i].offset + cases[i].len;
		ATF_REQUIRE((p = calloc(1, len + 1)) != NULL);
		memcpy(p + cases[i].offset, cases[i].bytes, cases[i].len);
		ATF_CHECK_EQ(-1, image_read(&im, p, len, MIB, err));
		ATF_CHECK_STREQ(cases[i].line, err);
		free(p);
		if (len == 0)
			continue;
		ATF_REQUIRE((p = calloc(1, len - 1)) != NULL || len == 1);
		if (cases[i].offset == 0)
			memcpy(p, cases[i].bytes, len - 1);
		ATF_CHECK_EQ(-1, image_read(&im, p, len - 1, MIB, err));
		ATF_CHECK_STREQ(cases[nitems(cases) - 1].line, err);
		free(p);
	}
}

static void
place(uint64_t memory, size_t initrd, size_t dtb, uint64_t initrd_at,
    uint64_t dtb_at)
{

	ATF_REQUIRE_EQ_MSG(0, image_place(&im, memory, initrd, dtb, &at, err),
	    "%s", err);
	ATF_CHECK_EQ_MSG(initrd_at, at.initrd.v, "initrd at 0x%lx",
	    (unsigned long)at.initrd.v);
	ATF_CHECK_EQ_MSG(dtb_at, at.dtb.v, "dtb at 0x%lx",
	    (unsigned long)at.dtb.v);
}

ATF_TC_WITHOUT_HEAD(place_linux);
ATF_TC_BODY(place_linux, tc)
{
	uint8_t *p = linux_image(4096, 0, 16 * MIB);

	ATF_REQUIRE_EQ(0, image_read(&im, p, 4096, 1ull << 40, err));
	place(64 * MIB, 0, 0x1800, 0, BASE + 64 * MIB - 0x2000);
	place(64 * MIB, 0x1001, 0x1000, BASE + 64 * MIB - 0x3000,
	    BASE + 64 * MIB - 0x1000);
	/* Near the kernel, for old ones; farther only when it must be. */
	place(1ull << 40, 0x1000, 0x1000, BASE + 512 * MIB - 0x2000,
	    BASE + 512 * MIB - 0x1000);
	place(1ull << 40, 600 * MIB, 0x1000, BASE + 32768 * MIB - 0x1000 -
	    600 * MIB, BASE + 32768 * MIB - 0x1000);
	ATF_CHECK_EQ(-1, image_place(&im, 1ull << 40, 33ull << 30, 0x1000,
	    &at, err));
	/* As tight as can be. */
	place(16 * MIB + 0x3000, 0x2000, 0x1000, BASE + 16 * MIB,
	    BASE + 16 * MIB + 0x2000);
	ATF_CHECK_EQ(-1, image_place(&im, 16 * MIB + 0x2000, 0x2000, 0x1000,
	    &at, err));
	ATF_CHECK_STREQ("too small: 16392 KiB in all, but kernel 16384 KiB, "
	    "initrd 8 KiB, device tree 4 KiB", err);
	ATF_CHECK_EQ(-1, image_place(&im, 64 * MIB, ~0ull - 5, 0x1000, &at,
	    err));
	free(p);
	/* Below the kernel when there is no room above. */
	p = linux_image(4096, 0x80000, 0);
	ATF_REQUIRE_EQ(0, image_read(&im, p, 4096, MIB, err));
	place(0x81000, 0x3000, 0x2000, BASE + 0x80000 - 0x5000,
	    BASE + 0x80000 - 0x2000);
	place(0x83000, 0x3000, 0x2000, BASE + 0x80000 - 0x3000,
	    BASE + 0x81000);
	free(p);
}

/* What is no Linux looks for its tree at the start of RAM. */
ATF_TC_WITHOUT_HEAD(place_other);
ATF_TC_BODY(place_other, tc)
{

	make_elf();
	ATF_REQUIRE_EQ(0, read_elf());
	place(64 * MIB, 0x1000, 0x2000, BASE + 64 * MIB - 0x1000, BASE);
	place(64 * MIB, 0x1000, MIB, BASE + 64 * MIB - 0x1000, BASE);
	place(64 * MIB, 0x1000, MIB + 1, BASE + 64 * MIB - MIB - 0x2000,
	    BASE + 64 * MIB - MIB - 0x1000);
	/* In the hole below the data when the top is full. */
	place(4 * MIB, 0xff000, 0x2000, BASE + 3 * MIB + 0x1000, BASE);
	place(3 * MIB + 0x1000, 0xff000, 0x2000, BASE + 2 * MIB + 0x1000,
	    BASE);
	place(2 * MIB + 0x2000, 0xfe000, 0x2000, BASE + MIB + 0x2000, BASE);
	ATF_CHECK_EQ(-1, image_place(&im, 3 * MIB + 0x1000, 0xff001, 0x2000,
	    &at, err));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, arm64);
	ATF_TP_ADD_TC(tp, arm64_spoilt);
	ATF_TP_ADD_TC(tp, elf64);
	ATF_TP_ADD_TC(tp, elf64_spoilt);
	ATF_TP_ADD_TC(tp, raw);
	ATF_TP_ADD_TC(tp, strangers);
	ATF_TP_ADD_TC(tp, place_linux);
	ATF_TP_ADD_TC(tp, place_other);
	return (atf_no_error());
}
