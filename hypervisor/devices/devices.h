/*
 * What a VM has beyond a UART and a clock: the node "devices" of a bundle
 * (abi/bundle.h). Virtio devices that are emulated (virtio/), memory shared
 * with another VM, and PCI functions and bus masters of the machine.
 * An extension of the VMM, which calls it through struct vm_device_ops
 * alone; the core does without it.
 *
 * Map of the room
 *	private.h	what the files below share
 *	devices.c	life: what a VM has is made, reset, ended
 *	devnode.c	the bundle's node, and those of the guest's tree
 *	owner.c		what of the machine is theirs
 *	pci.c		PCI functions of the machine; map in pci.h
 *	firmware.c	a ROM, a flash, and what they are to boot
 *	entropy.c	what random numbers are made of
 *	dma.c		bus masters: who they are, RAM where they find it
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "platform/platform.h"
#include "vmm/vm.h"

extern const struct vm_device_ops devices_ops;

/*
 * Before the bundle is read: the machine's tree and firmware, and what maps
 * registers for us.
 */
void	devices_init(const void *dtb, const struct platform *plat,
	    void (*map)(pa_t base, uint64_t size, enum pt_memory memory));
/* Whose this range or interrupt is among these; as struct host's. */
const char *devices_owner_of_pa(pa_t pa, uint64_t size);
const char *devices_owner_of_intid(unsigned int intid);
