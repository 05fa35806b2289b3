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
#include "vmm/host.h"
#include "vmm/image.h"
#include "vmm/irq.h"
#include "vmm/passthrough.h"
#include "vmm/pcpu.h"

#define	FILES_MAX	(VM_MAX * 3)
#define	BOOTARGS_MAX	2048		/* with the NUL; arm64 Linux's */
#define	DTB_MAX		(2ul << 20)	/* booting.rst, 2 */

struct file {				/* a node of /images */
	const char	*name;
	struct tree_value data;
	bool		raw, broken;
	ipa_t		load, entry;
};

/* The VM being read. */
struct wanted {
	struct vm_config config;
	struct guest_fdt tree;
	const struct file *kernel, *initrd, *dtb;
};

static struct file files[FILES_MAX];
static unsigned int nfiles;
static struct wanted wanted;
static const struct bundle_host *machine;

/* A node of /images. */
static bool
read_file(const struct tree_node *n, struct file *f)
{
	enum { DATA, TYPE, LOAD, ENTRY, PROPS };
	static const char *const names[] = { "data", "type", "load", "entry" };
	static const char *const types[] = { "auto", "raw" };
	struct tree_value v[PROPS];

	f->name = n->name;
	f->broken = true;
	if (!node_read(n, names, PROPS, v) ||
	    !node_word(n, "type", &v[TYPE], types, &f->raw))
		return (false);
	if (v[DATA].len == 0)
		return (node_say(n, "data", v[DATA].data == NULL ?
		    "missing" : "empty"));
	f->data = v[DATA];
	if (!f->raw) {
		if (v[LOAD].data != NULL || v[ENTRY].data != NULL)
			node_say(n, v[LOAD].data != NULL ? "load" : "entry",
			    "not used: type is not \"raw\"");
	} else if (v[LOAD].data == NULL)
		return (node_say(n, "load", "missing: a raw image needs one"));
	else if (!node_number(n, "load", &v[LOAD], 2, &f->load.v))
		return (false);
	f->entry = f->load;
	if (f->raw && v[ENTRY].data != NULL &&
	    !node_number(n, "entry", &v[ENTRY], 2, &f->entry.v))
		return (false);
	f->broken = false;
	return (true);
}

static void
read_files(struct tree_node *images)
{
	struct tree_node n;

	node_read(images, NULL, 0, NULL);
	nfiles = 0;
	while (tree_child(images, &n)) {
		if (nfiles == FILES_MAX) {
			node_say(&n, NULL, "ignored: more than %d images",
			    FILES_MAX);
			break;
		}
		read_file(&n, &files[nfiles++]);
	}
}

/* The image that a property of a VM names; NULL in *f where not given. */
static bool
find_file(const struct tree_node *n, const char *prop,
    const struct tree_value *v, const struct file **f)
{
	const char *name;

	*f = NULL;
	if (v->data == NULL)
		return (true);
	if (!node_string(n, prop, v, &name))
		return (false);
	for (unsigned int i = 0; i < nfiles; i++)
		if (strcmp(files[i].name, name) == 0) {
			*f = &files[i];
			return (!files[i].broken || node_say(n, prop,
			    "image \"%s\" was refused", name));
		}
	return (node_say(n, prop, "no image \"%s\" in " BUNDLE_IMAGES, name));
}

static bool
read_memory(const struct tree_node *n, const struct tree_value *v)
{
	uint64_t have = machine->ram_free();
	struct vm_config *c = &wanted.config;

	if (v->data == NULL)
		return (node_say(n, "memory", "missing"));
	if (!node_number(n, "memory", v, 2, &c->memory))
		return (false);
	uint64_t want = c->memory;
	if (want == 0 || want % PAGE_SIZE != 0)
		return (node_say(n, "memory", "0x%lx is not a multiple "
		    "of 4096 above 0", want));
	if (want > have)
		return (node_say(n, "memory", "larger than the machine has "
		    "(%lu MiB wanted, %lu MiB free)", want >> 20, have >> 20));
	uint64_t space = (1ull << host.ipa_bits) - MACHINE_RAM_BASE;
	if (want > space)
		return (node_say(n, "memory", "larger than a guest can "
		    "address here (%lu MiB)", space >> 20));
	return (true);
}

