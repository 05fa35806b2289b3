/*
 * Runs the operations and prints what they cost: warm-up, baseline, samples,
 * histogram, records (lab/README.md). Must not know what an operation does.
 *
 * Boot arguments: ops=a,b only these; unit=insn where one instruction is one
 * nanosecond of virtual time; cold=bytes evicts caches (by so much memory) and
 * TLBs before each sample and adds _cold to the names; list names all and runs
 * none; peer=a plays the other VM of that operation.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "hist.h"
#include "op.h"

#define	BATCHES		16		/* of LOOP operations each */

const char guest_name[] = "bench";
const struct guest_case guest_cases[] = { { .name = NULL } };

static uint64_t cold;			/* bytes to evict by; 0: hot */

static const struct {
	const char	*name;
	unsigned int	per_mille;	/* of the samples; 0: none of these */
} measures[] = { { "min" }, { "p50", 500 }, { "p95", 950 }, { "p99", 990 },
    { "p999", 999 }, { "max" }, { "mean" } };
#define	MEASURES	nitems(measures)	/* records of one operation */
static struct hist hist, base;

static bool
chosen(const struct op *op)
{
	static char list[512];
	size_t n = strlen(op->name);
	const char *p;

	if (!machine_arg("ops", list, sizeof(list)))
		return (true);
	for (p = list; *p != '\0'; p++) {
		if (strlen(p) >= n && memcmp(p, op->name, n) == 0 &&
		    (p[n] == ',' || p[n] == '\0'))
			return (true);
		while (p[1] != '\0' && *p != ',')
			p++;
	}
	return (false);
}

/* Why it cannot even be prepared; NULL. */
static const char *
missing(const struct op *op)
{
	char list[2];

	if (machine_arg("list", list, sizeof(list)))
		return ("only listed");
	if (op->needs & NEED_APIARY && !machine.apiary)
		return ("needs Apiary's hypercalls");
	if (op->needs & NEED_PEER && !machine_arg("ops", list, sizeof(list)))
		return ("needs a second VM: ask for it by ops=");
	return (NULL);
}

/* Warm-up, then samples. */
static bool
collect(struct run *r, struct hist *h, bool (*take)(struct run *, uint64_t *),
    uint64_t less)
{
	unsigned int i, n = r->op->warmup + r->op->samples;

	hist_clear(h);
	for (i = 0; i < n; i++) {
		uint64_t v;

		r->index = i;
		if (cold != 0)
			sample_evict(cold);
		if (!take(r, &v))
			return (false);
		if (i < r->op->warmup)
			continue;
		v = clock_value(r->clock, r->op->deadline,
		    v > less ? v - less : 0);
		hist_add(h, (v + r->per / 2) / r->per);
	}
	return (true);
}

/* The operation as records name it. */
static const char *
name_of(const struct op *op)
{
	static char name[64];
	size_t n = strlen(op->name);

	if (cold == 0 || n > sizeof(name) - sizeof("_cold"))
		return (op->name);
	memcpy(name, op->name, n);
	memcpy(name + n, "_cold", sizeof("_cold"));
	return (name);
}

/* A value in thousandths. */
static void
measure(const char *name, const char *what, uint64_t thousandths,
    const char *unit)
{

	record_text("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=%s.%s RESULT=pass "
	    "MEASUREMENT=%lu.%03lu UNITS=%s>", name, what,
	    thousandths / 1000, thousandths % 1000, unit);
}

/*
 * The mean over many operations by the architected counter, without
 * barriers between them: a second opinion, and another figure on silicon.
 */
static void
batch(struct run *r, const char *unit)
{
	const struct code *c = r->code;
	unsigned int clock = r->clock;
	uint64_t ticks = 0, start, i;

	if (c == NULL || c->loop == NULL || clock != CLOCK_PMU ||
	    r->op->baseline == NULL || cold != 0)
		return;
	for (i = 0; i < BATCHES; i++) {
		start = counter();
		c->loop(r->arg, LOOP);
		ticks += counter() - start;
		start = counter();
		c->loop_twin(r->arg, LOOP);
		ticks -= counter() - start;
	}
	if (!clock_is_insn())
		unit = "ns";
	measure(name_of(r->op), "batch", clock_value(CLOCK_COUNTER, false,
	    ticks * 1000) / (BATCHES * LOOP), unit);
}

