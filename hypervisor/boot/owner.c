/*
 * What of the machine no guest may be given: RAM, the interrupt controller,
 * the console.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "boot/boot.h"
#include "gic/gic.h"
#include "platform/platform.h"

static const struct platform *plat;
static struct platform_range banks[PLATFORM_MAX_RAM];
static unsigned int nbanks;

static bool
meets(pa_t pa, uint64_t size, pa_t base, uint64_t len)
{

	return (len != 0 && pa.v < base.v + len && base.v < pa.v + size);
}

/* Before any of it is given away. */
void
owner_init(const struct platform *p)
{

	plat = p;
	for (nbanks = 0; nbanks < p->nr_ram; nbanks++)
		banks[nbanks] = p->ram[nbanks];
}

const char *
owner_of_pa(pa_t pa, uint64_t size)
{
	const struct platform_gic *g = &plat->gic;
	unsigned int i;

	if (pa.v + size < pa.v || pa.v + size > 1ull << arch_pa_bits)
		return ("beyond the machine's physical addresses");
	for (i = 0; i < nbanks; i++)
		if (meets(pa, size, banks[i].base, banks[i].size))
			return ("RAM of the machine");
	for (i = 0; i < plat->nr_reserved; i++)
		if (meets(pa, size, plat->reserved[i].base,
		    plat->reserved[i].size))
			return ("reserved memory of the machine");
	for (i = 0; i < g->nr_gicr; i++)
		if (meets(pa, size, g->gicr[i].base, g->gicr[i].size))
			return ("the interrupt controller");
	if (meets(pa, size, g->gicd.base, g->gicd.size) ||
	    meets(pa, size, g->gicc.base, g->gicc.size) ||
	    meets(pa, size, g->gich.base, g->gich.size) ||
	    meets(pa, size, g->gicv.base, g->gicv.size))
		return ("the interrupt controller");
	if (meets(pa, size, plat->console.desc.base,
	    plat->console.desc.size))
		return ("the hypervisor's console");
	return (NULL);
}

const char *
owner_of_intid(unsigned int intid)
{

	if (intid == plat->console.irq.intid)
		return ("the hypervisor's console");
	if (intid >= gic->lines())
		return ("not an interrupt of this machine");
	return (NULL);
}
