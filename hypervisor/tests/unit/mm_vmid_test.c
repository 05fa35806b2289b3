/*
 * VMIDs: 1 to 255, each once.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "lib/types.h"
#include "mm/vmid.h"

ATF_TC_WITHOUT_HEAD(each_once);
ATF_TC_BODY(each_once, tc)
{
	bool seen[256] = { true };	/* 0 is nobody's */
	unsigned int i, id;

	for (i = 0; i < 255; i++) {
		id = vmid_alloc();
		ATF_REQUIRE(id < 256 && !seen[id]);
		seen[id] = true;
	}
	ATF_CHECK_EQ(0, vmid_alloc());
	vmid_free(200);
	vmid_free(7);
	vmid_free(1000);		/* none */
	id = vmid_alloc();
	i = vmid_alloc();
	ATF_CHECK((id == 7 && i == 200) || (id == 200 && i == 7));
	ATF_CHECK_EQ(0, vmid_alloc());
	vmid_free(0);
	ATF_CHECK_EQ(0, vmid_alloc());
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, each_once);
	return (atf_no_error());
}
