/*
 * PCI functions of the machine that VMs ask for, each a device of a bus of
 * the VM's own: configuration space emulated (pci_config.c), BARs in a window
 * that is the VM's alone, INTx by hardware-mapped SPIs. Functions are of the
 * host bridge's root bus, for what is behind bridges shares their windows.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "devices/pci.h"
#include "devices/private.h"
#include "lib/string.h"
#include "vmm/bundle.h"

#define	ECAM_SIZE	0x100000	/* of one bus */
#define	FDT_BYTES	(640 + PCI_SLOTS * 40)
#define	WINDOW_MAX	0x10000000ul
#define	GIC_PHANDLE	0x8002		/* guest.dtsi */
#define	ITS_PHANDLE	0x8003

static struct pci_host host_bridge;
static const char *no_bridge;
static bool looked;

/* Of the VM being read, until it is made. */
static struct pci_bus reading;
static unsigned int intids[PCI_SLOTS];
static uint64_t window, window_bytes;	/* of the bus; 0: not given out */

void
pci_forget(void)
{

	looked = false;
	window_bytes = 0;
}

static const char *
find_bridge(void)
{

	if (!looked)
		no_bridge = pci_host_find(&host_bridge, devices_machine.dtb,
		    devices_machine.plat, devices_machine.map);
	if (!looked && no_bridge == NULL) {
		pci_smmu_init(&host_bridge);
		pci_msi_init(&host_bridge);
	}
	looked = true;
	return (no_bridge);
}

/* A number of these hexadecimal digits, before end. */
static bool
hex(const char **s, unsigned int digits, char end, unsigned int *n)
{

	*n = 0;
	for (; digits > 0; digits--, (*s)++) {
		char c = **s;

		if (c >= '0' && c <= '9')
			*n = *n * 16 + (unsigned int)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*n = *n * 16 + (unsigned int)((c | 0x20) - 'a' + 10);
		else
			return (false);
	}
	return (*(*s)++ == end);
}

/* DOMAIN:BUS:DEVICE.FUNCTION, or without the domain. */
static bool
parse(const char *s, unsigned int *domain, unsigned int *rid)
{
	unsigned int bus, device, function;
	size_t len = strlen(s);

	*domain = 0;
	if (len == 12 && !hex(&s, 4, ':', domain))
		return (false);
	if ((len != 12 && len != 7) || !hex(&s, 2, ':', &bus) ||
	    !hex(&s, 2, '.', &device) || !hex(&s, 1, '\0', &function) ||
	    device > 31 || function > 7)
		return (false);
	*rid = bus << 8 | device << 3 | function;
	return (true);
}

static bool
has_function(const struct vm_config *c, unsigned int rid)
{

	for (unsigned int i = 0; i < c->extra.npci; i++)
		if (c->extra.pci[i] == rid)
			return (true);
	return (false);
}

static bool
read_interrupt(const struct tree_node *n, struct vm_config *c,
    const struct pci_function *f, const char *s, unsigned int *intid)
{
	char prop[32];

	print_buf(prop, sizeof(prop), "pci: %s: interrupt", s);
	*intid = f->pin == 0 ? 0 :
	    host_bridge.intid[f->rid >> 3 & 31][f->pin - 1];
	/* Functions of one VM may well share a line. */
	return (*intid == 0 || dma_spi(c, *intid) != NULL ||
	    passthrough_spi(n, prop, c, *intid, false));
}

static bool
read_function(const struct tree_node *n, struct vm_config *c, const char *s)
{
	struct pci_function *f = &reading.slot[reading.n];
	unsigned int domain, rid, bridge;
	const char *why;

	if (!parse(s, &domain, &rid))
		return (node_say(n, "pci", "\"%s\" is no DOMAIN:BUS:DEVICE."
		    "FUNCTION, as \"0000:00:01.0\"", s));
	if (c->extra.npci == PCI_SLOTS)
		return (node_say(n, "pci", "more than %d functions",
		    PCI_SLOTS));
	if ((why = find_bridge()) != NULL)
		return (node_say(n, "pci", "%s: %s", s, why));
	if (domain == 0 && rid >> 8 != host_bridge.bus &&
	    pci_host_bridge(&host_bridge, rid >> 8, &bridge))
		return (node_say(n, "pci", "%s is behind the bridge %02x:%02x."
		    "%x, which shares its window: only functions of bus %02x "
		    "are passed through", s, bridge >> 8, bridge >> 3 & 31,
		    bridge & 7, host_bridge.bus));
	if (domain != 0 || rid >> 8 != host_bridge.bus)
		return (node_say(n, "pci", "%s is not on bus %02x, the root of "
		    "the first host bridge: no others are passed through", s,
		    host_bridge.bus));
	if (has_function(c, rid))
		return (node_say(n, "pci", "%s is named twice", s));
	for (unsigned int i = 0; i < VM_MAX; i++) {
		const struct vm *vm = vm_by_index(i);

		if (vm != NULL && has_function(&vm->config, rid))
			return (node_say(n, "pci", "%s is given to VM %s "
			    "already", s, vm->config.name));
	}
	if ((why = pci_config_init(f, &pci_host_ops, rid)) != NULL)
		return (node_say(n, "pci", "%s is %s", s, why));
	if (!read_interrupt(n, c, f, s, &intids[reading.n]))
		return (false);
	c->extra.pci[c->extra.npci++] = (uint16_t)rid;
	reading.n++;
	return (true);
}

