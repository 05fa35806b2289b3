/*
 * virtio_pair: two VMs that a bundle joins by a network link, and by shared
 * memory with doorbells (the hypervisor's abi/ext/share.h). Each runs this, and
 * tells the other through the memory how far it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/ext/share.h"
#include "virtio_test.h"

const char guest_name[] = "virtio_pair";

static uint64_t share, bells;
static uint32_t bell_intid;
static volatile uint32_t rung;

static uint32_t
bell(uint32_t reg)
{

	return (mmio_read(bells + reg));
}

static void
on_bell(uint32_t intid)
{

	if (intid != bell_intid)
		return;
	rung = bell(SHARE_PENDING);
	mmio_write(bells + SHARE_PENDING, rung);
}

static void
find_share(void)
{
	uint64_t size, page;

	share = find(SHARE_COMPATIBLE, 0, 0, &size, &bell_intid);
	if (share == 0)
		case_skip("this VM shares no memory");
	bells = find(SHARE_COMPATIBLE, 0, 1, &page, &bell_intid);
	mmu_map(share, size, false, false);
	mmu_map(bells, PAGE_SIZE, true, false);
}

/* Which of two am I? By who comes first to the shared memory. */
static unsigned int
side(void)
{
	static unsigned int mine = 2;

	if (mine == 2)
		mine = __atomic_exchange_n((uint32_t *)share, 1,
		    __ATOMIC_SEQ_CST);
	return (mine);
}

/* Words of the shared memory: how far each side is. */
static volatile uint32_t *
step(unsigned int of)
{

	return ((volatile uint32_t *)(share + 64 + 64 * of));
}

static bool
await(const volatile uint32_t *word, uint32_t value)
{
	uint64_t from = counter();

	while (*word < value) {
		if (counter() - from > counter_hz() * 9)
			return (false);
		give_way();
	}
	return (true);
}

/* Both sides come to this point, or beyond. */
static void
meet(uint32_t value)
{

	*step(side()) = value;
	REQUIRE(await(step(!side()), value));
}

static void
doorbell(void)
{

	find_share();
	CHECK_EQ(bell(SHARE_ID), SHARE_ID_VALUE);
	REQUIRE(bell(SHARE_PEER) == 1);
	rung = 0;
	irq_handler(on_bell);
	gic_route(bell_intid, 0);
	gic_enable(bell_intid);
	meet(1);
	if (side() == 0) {
		*(volatile uint64_t *)(share + 256) = 0x0123456789abcdef;
		dsb();
		mmio_write(bells + SHARE_RING, 5);
		/* Its answer. */
		CHECK(wait_irq(&rung, WAIT_US));
		CHECK_EQ(rung, 1u << 31);
	} else {
		CHECK(wait_irq(&rung, WAIT_US));
		CHECK_EQ(rung, 5);
		CHECK_EQ(*(volatile uint64_t *)(share + 256),
		    0x0123456789abcdef);
		mmio_write(bells + SHARE_RING, 1u << 31);
	}
	CHECK_EQ(bell(SHARE_PENDING), 0);
	meet(2);
}

static void
look(uint64_t at)
{

	(void)mmio_read(at);
}

static void
jump(uint64_t to)
{

	((void (*)(void))to)();
}

#define	EC_INSN_ABORT	0x21

/* It is no code, and none of it lies behind its end. */
static void
share_bounds(void)
{
	uint64_t size = 0;
	uint32_t intid;
	struct trap t;

	find_share();
	find(SHARE_COMPATIBLE, 0, 0, &size, &intid);
	mmu_map(share + size, PAGE_SIZE, true, false);
	mmu_map(share, PAGE_SIZE, false, true);
	t = trap_catch(look, share + size);
	CHECK(t.taken);
	t = trap_catch(jump, share);
	CHECK(t.taken);
	CHECK_EQ(t.elr, share);
	CHECK_EQ(ESR_EC(t.esr), EC_INSN_ABORT);
	mmu_map(share, PAGE_SIZE, false, false);
}

#define	FRAME	200u

static void
link_frames(void)
{
	unsigned int wrong = 0;

	find_share();
	begin(NET, 2);
	CHECK_EQ(rd(0x100) & 0xff, 0x02);
	for (unsigned int i = 0; i < NUM; i++)
		describe(0, i, data + i * 1024, 1024, 2, 0);
	meet(11);
	/* Frames of either side wait until the other has room for them. */
	for (uint16_t round = 0; round < 20; round++) {
		char *frame = (char *)memory_alloc(256, 64) + 12;

		memset(frame - 12, 0, 12);
		memset(frame, (int)(round * 2 + side()), FRAME);
		describe(1, 0, frame - 12, 12 + FRAME, 0, 0);
		offer(1, 0);
		offer(0, round % NUM);
		CHECK_EQ(used(0), 12 + FRAME);
		CHECK_EQ(used(1), 0);
		for (unsigned int i = 0; i < FRAME; i++)
			wrong += data[round % NUM * 1024 + 12 + i] !=
			    (char)(round * 2 + !side());
	}
	CHECK_EQ(wrong, 0);
	CHECK(wait_irq(&interrupts, WAIT_US));
	CHECK_EQ(rd(0x70), 0xf);
	meet(12);
}

/* While one breaks its rings, the other's frames go nowhere, and end. */
static void
link_hostile(void)
{

	find_share();
	begin(NET, 2);
	meet(21);
	if (side() == 0) {
		describe(0, 0, (void *)0x3000000000, 1024, 2, 0);
		offer(0, 0);
		meet(22);
		CHECK(await(step(1), 23));
		CHECK_EQ(rd(0x70), 0x4f);
	} else {
		meet(22);
		memset(data, 0, 12 + FRAME);
		describe(1, 0, data, 12 + FRAME, 0, 0);
		offer(1, 0);
		CHECK_EQ(used(1), 0);
		CHECK_EQ(rd(0x70), 0xf);
		*step(1) = 23;
	}
}

const struct guest_case guest_cases[] = {
	{ "doorbell", doorbell, 0, NEED_APIARY },
	{ "share_bounds", share_bounds, 0, NEED_APIARY },
	{ "link_frames", link_frames, 0, NEED_APIARY },
	{ "link_hostile", link_hostile, 0, NEED_APIARY },
	{ NULL, NULL, 0, 0 }
};
