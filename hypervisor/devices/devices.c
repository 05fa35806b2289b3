/*
 * What VMs have beyond a UART and a clock, from the making of a VM to its
 * end; see devices.h. Must not know bundles nor device trees.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/ext/share.h"
#include "devices/private.h"
#include "lib/string.h"
#include "mm/pool.h"
#include "port/mem.h"
#include "virtio/vconsole.h"
#include "virtio/vnet.h"
#include "virtio/vrng.h"
#include "virtio/vshare.h"
#include "vits/vits.h"
#include "vmm/console.h"
#include "vmm/vm.h"

/* Of one VM. */
struct devices {
	struct vm	*vm;
	unsigned int	index;
	struct virtio	*slot[DEVICES_SLOTS];	/* NULL: nothing there */
	struct vconsole	console;
	struct vrng	rng;
	bool		(*uart)(struct vm *vm, char c);
	struct pci_vm	pci;
	struct share	*share;			/* NULL: none */
	unsigned int	end;			/* of it */
};

/* What two VMs have in common, by the number of its name. */
static struct vnet_link *links[DEVICES_NAMES];
static struct share {
	struct vshare	bells;
	pa_t		ram;
	unsigned int	ends, gone;
} shares[DEVICES_NAMES];

static void *
memory(void *ctx, uint64_t ipa, bool write)
{
	struct devices *d = ctx;
	pa_t pa;

	return (stage2_translate(&d->vm->s2, IPA(ipa), write, &pa) ?
	    port_pa_to_ptr(pa) : NULL);
}

static void
set_line(const struct devices *d, unsigned int intid, bool level)
{

	/* It may never have come to life, while its peer did. */
	if (vm_by_index(d->index) == d->vm)
		vm_set_line(d->vm, intid, level);
}

static void
slot_line(void *ctx, unsigned int slot, bool level)
{

	set_line(ctx, MACHINE_VIRTIO_INTID + slot, level);
}

static void
bell_line(void *ctx, bool level)
{

	set_line(ctx, MACHINE_DOORBELL_INTID, level);
}

static bool
console_sink(void *ctx, char c)
{

	return (console_vm_put(((struct devices *)ctx)->vm, c));
}

static void
command_refused(void *ctx, unsigned int command, const char *why)
{

	log_vm(((struct devices *)ctx)->vm, "ITS: command 0x%x skipped: %s "
	    "(only the first is named)", command, why);
}

static const struct vits_ops its_ops = { memory, command_refused };
static const struct virtio_ops ops = { memory, slot_line };

static enum mmio_result
access(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct devices *d = dev;
	unsigned int slot = m->offset / MACHINE_VIRTIO_STRIDE;
	uint32_t bell = m->offset - (MACHINE_DOORBELL_BASE -
	    MACHINE_VIRTIO_BASE);

	(void)vcpu;
	if (slot < DEVICES_SLOTS && d->slot[slot] != NULL) {
		m->offset %= MACHINE_VIRTIO_STRIDE;
		return (virtio_mmio(d->slot[slot], m));
	}
	if (d->share == NULL || bell >= PAGE_SIZE)
		return (MMIO_FAULT);
	m->offset = bell;
	return (vshare_mmio(&d->share->bells, d->end, m));
}

/* Pages that stay for ever. */
static void *
new(size_t size)
{

	return (pool_alloc(host.pool, PAGE_COUNT(size), 1));
}

static int
join_link(struct devices *d, struct vnet_link **l, char *err)
{

	if (*l == NULL && (*l = new(sizeof(**l))) == NULL)
		return (print_fail(err, "devices: no memory for the link"));
	d->slot[DEVICES_NET] = vnet_join(*l, &ops, d, DEVICES_NET,
	    d->vm->index);
	return (d->slot[DEVICES_NET] != NULL ? 0 : print_fail(err, "devices: "
	    "link: two VMs have it already"));
}

static void
zero(pa_t ram, uint64_t size)
{

	for (uint64_t at = 0; at < size; at += PAGE_SIZE)
		port_zero_page(port_pa_to_ptr(PA(ram.v + at)));
}

