/*
 * Firmware's workarounds; see workaround.h. Must not know what they do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/ext/workaround.h"

#define	SMCCC_WORKAROUND_1	0x80008000u
#define	SMCCC_WORKAROUND_2	0x80007fffu
#define	SMCCC_WORKAROUND_3	0x80003fffu
/* Firmware's, to find out whether it knows SMCCC 1.1. */
#define	PSCI_VERSION		0x84000000u
#define	PSCI_FEATURES		0x8400000au

static const uint32_t fids[] = {
	SMCCC_WORKAROUND_1, SMCCC_WORKAROUND_2, SMCCC_WORKAROUND_3
};
static bool firmware_1_1;
static bool taken[nitems(fids)];	/* firmware offers it */

/* Its place in fids[], or nitems(fids). */
static unsigned int
place(uint32_t fid)
{
	unsigned int i;

	for (i = 0; i < nitems(fids) && fids[i] != fid; i++)
		;
	return (i);
}

int32_t
workaround_offered(uint32_t fid)
{

	if (!firmware_1_1 || place(fid) == nitems(fids))
		return (SMCCC_NOT_SUPPORTED);
	int32_t answer = (int32_t)port_firmware(SMCCC_ARCH_FEATURES, fid, 0, 0);
	/*
	 * Firmware starts with this mitigation on, and there it stays for
	 * all guests. So a guest need not call: 1.
	 */
	if (fid == SMCCC_WORKAROUND_2 && answer >= 0)
		return (1);
	return (answer);
}

void
workaround_init(bool firmware)
{

	firmware_1_1 = firmware &&
	    (int32_t)port_firmware(PSCI_VERSION, 0, 0, 0) >= 0x10000 &&
	    (int32_t)port_firmware(PSCI_FEATURES, SMCCC_VERSION, 0, 0) >= 0 &&
	    (int32_t)port_firmware(SMCCC_VERSION, 0, 0, 0) >= 0x10001;
	for (unsigned int i = 0; i < nitems(fids); i++)
		taken[i] = workaround_offered(fids[i]) >= 0;
}

bool
workaround_call(struct vcpu *v)
{
	uint32_t fid = smccc_fid(v);
	unsigned int i = place(fid);

	if (i == nitems(fids) || !taken[i])
		return (false);
	if (fid != SMCCC_WORKAROUND_2)
		port_firmware(fid, 0, 0, 0);
	v->x[0] = 0;
	return (true);
}
