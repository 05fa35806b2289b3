/*
 * The interrupt translation service, one behaviour a case: registers, each
 * command, each way a command is refused, LPIs from the message to the
 * acknowledge. The machine is vits_machine.h's.
 * Over 500 lines because all cases play on the same machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vits_machine.h"

#include <pthread.h>
#include <unistd.h>

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define	DEV	0x30u

/* A device of 32 events, collection n at vCPU n, event 0 is LPI 0 there. */
static void
start(unsigned int nvcpus, unsigned int lrs)
{

	machine_start(nvcpus, lrs);
	machine_driver();
	mapd(DEV, 5, true);
	for (unsigned int c = 0; c < nvcpus; c++)
		mapc(c, c, true);
	mapti(DEV, 0, LPI(0), 0);
	ATF_REQUIRE_EQ(0, refusals);
}

/* What comes next is refused, for this reason. */
#define	REFUSED(reason, ...) do {					\
	its.said = false;						\
	refusals = 0;							\
	__VA_ARGS__;							\
	ATF_CHECK_EQ_MSG(1, refusals, "%s: not refused", #__VA_ARGS__);	\
	ATF_CHECK_STREQ(reason, refusals != 0 ? why : "");		\
} while (0)
#define	ACCEPTED(...) do {						\
	its.said = false;						\
	refusals = 0;							\
	__VA_ARGS__;							\
	ATF_CHECK_EQ_MSG(0, refusals, "%s: %s", #__VA_ARGS__, why);	\
} while (0)

CASE(identification)
{
	uint64_t v;

	machine_start(3, 4);
	ATF_CHECK_EQ(0x43b, rd(4, 4));
	ATF_CHECK_EQ(1, rd(GITS_TYPER, 8) & 3);
	ATF_CHECK_EQ(15, rd(GITS_TYPER, 4) >> 8 & 31);
	ATF_CHECK_EQ(15, rd(GITS_TYPER, 4) >> 13 & 31);
	ATF_CHECK_EQ(0, rd(GITS_TYPER, 4) >> 19);
	ATF_CHECK_EQ(0x13, rd(GITS_TYPER + 4, 4));
	ATF_CHECK_EQ(0x3b, rd(0xffe8, 4));
	ATF_CHECK_EQ(0xb1, rd(0xfffc, 4));
	ATF_CHECK_EQ(0, rd(0x10040, 4));
	ATF_CHECK_EQ(0, rd(GITS_BASER + 16, 8));
	ATF_CHECK_EQ(1ull << 56, rd(GITS_BASER, 8));
	ATF_CHECK_EQ(4ull << 56, rd(GITS_BASER + 8, 8));
	/* The distributor: LPIs, 512, INTIDs of 14 bits. */
	ATF_CHECK_EQ(8 | 13 << 19 | 1 << 17 | 8 << 11, vg.typer);
	ATF_CHECK_EQ(1 | 1 << 8, rrd(GICR(1, 8), 4));
	ATF_CHECK_EQ(1ull << 32 | 1 | 1 << 8, rrd(GICR(1, 8), 8));
	ATF_CHECK_EQ(1, rrd(GICR(1, 12), 4));
	for (unsigned int size = 1; size < 4; size *= 2)
		ATF_CHECK_EQ(MMIO_FAULT, machine_access(false, false, 0,
		    (uint8_t)size, &v));
	ATF_CHECK_EQ(MMIO_FAULT, machine_access(true, false, 0, 8, &v));
	/* The rest of a redistributor is there still. */
	ATF_CHECK_EQ(0x43b, rrd(GICR(2, 4), 4));
	rwr(GICR(2, 0x10100), 4, 0xff);
	ATF_CHECK_EQ(0xff, rrd(GICR(2, 0x10100), 4));
}

