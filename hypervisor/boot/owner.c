/*
 * What of the machine no guest may be given: RAM, the interrupt controller,
 * the console.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "boot/boot.h"
#include "gic/gic.h"

#define	GIC	"the interrupt controller"

/* What is not there has size 0. */
static const struct {
	const struct platform_range *range;
	unsigned int	n;
	const char	*what;
} owners[] = {
	{ plat.gic.gicr,	PLATFORM_MAX_GICR, GIC },
	{ &plat.gic.gicd,	1, GIC },
	{ &plat.gic.gicc,	1, GIC },
	{ &plat.gic.gich,	1, GIC },
	{ &plat.gic.gicv,	1, GIC },
};

static bool
meets(pa_t pa, uint64_t size, pa_t base, uint64_t len)
{

	return (len != 0 && pa.v < base.v + len && base.v < pa.v + size);
}

const char *
owner_of_pa(pa_t pa, uint64_t size)
{
	const struct uart_desc *uart = &plat.console.desc;
	const struct platform_range *r;
	unsigned int i, k;

	if (pa.v + size < pa.v || pa.v + size > 1ull << arch_pa_bits)
		return ("beyond the machine's physical addresses");
	if (extent_meets(&plat.ram, pa.v, size))
		return ("RAM of the machine");
	if (extent_meets(&plat.reserved, pa.v, size))
		return ("reserved memory of the machine");
	for (i = 0; i < nitems(owners); i++)
		for (k = 0, r = owners[i].range; k < owners[i].n; k++, r++)
			if (meets(pa, size, r->base, r->size))
				return (owners[i].what);
	if (meets(pa, size, uart->base, uart->size))
		return ("the hypervisor's console");
	return (NULL);
}

const char *
owner_of_intid(unsigned int intid)
{

	if (intid == plat.console.irq.intid)
		return ("the hypervisor's console");
	if (intid >= gic_lines())
		return ("not an interrupt of this machine");
	return (NULL);
}
