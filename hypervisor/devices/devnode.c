/*
 * The node "devices" of a VM in a bundle, and what the guest's tree says of
 * it; see abi/bundle.h. Must not know how devices work.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/ext/share.h"
#include "devices/private.h"
#include "lib/string.h"
#include "vmm/bundle.h"

struct names {
	const char	*name[DEVICES_NAMES];
	uint64_t	size[DEVICES_NAMES];	/* of shares */
};

static struct names links, shares;
struct devices_machine devices_machine;

void
devices_init(const void *dtb, const struct platform *plat,
    void (*map)(pa_t base, uint64_t size, enum pt_memory memory))
{

	devices_machine = (struct devices_machine){ dtb, plat, map };
	pci_forget();
	/* Names are the bundle's own: with another one they are others. */
	links = shares = (struct names){ .size = { 0 } };
}

/* What the node says. */
struct asked {
	bool		console, rng, its, unsafe_dma;
	const char	*link, *share, *firmware;
	uint64_t	share_size;
	struct tree_value transports, pci;
};

/* The number of a name that two VMs give, from 1 on; 0: not given. */
static bool
number(const struct tree_node *n, const char *prop, const char *s,
    struct names *names, uint8_t *number)
{

	if (s == NULL)
		return (true);
	for (uint8_t i = 0; i < DEVICES_NAMES; i++) {
		if (names->name[i] == NULL)
			names->name[i] = s;
		if (strcmp(names->name[i], s) == 0) {
			*number = i + 1;
			return (true);
		}
	}
	return (node_say(n, prop, "more than %d names", DEVICES_NAMES));
}

static bool
check_share(const struct tree_node *n, const struct asked *is,
    struct vm_config *c)
{
	uint64_t size = is->share_size;

	if ((is->share != NULL) != (size != 0))
		return (node_say(n, "share", "wants a name, and share-size"));
	if (is->share == NULL)
		return (true);
	if (size % PAGE_SIZE != 0 || size > MACHINE_SHARE_SIZE)
		return (node_say(n, "share-size", "0x%lx is not a multiple "
		    "of 4096 up to 0x%x", size, MACHINE_SHARE_SIZE));
	if (!number(n, "share", is->share, &shares, &c->extra.share))
		return (false);
	uint64_t *known = &shares.size[c->extra.share - 1];
	if (*known != 0 && *known != size)
		return (node_say(n, "share-size", "0x%lx, but the other VM "
		    "says 0x%lx", size, *known));
	*known = c->extra.share_size = size;
	return (true);
}

static bool
read_transports(const struct tree_node *n, const struct tree_value *v,
    struct vm_config *c)
{

	if (v->len % 12 != 0 || v->len / 12 > VM_MAX_TRANSPORTS)
		return (node_say(n, "transports", "wants IPA (two cells) and "
		    "INTID of each, at most %d", VM_MAX_TRANSPORTS));
	for (uint32_t i = 0; i < v->len / 12; i++) {
		c->extra.transport[i].ipa = IPA(tree_number(v, i * 3, 2));
		c->extra.transport[i].intid = tree_cell(v, i * 3 + 2);
	}
	c->extra.ntransports = v->len / 12;
	return (true);
}

/* Anything that may start, but what people hand over by mistake. */
static bool
check_firmware(const struct tree_node *n, const struct asked *is,
    struct vm_config *c)
{
	struct tree_value *v = &c->extra.firmware;
	uint32_t first = 0;
	const char *why = NULL;

	if (is->firmware == NULL)
		return (true);
	if (!bundle_image(n, "firmware", is->firmware, v))
		return (false);
	memcpy(&first, v->data, v->len < 4 ? v->len : 4);
	if (v->len > MACHINE_ROM_SIZE)
		why = "is larger than 64 MiB";
	else if (first == 0 || first == UINT32_MAX)
		why = "does not start with an instruction: is it one of "
		    "variables, or of another architecture?";
	else if (memcmp(v->data, "\177ELF", 4) == 0)
		why = "is an ELF file: wanted an image of flash";
	else if (memcmp(v->data, "QFI\373", 4) == 0)
		why = "is a qcow2 file: qemu-img convert -O raw it first";
	else if (is->unsafe_dma)
		why = "wants its RAM at 0x40000000: not with unsafe-dma";
	return (why == NULL || node_say(n, "firmware", "image \"%s\" %s",
	    is->firmware, why));
}

#define	FDT_BYTES	2560		/* of what follows, all of it */
#define	AT(member)	offsetof(struct asked, member)