static void
report(const struct run *r, const char *unit)
{
	unsigned int i;

	record(name_of(r->op), "min", "pass", hist.min, unit);
	for (i = 0; i < MEASURES; i++)
		if (measures[i].per_mille != 0)
			record(name_of(r->op), measures[i].name, "pass",
			    hist_percentile(&hist, measures[i].per_mille),
			    unit);
	record(name_of(r->op), "max", "pass", hist.max, unit);
	measure(name_of(r->op), "mean", hist.sum * 1000 / hist.n, unit);
	hist_print(&hist, name_of(r->op), unit);
}

/* NULL, or why there is no figure: then `failed` tells a failure apart. */
static const char *
run(const struct op *op, bool *failed)
{
	struct run r = { .op = op, .per = 1 };
	const char *why, *unit;
	uint64_t less = 0;

	*failed = false;
	if ((why = missing(op)) != NULL)
		return (why);
	r.clock = op->no_pmu ? CLOCK_COUNTER : clock_best();
	if (op->deadline && !clock_is_insn())
		r.clock = CLOCK_COUNTER;
	if ((why = op->prep(&r)) != NULL)
		return (why);
	/* Shots that stand for loops, see sample.c. */
	if (r.per == 1 && r.clock == CLOCK_COUNTER && r.code != NULL &&
	    r.code->loop != NULL)
		r.per = LOOP;
	unit = clock_unit(r.clock, op->deadline);
	*failed = true;
	if (op->baseline != NULL) {
		uint64_t per = r.per;

		/* In clock units of a whole sample: converted once. */
		r.per = 1;
		hist_clear(&base);
		for (r.index = 0; r.index < op->warmup + op->samples;
		    r.index++) {
			uint64_t v;

			if (!op->baseline(&r, &v))
				return ("the baseline cannot be measured");
			if (r.index >= op->warmup)
				hist_add(&base, v);
		}
		r.per = per;
		less = hist_percentile(&base, 500);
	}
	*failed = !collect(&r, &hist, op->sample, less);
	if (!*failed) {
		batch(&r, unit);
		report(&r, unit);
	}
	if (op->post != NULL)
		op->post(&r);
	return (*failed ? "a sample failed" : NULL);
}

static void
run_chosen(const struct op *op)
{
	bool failed;
	const char *why;
	unsigned int i;

	print("%s: %s\n", op->name, op->timed);
	why = run(op, &failed);
	if (why == NULL)
		return;
	print("%s: %s\n", failed ? "failed" : "skipped", why);
	for (i = 0; i < MEASURES; i++)
		record(name_of(op), measures[i].name,
		    failed ? "fail" : "skip", 0, NULL);
}

/* The other VM: announces itself, yields, ends. */
static void
peer(const char *op)
{
	bool known;

	print("<APIARY_GUEST NAME=bench-peer CASES=1>\n");
	known = ops_peer(op);
	if (!known)
		print("peer=%s: no operation of two VMs\n", op);
	record("peer", "yield", known ? "pass" : "fail", 0, NULL);
	record_done("bench-peer");
}

void
guest_main(void)
{
	const struct op *op;
	unsigned int cases = 0;
	char word[32];

	if (machine_arg("peer", word, sizeof(word))) {
		peer(word);
		return;
	}
	for (op = ops; op->name != NULL; op++)
		cases += chosen(op) ? MEASURES : 0;
	cold = machine_arg_number("cold", 0);
	print("<APIARY_GUEST NAME=%s CASES=%u>\n", guest_name, cases);
	print("<APIARY_CPU MIDR=%08lx>\n", read_sysreg(midr_el1));
	if (cases == 0)
		print("no operation is named by ops=\n");
	for (op = ops; op->name != NULL; op++)
		if (chosen(op))
			run_chosen(op);
	record_done(guest_name);
}
