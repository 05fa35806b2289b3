/*
 * Kernels of AArch32: zImage and ELF32, whole and spoilt, on CPUs that can
 * run them and on one that cannot.
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
#define	PFR0	(4 * 8)

struct host host = { .image_other = image_other };
static struct image im;
static char err[VM_ERR];

/* A CPU with AArch32 at EL1 and EL0, as Cortex-A53, A57, A72. */
static void
cpu(uint64_t pfr0)
{

	vcpu_fake.id[PFR0] = pfr0;
}

static int
read_zimage(size_t size, uint64_t memory)
{
	static uint8_t *p;

	free(p);
	ATF_REQUIRE((p = calloc(1, size)) != NULL);
	if (size >= 0x28)
		memcpy(p + 0x24, "\x18\x28\x6f\x01", 4);
	return (image_read(&im, p, size, memory, err));
}

ATF_TC_WITHOUT_HEAD(zimage);
ATF_TC_BODY(zimage, tc)
{
	struct image_places at;

	cpu(0x2222);
	ATF_REQUIRE_EQ(0, read_zimage(5 * MIB, 64 * MIB));
	ATF_CHECK(im.aarch32);
	ATF_CHECK(im.is_linux);
	ATF_CHECK_EQ(1, im.nparts);
	ATF_CHECK_EQ(BASE + 32 * MIB, im.part[0].ipa.v);
	ATF_CHECK_EQ(5 * MIB, im.part[0].size);
	ATF_CHECK(im.part[0].zero >= 0x11000);
	ATF_CHECK_EQ(BASE + 32 * MIB, im.entry.v);
	/* Tree and initrd at the end of RAM, but where Linux maps it. */
	ATF_REQUIRE_EQ(0, image_place(&im, 64 * MIB, 0x1001, 0x1000, &at,
	    err));
	ATF_CHECK_EQ(BASE + 64 * MIB - 0x1000, at.dtb.v);
	ATF_CHECK_EQ(BASE + 64 * MIB - 0x3000, at.initrd.v);
	ATF_REQUIRE_EQ(0, image_place(&im, 4096 * MIB, 0x1000, 0x1000, &at,
	    err));
	ATF_CHECK_EQ(BASE + 512 * MIB - 0x1000, at.dtb.v);
	ATF_CHECK_EQ(-1, image_place(&im, 4096 * MIB, 500 * MIB, 0x1000, &at,
	    err));
	/* The shortest that tells, and one byte less. */
	ATF_CHECK_EQ(0, read_zimage(0x28, 64 * MIB));
	ATF_CHECK_EQ(-1, read_zimage(0x27, 64 * MIB));
	ATF_CHECK(!im.aarch32);
	ATF_CHECK_EQ(-1, read_zimage(5 * MIB, 32 * MIB));
	ATF_CHECK_STREQ("needs 5376 KiB at 0x42000000: the memory is "
	    "0x40000000 to 0x41ffffff", err);
}

ATF_TC_WITHOUT_HEAD(no_aarch32);
ATF_TC_BODY(no_aarch32, tc)
{
	static const uint64_t pfr0[] = { 0x1112, 0x1111, 0x0012 };

	for (unsigned int i = 0; i < nitems(pfr0); i++) {
		cpu(pfr0[i]);
		ATF_CHECK_EQ(-1, read_zimage(4096, 64 * MIB));
		ATF_CHECK_STREQ("is for 32-bit Arm, and this CPU runs nothing "
		    "but AArch64 at EL1: wanted one for arm64", err);
		ATF_CHECK(!im.aarch32);
	}
}

static struct {
	Elf32_Ehdr	eh;
	Elf32_Phdr	ph[3];
	uint8_t		text[64];
} elf;

static void
fresh_elf(void)
{

	memset(&elf, 0, sizeof(elf));
	memcpy(elf.eh.e_ident, ELFMAG, SELFMAG);
	elf.eh.e_ident[EI_CLASS] = ELFCLASS32;
	elf.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.eh.e_type = ET_EXEC;
	elf.eh.e_machine = EM_ARM;
	elf.eh.e_entry = 0xc0008010;
	elf.eh.e_phoff = offsetof(__typeof__(elf), ph);
	elf.eh.e_phentsize = sizeof(Elf32_Phdr);
	elf.eh.e_phnum = 3;
	elf.ph[0] = (Elf32_Phdr){ .p_type = PT_NOTE };
	elf.ph[1] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset =
	    offsetof(__typeof__(elf), text), .p_vaddr = 0xc0008000,
	    .p_paddr = 0x40008000, .p_filesz = 32, .p_memsz = 4096 };
	elf.ph[2] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset =
	    offsetof(__typeof__(elf), text) + 32, .p_vaddr = 0xc0010000,
	    .p_paddr = 0x40010000, .p_filesz = 32, .p_memsz = 32 };
}

