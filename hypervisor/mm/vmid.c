/*
 * Which VMIDs are in use.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "lib/types.h"
#include "mm/vmid.h"
#include "port/cpu.h"

#define	VMID_COUNT	256

static struct spinlock lock;
static bool used[VMID_COUNT];

unsigned int
vmid_alloc(void)
{
	unsigned int i, vmid = 0;

	spin_lock(&lock);
	for (i = 1; i < VMID_COUNT && vmid == 0; i++)
		if (!used[i]) {
			used[i] = true;
			vmid = i;
		}
	spin_unlock(&lock);
	return (vmid);
}

void
vmid_free(unsigned int vmid)
{

	spin_lock(&lock);
	if (vmid < VMID_COUNT)
		used[vmid] = false;
	spin_unlock(&lock);
}
