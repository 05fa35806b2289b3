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
#include "vmm/bundle_node.h"
#include "vmm/guest_fdt.h"
#include "vmm/host.h"
#include "vmm/image.h"
#include "vmm/irq.h"
#include "vmm/pcpu.h"

#define	FILES_MAX	(VM_MAX * 3)
#define	BOOTARGS_MAX	2048		/* with the NUL; arm64 Linux's */
#define	DTB_MAX		(2ul << 20)	/* booting.rst, 2 */

struct file {				/* a node of /images */
	const char	*name;
	struct node_value data;
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

static bool
overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{

	return (a < b + blen && b < a + alen);
}

/* A node of /images. */
static bool
read_file(const struct node *n, struct file *f)
{
	enum { DATA, TYPE, LOAD, ENTRY, PROPS };
	static const char *const names[] = { "data", "type", "load", "entry" };
	static const char *const types[] = { "auto", "raw" };
	struct node_value v[PROPS];

	f->name = n->name;
	f->broken = true;
	if (!node_read(n, names, PROPS, v) ||
	    !node_word(n, "type", &v[TYPE], types, &f->raw))
		return (false);
	if (v[DATA].len == 0)
		return (node_refuse(n, "data", v[DATA].data == NULL ?
		    "missing" : "empty"));
	f->data = v[DATA];
	if (!f->raw) {
		if (v[LOAD].data != NULL || v[ENTRY].data != NULL)
			node_say(n, v[LOAD].data != NULL ? "load" : "entry",
			    "not used: type is not \"raw\"");
	} else if (v[LOAD].data == NULL)
		return (node_refuse(n, "load", "missing: a raw image needs "
		    "one"));
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
read_files(struct node *images)
{
	struct node n;

	node_read(images, NULL, 0, NULL);
	nfiles = 0;
	while (node_child(images, &n)) {
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
find_file(const struct node *n, const char *prop, const struct node_value *v,
    const struct file **f)
{
	const char *name;
	unsigned int i;

	*f = NULL;
	if (v->data == NULL)
		return (true);
	if (!node_string(n, prop, v, &name))
		return (false);
	for (i = 0; i < nfiles; i++)
		if (strcmp(files[i].name, name) == 0) {
			*f = &files[i];
			return (!files[i].broken || node_refuse(n, prop,
			    "image \"%s\" was refused", name));
		}
	return (node_refuse(n, prop, "no image \"%s\" in " BUNDLE_IMAGES,
	    name));
}

static bool
read_memory(const struct node *n, const struct node_value *v)
{
	unsigned long long want, space, have = machine->ram_free();
	struct vm_config *c = &wanted.config;

	if (v->data == NULL)
		return (node_refuse(n, "memory", "missing"));
	if (!node_number(n, "memory", v, 2, &c->memory))
		return (false);
	want = c->memory;
	if (want == 0 || want % PAGE_SIZE != 0)
		return (node_refuse(n, "memory", "0x%llx is not a multiple "
		    "of 4096 above 0", want));
	if (want > have)
		return (node_refuse(n, "memory", "larger than the machine "
		    "has (%llu MiB wanted, %llu MiB free)", want >> 20,
		    have >> 20));
	space = (1ull << host.ipa_bits) - MACHINE_RAM_BASE;
	if (want > space)
		return (node_refuse(n, "memory", "larger than a guest can "
		    "address here (%llu MiB)", space >> 20));
	return (true);
}

static bool
read_vcpus(const struct node *n, const struct node_value *vcpus,
    const struct node_value *cpus)
{
	struct vm_config *c = &wanted.config;
	uint64_t x = 1;
	unsigned int i;

	if (vcpus->data != NULL && !node_number(n, "vcpus", vcpus, 1, &x))
		return (false);
	if (x == 0 || x > MACHINE_MAX_VCPUS)
		return (node_refuse(n, "vcpus", "%llu is not 1 to %d",
		    (unsigned long long)x, MACHINE_MAX_VCPUS));
	c->nvcpus = (unsigned int)x;
	for (i = 0; i < c->nvcpus; i++)
		c->cpus[i] = VM_CPU_ANY;
	if (cpus->data == NULL)
		return (true);
	if (cpus->len != c->nvcpus * 4)
		return (node_refuse(n, "cpus", "%u bytes: wants one cell for "
		    "each of %u vCPUs", cpus->len, c->nvcpus));
	for (i = 0; i < c->nvcpus; i++) {
		x = c->cpus[i] = node_cell(cpus, i);
		if (x >= pcpu_count || pcpus[x] == NULL || !pcpus[x]->online)
			return (node_refuse(n, "cpus", "CPU %u is not there: "
			    "this machine has %u", (unsigned int)x,
			    pcpu_count));
	}
	return (true);
}

static bool
read_gic(const struct node *n, const struct node_value *v)
{
	uint64_t x = host.gic_version;

	if (v->data != NULL && !node_number(n, "gic", v, 1, &x))
		return (false);
	if (x != 2 && x != 3)
		return (node_refuse(n, "gic", "%llu is not 2 or 3",
		    (unsigned long long)x));
	/* GICv3 may do as GICv2 for guests, but our driver does not. */
	if (x != host.gic_version)
		return (node_refuse(n, "gic", "%llu is not possible: this "
		    "machine has GICv%u", (unsigned long long)x,
		    host.gic_version));
	wanted.config.gic = (unsigned int)x;
	return (true);
}

/* May a guest have this range, of those that it asked for until now? */
static bool
check_device(const struct node *n, uint64_t ipa, uint64_t pa, uint64_t size)
{
	static const struct {
		uint32_t	base, size;
		const char	*what;
	} emulated[] = {
		{ MACHINE_GICD_BASE, MACHINE_GICD_SIZE, "GIC" },
		{ MACHINE_GICC_BASE, MACHINE_GICC_SIZE, "GIC" },
		{ MACHINE_GICR_BASE, MACHINE_GICR_STRIDE * MACHINE_MAX_VCPUS,
		    "GIC" },
		{ MACHINE_UART_BASE, MACHINE_UART_SIZE, "UART" },
		{ MACHINE_RTC_BASE, MACHINE_RTC_SIZE, "clock" },
		{ MACHINE_VIRTIO_BASE, MACHINE_VIRTIO_SIZE, "virtio window" },
	};
	const struct vm_config *c = &wanted.config;
	unsigned long long at = ipa;
	const struct vm *vm;
	const char *owner;
	unsigned int i, j;

	if (size == 0 || ((ipa | pa | size) & (PAGE_SIZE - 1)) != 0)
		return (node_refuse(n, "reg", "IPA 0x%llx: not whole pages",
		    at));
	if (ipa + size < ipa || (ipa + size - 1) >> host.ipa_bits != 0 ||
	    pa + size < pa)
		return (node_refuse(n, "reg", "IPA 0x%llx: ends beyond the "
		    "addresses there are", at));
	if (overlap(ipa, size, MACHINE_RAM_BASE, c->memory))
		return (node_refuse(n, "reg", "IPA 0x%llx: overlaps the VM's "
		    "RAM", at));
	for (i = 0; i < nitems(emulated); i++)
		if (overlap(ipa, size, emulated[i].base, emulated[i].size))
			return (node_refuse(n, "reg", "IPA 0x%llx: overlaps "
			    "the VM's %s", at, emulated[i].what));
	for (i = 0; i < c->ndevices; i++)
		if (overlap(ipa, size, c->devices[i].ipa.v,
		    c->devices[i].size) || overlap(pa, size,
		    c->devices[i].pa.v, c->devices[i].size))
			return (node_refuse(n, "reg", "IPA 0x%llx: overlaps "
			    "another range of this VM", at));
	at = pa;
	if ((owner = machine->pa_owner(PA(pa), size)) != NULL)
		return (node_refuse(n, "reg", "PA 0x%llx: is %s", at, owner));
	for (i = 0; i < VM_MAX; i++) {
		if ((vm = vm_by_index(i)) == NULL)
			continue;
		for (j = 0; j < vm->config.ndevices; j++)
			if (overlap(pa, size, vm->config.devices[j].pa.v,
			    vm->config.devices[j].size))
				return (node_refuse(n, "reg", "PA 0x%llx: is "
				    "given to VM %s already", at,
				    vm->config.name));
	}
	return (true);
}

static bool
check_spi(const struct node *n, uint32_t intid)
{
	const struct vm_config *c = &wanted.config;
	const struct vm *vm;
	const char *owner;
	unsigned int i, j;

	if (intid < 32 || intid >= MACHINE_NR_INTID)
		return (node_refuse(n, "interrupts", "%u is no SPI (32 to %d)",
		    intid, MACHINE_NR_INTID - 1));
	if (intid == MACHINE_UART_INTID || intid == MACHINE_RTC_INTID)
		return (node_refuse(n, "interrupts", "%u is that of the VM's "
		    "%s", intid, intid == MACHINE_UART_INTID ? "UART" :
		    "clock"));
	for (i = 0; i < c->nspis; i++)
		if (c->spis[i].intid == intid)
			return (node_refuse(n, "interrupts", "%u is named "
			    "twice", intid));
	if ((owner = machine->intid_owner(intid)) != NULL)
		return (node_refuse(n, "interrupts", "%u is %s", intid,
		    owner));
	for (i = 0; i < VM_MAX; i++) {
		if ((vm = vm_by_index(i)) == NULL)
			continue;
		for (j = 0; j < vm->config.nspis; j++)
			if (vm->config.spis[j].intid == intid)
				return (node_refuse(n, "interrupts", "%u is "
				    "given to VM %s already", intid,
				    vm->config.name));
	}
	return (true);
}

static bool
read_device(const struct node *n)
{
	enum { REG, INTERRUPTS, EDGE, READ_ONLY, COMPATIBLE, PROPS };
	static const char *const names[] = { "reg", "interrupts", "edge",
	    "read-only", "compatible" };
	struct vm_config *c = &wanted.config;
	struct guest_fdt_device *d;
	struct node_value v[PROPS];
	unsigned int i;

	if (!node_read(n, names, PROPS, v))
		return (false);
	/* Three times two cells each. */
	if (v[REG].len == 0 || v[REG].len % 24 != 0)
		return (node_refuse(n, "reg", "wants IPA, PA and size, two "
		    "cells each"));
	if (v[INTERRUPTS].len % 4 != 0)
		return (node_refuse(n, "interrupts", "wants one cell each"));
	if (c->ndevices + v[REG].len / 24 > VM_MAX_PASSTHROUGH)
		return (node_refuse(n, "reg", "more than %d ranges",
		    VM_MAX_PASSTHROUGH));
	if (c->nspis + v[INTERRUPTS].len / 4 > VM_MAX_PASSTHROUGH)
		return (node_refuse(n, "interrupts", "more than %d",
		    VM_MAX_PASSTHROUGH));
	d = &wanted.tree.devices[wanted.tree.ndevices++];
	*d = (struct guest_fdt_device){
		.name = n->name, .name_len = (unsigned int)strlen(n->name),
		.compatible = v[COMPATIBLE].data,
		.compatible_len = v[COMPATIBLE].len,
		.reg = (uint8_t)c->ndevices, .spi = (uint8_t)c->nspis,
		.nregs = (uint8_t)(v[REG].len / 24),
		.nspis = (uint8_t)(v[INTERRUPTS].len / 4),
	};
	for (i = 0; i < d->nregs; i++) {
		uint64_t ipa = node_cells(&v[REG], i * 6);
		uint64_t pa = node_cells(&v[REG], i * 6 + 2);
		uint64_t size = node_cells(&v[REG], i * 6 + 4);

		if (!check_device(n, ipa, pa, size))
			return (false);
		c->devices[c->ndevices].ipa = IPA(ipa);
		c->devices[c->ndevices].pa = PA(pa);
		c->devices[c->ndevices].size = size;
		c->devices[c->ndevices++].read_only =
		    v[READ_ONLY].data != NULL;
	}
	for (i = 0; i < d->nspis; i++) {
		if (!check_spi(n, node_cell(&v[INTERRUPTS], i)))
			return (false);
		c->spis[c->nspis].intid = node_cell(&v[INTERRUPTS], i);
		c->spis[c->nspis++].edge = v[EDGE].data != NULL;
	}
	return (true);
}

static bool
read_passthrough(struct node *vm)
{
	struct node n, dev;

	while (node_child(vm, &n)) {
		if (strcmp(n.name, "passthrough") != 0) {
			node_say(&n, NULL, "not known: ignored");
			continue;
		}
		if (!node_read(&n, NULL, 0, NULL))
			return (false);
		while (node_child(&n, &dev))
			if (!read_device(&dev))
				return (false);
	}
	return (true);
}

static bool
read_name(const struct node *n)
{
	struct vm_config *c = &wanted.config;
	unsigned int i, used = 0;
	const struct vm *vm;

	if (strlen(n->name) >= VM_NAME_MAX)
		return (node_refuse(n, NULL, "name longer than %d characters",
		    VM_NAME_MAX - 1));
	memcpy(c->name, n->name, strlen(n->name) + 1);
	for (i = 0; i < VM_MAX; i++) {
		if ((vm = vm_by_index(i)) == NULL)
			continue;
		used++;
		if (strcmp(vm->config.name, c->name) == 0)
			return (node_refuse(n, NULL, "there is a VM of this "
			    "name already"));
	}
	return (used < VM_MAX || node_refuse(n, NULL, "more than %d VMs",
	    VM_MAX));
}

/* Everything about the VM, into wanted. */
static bool
read_vm(struct node *n)
{
	enum { KERNEL, INITRD, DTB, BOOTARGS, MEMORY, VCPUS, CPUS, STAGE2,
	    WFI, GIC, STATS, PROPS };
	static const char *const names[] = { "kernel", "initrd", "dtb",
	    "bootargs", "memory", "vcpus", "cpus", "stage2", "wfi", "gic",
	    "stats" };
	static const char *const stage2[] = { "eager", "demand" };
	static const char *const wfi[] = { "trap", "native" };
	struct vm_config *c = &wanted.config;
	struct node_value v[PROPS];

	wanted = (struct wanted){ .tree.config = c, .tree.bootargs = "",
	    .tree.pmu = irq_pmu() != 0 };
	if (!read_name(n) || !node_read(n, names, PROPS, v))
		return (false);
	if (v[KERNEL].data == NULL)
		return (node_refuse(n, "kernel", "missing"));
	if (!find_file(n, "kernel", &v[KERNEL], &wanted.kernel) ||
	    !find_file(n, "initrd", &v[INITRD], &wanted.initrd) ||
	    !find_file(n, "dtb", &v[DTB], &wanted.dtb) ||
	    !read_memory(n, &v[MEMORY]) ||
	    !read_vcpus(n, &v[VCPUS], &v[CPUS]) ||
	    !node_word(n, "stage2", &v[STAGE2], stage2, &c->demand) ||
	    !node_word(n, "wfi", &v[WFI], wfi, &c->wfi_native) ||
	    !read_gic(n, &v[GIC]))
		return (false);
	c->stats = v[STATS].data != NULL;
	if (v[BOOTARGS].data != NULL) {
		if (!node_string(n, "bootargs", &v[BOOTARGS],
		    &wanted.tree.bootargs))
			return (false);
		if (v[BOOTARGS].len > BOOTARGS_MAX)
			return (node_refuse(n, "bootargs", "%u characters: "
			    "at most %d", v[BOOTARGS].len - 1,
			    BOOTARGS_MAX - 1));
		if (wanted.dtb != NULL)
			node_say(n, "bootargs", "not used: the VM has a dtb "
			    "of its own");
	}
	return (read_passthrough(n));
}

/* The VM's own device tree: we only carry it. */
static bool
check_dtb(const struct node *n, const struct file *f)
{

	if (f->data.len < sizeof(struct fdt_header) ||
	    fdt_magic(f->data.data) != FDT_MAGIC)
		return (node_refuse(n, "dtb", "image \"%s\" is no device tree",
		    f->name));
	if (fdt_totalsize(f->data.data) > f->data.len ||
	    f->data.len > DTB_MAX)
		return (node_refuse(n, "dtb", "image \"%s\" is %s", f->name,
		    f->data.len > DTB_MAX ? "larger than 2 MiB" :
		    "cut short"));
	return (true);
}

/* Kernel, initrd and device tree. */
static int
load_vm(struct vm *vm, const struct image *im, const struct image_places *at,
    const void *dtb, size_t dtb_size, char *err)
{
	const struct file *rd = wanted.initrd;
	unsigned int i;
	int error = 0;

	for (i = 0; i < im->nparts && error == 0; i++)
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
make_vm(const struct node *n)
{
	const struct file *kernel = wanted.kernel;
	struct guest_fdt *tree = &wanted.tree;
	size_t size, room = 0;
	const void *dtb;
	void *page = NULL;
	struct image_places at;
	static struct image im;
	struct vm *vm;
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
		return (node_refuse(n, "kernel", "image \"%s\" %s",
		    kernel->name, err));
	if (wanted.dtb == NULL)
		room = round_up(guest_fdt_bound(tree), PAGE_SIZE);
	size = wanted.dtb == NULL ? room : wanted.dtb->data.len;
	tree->initrd_size = wanted.initrd == NULL ? 0 :
	    wanted.initrd->data.len;
	if (image_place(&im, wanted.config.memory, tree->initrd_size, size,
	    &at, err) != 0)
		return (node_refuse(n, "memory", "%s", err));
	tree->initrd = at.initrd;
	if (wanted.dtb != NULL) {
		dtb = wanted.dtb->data.data;
		if (wanted.initrd != NULL)
			node_say(n, "initrd", "at 0x%llx: the VM's own dtb "
			    "must say so", (unsigned long long)at.initrd.v);
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
	return (node_refuse(n, NULL, "%s", err));
}

unsigned int
bundle_load(const void *bundle, size_t size, const struct bundle_host *h)
{
	static const char *const names[] = { "compatible" };
	struct node root, n, images = { .fdt = NULL }, vms = { .fdt = NULL };
	struct node_value compatible;
	unsigned int seen = 0, made = 0;

	machine = h;
	if (!node_root(&root, bundle, size) ||
	    !node_read(&root, names, 1, &compatible))
		return (0);
	if (!node_lists(&compatible, BUNDLE_COMPATIBLE)) {
		node_say(&root, "compatible", "not \"" BUNDLE_COMPATIBLE
		    "\": no bundle, or not for this hypervisor");
		return (0);
	}
	while (node_child(&root, &n))
		if (strcmp(n.name, &BUNDLE_IMAGES[1]) == 0)
			images = n;
		else if (strcmp(n.name, &BUNDLE_VMS[1]) == 0)
			vms = n;
		else if (strcmp(n.name, "__symbols__") != 0)
			node_say(&n, NULL, "not known: ignored");
	if (images.fdt == NULL || vms.fdt == NULL) {
		node_say(&root, images.fdt == NULL ? "images" : "vms",
		    "missing");
		return (0);
	}
	read_files(&images);
	node_read(&vms, NULL, 0, NULL);
	for (; node_child(&vms, &n); seen++)
		if (read_vm(&n) && make_vm(&n))
			made++;
	if (seen == 0)
		node_say(&vms, NULL, "no VMs");
	return (made);
}
