/*
 * What the devices of this room keep of the machine; see devices.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "devices/private.h"

const char *
devices_owner_of_pa(pa_t pa, uint64_t size)
{

	if (pci_msi_has(pa, size))
		return ("the interrupt controller (for MSIs)");
	return (pci_has_pa(pa, size) ? "the PCI host bridge's or its SMMU's: "
	    "devices { pci } passes functions through" : NULL);
}

const char *
devices_owner_of_intid(unsigned int intid)
{

	return (pci_has_intid(intid) ? "the SMMU's" : NULL);
}
