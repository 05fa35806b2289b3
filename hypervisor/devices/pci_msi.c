/*
 * Messages (MSI, MSI-X) of functions that are passed through, to VMs that
 * have an ITS. Each event that a function may send has a physical LPI from the
 * start; when that comes, the VM's own ITS is told of the same event.
 *
 * A function writes to what it takes for GITS_TRANSLATER, through the SMMU.
 * So the SMMU walks tables of its own: those of the VM's stage 2, but for
 * that one page, which leads to the machine's. For the VM's CPUs, and where
 * tables were shared with them, the machine's ITS would be there to be
 * written to: whose message that is nobody says (IHI 0069 leaves DeviceIDs of
 * CPUs to the system; QEMU takes them for device 0). DeviceIDs of functions
 * are made by the hardware.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "devices/pci.h"
#include "devices/private.h"
#include "its/its.h"
#include "lib/string.h"
#include "mm/pool.h"
#include "platform/pass.h"
#include "vits/vits.h"
#include "vmm/irq.h"

/* In a table of this level, the entry of GITS_TRANSLATER's IPA. */
#define	INDEX(level)	((MACHINE_ITS_BASE + ITS_TRANSLATER) >>		\
			    (PAGE_SHIFT + 9 * (3 - (level))) & (PT_ENTRIES - 1))

static struct {
	struct platform_range frame;	/* size 0: none, or no ITS */
	uint32_t	phandle;	/* 0: there is none */
	bool		v2m;		/* it is a GICv2m frame */
	unsigned int	timer;		/* EL1's physical; 0: none */
	bool		started;
	const char	*broken;	/* NULL: it runs */
}		its;

/* Of a VM that has an ITS and functions. */
static struct msi_vm {
	struct vm	*vm;
	struct vits	*vits;
	const char	*why;		/* no messages; NULL: there are */
	struct pt	tables;		/* the SMMU's, of which by level */
	uint64_t	*own[3];	/* these are no CPU's; or NULL */
	struct {
		struct its_device d;	/* events 0: not given */
		struct spinlock	lock;	/* an LPI is being handed on */
	}		slot[PCI_SLOTS];
} *vms[VM_MAX];
/* By LPI: index of the VM and slot, + 1; 0: nobody's. */
static uint8_t owners[ITS_LPIS];
#define	OWNER(vm, slot)	((uint8_t)((vm)->index * PCI_SLOTS + (slot) + 1))
_Static_assert(VM_MAX * PCI_SLOTS < 256, "owners");

static struct spinlock lock;		/* of owners, and of the ITS */

struct search {
	struct pass	pass;
	pa_t		pa;
	uint64_t	size;
};

/* Physical, of EL1's: the second (Linux's arm,arch_timer.yaml). */
static void
visit_timer(const struct tree_node *n)
{
	struct tree_value v;
	uint32_t cells;

	if (!tree_get(n, "interrupts", &v))
		return;
	cells = v.len / 4 % 3 == 0 ? 3 : 4;
	if (tree_cell(&v, cells) == 1)		/* a PPI */
		its.timer = 16 + tree_cell(&v, cells + 1);
}

static int
visit(void *ctx, struct tree_node *n)
{
	struct search *s = ctx;
	struct tree_value v;

	if (!tree_get(n, "compatible", &v))
		return (0);
	if (tree_lists(&v, "arm,armv8-timer"))
		visit_timer(n);
	if (tree_u32(n, "phandle", 0) != its.phandle)
		return (0);
	its.v2m = tree_lists(&v, "arm,gic-v2m-frame");
	if (tree_lists(&v, "arm,gic-v3-its") && (pass_reg(&s->pass, n, 0,
	    &its.frame) != 1 || its.frame.size < ITS_FRAME || !pass_okay(n)))
		its.frame.size = 0;
	return (0);
}

static int
visit_frames(void *ctx, struct tree_node *n)
{
	struct search *s = ctx;
	struct platform_range r;
	struct tree_value v;

	return (tree_get(n, "compatible", &v) && (tree_lists(&v,
	    "arm,gic-v3-its") || tree_lists(&v, "arm,gic-v2m-frame")) &&
	    pass_reg(&s->pass, n, 0, &r) == 1 && s->pa.v < r.base.v + r.size &&
	    r.base.v < s->pa.v + s->size);
}

static int
search(struct search *s, int (*visit)(void *ctx, struct tree_node *n))
{
	char err[VM_ERR];
	struct tree_node root;

	s->pass = (struct pass){ .err = err, .errlen = VM_ERR };
	return (tree_open(&root, devices_machine.dtb, DEVICES_DTB_MAX, err,
	    VM_ERR) == 0 ? tree_walk(&root, visit, s) : 0);
}

