/*
 * PCI functions of the guest's bus, and the messages of QEMU's edu (docs/specs/
 * edu). Must not know what is tested.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <libfdt.h>

#include "its_test.h"

#define	EDU_ID		0x11e81234u
#define	EDU_STATUS	0x24
#define	EDU_RAISE	0x60
#define	EDU_ACK		0x64
#define	EDU_SLOT	0u

#define	COMMAND		0x04
#define	 MASTER_MEMORY	6u
#define	BAR(n)		(0x10 + 4 * (n))
#define	CAPS		0x34
#define	CAP_MSI		0x05
#define	CAP_MSIX	0x11
#define	MSI_ON		(1u << 16)
#define	MSIX_ON		(1u << 31)
#define	TRANSLATER	0x10040
/* What the ITS calls a function. */
#define	DEVICE_ID(slot)	((slot) << 3)

static struct {
	uint64_t	ecam, window;
	uint32_t	bus;		/* what the bus takes the window for */
} pci;
static uint64_t edu;			/* its registers */

static inline uint32_t
cell(const char *prop, unsigned int i)
{
	int node = fdt_node_offset_by_compatible(machine.fdt, -1,
	    "pci-host-ecam-generic");
	const fdt32_t *p;
	int len;

	if (node < 0)
		case_skip("no PCI");
	p = fdt_getprop(machine.fdt, node, prop, &len);
	REQUIRE(p != NULL && (int)(4 * i) < len);
	return (fdt32_to_cpu(p[i]));
}

static inline uint64_t
config(unsigned int slot, uint32_t reg)
{

	return (pci.ecam + (slot << 15) + reg);
}

/* Where its capability is; 0: it has none. */
static inline uint32_t
find_cap(unsigned int slot, uint32_t id)
{
	uint32_t at = mmio_read(config(slot, CAPS)) & 0xfc, cap;
	unsigned int i;

	for (i = 0; at != 0 && i < 48; i++) {
		cap = mmio_read(config(slot, at));
		if ((cap & 0xff) == id)
			return (at);
		at = cap >> 8 & 0xfc;
	}
	return (0);
}

/* Where that is; the case is skipped where it is not. */
static inline void
pci_find(void)
{

	pci.ecam = (uint64_t)cell("reg", 0) << 32 | cell("reg", 1);
	pci.bus = cell("ranges", 2);
	pci.window = (uint64_t)cell("ranges", 3) << 32 | cell("ranges", 4);
	mmu_map(pci.ecam, 1u << 20, true, false);
	mmu_map(pci.window, cell("ranges", 6), true, false);
	if (mmio_read(config(EDU_SLOT, 0)) != EDU_ID)
		case_skip("device 0 is no edu");
	/* At the start of the window. */
	mmio_write(config(EDU_SLOT, BAR(0)), pci.bus);
	mmio_write(config(EDU_SLOT, COMMAND), MASTER_MEMORY);
	edu = pci.window;
}

static inline void
msi_write(uint64_t address, uint32_t data)
{
	uint32_t at = find_cap(EDU_SLOT, CAP_MSI);

	REQUIRE(at != 0);
	mmio_write(config(EDU_SLOT, at), 0);
	mmio_write(config(EDU_SLOT, at + 4), (uint32_t)address);
	mmio_write(config(EDU_SLOT, at + 8), (uint32_t)(address >> 32));
	mmio_write(config(EDU_SLOT, at + 12), data);
	mmio_write(config(EDU_SLOT, at), MSI_ON);
}

static inline void
edu_sends(void)
{

	mmio_write(edu + EDU_ACK, mmio_read(edu + EDU_STATUS));
	mmio_write(edu + EDU_RAISE, 1);
	/* The read is behind the message. */
	(void)mmio_read(edu + EDU_STATUS);
}