CASE(registers_keep)
{

	machine_start(2, 4);
	ATF_CHECK_EQ(1u << 31, rd(GITS_CTLR, 4));
	wr(GITS_BASER, 8, ~0ull);
	ATF_CHECK_EQ(0xb9e0ffffffffffffull, rd(GITS_BASER, 8));
	wr(GITS_BASER, 4, 0);
	ATF_CHECK_EQ(0xb9e0ffff00000000ull, rd(GITS_BASER, 8));
	wr(GITS_BASER + 12, 4, ~0u);
	ATF_CHECK_EQ(0xbce0ffff00000000ull, rd(GITS_BASER + 8, 8));
	wr(GITS_CWRITER, 8, ~0ull);
	ATF_CHECK_EQ(0xfffe0, rd(GITS_CWRITER, 8));
	wr(GITS_CBASER, 8, ~0ull);
	ATF_CHECK_EQ(0xb8effffffffffcffull, rd(GITS_CBASER, 8));
	wr(GITS_CREADR, 8, ~0ull);
	ATF_CHECK_EQ(0, rd(GITS_CREADR, 8));
	/* What is in use stays; without a queue nothing happens. */
	wr(GITS_CBASER, 8, 0);
	wr(GITS_CTLR, 4, 1);
	ATF_CHECK_EQ(1, rd(GITS_CTLR, 4));
	wr(GITS_CBASER, 8, ~0ull);
	wr(GITS_BASER, 8, ~0ull);
	ATF_CHECK_EQ(0, rd(GITS_CBASER, 8));
	ATF_CHECK_EQ(0xb9e0ffff00000000ull, rd(GITS_BASER, 8));
	ATF_CHECK_EQ(0, rd(GITS_CREADR, 8));
	wr(GITS_CTLR, 4, 0);
	ATF_CHECK_EQ(1u << 31, rd(GITS_CTLR, 4));
	/* Redistributors: one configuration table, a pending table each. */
	rwr(GICR(1, 0x70), 8, ~0ull);
	ATF_CHECK_EQ(0x070fffffffffff9full, rrd(GICR(0, 0x70), 8));
	rwr(GICR(1, 0x78), 8, ~0ull);
	ATF_CHECK_EQ(0x070fffffffff0f80ull, rrd(GICR(1, 0x78), 8));
	ATF_CHECK_EQ(0, rrd(GICR(0, 0x78), 8));
	rwr(GICR(1, 0x74), 4, 0);
	ATF_CHECK_EQ(0xffffff9f, rrd(GICR(0, 0x70), 8));
	/* EnableLPIs, which may be cleared (CES). */
	ATF_CHECK_EQ(2, rrd(GICR(1, 0), 4));
	rwr(GICR(1, 0), 4, 0);
	ATF_CHECK_EQ(2, rrd(GICR(1, 0), 4));
	rwr(GICR(1, 0), 4, 1);
	ATF_CHECK_EQ(3, rrd(GICR(1, 0), 4));
	ATF_CHECK_EQ(2, rrd(GICR(0, 0), 4));
	rwr(GICR(1, 0x70), 8, 0);
	rwr(GICR(1, 0x78), 8, 0);
	ATF_CHECK_EQ(0xffffff9f, rrd(GICR(0, 0x70), 8));
	ATF_CHECK_EQ(0x070fffffffff0f80ull, rrd(GICR(1, 0x78), 8));
	rwr(GICR(0, 0x78), 8, 0xffff0000);
	ATF_CHECK_EQ(0xffff0000, rrd(GICR(0, 0x78), 8));
}

CASE(int_delivers)
{
	static const uint8_t intids[] = { 0, 16, 31, 200, 255 };

	start(2, 4);
	for (unsigned int i = 0; i < nitems(intids); i++) {
		mapti(DEV, i, LPI(2 * intids[i] + 1), 1);
		INT(DEV, i);
		ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
		ATF_CHECK_EQ(LPI(2 * intids[i] + 1), take(1));
		ATF_CHECK_EQ(LR_FAKE_NONE, take(1));
	}
	/* MAPI: the INTID is the event. */
	mapd(7, 14, true);
	post(ID(7) | 0x0b, LPI(9), 0, 0);
	INT(7, LPI(9));
	ATF_CHECK_EQ(LPI(9), take(0));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	/* A device's message, from nowhere, from another vCPU, from its own. */
	ATF_CHECK(vits_msi(&its, NULL, 7, LPI(9)));
	ATF_CHECK_EQ(LPI(9), take(0));
	ATF_CHECK(vits_msi(&its, &vcs[0], DEV, 0));
	ATF_CHECK_EQ(LPI(1), take(1));
	ATF_CHECK(vits_msi(&its, &vcs[0], 7, LPI(9)));
	ATF_CHECK_EQ(LPI(9), take(0));
	ATF_CHECK(!vits_msi(&its, NULL, 7, LPI(8)));
	ATF_CHECK(!vits_msi(&its, NULL, 8, LPI(9)));
	wr(GITS_CTLR, 4, 0);
	ATF_CHECK(!vits_msi(&its, NULL, 7, LPI(9)));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
}

