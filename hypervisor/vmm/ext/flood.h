/*
 * How much a VM may say: where VMs share the console none is to drown the
 * others. What one says beyond a burst waits, as at a slow line. An extension:
 * a VM alone speaks as it likes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct vm;

#define	FLOOD_BURST	65536u		/* characters */
#define	FLOOD_RATE	4096u		/* those of a second */

/* May n characters more be said? False: not now. */
bool	flood_pay(struct vm *vm, unsigned int n);
