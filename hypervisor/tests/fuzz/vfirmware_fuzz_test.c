/*
 * Random accesses to the flash and to the fw_cfg device of a VM's firmware:
 * never a byte outside of what is theirs (the sanitizers watch), each access
 * is a bounded bit of work, and a guest reads the flash itself just when no
 * command is on. Every run takes the same steps.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/entropy.h"
#include "vfirmware/vflash.h"
#include "vfirmware/vfwcfg.h"

#define	STEPS		200000
#define	SIZE		(2 * VFLASH_SECTOR)
#define	RAM		0x40000000ull
#define	PAGES		8

static struct vflash flash;
static struct vfwcfg cfg;
static uint8_t *page[PAGES], *kernel;
static bool direct;
static unsigned int changes, switches, asked, transfers;

static uint32_t
rnd(uint32_t below)
{

	return ((uint32_t)(entropy64() >> 32) % below);
}

static void
set_direct(void *ctx, bool on)
{

	(void)ctx;
	ATF_REQUIRE_MSG(on != direct, "told what it knows");
	direct = on;
	switches++;
}

static void
changed(void *ctx, void *at, size_t n)
{

	(void)ctx;
	ATF_REQUIRE((uint8_t *)at >= flash.array && n <= SIZE &&
	    (uint8_t *)at + n <= flash.array + SIZE);
	ATF_REQUIRE_MSG(!direct, "changed under a reader's eyes");
	changes++;
}

static void *
memory(void *ctx, uint64_t ipa, bool write)
{

	(void)ctx;
	(void)write;
	asked++;
	ipa -= RAM;
	return (ipa < PAGES * PAGE_SIZE ? page[ipa / PAGE_SIZE] +
	    ipa % PAGE_SIZE : NULL);
}

static const struct vflash_ops ops = { set_direct, changed };

static uint64_t
address(void)
{

	return (rnd(16) == 0 ? entropy64() :
	    RAM + rnd(PAGES * PAGE_SIZE + 64));
}

static void
flash_step(void)
{
	static const uint8_t commands[] = { 0x10, 0x40, 0x20, 0xd0, 0x50, 0x60,
		0x70, 0x90, 0x98, 0xe8, 0xff, 0, 3, 31, 32 };
	struct mmio m = { .size = (uint8_t)(1u << rnd(4)),
	    .write = rnd(4) != 0 };

	m.offset = (rnd(4) == 0 ? rnd(SIZE) : 0x100 + rnd(0x100)) &
	    ~(m.size - 1u);
	m.value = rnd(8) == 0 ? entropy64() : commands[rnd(sizeof(commands))];
	if (m.size < 8)
		m.value &= (1ull << m.size * 8) - 1;
	ATF_REQUIRE_EQ(MMIO_OK, vflash_mmio(&flash, rnd(4), &m));
	ATF_REQUIRE_EQ(flash.reads == 0, direct);
}

/* Something to be told of, mostly as it should be. */
static uint64_t
descriptor(void)
{
	uint32_t p = rnd(PAGES), at = rnd(PAGE_SIZE / 16 - 1) * 16;
	uint32_t d[4] = { __builtin_bswap32(rnd(0x20) << 16 | rnd(0x20)),
	    __builtin_bswap32(rnd(8) == 0 ? rnd(~0u) : rnd(9000)), 0, 0 };
	uint64_t to = __builtin_bswap64(address());

	memcpy(&d[2], &to, 8);
	memcpy(page[p] + at, d, sizeof(d));
	return (RAM + p * PAGE_SIZE + at);
}

static void
cfg_step(void)
{
	struct mmio m = { .size = (uint8_t)(1u << rnd(4)),
	    .write = rnd(4) != 0, .value = entropy64() };

	m.offset = (rnd(8) == 0 ? rnd(PAGE_SIZE) : rnd(0x20)) &
	    ~(m.size - 1u);
	if (m.write && rnd(2) == 0) {
		m.offset = 16;
		m.size = 8;
		m.value = __builtin_bswap64(rnd(4) == 0 ? address() :
		    descriptor());
	}
	if (rnd(4) == 0) {
		m = (struct mmio){ .offset = 8, .size = 2, .write = true,
		    .value = __builtin_bswap16((uint16_t)rnd(0x20)) };
	}
	asked = 0;
	enum mmio_result r = vfwcfg_mmio(&cfg, rnd(4), &m);
	ATF_REQUIRE(r == MMIO_OK || (r == MMIO_AGAIN && m.write));
	ATF_REQUIRE_MSG(asked <= 64, "%u pages asked for", asked);
	transfers += r == MMIO_AGAIN;
}

static void
start(void)
{
	/* Each alone, and of odd sizes: a byte too many is noticed. */
	for (unsigned int i = 0; i < PAGES; i++)
		ATF_REQUIRE((page[i] = calloc(1, PAGE_SIZE)) != NULL);
	ATF_REQUIRE((kernel = calloc(1, 4321)) != NULL);
	uint8_t *array = malloc(SIZE);
	ATF_REQUIRE(array != NULL);
	direct = false;
	flash.array = array;
	vflash_init(&flash, &ops, NULL, array, SIZE);
	cfg = (struct vfwcfg){ .kernel = { kernel, 4321 },
	    .cmdline = { "x", 2 }, .cpus = 2, .memory = memory };
	vfwcfg_reset(&cfg);
}

static void
end(void)
{

	for (unsigned int i = 0; i < PAGES; i++)
		free(page[i]);
	free(kernel);
	free(flash.array);
}

ATF_TC_WITHOUT_HEAD(registers);
ATF_TC_BODY(registers, tc)
{

	(void)tc;
	entropy_use(NULL, 0);
	start();
	for (unsigned int i = 0; i < STEPS; i++) {
		flash_step();
		cfg_step();
	}
	/* What was not reached was not tested. */
	ATF_CHECK_MSG(changes > 1000 && switches > 1000 && transfers > 1000,
	    "%u changes, %u switches, %u transfers", changes, switches,
	    transfers);
	end();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

	entropy_use(data, size);
	start();
	for (unsigned int i = 0; i < 2000 && (i < 50 || entropy_left > 0);
	    i++) {
		flash_step();
		cfg_step();
	}
	end();
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, registers);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
