/*
 * The ITS against a guest that means it, whose commands are half right: what
 * comes to which vCPU is what a naive reference says, which knows maps and
 * flags but no queues; and against one that writes garbage to registers,
 * tables and the queue: no access outside of its RAM, a bounded bit of work
 * each, lists in order, list registers as the manual allows. Every run takes
 * the same steps.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "tests/fuzz/vits_ref.h"

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/entropy.h"

#define	STEPS	120000

static unsigned int taken, turns, none, skipped;

static uint32_t
rnd(uint32_t below)
{

	return ((uint32_t)(entropy64() >> 32) % below);
}

/* ---- a guest that means it ---- */

/*
 * Pending by MOVALL where its collection is not, and sent again: it may come
 * to either. In the manual it does to both.
 */
static bool
either(const uint64_t *c)
{
	int n = ref_find((uint32_t)(c[0] >> 32), (uint32_t)c[1]);

	return ((c[0] & 0xff) == 0x03 && n >= 0 && lpi[n].pending &&
	    lpi[n].at != target[lpi[n].icid]);
}

static void
command(void)
{
	static const uint8_t ops[] = { 0x01, 0x03, 0x03, 0x03, 0x03, 0x03,
	    0x03, 0x04, 0x05, 0x08, 0x09, 0x0a, 0x0a, 0x0a, 0x0a, 0x0b, 0x0c,
	    0x0c, 0x0d, 0x0e, 0x0f, 0x77 };
	uint64_t c[4];
	/* Few of each, so that they meet; and now and then far out. */
	uint32_t id = rnd(50) == 0 ? rnd(~0u) : rnd(4) * 0x101;
	uint32_t event = rnd(50) == 0 ? rnd(~0u) : rnd(24);
	uint32_t intid = rnd(50) == 0 ? rnd(~0u) : LPI(rnd(48) * 11 %
	    VITS_LPIS);
	uint64_t cpu = rnd(20) == 0 ? rnd(~0u) : rnd(CPUS);
	unsigned int op = ops[rnd(nitems(ops))], n = intid - 8192;

	/* What takes all away, seldom; and mostly what is mapped. */
	if ((op == 0x08 || op == 0x0b || op == 0x77) && rnd(8) != 0)
		op = 0x03;
	if (n < VITS_LPIS && lpi[n].mapped && op != 0x08 && rnd(8) != 0) {
		id = lpi[n].device;
		event = lpi[n].event;
	}
	c[0] = op | ID(id);
	c[1] = event | (uint64_t)intid << 32;
	c[2] = rnd(50) == 0 ? rnd(0x10000) : rnd(5);
	c[2] |= op == 0x09 || op == 0x05 || op == 0x0e ? cpu << 16 : 0;
	c[2] |= op == 0x08 || op == 0x09 ? (rnd(8) != 0 ? VALID : 0) : 0;
	c[3] = (uint64_t)rnd(CPUS) << 16;
	if (op == 0x08)
		c[1] = rnd(4) == 0 ? rnd(32) : 4;
	if (either(c))
		return;
	its.said = false;
	refusals = 0;
	post(c[0], c[1], c[2], c[3]);
	skipped += refusals;
	ref_command(c);
}

