/*
 * Start of the ITS: its tables, its queue, and LPIs in the redistributors;
 * see its.h. Must not know commands.
 *
 * What is written to memory for it is always cleaned to the point of
 * coherency: whether an ITS or a redistributor snoops caches is only known
 * when its register reads back with the shareability that was asked for, and
 * a line that is cleaned for nothing costs little where nothing is hot. What
 * they write (pending tables, ITTs) nobody here reads.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic/gic.h"
#include "its/its_private.h"
#include "mm/pool.h"
#include "port/mem.h"
#include "port/pte.h"
#include "vgic/gic_regs.h"
#include "lib/string.h"

#define	ID_BITS		14u		/* INTIDs up to 16383 */
#define	CONFIG_PAGES	2		/* of LPIs from 8192 on, a byte each */
#define	CONFIG_ON	(ITS_PRIORITY | 3)	/* bit 1 is RES1 */

struct its its;

void *
its_memory(size_t pages, size_t align)
{
	void *p = pool_alloc(its.pool, pages, align);

	if (p != NULL)
		port_clean_inval_poc(p, pages * PAGE_SIZE);
	return (p);
}

/*
 * A register that says where memory is. It may be of an ITS that snoops, or
 * else the memory must be none that caches keep.
 */
static uint64_t
set_base(uintptr_t reg, unsigned int shift, uint64_t value)
{
	volatile uint64_t *p = (volatile uint64_t *)reg;

	*p = value | BASE_SHAREABLE | BASE_CACHED << shift;
	if ((*p & BASE_SHARE_MASK) == 0)
		*p = value | BASE_NOT_CACHED << shift;
	return (*p);
}

/* Flat, of so many entries, in pages of the size that it wants. */
static const char *
add_table(unsigned int n, uint64_t entries)
{
	uint64_t b = its_read(GITS_BASER(n)) & BASER_FIXED;

	its_write(GITS_BASER(n), b);		/* 4 KiB, if it may be */
	uint64_t size = BASER_SIZE(its_read(GITS_BASER(n)));
	unsigned int log2 = size == 0 ? 12 : size == 1 ? 14 : 16;
	uint64_t pages = (entries * BASER_ENTRY(b) + (1ul << log2) - 1) >> log2;
	if (pages > BASER_PAGES_MAX)
		return ("has no table for DeviceIDs that large");
	void *t = its_memory(pages << (log2 - 12), 1ul << (log2 - 12));
	if (t == NULL)
		return ("finds no memory for its tables");
	b |= BASER_VALID | port_ptr_to_pa(t).v | size << 8 | (pages - 1);
	if ((set_base(its.regs + GITS_BASER(n), BASE_SHIFT_GITS, b) &
	    BASER_VALID) == 0)
		return ("does not take a table");
	return (NULL);
}

static const char *
add_tables(uint32_t devices)
{
	bool have[8] = { false };
	const char *why = NULL;

	for (unsigned int n = 0; n < GITS_BASERS && why == NULL; n++) {
		unsigned int type = BASER_TYPE(its_read(GITS_BASER(n)));

		if (type != BASER_DEVICES && type != BASER_COLLECTIONS)
			continue;
		have[type] = true;
		why = add_table(n, type == BASER_DEVICES ? devices :
		    pcpu_count);
	}
	if (why == NULL && (!have[BASER_DEVICES] ||
	    (!have[BASER_COLLECTIONS] && TYPER_HCC(its.typer) < pcpu_count)))
		why = "has no room for devices or collections";
	return (why);
}

static uintptr_t
redistributor(unsigned int cpu)
{

	return (gic_frame[cpu] - GICR_SGI);
}

uint64_t
its_target(unsigned int cpu)
{
	uintptr_t rd = redistributor(cpu);

	if ((its.typer & TYPER_PTA) != 0)
		return (round_down(port_ptr_to_pa((void *)rd).v, 0x10000));
	return (GICR_TYPER_NUMBER(*(volatile uint64_t *)(rd + GICR_TYPER)) <<
	    16);
}

