/*
 * What the page-table walker (mm/) asks of an architecture. <arch_pte.h>,
 * found by the include path, supplies static inline versions. Levels count
 * as in DDI 0487 D8: 0 is the topmost, 3 holds 4 KiB pages; granule 4 KiB,
 * 512 entries of 8 bytes.
 *
 *	enum pt_stage { PT_STAGE1, PT_STAGE2 }		(defined here)
 *	uint64_t pte_table(pa_t next)		entry that points to a table
 *	uint64_t pte_leaf(stage, level, pa_t, struct pt_attr)
 *	uint64_t pte_none(void)			an entry that maps nothing
 *	bool pte_is_table(pte, level), pte_is_leaf(pte, level)
 *	pa_t pte_pa(pte, level)			output address or next table
 *	uint64_t pte_derive(leaf, level, to, offset)	a leaf of level to, with
 *		the attributes of this one, offset bytes behind its address
 *	void pte_write(uint64_t *slot, pte)	single-copy atomic store, made
 *		visible to table walkers of all CPUs (dsb ishst)
 *	void port_tlb_stage2(vmid, ipa_t, size)	invalidate stage 2 of a VM
 *		for a range, all CPUs, stage 1 of the VM included; complete
 *		(dsb ish; isb) on return
 *	void port_tlb_stage1(va, size)		the hypervisor's own
 *	void *port_pa_to_ptr(pa_t), pa_t port_ptr_to_pa(void *)
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

enum pt_stage { PT_STAGE1, PT_STAGE2 };

enum pt_memory {
	PT_NORMAL,		/* write-back, inner shareable */
	PT_DEVICE,		/* nGnRE */
};

struct pt_attr {
	uint8_t		memory;		/* enum pt_memory */
	bool		read, write, exec;
};

#include <arch_pte.h>
