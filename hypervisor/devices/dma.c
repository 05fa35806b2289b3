/*
 * Bus masters that are passed through. They know no stage 2: what the guest
 * takes for its memory's addresses must be the machine's, and nothing keeps
 * them from using others. So they are refused unless the VM says that it
 * may harm everybody ("unsafe-dma"), and then its RAM is at IPA = PA, or
 * an SMMU confines them, as PCI functions (pci_smmu.c). Must not know what
 * the devices are.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "devices/private.h"
#include "platform/pass.h"
#include "vmm/bundle.h"

#define	VIRTIO_STATUS	0x70		/* both versions of the transport */

/* Where the VM's range of devices has this, or NULL. */
static const struct vm_device *
range_of(const struct vm_config *c, uint64_t ipa, uint64_t size)
{

	for (unsigned int i = 0; i < c->ndevices; i++)
		if (ipa >= c->devices[i].ipa.v && ipa + size <=
		    c->devices[i].ipa.v + c->devices[i].size)
			return (&c->devices[i]);
	return (NULL);
}

/* What only nodes of bus masters have (Devicetree Specification, Linux). */
static bool
is_master(const struct tree_node *n)
{
	static const char *const marks[] = { "dma-coherent", "iommus",
	    "iommu-map", "phy-mode", "phy-handle", "bus-width", "dr_mode" };
	struct tree_value v;

	for (unsigned int i = 0; i < nitems(marks); i++)
		if (tree_get(n, marks[i], &v))
			return (true);
	return (tree_get(n, "compatible", &v) && tree_lists(&v, "virtio,mmio"));
}

struct search {
	struct pass	pass;
	const struct vm_config *config;
	uint64_t	found;		/* PA */
};

static int
visit(void *ctx, struct tree_node *n)
{
	struct search *s = ctx;
	const struct vm_config *c = s->config;
	struct platform_range r;

	if (!is_master(n))
		return (0);
	for (uint32_t i = 0; pass_reg(&s->pass, n, i, &r) == 1; i++)
		for (unsigned int j = 0; j < c->ndevices; j++)
			if (r.base.v - c->devices[j].pa.v <
			    c->devices[j].size ||
			    c->devices[j].pa.v - r.base.v < r.size) {
				s->found = r.base.v;
				return (1);
			}
	return (0);
}

const struct vm_spi *
dma_spi(const struct vm_config *c, unsigned int intid)
{

	for (const struct vm_spi *s = c->spis; s < c->spis + c->nspis; s++)
		if (s->intid == intid)
			return (s);
	return (NULL);
}

/* Transports are passed through, and our own devices have their SPIs. */
static int
check_transports(const struct vm_config *c, char *err)
{

	for (unsigned int i = 0; i < c->extra.ntransports; i++) {
		uint64_t ipa = c->extra.transport[i].ipa.v;
		unsigned int intid = c->extra.transport[i].intid;
		const struct vm_device *r = range_of(c, ipa,
		    MACHINE_VIRTIO_STRIDE);

		if (r == NULL)
			return (print_fail(err, "devices: transports: IPA "
			    "0x%lx is in no range that is passed through",
			    ipa));
		if (dma_spi(c, intid) == NULL)
			return (print_fail(err, "devices: transports: %u is "
			    "no interrupt that is passed through", intid));
		/* dma_quiesce() writes to it. */
		devices_machine.map(r->pa, r->size, PT_DEVICE);
	}
	for (unsigned int i = 0; i < DEVICES_SPIS && c->extra.any; i++)
		if (dma_spi(c, MACHINE_VIRTIO_INTID + i) != NULL)
			return (print_fail(err, "passthrough: interrupt %u is "
			    "kept for the VM's own devices",
			    MACHINE_VIRTIO_INTID + i));
	return (0);
}

int
dma_check(const struct vm_config *c, char *err)
{
	struct search s = { .config = c, .pass = { .err = err,
	    .errlen = VM_ERR } };
	struct tree_node root;
	const char *why;

	if (check_transports(c, err) != 0)
		return (-1);
	if (c->extra.unsafe_dma)
		return (0);
	if ((why = pci_unconfined(c)) != NULL)
		return (print_fail(err, "devices: pci: SMMU: %s; so nothing "
		    "keeps DMA in bounds: not without unsafe-dma in the VM's "
		    "devices node", why));
	if (c->ndevices == 0 ||
	    tree_open(&root, devices_machine.dtb, DEVICES_DTB_MAX, err,
	    VM_ERR) != 0 || tree_walk(&root, visit, &s) == 0)
		return (0);
	return (print_fail(err, "passthrough: PA 0x%lx is a bus master, and "
	    "nothing here keeps its DMA in bounds: not without unsafe-dma in "
	    "the VM's devices node", s.found));
}

bool
dma_place(const struct tree_node *n, struct vm_config *c)
{
	pa_t pa;

	if (!host.ram_alloc(c->memory, BLOCK_SIZE, &pa))
		return (node_say(n, "unsafe-dma", "no %lu KiB of RAM in one "
		    "piece left", c->memory >> 10));
	if (pa.v < MACHINE_RAM_BASE || (pa.v + c->memory - 1) >>
	    host.ipa_bits != 0) {
		host.ram_free(pa, c->memory);
		return (node_say(n, "unsafe-dma", "the RAM left is at 0x%lx, "
		    "where a guest cannot have it", pa.v));
	}
	c->ram_base = pa.v;
	c->extra.unsafe_dma = true;
	return (true);
}

int
dma_move(struct vm_config *c, char *err)
{
	uint64_t up = c->ram_base - MACHINE_RAM_BASE;
	struct image *im = &c->image;

	if (!im->is_linux || im->aarch32)
		return (print_fail(err, "kernel: no arm64 Image: others have "
		    "their place, but unsafe-dma moves the RAM"));
	for (unsigned int i = 0; i < im->nparts; i++)
		im->part[i].ipa.v += up;
	im->entry.v += up;
	c->dtb.v += up;
	return (0);
}

void
dma_quiesce(const struct vm_config *c)
{

	for (unsigned int i = 0; i < c->extra.ntransports; i++) {
		uint64_t ipa = c->extra.transport[i].ipa.v;
		const struct vm_device *r = range_of(c, ipa,
		    MACHINE_VIRTIO_STRIDE);
		volatile uint32_t *p = port_pa_to_ptr(PA(r->pa.v +
		    (ipa - r->ipa.v) + VIRTIO_STATUS));

		*p = 0;
	}
}
