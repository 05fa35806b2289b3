/*
 * The ring of bytes, also where its counters wrap.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "lib/ring.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

CASE(order)
{
	uint8_t bytes[8], b = 0;
	struct ring r;
	unsigned int i;

	ring_init(&r, bytes, sizeof(bytes));
	ATF_CHECK(ring_empty(&r) && !ring_full(&r));
	ATF_CHECK(!ring_peek(&r, &b));
	for (i = 0; i < 8; i++)
		ATF_CHECK(ring_put(&r, (uint8_t)i));
	ATF_CHECK(ring_full(&r) && !ring_empty(&r));
	ATF_CHECK(!ring_put(&r, 99));		/* and nothing is lost */
	for (i = 0; i < 8; i++) {
		ATF_CHECK(ring_peek(&r, &b) && b == i);
		ATF_CHECK(ring_peek(&r, &b) && b == i);	/* it stays */
		ring_drop(&r);
	}
	ATF_CHECK(ring_empty(&r));
}

CASE(wrap)
{
	uint8_t bytes[4], b = 0, in = 0, out = 0;
	struct ring r;
	unsigned int i, n;

	ring_init(&r, bytes, sizeof(bytes));
	r.in = r.out = UINT32_MAX - 100;
	for (i = 0; i < 300; i++) {
		for (n = 0; n < 1 + i % 4; n++)
			ATF_REQUIRE(ring_put(&r, in++));
		ATF_REQUIRE_EQ(n == 4, ring_full(&r));
		for (; n > 0; n--) {
			ATF_REQUIRE(ring_peek(&r, &b) && b == out++);
			ring_drop(&r);
		}
		ATF_REQUIRE(ring_empty(&r));
	}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, wrap);
	return (atf_no_error());
}
