/*
 * What this CPU has, its EL2 control registers, the way to firmware, and
 * TLB maintenance. Must not know vCPUs beyond the traps they all have.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/sysreg.h"
#include "lib/string.h"
#include "port/mem.h"
#include "port/pte.h"
#include "port/vcpu.h"
#include "vmm/vcpu.h"

/* Formats without E2H, which e2h_init() may change. */
struct e2h e2h = {
	.cptr = CPTR_RES1 | CPTR_TZ | CPTR_TTA | CPTR_TAM,
	.cptr_tfp = CPTR_RES1 | CPTR_TZ | CPTR_TTA | CPTR_TAM | CPTR_TFP,
	.cptr_sve = CPTR_TZ,
	.cnthctl = CNTHCTL_EL1PCTEN,
	.tcr_ps_shift = 16,
};
uint64_t lpae_s1_exec = LPAE_S1_AP1, lpae_s1_noexec = LPAE_S1_AP1 | LPAE_XN;
uint64_t arch_dcache_line;
bool arch_zva64;
bool arch_has_pan, arch_has_ssbs;
unsigned int arch_pa_bits, arch_ipa_bits;
bool arch_conduit_hvc;

void
cpu_detect(void)
{
	static const uint8_t pa_bits[8] = { 32, 36, 40, 42, 44, 48, 52, 48 };
	uint64_t ctr = read_sysreg(ctr_el0), dczid = read_sysreg(dczid_el0);

	arch_dcache_line = 4ul << (ctr >> 16 & 15);
	/* Not prohibited, blocks of 16 words, lines no larger than these. */
	arch_zva64 = (dczid & 0x1f) == 4 && arch_dcache_line == 64;
	arch_has_pan = read_sysreg(id_aa64mmfr1_el1) >> 20 & 15;
	arch_has_ssbs = read_sysreg(id_aa64pfr1_el1) >> 4 & 15;
	arch_pa_bits = pa_bits[read_sysreg(id_aa64mmfr0_el1) & 7];
	if (arch_pa_bits > 48)
		arch_pa_bits = 48;	/* 4 KiB granule without LPA2 */
	arch_ipa_bits = arch_pa_bits < 40 ? arch_pa_bits : 40;
}

void
cpu_init(struct pcpu *p)
{
	uint64_t ps = read_sysreg(id_aa64mmfr0_el1) & 7;

	write_sysreg(tpidr_el2, (uintptr_t)p);
	write_sysreg(vbar_el2, (uintptr_t)vectors);
	memcpy(p->vectors, vectors_sets, sizeof(p->vectors));
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
	write_sysreg(hstr_el2, 0);
	write_sysreg(cnthctl_el2, e2h.cnthctl);
	write_sysreg(cnthp_ctl_el2, 0);
	write_el12(cntv_ctl_el0, 0);
	/* 40 bits: level 1, two tables. Fewer: level 1, one. */
	write_sysreg(vtcr_el2, VTCR_RES1 | VTCR_PS(ps > 5 ? 5 : ps) |
	    TCR_SH_INNER | TCR_ORGN_WB | TCR_IRGN_WB | VTCR_SL0(1) |
	    TCR_T0SZ(64 - arch_ipa_bits));
	isb();
	/* Nothing of a former owner of this CPU. */
	tlbi(alle1);
	dsb(nsh);
	isb();
}

/* IDs of op0 3, op1 0, CRn 0; the name of the register is in the code. */
#define	ID(crm, op2) case (crm) * 8 + (op2):				\
	return (read_sysreg(s3_0_c0_c##crm##_##op2))
#define	ID8(crm) ID(crm, 0); ID(crm, 1); ID(crm, 2); ID(crm, 3);	\
	ID(crm, 4); ID(crm, 5); ID(crm, 6); ID(crm, 7)

uint64_t
port_id_reg(unsigned int crm_op2)
{

	switch (crm_op2) {
	ID8(1);
	ID8(2);
	ID8(3);
	ID8(4);
	ID8(5);
	ID8(6);
	ID8(7);
	}
	return (0);
}

uint64_t
port_stage2_base(pa_t root, unsigned int vmid)
{

	return (root.v | (uint64_t)vmid << VTTBR_VMID_SHIFT);
}

void
port_set_deadline(uint64_t count)
{

	if (count == ~0ull) {
		write_sysreg(cnthp_ctl_el2, 0);
		return;
	}
	write_sysreg(cnthp_cval_el2, count);
	write_sysreg(cnthp_ctl_el2, CNT_CTL_ENABLE);
}

void
port_idle(void)
{

	dsb(sy);
	__asm__ volatile("wfi" : : : "memory");
}

uint64_t
port_firmware(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t x0 __asm__("x0") = fn;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;

	/* Before SMCCC 1.1 x4-x17 may be lost (DEN 0028, 2.6). */
#define	LOST "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",	\
	"x13", "x14", "x15", "x16", "x17", "memory"
	if (arch_conduit_hvc)
		__asm__ volatile("hvc #0" : "+r" (x0), "+r" (x1), "+r" (x2),
		    "+r" (x3) : : LOST);
	else
		__asm__ volatile("smc #0" : "+r" (x0), "+r" (x1), "+r" (x2),
		    "+r" (x3) : : LOST);
	return (x0);
}

void
port_tlb_stage1(uint64_t va, uint64_t size)
{
	uint64_t end = va + size;

	dsb(ishst);
	for (; va < end; va += PAGE_SIZE)
		tlbi_arg(vae2is, va >> PAGE_SHIFT & 0xfffffffffffull);
	dsb(ish);
	isb();
}

void
port_tlb_stage2(unsigned int vmid, ipa_t ipa, uint64_t size)
{
	uint64_t old = read_sysreg(vttbr_el2), end = ipa.v + size;
	uint64_t mine = (uint64_t)vmid << VTTBR_VMID_SHIFT;

	/*
	 * The instructions act on the current VMID. No walk can use the
	 * table base in between: no guest runs on this CPU now.
	 */
	dsb(ishst);
	if (old >> VTTBR_VMID_SHIFT != vmid) {
		write_sysreg(vttbr_el2, mine);
		isb();
	}
	if (size > 64 * PAGE_SIZE) {
		tlbi(vmalls12e1is);
	} else {
		for (; ipa.v < end; ipa.v += PAGE_SIZE)
			tlbi_arg(ipas2e1is, ipa.v >> PAGE_SHIFT);
		/* Entries of stage 1 and 2 combined hide the change. */
		dsb(ish);
		tlbi(vmalle1is);
	}
	dsb(ish);
	isb();
	if (old >> VTTBR_VMID_SHIFT != vmid) {
		write_sysreg(vttbr_el2, old);
		isb();
	}
}
