/*
 * The SMMUv3; see smmu.h. Ordering and cache maintenance are as silicon wants
 * them, where it was only tried on QEMU: what it reads is cleaned to the point
 * of coherency if it does not snoop caches (IDR0.COHACC).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/sysreg.h"
#include "mm/pool.h"
#include "port/cpu.h"
#include "port/mem.h"
#include "smmu/smmu.h"
#include "smmu/smmu_regs.h"

#define	CMDQ_LOG2	8		/* 4 KiB */
#define	EVENTQ_LOG2	7		/* 4 KiB */

static struct {
	volatile uint8_t *regs;		/* NULL: not started */
	struct spinlock	lock;		/* of the command queue */
	bool		coherent;
	unsigned int	oas;		/* as in IDR5 */
	unsigned int	cmdq_log2, eventq_log2;
	uint32_t	prod, cons;	/* of commands, of events */
	uint32_t	last;		/* stream */
	uint64_t	*cmdq, *eventq, *ste;
} smmu;

static uint32_t
rd(uint32_t reg)
{

	return (*(volatile uint32_t *)(smmu.regs + reg));
}

static void
wr(uint32_t reg, uint32_t value)
{

	*(volatile uint32_t *)(smmu.regs + reg) = value;
}

static void
wr64(uint32_t reg, uint64_t value)
{

	*(volatile uint64_t *)(smmu.regs + reg) = value;
}

/* Until the bits are so, a second at most. */
static bool
wait(uint32_t reg, uint32_t mask, uint32_t value)
{
	uint64_t end = port_counter() + port_counter_hz();

	while ((rd(reg) & mask) != value) {
		if (port_counter() > end)
			return (false);
		port_relax();
	}
	return (true);
}

static bool
control(uint32_t value)
{

	wr(SMMU_CR0, value);
	return (wait(SMMU_CR0ACK, CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN,
	    value));
}

/* It sees what was written before, and that before what comes. */
static void
publish(const void *p, size_t size)
{

	if (!smmu.coherent)
		port_clean_inval_poc(p, size);
	dsb(st);
}

/* Under the lock, and never more than the queue has room for. */
static void
command(uint64_t w0, uint64_t w1)
{
	uint32_t size = 1u << smmu.cmdq_log2;
	uint64_t *c = &smmu.cmdq[(smmu.prod & (size - 1)) * CMD_WORDS];

	c[0] = w0;
	c[1] = w1;
	publish(c, CMD_WORDS * 8);
	smmu.prod = (smmu.prod + 1) & (2 * size - 1);
}

/* Hands over what was written, and waits until it is all done. */
static bool
sync(void)
{

	command(CMD_SYNC, 0);
	wr(SMMU_CMDQ_PROD, smmu.prod);
	return (wait(SMMU_CMDQ_CONS, (2u << smmu.cmdq_log2) - 1, smmu.prod));
}

/* The entry of a stream is another now; what it has cached, too. */
static bool
forget(uint32_t stream, unsigned int vmid)
{

	spin_lock(&smmu.lock);
	command(CMD_CFGI_STE | CMD_ARG(stream), 1);
	command(CMD_TLBI_S12_VMALL | CMD_ARG(vmid), 0);
	bool done = sync();
	spin_unlock(&smmu.lock);
	return (done);
}

static uint64_t *
entry(uint32_t stream)
{

	return (&smmu.ste[stream * STE_WORDS]);
}

/* No stream has anything: all their requests are aborted. */
static void
abort_all(uint32_t streams)
{

	for (uint32_t i = 0; i < streams; i++)
		entry(i)[0] = STE_VALID;
	publish(smmu.ste, streams * STE_WORDS * 8ul);
}

