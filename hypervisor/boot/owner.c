/*
 * What of the machine no guest may be given: RAM, the interrupt controller,
 * the console.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "boot/boot.h"
#include "devices/devices.h"
#include "gic/gic.h"

const char *
owner_of_pa(pa_t pa, uint64_t size)
{
	const struct uart_desc *uart = &plat.console.desc;
	const struct platform_range *r = plat.gic.frame;

	if (pa.v + size < pa.v || pa.v + size > 1ull << arch_pa_bits)
		return ("beyond the machine's physical addresses");
	if (extent_meets(&plat.ram, pa.v, size))
		return ("RAM of the machine");
	if (extent_meets(&plat.reserved, pa.v, size))
		return ("reserved memory of the machine");
	for (; r < plat.gic.frame + nitems(plat.gic.frame); r++)
		if (extent_overlap(pa.v, size, r->base.v, r->size))
			return ("the interrupt controller");
	if (extent_overlap(pa.v, size, uart->base.v, uart->size))
		return ("the hypervisor's console");
	return (devices_owner_of_pa(pa, size));
}

const char *
owner_of_intid(unsigned int intid)
{

	if (intid == plat.console.irq.intid)
		return ("the hypervisor's console");
	if (intid >= gic_lines())
		return ("not an interrupt of this machine");
	return (devices_owner_of_intid(intid));
}
