/*
 * What the files of this room share; see devices.h. Must not be known
 * outside of it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "devices/devices.h"
#include "devices/pci_config.h"
#include "lib/dtw.h"
#include "lib/tree.h"

struct vits;

#define	DEVICES_NAMES	VM_MAX		/* of links, and of shares */

/* Slots of the virtio window; then the doorbell's interrupt. */
enum { DEVICES_CONSOLE, DEVICES_RNG, DEVICES_NET, DEVICES_SLOTS };
#define	DEVICES_SPIS	(DEVICES_SLOTS + 1)

extern struct devices_machine {
	const void	*dtb;
	const struct platform *plat;
	void		(*map)(pa_t base, uint64_t size,
			    enum pt_memory memory);
} devices_machine;
#define	DEVICES_DTB_MAX	(2ul << 20)	/* Linux boot protocol */

/* What the VM says of a physical interrupt; NULL: it has not that one. */
const struct vm_spi *dma_spi(const struct vm_config *c, unsigned int intid);
/* devnode.c, for struct vm_device_ops. */
bool	devnode_read(struct tree_node *n, struct vm_config *c);
void	devnode_write(struct dtw *t, const struct vm_config *c);

/* pci.c, for devnode.c: the list of functions; and another bundle comes. */
bool	pci_read(const struct tree_node *n, const struct tree_value *v,
	    struct vm_config *c);
void	pci_write(struct dtw *t, const struct vm_config *c);
void	pci_forget(void);
/* For devices.c; of a VM that has functions. */
struct pci_vm {
	struct spinlock	lock;
	struct vits	*its;		/* NULL: none, so no messages */
	struct pci_bus	bus;
	struct vm	*vm;
	uint64_t	rests;		/* until then; 0: it does not */
};
int	pci_create(struct vm *vm, struct pci_vm *p, char *err);
/* Cuts all of them off, and gone: for ever. */
void	pci_quiesce(struct vm *vm, struct pci_vm *p, bool gone);
/* Why the SMMU does not confine all of them; NULL: it does. */
const char *pci_unconfined(const struct vm_config *c);
/* Is any of that the host bridge's, or the SMMU's? */
bool	pci_has_pa(pa_t pa, uint64_t size);
bool	pci_has_intid(unsigned int intid);
/* Or of what makes interrupts of messages? */
bool	pci_msi_has(pa_t pa, uint64_t size);
/* Looks for a source, if it has none yet; false: there is none. */
bool	entropy_start(void);
/* n bytes, at most 1 KiB, after that. */
void	entropy_fill(void *buf, size_t n);

/* firmware.c: of a VM that has firmware; for the others these do nothing. */
int	firmware_create(struct vm *vm, char *err);
void	firmware_reset(struct vm *vm);

/* May the VM have what is passed through? 0, or -1 and err. */
int	dma_check(const struct vm_config *c, char *err);
/* Sets RAM aside for the VM, so that its IPA is its PA; n complains. */
bool	dma_place(const struct tree_node *n, struct vm_config *c);
/* Moves what is loaded to there. 0, or -1 and err. */
int	dma_move(struct vm_config *c, char *err);
/* Stops the bus masters that we know how to stop. */
void	dma_quiesce(const struct vm_config *c);
