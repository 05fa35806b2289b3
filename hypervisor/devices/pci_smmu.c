/*
 * The SMMU in front of the host bridge: found, started when the first VM has
 * a function, given what each VM's functions may reach; and what it reports.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "devices/pci.h"
#include "devices/private.h"
#include "lib/string.h"
#include "platform/pass.h"
#include "smmu/smmu.h"
#include "vmm/console.h"
#include "vmm/irq.h"

#define	FAULTS_SAID	64		/* of a function; no more is recorded */
#define	SPI_MAX		988u

static struct platform_range frame;	/* of the registers; size 0: none */
static struct platform_irq irq;
static uint32_t smmu_phandle;		/* 0: there is none */
static bool started;
static const char *broken;		/* NULL: it runs */
static unsigned int strays;		/* faults of nobody's, said */

/* Streams that VMs have. */
static struct stream {
	uint32_t	number;
	uint16_t	rid;
	uint8_t		vm;		/* index + 1; 0: nobody's */
	uint8_t		faults;
	uint64_t	page;		/* of the last; each is said once */
} streams[VM_MAX * PCI_SLOTS];

struct search {
	struct pass	pass;
};

static int
visit(void *ctx, struct tree_node *n)
{
	struct search *s = ctx;
	struct tree_value v, names;
	uint32_t i = 0;

	if (tree_u32(n, "phandle", 0) != smmu_phandle)
		return (0);
	if (!tree_get(n, "compatible", &v) || !tree_lists(&v, "arm,smmu-v3") ||
	    pass_reg(&s->pass, n, 0, &frame) != 1 || frame.size < SMMU_FRAME ||
	    !pass_okay(n)) {
		frame.size = 0;
		return (1);
	}
	/* Of the GIC, as all SMMUs' are: type, number, flags. */
	if (!tree_get(n, "interrupts", &v) ||
	    !tree_get(n, "interrupt-names", &names))
		return (1);
	for (const char *p = NULL; (p = tree_next(&names, p)) != NULL; i++)
		if (strcmp(p, "eventq") == 0 && i * 12 + 12 <= v.len &&
		    tree_cell(&v, i * 3) == 0 &&
		    tree_cell(&v, i * 3 + 1) < SPI_MAX) {
			irq.intid = (uint16_t)(32 + tree_cell(&v, i * 3 + 1));
			irq.edge = (tree_cell(&v, i * 3 + 2) & 3) != 0;
		}
	return (1);
}

static void
say(const struct smmu_fault *f)
{
	const struct stream *s = streams;

	while (s < &streams[nitems(streams)] && (s->vm == 0 ||
	    s->number != f->stream))
		s++;
	if (s == &streams[nitems(streams)]) {
		if (strays < FAULTS_SAID)
			log_line("smmu: stream 0x%x, nobody's: DMA blocked "
			    "(%s)%s", f->stream, smmu_fault_name(f->type),
			    ++strays < FAULTS_SAID ? "" :
			    "; others are not said");
		return;
	}
	struct stream *of = &streams[s - streams];
	const struct vm *vm = vm_by_index(s->vm - 1u);
	if (vm == NULL || of->faults == FAULTS_SAID)
		return;
	if (!f->has_address)
		log_vm(vm, "smmu: stream 0x%x (PCI function %02x:%02x.%x): DMA "
		    "blocked: %s", f->stream, s->rid >> 8, s->rid >> 3 & 31,
		    s->rid & 7, smmu_fault_name(f->type));
	else if (of->faults == 0 || of->page != f->address >> PAGE_SHIFT)
		log_vm(vm, "smmu: stream 0x%x (PCI function %02x:%02x.%x): DMA "
		    "%s 0x%lx blocked: %s", f->stream, s->rid >> 8,
		    s->rid >> 3 & 31, s->rid & 7, f->write ? "to" : "from",
		    f->address, smmu_fault_name(f->type));
	of->page = f->address >> PAGE_SHIFT;
	if (++of->faults == FAULTS_SAID) {
		log_vm(vm, "smmu: stream 0x%x: what else is blocked is not "
		    "said", f->stream);
		smmu_quiet(f->stream);
	}
}

