/*
 * Stage-2 faults and aborts of a guest: the first touch of memory, an
 * access to an emulated device, or one to where there is nothing, which
 * gets the external abort that a machine gives. Must not know how memory is
 * mapped nor what a device does.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/exits.h"
#include "vmm/ext/note.h"

/* Fault status codes of which only some values concern us (DDI 0487 D19.2). */
#define	FSC_TLB_CONFLICT	0x30
#define	FSC_ATOMIC_UPDATE	0x31

/* Memory or a device passed through, perhaps not mapped yet. */
static __attribute__((noinline)) outcome_t
populate(struct vcpu *v, uint64_t esr, ipa_t ipa)
{
	bool exec = ESR_EC(esr) == EC_IABT_LOW;
	/* Cache maintenance counts as a write in the syndrome. */
	bool write = !exec && (esr & (ABT_WRITE | ABT_CM)) == ABT_WRITE;

	switch (stage2_fault(&v->vm->s2, ipa, write, exec)) {
	case STAGE2_FIXED:
		return (OUTCOME_RETRY);
	case STAGE2_NOMEM:
		log_vm(v->vm, "no memory left to map IPA 0x%lx", ipa.v);
		return (OUTCOME_STOP);
	case STAGE2_DENIED:
	case STAGE2_OUTSIDE:
		break;
	}
	return (OUTCOME_ABORT);
}

/* A fault that is none of translation. */
static outcome_t
no_translation(uint64_t esr)
{
	unsigned int fsc = ABT_FSC(esr);

	/*
	 * The access flag is set in all entries that we write, and no two
	 * of them overlap: if these come we have made a mistake. (The
	 * dump of the vCPU has the status.)
	 */
	if (FSC_TYPE(fsc) == FSC_ACCESS || fsc == FSC_TLB_CONFLICT ||
	    fsc == FSC_ATOMIC_UPDATE)
		return (OUTCOME_STOP);
	/*
	 * Its own doing: a write to what is read-only (permissions are
	 * final, HPFAR_EL2 need not be valid), an access that a device does
	 * not take or answers with an error.
	 */
	return (OUTCOME_ABORT);
}

/* Aborts that say too little for an access to be emulated. */
static __attribute__((noinline)) outcome_t
without_syndrome(struct vcpu *v, uint64_t esr)
{

	if (unlikely(FSC_TYPE(ABT_FSC(esr)) != FSC_TRANSLATION))
		return (no_translation(esr));
	ipa_t ipa = port_fault_ipa(v, esr);
	bool emulated = mmio_find(v->vm, ipa) != NULL;
	if (unlikely(esr & ABT_CM)) {
		/* Devices and holes are in no cache. */
		outcome_t o = emulated ? OUTCOME_ABORT : populate(v, esr, ipa);

		return (o == OUTCOME_ABORT ? OUTCOME_DONE : o);
	}
	if (likely(!emulated))
		return (populate(v, esr, ipa));
	if (ESR_EC(esr) == EC_IABT_LOW)
		return (OUTCOME_ABORT);
	note_abort(v, esr & ABT_S1PTW ? "translation table in a device" :
	    "pair, SIMD, exclusive or write-back access to a device", ipa);
	return (OUTCOME_ABORT);
}

/* A syndrome that describes the access; not what abort_data() is fast at. */
static __attribute__((noinline)) outcome_t
with_syndrome(struct vcpu *v, uint64_t esr)
{

	if (likely(FSC_TYPE(ABT_FSC(esr)) == FSC_TRANSLATION)) {
		ipa_t ipa = port_fault_ipa(v, esr);
		const struct vm_mmio *r;

		if (ipa.v >= MACHINE_RAM_BASE ||
		    (r = mmio_find(v->vm, ipa)) == NULL)
			return (populate(v, esr, ipa));
		return (mmio_access(v, esr, r, ipa.v - r->base));
	}
	return (no_translation(esr));
}

/* Above the register number: a 32-bit access without sign extension. */
#define	WORD(esr)	((uint32_t)(esr) >> 21)
#define	WORD_ACCESS							\
	WORD((uint32_t)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL | ABT_ISV |	\
	    2u << 22)

outcome_t
abort_data(struct vcpu *v, uint64_t esr)
{

	if (likely(WORD(esr) == WORD_ACCESS &&
	    FSC_TYPE((uint32_t)esr) == FSC_TRANSLATION)) {
		ipa_t ipa = port_fault_ipa(v, esr);
		const struct vm_mmio *r = v->vm->mmio;

		if (unlikely(ipa.v - r->base >= r->size) &&
		    (ipa.v >= MACHINE_RAM_BASE ||
		    (r = mmio_find(v->vm, ipa)) == NULL))
			return (populate(v, esr, ipa));
		if (esr & ABT_WRITE)
			return (mmio_write_word(v, esr, r, ipa.v - r->base));
		return (mmio_read_word(v, esr, r, ipa.v - r->base));
	}
	/* With ISV set it is neither a walk nor cache maintenance. */
	if (esr & ABT_ISV)
		return (with_syndrome(v, esr));
	return (without_syndrome(v, esr));
}

outcome_t
abort_insn(struct vcpu *v, uint64_t esr)
{

	/* What is cache maintenance of data is RES0 here. */
	return (without_syndrome(v, esr & ~(uint64_t)ABT_CM));
}