static bool
read_vcpus(const struct tree_node *n, const struct tree_value *vcpus,
    const struct tree_value *cpus)
{
	struct vm_config *c = &wanted.config;
	uint64_t x = 1;

	if (vcpus->data != NULL && !node_number(n, "vcpus", vcpus, 1, &x))
		return (false);
	if (x == 0 || x > MACHINE_MAX_VCPUS)
		return (node_say(n, "vcpus", "%lu is not 1 to %d",
		    x, MACHINE_MAX_VCPUS));
	c->nvcpus = (unsigned int)x;
	for (unsigned int i = 0; i < c->nvcpus; i++)
		c->cpus[i] = VM_CPU_ANY;
	if (cpus->data == NULL)
		return (true);
	if (cpus->len != c->nvcpus * 4)
		return (node_say(n, "cpus", "%u bytes: wants one cell for "
		    "each of %u vCPUs", cpus->len, c->nvcpus));
	for (unsigned int i = 0; i < c->nvcpus; i++) {
		x = c->cpus[i] = tree_cell(cpus, i);
		if (x >= pcpu_count || pcpus[x] == NULL || !pcpus[x]->online)
			return (node_say(n, "cpus", "CPU %u is not there: this "
			    "machine has %u", (unsigned int)x, pcpu_count));
	}
	return (true);
}

static bool
read_gic(const struct tree_node *n, const struct tree_value *v)
{
	uint64_t x = host.gic_version;

	if (v->data != NULL && !node_number(n, "gic", v, 1, &x))
		return (false);
	if (x != 2 && x != 3)
		return (node_say(n, "gic", "%lu is not 2 or 3", x));
	/* GICv3 may do as GICv2 for guests, but our driver does not. */
	if (x != host.gic_version)
		return (node_say(n, "gic", "%lu is not possible: this machine "
		    "has GICv%u", x, host.gic_version));
	wanted.config.gic = (unsigned int)x;
	return (true);
}

static bool
read_name(const struct tree_node *n)
{
	struct vm_config *c = &wanted.config;
	unsigned int used = 0;
	const struct vm *vm;

	if (strlen(n->name) >= VM_NAME_MAX)
		return (node_say(n, NULL, "name longer than %d characters",
		    VM_NAME_MAX - 1));
	memcpy(c->name, n->name, strlen(n->name) + 1);
	for (unsigned int i = 0; i < VM_MAX; i++) {
		if ((vm = vm_by_index(i)) == NULL)
			continue;
		used++;
		if (strcmp(vm->config.name, c->name) == 0)
			return (node_say(n, NULL, "there is a VM of this "
			    "name already"));
	}
	return (used < VM_MAX || node_say(n, NULL, "more than %d VMs", VM_MAX));
}

/* Everything about the VM, into wanted. */
static bool
read_vm(struct tree_node *n)
{
	enum { KERNEL, INITRD, DTB, BOOTARGS, MEMORY, VCPUS, CPUS, STAGE2,
	    WFI, GIC, STATS, PROPS };
	static const char *const names[] = { "kernel", "initrd", "dtb",
	    "bootargs", "memory", "vcpus", "cpus", "stage2", "wfi", "gic",
	    "stats" };
	static const char *const stage2[] = { "eager", "demand" };
	static const char *const wfi[] = { "trap", "native" };
	struct vm_config *c = &wanted.config;
	struct tree_value v[PROPS];

	wanted = (struct wanted){ .tree.config = c, .tree.bootargs = "",
	    .tree.pmu = irq_private.pmu != 0 };
	if (!read_name(n) || !node_read(n, names, PROPS, v))
		return (false);
	if (v[KERNEL].data == NULL)
		return (node_say(n, "kernel", "missing"));
	if (!find_file(n, "kernel", &v[KERNEL], &wanted.kernel) ||
	    !find_file(n, "initrd", &v[INITRD], &wanted.initrd) ||
	    !find_file(n, "dtb", &v[DTB], &wanted.dtb) ||
	    !read_memory(n, &v[MEMORY]) ||
	    !read_vcpus(n, &v[VCPUS], &v[CPUS]) ||
	    !node_word(n, "stage2", &v[STAGE2], stage2, &c->demand) ||
	    !node_word(n, "wfi", &v[WFI], wfi, &c->wfi_native) ||
	    !node_flag(n, "stats", &v[STATS], &c->stats) ||
	    !read_gic(n, &v[GIC]))
		return (false);
	if (v[BOOTARGS].data != NULL) {
		if (!node_string(n, "bootargs", &v[BOOTARGS],
		    &wanted.tree.bootargs))
			return (false);
		if (v[BOOTARGS].len > BOOTARGS_MAX)
			return (node_say(n, "bootargs", "%u characters: at "
			    "most %d", v[BOOTARGS].len - 1, BOOTARGS_MAX - 1));
		if (wanted.dtb != NULL)
			node_say(n, "bootargs", "not used: the VM has a dtb "
			    "of its own");
	}
	return (passthrough_read(n, machine, c, &wanted.tree));
}

