/*
 * The other CPUs: turned on by PSCI, one after the other. A CPU that does
 * not come is reported and left out.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "boot/boot.h"
#include "gic/gic.h"
#include "port/mem.h"
#include "vmm/log.h"
#include "vmm/pcpu.h"

#define	PSCI_CPU_ON64	0xc4000003u
#define	ON_TIMEOUT_MS	500

/* Known to head.S. Read with the MMU off. */
struct boot_cpu {
	struct pcpu	*pcpu;		/* the stack is below */
	uint64_t	regs[4];
} __attribute__((aligned(256)));	/* no neighbours in its cache lines */

static struct boot_cpu boot_cpu;

void smp_secondary(struct boot_cpu *b) __attribute__((noreturn));

void
smp_secondary(struct boot_cpu *b)
{
	struct pcpu *p = b->pcpu;
	char err[160];

	cpu_init(p);
	if (gic->init_cpu(p->mpidr, err, sizeof(err)) != 0) {
		log_line("%s", err);
		panic_halt();
	}
	__atomic_store_n(&p->online, true, __ATOMIC_RELEASE);
	boot_enter_guests();
}

static void
start_one(struct pcpu *p)
{

	boot_cpu.pcpu = p;
	memory_registers(boot_cpu.regs);
	port_clean_inval_poc(&boot_cpu, sizeof(boot_cpu));
	uint64_t fn = plat.psci.v0_1 ? plat.psci.cpu_on : PSCI_CPU_ON64;
	int ret = (int)port_firmware(fn, p->mpidr,
	    port_ptr_to_pa(secondary_start).v, (uintptr_t)&boot_cpu);
	if (ret != 0) {
		log_line("cpu %lu: firmware refuses to turn it on (PSCI %d)",
		    (unsigned long)p->index, ret);
		return;
	}
	uint64_t deadline = port_counter() +
	    port_counter_hz() * ON_TIMEOUT_MS / 1000;
	while (!__atomic_load_n(&p->online, __ATOMIC_ACQUIRE)) {
		if (port_counter() > deadline) {
			log_line("cpu %lu: does not come up, left out",
			    (unsigned long)p->index);
			return;
		}
		port_relax();
	}
}

void
smp_start(void)
{
	struct pcpu *p;
	unsigned int n = 1;

	for (unsigned int i = 0; i < plat.nr_cpus; i++) {
		const struct platform_cpu *c = &plat.cpu[i];

		if (c->mpidr == pcpus[0]->mpidr || !c->okay)
			continue;
		if (c->enable != PLATFORM_ENABLE_PSCI || !plat.psci.present) {
			log_line("cpu %u: no PSCI to turn it on, left out", n);
			continue;
		}
		if (n == PCPU_MAX || (p = memory_cpu_stack()) == NULL) {
			log_line("cpu %u: too many, left out", n);
			break;
		}
		p->index = n;
		p->mpidr = c->mpidr;
		pcpus[n++] = p;
		pcpu_count = n;
		start_one(p);
	}
}
