/*
 * How one sample is taken, whatever the operation. Must not know which
 * operations there are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "op.h"

/* Of a deadline: time to get ready; more than Xen's timer_slop, 50 us. */
#define	AHEAD_US	100

extern char entry_vectors_pmu[], entry_vectors_counter[];
extern char entry_vectors_retired[];
static uint64_t vectors_saved;

static bool
shot(struct run *r, bool twin, uint64_t *value)
{
	const struct code *c = r->code;
	uint64_t start;

	if (r->clock != CLOCK_COUNTER || c->loop == NULL) {
		*value = (twin ? c->twin : c->shot)[r->clock](r->arg);
		return (*value != NO_IRQ);
	}
	/* The counter is too coarse for one: the mean of many, in ticks * n. */
	start = counter();
	(twin ? c->loop_twin : c->loop)(r->arg, LOOP);
	*value = counter() - start;
	return (true);
}

bool
sample_shot(struct run *r, uint64_t *value)
{

	return (shot(r, false, value));
}

bool
sample_twin(struct run *r, uint64_t *value)
{

	return (shot(r, true, value));
}

void
sample_evict(uint64_t bytes)
{
	static const char *memory;
	uint64_t line = 4ul << (read_sysreg(ctr_el0) >> 16 & 15);
	uint64_t at;

	if (memory == NULL)
		memory = memory_alloc(bytes, PAGE_SIZE);
	for (at = 0; at < bytes; at += line)
		(void)*(const volatile char *)(memory + at);
	__asm__ volatile("dsb nshst\n\ttlbi vmalle1\n\tic iallu\n\t"
	    "dsb nsh\n\tisb" : : : "memory");
}

/* Vectors whose IRQ entry reads the clock and leaves the shot; and back. */
static void
sample_vectors(unsigned int clock)
{

	static char *const vectors[CLOCKS] = {
		[CLOCK_PMU] = entry_vectors_pmu,
		[CLOCK_COUNTER] = entry_vectors_counter,
		[CLOCK_RETIRED] = entry_vectors_retired,
	};

	vectors_saved = read_sysreg(vbar_el1);
	write_sysreg(vbar_el1, vectors[clock]);
	isb();
}

static void
sample_vectors_end(void)
{

	write_sysreg(vbar_el1, vectors_saved);
	isb();
}

/*
 * The interrupt that ended the shot is still pending. A timer's line must
 * fall before the interrupt is ended, or it would come again.
 */
static bool
served(const struct run *r)
{
	uint32_t iar = gic_ack(), intid = iar & 0x3ff;

	if (r->op->deadline)
		vtimer_off();
	if (intid < INTID_NONE)
		gic_eoi(iar);
	if (intid != r->intid)
		print("interrupt %u instead of %u\n", intid, r->intid);
	return (intid == r->intid);
}

bool
sample_entry(struct run *r, uint64_t *value)
{

	sample_vectors(r->clock);
	*value = r->code->shot[r->clock](r->arg);
	sample_vectors_end();
	if (*value == NO_IRQ) {
		vtimer_off();
		print("no interrupt\n");
		return (false);
	}
	return (served(r));
}

/* Deadlines meet the waiting loop in all its phases. */
static uint64_t
deadline(const struct run *r)
{

	return (counter() + AHEAD_US * counter_hz() / 1000000 +
	    r->index % 16);
}

bool
sample_sleep(struct run *r, uint64_t *value)
{

	if (r->clock != CLOCK_RETIRED)
		return (sample_deadline(r, value));
	vtimer_set(deadline(r));
	if (!sample_entry(r, value))
		return (false);
	*value &= 0xffffffff;
	return (true);
}

bool
sample_deadline(struct run *r, uint64_t *value)
{
	uint64_t at, cval;

	/* Known before the deadline is set: it takes its time. */
	if (r->clock == CLOCK_PMU && !clock_at(0, &at))
		return (false);
	cval = deadline(r);
	vtimer_set(cval);
	if (!sample_entry(r, value))
		return (false);
	if (r->clock == CLOCK_PMU)
		clock_at(cval, &at);
	else
		at = cval;
	*value -= at;
	return (true);
}
