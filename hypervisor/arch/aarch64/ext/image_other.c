/*
 * zImage, ELF32 and what cannot be taken; see image_other.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <elf.h>
#include "arch/aarch64/ext/image_other.h"
#include "lib/string.h"
#include "vmm/bundle.h"

/* zImage: Linux, Documentation/arch/arm/booting.rst and zImage's head.S. */
#define	ZIMAGE_AT		0x24
#define	ZIMAGE_MAGIC		0x016f2818u
/*
 * Above what it unpacks, which goes to the start of RAM: else it moves itself
 * first. Behind it are its bss, stack and heap, of 64 KiB.
 */
#define	ZIMAGE_OFFSET		(32ull << 20)
#define	ZIMAGE_HEAP		(256ul << 10)

#define	ID_AA64PFR0		(4 * 8 + 0)
#define	EL1_AARCH32		2	/* in its field EL1 */

/* What people hand over by mistake. */
static const struct {
	uint16_t	offset;
	uint16_t	len;
	char		bytes[8];
	const char	*text;
} strangers[] = {
	{ 0, 2, "\x1f\x8b", "is gzip-compressed: gunzip it first" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "is zstd-compressed: unzstd it first" },
	{ 0, 5, "\xfd" "7zXZ", "is xz-compressed: unxz it first" },
	{ 0, 4, "\x02\x21\x4c\x18", "is lz4-compressed: unlz4 it first" },
	{ 0, 4, "\x04\x22\x4d\x18", "is lz4-compressed: unlz4 it first" },
	{ 0, 3, "BZh", "is bzip2-compressed: bunzip2 it first" },
	{ 4, 4, "zimg", "is an EFI zboot image: take the Image out of it" },
	{ 0x202, 4, "HdrS", "is an x86 kernel: wanted one for arm64" },
	{ 0, 4, "\x27\x05\x19\x56", "is a U-Boot uImage: take the Image out "
	    "of it" },
	{ 0, 4, "\xd0\x0d\xfe\xed", "is a device tree or a FIT image: wanted "
	    "a kernel" },
};

static int
read_elf32(struct image *im, const uint8_t *p, size_t size, uint64_t memory,
    char *err)
{
	Elf32_Ehdr eh;
	Elf32_Phdr ph;

	memcpy(&eh, p, sizeof(eh));
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return (print_fail(err,
		    "is an ELF file, but no program: link it"));
	if (eh.e_phentsize != sizeof(ph) || eh.e_phoff > size ||
	    eh.e_phnum > (size - eh.e_phoff) / sizeof(ph))
		return (print_fail(err, "is an ELF file cut short: its program "
		    "headers are not there"));
	uint32_t entry = eh.e_entry;
	for (unsigned int i = 0; i < eh.e_phnum; i++) {
		memcpy(&ph, p + eh.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type != PT_LOAD || ph.p_memsz == 0)
			continue;
		if (ph.p_filesz > ph.p_memsz || ph.p_offset > size ||
		    ph.p_filesz > size - ph.p_offset)
			return (print_fail(err, "is an ELF file cut short: a "
			    "segment is not all there"));
		if (image_add(im, ph.p_paddr, p + ph.p_offset, ph.p_filesz,
		    ph.p_memsz - ph.p_filesz, memory, err) != 0)
			return (-1);
		/* The entry is virtual; translation is off when it runs. */
		if (eh.e_entry - ph.p_vaddr < ph.p_memsz)
			entry = eh.e_entry - ph.p_vaddr + ph.p_paddr;
	}
	if (im->nparts == 0)
		return (print_fail(err, "is an ELF file with nothing to load"));
	/* Bit 0: T32, whose instructions have two bytes. */
	if (image_enter(im, entry & (entry & 1 ? ~3u : ~0u), err) != 0)
		return (-1);
	im->entry.v = entry;
	return (0);
}

int
image_other(struct image *im, const void *data, size_t size, uint64_t memory,
    char *err)
{
	const uint8_t *p = data;
	uint32_t magic = 0;

	if (size >= ZIMAGE_AT + sizeof(magic))
		memcpy(&magic, p + ZIMAGE_AT, sizeof(magic));
	bool elf = size >= 6 && memcmp(p, ELFMAG, SELFMAG) == 0;
	if (!elf && magic != ZIMAGE_MAGIC) {
		for (unsigned int i = 0; i < nitems(strangers); i++)
			if (size >= strangers[i].offset + strangers[i].len &&
			    memcmp(p + strangers[i].offset, strangers[i].bytes,
			    strangers[i].len) == 0)
				return (print_fail(err, "%s",
				    strangers[i].text));
		return (print_fail(err, "is neither an arm64 Image nor an ELF "
		    "file; a raw binary needs type = \"raw\" and load"));
	}
	if (elf && size < sizeof(Elf32_Ehdr))
		return (print_fail(err, "is an ELF file cut short"));
	if (elf && (p[EI_DATA] != ELFDATA2LSB ||
	    p[offsetof(Elf32_Ehdr, e_machine)] != EM_ARM))
		return (print_fail(err, "is an ELF file, but not for "
		    "little-endian Arm"));
	if ((port_id_reg(ID_AA64PFR0) >> 4 & 15) != EL1_AARCH32)
		return (print_fail(err, "is for 32-bit Arm, and this CPU runs "
		    "nothing but AArch64 at EL1: wanted one for arm64"));
	im->aarch32 = true;
	if (elf)
		return (read_elf32(im, p, size, memory, err));
	im->is_linux = true;
	if (image_add(im, MACHINE_RAM_BASE + ZIMAGE_OFFSET, p, size,
	    ZIMAGE_HEAP, memory, err) != 0)
		return (-1);
	return (image_enter(im, MACHINE_RAM_BASE + ZIMAGE_OFFSET, err));
}