/* Sent twice it comes once; sent while it is handled, again. */
CASE(pending_once)
{

	for (unsigned int active = 0; active < 2; active++) {
		start(1, 4);
		lr_fake_lpi_active = active;
		INT(DEV, 0);
		INT(DEV, 0);
		ATF_CHECK_EQ(LPI(0), lr_fake_ack(1));
		INT(DEV, 0);
		INT(DEV, 0);
		ATF_CHECK(!lr_fake_signal(0));	/* its priority runs */
		lr_fake_eoi(1, LPI(0));
		ATF_CHECK_EQ(LPI(0), take(0));
		ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
		/* A switch in between loses nothing. */
		INT(DEV, 0);
		vgic_save(&vcs[0]);
		vgic_load(&vcs[0]);
		ATF_CHECK_EQ(LPI(0), lr_fake_ack(1));
		vgic_save(&vcs[0]);
		vgic_load(&vcs[0]);
		ATF_CHECK(!lr_fake_signal(0));
		lr_fake_eoi(1, LPI(0));
		ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
		INT(DEV, 0);
		ATF_CHECK_EQ(LPI(0), take(0));
	}
}

CASE(clear)
{

	start(2, 4);
	INT(DEV, 0);
	CLEAR(DEV, 0);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	INT(DEV, 0);
	ATF_CHECK_EQ(LPI(0), take(0));
	/* From another vCPU, whose list register it is not in. */
	INT(DEV, 0);
	lr_fake_select(1);
	CLEAR(DEV, 0);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
}

CASE(discard)
{

	start(1, 4);
	mapti(DEV, 1, LPI(1), 0);
	mapti(DEV, 2, LPI(2), 0);
	INT(DEV, 1);
	DISCARD(DEV, 1);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	REFUSED("event not mapped", INT(DEV, 1));
	ACCEPTED(INT(DEV, 0));
	ACCEPTED(INT(DEV, 2));
	ATF_CHECK_EQ(LPI(0), take(0));
	ATF_CHECK_EQ(LPI(2), take(0));
	/* With its device all of its events go. */
	INT(DEV, 0);
	mapd(DEV, 1, false);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	REFUSED("device not mapped", INT(DEV, 0));
	mapd(DEV, 5, true);
	REFUSED("event not mapped", INT(DEV, 2));
	ACCEPTED(mapd(DEV, 4, true));
	ACCEPTED(mapd(99, 4, false));
}

CASE(move)
{

	start(3, 4);
	INT(DEV, 0);
	post(ID(DEV) | 0x01, 0, 2, 0);		/* MOVI, with what is pending */
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	ATF_CHECK_EQ(LPI(0), take(2));
	INT(DEV, 0);
	ATF_CHECK_EQ(LPI(0), take(2));
	/* The collection moves, and MOVALL what is pending. */
	INT(DEV, 0);
	mapc(2, 1, true);
	post(0x0e, 0, 2ull << 16, 1ull << 16);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(2));
	ATF_CHECK_EQ(LPI(0), take(1));
	/* MOVALL alone: pending ones, once. */
	mapti(DEV, 1, LPI(1), 2);
	INT(DEV, 0);
	post(0x0e, 0, 1ull << 16, 2ull << 16);
	INT(DEV, 1);
	ATF_CHECK_EQ(LPI(1), take(1));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(1));
	ATF_CHECK_EQ(LPI(0), take(2));
	INT(DEV, 0);
	ATF_CHECK_EQ(LPI(0), take(1));
	/* Those that are not stay, where INVALL finds them. */
	configure(1, 0xa0, false);
	post(0x0e, 0, 1ull << 16, 2ull << 16);
	post(0x0d, 0, 1, 0);
	INT(DEV, 1);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(1));
	configure(1, 0xa0, true);
	post(0x0d, 0, 1, 0);
	ATF_CHECK_EQ(LPI(1), take(1));
	/* To where LPIs are off: it waits there. */
	its.on &= ~4u;
	INT(DEV, 1);
	post(0x0e, 0, 1ull << 16, 2ull << 16);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(1));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(2));
	rwr(GICR(2, 0), 4, 1);
	ATF_CHECK_EQ(LPI(1), take(1));	/* as its collection says */
	/* While it is handled: what comes meanwhile is the other's. */
	INT(DEV, 1);
	lr_fake_select(1);
	ATF_CHECK_EQ(LPI(1), lr_fake_ack(1));
	post(ID(DEV) | 0x01, 1, 0, 0);
	INT(DEV, 1);
	ATF_CHECK_EQ(LPI(1), take(0));
	lr_fake_eoi(1, LPI(1));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(1));
}

