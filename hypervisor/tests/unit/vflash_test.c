/*
 * The flash of firmware: identity, commands, bits that only go to 0, and
 * when a guest may read the array without us.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "vfirmware/vflash.h"

#define	SIZE		(4 * VFLASH_SECTOR)
#define	READY		0x00800080u
#define	BAD		0x00b000b0u	/* not a sequence of commands */

static struct vflash f;
static uint8_t array[SIZE];
static bool mapped;
static uint64_t changes, changed_bytes;

static void
direct(void *ctx, bool on)
{

	ATF_REQUIRE_EQ(&array, ctx);
	ATF_REQUIRE_MSG(on != mapped, "told what it knows");
	mapped = on;
}

static void
changed(void *ctx, void *at, size_t n)
{

	ATF_REQUIRE_EQ(&array, ctx);
	ATF_REQUIRE((uint8_t *)at >= array && (uint8_t *)at + n <=
	    array + SIZE);
	changes++;
	changed_bytes += n;
}

static const struct vflash_ops ops = { direct, changed };

static void
fresh(void)
{

	mapped = false;
	memset(array, 0, SIZE);
	vflash_init(&f, &ops, array, array, SIZE);
	changes = changed_bytes = 0;
}

static uint32_t
get(uint32_t offset)
{
	struct mmio m = { .offset = offset, .size = 4 };

	ATF_REQUIRE_EQ(MMIO_OK, vflash_mmio(&f, 0, &m));
	return ((uint32_t)m.value);
}

static void
put(uint32_t offset, uint32_t value)
{
	struct mmio m = { .offset = offset, .size = 4, .write = true,
	    .value = value };

	ATF_REQUIRE_EQ(MMIO_OK, vflash_mmio(&f, 0, &m));
}

/* A command to both chips. */
static void
both(uint32_t offset, uint32_t c)
{

	put(offset, c | c << 16);
}

ATF_TC_WITHOUT_HEAD(delivered);
ATF_TC_BODY(delivered, tc)
{

	fresh();
	ATF_CHECK(mapped);
	for (uint32_t i = 0; i < SIZE; i++)
		ATF_REQUIRE_EQ(0xff, array[i]);
	ATF_CHECK_EQ(0xffffffff, get(0x1000));
}

ATF_TC_WITHOUT_HEAD(identity);
ATF_TC_BODY(identity, tc)
{
	static const char qry[] = "QRY", pri[] = "PRI";

	fresh();
	both(0x55 * 4, 0x98);
	ATF_CHECK(!mapped);
	for (uint32_t i = 0; i < 3; i++) {
		ATF_CHECK_EQ(qry[i] * 0x10001u, get((0x10 + i) * 4));
		ATF_CHECK_EQ(pri[i] * 0x10001u, get((0x31 + i) * 4));
	}
	ATF_CHECK_EQ(0x00010001, get(0x13 * 4));	/* Intel's set */
	ATF_CHECK_EQ(0x00310031, get(0x15 * 4));
	ATF_CHECK_EQ(19 * 0x10001u, get(0x27 * 4));	/* 512 KiB a chip */
	ATF_CHECK_EQ(6 * 0x10001u, get(0x2a * 4));	/* 64 bytes a chip */
	ATF_CHECK_EQ(1 * 0x10001u, get(0x2c * 4));
	ATF_CHECK_EQ(3 * 0x10001u, get(0x2d * 4));	/* 4 sectors */
	ATF_CHECK_EQ(0, get(0x2e * 4));
	ATF_CHECK_EQ(0, get(0x2f * 4));			/* of 128 KiB a chip */
	ATF_CHECK_EQ(2 * 0x10001u, get(0x30 * 4));
	ATF_CHECK_EQ(0, get(0) | get(0x100 * 4) | get(SIZE - 4));
	both(0, 0x90);
	ATF_CHECK_EQ(0x00890089, get(0));
	ATF_CHECK_EQ(0x00180018, get(4));
	ATF_CHECK_EQ(0, get(8));
	both(0, 0xff);
	ATF_CHECK(mapped);
	ATF_CHECK_EQ(0xffffffff, get(0));
	ATF_CHECK_EQ(0, changes);
}