/* At once, or nested in what is active; against the reference. */
static void
acknowledge(unsigned int cpu)
{
	unsigned int best = ref_best(cpu), me = lr_fake_cpu(), id;

	serve(cpu);
	ATF_REQUIRE_EQ(best != 256, lr_fake_signal(cpu));
	lr_fake_select(cpu);
	id = lr_fake_ack(1);
	if (best == 256) {
		ATF_REQUIRE_EQ(LR_FAKE_NONE, id);
		none++;
	} else {
		ATF_REQUIRE(id >= LPI(0) && id < LPI(VITS_LPIS));
		unsigned int n = id - LPI(0);

		ATF_REQUIRE_MSG(lpi[n].pending && lpi[n].enabled &&
		    lpi[n].at == cpu && lpi[n].prio == best, "CPU %u: LPI %u: "
		    "pending %d, enabled %d, at %u, priority 0x%x, best 0x%x",
		    cpu, n, lpi[n].pending, lpi[n].enabled, lpi[n].at,
		    lpi[n].prio, best);
		lpi[n].pending = false;
		taken++;
	}
	serve(cpu);
	/* In the middle of its handler: once more, moved, switched. */
	for (unsigned int i = rnd(3); i-- > 0;)
		command();
	if (rnd(4) == 0) {
		vgic_save(&vcs[cpu]);
		vgic_load(&vcs[cpu]);
	}
	serve(cpu);
	if (id != LR_FAKE_NONE)
		lr_fake_eoi(1, id);
	lr_fake_select(me);
	serve(cpu);
}

static void
walk_start(void)
{

	machine_start(CPUS, 1 + rnd(4));
	lr_fake_lpi_active = rnd(2);
	machine_driver();
	ref_start();
	/* A pending table that is nothing else. */
	rwr(GICR(0, 0), 4, 0);
	rwr(GICR(0, 0x78), 8, (RAM + 0x10000) | 1ull << 62);
	rwr(GICR(0, 0), 4, 1);
	for (unsigned int i = 0; i < 5; i++) {
		mapd(i * 0x101, 5, true);
		ref_mapd(i * 0x101, 5, true);
		mapc(i, i % CPUS, true);
		target[i] = i % CPUS;
	}
}

static void
walk_step(void)
{
	unsigned int cpu = rnd(CPUS);

	switch (rnd(8)) {
	case 0:
		configure(rnd(48) * 11 % VITS_LPIS, (uint8_t)(rnd(32) << 3),
		    rnd(4) != 0);
		break;
	case 1:
	case 2:
		acknowledge(cpu);
		break;
	case 3:
		lr_fake_select(cpu);
		/* Not for long: nothing comes to it then. */
		if (rnd(lpis_off ? 8 : 64) == 0) {
			ref_turn();
			rwr(GICR(0, 0), 4, !lpis_off);
			turns++;
		}
		break;
	default:
		command();
		break;
	}
}

ATF_TC_WITHOUT_HEAD(as_the_reference);
ATF_TC_BODY(as_the_reference, tc)
{

	(void)tc;
	entropy_use(NULL, 0);
	for (unsigned int i = 0; i < STEPS; i++) {
		if (i % 3000 == 0)
			walk_start();
		walk_step();
	}
	ATF_CHECK_MSG(taken > STEPS / 20 && none > STEPS / 200 &&
	    skipped > STEPS / 20 && turns > STEPS / 1000, "%u taken, %u times "
	    "none, %u skipped, %u times on or off", taken, none, skipped,
	    turns);
}

/* ---- one that does not ---- */

/* Each LPI that is mapped is in the list of its device, and once. */
static void
lists(void)
{
	unsigned int n = 0, mapped = 0;

	for (unsigned int i = 0; i < VITS_DEVICES; i++) {
		const struct vits_device *d = &its.device[i];

		for (unsigned int l = d->event_bits == 0 ? VITS_LPIS :
		    d->first; l != VITS_LPIS; l = its.lpi[l].next) {
			ATF_REQUIRE(l < VITS_LPIS && n++ < VITS_LPIS);
			ATF_REQUIRE_EQ(i + 1, its.lpi[l].device);
			ATF_REQUIRE_EQ(0, its.lpi[l].event >> d->event_bits);
			ATF_REQUIRE(its.lpi[l].collection < VITS_COLLECTIONS);
		}
	}
	for (unsigned int i = 0; i < VITS_LPIS; i++)
		mapped += its.lpi[i].device != 0;
	ATF_REQUIRE_EQ(mapped, n);
	for (unsigned int i = 0; i < VITS_COLLECTIONS; i++)
		ATF_REQUIRE(its.target[i] <= CPUS);
	ATF_REQUIRE(!its.busy && its.creadr < 0x100000);
}

