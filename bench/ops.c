/*
 * The operations: one table. What each name means is defined in README.md.
 * To add one: an entry, and the function or the timed code that it names, in
 * the file of its kind (ops.h). Must not know how samples become figures.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "ops.h"

/*
 * Name, what is timed; samples, warm-up, needs; prep, sample, baseline, post.
 * All are hot: the warm-up and the sample before have left caches and TLBs
 * as they were, except in stage2_walk_*, which are TLB misses.
 */
const struct op ops[] = {
	{ "baseline", "the measuring code around nothing",
	  1000, 16, 0, exits_nothing, sample_shot },
	/* Traps. */
	{ "hypercall", "HVC #0, SMCCC_VERSION: to the next instruction",
	  1000, 16, 0, exits_smccc, sample_shot, sample_twin },
	{ "hypercall_psci", "HVC #0, PSCI_VERSION: to the next instruction",
	  1000, 16, 0, exits_psci, sample_shot, sample_twin },
	{ "hypercall_smc", "SMC #0, SMCCC_VERSION: to the next instruction",
	  1000, 16, 0, exits_smc, sample_shot, sample_twin },
	{ "sysreg_trap", "MRS of ID_AA64PFR0_EL1: to the next instruction",
	  1000, 16, 0, exits_id_reg, sample_shot, sample_twin },
	{ "vm_exit_ctx", "the same into x27: all registers are needed",
	  1000, 16, 0, exits_context, sample_shot, sample_twin },
	{ "mmio_vgic", "load of GICD_TYPER: to the next instruction",
	  1000, 16, 0, exits_gicd_typer, sample_shot, sample_twin },
	{ "mmio_vgic_write", "store that enables one SPI: to the next",
	  1000, 16, 0, exits_gicd_enable, exits_enable_sample, sample_twin,
	  exits_enable_post },
	{ "mmio_uart", "load of the PL011's UARTFR: to the next instruction",
	  1000, 16, 0, exits_uart, sample_shot, sample_twin },
	{ "mmio_null", "load of the PL031's RTCIMSC: to the next instruction",
	  1000, 16, 0, exits_null, sample_shot, sample_twin },
	/* Interrupts. */
	{ "vsgi", "write of an SGI to oneself: to the IRQ vector",
	  1000, 16, 0, interrupts_sgi, sample_entry, sample_twin,
	  interrupts_post },
	{ "virq_spi", "SPI of the machine, made pending there: to the vector",
	  1000, 16, 0, interrupts_spi, sample_entry, interrupts_spi_baseline,
	  interrupts_post },
	{ "virq_busy", "each of 15 SGIs while 24 SPIs are pending, but masked",
	  1000, 16, 0, interrupts_busy, interrupts_busy_sample, sample_twin,
	  interrupts_busy_post },
	{ "virq_ack", "acknowledge of an SGI: to the next instruction",
	  1000, 16, 0, interrupts_ack, interrupts_ack_sample, sample_twin,
	  interrupts_post },
	{ "virq_eoi", "end of an SGI: to the next instruction",
	  1000, 16, 0, interrupts_end, interrupts_end_sample, sample_twin,
	  interrupts_post },
	{ "virq_timer", "deadline of CNTV: to the IRQ vector, spinning",
	  1000, 16, 0, interrupts_timer, sample_deadline, NULL,
	  interrupts_post, .deadline = true },
	{ "wfi_wake", "deadline of CNTV: to the IRQ vector, in WFI",
	  1000, 16, 0, interrupts_wfi, sample_sleep, interrupts_wfi_baseline,
	  interrupts_post, .deadline = true },
	{ "vipi", "write of an SGI to another CPU: until its answer's vector",
	  1000, 16, 0, interrupts_ipi, sample_entry, sample_twin,
	  interrupts_ipi_post },
	/* Stage 2. */
	{ "stage2_fault", "first store to a page less the second one",
	  1000, 16, 0, memory_page, memory_page_sample },
	{ "stage2_fault_block", "first store to each page of 2 MiB, in order",
	  8, 1, 0, memory_block, memory_block_sample },
	{ "stage2_unmap_remap", "HC_RELEASE of a page, and a store to it",
	  1000, 16, NEED_APIARY, memory_remap, sample_shot, sample_twin },
	{ "stage2_walk_page", "load after TLBI, of RAM mapped by 4 KiB pages",
	  1000, 16, 0, memory_walk, memory_walk_sample },
	{ "stage2_walk_block", "load after TLBI, of RAM mapped by blocks",
	  1000, 16, 0, memory_walk, memory_walk_sample },
	/* Turns. */
	{ "vcpu_switch", "HC_YIELD to a vCPU of this VM: until that returns",
	  100, 16, NEED_APIARY, turns_vcpu, sample_shot, turns_twice_baseline,
	  turns_vcpu_post, .no_pmu = true },
	{ "world_switch", "HC_YIELD to another VM: until its HC_YIELD returns",
	  100, 16, NEED_APIARY | NEED_PEER, turns_vm, sample_shot,
	  turns_twice_baseline, .no_pmu = true, .peer = turns_vm_peer },
	{ "world_switch_fp", "the same, both VMs use FP at each turn",
	  100, 16, NEED_APIARY | NEED_PEER, turns_vm_fp, sample_shot,
	  turns_twice_baseline, .no_pmu = true, .peer = turns_vm_fp_peer },
	{ "timeslice", "end of a vCPU's slice: to the next vCPU's instruction",
	  16, 2, NEED_APIARY, turns_slice, turns_slice_sample, NULL,
	  turns_vcpu_post, .no_pmu = true },
	{ "psci_cpu_on", "CPU_ON: to the first instruction of that CPU",
	  200, 16, 0, turns_cpu_on, turns_cpu_on_sample,
	  turns_cpu_on_baseline, .no_pmu = true },
	{ "boot", "entry of the hypervisor to that of the VM, less copying",
	  1, 0, NEED_APIARY, turns_boot, turns_boot_sample, .no_pmu = true },
	{ "vm_start", "start of the VM to its first instruction, less copying",
	  1, 0, NEED_APIARY, turns_boot, turns_start_sample, .no_pmu = true },
	{ .name = NULL }
};

/* What the peer yields more often than it must: our boot and our prints. */
#define	PEER_SLACK	10000ul

bool
ops_peer(const char *name)
{
	const struct op *op;

	for (op = ops; op->name != NULL; op++)
		if (op->peer != NULL && strcmp(op->name, name) == 0) {
			op->peer((op->samples + op->warmup + 1) * LOOP +
			    PEER_SLACK);
			return (true);
		}
	return (false);
}