/* The VM's own device tree: we only carry it. */
static bool
check_dtb(const struct tree_node *n, const struct file *f)
{

	if (f->data.len < sizeof(struct fdt_header) ||
	    fdt_magic(f->data.data) != FDT_MAGIC)
		return (node_say(n, "dtb", "image \"%s\" is no device tree",
		    f->name));
	if (fdt_totalsize(f->data.data) > f->data.len || f->data.len > DTB_MAX)
		return (node_say(n, "dtb", "image \"%s\" is %s", f->name,
		    f->data.len > DTB_MAX ? "larger than 2 MiB" : "cut short"));
	return (true);
}

/* Kernel, initrd and device tree. */
static int
load_vm(struct vm *vm, const struct image *im, const struct image_places *at,
    const void *dtb, size_t dtb_size, char *err)
{
	const struct file *rd = wanted.initrd;
	int error = 0;

	for (unsigned int i = 0; i < im->nparts && error == 0; i++)
		error = vm_load(vm, im->part[i].ipa, im->part[i].data,
		    im->part[i].size, im->part[i].zero, err);
	if (error == 0 && rd != NULL)
		error = vm_load(vm, at->initrd, rd->data.data, rd->data.len,
		    0, err);
	if (error == 0)
		error = vm_load(vm, at->dtb, dtb, dtb_size, 0, err);
	vm_set_entry(vm, im->entry, at->dtb);
	return (error);
}

static bool
make_vm(const struct tree_node *n)
{
	const struct file *kernel = wanted.kernel;
	struct guest_fdt *tree = &wanted.tree;
	size_t room = 0;
	const void *dtb;
	void *page = NULL;
	struct image_places at;
	static struct image im;
	struct vm *vm = NULL;
	char err[VM_ERR];
	int error;

	if (wanted.dtb != NULL && !check_dtb(n, wanted.dtb))
		return (false);
	if (kernel->raw)
		error = image_raw(&im, kernel->data.data, kernel->data.len,
		    kernel->load, kernel->entry, wanted.config.memory, err);
	else
		error = image_read(&im, kernel->data.data, kernel->data.len,
		    wanted.config.memory, err);
	if (error != 0)
		return (node_say(n, "kernel", "image \"%s\" %s",
		    kernel->name, err));
	if (wanted.dtb == NULL)
		room = round_up(guest_fdt_bound(tree), PAGE_SIZE);
	size_t size = wanted.dtb == NULL ? room : wanted.dtb->data.len;
	tree->initrd_size = wanted.initrd == NULL ? 0 : wanted.initrd->data.len;
	if (image_place(&im, wanted.config.memory, tree->initrd_size, size,
	    &at, err) != 0)
		return (node_say(n, "memory", "%s", err));
	tree->initrd = at.initrd;
	if (wanted.dtb != NULL) {
		dtb = wanted.dtb->data.data;
		if (wanted.initrd != NULL)
			node_say(n, "initrd", "at 0x%lx: the VM's own dtb "
			    "must say so", at.initrd.v);
	} else {
		dtb = page = pool_alloc(host.pool, room / PAGE_SIZE, 1);
		size = page == NULL ? 0 : guest_fdt_write(tree, page, room);
		if (size == 0) {
			print_buf(err, sizeof(err), "no memory for its "
			    "device tree");
			goto fail;
		}
	}
	if (vm_create(&wanted.config, &vm, err) != 0)
		goto fail;
	if (load_vm(vm, &im, &at, dtb, size, err) == 0)
		return (true);
	vm_destroy(vm);
fail:
	if (page != NULL)
		pool_free(host.pool, page, room / PAGE_SIZE);
	return (node_say(n, NULL, "%s", err));
}

unsigned int
bundle_load(const void *bundle, size_t size, const struct bundle_host *h)
{
	static const char *const names[] = { "compatible" };
	struct tree_node images = { .props = NULL }, vms = images, root, n;
	struct tree_value compatible;
	unsigned int seen = 0, made = 0;

	machine = h;
	if (!node_root(&root, bundle, size) ||
	    !node_read(&root, names, 1, &compatible))
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
