/*
 * For tests of the bundle loader: a machine of four CPUs (the third is not
 * on) with 256 MiB free, the life of a VM as far as the loader sees it, the
 * lines it says. VMs are recorded, checked as no bundle may break them, and
 * their images copied once, so that a sanitizer sees every read.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/aarch64/ext/image_other.h"
#include "devices/pci.h"
#include "devices/private.h"
#include "mm/pool.h"
#include "tests/unit/pci_msi_fake.h"
#include "vmm/bundle.h"
#include "vmm/irq.h"

#define	FAKE_FREE	(256ull << 20)
#define	FAKE_LINES	4000

struct host host;
struct pcpu *pcpus[PCPU_MAX + 1];
unsigned int pcpu_count;

static struct {
	struct vm	*vms[VM_MAX];
	char		lines[FAKE_LINES];	/* each ends with a newline */
	uint64_t	free;
	size_t		pages;		/* of the pool, handed out */
	const char	*create_fails;	/* err, or NULL */
	bool		pool_empty;
	unsigned int	returned;	/* RAM of unsafe-dma given back */
	uint64_t	mapped;		/* registers, for the hypervisor */
	const char	*broken;	/* a promise that was not kept */
} fake;

/* The machine, as the devices of a VM see it; stays. */
static struct {
	bool		no_entropy;
	uint64_t	ram_at;		/* where unsafe-dma finds RAM */
	const char	*master;	/* a property of the node at 10004000 */
	uint64_t	ecam;		/* of a PCI host bridge; 0: none */
	char		tree[2048];
} fake_machine = { .ram_at = 0x48000000 };

static void
fake_promise(bool kept, const char *what)
{

	if (!kept && fake.broken == NULL)
		fake.broken = what;
}

void
log_line(const char *fmt, ...)
{
	size_t n = strlen(fake.lines);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fake.lines + n, FAKE_LINES - n, fmt, ap);
	va_end(ap);
	n = strlen(fake.lines);
	if (n < FAKE_LINES - 1)
		strcpy(fake.lines + n, "\n");
}

struct irq_private irq_private = { .pmu = 23 };

void *
pool_alloc(struct pool *p, size_t n, size_t align)
{
	void *pages;

	fake_promise(p == host.pool && n > 0 && align == 1, "pool_alloc");
	if (fake.pool_empty)
		return (NULL);
	if ((pages = aligned_alloc(PAGE_SIZE, n * PAGE_SIZE)) == NULL)
		abort();
	fake.pages += n;
	return (memset(pages, 0, n * PAGE_SIZE));
}

void
pool_free(struct pool *p, void *pages, size_t n)
{

	fake_promise(p == host.pool, "pool_free");
	fake.pages -= n;
	free(pages);
}

struct vm *
vm_by_index(unsigned int i)
{

	return (i < VM_MAX ? fake.vms[i] : NULL);
}

/* Every part in memory, apart from the others, and readable. */
static void
fake_image(const struct vm_config *c)
{
	const struct vm_image *p, *q;
	const struct vm_image *end = &c->image.part[c->image.nparts];

	fake_promise(c->image.nparts <= VM_MAX_IMAGES, "more images than room");
	for (p = c->image.part; fake.broken == NULL && p < end; p++) {
		uint64_t at = p->ipa.v - MACHINE_RAM_BASE;

		fake_promise(p->size <= c->memory && p->zero <= c->memory &&
		    at <= c->memory && at + p->size + p->zero <= c->memory,
		    "image outside of memory");
		for (q = c->image.part; q < p; q++)
			fake_promise(p->ipa.v >= q->ipa.v + q->size + q->zero ||
			    p->ipa.v + p->size + p->zero <= q->ipa.v,
			    "images overlap");
		if (fake.broken == NULL) {
			void *copy = malloc(p->size + 1);

			if (copy == NULL)
				abort();
			memcpy(copy, p->data, p->size);
			free(copy);
		}
	}
	fake_promise(c->extra.firmware.data != NULL ? c->image.entry.v == 0 :
	    c->image.entry.v >= MACHINE_RAM_BASE &&
	    c->image.entry.v - MACHINE_RAM_BASE < c->memory &&
	    c->image.entry.v % 4 == 0, "entry");
	fake_promise(c->dtb.v % 8 == 0, "dtb");
}