bool
devnode_read(struct tree_node *n, struct vm_config *c)
{
	static const struct node_prop props[] = {
		{ "console", NODE_FLAG, .at = AT(console) },
		{ "rng", NODE_FLAG, .at = AT(rng) },
		{ "its", NODE_FLAG, .at = AT(its) },
		{ "link", NODE_STRING, .at = AT(link) },
		{ "share", NODE_STRING, .at = AT(share) },
		{ "share-size", NODE_PAIR, .at = AT(share_size) },
		{ "unsafe-dma", NODE_FLAG, .at = AT(unsafe_dma) },
		{ "firmware", NODE_STRING, .at = AT(firmware) },
		{ "transports", NODE_BYTES, .at = AT(transports) },
		{ "pci", NODE_BYTES, .at = AT(pci) },
	};
	struct asked is = { .link = NULL };

	if (strcmp(n->name, "devices") != 0) {
		node_say(n, NULL, "not known: ignored");
		return (true);
	}
	if (!node_read(n, props, nitems(props), &is) ||
	    !number(n, "link", is.link, &links, &c->extra.link) ||
	    !check_share(n, &is, c) || !check_firmware(n, &is, c) ||
	    !read_transports(n, &is.transports, c) ||
	    !pci_read(n, &is.pci, c))
		return (false);
	if (is.rng && !entropy_start())
		return (node_say(n, "rng", "no source of entropy here: no "
		    "FEAT_RNG, no TRNG in the firmware, no 32 bytes of "
		    "/chosen/rng-seed"));
	if (is.its && c->gic != 3)
		return (node_say(n, "its", "not possible: this machine has "
		    "GICv%u, whose VMs have no LPIs", c->gic));
	c->extra.console = is.console;
	c->extra.rng = is.rng;
	c->extra.its = is.its;
	c->extra.any = true;
	c->fdt_bytes += FDT_BYTES;
	return (!is.unsafe_dma || dma_place(n, c));
}

/* As QEMU's virt has them (Linux's binding virtio/mmio.yaml). */
static void
transport(struct dtw *t, uint64_t at, unsigned int intid, bool edge)
{

	dtw_node(t, "virtio_mmio@%lx", at);
	dtw_string(t, "compatible", "virtio,mmio");
	dtw_bytes(t, "dma-coherent", "", 0);
	DTW_CELLS(t, "interrupts", 0, intid - 32, edge ? 1 : 4);
	DTW_CELLS(t, "reg", DTW_PAIR(at), DTW_PAIR(MACHINE_VIRTIO_STRIDE));
	dtw_end(t);
}

/* As QEMU's virt has them (Linux's mtd-physmap.yaml, qemu,fw-cfg-mmio.yaml). */
static void
write_firmware(struct dtw *t)
{

	dtw_node(t, "flash@%x", MACHINE_VARS_BASE);
	dtw_string(t, "compatible", "cfi-flash");
	DTW_CELLS(t, "reg", DTW_PAIR(MACHINE_VARS_BASE),
	    DTW_PAIR(MACHINE_VARS_SIZE));
	DTW_CELLS(t, "bank-width", 4);
	dtw_end(t);
	dtw_node(t, "fw-cfg@%x", MACHINE_FWCFG_BASE);
	dtw_string(t, "compatible", "qemu,fw-cfg-mmio");
	dtw_bytes(t, "dma-coherent", "", 0);
	DTW_CELLS(t, "reg", DTW_PAIR(MACHINE_FWCFG_BASE),
	    DTW_PAIR(MACHINE_FWCFG_SIZE));
	dtw_end(t);
}

void
devnode_write(struct dtw *t, const struct vm_config *c)
{
	/* By slot. */
	const bool have[] = { c->extra.console, c->extra.rng,
	    c->extra.link != 0 };

	pci_write(t, c);
	if (c->extra.firmware.data != NULL)
		write_firmware(t);
	for (unsigned int i = 0; i < DEVICES_SLOTS; i++)
		if (have[i])
			transport(t, MACHINE_VIRTIO_BASE +
			    i * MACHINE_VIRTIO_STRIDE, MACHINE_VIRTIO_INTID + i,
			    false);
	for (unsigned int i = 0; i < c->extra.ntransports; i++) {
		unsigned int intid = c->extra.transport[i].intid;
		const struct vm_spi *s = dma_spi(c, intid);

		/* Without, the VM is going to be refused. */
		if (s != NULL)
			transport(t, c->extra.transport[i].ipa.v, intid,
			    s->edge);
	}
	if (c->extra.share == 0)
		return;
	dtw_node(t, "share@%x", MACHINE_SHARE_BASE);
	dtw_string(t, "compatible", SHARE_COMPATIBLE);
	DTW_CELLS(t, "reg", DTW_PAIR(MACHINE_SHARE_BASE),
	    DTW_PAIR(c->extra.share_size), DTW_PAIR(MACHINE_DOORBELL_BASE),
	    DTW_PAIR(PAGE_SIZE));
	DTW_CELLS(t, "interrupts", 0, MACHINE_DOORBELL_INTID - 32, 4);
	dtw_end(t);
}
