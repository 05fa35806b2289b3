/*
 * From a bundle to VMs; see bundle.h. The structure of the whole tree is
 * looked over once, front to back; after that only values can be wrong.
 * Must not know image formats, nor how a VM is built.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include "abi/bundle.h"
#include "lib/string.h"
#include "mm/pool.h"
#include "vmm/bundle.h"
#include "vmm/irq.h"

#define	FILES_MAX	(VM_MAX * 3)
#define	BOOTARGS_MAX	2048		/* with the NUL; arm64 Linux's */

#define	NOWHERE		(~0ull)		/* no instruction stands there */

struct file {				/* a node of /images */
	const char	*name;
	struct tree_value data;
	bool		raw, broken;
	ipa_t		load, entry;	/* of a raw image, or NOWHERE */
};

/* The VM being read. */
struct wanted {
	struct vm_config config;
	struct guest_fdt tree;
	const struct file *kernel, *initrd, *dtb;
	const char	*kernel_name, *initrd_name, *dtb_name;
	uint64_t	vcpus, gic;
	struct tree_value cpus;
};

static struct file files[FILES_MAX];
static unsigned int nfiles;
static struct wanted wanted;

/* A node of /images, to f; false: it is broken. */
static bool
read_file(const struct tree_node *n, struct file *f)
{
	static const struct node_prop props[] = {
		{ "data", NODE_BYTES, offsetof(struct file, data), true, NULL },
		{ "type", NODE_WORD, .at = offsetof(struct file, raw),
		    .words = "auto\0raw" },
		{ "load", NODE_PAIR, .at = offsetof(struct file, load) },
		{ "entry", NODE_PAIR, .at = offsetof(struct file, entry) },
	};

	*f = (struct file){ .name = n->name, .load = IPA(NOWHERE),
	    .entry = IPA(NOWHERE) };
	if (!node_read(n, props, nitems(props), f))
		return (false);
	if (f->data.len == 0)
		return (node_say(n, "data", "empty"));
	if (f->raw && f->load.v == NOWHERE)
		return (node_say(n, "load", "missing: a raw image needs one"));
	if (!f->raw && (f->load.v & f->entry.v) != NOWHERE)
		node_say(n, f->load.v != NOWHERE ? "load" : "entry",
		    "not used: type is not \"raw\"");
	if (f->entry.v == NOWHERE)
		f->entry = f->load;
	return (true);
}

static void
read_files(struct tree_node *images)
{
	struct tree_node n;

	node_read(images, NULL, 0, NULL);
	for (nfiles = 0; tree_child(images, &n); nfiles++) {
		if (nfiles == FILES_MAX) {
			node_say(&n, NULL, "ignored: more than %d images",
			    FILES_MAX);
			break;
		}
		files[nfiles].broken = !read_file(&n, &files[nfiles]);
	}
}

/* The image of a name that a property of a VM gives; NULL for none. */
static bool
find_file(const struct tree_node *n, const char *prop, const char *name,
    const struct file **f)
{

	*f = NULL;
	if (name == NULL)
		return (true);
	for (unsigned int i = 0; i < nfiles; i++)
		if (strcmp(files[i].name, name) == 0) {
			*f = &files[i];
			return (!files[i].broken || node_say(n, prop,
			    "image \"%s\" was refused", name));
		}
	return (node_say(n, prop, "no image \"%s\" in " BUNDLE_IMAGES, name));
}

bool
bundle_image(const struct tree_node *n, const char *prop, const char *name,
    struct tree_value *data)
{
	const struct file *f;

	if (!find_file(n, prop, name, &f))
		return (false);
	*data = f->data;
	return (true);
}

static bool
read_vcpus(const struct tree_node *n)
{
	const struct tree_value *cpus = &wanted.cpus;
	struct vm_config *c = &wanted.config;

	if (wanted.vcpus == 0 || wanted.vcpus > MACHINE_MAX_VCPUS)
		return (node_say(n, "vcpus", "%lu is not 1 to %d",
		    wanted.vcpus, MACHINE_MAX_VCPUS));
	c->nvcpus = (unsigned int)wanted.vcpus;
	if (cpus->data != NULL && cpus->len != c->nvcpus * 4)
		return (node_say(n, "cpus", "%u bytes: wants one cell for "
		    "each of %u vCPUs", cpus->len, c->nvcpus));
	for (unsigned int i = 0; i < c->nvcpus; i++) {
		uint32_t x = tree_cell(cpus, i);

		c->cpus[i] = cpus->data == NULL ? VM_CPU_ANY : x;
		if (cpus->data != NULL && (x >= pcpu_count ||
		    pcpus[x] == NULL || !pcpus[x]->online))
			return (node_say(n, "cpus", "CPU %u is not there: this "
			    "machine has %u", x, pcpu_count));
	}
	return (true);
}