int
vm_create(const struct vm_config *c, char *err)
{
	struct vm *vm;
	unsigned int i, slot;

	if (fake.create_fails != NULL) {
		snprintf(err, VM_ERR, "%s", fake.create_fails);
		return (-1);
	}
	if (dma_check(c, err) != 0)
		return (-1);
	for (slot = 0; slot < VM_MAX && fake.vms[slot] != NULL; slot++)
		;
	if (slot == VM_MAX) {
		snprintf(err, VM_ERR, "more than %d VMs", VM_MAX);
		return (-1);
	}
	fake_promise(strnlen(c->name, VM_NAME_MAX) < VM_NAME_MAX, "name");
	fake_promise(c->nvcpus >= 1 && c->nvcpus <= MACHINE_MAX_VCPUS,
	    "nvcpus");
	fake_promise(c->memory != 0 && c->memory % PAGE_SIZE == 0 &&
	    c->memory <= fake.free, "memory");
	fake_promise(c->gic == host.gic_version, "gic");
	fake_promise(c->ndevices <= VM_MAX_PASSTHROUGH && c->nspis <=
	    VM_MAX_PASSTHROUGH, "passthrough");
	for (i = 0; i < c->nvcpus; i++)
		fake_promise(c->cpus[i] == VM_CPU_ANY || (c->cpus[i] <
		    pcpu_count && pcpus[c->cpus[i]]->online), "cpus");
	for (i = 0; i < c->nspis; i++)
		fake_promise(c->spis[i].intid >= 32 && c->spis[i].intid <
		    MACHINE_NR_INTID, "spis");
	for (i = 0; i < c->ndevices; i++)
		fake_promise(c->devices[i].size != 0 && ((c->devices[i].size |
		    c->devices[i].ipa.v | c->devices[i].pa.v) &
		    (PAGE_SIZE - 1)) == 0 && (c->devices[i].ipa.v +
		    c->devices[i].size - 1) >> host.ipa_bits == 0, "devices");
	fake_image(c);
	if ((vm = calloc(1, sizeof(*vm))) == NULL)
		abort();
	vm->config = *c;
	vm->index = slot;
	fake.free -= c->memory;
	fake.vms[slot] = vm;
	return (0);
}

static uint64_t
fake_ram_left(void)
{

	return (fake.free);
}

void
pci_smmu_init(const struct pci_host *h)
{

	(void)h;
}

const char *
pci_smmu_find(const struct pci_host *h, unsigned int rid)
{

	(void)h;
	(void)rid;
	return ("there is none");
}

bool
pci_smmu_attach(const struct pci_host *h, const struct vm *vm,
    unsigned int rid)
{

	(void)h;
	(void)vm;
	(void)rid;
	return (false);
}

void
pci_smmu_detach(const struct vm *vm)
{

	(void)vm;
}

void
pci_smmu_hold(const struct vm *vm)
{

	(void)vm;
}

void
pci_smmu_let(const struct vm *vm)
{

	(void)vm;
}

bool
pci_smmu_has(pa_t pa, uint64_t size)
{

	return (pa.v + size < pa.v);
}

bool
pci_smmu_has_intid(unsigned int intid)
{

	return (intid == 0);
}

static const char *
fake_owner_of_pa(pa_t pa, uint64_t size)
{

	if (pa.v < 0x09001000 && pa.v + size > 0x09000000)
		return ("the hypervisor's console");
	if (pa.v < 0x80000000 && pa.v + size > 0x40000000)
		return ("RAM of the machine");
	return (NULL);
}

static const char *
fake_owner_of_intid(unsigned int intid)
{

	return (intid == 50 ? "the hypervisor's console" : NULL);
}

static bool
fake_ram_alloc(uint64_t size, uint64_t align, pa_t *pa)
{

	*pa = PA(fake_machine.ram_at);
	return (fake_machine.ram_at % align == 0 && size <= fake.free);
}

static void
fake_ram_return(pa_t pa, uint64_t size)
{

	fake_promise(pa.v == fake_machine.ram_at && size != 0, "ram_free");
	fake.returned++;
}