static void
give_back(uint64_t base, uint64_t size)
{

	if (size != 0)
		extent_add(&host_bridge.free, base, size);
}

/* Bytes of a window that has all BARs, whatever their order: 2^n. */
static uint64_t
window_size(void)
{
	uint64_t sum = PAGE_SIZE, size = PAGE_SIZE;

	for (unsigned int i = 0; i < reading.n; i++)
		for (unsigned int j = 0; j < PCI_BARS; j++)
			if (reading.slot[i].bar[j].size <= WINDOW_MAX)
				sum += round_up(reading.slot[i].bar[j].size,
				    PAGE_SIZE);
			else
				return (UINT64_MAX);
	while (size < sum)
		size <<= 1;
	return (size);
}

bool
pci_read(const struct tree_node *n, const struct tree_value *v,
    struct vm_config *c)
{
	uint64_t size;

	if (v->data == NULL)
		return (true);
	/* The one before came to nothing. */
	give_back(window, window_bytes);
	window_bytes = 0;
	reading.n = 0;
	for (const char *s = NULL; (s = tree_next(v, s)) != NULL;)
		if (!read_function(n, c, s))
			return (false);
	if (reading.n == 0)
		return (node_say(n, "pci", "wants strings, as "
		    "\"0000:00:01.0\""));
	if (c->demand)
		return (node_say(n, "pci", "not with stage2 = \"demand\": a "
		    "device finds only RAM that is mapped"));
	size = window_size();
	if (size > WINDOW_MAX || !extent_alloc(&host_bridge.free, size,
	    size, &window))
		return (node_say(n, "pci", "no room for its BARs in the host "
		    "bridge's range of 32 bits"));
	window_bytes = size;
	c->fdt_bytes += FDT_BYTES;
	return (true);
}

void
pci_write(struct dtw *t, const struct vm_config *c)
{
	uint32_t map[PCI_SLOTS][10];
	unsigned int rows = 0;

	if (c->extra.npci == 0)
		return;
	for (unsigned int i = 0; i < reading.n; i++)
		if (intids[i] != 0)
			memcpy(map[rows++], (const uint32_t[]){ i << 11, 0, 0,
			    reading.slot[i].pin, GIC_PHANDLE, 0, 0, 0,
			    intids[i] - 32, 4 }, sizeof(map[0]));
	dtw_node(t, "pcie@%x", MACHINE_PCI_ECAM_BASE);
	dtw_string(t, "compatible", "pci-host-ecam-generic");
	dtw_string(t, "device_type", "pci");
	DTW_CELLS(t, "#address-cells", 3);
	DTW_CELLS(t, "#size-cells", 2);
	DTW_CELLS(t, "#interrupt-cells", 1);
	DTW_CELLS(t, "bus-range", 0, 0);
	DTW_CELLS(t, "reg", DTW_PAIR(MACHINE_PCI_ECAM_BASE),
	    DTW_PAIR(ECAM_SIZE));
	DTW_CELLS(t, "ranges", 2u << 24, DTW_PAIR(window),
	    DTW_PAIR(MACHINE_PCI_BASE), DTW_PAIR(window_bytes));
	DTW_CELLS(t, "interrupt-map-mask", 0xf800, 0, 0, 7);
	if (rows != 0)
		dtw_cells(t, "interrupt-map", map[0], rows * 10);
	if (host_bridge.coherent)
		dtw_bytes(t, "dma-coherent", "", 0);
	if (c->extra.its)
		DTW_CELLS(t, "msi-map", 0, ITS_PHANDLE, 0, 1u << 16);
	dtw_end(t);
}

const char *
pci_unconfined(const struct vm_config *c)
{
	const char *why = NULL;

	for (unsigned int i = 0; i < c->extra.npci && why == NULL; i++)
		why = pci_smmu_find(&host_bridge, c->extra.pci[i]);
	return (why);
}

bool
pci_has_intid(unsigned int intid)
{

	return (find_bridge() == NULL && pci_smmu_has_intid(intid));
}

