/*
 * Hypercalls: SMC Calling Convention (DEN 0028) fast calls, SMC64, owner 6
 * (vendor specific hypervisor services). By HVC #0, or by a trapped SMC #0.
 * Arguments in x1-x6, results in x0-x3. x0 is 0 or a negative error.
 * Usable from C and from assembly.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

/* SMCCC general queries of this service (DEN 0028, 6.2): x0-x3 = UID. */
#define	HC_UID			0x8600ff01
#define	HC_REVISION		0x8600ff03	/* x0 = major, x1 = minor */
#define	HC_UID_0		0x41706961	/* the four words of the UID */
#define	HC_UID_1		0x72792d31
#define	HC_UID_2		0x4c8ab1e2
#define	HC_UID_3		0x9d1f62b5
#define	HC_VERSION_MAJOR	1
#define	HC_VERSION_MINOR	0

/* Give the CPU to the next runnable vCPU on it. x0 = 0. */
#define	HC_YIELD		0xc6000001
/*
 * Statistics of a vCPU of the caller's VM. x1 = vCPU index, x2 = exit class
 * (abi/stats.h). x0 = 0, x1 = exits, x2 = time in counter ticks (0 unless
 * the VM is described with "stats").
 */
#define	HC_STATS		0xc6000002
/*
 * Boot times, in ticks of the physical counter: x1 = entry of the
 * hypervisor, x2 = first entry of the caller's VM, x3 = ticks spent on
 * copying this VM's images before that.
 */
#define	HC_BOOT			0xc6000003
/* Who am I: x1 = VM index, x2 = vCPU index, x3 = physical CPU index. */
#define	HC_WHOAMI		0xc6000004
/*
 * Give back the page of demand-populated RAM at x1 (an IPA, a multiple of
 * 4096): what it held is lost, the next access finds it zero. x0 = 0, also
 * where nothing had been touched; HC_E_INVALID: no such page.
 */
#define	HC_RELEASE		0xc6000005

#define	HC_E_OK			0
#define	HC_E_NOT_SUPPORTED	(-1)	/* SMCCC: unknown function */
#define	HC_E_INVALID		(-2)
