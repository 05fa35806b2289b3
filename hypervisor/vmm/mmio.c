/*
 * From a data abort's syndrome to an access, and back into the register
 * that the instruction names. Must not know any device.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/exits.h"

/* What a load of this size leaves in its register. */
static uint64_t
extend(uint64_t esr, uint64_t value)
{
	unsigned int unused = 64 - 8 * ABT_SIZE(esr);

	if (!(esr & ABT_SSE))
		return (value << unused >> unused);
	value = (uint64_t)((int64_t)(value << unused) >> unused);
	return (esr & ABT_SF ? value : (uint32_t)value);
}

/* Of an access's result. */
#define	OUTCOME(result)	((outcome_t)(result) * 2)
_Static_assert(OUTCOME(MMIO_OK) == OUTCOME_DONE && OUTCOME(MMIO_AGAIN) ==
    OUTCOME_RETRY && OUTCOME(MMIO_FAULT) == OUTCOME_ABORT, "outcomes");

outcome_t
mmio_access(struct vcpu *v, uint64_t esr, const struct vm_mmio *r,
    uint64_t offset)
{
	unsigned int unused = 64 - 8 * ABT_SIZE(esr);
	struct mmio m;

	m.offset = (uint32_t)offset;
	m.size = ABT_SIZE(esr);
	m.write = (esr & ABT_WRITE) != 0;
	m.value = 0;
	/* Regions are whole pages: what is aligned does not cross an end. */
	if ((offset & (m.size - 1)) != 0)
		return (OUTCOME_ABORT);
	if (m.write)
		m.value = vcpu_reg(v, ABT_SRT(esr)) << unused >> unused;
	enum mmio_result result = r->access(r->dev, v->index, &m);
	if (result == MMIO_OK && !m.write)
		vcpu_set_reg(v, ABT_SRT(esr), extend(esr, m.value));
	return (OUTCOME(result));
}

/* Specialised twice. */
static inline __attribute__((always_inline)) outcome_t
access_word(struct vcpu *v, uint64_t esr, const struct vm_mmio *r,
    uint64_t offset, bool write)
{
	uint64_t rt = ABT_SRT(esr);
	struct mmio m;

	if (unlikely(offset & 3))
		return (OUTCOME_ABORT);
	m.offset = (uint32_t)offset;
	m.size = 4;
	m.write = write;
	m.value = write && rt != 31 ? (uint32_t)v->x[rt] : 0;
	enum mmio_result result = r->access(r->dev, v->index, &m);
	if (write)
		return (OUTCOME(result));
	if (unlikely(result != MMIO_OK))
		return (OUTCOME(result));
	if (likely(rt != 31))
		v->x[rt] = (uint32_t)m.value;
	return (OUTCOME_DONE);
}

outcome_t
mmio_read_word(struct vcpu *v, uint64_t esr, const struct vm_mmio *r,
    uint64_t offset)
{

	return (access_word(v, esr, r, offset, false));
}

outcome_t
mmio_write_word(struct vcpu *v, uint64_t esr, const struct vm_mmio *r,
    uint64_t offset)
{

	return (access_word(v, esr, r, offset, true));
}
