/*
 * Is HCR_EL2.E2H to be set? Decided once for all CPUs, by what the boot CPU
 * has: it is, where it can be, for CPUs may come without the other mode. The
 * hypervisor's command line (/chosen/bootargs) may say otherwise. Must not
 * know what is done with EL2's registers, only their formats.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/sysreg.h"
#include "lib/string.h"
#include "port/pte.h"
#include "vmm/log.h"

/* Of the flattened device tree (Devicetree Specification 0.4, 5). */
#define	FDT_HEADER	40
#define	FDT_BEGIN_NODE	1
#define	FDT_PROP	3
#define	FDT_NOP		4
#define	FDT_END_NODE	2

#define	OPTION		"apiary.e2h="

/* As without. */
struct e2h e2h = {
	.cptr = CPTR_RES1 | CPTR_TZ | CPTR_TTA | CPTR_TAM,
	.cptr_tfp = CPTR_RES1 | CPTR_TZ | CPTR_TTA | CPTR_TAM | CPTR_TFP,
	.cptr_sve = CPTR_TZ,
	.cnthctl = CNTHCTL_EL1PCTEN,
	.tcr_ps_shift = 16,
};
uint64_t lpae_s1_exec = LPAE_S1_AP1, lpae_s1_noexec = LPAE_S1_AP1 | LPAE_XN;
static const char *complaint;

extern int32_t el12_start[], el12_end[];	/* image.lds */

/* The value of the option in this line; 0: it is not there; ?: a bad one. */
static char
find_option(const char *line, const char *end)
{
	static const char option[] = OPTION;
	const size_t n = sizeof(option) - 1;
	char before = ' ';

	for (; line + n <= end; before = *line++)
		if (*line == 'a' && before == ' ' &&
		    memcmp(line, option, n) == 0) {
			line += n;
			return (end - line > 1 &&
			    (line[1] == ' ' || line[1] == '\0') ? line[0] :
			    '?');
		}
	return (0);
}

/*
 * libfdt comes to the tree later, and does so with a hundred instructions a
 * property. Nothing about the tree is known yet, not even its format.
 */
static char
find_in_tree(const void *dtb, size_t size)
{
	const uint32_t *header = dtb;
	const char *strings, *name;
	size_t at, end, off;

	if (size < FDT_HEADER)
		return (0);
	at = __builtin_bswap32(header[2]) / 4;
	off = __builtin_bswap32(header[3]);
	if (off > size - sizeof("bootargs"))
		return (0);
	strings = (const char *)dtb + off;
	size_t last = size - sizeof("bootargs") - off;
	for (end = size / 4 - 2; at < end;) {
		switch (__builtin_bswap32(header[at++])) {
		case FDT_BEGIN_NODE:
			/* The last byte of a word is its highest. */
			while (header[at++] >> 24 != 0)
				if (at >= end)
					return (0);
			break;
		case FDT_PROP:
			off = __builtin_bswap32(header[at + 1]);
			size_t len = __builtin_bswap32(header[at]);
			at += 2;
			if (off > last || len > size - at * 4)
				return (0);
			name = strings + off;
			if (*name == 'b' && memcmp(name, "bootargs",
			    sizeof("bootargs")) == 0)
				return (find_option((const char *)(header + at),
				    (const char *)(header + at) + len));
			at += (len + 3) / 4;
			break;
		case FDT_END_NODE:
		case FDT_NOP:
			break;
		default:
			return (0);
		}
	}
	return (0);
}

void
e2h_init(const void *dtb, size_t size)
{
	/* ID_AA64MMFR1_EL1.VH; ID_AA64MMFR4_EL1.E2H0 is signed. */
	bool can = read_sysreg(id_aa64mmfr1_el1) >> 8 & 15;
	bool must = can && read_sysreg(s3_0_c0_c7_4) >> 27 & 1;
	char asked = find_in_tree(dtb, size);

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
