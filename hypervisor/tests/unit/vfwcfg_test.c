/*
 * The fw_cfg device: what firmware reads of it, byte by byte and by DMA.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "vfirmware/vfwcfg.h"

#define	RAM		0x40000000ull
#define	RAM_SIZE	(64 * PAGE_SIZE)
#define	KERNEL_SIZE	150000u
#define	AT		(RAM + PAGE_SIZE - 6)	/* across pages */

static uint8_t ram[RAM_SIZE], kernel[KERNEL_SIZE];
static struct vfwcfg f;

static void *
memory(void *ctx, uint64_t ipa, bool write)
{

	(void)write;
	ATF_REQUIRE_EQ(&ram, ctx);
	return (ipa - RAM < RAM_SIZE ? &ram[ipa - RAM] : NULL);
}

static void
fresh(void)
{

	for (uint32_t i = 0; i < KERNEL_SIZE; i++)
		kernel[i] = (uint8_t)(i * 7 + i / 256);
	memset(ram, 0xee, sizeof(ram));
	f = (struct vfwcfg){ .kernel = { kernel, KERNEL_SIZE },
	    .cmdline = { "quiet", 6 }, .cpus = 3, .memory = memory,
	    .ctx = ram };
	vfwcfg_reset(&f);
}

static uint64_t
get(uint32_t offset, uint8_t size)
{
	struct mmio m = { .offset = offset, .size = size };

	ATF_REQUIRE_EQ(MMIO_OK, vfwcfg_mmio(&f, 0, &m));
	return (m.value);
}

/* How often it has to be done. */
static unsigned int
put(uint32_t offset, uint8_t size, uint64_t value)
{
	unsigned int n = 1;

	for (;; n++) {
		struct mmio m = { .offset = offset, .size = size,
		    .write = true, .value = value };
		enum mmio_result r = vfwcfg_mmio(&f, 0, &m);

		ATF_REQUIRE(r != MMIO_FAULT && n < 100);
		if (r == MMIO_OK)
			return (n);
	}
}

static void
choose(uint16_t key)
{

	put(8, 2, __builtin_bswap16(key));
}

/* A DMA, told of at AT; its control afterwards. */
static uint32_t
dma(uint32_t control, uint32_t length, uint64_t address, bool halves)
{
	uint8_t *d = &ram[AT - RAM];
	uint64_t at = __builtin_bswap64(AT);

	control = __builtin_bswap32(control);
	length = __builtin_bswap32(length);
	address = __builtin_bswap64(address);
	memcpy(d, &control, 4);
	memcpy(d + 4, &length, 4);
	memcpy(d + 8, &address, 8);
	if (halves) {
		put(16, 4, (uint32_t)at);
		put(20, 4, at >> 32);
	} else
		put(16, 8, at);
	memcpy(&control, d, 4);
	return (__builtin_bswap32(control));
}

ATF_TC_WITHOUT_HEAD(bytes);
ATF_TC_BODY(bytes, tc)
{

	fresh();
	ATF_CHECK_EQ('Q', get(0, 1));		/* chosen at power-on */
	choose(0);
	ATF_CHECK_EQ(0x554d4551, get(0, 4));
	ATF_CHECK_EQ(0, get(0, 8));		/* beyond its end */
	choose(1);
	ATF_CHECK_EQ(3, get(0, 4));
	choose(5);
	ATF_CHECK_EQ(3, get(0, 2));
	choose(8);
	ATF_CHECK_EQ(KERNEL_SIZE, get(0, 4));
	choose(0x0b);
	ATF_CHECK_EQ(0, get(0, 4));		/* no initrd */
	choose(0x14);
	ATF_CHECK_EQ(6, get(0, 8));
	choose(0x15);
	ATF_CHECK_EQ('q' | 'u' << 8, get(0, 2));
	ATF_CHECK_EQ('i', get(0, 1));
	ATF_CHECK_EQ('e' | 't' << 8, get(0, 8));
	choose(0x19);
	ATF_CHECK_EQ(0, get(0, 4));		/* no files */
	choose(0x4001);
	ATF_CHECK_EQ(0, get(0, 8));
	choose(0x11);
	for (uint32_t i = 0; i < 100; i++)
		ATF_CHECK_EQ(kernel[i], get(0, 1));
	vfwcfg_reset(&f);
	ATF_CHECK_EQ('Q', get(0, 1));
}