static const char *
look(uint32_t last)
{
	uint32_t id0 = rd(SMMU_IDR0), id1 = rd(SMMU_IDR1);

	if ((id0 & IDR0_S2P) == 0)
		return ("has no stage 2");
	if ((id0 & IDR0_TTF_AARCH64) == 0 ||
	    (rd(SMMU_IDR5) & IDR5_GRAN4K) == 0)
		return ("does not walk AArch64 tables of 4 KiB pages");
	if ((id1 & IDR1_PRESET) != 0)
		return ("has tables or queues at fixed places");
	if (last >= SMMU_STREAMS || last >> IDR1_SIDSIZE(id1) != 0)
		return ("has not that many streams, or they are above 16383");
	smmu.coherent = (id0 & IDR0_COHACC) != 0;
	smmu.oas = IDR5_OAS(rd(SMMU_IDR5));
	smmu.cmdq_log2 = IDR1_CMDQS(id1) < CMDQ_LOG2 ? IDR1_CMDQS(id1) :
	    CMDQ_LOG2;
	smmu.eventq_log2 = IDR1_EVENTQS(id1) < EVENTQ_LOG2 ?
	    IDR1_EVENTQS(id1) : EVENTQ_LOG2;
	return (smmu.cmdq_log2 < 2 ? "has a command queue too small" : NULL);
}

const char *
smmu_start(void *base, struct pool *pool, uint32_t last)
{
	unsigned int log2 = 6;		/* a page of entries */
	const char *why;

	smmu.regs = base;
	if ((why = look(last)) != NULL)
		return (why);
	while (last >> log2 != 0)
		log2++;
	size_t pages = PAGE_COUNT((STE_WORDS * 8ul) << log2);
	smmu.ste = pool_alloc(pool, pages, pages);
	smmu.cmdq = pool_alloc(pool, 1, 1);
	smmu.eventq = pool_alloc(pool, 1, 1);
	if (smmu.ste == NULL || smmu.cmdq == NULL || smmu.eventq == NULL)
		return ("finds no memory for its tables");
	smmu.last = last;
	/* What comes while it is off is aborted; then it may be off. */
	if (!wait(SMMU_GBPA, GBPA_UPDATE, 0))
		return ("does not answer");
	wr(SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
	if (!wait(SMMU_GBPA, GBPA_UPDATE, 0) || !control(0))
		return ("does not answer");
	wr(SMMU_IRQ_CTRL, 0);
	abort_all(1u << log2);
	publish(smmu.eventq, PAGE_SIZE);
	wr(SMMU_CR1, smmu.coherent ? CR1_CACHED : 0);
	wr(SMMU_CR2, CR2_PTM | CR2_RECINVSID);
	wr64(SMMU_STRTAB_BASE, BASE_RA | port_ptr_to_pa(smmu.ste).v);
	wr(SMMU_STRTAB_CFG, log2);
	wr64(SMMU_CMDQ_BASE, BASE_RA | port_ptr_to_pa(smmu.cmdq).v |
	    smmu.cmdq_log2);
	wr(SMMU_CMDQ_PROD, 0);
	wr(SMMU_CMDQ_CONS, 0);
	wr64(SMMU_EVENTQ_BASE, BASE_RA | port_ptr_to_pa(smmu.eventq).v |
	    smmu.eventq_log2);
	wr(SMMU_EVENTQ_PROD, 0);
	wr(SMMU_EVENTQ_CONS, 0);
	smmu.prod = smmu.cons = 0;
	if (!control(CR0_CMDQEN))
		return ("does not answer");
	command(CMD_CFGI_ALL, CMD_ALL_STREAMS);
	command(CMD_TLBI_NSNH_ALL, 0);
	if (!sync())
		return ("does not answer");
	wr64(SMMU_EVENTQ_IRQ_CFG0, 0);
	wr(SMMU_IRQ_CTRL, IRQ_EVENTQ);
	if (!wait(SMMU_IRQ_CTRLACK, IRQ_EVENTQ, IRQ_EVENTQ) ||
	    !control(CR0_CMDQEN | CR0_EVENTQEN) ||
	    !control(CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN))
		return ("does not answer");
	return (NULL);
}

const char *
smmu_suits(unsigned int ipa_bits)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 52 };

	return (bits[smmu.oas] >= ipa_bits ? NULL :
	    "has fewer bits of address than a VM");
}

