/*
 * Kernel images with words and bytes of their headers changed, and cut off:
 * what is accepted stays inside of the file and of guest memory, in parts
 * that are apart, with the entry in one of them, and initrd and device tree
 * in none. Every run makes the same changes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "arch/aarch64/ext/image_other.h"
#include "tests/fuzz/corpus.h"
#include "vmm/bundle.h"

#define	ROUNDS	40000
#define	BASE	((uint64_t)MACHINE_RAM_BASE)
#define	FILE_MAX	1024

struct host host = { .image_other = image_other };
static uint64_t seed = 0x2545f4914f6cdd1dull;

static uint64_t
rnd(uint64_t below)
{

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((seed >> 16) % below);
}

static void
linux_image(uint8_t *b)
{

	memcpy(b + 8, &(uint64_t){ 0x80000 }, 8);
	memcpy(b + 16, &(uint64_t){ 0x10000 }, 8);
	memcpy(b + 56, "ARM\x64", 4);
}

static void
elf_image(uint8_t *b)
{
	Elf64_Ehdr eh = { .e_ident = ELFMAG, .e_type = ET_EXEC,
	    .e_machine = EM_AARCH64, .e_entry = BASE + 0x1010, .e_phoff = 64,
	    .e_phentsize = 56, .e_phnum = 4 };
	Elf64_Phdr ph;
	unsigned int i;

	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(b, &eh, sizeof(eh));
	for (i = 0; i < 4; i++) {
		ph = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 512 +
		    i * 100, .p_vaddr = BASE + i * 0x1000 + 0x1000,
		    .p_paddr = BASE + i * 0x1000 + 0x1000, .p_filesz = 100,
		    .p_memsz = 100 + i * 0x200 };
		memcpy(b + 64 + i * 56, &ph, sizeof(ph));
	}
}

static void
mutate(uint8_t *b, size_t size)
{
	static const uint64_t words[] = { 0, 1, 2, 100, 512, 0x1000, 0x10000,
		BASE, BASE - 1, BASE + 0x1000, BASE + 0x100000, 1ull << 56,
		~0ull, ~0ull - 0xfff, 1ull << 63, ~0ull - BASE };
	size_t at = rnd(size);

	switch (rnd(3)) {
	case 0:
		b[at] = (uint8_t)rnd(256);
		break;
	case 1:
		b[at] ^= (uint8_t)(1 << rnd(8));
		break;
	case 2:
		at &= ~7ul;
		if (at + 8 <= size)
			memcpy(b + at, &words[rnd(nitems(words))], 8);
		break;
	}
}

static bool
apart(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{

	return (a + alen <= b || b + blen <= a);
}

/* A range in guest RAM, without wrapping. */
static bool
inside(uint64_t at, uint64_t len, uint64_t memory)
{

	return (at >= BASE && at - BASE <= memory &&
	    len <= memory - (at - BASE));
}

static const char *
check(const struct image *im, const uint8_t *b, size_t len, uint64_t memory)
{
	const struct vm_image *p, *q;
	struct image_places at;
	size_t initrd = rnd(3) * rnd(0x3000), dtb = 1 + rnd(0x3000);
	char err[VM_ERR];
	bool entry = false;
	unsigned int i, j;

	if (im->nparts == 0 || im->nparts > IMAGE_PARTS)
		return ("number of parts");
	for (i = 0; i < im->nparts; i++) {
		p = &im->part[i];
		if (!inside(p->ipa.v, p->size, memory) ||
		    !inside(p->ipa.v + p->size, p->zero, memory))
			return ("part outside of memory");
		if ((const uint8_t *)p->data < b || p->size > len ||
		    (const uint8_t *)p->data > b + (len - p->size))
			return ("part outside of the file");
		for (j = 0; j < i; j++) {
			q = &im->part[j];
			if (!apart(p->ipa.v, p->size + p->zero, q->ipa.v,
			    q->size + q->zero))
				return ("parts overlap");
		}
		entry |= im->entry.v - p->ipa.v < p->size;
	}
	if (!entry || (im->entry.v % 4 != 0 && !(im->aarch32 &&
	    im->entry.v & 1)))
		return ("entry");
	if (image_place(im, memory, initrd, dtb, &at, err) != 0)
		return (NULL);
	if (!inside(at.dtb.v, dtb, memory) || at.dtb.v % PAGE_SIZE != 0)
		return ("device tree outside of memory");
	if (initrd != 0 && (!inside(at.initrd.v, initrd, memory) ||
	    at.initrd.v % PAGE_SIZE != 0 ||
	    !apart(at.initrd.v, initrd, at.dtb.v, dtb)))
		return ("initrd outside of memory, or on the device tree");
	for (i = 0; i < im->nparts; i++) {
		p = &im->part[i];
		if (!apart(at.dtb.v, dtb, p->ipa.v, p->size + p->zero) ||
		    (initrd != 0 && !apart(at.initrd.v, initrd, p->ipa.v,
		    p->size + p->zero)))
			return ("kernel overwritten");
	}
	return (NULL);
}

