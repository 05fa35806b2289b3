/*
 * PCI functions passed through: what the files pci*.c share. pci_host.c finds
 * the machine's host bridge and what is behind it; pci.c is what a VM has of
 * it; pci_config.c is configuration space alone; pci_smmu.c is the SMMU
 * before the bridge; pci_msi.c the ITS behind it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "devices/pci_config.h"
#include "lib/extent.h"
#include "lib/tree.h"
#include "platform/platform.h"
#include "port/pte.h"

#define	PCI_MAP_ROWS	4		/* of an iommu-map, a msi-map */

struct vm;
/* What a VM calls its function. */
#define	PCI_RID_OF_SLOT(slot)	((slot) << 3)

/* What functions are called by others (Linux's pci-iommu.txt, pci-msi.txt). */
struct pci_map {
	struct {
		uint32_t	rid, phandle, to, length;
	}		row[PCI_MAP_ROWS];
	unsigned int	n;
	uint32_t	mask;
};

/* The first host bridge of the machine that has an ECAM. */
struct pci_host {
	struct platform_range ecam;	/* of its root bus; size 0: none */
	unsigned int	bus;		/* the root's */
	/* Of 32 bits, not prefetchable; free of what has an address. */
	struct platform_range window;	/* as the CPU sees it */
	uint64_t	pci;		/* what the bus takes it for */
	struct extents	free;		/* in addresses of the bus */
	uint16_t	intid[32][4];	/* by device and pin; 0: none */
	struct pci_map	streams, messages;	/* SMMU; ITS */
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
/* The bridge on the root bus behind which this one is, by what firmware set. */
bool	pci_host_bridge(const struct pci_host *h, unsigned int bus,
	    unsigned int *bridge);
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
/* For a while, between these two, the VM's functions are aborted. */
void	pci_smmu_hold(const struct vm *vm);
void	pci_smmu_let(const struct vm *vm);
bool	pci_smmu_has(pa_t pa, uint64_t size);
bool	pci_smmu_has_intid(unsigned int intid);
/*
 * Messages: after init, begin of each VM that has an ITS and functions, before
 * one of these is attached; then give.
 */
struct vits;
void	pci_msi_init(const struct pci_host *h);
void	pci_msi_begin(const struct pci_host *h, struct vm *vm,
	    struct vits *vits);
/* The stage 2 of the VM's functions. */
const struct pt *pci_msi_tables(const struct vm *vm);
/* Shows it its capabilities, or says why there are no messages. */
void	pci_msi_give(const struct pci_host *h, const struct vm *vm,
	    struct pci_function *f, unsigned int slot);
/* The functions are cut off: none is pending any more; gone: none comes. */
void	pci_msi_quiesce(const struct vm *vm, bool gone);
/* After that, and when the SMMU does not walk its tables any more. */
void	pci_msi_end(const struct vm *vm);
/* By whom, and what? False: by none. */
bool	pci_map_find(const struct pci_map *m, unsigned int rid,
	    uint32_t *phandle, uint32_t *to);
/* By this one, the last of the bus. */
uint32_t pci_map_last(const struct pci_host *h, const struct pci_map *m,
	    uint32_t phandle);