static int
join_share(struct devices *d, struct share *s, char *err)
{
	uint64_t size = d->vm->config.extra.share_size;

	if (s->ends == 2)
		return (print_fail(err, "devices: share: two VMs have it "
		    "already"));
	if (s->ends == 0) {
		if (!host.ram_alloc(size, PAGE_SIZE, &s->ram))
			return (print_fail(err, "devices: share-size: no %lu "
			    "KiB of RAM in one piece left", size >> 10));
		zero(s->ram, size);
	}
	if (stage2_add(&d->vm->s2, STAGE2_SHARED, IPA(MACHINE_SHARE_BASE),
	    size, s->ram) != 0)
		return (print_fail(err, "devices: share: no memory for stage "
		    "2 tables"));
	d->share = s;
	d->end = s->ends++;
	vshare_init(&s->bells, d->end, bell_line, d);
	return (0);
}

static int
add_its(struct devices *d, char *err)
{
	struct vm *vm = d->vm;

	if ((d->pci.its = new(sizeof(*d->pci.its))) == NULL)
		return (print_fail(err, "devices: no memory for the ITS"));
	vits_init(d->pci.its, &vm->gic, &its_ops, d);
	for (unsigned int i = 0; i < vm->nmmio; i++)
		if (vm->mmio[i].access == vgic_redist_mmio) {
			vm->mmio[i].access = vits_redist_mmio;
			vm->mmio[i].dev = d->pci.its;
		}
	vm->mmio[vm->nmmio++] = (struct vm_mmio){ MACHINE_ITS_BASE,
	    MACHINE_ITS_SIZE, vits_mmio, d->pci.its };
	return (0);
}

/* Until a driver has the console, a VM listens to its UART. */
static bool
input(struct vm *vm, char c)
{
	struct devices *d = vm->devices;
	bool taken;

	return (vconsole_input(&d->console, c, &taken) ? taken :
	    d->uart(vm, c));
}

static int
create(struct vm *vm, char *err)
{
	const struct vm_config *c = &vm->config;
	struct devices *d;

	if (dma_check(c, err) != 0)
		return (-1);
	if (!c->extra.any)
		return (0);
	if ((d = new(sizeof(*d))) == NULL)
		return (print_fail(err, "devices: no memory for them"));
	d->vm = vm;
	d->index = vm->index;
	vm->devices = d;
	if (c->extra.unsafe_dma && dma_move(&vm->config, err) != 0)
		return (-1);
	if (c->extra.console) {
		d->slot[DEVICES_CONSOLE] = &d->console.d;
		virtio_init(&d->console.d, &vconsole_kind, &ops, d,
		    DEVICES_CONSOLE, NULL);
		d->console.sink = console_sink;
		d->uart = vm->input;
		vm->input = input;
	}
	if (c->extra.rng) {
		d->slot[DEVICES_RNG] = &d->rng.d;
		virtio_init(&d->rng.d, &vrng_kind, &ops, d, DEVICES_RNG, NULL);
		d->rng.fill = entropy_fill;
	}
	if (c->extra.link != 0 &&
	    join_link(d, &links[c->extra.link - 1], err) != 0)
		return (-1);
	if (c->extra.share != 0 &&
	    join_share(d, &shares[c->extra.share - 1], err) != 0)
		return (-1);
	if (c->extra.its && add_its(d, err) != 0)
		return (-1);
	vm->mmio[vm->nmmio++] = (struct vm_mmio){ MACHINE_VIRTIO_BASE,
	    MACHINE_VIRTIO_SIZE, access, d };
	if (c->extra.npci != 0 && pci_create(vm, &d->pci, err) != 0)
		return (-1);
	return (c->extra.firmware.data == NULL ? 0 : firmware_create(vm, err));
}

/*
 * Nothing of the VM runs. What goes on elsewhere reaches its memory no more:
 * it is filled, or wiped, after that.
 */
static void
reset(struct vm *vm)
{
	bool gone = vm->why != VM_STOP_RESET;
	struct devices *d = vm->devices;
	struct share *s = d->share;

	for (unsigned int i = 0; i < DEVICES_SLOTS; i++)
		if (d->slot[i] != NULL)
			virtio_reset(d->slot[i]);
	if (d->pci.its != NULL)
		vits_reset(d->pci.its);
	dma_quiesce(&vm->config);
	pci_quiesce(vm, &d->pci, gone);
	firmware_reset(vm);
	if (s == NULL)
		return;
	vshare_reset(&s->bells, d->end, gone);
	if (gone && __atomic_add_fetch(&s->gone, 1, __ATOMIC_ACQ_REL) ==
	    s->ends)
		zero(s->ram, vm->config.extra.share_size);
}

const struct vm_device_ops devices_ops = {
	.read = devnode_read, .tree = devnode_write, .create = create,
	.reset = reset,
};