static void
fuzz(void (*make)(uint8_t *), size_t header)
{
	unsigned int round, n, good = 0;
	const char *broken;
	struct image im;
	uint64_t memory;
	char err[VM_ERR];
	size_t len;
	uint8_t *b;

	for (round = 0; round < ROUNDS; round++) {
		len = rnd(8) == 0 ? rnd(FILE_MAX) : FILE_MAX;
		ATF_REQUIRE((b = calloc(1, FILE_MAX)) != NULL);
		make(b);
		for (n = (unsigned int)rnd(4); n > 0; n--)
			mutate(b, header);
		/* Of exactly this size. */
		ATF_REQUIRE(len == 0 || (b = realloc(b, len)) != NULL);
		memory = (1 + rnd(rnd(4) == 0 ? 1ull << 28 : 0x100)) *
		    PAGE_SIZE;
		memset(err, 0, sizeof(err));
		if (image_read(&im, b, len, memory, err) == 0) {
			broken = check(&im, b, len, memory);
			ATF_REQUIRE_MSG(broken == NULL, "round %u: %s", round,
			    broken);
			good++;
		} else
			ATF_REQUIRE(err[0] != '\0');
		free(b);
	}
	ATF_CHECK_MSG(good > ROUNDS / 10 && good < ROUNDS * 9 / 10, "%u good",
	    good);
}

ATF_TC_WITHOUT_HEAD(arm64);
ATF_TC_BODY(arm64, tc)
{

	fuzz(linux_image, 64);
}

ATF_TC_WITHOUT_HEAD(elf64);
ATF_TC_BODY(elf64, tc)
{

	fuzz(elf_image, 64 + 4 * 56);
}

static void
zimage(uint8_t *b)
{

	memcpy(b + 0x24, "\x18\x28\x6f\x01", 4);
}

static void
elf32_image(uint8_t *b)
{
	Elf32_Ehdr eh = { .e_ident = ELFMAG, .e_type = ET_EXEC,
	    .e_machine = EM_ARM, .e_entry = BASE + 0x1010, .e_phoff = 52,
	    .e_phentsize = 32, .e_phnum = 4 };
	Elf32_Phdr ph;
	unsigned int i;

	eh.e_ident[EI_CLASS] = ELFCLASS32;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(b, &eh, sizeof(eh));
	for (i = 0; i < 4; i++) {
		ph = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = 512 +
		    i * 100, .p_vaddr = (uint32_t)BASE + i * 0x1000 + 0x1000,
		    .p_paddr = (uint32_t)BASE + i * 0x1000 + 0x1000,
		    .p_filesz = 100, .p_memsz = 100 + i * 0x200 };
		memcpy(b + 52 + i * 32, &ph, sizeof(ph));
	}
}

ATF_TC_WITHOUT_HEAD(arm32);
ATF_TC_BODY(arm32, tc)
{

	vcpu_fake.id[4 * 8] = 0x22;
	fuzz(zimage, 64);
	fuzz(elf32_image, 52 + 4 * 32);
}

/* The first byte says how much memory there is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[VM_ERR] = "";
	struct image im;

	if (size == 0)
		return (0);
	uint64_t memory = (1ull << data[0] % 19) * PAGE_SIZE;
	size_t len = size - 1;
	uint8_t *b = malloc(len + (len == 0));

	memcpy(b, data + 1, len);
	seed = 1 | size;
	if (image_read(&im, b, len, memory, err) == 0) {
		const char *broken = check(&im, b, len, memory);

		ATF_REQUIRE_MSG(broken == NULL, "%s", broken);
	} else
		ATF_REQUIRE(err[0] != '\0');
	free(b);
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, arm32);
	ATF_TP_ADD_TC(tp, arm64);
	ATF_TP_ADD_TC(tp, elf64);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