CASE(configuration)
{

	start(2, 4);
	mapti(DEV, 1, LPI(1), 0);
	mapti(DEV, 2, LPI(300), 0);
	/* Disabled: it stays pending. */
	configure(0, 0xa0, false);
	INV(DEV, 0);
	INT(DEV, 0);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	configure(0, 0xa0, true);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	INV(DEV, 0);
	ATF_CHECK_EQ(LPI(0), take(0));
	/* Disabled while it is in a list register. */
	INT(DEV, 0);
	configure(0, 0xa0, false);
	INV(DEV, 0);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	/* INVALL: all of the vCPU. By priority, then. */
	configure(0, 0x80, true);
	configure(1, 0x40, true);
	configure(300, 0x23, true);
	INT(DEV, 1);
	INT(DEV, 2);
	post(0x0d, 0, 0, 0);
	ATF_CHECK_EQ(LPI(300), take(0));
	ATF_CHECK_EQ(LPI(1), take(0));
	ATF_CHECK_EQ(LPI(0), take(0));
	/* Masked. */
	lr_fake_set_vmcr(0xff000000, 0x40000000);
	INT(DEV, 1);
	INT(DEV, 2);
	ATF_CHECK(vgic_pending(&vcs[0]));
	ATF_CHECK_EQ(LPI(300), take(0));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	ATF_CHECK(!vgic_pending(&vcs[0]));
	lr_fake_set_vmcr(0xff000000, 0x48000000);
	ATF_CHECK(vgic_pending(&vcs[0]));
	ATF_CHECK_EQ(LPI(1), take(0));
	/* Group 1 off, and on again. */
	struct mmio m = { 0, 4, true, 0 };
	ATF_REQUIRE_EQ(MMIO_OK, vgic_dist_mmio(&vg, 0, &m));
	INT(DEV, 2);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	m.value = 2;
	ATF_REQUIRE_EQ(MMIO_OK, vgic_dist_mmio(&vg, 0, &m));
	ATF_CHECK_EQ(LPI(300), take(0));
}

/* Tables that are no RAM, or too small: not one LPI is enabled. */
CASE(no_configuration)
{

	for (unsigned int i = 0; i < 2; i++) {
		machine_start(1, 4);
		machine_driver();
		its.on = 0;
		rwr(0x70, 8, i == 0 ? 0x1000 | 13 : CONFIG | 12);
		rwr(0, 4, 1);
		mapd(DEV, 5, true);
		mapc(0, 0, true);
		mapti(DEV, 0, LPI(0), 0);
		INT(DEV, 0);
		ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
		ATF_CHECK_EQ(0, refusals);
	}
}

/* Off again, as before another kernel starts: what is pending is kept. */
CASE(disable)
{
	const uint64_t table = RAM + 0x10000;
	uint32_t *word = NULL;

	machine_start(2, 4);
	machine_driver();
	word = ram(NULL, table + 1024, true);
	rwr(GICR(0, 0), 4, 0);
	rwr(GICR(0, 0x78), 8, table | 1ull << 62);
	rwr(GICR(0, 0), 4, 1);
	mapd(DEV, 5, true);
	mapc(0, 0, true);
	mapc(1, 1, true);
	for (unsigned int i = 0; i < 8; i++) {
		configure(i * 10, (uint8_t)(0x80 - i * 8), true);
		mapti(DEV, i, LPI(i * 10), i == 7);
	}
	ATF_CHECK_EQ(3, rrd(GICR(0, 0), 4));
	for (unsigned int i = 0; i < 8; i++)
		INT(DEV, i);
	serve(0);
	rwr(GICR(0, 0), 4, 0);
	serve(0);
	ATF_CHECK_EQ(2, rrd(GICR(0, 0), 4));
	ATF_CHECK_EQ(3, rrd(GICR(1, 0), 4));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	ATF_CHECK_EQ(LPI(70), take(1));
	ATF_CHECK_EQ(1 | 1 << 10 | 1 << 20 | 1 << 30, word[0]);
	ATF_CHECK_EQ(1 << 8 | 1 << 18 | 1 << 28, word[1]);
	ATF_CHECK_EQ(0, word[2]);
	/* Lost, but at the other vCPU. */
	INT(DEV, 1);
	INT(DEV, 7);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	ATF_CHECK_EQ(LPI(70), take(1));
	/* Where things are may be said anew now; from there they come back. */
	rwr(GICR(0, 0x78), 8, table);
	ATF_CHECK_EQ(table, rrd(GICR(0, 0x78), 8));
	word[0] &= ~1u;
	rwr(GICR(0, 0), 4, 1);
	for (unsigned int i = 6; i > 0; i--)
		ATF_CHECK_EQ(LPI(i * 10), take(0));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	INT(DEV, 0);
	ATF_CHECK_EQ(LPI(0), take(0));
	/* No RAM there: they are lost. */
	INT(DEV, 0);
	rwr(GICR(0, 0), 4, 0);
	rwr(GICR(0, 0x78), 8, 0x10000);
	rwr(GICR(0, 0), 4, 1);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	INT(DEV, 0);
	rwr(GICR(0, 0), 4, 0);
	rwr(GICR(0, 0), 4, 1);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	/* All vCPUs off: the configuration's place may change, too. */
	rwr(GICR(0, 0), 4, 0);
	rwr(GICR(0, 0x70), 8, CONFIG | 12);
	ATF_CHECK_EQ(CONFIG | 13, rrd(GICR(0, 0x70), 8) & ~0xfe0ull);
	rwr(GICR(1, 0), 4, 0);
	rwr(GICR(0, 0x70), 8, CONFIG | 12);
	ATF_CHECK_EQ(CONFIG | 12, rrd(GICR(0, 0x70), 8) & ~0xfe0ull);
}