static void
spray(void)
{
	static const uint32_t offsets[] = { 0x00, 0x80, 0x84, 0x88, 0x88, 0x88,
	    0x88, 0x90, 0x100, 0x104, 0x108, 0x10c, 0x10040 };
	static const uint32_t redist[] = { 0x00, 0x70, 0x74, 0x78, 0x7c, 0x08,
	    0x14, 0x10080, 0x10100, 0x10200 };
	bool r = rnd(4) == 0;
	uint32_t offset = r ? GICR(rnd(CPUS), redist[rnd(nitems(redist))]) :
	    offsets[rnd(nitems(offsets))];
	uint8_t size = rnd(8) == 0 ? (uint8_t)(1u << rnd(4)) : 4;
	uint64_t v = rnd(2) != 0 ? rnd(4096) : entropy64();

	if (rnd(3) == 0)		/* something in its RAM, mostly */
		v = RAM + rnd(RAM_PAGES + 1) * PAGE_SIZE + rnd(32) +
		    (rnd(4) != 0 ? VALID : 0);
	if (offset % 8 == 0 && rnd(2) != 0)
		size = 8;
	offset &= ~(size - 1u);
	unsigned int again = machine_access(r, rnd(4) != 0, offset, size, &v);
	ATF_REQUIRE(again <= MMIO_FAULT);
}

static void
garbage(void)
{
	uint64_t *p = ram(NULL, QUEUE + rnd(RAM_PAGES * 512) * 8, true);

	*p = rnd(2) != 0 ? entropy64() : rnd(16) | ID(rnd(4)) |
	    (rnd(2) != 0 ? VALID : 0);
}

static void
wild_step(void)
{
	unsigned int cpu = rnd(CPUS), id;

	switch (rnd(10)) {
	case 0:
		lr_fake_select(cpu);
		spray();
		break;
	case 1:
		garbage();
		break;
	case 2:
	case 3:
		id = take(cpu);
		ATF_REQUIRE(id == LR_FAKE_NONE || (id >= LPI(0) &&
		    id < LPI(VITS_LPIS)) || id < 32);
		taken += id != LR_FAKE_NONE;
		break;
	case 4:
		vits_msi(&its, rnd(2) != 0 ? &vcs[lr_fake_cpu()] : NULL,
		    rnd(4) * 0x101, rnd(24));
		break;
	case 5:
		if (rnd(50) == 0) {
			if (rnd(4) != 0)
				walk_start();
			else
				machine_start(CPUS, 1 + rnd(4));
		} else if (rnd(2) == 0) {
			uint64_t on = 1;

			machine_access(true, true, GICR(cpu, 0), 4, &on);
		}
		break;
	default:
		/* Where the queue still is one, and a bit if it is not. */
		if (its.enabled && its.cbaser == (VALID | QUEUE) &&
		    its.cwriter < 4096)
			command();
		else
			spray();
		break;
	}
	for (unsigned int i = 0; i < CPUS; i++)
		serve(i);
	lists();
}

ATF_TC_WITHOUT_HEAD(hostile_guest);
ATF_TC_BODY(hostile_guest, tc)
{

	(void)tc;
	entropy_use(NULL, 0);
	ref_start();
	machine_start(CPUS, 4);
	machine_driver();
	taken = 0;
	for (unsigned int i = 0; i < STEPS; i++)
		wild_step();
	ATF_CHECK_MSG(taken > STEPS / 100, "%u taken", taken);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

	entropy_use(data, size);
	walk_start();
	while (entropy_left > 0)
		walk_step();
	entropy_use(data, size);
	machine_start(CPUS, 4);
	machine_driver();
	while (entropy_left > 0)
		wild_step();
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, as_the_reference);
	ATF_TP_ADD_TC(tp, hostile_guest);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
