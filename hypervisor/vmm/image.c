/*
 * Kernel images; see bundle.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <elf.h>
#include "vmm/bundle.h"
#include "lib/string.h"

/* arm64 Image: Linux, Documentation/arch/arm64/booting.rst, 4. */
#define	LINUX_MAGIC		0x644d5241u	/* "ARM\x64" */
#define	LINUX_OLD_OFFSET	0x80000		/* where image_size is 0 */

/* Little-endian, as we are; so is an ELF file that we take. */
struct linux_header {
	uint32_t	code[2];
	uint64_t	text_offset, image_size, flags, res[3];
	uint32_t	magic, pe;
};

/* The part that [base, base + len) meets; NULL: none. */
static const struct vm_image *
meets(const struct image *im, uint64_t base, uint64_t len)
{
	const struct vm_image *p;

	for (p = im->part; p < im->part + im->nparts; p++)
		if (base < p->ipa.v + p->size + p->zero &&
		    p->ipa.v < base + len)
			return (p);
	return (NULL);
}

int
image_add(struct image *im, uint64_t base, const void *data, uint64_t size,
    uint64_t zero, uint64_t memory, char *err)
{
	uint64_t len = size + zero, top = MACHINE_RAM_BASE + memory;

	if (base < MACHINE_RAM_BASE || base > top || len > top - base)
		return (print_fail(err, "needs %lu KiB at 0x%lx: the memory is "
		    "0x%x to 0x%lx", (len >> 10) + (len % 1024 != 0), base,
		    MACHINE_RAM_BASE, top - 1));
	const struct vm_image *p = meets(im, base, len);
	if (p != NULL)
		return (print_fail(err, "has segments that overlap: at "
		    "0x%lx and 0x%lx", p->ipa.v, base));
	if (im->nparts == IMAGE_PARTS)
		return (print_fail(err, "has more than %d segments to load",
		    IMAGE_PARTS));
	im->part[im->nparts++] = (struct vm_image){ IPA(base), data, size,
	    zero };
	return (0);
}

int
image_enter(struct image *im, uint64_t entry, char *err)
{
	const struct vm_image *p = meets(im, entry, 1);

	if (p == NULL || entry - p->ipa.v >= p->size || entry % 4 != 0)
		return (print_fail(err, "has its entry at 0x%lx, where it has "
		    "no instruction", entry));
	im->entry = IPA(entry);
	return (0);
}

static int
read_linux(struct image *im, const struct linux_header *h, const void *data,
    size_t size, uint64_t memory, char *err)
{
	uint64_t offset = h->image_size == 0 ? LINUX_OLD_OFFSET :
	    h->text_offset;

	/* Beyond any memory; and the sum below is not to wrap. */
	if (offset > 1ull << 56)
		return (print_fail(err,
		    "has an absurd text_offset in its header"));
	im->is_linux = true;
	if (image_add(im, MACHINE_RAM_BASE + offset, data, size, h->image_size >
	    size ? h->image_size - size : 0, memory, err) != 0)
		return (-1);
	return (image_enter(im, MACHINE_RAM_BASE + offset, err));
}

static int
read_elf(struct image *im, const uint8_t *p, size_t size, uint64_t memory,
    char *err)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (size < sizeof(eh))
		return (print_fail(err, "is an ELF file cut short"));
	memcpy(&eh, p, sizeof(eh));
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_ident[EI_DATA] != ELFDATA2LSB || eh.e_machine != EM_AARCH64)
		return (print_fail(err, "is an ELF file, but not for "
		    "little-endian Arm"));
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return (print_fail(err,
		    "is an ELF file, but no program: link it"));
	if (eh.e_phentsize != sizeof(ph) || eh.e_phoff > size ||
	    eh.e_phnum > (size - eh.e_phoff) / sizeof(ph))
		return (print_fail(err, "is an ELF file cut short: its program "
		    "headers are not there"));
	uint64_t entry = eh.e_entry;
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
	return (image_enter(im, entry, err));
}

int
image_read(struct image *im, const void *data, size_t size, uint64_t memory,
    char *err)
{
	const uint8_t *p = data;
	struct linux_header h = { .magic = 0 };

	*im = (struct image){ .nparts = 0 };
	if (size >= sizeof(h))
		memcpy(&h, p, sizeof(h));
	if (h.magic == LINUX_MAGIC)
		return (read_linux(im, &h, p, size, memory, err));
	if (size >= 6 && memcmp(p, ELFMAG, SELFMAG) == 0 &&
	    p[EI_CLASS] != ELFCLASS32)
		return (read_elf(im, p, size, memory, err));
	return (host.image_other(im, p, size, memory, err));
}

int
image_raw(struct image *im, const void *data, size_t size, ipa_t load,
    ipa_t entry, uint64_t memory, char *err)
{

	*im = (struct image){ .nparts = 0 };
	if (image_add(im, load.v, data, size, 0, memory, err) != 0)
		return (-1);
	return (image_enter(im, entry.v, err));
}

/* The highest free place below top, on whole pages. */
static bool
fit(const struct image *im, uint64_t top, uint64_t size, ipa_t *at)
{

	while (top >= size && round_down(top - size, PAGE_SIZE) >=
	    MACHINE_RAM_BASE) {
		at->v = round_down(top - size, PAGE_SIZE);
		const struct vm_image *p = meets(im, at->v, size);
		if (p == NULL)
			return (true);
		top = p->ipa.v;
	}
	return (false);
}

/*
 * Linux wants the tree within 512 MiB of the kernel before 4.2, and the
 * initrd in the kernel's naturally aligned 32 GiB always (booting.rst, 2
 * and 3). Else the top of RAM is best: a kernel may use more than it says.
 */
static bool
place_below(const struct image *im, uint64_t top, size_t initrd, size_t dtb,
    struct image_places *at)
{
	struct image taken = *im;

	at->initrd = IPA(0);
	/*
	 * What is no Linux finds the tree where QEMU's virt has it for such
	 * kernels: at the start of RAM, if there is room.
	 */
	if ((im->is_linux || !fit(im, MACHINE_RAM_BASE + round_up(dtb,
	    PAGE_SIZE), dtb, &at->dtb)) && !fit(im, top, dtb, &at->dtb))
		return (false);
	taken.part[taken.nparts++] = (struct vm_image){ at->dtb, NULL, dtb, 0 };
	return (initrd == 0 || fit(&taken, top, initrd, &at->initrd));
}

int
image_place(const struct image *im, uint64_t memory, size_t initrd,
    size_t dtb, struct image_places *at, char *err)
{
	static const uint64_t near[] = { 512ull << 20, 32ull << 30 };
	uint64_t kernel = 0;

	/* 32 bits of address, of which Linux maps the low part at first. */
	for (unsigned int i = 0; i < nitems(near) - im->aarch32; i++)
		if (place_below(im, MACHINE_RAM_BASE + (memory < near[i] ?
		    memory : near[i]), initrd, dtb, at))
			return (0);
	for (unsigned int i = 0; i < im->nparts; i++)
		kernel += im->part[i].size + im->part[i].zero;
	return (print_fail(err, "too small: %lu KiB in all, but kernel %lu "
	    "KiB, initrd %zu KiB, device tree %zu KiB", memory >> 10,
	    (kernel + 1023) >> 10, (initrd + 1023) >> 10, (dtb + 1023) >> 10));
}