bool
pci_has_pa(pa_t pa, uint64_t size)
{
	const struct platform_range *r = &host_bridge.ecam;

	if (find_bridge() != NULL)
		return (false);
	if (pci_smmu_has(pa, size))
		return (true);
	for (; ; r = &host_bridge.window) {
		if (pa.v < r->base.v + r->size && r->base.v < pa.v + size)
			return (true);
		if (r == &host_bridge.window)
			return (false);
	}
}

/* After a reset of the VM: it is the guest that waits, and by its turns. */
static bool
rested(struct pci_vm *p)
{

	if (p->rests == 0)
		return (true);
	if (port_counter() < p->rests)
		return (false);
	p->rests = 0;
	for (unsigned int i = 0; i < p->bus.n; i++)
		pci_config_on(&p->bus.slot[i]);
	pci_smmu_let(p->vm);
	return (true);
}

static enum mmio_result
access(void *ctx, unsigned int vcpu, struct mmio *m)
{
	struct pci_vm *p = ctx;

	(void)vcpu;
	spin_lock(&p->lock);
	enum mmio_result result = rested(p) ? pci_config_mmio(&p->bus, m) :
	    MMIO_AGAIN;
	spin_unlock(&p->lock);
	return (result);
}

int
pci_create(struct vm *vm, struct pci_vm *p, char *err)
{
	const struct vm_config *c = &vm->config;

	p->bus = reading;
	p->vm = vm;
	for (unsigned int i = 0; i < p->bus.n; i++) {
		p->bus.slot[i].window = window;
		p->bus.slot[i].window_size = window_bytes;
	}
	window_bytes = 0;
	/* A flash comes and goes in stage 2, which a stream would not see. */
	if (c->extra.firmware.data != NULL)
		return (print_fail(err, "devices: pci: not with firmware"));
	for (unsigned int i = 0; i < c->ndevices; i++)
		if (c->devices[i].ipa.v < MACHINE_PCI_ECAM_BASE + ECAM_SIZE &&
		    MACHINE_PCI_BASE < c->devices[i].ipa.v +
		    c->devices[i].size)
			return (print_fail(err, "passthrough: IPA 0x%lx: "
			    "overlaps the VM's PCI", c->devices[i].ipa.v));
	if (stage2_add(&vm->s2, STAGE2_DEVICE, IPA(MACHINE_PCI_BASE),
	    p->bus.slot[0].window_size, PA(host_bridge.window.base.v +
	    (window - host_bridge.pci))) != 0)
		return (print_fail(err, "devices: pci: no memory for stage 2 "
		    "tables"));
	/* With GICv2 a VM cannot ask for an ITS: it is told why not. */
	bool messages = p->its != NULL || host.gic_version == 2;
	if (messages)
		pci_msi_begin(&host_bridge, vm, p->its);
	for (unsigned int i = 0; i < p->bus.n; i++) {
		struct pci_function *f = &p->bus.slot[i];

		bool confined = pci_smmu_find(&host_bridge, f->rid) == NULL;
		log_vm(vm, "PCI function 0000:%02x:%02x.%x is 00:%02x.0, "
		    "interrupt %u%s, DMA %s%s", f->rid >> 8, f->rid >> 3 & 31,
		    f->rid & 7, i, intids[i], intids[i] == 0 ? " (none)" : "",
		    confined ? "confined by the SMMU" :
		    "not confined (unsafe-dma)", f->flr != 0 ? "" :
		    ", no function-level reset");
		if (confined && !pci_smmu_attach(&host_bridge, vm, f->rid))
			return (print_fail(err, "devices: pci: the SMMU does "
			    "not answer, or has no memory left"));
		if (messages)
			pci_msi_give(&host_bridge, vm, f, i);
	}
	vm->mmio[vm->nmmio++] = (struct vm_mmio){ MACHINE_PCI_ECAM_BASE,
	    ECAM_SIZE, access, p };
	return (0);
}

/*
 * No function is a bus master any more, nor is what it still has on its way let
 * through: with an SMMU from now on, and in any case after the rest, which is
 * that of a function-level reset, too.
 */
void
pci_quiesce(struct vm *vm, struct pci_vm *p, bool gone)
{
	bool ran = vm->state != VM_CREATED;

	if (p->bus.n == 0)
		return;
	for (unsigned int i = 0; i < p->bus.n; i++) {
		pci_config_off(&p->bus.slot[i]);
		if (ran)
			pci_config_reset(&p->bus.slot[i]);
	}
	p->rests = port_counter() + port_counter_hz() / 1000 * PCI_RESET_MS;
	if (gone)
		pci_smmu_detach(vm);
	else
		pci_smmu_hold(vm);
	pci_msi_quiesce(vm, gone);
	if (gone)
		pci_msi_end(vm);
	/* The next VM of the bundle may have them. */
	if (!ran)
		give_back(p->bus.slot[0].window, p->bus.slot[0].window_size);
}

_Static_assert(nitems(((struct vm_config *)NULL)->extra.pci) == PCI_SLOTS,
    "functions of a VM");
