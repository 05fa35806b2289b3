/*
 * A PCI function in memory, for the tests of configuration space: two BARs,
 * of 4 KiB and (64 bits) of 16 KiB, one of I/O, MSI-X, MSI and a capability
 * of the vendor's. Counts what it is told that it should not be.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <atf-c.h>
#include <string.h>

#include "devices/pci_config.h"

#define	PCI_RID		0x0208u
#define	PCI_WINDOW	0x10010000u
#define	PCI_WINDOW_SIZE	0x8000u

static uint8_t pci_regs[PCI_CONFIG_SIZE];
static const uint32_t pci_bar_mask[PCI_BARS] = {
	0xfffff000, 0xffffffe0, 0, 0, 0xffffc000, 0xffffffff,
};
static unsigned int pci_writes;
static struct pci_bus pci_bus;

static uint32_t
pci_dword(unsigned int reg)
{
	uint32_t v;

	memcpy(&v, &pci_regs[reg], 4);
	return (v);
}

static void
pci_set(unsigned int reg, uint32_t v)
{

	memcpy(&pci_regs[reg], &v, 4);
}

static uint32_t
pci_fake_read(unsigned int rid, unsigned int reg, unsigned int size)
{
	uint32_t v = 0;

	ATF_REQUIRE_EQ(PCI_RID, rid);
	ATF_REQUIRE(reg + size <= PCI_CONFIG_SIZE && reg % size == 0);
	memcpy(&v, &pci_regs[reg], size);
	return (v);
}

static bool
pci_in_window(uint64_t at, uint64_t size)
{

	return (at >= PCI_WINDOW && at + size <= PCI_WINDOW + PCI_WINDOW_SIZE);
}

/* What decodes addresses has none but the VM's. */
static void
pci_check(void)
{

	if ((pci_regs[PCI_COMMAND] & PCI_COMMAND_MEMORY) == 0)
		return;
	ATF_REQUIRE(pci_in_window(pci_dword(PCI_BAR(0)), 0x1000));
	ATF_REQUIRE(pci_in_window((uint64_t)pci_dword(PCI_BAR(5)) << 32 |
	    (pci_dword(PCI_BAR(4)) & ~15u), 0x4000));
}

static void
pci_fake_write(unsigned int rid, unsigned int reg, unsigned int size,
    uint32_t value)
{
	uint32_t v = value;

	ATF_REQUIRE_EQ(PCI_RID, rid);
	ATF_REQUIRE(reg + size <= PCI_CONFIG_SIZE && reg % size == 0);
	pci_writes++;
	/* Neither messages that are not given nor I/O space nor the ROM. */
	ATF_REQUIRE_MSG(reg < 0x60 || reg >= 0x7c ||
	    (reg >= 0x6c && reg < 0x70) || pci_bus.slot[0].messages != 0 ||
	    ((reg == 0x62 || reg == 0x72) && size == 2 && value == 0),
	    "write to 0x%x", reg);
	ATF_REQUIRE(reg != PCI_ROM);
	ATF_REQUIRE(reg != PCI_COMMAND || (value & PCI_COMMAND_IO) == 0);
	if (reg >= PCI_BAR(0) && reg < PCI_BAR(PCI_BARS)) {
		unsigned int bar = (reg - PCI_BAR(0)) / 4;
		uint32_t flags = bar == 4 ? 12 : bar == 1 ? 1 : 0;

		ATF_REQUIRE_EQ(4, size);
		ATF_REQUIRE_EQ(0, pci_regs[PCI_COMMAND] & PCI_COMMAND_MEMORY);
		v = (value & pci_bar_mask[bar]) | flags;
	}
	if (reg == PCI_COMMAND + 2)
		return;				/* write one to clear */
	/* What says how many messages there are cannot be written. */
	if (reg == 0x62)
		v = (value & 0xc000) | (pci_dword(0x60) >> 16 & 0x7ff);
	if (reg == 0x72)
		v = (value & 0x71) | (pci_dword(0x70) >> 16 & 0xff8e);
	memcpy(&pci_regs[reg], &v, size);
	pci_check();
}

static const struct pci_config_ops pci_fake_ops = { pci_fake_read,
    pci_fake_write };

/* As firmware may leave it: decoding somewhere. */
static void
pci_fake_start(void)
{

	memset(pci_regs, 0, sizeof(pci_regs));
	pci_set(PCI_VENDOR, 0x10421af4);
	pci_set(PCI_CACHE_LINE, 0x00800000);	/* one of several functions */
	pci_set(PCI_COMMAND, 0x00100000);
	pci_set(PCI_BAR(1), 0x1001);
	pci_set(PCI_BAR(4), 12);
	pci_set(PCI_CAPS, 0x40);
	pci_set(PCI_INTERRUPT, 0x0100);
	pci_set(0x40, 0x00006009);		/* the vendor's */
	pci_set(0x60, 0x00037011);		/* MSI-X: 12 bytes */
	pci_set(0x70, 0x00000005);		/* MSI: 12 bytes, the last */
	pci_bus.n = 1;
	pci_writes = 0;
}

static inline void
pci_fake_take(void)
{
	struct pci_function *f = &pci_bus.slot[0];

	pci_fake_start();
	ATF_REQUIRE(pci_config_init(f, &pci_fake_ops, PCI_RID) == NULL);
	f->window = PCI_WINDOW;
	f->window_size = PCI_WINDOW_SIZE;
}