bool
pci_msi_has(pa_t pa, uint64_t size)
{
	struct search s = { .pa = pa, .size = size };

	return (search(&s, visit_frames) != 0);
}

void
pci_msi_init(const struct pci_host *h)
{
	struct search s = { .size = 0 };

	memset(&its, 0, sizeof(its));
	if (h->messages.n != 0)
		its.phandle = h->messages.row[0].phandle;
	search(&s, visit);
}

/* An LPI, or the timer that holds them back. True: it is not active. */
static bool
on_interrupt(struct vcpu *v, uint32_t intid)
{
	uint32_t lpi = intid - ITS_LPI0, owner;

	if (intid < ITS_LPI0 || lpi >= ITS_LPIS) {
		its_hold_end(intid);
		return (intid >= IRQ_LPI);
	}
	owner = __atomic_load_n(&owners[lpi], __ATOMIC_RELAXED);
	if (owner != 0) {
		struct msi_vm *m = vms[(owner - 1) / PCI_SLOTS];
		unsigned int slot = (owner - 1) % PCI_SLOTS;

		spin_lock(&m->slot[slot].lock);
		if (owners[lpi] == owner)
			vits_msi(m->vits, v != NULL && v->vm == m->vm ?
			    &v->gic : NULL, PCI_RID_OF_SLOT(slot),
			    intid - m->slot[slot].d.intid);
		spin_unlock(&m->slot[slot].lock);
	}
	if (pcpus[port_cpu()]->nvcpus > 1)
		its_hold_count();
	return (true);
}

/* NULL: it runs. */
static const char *
start(const struct pci_host *h)
{
	const char *why;

	if (its.phandle == 0)
		return ("the host bridge has no msi-map");
	/* Whose number that is the frame does not look at. */
	if (its.v2m)
		return ("a GICv2m frame takes any of its interrupts from any "
		    "function");
	if (its.frame.size == 0)
		return ("the machine's MSI controller is no ITS "
		    "(arm,gic-v3-its)");
	if (its.timer == 0)
		return ("EL1's physical timer is missing in the device tree");
	devices_machine.map(its.frame.base, ITS_FRAME, PT_DEVICE);
	why = its_start((uintptr_t)port_pa_to_ptr(its.frame.base),
	    pci_map_last(h, &h->messages, its.phandle) + 1, host.pool);
	if (why != NULL) {
		log_line("its: at 0x%lx: %s", its.frame.base.v, why);
		return ("the machine's ITS does not work");
	}
	its_hold_init(its.timer);
	irq_rest = on_interrupt;
	log_line("its: at 0x%lx: LPIs for messages of PCI functions",
	    its.frame.base.v);
	return (NULL);
}

/* A table of the SMMU's own in place of one of the CPUs'. */
static bool
copy(uint64_t **own, uint64_t *slot, unsigned int level)
{

	if ((*own = pool_alloc(host.pool, 1, 1)) == NULL)
		return (false);
	if (pte_is_table(*slot, level))
		memcpy(*own, port_pa_to_ptr(pte_pa(*slot, level)), PAGE_SIZE);
	*slot = pte_table(port_ptr_to_pa(*own));
	return (true);
}

/*
 * The tables of the VM's stage 2, which does not change any more, with a page
 * that CPUs do not have: only three tables are not theirs. Nothing is mapped
 * there for CPUs, so no block either (check_range() of passthrough.c).
 */
static bool
make_tables(struct msi_vm *m, const struct pt *pt)
{
	static const struct pt_attr write = { PT_DEVICE, false, true, false };
	size_t n = pt->nroots;
	uint64_t **own = m->own;

	if ((own[0] = pool_alloc(host.pool, n, n)) == NULL)
		return (false);
	memcpy(own[0], port_pa_to_ptr(pt->root), n * PAGE_SIZE);
	if (!copy(&own[1], &own[0][INDEX(1)], 1) ||
	    !copy(&own[2], &own[1][INDEX(2)], 2))
		return (false);
	pte_write(&own[2][INDEX(3)], pte_leaf(PT_STAGE2, 3,
	    PA(its.frame.base.v + ITS_TRANSLATER), write));
	m->tables.root = port_ptr_to_pa(own[0]);
	return (true);
}

