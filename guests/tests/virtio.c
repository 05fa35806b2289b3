/*
 * virtio: console and entropy as the node "devices" of a bundle gives them,
 * by a driver of its own; and rings that are wrong.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/machine.h"
#include "virtio_test.h"

const char guest_name[] = "virtio";

static void
identity(void)
{

	begin(RNG, 1);
	CHECK_EQ(rd(0), 0x74726976);
	CHECK_EQ(rd(4), 2);
	wr(0x14, 1);
	CHECK_EQ(rd(0x10) & 1, 1);
	CHECK_EQ(dev.base, MACHINE_VIRTIO_BASE + MACHINE_VIRTIO_STRIDE *
	    (dev.intid - MACHINE_VIRTIO_INTID));
}

/* Two draws differ from each other, and from what was there. */
static void
rng(void)
{
	unsigned int same = 0;

	begin(RNG, 1);
	memset(data, 0, 128);
	describe(0, 0, data, 64, 2, 0);
	describe(0, 1, data + 64, 32, 3, 2);
	describe(0, 2, data + 96, 32, 2, 0);
	offer(0, 0);
	CHECK_EQ(used(0), 64);
	offer(0, 1);
	CHECK_EQ(used(0), 64);
	for (unsigned int i = 0; i < 64; i++)
		same += data[i] == data[64 + i];
	CHECK(same < 16);
	CHECK(wait_irq(&interrupts, WAIT_US));
}

static void
console(void)
{
	static const char text[] = "written by a virtio console\n";

	begin(CONSOLE, 2);
	memcpy(data, text, sizeof(text) - 1);
	describe(1, 0, data, sizeof(text) - 1, 0, 0);
	offer(1, 0);
	CHECK_EQ(used(1), 0);
	CHECK(wait_irq(&interrupts, WAIT_US));
}

/* 8 KiB in one chain: interrupts are taken all along. */
static volatile uint32_t ticks;

static void
on_tick(uint32_t intid)
{

	on_interrupt(intid);
	if (intid == machine.vtimer_intid) {
		ticks++;
		vtimer_set(counter() + counter_hz() / 20000);
	}
}

static void
console_long(void)
{

	begin(CONSOLE, 2);
	memset(data, '.', 2 * PAGE_SIZE);
	for (unsigned int i = 127; i < 2 * PAGE_SIZE; i += 128)
		data[i] = '\n';
	describe(1, 0, data, 2 * PAGE_SIZE, 0, 0);
	ticks = 0;
	irq_handler(on_tick);
	gic_enable(machine.vtimer_intid);
	vtimer_set(counter() + counter_hz() / 20000);
	irq_on();
	offer(1, 0);
	irq_off();
	vtimer_off();
	CHECK_EQ(used(1), 0);
	CHECK(ticks > 1);
}

/* Each ends in DEVICE_NEEDS_RESET, and a reset helps. */
static void
hostile(void)
{

	begin(RNG, 1);
	for (unsigned int i = 0; i < 8; i++) {
		start(1);
		describe(0, 0, data, 64, 2, 0);
		switch (i) {
		case 0:			/* a loop */
			describe(0, 0, data, 64, 3, 0);
			break;
		case 1:			/* beyond the queue */
			describe(0, 0, data, 64, 3, NUM + 1);
			break;
		case 2:			/* the GIC's registers */
			describe(0, 0, (void *)machine.gicd, 64, 2, 0);
			break;
		case 3:			/* nothing is there */
			describe(0, 0, (void *)0x3000000000, 64, 2, 0);
			break;
		case 4:			/* wraps */
			describe(0, 0, (void *)-32l, 64, 2, 0);
			break;
		case 5:			/* indirect */
			describe(0, 0, data, 64, 4, 0);
			break;
		case 6:			/* too many */
			dev.q[0]->avail.idx = 100;
			break;
		case 7:			/* head beyond the queue */
			offer(0, 0x8000);
			break;
		}
		offer(0, 0);
		CHECK_EQ(rd(0x70), 0x4f);
		CHECK_EQ(dev.q[0]->used.idx, 0);
		/* It says so by an interrupt, too. */
		CHECK(wait_irq(&interrupts, WAIT_US));
		start(1);
		describe(0, 0, data, 64, 2, 0);
		offer(0, 0);
		CHECK_EQ(used(0), 64);
	}
}

/* Rings in no RAM, in the device itself, over the end of RAM. */
static void
hostile_places(void)
{
	const uint64_t places[] = { 0x1000, MACHINE_VIRTIO_BASE, 0x3000000000,
	    (machine.ram_base + machine.ram_size) & ~(PAGE_SIZE - 1) };

	begin(RNG, 1);
	for (unsigned int i = 0; i < nitems(places) * 3; i++) {
		unsigned int r = i % 3;

		start(1);
		describe(0, 0, data, 64, 2, 0);
		wr(0x44, 0);
		wr(0x38, NUM);
		for (unsigned int j = 0; j < 3; j++) {
			uint64_t at = j == r ? places[i / 3] :
			    (uint64_t)(j == 0 ? (void *)dev.q[0]->desc : j == 1
			    ? (void *)&dev.q[0]->avail :
			    (void *)&dev.q[0]->used);

			wr(0x80 + 16 * j, (uint32_t)at);
			wr(0x84 + 16 * j, (uint32_t)(at >> 32));
		}
		wr(0x44, 1);
		offer(0, 0);
		CHECK_EQ(rd(0x70), 0x4f);
	}
	start(1);
	describe(0, 0, data, 64, 2, 0);
	offer(0, 0);
	CHECK_EQ(used(0), 64);
}

const struct guest_case guest_cases[] = {
	{ "identity", identity, 0, NEED_APIARY },
	{ "rng", rng, 0, NEED_APIARY },
	{ "console", console, 0, NEED_APIARY },
	{ "console_long", console_long, 0, NEED_APIARY },
	{ "hostile", hostile, 0, NEED_APIARY },
	{ "hostile_places", hostile_places, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