/* LPIs off at a vCPU: lost. What its table says is pending comes. */
CASE(enable)
{
	uint64_t at = RAM;

	machine_start(2, 4);
	for (unsigned int i = 0; i < VITS_LPIS; i++)
		configure(i, 0xa0, i != 40);
	wr(GITS_BASER, 8, VALID | 2 << 8);
	wr(GITS_BASER + 8, 8, VALID);
	wr(GITS_CBASER, 8, VALID | (QUEUE + 0));
	wr(GITS_CTLR, 4, 1);
	mapd(DEV, 5, true);
	mapc(0, 0, true);
	mapti(DEV, 0, LPI(0), 0);
	INT(DEV, 0);
	rwr(GICR(0, 0x70), 8, CONFIG | 13);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	*(uint32_t *)ram(NULL, at + 1024 + 4, true) = 1 << 7 | 1 << 8;
	*(uint32_t *)ram(NULL, at + 1024 + 60, true) = 1u << 31;
	rwr(GICR(0, 0x78), 8, at | 1ull << 62);
	rwr(GICR(0, 0), 4, 1);
	serve(0);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	INT(DEV, 0);
	ATF_CHECK_EQ(LPI(0), take(0));
	rwr(GICR(1, 0x78), 8, at);
	rwr(GICR(1, 0), 4, 1);
	ATF_CHECK_EQ(LPI(39), take(1));
	ATF_CHECK_EQ(LPI(511), take(1));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(1));
	/* 40 is disabled. It is not mapped, but INVALL finds it. */
	configure(40, 0xa0, true);
	mapc(1, 1, true);
	post(0x0d, 0, 1, 0);
	ATF_CHECK_EQ(LPI(40), take(1));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	/* No RAM there: as if all were 0. */
	machine_start(1, 4);
	rwr(GICR(0, 0x78), 8, 0x10000);
	rwr(GICR(0, 0), 4, 1);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
}

/* More than list registers, with SPIs among them: all come, in order. */
CASE(many)
{

	for (unsigned int active = 0; active < 2; active++) {
		start(1, 2);
		lr_fake_lpi_active = active;
		vg.spi[0].enabled = vg.spi[0].edge = vg.spi[0].group = ~0u;
		memset(vg.spi[0].prio, 0x48, 32);
		for (unsigned int i = 0; i < 24; i++) {
			configure(i * 17, (uint8_t)(i * 7 % 24 * 8), true);
			mapti(DEV, i, LPI(i * 17), 0);
		}
		for (unsigned int i = 0; i < 24; i++)
			INT(DEV, i);
		vgic_set_line(&vg, &vcs[0], 0, 33, true);
		for (unsigned int p = 0; p < 24; p++) {
			if (p == 9)
				continue;
			for (unsigned int i = 0; i < 24; i++)
				if (i * 7 % 24 == p)
					ATF_CHECK_EQ(LPI(i * 17), take(0));
			/* LPI of priority 0x48 and SPI: by number. */
			if (p == 8) {
				ATF_CHECK_EQ(33, take(0));
				ATF_CHECK_EQ(LPI(15 * 17), take(0));
			}
		}
		ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
		/* Nested, each above the one before. */
		for (unsigned int i = 24; i-- > 12;) {
			INT(DEV, i * 7 % 24);	/* 7 is its own inverse */
			ATF_CHECK_EQ(LPI(i * 7 % 24 * 17), lr_fake_ack(1));
			serve(0);
		}
		for (unsigned int i = 12; i < 24; i++) {
			lr_fake_eoi(1, LPI(i * 7 % 24 * 17));
			serve(0);
		}
		for (unsigned int i = 0; i < 24; i++)
			INT(DEV, i);
		for (unsigned int i = 0; i < 24; i++)
			ATF_CHECK_EQ(LPI(i * 7 % 24 * 17), take(0));
		ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	}
}