static int
read_elf(size_t size)
{

	return (image_read(&im, &elf, size, 16 * MIB, err));
}

ATF_TC_WITHOUT_HEAD(elf32);
ATF_TC_BODY(elf32, tc)
{
	struct image_places at;

	cpu(0x2222);
	fresh_elf();
	ATF_REQUIRE_EQ_MSG(0, read_elf(sizeof(elf)), "%s", err);
	ATF_CHECK(im.aarch32);
	ATF_CHECK(!im.is_linux);
	ATF_CHECK_EQ(2, im.nparts);
	ATF_CHECK_EQ(0x40008000, im.part[0].ipa.v);
	ATF_CHECK_EQ(32, im.part[0].size);
	ATF_CHECK_EQ(4096 - 32, im.part[0].zero);
	ATF_CHECK_EQ(0x40010000, im.part[1].ipa.v);
	/* The entry is virtual in the file. */
	ATF_CHECK_EQ(0x40008010, im.entry.v);
	/* No Linux: the tree where QEMU's virt has it. */
	ATF_REQUIRE_EQ(0, image_place(&im, 16 * MIB, 0, 0x1000, &at, err));
	ATF_CHECK_EQ(BASE, at.dtb.v);
	/* In T32, at any even address of a part. */
	elf.eh.e_entry = 0xc0008013;
	ATF_REQUIRE_EQ(0, read_elf(sizeof(elf)));
	ATF_CHECK_EQ(0x40008013, im.entry.v);
	elf.eh.e_entry = 0xc0008012;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	ATF_CHECK_STREQ("has its entry at 0x40008012, where it has no "
	    "instruction", err);
}

ATF_TC_WITHOUT_HEAD(elf32_spoilt);
ATF_TC_BODY(elf32_spoilt, tc)
{

	cpu(0x2222);
	fresh_elf();
	ATF_CHECK_EQ(-1, read_elf(6));
	ATF_CHECK_STREQ("is an ELF file cut short", err);
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf.eh) - 1));
	ATF_CHECK_STREQ("is an ELF file cut short", err);
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf.eh)));
	ATF_CHECK_STREQ("is an ELF file cut short: its program headers are "
	    "not there", err);
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf) - 1));
	ATF_CHECK_STREQ("is an ELF file cut short: a segment is not all there",
	    err);
	elf.ph[2].p_offset = ~0u;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	fresh_elf();
	elf.ph[1].p_memsz = 31;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	fresh_elf();
	elf.eh.e_type = ET_REL;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	ATF_CHECK_STREQ("is an ELF file, but no program: link it", err);
	fresh_elf();
	elf.eh.e_phentsize = 56;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	fresh_elf();
	elf.ph[1].p_type = elf.ph[2].p_type = PT_NOTE;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	ATF_CHECK_STREQ("is an ELF file with nothing to load", err);
	fresh_elf();
	elf.ph[2].p_paddr = 0x3fff0000;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	fresh_elf();
	elf.ph[2].p_paddr = 0x40008010;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	ATF_CHECK_STREQ("has segments that overlap: at 0x40008000 and "
	    "0x40008010", err);
	fresh_elf();
	elf.eh.e_machine = EM_386;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	ATF_CHECK_STREQ("is an ELF file, but not for little-endian Arm", err);
	fresh_elf();
	elf.eh.e_ident[EI_DATA] = ELFDATA2MSB;
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	/* And this CPU runs none. */
	fresh_elf();
	cpu(0x1112);
	ATF_CHECK_EQ(-1, read_elf(sizeof(elf)));
	ATF_CHECK(strstr(err, "AArch64 at EL1") != NULL);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, zimage);
	ATF_TP_ADD_TC(tp, no_aarch32);
	ATF_TP_ADD_TC(tp, elf32);
	ATF_TP_ADD_TC(tp, elf32_spoilt);
	return (atf_no_error());
}
