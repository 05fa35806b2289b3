/*
 * The generic timer's arithmetic (DDI 0487, D11.2.4).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include "vtimer/vtimer.h"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

CASE(control)
{
	struct vtimer t = { 0, 100, 0 };

	vtimer_write(&t, VTIMER_CTL, ~0ull, 50);
	ATF_CHECK_EQ(VTIMER_ENABLE | VTIMER_IMASK,
	    vtimer_read(&t, VTIMER_CTL, 99));
	ATF_CHECK_EQ(VTIMER_ENABLE | VTIMER_IMASK | VTIMER_ISTATUS,
	    vtimer_read(&t, VTIMER_CTL, 100));
	ATF_CHECK(!vtimer_line(&t, 100));		/* masked */
	vtimer_write(&t, VTIMER_CTL, VTIMER_ENABLE, 50);
	ATF_CHECK(!vtimer_line(&t, 99));
	ATF_CHECK(vtimer_line(&t, 100));
	vtimer_write(&t, VTIMER_CTL, VTIMER_IMASK, 50);
	ATF_CHECK_EQ(VTIMER_IMASK, vtimer_read(&t, VTIMER_CTL, 100));
	ATF_CHECK(!vtimer_line(&t, 100));		/* disabled */
}

CASE(timer_value)
{
	struct vtimer t = { VTIMER_ENABLE, 0, 1000 };

	vtimer_write(&t, VTIMER_TVAL, 50, 1200);
	ATF_CHECK_EQ(250, vtimer_read(&t, VTIMER_CVAL, 1200));
	ATF_CHECK_EQ(50, vtimer_read(&t, VTIMER_TVAL, 1200));
	ATF_CHECK_EQ(0, vtimer_read(&t, VTIMER_TVAL, 1250));
	ATF_CHECK_EQ(0xffffffff, vtimer_read(&t, VTIMER_TVAL, 1251));
	vtimer_write(&t, VTIMER_TVAL, 0xffffffff, 1200);	/* -1 */
	ATF_CHECK_EQ(199, vtimer_read(&t, VTIMER_CVAL, 1200));
	ATF_CHECK(vtimer_line(&t, 1200));
	vtimer_write(&t, VTIMER_TVAL, 0xf00000001ull, 1200);	/* 32 bits */
	ATF_CHECK_EQ(201, vtimer_read(&t, VTIMER_CVAL, 1200));
}

CASE(compare_is_unsigned)
{
	struct vtimer t = { VTIMER_ENABLE, ~0ull, 0 };

	vtimer_write(&t, VTIMER_CVAL, ~0ull, 5);
	ATF_CHECK(!vtimer_line(&t, 1ull << 63));
	ATF_CHECK_EQ(~0ull, vtimer_read(&t, VTIMER_CVAL, 0));
	t.cval = 0;
	ATF_CHECK(vtimer_line(&t, 0));
}

CASE(deadline)
{
	struct vtimer t = { VTIMER_ENABLE, 250, 1000 };

	ATF_CHECK_EQ(1250, vtimer_deadline(&t));
	ATF_CHECK(!vtimer_line(&t, 1249));
	ATF_CHECK(vtimer_line(&t, 1250));
	t.cval = ~0ull;
	ATF_CHECK_EQ(VTIMER_NEVER, vtimer_deadline(&t));
	t.cval = 250;
	t.ctl = VTIMER_ENABLE | VTIMER_IMASK;
	ATF_CHECK_EQ(VTIMER_NEVER, vtimer_deadline(&t));
	t.ctl = 0;
	ATF_CHECK_EQ(VTIMER_NEVER, vtimer_deadline(&t));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, control);
	ATF_TP_ADD_TC(tp, timer_value);
	ATF_TP_ADD_TC(tp, compare_is_unsigned);
	ATF_TP_ADD_TC(tp, deadline);
	return (atf_no_error());
}