/* Mapped anew, by device, event or LPI: one mapping, none lost. */
CASE(remap)
{

	start(2, 4);
	INT(DEV, 0);
	mapti(DEV, 0, LPI(5), 1);		/* another LPI */
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	INT(DEV, 0);
	ATF_CHECK_EQ(LPI(5), take(1));
	mapti(DEV, 3, LPI(5), 0);		/* another event */
	REFUSED("event not mapped", INT(DEV, 0));
	INT(DEV, 3);
	ATF_CHECK_EQ(LPI(5), take(0));
	ACCEPTED(mapti(DEV, 3, LPI(5), 1));	/* the same */
	INT(DEV, 3);
	ATF_CHECK_EQ(LPI(5), take(1));
	mapd(1, 5, true);
	mapti(1, 0, LPI(5), 0);			/* another device */
	REFUSED("event not mapped", INT(DEV, 3));
	INT(1, 0);
	ATF_CHECK_EQ(LPI(5), take(0));
	mapd(DEV, 5, false);
	ACCEPTED(INT(1, 0));
	ATF_CHECK_EQ(LPI(5), take(0));
}

CASE(refused_commands)
{

	start(2, 4);
	REFUSED("no such device", mapd(0x10000, 5, true));
	REFUSED("too many events", mapd(1, 17, true));
	ACCEPTED(mapd(0xffff, 16, true));
	ACCEPTED(mapti(0xffff, 0xffff, LPI(1), 0));
	REFUSED("no such collection", mapc(VITS_COLLECTIONS, 0, true));
	REFUSED("no such target", mapc(0, 2, true));
	REFUSED("no such target", mapc(0, 1ull << 32, true));
	ACCEPTED(mapc(15, 99, false));
	REFUSED("no such LPI", mapti(DEV, 1, 8191, 0));
	REFUSED("no such LPI", mapti(DEV, 1, LPI(VITS_LPIS), 0));
	REFUSED("no such LPI", post(ID(DEV) | 0x0b, 3, 0, 0));
	REFUSED("no such collection", mapti(DEV, 1, LPI(9), 16));
	REFUSED("no such event", mapti(DEV, 32, LPI(9), 0));
	REFUSED("no such event", INT(DEV, 1u << 31));
	REFUSED("device not mapped", mapti(DEV + 1, 0, LPI(9), 0));
	for (unsigned int op = 0; op < 256; op++)
		if (op == 0 || op == 2 || op == 6 || op == 7 || op > 15)
			REFUSED("not known", about(op, DEV, 0));
	static const uint8_t events[] = { 0x01, 0x03, 0x04, 0x0c, 0x0f };
	for (unsigned int i = 0; i < nitems(events); i++) {
		REFUSED("device not mapped", about(events[i], 1, 0));
		REFUSED("event not mapped", about(events[i], DEV, 31));
		REFUSED("no such event", about(events[i], DEV, 32));
		if (events[i] != 0x0f)
			ACCEPTED(about(events[i], DEV, 0));
	}
	take(0);
	/* A collection that is not mapped may be named, but not used. */
	ACCEPTED(mapti(DEV, 4, LPI(4), 7));
	REFUSED("collection not mapped", INT(DEV, 4));
	ACCEPTED(INV(DEV, 4));
	ACCEPTED(CLEAR(DEV, 4));
	REFUSED("collection not mapped", post(ID(DEV) | 1, 0, 7, 0));
	REFUSED("collection not mapped", post(ID(DEV) | 1, 0, 16, 0));
	REFUSED("collection not mapped", post(ID(DEV) | 1, 4, 0, 0));
	REFUSED("collection not mapped", post(0x0d, 0, 7, 0));
	REFUSED("collection not mapped", post(0x0d, 0, 0xffff, 0));
	REFUSED("no such target", post(0x05, 0, 2ull << 16, 0));
	ACCEPTED(post(0x05, 0, 1ull << 16, 0));
	REFUSED("no such target", post(0x0e, 0, 2ull << 16, 0));
	REFUSED("no such target", post(0x0e, 0, 0, 2ull << 16));
	/* One line, not one a command. */
	refusals = 0;
	about(0xff, 0, 0);
	about(0xff, 0, 0);
	ATF_CHECK_EQ(0, refusals);
	ATF_CHECK_EQ(its.creadr, its.cwriter);
	ACCEPTED(INT(DEV, 0));
	ATF_CHECK_EQ(LPI(0), take(0));
	/* As many devices as there is room for. */
	for (unsigned int i = 0; i < VITS_DEVICES - 2; i++)
		ACCEPTED(mapd(0x100 + i, 1, true));
	REFUSED("too many devices", mapd(0x200, 1, true));
	ACCEPTED(mapd(0x200, 1, false));
	ACCEPTED(mapd(0x100, 1, false));
	ACCEPTED(mapd(0x200, 1, true));
}

