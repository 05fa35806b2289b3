/*
 * A GIC with an ITS in the build host's memory (IHI 0069, 5.3): registers that
 * hold what is written, two redistributors, and an ITS that does its commands
 * while the driver waits, unless it is told to be silent or to stall.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <string.h>

#include "gic/gic.h"
#include "its/its.h"
#include "its/its_regs.h"
#include "pt_check.h"
#include "vgic/gic_regs.h"

#define	ITS_PA		(MEM_FAKE_BASE + (1ull << 30))
#define	RD_PA		(ITS_PA + ITS_FRAME)
#define	GICD_PA		(RD_PA + 4 * 0x20000)
#define	COMMANDS_MAX	4096

uintptr_t gicd, gic_frame[PCPU_MAX];
static struct pcpu its_cpu[2];

static struct {
	bool		silent, stalls;
	unsigned int	n;
	uint64_t	command[COMMANDS_MAX][CMD_WORDS];
} fake_its;

static uint64_t *
reg64(uint64_t base, uint64_t off)
{

	return (mem_fake_ptr(PA(base + off)));
}

static uint32_t *
reg32(uint64_t base, uint64_t off)
{

	return (mem_fake_ptr(PA(base + off)));
}

/* Time goes on, and so does the ITS. */
static void
its_works(void)
{
	uint64_t *read = reg64(ITS_PA, GITS_CREADR);
	uint64_t base = *reg64(ITS_PA, GITS_CBASER);
	uint64_t size = ((base & 0xff) + 1) * PAGE_SIZE;

	fake_counter += CPU_FAKE_HZ / 10;
	if (fake_its.silent || (*reg32(ITS_PA, GITS_CTLR) & 1) == 0)
		return;
	if (fake_its.stalls) {
		*read |= CREADR_STALLED;
		return;
	}
	ATF_REQUIRE(base >> 63 != 0);
	while (*read != *reg64(ITS_PA, GITS_CWRITER)) {
		ATF_REQUIRE(fake_its.n < COMMANDS_MAX);
		memcpy(fake_its.command[fake_its.n++], mem_fake_ptr(PA((base &
		    0xffffffffff000ull) + *read)), CMD_WORDS * 8);
		*read = (*read + CMD_WORDS * 8) % size;
	}
}

/* As after power-on: CPU 1 has number 5, tables of 8 bytes an entry. */
static void
its_fake_start(void)
{

	check_pool(256);
	memset(mem_fake_ptr(PA(ITS_PA)), 0, GICD_PA + PAGE_SIZE - ITS_PA);
	memset(&fake_its, 0, sizeof(fake_its));
	*reg32(ITS_PA, GITS_CTLR) = GITS_CTLR_QUIESCENT;
	*reg64(ITS_PA, GITS_TYPER) = 15ull << 13 | 15ull << 8 | 11ull << 4 | 1;
	*reg64(ITS_PA, GITS_BASER(0)) = 1ull << 56 | 7ull << 48;
	*reg64(ITS_PA, GITS_BASER(1)) = 4ull << 56 | 7ull << 48;
	*reg32(GICD_PA, GICD_TYPER) = 15u << 19 | GICD_TYPER_LPIS;
	gicd = (uintptr_t)reg32(GICD_PA, 0);
	for (unsigned int i = 0; i < 2; i++) {
		*reg64(RD_PA + i * 0x20000, GICR_TYPER) = 1 | i * 5 << 8;
		gic_frame[i] = (uintptr_t)reg32(RD_PA + i * 0x20000, GICR_SGI);
		its_cpu[i].online = true;
		pcpus[i] = &its_cpu[i];
	}
	pcpu_count = 2;
	fake_relax = its_works;
}

static inline const char *
its_fake_drive(uint32_t devices)
{

	return (its_start((uintptr_t)reg32(ITS_PA, 0), devices, &pool));
}