void
pci_msi_begin(const struct pci_host *h, struct vm *vm, struct vits *vits)
{
	struct msi_vm *m = vms[vm->index];

	if (m == NULL)
		m = pool_alloc(host.pool, PAGE_COUNT(sizeof(*m)), 1);
	vms[vm->index] = m;
	if (m == NULL)
		return;
	*m = (struct msi_vm){ .vm = vm, .vits = vits, .tables = vm->s2.pt };
	if (vits != NULL && pci_unconfined(&vm->config) != NULL) {
		m->why = "nothing leads them to the ITS without an SMMU";
		return;
	}
	if (!its.started)
		its.broken = start(h);
	its.started = true;
	m->why = its.broken;
	if (m->why == NULL && !make_tables(m, &vm->s2.pt))
		m->why = "no memory for tables";
}

const struct pt *
pci_msi_tables(const struct vm *vm)
{
	const struct msi_vm *m = vms[vm->index];

	return (m != NULL && m->vm == vm ? &m->tables : &vm->s2.pt);
}

/* So many in a row that are nobody's, to an owner. */
static bool
take(unsigned int n, uint8_t owner, uint32_t *intid)
{
	unsigned int have = 0;

	for (unsigned int i = 0; i < ITS_LPIS; i++) {
		have = owners[i] == 0 ? have + 1 : 0;
		if (have == n) {
			memset(&owners[i + 1 - n], owner, n);
			*intid = ITS_LPI0 + i + 1 - n;
			return (true);
		}
	}
	return (false);
}

/* Nobody hands one on after that. */
static void
give_back(struct msi_vm *m, unsigned int slot)
{
	struct its_device *d = &m->slot[slot].d;

	spin_lock(&m->slot[slot].lock);
	memset(&owners[d->intid - ITS_LPI0], 0, d->events);
	spin_unlock(&m->slot[slot].lock);
	d->events = 0;
}

static const char *
map(const struct pci_host *h, struct msi_vm *m, const struct pci_function *f,
    unsigned int slot)
{
	struct its_device *d = &m->slot[slot].d;
	unsigned int n = pci_config_messages(f);
	uint32_t phandle;
	const char *why;

	if (m->why != NULL)
		return (m->why);
	if (n == 0)
		return ("it has neither MSI nor MSI-X");
	if (!pci_map_find(&h->messages, f->rid, &phandle, &d->id) ||
	    phandle != its.phandle)
		return ("the ITS has no DeviceID for it (msi-map)");
	d->events = n < 1u << ITS_EVENTS_BITS ? n : 1u << ITS_EVENTS_BITS;
	d->cpu = m->vm->vcpus[0]->pcpu->index;
	if (!take(d->events, OWNER(m->vm, slot), &d->intid)) {
		d->events = 0;
		return ("too many events: other functions have the LPIs");
	}
	if ((why = its_map(d)) != NULL)
		give_back(m, slot);
	return (why);
}

void
pci_msi_give(const struct pci_host *h, const struct vm *vm,
    struct pci_function *f, unsigned int slot)
{
	struct msi_vm *m = vms[vm->index];
	const char *why = "no memory";

	if (m != NULL) {
		spin_lock(&lock);
		why = map(h, m, f, slot);
		spin_unlock(&lock);
	}
	if (why != NULL) {
		log_vm(vm, "PCI function 00:%02x.0: no messages, but INTx: %s",
		    slot, why);
		return;
	}
	const struct its_device *d = &m->slot[slot].d;
	f->messages = (uint8_t)d->events;
	log_vm(vm, "PCI function 00:%02x.0: messages (MSI) by LPIs %u to %u",
	    slot, d->intid, d->intid + d->events - 1);
}

void
pci_msi_quiesce(const struct vm *vm, bool gone)
{
	struct msi_vm *m = vms[vm->index];

	if (m == NULL || m->vm != vm)
		return;
	spin_lock(&lock);
	for (unsigned int i = 0; i < PCI_SLOTS; i++) {
		struct its_device *d = &m->slot[i].d;

		if (d->events == 0)
			continue;
		bool done = gone ? its_unmap(d) : its_clear(d);
		if (!done)
			log_vm(vm, "PCI function 00:%02x.0: the ITS does not "
			    "answer: no messages any more", i);
		if (gone || !done)
			give_back(m, i);
	}
	spin_unlock(&lock);
}

void
pci_msi_end(const struct vm *vm)
{
	struct msi_vm *m = vms[vm->index];

	if (m == NULL || m->vm != vm)
		return;
	m->vm = NULL;
	for (unsigned int i = 0; i < nitems(m->own); i++)
		if (m->own[i] != NULL)
			pool_free(host.pool, m->own[i], i == 0 ?
			    m->tables.nroots : 1);
}