/* As far as the guest's tables go, though nothing is in them. */
CASE(table_sizes)
{

	machine_start(1, 4);
	wr(GITS_CBASER, 8, VALID | QUEUE);
	wr(GITS_CTLR, 4, 1);
	REFUSED("no such device", mapd(0, 1, true));
	REFUSED("no such collection", mapc(0, 0, true));
	static const uint32_t pages[] = { 4096, 16384, 65536, 65536 };
	for (unsigned int i = 0; i < 4; i++) {
		wr(GITS_CTLR, 4, 0);
		wr(GITS_BASER, 8, VALID | i << 8 | (i == 0 ? 2 : 0));
		wr(GITS_CTLR, 4, 1);
		uint32_t last = pages[i] * (i == 0 ? 3 : 1) - 1;
		ACCEPTED(mapd(last, 1, true));
		REFUSED("no such device", mapd(last + 1, 1, true));
	}
}

/* A queue is worked off bit by bit, and goes round. */
CASE(queue)
{

	start(1, 4);
	uint32_t at = its.cwriter;
	for (unsigned int i = 0; i < 100; i++, at = (at + 32) % 4096)
		memcpy(ram(NULL, QUEUE + at, true),
		    (uint64_t[4]){ ID(DEV) | 0x03 }, 32);
	ATF_CHECK_EQ(13, wr(GITS_CWRITER, 8, at));
	ATF_CHECK_EQ(at, rd(GITS_CREADR, 4));
	ATF_CHECK_EQ(LPI(0), take(0));
	/* Disabled, it waits. */
	wr(GITS_CTLR, 4, 0);
	INT(DEV, 0);
	ATF_CHECK_EQ(at, rd(GITS_CREADR, 4));
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	wr(GITS_CTLR, 4, 1);
	ATF_CHECK_EQ((at + 32) % 4096, rd(GITS_CREADR, 4));
	ATF_CHECK_EQ(LPI(0), take(0));
	/* Beyond its end: nothing is done. */
	at = (uint32_t)rd(GITS_CREADR, 4);
	wr(GITS_CWRITER, 4, 4096);
	ATF_CHECK_EQ(at, rd(GITS_CREADR, 4));
	wr(GITS_CWRITER, 4, at);
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	/* All the way round. */
	for (unsigned int i = 0; i < 200; i++) {
		ACCEPTED(INT(DEV, 0));
		ATF_CHECK_EQ(LPI(0), take(0));
	}
	/* No RAM: it stalls, until the guest has it retried. */
	wr(GITS_CTLR, 4, 0);
	wr(GITS_CBASER, 8, VALID | (RAM - 4096));
	ATF_CHECK_EQ(0, rd(GITS_CREADR, 4));
	wr(GITS_CWRITER, 4, 64);
	wr(GITS_CTLR, 4, 1);
	ATF_CHECK_EQ(1, rd(GITS_CREADR, 4));
	wr(GITS_CWRITER, 4, 96);
	ATF_CHECK_EQ(1, rd(GITS_CREADR, 4));
	wr(GITS_CWRITER, 4, 97);
	ATF_CHECK_EQ(1, rd(GITS_CREADR, 4));
	ATF_CHECK_EQ(96, rd(GITS_CWRITER, 4));
	wr(GITS_CTLR, 4, 0);
	wr(GITS_CBASER, 8, VALID | QUEUE);
	ATF_CHECK_EQ(0, rd(GITS_CREADR, 4));
	/* Somebody is at it: once more. */
	uint64_t v = 0;
	its.busy = true;
	ATF_CHECK_EQ(MMIO_AGAIN, machine_access(false, true, GITS_CWRITER, 4,
	    &v));
	its.on = 0;
	v = 1;
	ATF_CHECK_EQ(MMIO_AGAIN, machine_access(true, true, 0, 4, &v));
	ATF_CHECK_EQ(2, rrd(0, 4));
	ATF_CHECK_EQ(0, rd(GITS_CTLR, 4));	/* not quiescent */
	its.busy = false;
}

CASE(reset)
{

	start(2, 2);
	INT(DEV, 0);
	vgic_save(&vcs[0]);
	vgic_save(&vcs[1]);
	vits_reset(&its);
	vgic_reset(&vg);
	lr_fake_select(0);
	vgic_load(&vcs[0]);
	lr_fake_set_vmcr(~0u, 0xff00000b);
	vg.group_on[1] = ~0u;
	ATF_CHECK_EQ(LR_FAKE_NONE, take(0));
	ATF_CHECK_EQ(2, rrd(0, 4));
	ATF_CHECK_EQ(1u << 31, rd(GITS_CTLR, 4));
	machine_driver();
	REFUSED("device not mapped", INT(DEV, 0));
	mapd(DEV, 5, true);
	mapc(0, 0, true);
	mapti(DEV, 0, LPI(0), 0);
	INT(DEV, 0);
	ATF_CHECK_EQ(LPI(0), take(0));
}

