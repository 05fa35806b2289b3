/*
 * For tests of the bundle loader: a machine of four CPUs (the third is not
 * on) with 256 MiB free, the life of a VM as far as the loader sees it, the
 * lines it says. VMs are recorded, checked as no bundle may break them, and
 * their images copied once, so that a sanitizer sees every read.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/pool.h"
#include "vmm/bundle.h"
#include "vmm/guest_fdt.h"
#include "vmm/host.h"
#include "vmm/irq.h"
#include "vmm/log.h"
#include "vmm/pcpu.h"
#include "vmm/vm.h"

#define	FAKE_FREE	(256ull << 20)
#define	FAKE_LINES	4000

struct host host;
struct pcpu *pcpus[PCPU_MAX];
unsigned int pcpu_count;

static struct {
	struct vm	*vms[VM_MAX];
	char		lines[FAKE_LINES];	/* each ends with a newline */
	uint64_t	free;
	size_t		pages;		/* of the pool, handed out */
	const char	*create_fails, *load_fails;	/* err, or NULL */
	bool		pool_empty;
	const char	*broken;	/* a promise that was not kept */
} fake;

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

int
vm_create(const struct vm_config *c, struct vm **vmp, char *err)
{
	unsigned int i, slot;

	if (fake.create_fails != NULL) {
		snprintf(err, VM_ERR, "%s", fake.create_fails);
		return (-1);
	}
	for (slot = 0; slot < VM_MAX && fake.vms[slot] != NULL; slot++)
		;
	fake_promise(slot < VM_MAX, "VM_MAX");
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
	if ((*vmp = calloc(1, sizeof(**vmp))) == NULL)
		abort();
	(*vmp)->config = *c;
	(*vmp)->index = slot;
	fake.free -= c->memory;
	fake.vms[slot] = *vmp;
	return (0);
}

int
vm_load(struct vm *vm, ipa_t ipa, const void *data, size_t size, size_t zero,
    char *err)
{
	uint64_t at = ipa.v - MACHINE_RAM_BASE, end = at + size + zero;
	unsigned int i;
	void *copy;

	if (fake.load_fails != NULL) {
		snprintf(err, VM_ERR, "%s", fake.load_fails);
		return (-1);
	}
	fake_promise(vm->nimages < VM_MAX_IMAGES && size <= vm->config.memory &&
	    zero <= vm->config.memory && at <= vm->config.memory &&
	    end <= vm->config.memory, "image outside of memory");
	for (i = 0; i < vm->nimages; i++) {
		const struct vm_image *im = &vm->images[i];

		fake_promise(at + MACHINE_RAM_BASE >= im->ipa.v + im->size +
		    im->zero || end + MACHINE_RAM_BASE <= im->ipa.v,
		    "images overlap");
	}
	if (fake.broken == NULL) {
		vm->images[vm->nimages++] = (struct vm_image){ ipa, data,
		    size, zero };
		if ((copy = malloc(size + 1)) == NULL)
			abort();
		memcpy(copy, data, size);
		free(copy);
	}
	return (0);
}

void
vm_set_entry(struct vm *vm, ipa_t entry, ipa_t dtb)
{

	fake_promise(entry.v >= MACHINE_RAM_BASE && entry.v -
	    MACHINE_RAM_BASE < vm->config.memory && entry.v % 4 == 0, "entry");
	fake_promise(dtb.v % 8 == 0, "dtb");
	vm->entry = entry;
	vm->dtb = dtb;
}

void
vm_destroy(struct vm *vm)
{

	fake.free += vm->config.memory;
	fake.vms[vm->index] = NULL;
	free(vm);
}

static uint64_t
fake_ram_free(void)
{

	return (fake.free);
}

static const char *
fake_pa_owner(pa_t pa, uint64_t size)
{

	if (pa.v < 0x09001000 && pa.v + size > 0x09000000)
		return ("the hypervisor's console");
	if (pa.v < 0x80000000 && pa.v + size > 0x40000000)
		return ("RAM of the machine");
	return (NULL);
}

static const char *
fake_intid_owner(unsigned int intid)
{

	return (intid == 50 ? "the hypervisor's console" : NULL);
}

/* All as new, and the bundle loaded. */
static inline unsigned int
fake_load(const void *bundle, size_t size, unsigned int gic)
{
	static const struct bundle_host machine = { fake_ram_free,
	    fake_pa_owner, fake_intid_owner };
	static struct pcpu cpus[4];
	static struct pool pool;
	unsigned int i;

	for (i = 0; i < nitems(cpus); i++) {
		cpus[i].online = i != 2;
		pcpus[i] = &cpus[i];
	}
	pcpu_count = nitems(cpus);
	host = (struct host){ .pool = &pool, .gic_version = gic,
	    .ipa_bits = 40 };
	fake.free = FAKE_FREE;
	return (bundle_load(bundle, size, &machine));
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

		for (j = 0; vm != NULL && j < vm->nimages; j++) {
			const char *data = vm->images[j].data;

			if (data < start || data >= start + size)
				free((void *)(uintptr_t)data);
		}
		free(vm);
	}
	memset(&fake, 0, sizeof(fake));
}
