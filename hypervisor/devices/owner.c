/*
 * What of the machine no guest may be given: RAM, the interrupt controller,
 * the console.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "devices/private.h"
#include "gic/gic.h"

static bool
meets(pa_t pa, uint64_t size, pa_t base, uint64_t len)
{

	return (len != 0 && pa.v < base.v + len && base.v < pa.v + size);
}

const char *
owner_of_pa(pa_t pa, uint64_t size)
{
	const struct platform *plat = devices_machine.plat;
	const struct uart_desc *uart = &plat->console.desc;
	const struct platform_range *r = plat->gic.frame;

	if (pa.v + size < pa.v || pa.v + size > 1ull << arch_pa_bits)
		return ("beyond the machine's physical addresses");
	if (extent_meets(&plat->ram, pa.v, size))
		return ("RAM of the machine");
	if (extent_meets(&plat->reserved, pa.v, size))
		return ("reserved memory of the machine");
	for (; r < plat->gic.frame + nitems(plat->gic.frame); r++)
		if (meets(pa, size, r->base, r->size))
			return ("the interrupt controller");
	if (pci_msi_has(pa, size))
		return ("the interrupt controller (for MSIs)");
	if (meets(pa, size, uart->base, uart->size))
		return ("the hypervisor's console");
	if (pci_has_pa(pa, size))
		return ("the PCI host bridge's or its SMMU's: devices { pci } "
		    "passes functions through");
	return (NULL);
}

const char *
owner_of_intid(unsigned int intid)
{

	if (intid == devices_machine.plat->console.irq.intid)
		return ("the hypervisor's console");
	if (pci_has_intid(intid))
		return ("the SMMU's");
	if (intid >= gic_lines())
		return ("not an interrupt of this machine");
	return (NULL);
}