ATF_TC_WITHOUT_HEAD(program_and_erase);
ATF_TC_BODY(program_and_erase, tc)
{
	uint32_t at = VFLASH_SECTOR + 0x100, word;

	fresh();
	both(at, 0x40);
	ATF_CHECK(!mapped);
	put(at, 0x12345678);
	ATF_CHECK_EQ(READY, get(at));
	both(at, 0x10);
	put(at, 0xff00ff0f);
	ATF_CHECK_EQ(2, changes);
	ATF_CHECK(!mapped);
	both(0, 0xff);
	ATF_CHECK(mapped);
	memcpy(&word, &array[at], 4);
	ATF_CHECK_EQ(0x12005608, word);		/* only 1 to 0 */
	ATF_CHECK_EQ(0xffffffff, get(at + 4));
	/* The sector before it stays. */
	both(0, 0x40);
	put(0, 0);
	both(at, 0x20);
	both(at, 0xd0);
	ATF_CHECK_EQ(READY, get(0));
	both(0, 0xff);
	ATF_CHECK_EQ(0xffffffff, get(at));
	ATF_CHECK_EQ(0, get(0));
	ATF_CHECK_EQ(12 + VFLASH_SECTOR, changed_bytes);
}

ATF_TC_WITHOUT_HEAD(buffered);
ATF_TC_BODY(buffered, tc)
{

	fresh();
	both(0x280, 0xe8);
	ATF_CHECK_EQ(READY, get(0x280));
	both(0x280, 3);				/* four words */
	for (uint32_t i = 0; i < 4; i++)
		put(0x290 + i * 4, i);
	ATF_CHECK_EQ(0, changes);
	both(0x280, 0xd0);
	ATF_CHECK_EQ(READY, get(0x280));
	both(0, 0xff);
	for (uint32_t i = 0; i < 4; i++)
		ATF_CHECK_EQ(i, get(0x290 + i * 4));
	ATF_CHECK_EQ(0xffffffff, get(0x28c));
	ATF_CHECK_EQ(0xffffffff, get(0x2a0));
	/* Not confirmed. */
	both(0, 0xe8);
	both(0, 0);
	put(0, 0);
	both(0, 0xff);
	ATF_CHECK_EQ(BAD, get(0));
	both(0, 0x50);
	ATF_CHECK_EQ(READY, get(0));
	/* Longer than the buffer; across its end. */
	both(0, 0xe8);
	both(0, 32);
	ATF_CHECK_EQ(BAD, get(0));
	both(0, 0x50);
	both(0, 0xe8);
	both(0, 1);
	put(0x7c, 0);
	put(0x80, 0);
	ATF_CHECK_EQ(BAD, get(0));
	both(0, 0xff);
	ATF_CHECK_EQ(0xffffffff, get(0) & get(0x7c) & get(0x80));
}

ATF_TC_WITHOUT_HEAD(wrong_sequences);
ATF_TC_BODY(wrong_sequences, tc)
{

	fresh();
	both(0, 0x20);
	both(0, 0xff);
	ATF_CHECK_EQ(BAD, get(0));
	both(0, 0x70);
	ATF_CHECK_EQ(BAD, get(0));
	both(0, 0x50);
	/* There are no locks, and nobody minds. */
	both(0, 0x60);
	both(0, 0xd0);
	ATF_CHECK_EQ(READY, get(0));
	/* What is no command is as 0xff. */
	both(0, 0x33);
	ATF_CHECK(mapped);
	ATF_CHECK_EQ(0, changes);
}

ATF_TC_WITHOUT_HEAD(power);
ATF_TC_BODY(power, tc)
{

	fresh();
	both(0, 0x40);
	put(0, 0x55555555);
	both(0, 0xe8);
	both(0, 5);
	vflash_reset(&f);
	ATF_CHECK(mapped);
	ATF_CHECK_EQ(0x55555555, get(0));
	both(0, 0x70);				/* is a command again */
	ATF_CHECK_EQ(READY, get(0));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, delivered);
	ATF_TP_ADD_TC(tp, identity);
	ATF_TP_ADD_TC(tp, program_and_erase);
	ATF_TP_ADD_TC(tp, buffered);
	ATF_TP_ADD_TC(tp, wrong_sequences);
	ATF_TP_ADD_TC(tp, power);
	return (atf_no_error());
}
