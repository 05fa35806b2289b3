/*
 * The SMMUv3's registers and queues; see smmu.h. Must not know how its stream
 * table is laid out.
 *
 * Ordering and cache maintenance are as silicon wants them, where it was only
 * tried on QEMU. What it reads or writes is always cleaned to the point of
 * coherency, whether it snoops caches or not: that is also the barrier, and
 * nothing here is hot.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "mm/pool.h"
#include "port/cpu.h"
#include "port/mem.h"
#include "smmu/smmu.h"
#include "smmu/smmu_regs.h"
#include "smmu/smmu_table.h"

#define	CMDQ_LOG2	8		/* 4 KiB */
#define	EVENTQ_LOG2	7		/* 4 KiB */

static struct {
	volatile uint8_t *regs;
	struct spinlock	lock;		/* of table and command queue */
	bool		broken;		/* never asked again */
	bool		cached, two_level;
	unsigned int	oas;		/* as in IDR5 */
	unsigned int	cmdq_log2, eventq_log2;
	uint32_t	prod, cons;	/* of commands, of events */
	uint64_t	*cmdq, *eventq;
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

/* Under the lock, and never more than the queue has room for. */
static void
command(uint64_t w0, uint64_t w1)
{
	uint32_t size = 1u << smmu.cmdq_log2;
	uint64_t *c = &smmu.cmdq[(smmu.prod & (size - 1)) * CMD_WORDS];

	c[0] = w0;
	c[1] = w1;
	port_clean_inval_poc(c, CMD_WORDS * 8);
	smmu.prod = (smmu.prod + 1) & (2 * size - 1);
}

/*
 * Hands over what was written, and waits until it is all done. One that does
 * not answer may go by what it has cached: it is turned off, and then aborts
 * everything (GBPA).
 */
static bool
sync(void)
{

	command(CMD_SYNC, 0);
	wr(SMMU_CMDQ_PROD, smmu.prod);
	smmu.broken = !wait(SMMU_CMDQ_CONS, (2u << smmu.cmdq_log2) - 1,
	    smmu.prod);
	if (smmu.broken)
		wr(SMMU_CR0, 0);
	return (!smmu.broken);
}

/* The entry of a stream is another now, and on the way there as well. */
static bool
forget_entry(uint32_t stream)
{

	command(CMD_CFGI_STE | CMD_ARG(stream), 0);
	return (sync());
}

/* Then what it has in TLBs, where nothing is put back any more. */
static bool
forget(uint32_t stream, unsigned int vmid)
{

	if (!forget_entry(stream))
		return (false);
	command(CMD_TLBI_S12_VMALL | CMD_ARG(vmid), 0);
	return (sync());
}

static const char *
look(uint32_t last)
{
	uint32_t id0 = rd(SMMU_IDR0), id1 = rd(SMMU_IDR1);

	if (id0 == ~0u)
		return ("has registers that cannot be read");
	if ((id0 & IDR0_S2P) == 0)
		return ("has no stage 2");
	if ((id0 & IDR0_TTF_AARCH64) == 0 ||
	    (rd(SMMU_IDR5) & IDR5_GRAN4K) == 0 ||
	    (id0 & IDR0_ENDIAN_MASK) == IDR0_ENDIAN_BIG)
		return ("does not walk AArch64 tables of 4 KiB pages");
	if ((id0 & IDR0_STALL_MASK) == IDR0_STALL_FORCED)
		return ("stalls what it cannot translate, and never aborts it");
	if ((id1 & IDR1_PRESET) != 0)
		return ("has tables or queues at fixed places");
	if ((uint64_t)last >> IDR1_SIDSIZE(id1) != 0)
		return ("has fewer streams than the tree says (iommu-map)");
	smmu.cached = (id0 & IDR0_COHACC) != 0;
	smmu.two_level = (id0 & IDR0_ST_MASK) == IDR0_ST_2LEVEL;
	smmu.oas = IDR5_OAS(rd(SMMU_IDR5));
	smmu.cmdq_log2 = IDR1_CMDQS(id1) < CMDQ_LOG2 ? IDR1_CMDQS(id1) :
	    CMDQ_LOG2;
	smmu.eventq_log2 = IDR1_EVENTQS(id1) < EVENTQ_LOG2 ?
	    IDR1_EVENTQS(id1) : EVENTQ_LOG2;
	return (smmu.cmdq_log2 < 2 ? "has a command queue too small" : NULL);
}

/* What comes while it is off is aborted; then it may be off. */
static bool
stop(void)
{

	if (!wait(SMMU_GBPA, GBPA_UPDATE, 0))
		return (false);
	wr(SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
	return (wait(SMMU_GBPA, GBPA_UPDATE, 0) && control(0));
}

static bool
go(void)
{

	if (!control(CR0_CMDQEN))
		return (false);
	command(CMD_CFGI_ALL, CMD_ALL_STREAMS);
	command(CMD_TLBI_NSNH_ALL, 0);
	if (!sync())
		return (false);
	wr64(SMMU_EVENTQ_IRQ_CFG0, 0);
	wr(SMMU_IRQ_CTRL, IRQ_EVENTQ);
	return (wait(SMMU_IRQ_CTRLACK, IRQ_EVENTQ, IRQ_EVENTQ) &&
	    control(CR0_CMDQEN | CR0_EVENTQEN) &&
	    control(CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN));
}

const char *
smmu_start(void *base, struct pool *pool, uint32_t last)
{
	const char *why;

	smmu.regs = base;
	smmu.broken = true;
	if ((why = look(last)) != NULL ||
	    (why = smmu_table_init(pool, last, smmu.two_level)) != NULL)
		return (why);
	smmu.cmdq = pool_alloc(pool, 1, 1);
	smmu.eventq = pool_alloc(pool, 1, 1);
	if (smmu.cmdq == NULL || smmu.eventq == NULL)
		return ("finds no memory for its queues");
	port_clean_inval_poc(smmu.eventq, PAGE_SIZE);
	if (!stop())
		return ("does not answer");
	wr(SMMU_IRQ_CTRL, 0);
	wr(SMMU_CR1, smmu.cached ? CR1_CACHED : 0);
	wr(SMMU_CR2, CR2_PTM | CR2_RECINVSID);
	wr64(SMMU_STRTAB_BASE, BASE_RA | smmu_table.base.v);
	wr(SMMU_STRTAB_CFG, smmu_table.format);
	wr64(SMMU_CMDQ_BASE, BASE_RA | port_ptr_to_pa(smmu.cmdq).v |
	    smmu.cmdq_log2);
	wr(SMMU_CMDQ_PROD, 0);
	wr(SMMU_CMDQ_CONS, 0);
	wr64(SMMU_EVENTQ_BASE, BASE_RA | port_ptr_to_pa(smmu.eventq).v |
	    smmu.eventq_log2);
	wr(SMMU_EVENTQ_PROD, 0);
	wr(SMMU_EVENTQ_CONS, 0);
	smmu.prod = smmu.cons = 0;
	smmu.broken = !go();
	return (smmu.broken ? "does not answer" : NULL);
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

static bool
attach(uint32_t stream, const struct pt *pt)
{
	uint64_t oas = smmu.oas > 5 ? 5 : smmu.oas;
	uint64_t *e = smmu_table_make(stream);

	if (e == NULL)
		return (false);
	clean(pt);
	/* It aborts until all of it is there, and valid as a whole. */
	e[1] = STE1_SHCFG_INCOMING;
	e[2] = STE2_VMID(pt->vmid) | STE2_T0SZ(64 - pt->va_bits) |
	    STE2_SL0(1) | STE2_CACHED | STE2_PS(oas) | STE2_AA64 |
	    STE2_RECORD;
	e[3] = pt->root.v;
	port_clean_inval_poc(e, STE_WORDS * 8);
	if (!forget(stream, pt->vmid))
		return (false);
	e[0] = STE_VALID | STE_S2;
	port_clean_inval_poc(e, STE_WORDS * 8);
	return (forget_entry(stream));
}

bool
smmu_attach(uint32_t stream, const struct pt *pt)
{

	spin_lock(&smmu.lock);
	bool done = !smmu.broken && attach(stream, pt);
	spin_unlock(&smmu.lock);
	return (done);
}

bool
smmu_detach(uint32_t stream, unsigned int vmid)
{
	uint64_t *e;

	spin_lock(&smmu.lock);
	if ((e = smmu_table_entry(stream)) != NULL) {
		e[0] = STE_VALID;
		port_clean_inval_poc(e, STE_WORDS * 8);
	}
	/* Where it has none, it has nothing either. */
	bool done = e == NULL || (!smmu.broken && forget(stream, vmid));
	spin_unlock(&smmu.lock);
	return (done);
}

void
smmu_quiet(uint32_t stream)
{
	uint64_t *e;

	spin_lock(&smmu.lock);
	if ((e = smmu_table_entry(stream)) != NULL && !smmu.broken) {
		e[2] &= ~STE2_RECORD;
		port_clean_inval_poc(e, STE_WORDS * 8);
		forget_entry(stream);
	}
	spin_unlock(&smmu.lock);
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
	/* Of caches: they have no newer. */
	port_clean_inval_poc(e, EVENT_WORDS * 8);
	*f = (struct smmu_fault){ .stream = EVENT_STREAM(e[0]),
	    .type = EVENT_TYPE(e[0]),
	    .has_address = EVENT_TYPE(e[0]) >= EVENT_TRANSLATION &&
	    EVENT_TYPE(e[0]) <= EVENT_PERMISSION,
	    .write = !EVENT_READ(e[1]), .address = e[2] };
	/* Read before its place is given back. */
	port_clean_inval_poc(e, EVENT_WORDS * 8);
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