static const char *
enable_lpis(uintptr_t rd, const void *config)
{
	volatile uint32_t *ctlr = (volatile uint32_t *)(rd + GICR_CTLR);

	if ((*(volatile uint64_t *)(rd + GICR_TYPER) & GICR_TYPER_PLPIS) == 0)
		return ("is there, but a redistributor has no LPIs");
	/* Where tables are cannot be changed any more (12.11, GICR_CTLR). */
	if ((*ctlr & GICR_CTLR_LPIS) != 0)
		return ("is there, but firmware has turned LPIs on before us");
	void *pending = its_memory(PAGE_COUNT((1ul << ID_BITS) / 8), 16);
	if (pending == NULL)
		return ("finds no memory for pending tables");
	set_base(rd + GICR_PROPBASER, BASE_SHIFT_GICR,
	    port_ptr_to_pa(config).v | (ID_BITS - 1));
	set_base(rd + GICR_PENDBASER, BASE_SHIFT_GICR,
	    port_ptr_to_pa(pending).v | PENDBASER_PTZ);
	*ctlr |= GICR_CTLR_LPIS;
	return (NULL);
}

static const char *
enable_all(void)
{
	void *config = its_memory(CONFIG_PAGES, 1);
	const char *why = NULL;

	if (config == NULL)
		return ("finds no memory for the LPIs' configuration");
	memset(config, CONFIG_ON, CONFIG_PAGES * PAGE_SIZE);
	port_clean_inval_poc(config, CONFIG_PAGES * PAGE_SIZE);
	for (unsigned int i = 0; i < pcpu_count && why == NULL; i++)
		if (pcpus[i] != NULL && pcpus[i]->online)
			why = enable_lpis(redistributor(i), config);
	return (why);
}

static const char *
look(uint32_t devices)
{
	uint32_t gic_typer = *(volatile uint32_t *)(gicd + GICD_TYPER);

	if ((gic_typer & GICD_TYPER_LPIS) == 0 ||
	    GICD_TYPER_IDBITS(gic_typer) < ID_BITS)
		return ("is there, but the GIC has no LPIs");
	its.typer = its_read(GITS_TYPER);
	if ((its.typer & TYPER_PHYSICAL) == 0 ||
	    TYPER_EVENT_BITS(its.typer) < ITS_EVENTS_BITS)
		return ("translates nothing to physical LPIs");
	if ((uint64_t)(devices - 1) >> TYPER_DEVICE_BITS(its.typer) != 0)
		return ("has not that many DeviceIDs");
	return (NULL);
}

/* As firmware may have left it: off, a second at most. */
static bool
turn_off(void)
{
	uint64_t end = port_counter() + port_counter_hz();

	its_set_control(its_control() & ~GITS_CTLR_ENABLED);
	while ((its_control() & GITS_CTLR_QUIESCENT) == 0) {
		if (port_counter() > end)
			return (false);
		port_relax();
	}
	return (true);
}

const char *
its_start(uintptr_t base, uint32_t devices, struct pool *pool)
{
	const char *why;

	its = (struct its){ .regs = base, .pool = pool };
	if ((why = look(devices)) != NULL)
		return (why);
	if (!turn_off())
		return ("does not answer");
	if ((its.queue = its_memory(1, 1)) == NULL)
		return ("finds no memory for its queue");
	if ((why = add_tables(devices)) != NULL || (why = enable_all()) != NULL)
		return (why);
	set_base(its.regs + GITS_CBASER, BASE_SHIFT_GITS, BASER_VALID |
	    port_ptr_to_pa(its.queue).v);
	its_write(GITS_CWRITER, 0);
	its_set_control(GITS_CTLR_ENABLED);
	return (its_collections() ? NULL : "does not answer");
}
