/*
 * Device ranges and SPIs that VMs ask for; see passthrough.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/passthrough.h"
#include "lib/string.h"
#include "vmm/host.h"

static const struct bundle_host *machine;

static bool
overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{

	return (a < b + blen && b < a + alen);
}

/* May a guest have this range, of those that it asked for until now? */
static bool
check_range(const struct tree_node *n, const struct vm_config *c, uint64_t ipa,
    uint64_t pa, uint64_t size)
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
	uint64_t at = ipa;
	const struct vm *vm;
	const char *owner;

	if (size == 0 || ((ipa | pa | size) & (PAGE_SIZE - 1)) != 0)
		return (node_say(n, "reg", "IPA 0x%lx: not whole pages", at));
	if (ipa + size < ipa || (ipa + size - 1) >> host.ipa_bits != 0 ||
	    pa + size < pa)
		return (node_say(n, "reg", "IPA 0x%lx: ends beyond the "
		    "addresses there are", at));
	if (overlap(ipa, size, MACHINE_RAM_BASE, c->memory))
		return (node_say(n, "reg", "IPA 0x%lx: overlaps the VM's "
		    "RAM", at));
	for (unsigned int i = 0; i < nitems(emulated); i++)
		if (overlap(ipa, size, emulated[i].base, emulated[i].size))
			return (node_say(n, "reg", "IPA 0x%lx: overlaps "
			    "the VM's %s", at, emulated[i].what));
	for (unsigned int i = 0; i < c->ndevices; i++)
		if (overlap(ipa, size, c->devices[i].ipa.v,
		    c->devices[i].size) || overlap(pa, size,
		    c->devices[i].pa.v, c->devices[i].size))
			return (node_say(n, "reg", "IPA 0x%lx: overlaps "
			    "another range of this VM", at));
	at = pa;
	if ((owner = machine->pa_owner(PA(pa), size)) != NULL)
		return (node_say(n, "reg", "PA 0x%lx: is %s", at, owner));
	for (unsigned int i = 0; i < VM_MAX; i++) {
		if ((vm = vm_by_index(i)) == NULL)
			continue;
		for (unsigned int j = 0; j < vm->config.ndevices; j++)
			if (overlap(pa, size, vm->config.devices[j].pa.v,
			    vm->config.devices[j].size))
				return (node_say(n, "reg", "PA 0x%lx: is given "
				    "to VM %s already", at, vm->config.name));
	}
	return (true);
}

static bool
check_spi(const struct tree_node *n, const struct vm_config *c, uint32_t intid)
{
	const struct vm *vm;
	const char *owner;

	if (intid < 32 || intid >= MACHINE_NR_INTID)
		return (node_say(n, "interrupts", "%u is no SPI (32 to %d)",
		    intid, MACHINE_NR_INTID - 1));
	if (intid == MACHINE_UART_INTID || intid == MACHINE_RTC_INTID)
		return (node_say(n, "interrupts", "%u is that of the VM's %s",
		    intid, intid == MACHINE_UART_INTID ? "UART" : "clock"));
	for (unsigned int i = 0; i < c->nspis; i++)
		if (c->spis[i].intid == intid)
			return (node_say(n, "interrupts", "%u is named "
			    "twice", intid));
	if ((owner = machine->intid_owner(intid)) != NULL)
		return (node_say(n, "interrupts", "%u is %s", intid, owner));
	for (unsigned int i = 0; i < VM_MAX; i++) {
		if ((vm = vm_by_index(i)) == NULL)
			continue;
		for (unsigned int j = 0; j < vm->config.nspis; j++)
			if (vm->config.spis[j].intid == intid)
				return (node_say(n, "interrupts", "%u is "
				    "given to VM %s already", intid,
				    vm->config.name));
	}
	return (true);
}

static bool
read_device(const struct tree_node *n, struct vm_config *c, struct guest_fdt *g)
{
	enum { REG, INTERRUPTS, EDGE, READ_ONLY, COMPATIBLE, PROPS };
	static const char *const names[] = { "reg", "interrupts", "edge",
	    "read-only", "compatible" };
	struct tree_value v[PROPS];
	bool edge, read_only;

	if (!node_read(n, names, PROPS, v) ||
	    !node_flag(n, "edge", &v[EDGE], &edge) ||
	    !node_flag(n, "read-only", &v[READ_ONLY], &read_only))
		return (false);
	/* Three times two cells each. */
	if (v[REG].len == 0 || v[REG].len % 24 != 0)
		return (node_say(n, "reg", "wants IPA, PA and size, two "
		    "cells each"));
	if (v[INTERRUPTS].len % 4 != 0)
		return (node_say(n, "interrupts", "wants one cell each"));
	if (c->ndevices + v[REG].len / 24 > VM_MAX_PASSTHROUGH)
		return (node_say(n, "reg", "more than %d ranges",
		    VM_MAX_PASSTHROUGH));
	if (c->nspis + v[INTERRUPTS].len / 4 > VM_MAX_PASSTHROUGH)
		return (node_say(n, "interrupts", "more than %d",
		    VM_MAX_PASSTHROUGH));
	struct guest_fdt_device *d = &g->devices[g->ndevices++];
	*d = (struct guest_fdt_device){
		.name = n->name, .name_len = (unsigned int)strlen(n->name),
		.compatible = v[COMPATIBLE].data,
		.compatible_len = v[COMPATIBLE].len,
		.reg = (uint8_t)c->ndevices, .spi = (uint8_t)c->nspis,
		.nregs = (uint8_t)(v[REG].len / 24),
		.nspis = (uint8_t)(v[INTERRUPTS].len / 4),
	};
	for (unsigned int i = 0; i < d->nregs; i++) {
		uint64_t ipa = tree_number(&v[REG], i * 6, 2);
		uint64_t pa = tree_number(&v[REG], i * 6 + 2, 2);
		uint64_t size = tree_number(&v[REG], i * 6 + 4, 2);

		if (!check_range(n, c, ipa, pa, size))
			return (false);
		c->devices[c->ndevices].ipa = IPA(ipa);
		c->devices[c->ndevices].pa = PA(pa);
		c->devices[c->ndevices].size = size;
		c->devices[c->ndevices++].read_only = read_only;
	}
	for (unsigned int i = 0; i < d->nspis; i++) {
		if (!check_spi(n, c, tree_cell(&v[INTERRUPTS], i)))
			return (false);
		c->spis[c->nspis].intid = tree_cell(&v[INTERRUPTS], i);
		c->spis[c->nspis++].edge = edge;
	}
	return (true);
}

bool
passthrough_read(struct tree_node *vm, const struct bundle_host *h,
    struct vm_config *c, struct guest_fdt *g)
{
	struct tree_node n, dev;

	machine = h;
	while (tree_child(vm, &n)) {
		if (strcmp(n.name, "passthrough") != 0) {
			node_say(&n, NULL, "not known: ignored");
			continue;
		}
		if (!node_read(&n, NULL, 0, NULL))
			return (false);
		while (tree_child(&n, &dev))
			if (!read_device(&dev, c, g))
				return (false);
	}
	return (true);
}
