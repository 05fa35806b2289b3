/*
 * The configuration space that a VM has of a PCI function of the machine's:
 * decodes its accesses, and lets through to the function what can harm nobody
 * else (PCI Local Bus Specification 3.0, chapter 6). Addresses are kept inside
 * of a window that is the VM's; I/O space, expansion ROMs and the extended
 * space (SR-IOV, resizable BARs) are not there, messages (MSI) only if given.
 *
 * Must not know VMs, nor how the machine's configuration space is reached.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/mmio.h"

#define	PCI_BARS		6
#define	PCI_SLOTS		8	/* functions of one VM */

/* Registers of a function, and bits of them. */
#define	PCI_VENDOR		0x00
#define	PCI_COMMAND		0x04
#define	 PCI_COMMAND_IO		(1u << 0)
#define	 PCI_COMMAND_MEMORY	(1u << 1)
#define	 PCI_COMMAND_MASTER	(1u << 2)
#define	 PCI_COMMAND_NO_INTX	(1u << 10)
#define	 PCI_STATUS_CAPS	(1u << 20)
#define	PCI_CACHE_LINE		0x0c
#define	 PCI_HEADER_TYPE(dword)	((dword) >> 16 & 0x7f)
#define	PCI_BAR(n)		(0x10u + 4 * (n))
#define	 PCI_BAR_IO		(1u << 0)
#define	 PCI_BAR_64		(1u << 2)	/* of a type of two bits */
#define	PCI_BRIDGE_BUSES	0x18		/* type 1: own, first, last */
#define	PCI_BRIDGE_MEMORY	0x20		/* base and limit */
#define	PCI_ROM			0x30
#define	PCI_CAPS		0x34
#define	PCI_INTERRUPT		0x3c
#define	 PCI_PIN(dword)		((dword) >> 8 & 0xff)
#define	PCI_CONFIG_SIZE		0x100u		/* but for the extended */

/* How the machine's are reached: aligned accesses of 1, 2 or 4 bytes. */
struct pci_config_ops {
	uint32_t (*read)(unsigned int rid, unsigned int reg,
	    unsigned int size);
	void	(*write)(unsigned int rid, unsigned int reg,
	    unsigned int size, uint32_t value);
};

struct pci_function {
	const struct pci_config_ops *ops;
	uint16_t	rid;		/* bus, device, function */
	uint16_t	command;	/* what the guest takes it for */
	uint8_t		pin;		/* 1 to 4: INTA to INTD; 0: none */
	uint8_t		line;
	uint8_t		msi, msix, flr;	/* capabilities; 0: none */
	uint8_t		msi_bytes;
	uint8_t		messages;	/* shown of them; 0: they are not */
	struct {
		uint64_t	size;	/* bytes; 0: none, or an upper half */
		uint64_t	value;	/* address, as the guest has it */
		uint32_t	flags;	/* the low four bits */
		bool		upper;	/* the other half of the one before */
	}		bar[PCI_BARS];
	/* Where its BARs may be, in addresses of the bus. */
	uint64_t	window, window_size;
};

/* One bus, of a VM: slot n is device n, function 0. */
struct pci_bus {
	struct pci_function slot[PCI_SLOTS];
	unsigned int	n;
};

/*
 * Takes the function over: no decoding, no DMA, no interrupt; sizes its BARs.
 * NULL, or what it is that cannot be given to a VM.
 */
const char *pci_config_init(struct pci_function *f,
	    const struct pci_config_ops *ops, unsigned int rid);
/* Bytes of the BAR, 0: none; the address in it. It is not decoded then. */
uint64_t pci_config_size(const struct pci_config_ops *ops, unsigned int rid,
	    unsigned int bar, uint64_t *address, uint32_t *flags);
/* How many messages it may send. */
unsigned int pci_config_messages(const struct pci_function *f);
/* Cut off from all, and forgotten what the guest has set. */
void	pci_config_off(struct pci_function *f);
/*
 * A reset of its own, if it has that (PCI Express Base Specification 4.0,
 * 6.6.2). After off; it is not to be touched for PCI_RESET_MS, then on.
 */
#define	PCI_RESET_MS	100
void	pci_config_reset(const struct pci_function *f);
void	pci_config_on(const struct pci_function *f);
/* An access to the ECAM of the bus; callers lock. */
enum mmio_result pci_config_mmio(struct pci_bus *b, struct mmio *m);