ATF_TC_WITHOUT_HEAD(by_dma);
ATF_TC_BODY(by_dma, tc)
{
	uint64_t to = RAM + 2 * PAGE_SIZE + 5;

	fresh();
	ATF_CHECK_EQ(0x47464320554d4551, get(16, 8));	/* "QEMU CFG" */
	ATF_CHECK_EQ(0x47464320, get(20, 4));
	ATF_CHECK_EQ(0, dma(0x11 << 16 | 8 | 2, KERNEL_SIZE, to, false));
	ATF_CHECK_EQ(0, memcmp(&ram[to - RAM], kernel, KERNEL_SIZE));
	ATF_CHECK_EQ(0xee, ram[to - RAM - 1]);
	ATF_CHECK_EQ(0xee, ram[to - RAM + KERNEL_SIZE]);
	/* A part of it, after another; halves of the address. */
	ATF_CHECK_EQ(0, dma(0x11 << 16 | 8 | 4, 1000, 0, true));
	ATF_CHECK_EQ(0, dma(2, 5000, to, true));
	ATF_CHECK_EQ(0, memcmp(&ram[to - RAM], kernel + 1000, 5000));
	ATF_CHECK_EQ(kernel[6000], get(0, 1));
	/* Zeros beyond the end, however far. */
	ATF_CHECK_EQ(0, dma(4, UINT32_MAX, 0, false));
	ATF_CHECK_EQ(0, dma(4, UINT32_MAX, 0, false));
	ATF_CHECK_EQ(0, dma(2, 3, to, false));
	ATF_CHECK_EQ(0, ram[to - RAM] | ram[to - RAM + 2]);
	ATF_CHECK_EQ(kernel[1003], ram[to - RAM + 3]);
	ATF_CHECK_EQ(0, get(0, 1));		/* it stays there */
}

ATF_TC_WITHOUT_HEAD(dma_refused);
ATF_TC_BODY(dma_refused, tc)
{

	fresh();
	/* A write; no RAM there; RAM that ends. */
	ATF_CHECK_EQ(1, dma(0x11 << 16 | 8 | 0x10, 4, RAM, false));
	ATF_CHECK_EQ(1, dma(0x11 << 16 | 8 | 2, 4, 0x1000, false));
	ATF_CHECK_EQ(1, dma(0x11 << 16 | 8 | 2, 8, RAM + RAM_SIZE - 4, false));
	ATF_CHECK_EQ(1, dma(2, UINT32_MAX, UINT64_MAX - 3, false));
	ATF_CHECK_EQ(0, dma(0, 0, 0, false));
	/* It cannot be told that there is nothing where it told of it. */
	ATF_CHECK_EQ(1, put(16, 8, __builtin_bswap64(0x1000)));
	ATF_CHECK_EQ(1, put(16, 8, UINT64_MAX));
}

ATF_TC_WITHOUT_HEAD(in_pieces);
ATF_TC_BODY(in_pieces, tc)
{
	static const uint32_t d[] = { 0x0a001100, 0, 0 };
	uint32_t length = __builtin_bswap32(KERNEL_SIZE);
	uint64_t to = __builtin_bswap64(RAM + PAGE_SIZE);

	fresh();
	memcpy(ram, d, 4);
	memcpy(ram + 4, &length, 4);
	memcpy(ram + 8, &to, 8);
	ATF_CHECK_EQ(4, put(16, 8, __builtin_bswap64(RAM)));
	ATF_CHECK_EQ(0, memcmp(&ram[PAGE_SIZE], kernel, KERNEL_SIZE));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, bytes);
	ATF_TP_ADD_TC(tp, by_dma);
	ATF_TP_ADD_TC(tp, dma_refused);
	ATF_TP_ADD_TC(tp, in_pieces);
	return (atf_no_error());
}