/* The tables of a stage 2, to where it finds them without caches. */
static void
clean(const struct pt *pt)
{
	const uint64_t *top = port_pa_to_ptr(pt->root);

	if (smmu.coherent)
		return;
	port_clean_inval_poc(top, pt->nroots * PAGE_SIZE);
	for (unsigned int i = 0; i < pt->nroots * PT_ENTRIES; i++) {
		if (!pte_is_table(top[i], 1))
			continue;
		const uint64_t *t = port_pa_to_ptr(pte_pa(top[i], 1));
		port_clean_inval_poc(t, PAGE_SIZE);
		for (unsigned int j = 0; j < PT_ENTRIES; j++)
			if (pte_is_table(t[j], 2))
				port_clean_inval_poc(port_pa_to_ptr(
				    pte_pa(t[j], 2)), PAGE_SIZE);
	}
}

bool
smmu_attach(uint32_t stream, const struct pt *pt)
{
	uint64_t *e = entry(stream), oas = smmu.oas > 5 ? 5 : smmu.oas;

	if (stream > smmu.last)
		return (false);
	clean(pt);
	/* It aborts until all of it is there, and valid as a whole. */
	e[1] = STE1_SHCFG_INCOMING;
	e[2] = STE2_VMID(pt->vmid) | STE2_T0SZ(64 - pt->va_bits) |
	    STE2_SL0(1) | STE2_CACHED | STE2_PS(oas) | STE2_AA64 |
	    STE2_RECORD;
	e[3] = pt->root.v;
	publish(e, STE_WORDS * 8);
	if (!forget(stream, pt->vmid))
		return (false);
	e[0] = STE_VALID | STE_S2;
	publish(e, STE_WORDS * 8);
	return (forget(stream, pt->vmid));
}

bool
smmu_detach(uint32_t stream, unsigned int vmid)
{
	uint64_t *e = entry(stream);

	e[0] = STE_VALID;
	publish(e, STE_WORDS * 8);
	return (forget(stream, vmid));
}

bool
smmu_quiet(uint32_t stream)
{
	uint64_t *e = entry(stream);

	if (stream > smmu.last)
		return (true);
	e[2] &= ~STE2_RECORD;
	publish(e, STE_WORDS * 8);
	spin_lock(&smmu.lock);
	command(CMD_CFGI_STE | CMD_ARG(stream), 1);
	bool done = sync();
	spin_unlock(&smmu.lock);
	return (done);
}

bool
smmu_next_fault(struct smmu_fault *f)
{
	uint32_t size = 1u << smmu.eventq_log2;
	uint32_t prod = rd(SMMU_EVENTQ_PROD);
	const uint64_t *e = &smmu.eventq[(smmu.cons & (size - 1)) *
	    EVENT_WORDS];

	if (((prod ^ smmu.cons) & (2 * size - 1)) == 0) {
		/* What did not fit is lost, and the next to be told of. */
		wr(SMMU_EVENTQ_CONS, smmu.cons | (prod & QUEUE_OVERFLOW));
		return (false);
	}
	dsb(ld);
	if (!smmu.coherent)
		port_inval_poc(e, EVENT_WORDS * 8);
	*f = (struct smmu_fault){ .stream = EVENT_STREAM(e[0]),
	    .type = EVENT_TYPE(e[0]),
	    .has_address = EVENT_TYPE(e[0]) >= EVENT_TRANSLATION &&
	    EVENT_TYPE(e[0]) <= EVENT_PERMISSION,
	    .write = !EVENT_READ(e[1]), .address = e[2] };
	/* Read before its place is given back. */
	dsb(ld);
	smmu.cons = (smmu.cons + 1) & (2 * size - 1);
	wr(SMMU_EVENTQ_CONS, smmu.cons | (prod & QUEUE_OVERFLOW));
	return (true);
}

const char *
smmu_fault_name(uint8_t type)
{

	return (type == EVENT_TRANSLATION ? "nothing of the VM's" :
	    type == EVENT_PERMISSION ? "not allowed" :
	    type == EVENT_ADDR_SIZE ? "beyond all addresses" :
	    type == EVENT_BAD_STREAM ? "no such stream" : "refused");
}
