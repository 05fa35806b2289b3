/*
 * The guest's own stage 1 tables, followed in software for one question
 * that the hardware leaves open: at which level did its walk touch an
 * address outside its memory? Changes nothing.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/sysreg.h"
#include "vmm/vm.h"

/* Bits of the page offset for TCR_EL1.TG0 and TG1 (DDI 0487, D19.2.139). */
static const uint8_t granule_bits[2][4] = {
	{ 12, 16, 14, 12 }, { 12, 14, 12, 16 },
};

unsigned int
walk_level(struct vcpu *v)
{
	uint64_t far = read_sysreg(far_el2), tcr = read_el12(tcr_el1);
	uint64_t fault = (read_sysreg(hpfar_el2) & 0xffffffffff0ull) << 8;
	bool high = far >> 55 & 1;
	uint64_t table = (high ? read_el12(ttbr1_el1) :
	    read_el12(ttbr0_el1)) & 0x0000fffffffffffeull;
	unsigned int va_bits = 64 - (tcr >> (high ? 16 : 0) & 63);
	unsigned int page = granule_bits[high][tcr >> (high ? 30 : 14) & 3];
	unsigned int stride = page - 3;
	pa_t pa;

	if (va_bits <= page || va_bits > 48)
		return (3);
	unsigned int level = 4 - (va_bits - page + stride - 1) / stride;
	for (; level < 3; level++) {
		unsigned int shift = page + (3 - level) * stride;

		table += (far & ((1ull << va_bits) - 1)) >> shift << 3 &
		    ((1ull << (page > 12 ? page : 12)) - 1);
		if (round_down(table, PAGE_SIZE) == fault)
			return (level);
		if (!stage2_translate(&v->vm->s2, IPA(table), false, &pa))
			return (level);
		const uint64_t *entry = port_pa_to_ptr(pa);
		if ((*entry & 3) != 3)
			return (level);
		table = *entry & 0x0000fffffffff000ull;
	}
	return (3);
}