/* The values that a machine or a guest sets a limit to. */
static bool
check_limits(const struct tree_node *n)
{
	uint64_t want = wanted.config.memory, have = host.ram_left();
	uint64_t space = (1ull << host.ipa_bits) - MACHINE_RAM_BASE;
	size_t len = strlen(wanted.tree.bootargs);

	if (want == 0 || want % PAGE_SIZE != 0)
		return (node_say(n, "memory", "0x%lx is not a multiple "
		    "of 4096 above 0", want));
	if (want > have)
		return (node_say(n, "memory", "larger than the machine has "
		    "(%lu MiB wanted, %lu MiB free)", want >> 20, have >> 20));
	if (want > space)
		return (node_say(n, "memory", "larger than a guest can "
		    "address here (%lu MiB)", space >> 20));
	if (wanted.gic != 2 && wanted.gic != 3)
		return (node_say(n, "gic", "%lu is not 2 or 3", wanted.gic));
	/* GICv3 may do as GICv2 for guests, but our driver does not. */
	if (wanted.gic != host.gic_version)
		return (node_say(n, "gic", "%lu is not possible: this machine "
		    "has GICv%u", wanted.gic, host.gic_version));
	if (len >= BOOTARGS_MAX)
		return (node_say(n, "bootargs", "%zu characters: at most %d",
		    len, BOOTARGS_MAX - 1));
	return (true);
}

static bool
read_name(const struct tree_node *n)
{
	struct vm_config *c = &wanted.config;
	const struct vm *vm;

	if (strlen(n->name) >= VM_NAME_MAX)
		return (node_say(n, NULL, "name longer than %d characters",
		    VM_NAME_MAX - 1));
	memcpy(c->name, n->name, strlen(n->name) + 1);
	for (unsigned int i = 0; i < VM_MAX; i++)
		if ((vm = vm_by_index(i)) != NULL &&
		    strcmp(vm->config.name, c->name) == 0)
			return (node_say(n, NULL, "there is a VM of this "
			    "name already"));
	return (true);
}

#define	AT(member)	offsetof(struct wanted, member)

/* Everything about the VM, into wanted. */
static bool
read_vm(struct tree_node *n)
{
	static const struct node_prop props[] = {
		{ "kernel", NODE_STRING, .at = AT(kernel_name) },
		{ "initrd", NODE_STRING, .at = AT(initrd_name) },
		{ "dtb", NODE_STRING, .at = AT(dtb_name) },
		{ "bootargs", NODE_STRING, .at = AT(tree.bootargs) },
		{ "memory", NODE_PAIR, AT(config.memory), true, NULL },
		{ "vcpus", NODE_CELL, .at = AT(vcpus) },
		{ "cpus", NODE_BYTES, .at = AT(cpus) },
		{ "stage2", NODE_WORD, AT(config.demand), false,
		    "eager\0demand" },
		{ "wfi", NODE_WORD, AT(config.wfi_native), false,
		    "trap\0native" },
		{ "gic", NODE_CELL, .at = AT(gic) },
		{ "stats", NODE_FLAG, .at = AT(config.stats) },
	};
	struct vm_config *c = &wanted.config;
	struct tree_node child;

	wanted = (struct wanted){ .vcpus = 1, .gic = host.gic_version,
	    .config.ram_base = MACHINE_RAM_BASE,
	    .tree = { .config = c, .bootargs = "", .vm = n,
	    .pmu = irq_private.pmu != 0 } };
	if (!read_name(n) || !node_read(n, props, nitems(props), &wanted) ||
	    !find_file(n, "kernel", wanted.kernel_name, &wanted.kernel) ||
	    !find_file(n, "initrd", wanted.initrd_name, &wanted.initrd) ||
	    !find_file(n, "dtb", wanted.dtb_name, &wanted.dtb) ||
	    !read_vcpus(n) || !check_limits(n))
		return (false);
	if (wanted.tree.bootargs[0] != '\0' && wanted.dtb != NULL)
		node_say(n, "bootargs", "not used: the VM has a dtb of its "
		    "own");
	c->gic = (unsigned int)wanted.gic;
	while (tree_child(n, &child))
		if (!(strcmp(child.name, BUNDLE_PASSTHROUGH) == 0 ?
		    passthrough_read : host.devices->read)(&child, c))
			return (false);
	return (true);
}

/* The VM's own device tree: we only carry it. */
static bool
check_dtb(const struct tree_node *n, const struct file *f)
{

	if (f->data.len < sizeof(struct fdt_header) ||
	    fdt_magic(f->data.data) != FDT_MAGIC)
		return (node_say(n, "dtb", "image \"%s\" is no device tree",
		    f->name));
	if (fdt_totalsize(f->data.data) > f->data.len || f->data.len > TREE_MAX)
		return (node_say(n, "dtb", "image \"%s\" is %s", f->name,
		    f->data.len > TREE_MAX ? "larger than 2 MiB" :
		    "cut short"));
	return (true);
}