static void
fake_map(pa_t base, uint64_t size, enum pt_memory memory)
{

	fake_promise(base.v % PAGE_SIZE == 0 && size != 0 &&
	    memory == PT_DEVICE, "map");
	fake.mapped = base.v;
}

static void
fake_bridge(char *t)
{
	const uint32_t reg[] = { 0, cpu_to_fdt32(fake_machine.ecam), 0,
	    cpu_to_fdt32(0x100000) };
	const uint32_t ranges[] = { cpu_to_fdt32(2u << 24), 0,
	    cpu_to_fdt32(0x10000000), 0, cpu_to_fdt32(0x10000000), 0,
	    cpu_to_fdt32(0x1000000) };
	int n = fdt_add_subnode(t, 0, "pcie");

	if (n < 0 || fdt_setprop_string(t, n, "compatible",
	    "pci-host-ecam-generic") != 0 ||
	    fdt_setprop_u32(t, n, "#address-cells", 3) != 0 ||
	    fdt_setprop_u32(t, n, "#size-cells", 2) != 0 ||
	    fdt_setprop(t, n, "reg", reg, sizeof(reg)) != 0 ||
	    fdt_setprop(t, n, "ranges", ranges, sizeof(ranges)) != 0)
		abort();
}

static void
fake_tree(void)
{
	const uint32_t reg[] = { 0, cpu_to_fdt32(0x10004000), 0,
	    cpu_to_fdt32(0x1000) };
	char *t = fake_machine.tree;
	int n;

	if (fdt_create_empty_tree(t, sizeof(fake_machine.tree)) != 0 ||
	    fdt_setprop_u32(t, 0, "#address-cells", 2) != 0 ||
	    fdt_setprop_u32(t, 0, "#size-cells", 2) != 0 ||
	    (n = fdt_add_subnode(t, 0, "dev@10004000")) < 0 ||
	    fdt_setprop(t, n, "reg", reg, sizeof(reg)) != 0 ||
	    (fake_machine.master != NULL &&
	    fdt_setprop(t, n, fake_machine.master, NULL, 0) != 0))
		abort();
	if (fake_machine.ecam != 0)
		fake_bridge(t);
}

bool
entropy_start(void)
{

	return (!fake_machine.no_entropy);
}

/* All as new, and the bundle loaded. */
static inline unsigned int
fake_load(const void *bundle, size_t size, unsigned int gic)
{
	static const struct vm_device_ops devices = { .read = devnode_read,
	    .tree = devnode_write };
	static const struct platform plat;
	static struct pcpu cpus[4];
	static struct pool pool;
	unsigned int i;

	for (i = 0; i < nitems(cpus); i++) {
		cpus[i].online = i != 2;
		pcpus[i] = &cpus[i];
	}
	pcpu_count = nitems(cpus);
	host = (struct host){ .pool = &pool, .gic_version = gic,
	    .ipa_bits = 40, .owner_of_pa = fake_owner_of_pa,
	    .owner_of_intid = fake_owner_of_intid,
	    .ram_alloc = fake_ram_alloc, .ram_free = fake_ram_return,
	    .ram_left = fake_ram_left,
	    .devices = &devices, .image_other = image_other };
	fake_tree();
	devices_init(fake_machine.tree, &plat, fake_map);
	fake.free = FAKE_FREE;
	return (bundle_load(bundle, size));
}

/* The VM of this name, or NULL. */
static inline struct vm *
fake_vm(const char *name)
{
	unsigned int i;

	for (i = 0; i < VM_MAX; i++)
		if (fake.vms[i] != NULL &&
		    strcmp(fake.vms[i]->config.name, name) == 0)
			return (fake.vms[i]);
	return (NULL);
}

/* Forgets all. The trees that were written for the VMs are part of them. */
static inline void
fake_reset(const void *bundle, size_t size)
{
	const char *start = bundle;
	unsigned int i, j;

	for (i = 0; i < VM_MAX; i++) {
		struct vm *vm = fake.vms[i];

		for (j = 0; vm != NULL && j < vm->config.image.nparts; j++) {
			const char *data = vm->config.image.part[j].data;

			if (data < start || data >= start + size)
				free((void *)(uintptr_t)data);
		}
		free(vm);
	}
	memset(&fake, 0, sizeof(fake));
}