/* The hypervisor's own interrupts come here, all of them: see irq_own(). */
static void
on_interrupt(void)
{
	struct smmu_fault f;

	while (smmu_next_fault(&f))
		say(&f);
	console_pump();
}

void
pci_smmu_init(const struct pci_host *h)
{
	char err[VM_ERR];
	struct search s = { .pass = { .err = err, .errlen = VM_ERR } };
	struct tree_node root;

	frame.size = irq.intid = 0;
	strays = 0;
	started = false;
	smmu_phandle = h->streams.n != 0 ? h->streams.row[0].phandle : 0;
	if (smmu_phandle != 0 && tree_open(&root, devices_machine.dtb,
	    DEVICES_DTB_MAX, err, VM_ERR) == 0)
		tree_walk(&root, visit, &s);
}

/* NULL: it runs. */
static const char *
start(const struct pci_host *h)
{
	const char *why;

	if (frame.size == 0)
		return ("the IOMMU is no arm,smmu-v3");
	devices_machine.map(frame.base, SMMU_FRAME, PT_DEVICE);
	if ((why = smmu_start(port_pa_to_ptr(frame.base), host.pool,
	    pci_map_last(h, &h->streams, smmu_phandle))) != NULL ||
	    (why = smmu_suits(host.ipa_bits)) != NULL) {
		log_line("smmu: at 0x%lx: %s", frame.base.v, why);
		return (why);
	}
	if (irq.intid != 0)
		irq_own(irq.intid, irq.edge, on_interrupt);
	log_line("smmu: at 0x%lx: streams without a VM abort; faults %s",
	    frame.base.v, irq.intid != 0 ? "come by interrupt" :
	    "are not said, for they have no interrupt");
	return (NULL);
}

const char *
pci_smmu_find(const struct pci_host *h, unsigned int rid)
{
	uint32_t phandle, stream;

	if (!pci_map_find(&h->streams, rid, &phandle, &stream))
		return ("there is none");
	if (!started) {
		started = true;
		broken = start(h);
	}
	return (smmu_phandle != phandle ? "it is behind a second one" :
	    broken);
}

bool
pci_smmu_attach(const struct pci_host *h, const struct vm *vm,
    unsigned int rid)
{
	uint32_t phandle, stream;
	struct stream *s = streams;

	if (!pci_map_find(&h->streams, rid, &phandle, &stream))
		return (false);
	while (s->vm != 0)		/* as many as functions of VMs */
		s++;
	*s = (struct stream){ stream, (uint16_t)rid,
	    (uint8_t)(vm->index + 1), 0, 0 };
	return (smmu_attach(stream, pci_msi_tables(vm)));
}

static void
answered(const struct vm *vm, bool yes)
{

	if (!yes)
		log_vm(vm, "smmu: does not answer: turned off, no function has "
		    "DMA any more");
}

void
pci_smmu_hold(const struct vm *vm)
{

	for (unsigned int i = 0; i < nitems(streams); i++)
		if (streams[i].vm == vm->index + 1)
			answered(vm, smmu_detach(streams[i].number,
			    vm->s2.pt.vmid));
}

void
pci_smmu_let(const struct vm *vm)
{

	for (unsigned int i = 0; i < nitems(streams); i++) {
		if (streams[i].vm != vm->index + 1)
			continue;
		answered(vm, smmu_attach(streams[i].number,
		    pci_msi_tables(vm)));
		if (streams[i].faults == FAULTS_SAID)
			smmu_quiet(streams[i].number);
	}
}

void
pci_smmu_detach(const struct vm *vm)
{

	pci_smmu_hold(vm);
	for (unsigned int i = 0; i < nitems(streams); i++)
		if (streams[i].vm == vm->index + 1)
			streams[i].vm = 0;
}

bool
pci_smmu_has_intid(unsigned int intid)
{

	return (frame.size != 0 && intid == irq.intid);
}

bool
pci_smmu_has(pa_t pa, uint64_t size)
{

	return (frame.size != 0 && pa.v < frame.base.v + frame.size &&
	    frame.base.v < pa.v + size);
}