static bool
make_vm(const struct tree_node *n)
{
	struct guest_fdt *tree = &wanted.tree;
	const struct file *kernel = wanted.kernel, *rd = wanted.initrd;
	uint64_t memory = wanted.config.memory;
	struct image *im = &wanted.config.image;
	struct image_places at;
	void *page = NULL;
	char err[VM_ERR];
	int error = 0;

	if (wanted.dtb != NULL && !check_dtb(n, wanted.dtb))
		return (false);
	if (wanted.config.extra.firmware.data != NULL) {
		wanted.config.extra.bootargs = tree->bootargs;
		if (kernel != NULL)
			wanted.config.extra.kernel = kernel->data;
		if (rd != NULL)
			wanted.config.extra.initrd = rd->data;
		rd = NULL;
	} else if (kernel == NULL)
		return (node_say(n, "kernel", "missing"));
	else if (kernel->raw)
		error = image_raw(im, kernel->data.data, kernel->data.len,
		    kernel->load, kernel->entry, memory, err);
	else
		error = image_read(im, kernel->data.data, kernel->data.len,
		    memory, err);
	if (error != 0)
		return (node_say(n, "kernel", "image \"%s\" %s",
		    kernel->name, err));
	size_t room = wanted.dtb != NULL ? wanted.dtb->data.len :
	    round_up(guest_fdt_bound(tree), PAGE_SIZE);
	tree->initrd_size = rd == NULL ? 0 : rd->data.len;
	if (image_place(im, memory, tree->initrd_size, room, &at, err) != 0)
		return (node_say(n, "memory", "%s", err));
	tree->initrd.v = at.initrd.v + wanted.config.ram_base -
	    MACHINE_RAM_BASE;
	wanted.config.dtb.v = at.dtb.v << (im->aarch32 ? 32 : 0);
	if (rd != NULL)
		im->part[im->nparts++] = (struct vm_image){ at.initrd,
		    rd->data.data, rd->data.len, 0 };
	struct vm_image *dtb = &im->part[im->nparts++];
	*dtb = (struct vm_image){ at.dtb, NULL, room, 0 };
	if (wanted.dtb != NULL) {
		dtb->data = wanted.dtb->data.data;
		if (rd != NULL)
			node_say(n, "initrd", "at 0x%lx: the VM's own dtb "
			    "must say so", at.initrd.v);
	} else {
		dtb->data = page = pool_alloc(host.pool, room / PAGE_SIZE, 1);
		dtb->size = page == NULL ? 0 : guest_fdt_write(tree, page,
		    room);
	}
	if (dtb->size == 0)
		print_fail(err, "no memory for its device tree");
	else if (vm_create(&wanted.config, err) == 0)
		return (true);
	if (page != NULL)
		pool_free(host.pool, page, room / PAGE_SIZE);
	return (node_say(n, NULL, "%s", err));
}

unsigned int
bundle_load(const void *bundle, size_t size)
{
	struct tree_node images = { .props = NULL }, vms = images, root, n;
	struct tree_value compatible = { NULL, 0 };
	static const struct node_prop props[] = {
		{ "compatible", NODE_BYTES, .at = 0 },
	};
	unsigned int seen = 0, made = 0;
	char err[VM_ERR];

	if (tree_open(&root, bundle, size, err, sizeof(err)) != 0) {
		log_line("bundle: %s", err);
		return (0);
	}
	if (!node_read(&root, props, nitems(props), &compatible))
		return (0);
	if (!tree_lists(&compatible, BUNDLE_COMPATIBLE)) {
		node_say(&root, "compatible", "not \"" BUNDLE_COMPATIBLE
		    "\": no bundle, or not for this hypervisor");
		return (0);
	}
	while (tree_child(&root, &n))
		if (strcmp(n.name, &BUNDLE_IMAGES[1]) == 0)
			images = n;
		else if (strcmp(n.name, &BUNDLE_VMS[1]) == 0)
			vms = n;
		else if (strcmp(n.name, "__symbols__") != 0)
			node_say(&n, NULL, "not known: ignored");
	if (images.props == NULL || vms.props == NULL) {
		node_say(&root, images.props == NULL ? "images" : "vms",
		    "missing");
		return (0);
	}
	read_files(&images);
	node_read(&vms, NULL, 0, NULL);
	for (; tree_child(&vms, &n); seen++)
		if (read_vm(&n) && make_vm(&n))
			made++;
	if (seen == 0)
		node_say(&vms, NULL, "no VMs");
	return (made);
}
