/*
 * Random inputs for vgic_fuzz.c, without libFuzzer.
 *
 *	VGIC_FUZZ_RUNS, -v runs=N	inputs, default 50000
 *	VGIC_FUZZ_SEED, -v seed=N	default 1
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/corpus.h"

static uint64_t rng;

static unsigned int
byte(void)
{

	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 24 & 0xff);
}

static uint64_t
number(const atf_tc_t *tc, const char *var, const char *env, uint64_t def)
{
	const char *s = getenv(env);

	if (atf_tc_has_config_var(tc, var))
		s = atf_tc_get_config_var(tc, var);
	return (s != NULL ? strtoull(s, NULL, 0) : def);
}

ATF_TC_WITHOUT_HEAD(hostile_guest);
ATF_TC_BODY(hostile_guest, tc)
{
	static uint8_t buf[12 * 200 + 1];
	uint64_t n = number(tc, "runs", "VGIC_FUZZ_RUNS", 50000);
	size_t i, size;

	rng = number(tc, "seed", "VGIC_FUZZ_SEED", 1) * 0x9e3779b97f4a7c15ull;
	for (; n > 0; n--) {
		size = 61 + (byte() << 8 | byte()) % (sizeof(buf) - 61);
		for (i = 0; i < size; i++)
			buf[i] = byte();
		/* Half of them wide open at first, or little ever happens. */
		if (byte() & 1) {
			memset(buf + 1, 0xff, 60);
			for (i = 1; i < 61; i += 12) {
				buf[i] = 0x61;	/* GICD, 4 bytes, write */
				buf[i + 1] = 0;
				buf[i + 2] = 4 * (byte() % 4 + 0x40) >> 6;
				buf[i + 3] = 0;
			}
			buf[3] = 0;		/* first GICD_CTLR */
		}
		(void)LLVMFuzzerTestOneInput(buf, size);
	}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, hostile_guest);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
