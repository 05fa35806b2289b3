/*
 * PCI functions passed through: what the files pci*.c share. pci_host.c finds
 * the machine's host bridge and what is behind it; pci.c is what a VM has of
 * it; pci_config.c is configuration space alone; pci_smmu.c
 * is the SMMU before the bridge.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "devices/pci_config.h"
#include "lib/extent.h"
#include "lib/tree.h"
#include "platform/platform.h"
#include "port/pte.h"

#define	PCI_STREAMS	4		/* rows of an iommu-map */

struct vm;

/* The first host bridge of the machine that has an ECAM. */
struct pci_host {
	struct platform_range ecam;	/* of its root bus; size 0: none */
	unsigned int	bus;		/* the root's */
	/* Of 32 bits, not prefetchable; free of what has an address. */
	struct platform_range window;	/* as the CPU sees it */
	uint64_t	pci;		/* what the bus takes it for */
	struct extents	free;		/* in addresses of the bus */
	uint16_t	intid[32][4];	/* by device and pin; 0: none */
	struct {
		uint32_t	rid, phandle, stream, length;
	}		stream[PCI_STREAMS];
	unsigned int	nstreams;
	uint32_t	stream_mask;
	bool		coherent;
};

/*
 * Finds it, once, and maps its configuration space. NULL, or why there is
 * none.
 */
const char *pci_host_find(struct pci_host *h, const void *dtb,
	    const struct platform *plat,
	    void (*map)(pa_t base, uint64_t size, enum pt_memory memory));
extern const struct pci_config_ops pci_host_ops;
/*
 * The SMMU before it: found by init; started by the first find: NULL, or why
 * it does not confine that function.
 */
void	pci_smmu_init(const struct pci_host *h);
const char *pci_smmu_find(const struct pci_host *h, unsigned int rid);
/* False: it does not answer. */
bool	pci_smmu_attach(const struct pci_host *h, const struct vm *vm,
	    unsigned int rid);
void	pci_smmu_detach(const struct vm *vm);
bool	pci_smmu_has(pa_t pa, uint64_t size);
bool	pci_smmu_has_intid(unsigned int intid);
/* Is there an SMMU (its phandle) before this function? False: no. */
bool	pci_host_stream(const struct pci_host *h, unsigned int rid,
	    uint32_t *phandle, uint32_t *stream);
