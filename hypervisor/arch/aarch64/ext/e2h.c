/*
 * Is HCR_EL2.E2H to be set? Decided once for all CPUs, by what the boot CPU
 * has: it is, where it can be, for CPUs may come without the other mode. The
 * hypervisor's command line (/chosen/bootargs) may say otherwise. Where it is
 * not set, formats are as cpu.c has them. Must not
 * know what is done with EL2's registers, only their formats.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/ext/option.h"
#include "arch/aarch64/sysreg.h"
#include "port/pte.h"
#include "vmm/log.h"

#define	OPTION		"apiary.e2h="

/* What is nowhere else, or has another place, without (DDI 0487, D19.2). */
#define	HCR_E2H		(1ull << 34)
#define	CPTR_E2H_ZEN	(3ull << 16)
#define	CPTR_E2H_FPEN	(3ull << 20)
#define	CPTR_E2H_TTA	(1ull << 28)
#define	CNTHCTL_E2H_EL1PCTEN (1ull << 10)
#define	LPAE_S1_PXN	(1ull << 53)	/* for EL2 */

static const char *complaint;

extern int32_t el12_start[], el12_end[];	/* image.lds */

void
e2h_init(const void *dtb, size_t size)
{
	/* ID_AA64MMFR1_EL1.VH; ID_AA64MMFR4_EL1.E2H0 is signed. */
	bool can = read_sysreg(id_aa64mmfr1_el1) >> 8 & 15;
	bool must = can && read_sysreg(s3_0_c0_c7_4) >> 27 & 1;
	char asked = option_find(dtb, size, OPTION);

	if (asked != 0 && asked != '0' && asked != '1')
		complaint = OPTION " takes 0 or 1: ignored";
	else if (asked == '1' && !can)
		complaint = OPTION "1 ignored: the CPU has no E2H (FEAT_VHE)";
	else if (asked == '0' && must)
		complaint = OPTION "0 ignored: the CPU has no other mode";
	if (!can || (asked == '0' && !must))
		return;
	/* CPTR_EL2.ZEN and FPEN: 0 traps. */
	e2h = (struct e2h){
		.hcr = HCR_E2H,
		.cptr = CPTR_E2H_TTA | CPTR_TAM | CPTR_E2H_FPEN,
		.cptr_tfp = CPTR_E2H_TTA | CPTR_TAM,
		.cptr_sve = CPTR_E2H_ZEN,
		.cnthctl = CNTHCTL_E2H_EL1PCTEN,
		.tcr_ps_shift = 32,
	};
	arch_hcr_guest |= HCR_E2H;
	/*
	 * A regime with an EL0 of its own: what is that EL0's (AP[1]) is not
	 * executable for EL2, and who may execute is asked for each.
	 */
	lpae_s1_exec = LPAE_XN;
	lpae_s1_noexec = LPAE_XN | LPAE_S1_PXN;
	/*
	 * MRS and MSR of a guest's register: op1 is 5 (DDI 0487, C5.1.3). The
	 * caches follow when the MMU goes on (memory.c).
	 */
	for (int32_t *p = el12_start; p < el12_end; p++) {
		uint32_t *insn = (uint32_t *)((uintptr_t)p + *p);

		*insn = (*insn & ~(7u << 16)) | 5u << 16;
	}
}

const char *
e2h_report(void)
{

	if (complaint != NULL)
		log_line("apiary: %s", complaint);
	return (e2h.hcr != 0 ? " with E2H" : "");
}

const char *
e2h_check(void)
{

	if (read_sysreg(hcr_el2) == e2h.hcr)
		return (NULL);
	return ("cpu %lx: not capable of E2H as the boot CPU is");
}
