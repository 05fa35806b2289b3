/*
 * A naive ITS to compare ours with: what is mapped, pending, enabled, and at
 * which vCPU, for each LPI. Must not know queues nor list registers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "tests/unit/vits_machine.h"

#define	CPUS	3
#define	NOBODY	CPUS

static bool lpis_off;			/* at vCPU 0, the only one that may */
static struct {
	/* saved: in the pending table of vCPU 0, with LPIs off. */
	bool		mapped, pending, enabled, saved;
	uint32_t	device, event;
	unsigned int	icid, at;
	uint8_t		prio;
} lpi[VITS_LPIS];
static struct {
	bool		mapped;
	uint32_t	id;
	unsigned int	bits;
} device[VITS_DEVICES];
static unsigned int target[VITS_COLLECTIONS];

static void
ref_start(void)
{

	memset(lpi, 0, sizeof(lpi));
	memset(device, 0, sizeof(device));
	lpis_off = false;
	for (unsigned int i = 0; i < VITS_COLLECTIONS; i++)
		target[i] = NOBODY;
	for (unsigned int i = 0; i < VITS_LPIS; i++) {
		lpi[i].prio = 0xa0;
		lpi[i].enabled = true;
	}
}

static int
ref_device(uint32_t id)
{

	for (int i = 0; i < VITS_DEVICES; i++)
		if (device[i].mapped && device[i].id == id)
			return (i);
	return (-1);
}

static int
ref_find(uint32_t id, uint32_t event)
{

	for (int i = 0; i < VITS_LPIS; i++)
		if (lpi[i].mapped && lpi[i].device == id &&
		    lpi[i].event == event)
			return (i);
	return (-1);
}

/* As its collection says, configured as it stands in memory. */
static void
ref_refresh(int n)
{
	uint8_t byte = *(uint8_t *)ram(NULL, CONFIG + (unsigned int)n, false);

	if (lpi[n].mapped && target[lpi[n].icid] != NOBODY)
		lpi[n].at = target[lpi[n].icid];
	lpi[n].enabled = byte & 1 && (lpi[n].at != 0 || !lpis_off);
	lpi[n].prio = byte & 0xf8;	/* five bits in lr_fake */
}

static void
ref_unmap(int n, bool forget)
{

	if (n < 0)
		return;
	lpi[n].mapped = false;
	if (forget) {
		lpi[n].pending = false;
		ref_refresh(n);
	}
}

static void
ref_map(uint32_t id, uint32_t event, uint32_t intid, unsigned int icid)
{
	int n = (int)(intid - 8192), old = ref_find(id, event);

	if (intid < 8192 || intid >= 8192 + VITS_LPIS ||
	    icid >= VITS_COLLECTIONS)
		return;
	if (old != n)
		ref_unmap(old, true);
	lpi[n].mapped = true;
	lpi[n].device = id;
	lpi[n].event = event;
	lpi[n].icid = icid;
	ref_refresh(n);
}

static void
ref_mapd(uint32_t id, unsigned int bits, bool valid)
{
	int d = ref_device(id);

	if (id > 0xffff || (valid && bits > 16))
		return;
	for (int i = 0; i < VITS_LPIS; i++)
		if (lpi[i].mapped && lpi[i].device == id)
			ref_unmap(i, true);
	for (int i = 0; d < 0 && i < VITS_DEVICES; i++)
		if (!device[i].mapped)
			d = i;
	if (d < 0)
		return;
	device[d].mapped = valid;
	device[d].id = id;
	device[d].bits = bits;
}

static void
ref_about(unsigned int op, uint32_t id, uint32_t event, uint32_t intid,
    unsigned int icid)
{
	int n = ref_find(id, event), d = ref_device(id);

	if (d < 0 || event >= 1ull << device[d].bits)
		return;
	if (op == 0x0a || op == 0x0b) {
		ref_map(id, event, op == 0x0b ? event : intid, icid);
		return;
	}
	if (n < 0)
		return;
	unsigned int to = target[lpi[n].icid];
	switch (op) {
	case 0x01:
		if (icid >= VITS_COLLECTIONS || target[icid] == NOBODY ||
		    to == NOBODY)
			return;
		lpi[n].icid = icid;
		break;
	case 0x03:
		if (to != NOBODY && (to != 0 || !lpis_off)) {
			lpi[n].pending = true;
			lpi[n].at = to;
		}
		return;
	case 0x04:
		lpi[n].pending = false;
		break;
	case 0x0c:
		break;
	case 0x0f:
		ref_unmap(n, true);
		return;
	default:
		return;
	}
	ref_refresh(n);
}

static void
ref_command(const uint64_t *c)
{
	uint32_t id = (uint32_t)(c[0] >> 32);
	unsigned int op = c[0] & 0xff, icid = c[2] & 0xffff;
	uint64_t to = c[2] >> 16 & 0x7fffffff, from;
	bool valid = c[2] >> 63;

	switch (op) {
	case 0x08:
		ref_mapd(id, (c[1] & 31) + 1, valid);
		break;
	case 0x09:
		if (icid >= VITS_COLLECTIONS || (valid && to >= CPUS))
			break;
		target[icid] = valid ? (unsigned int)to : NOBODY;
		for (int i = 0; i < VITS_LPIS; i++)
			if (lpi[i].mapped && lpi[i].icid == icid)
				ref_refresh(i);
		break;
	case 0x0d:
		if (icid >= VITS_COLLECTIONS || target[icid] == NOBODY)
			break;
		for (int i = 0, at = (int)target[icid]; i < VITS_LPIS; i++)
			if ((int)lpi[i].at == at)
				ref_refresh(i);
		break;
	case 0x0e:
		from = to;
		to = c[3] >> 16 & 0x7fffffff;
		for (int i = 0; from < CPUS && to < CPUS && i < VITS_LPIS; i++)
			if (lpi[i].at == from && lpi[i].pending) {
				lpi[i].at = (unsigned int)to;
				lpi[i].enabled &= to != 0 || !lpis_off;
			}
		break;
	default:
		ref_about(op, id, (uint32_t)c[1], (uint32_t)(c[1] >> 32),
		    icid);
		break;
	}
}

/* EnableLPIs of vCPU 0 is another. */
static void
ref_turn(void)
{

	lpis_off = !lpis_off;
	for (int i = 0; i < VITS_LPIS; i++) {
		if (lpis_off) {
			lpi[i].saved = lpi[i].pending && lpi[i].at == 0;
			if (lpi[i].at == 0)
				lpi[i].pending = lpi[i].enabled = false;
		} else if (lpi[i].saved) {
			lpi[i].pending = true;
			lpi[i].at = 0;
		}
	}
	for (int i = 0; !lpis_off && i < VITS_LPIS; i++)
		if (lpi[i].at == 0)
			ref_refresh(i);
}

/* The best priority of what may come to a vCPU; 256: there is nothing. */
static unsigned int
ref_best(unsigned int cpu)
{
	unsigned int best = 256;

	for (int i = 0; i < VITS_LPIS; i++)
		if (lpi[i].pending && lpi[i].enabled && lpi[i].at == cpu &&
		    lpi[i].prio < best)
			best = lpi[i].prio;
	return (best);
}
