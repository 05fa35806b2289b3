/*
 * Turns of vCPUs whose VM has their CPU to itself. An extension: without it
 * turns have one length, and what one of them waits for in a loop costs it
 * the rest of its own.
 *
 * In its user's code a vCPU holds no lock of its kernel, and can go. In the
 * kernel it has as long again to get there, or the others' turns would go to
 * waiting for what it holds. Is its PC where it was at the last look, or where
 * one has waited before, then it waits for the others: no time is too early
 * to go. Kernels hand locks on in order, so one wait leads to the next: after
 * it a turn is looked at all along, and ends where no lock is held.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct pcpu;

#define	TURN_LOOKS	50	/* in one that is looked at all along */

/*
 * It is time to look at the turn of the vCPU that has just left its guest.
 * False: its turn goes on, and p->look says when to look again.
 */
bool	family_gives_way(struct pcpu *p, uint64_t now);