/*
 * Two vCPUs send each other LPIs while each moves what is pending, stops and
 * starts it, both by one queue's registers: none waits for ever, each LPI
 * comes, and not more often than it was sent.
 */
#define	ROUNDS	30000

static unsigned int got[2], arrived[2];

/* Both have come to here. */
static void
meet(unsigned int where, unsigned int me)
{

	__atomic_fetch_add(&arrived[where], 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&arrived[where], __ATOMIC_SEQ_CST) < 2)
		serve(me);
}

static void
either_way(unsigned int me, uint32_t event, unsigned int round)
{
	struct mmio m = { GITS_CWRITER, 4, true, 0 };
	static bool driver;
	uint32_t at;

	/* As drivers do; and who waits for the lock takes interrupts. */
	while (__atomic_test_and_set(&driver, __ATOMIC_ACQUIRE))
		serve(me);
	at = its.cwriter;
	uint64_t words[3][4] = {
		{ ID(DEV) | 0x01, event, round / 2 % 2, 0 },
		{ ID(DEV) | 0x0c, event, 0, 0 },
		{ 0x0d, 0, round % 2, 0 },
	};
	for (unsigned int i = 0; i < 3; i++, at = (at + 32) % 4096)
		memcpy(ram(NULL, QUEUE + at, true), words[i], 32);
	do {
		m.value = at;
		serve(me);
	} while (vits_mmio(&its, me, &m) == MMIO_AGAIN);
	__atomic_clear(&driver, __ATOMIC_RELEASE);
}

static void *
one_cpu(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg, id;

	lr_fake_select(me);
	meet(0, me);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		vits_msi(&its, i % 3 != 0 ? &vcs[me] : NULL, DEV, me);
		if (i % 2 == 0)
			either_way(me, me, i);
		serve(me);
		id = lr_fake_ack(1);
		if (id == LR_FAKE_NONE)
			continue;
		__atomic_fetch_add(&got[id - LPI(0)], 1, __ATOMIC_SEQ_CST);
		if (i % 5 == 0) {
			vgic_save(&vcs[me]);
			vgic_load(&vcs[me]);
		}
		serve(me);
		lr_fake_eoi(1, id);
	}
	meet(1, me);
	return (NULL);
}

CASE(two_cpus_at_once)
{
	pthread_t t[2];

	start(2, 1);
	mapti(DEV, 1, LPI(1), 1);
	threads = true;
	alarm(60);			/* they wait for each other */
	for (uintptr_t i = 0; i < 2; i++)
		ATF_REQUIRE_EQ(0, pthread_create(&t[i], NULL, one_cpu,
		    (void *)i));
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	threads = false;
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int left = 0;

		while ((left = take(i)) != LR_FAKE_NONE)
			got[left - LPI(0)]++;
	}
	for (unsigned int i = 0; i < 2; i++)
		ATF_CHECK_MSG(got[i] <= ROUNDS && got[i] > ROUNDS / 50,
		    "%u of %u", got[i], ROUNDS);
	ATF_CHECK_EQ(0, vcs[0].holds | vcs[1].holds);
	ATF_CHECK_EQ(its.creadr, its.cwriter);
	INT(DEV, 0);
	INT(DEV, 1);
	ATF_CHECK((take(0) != LR_FAKE_NONE) + (take(0) != LR_FAKE_NONE) +
	    (take(1) != LR_FAKE_NONE) + (take(1) != LR_FAKE_NONE) == 2);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, identification);
	ATF_TP_ADD_TC(tp, registers_keep);
	ATF_TP_ADD_TC(tp, int_delivers);
	ATF_TP_ADD_TC(tp, pending_once);
	ATF_TP_ADD_TC(tp, clear);
	ATF_TP_ADD_TC(tp, discard);
	ATF_TP_ADD_TC(tp, move);
	ATF_TP_ADD_TC(tp, configuration);
	ATF_TP_ADD_TC(tp, no_configuration);
	ATF_TP_ADD_TC(tp, enable);
	ATF_TP_ADD_TC(tp, disable);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, remap);
	ATF_TP_ADD_TC(tp, refused_commands);
	ATF_TP_ADD_TC(tp, table_sizes);
	ATF_TP_ADD_TC(tp, queue);
	ATF_TP_ADD_TC(tp, reset);
	ATF_TP_ADD_TC(tp, two_cpus_at_once);
	return (atf_no_error());
}
