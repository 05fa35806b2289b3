/*
 * The other CPUs: turned on by PSCI or let go from a spin table, one after
 * the other. A CPU that does not come is reported and left out.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/sysreg.h"
#include "boot/boot.h"
#include "boot/ext/spin_table.h"
#include "gic/gic.h"
#include "vmm/log.h"
#include "vmm/vcpu.h"

#define	PSCI_CPU_ON64	0xc4000003u
#define	ON_TIMEOUT_MS	100

/* From head.S. */
void smp_secondary(struct pcpu *p) __attribute__((noreturn));

void
smp_secondary(struct pcpu *p)
{

	const char *why = e2h_check();
	if (why == NULL) {
		cpu_init(p);
		why = gic->init_cpu(p->mpidr);
	}
	if (why != NULL) {
		log_line(why, p->mpidr);
		panic_halt();
	}
	__atomic_store_n(&p->online, true, __ATOMIC_RELEASE);
	boot_enter_guests();
}

/*
 * What the CPU is handed is its own: if it comes late, when others have been
 * turned on since, it finds it all the same.
 */
static bool
start(const struct platform_cpu *c, struct pcpu *p)
{
	uint64_t fn = plat.psci.v0_1 ? plat.psci.cpu_on : PSCI_CPU_ON64;
	uint64_t deadline = port_counter() +
	    port_counter_hz() * ON_TIMEOUT_MS / 1000;

	dsb(ish);
	int ret = c->enable != PLATFORM_ENABLE_PSCI ?
	    spin_table_let_go(PA(c->release)) :
	    (int)port_firmware(fn, p->mpidr, (uintptr_t)secondary_start,
	    (uintptr_t)p);
	if (ret != 0)
		log_line("cpu %lu: firmware refuses to turn it on (PSCI %d)",
		    p->index, ret);
	for (uint8_t i = 0; ret == 0 &&
	    !__atomic_load_n(&p->online, __ATOMIC_ACQUIRE); i++) {
		/* Now and then: an emulator takes long to see to others. */
		if (i == 0)
			port_relax();
		if (port_counter() > deadline) {
			log_line("cpu %lu: does not come up, left out",
			    p->index);
			return (false);
		}
	}
	return (ret == 0);
}

unsigned int
smp_start(void)
{
	struct pcpu *p;
	unsigned int n = 1, up = 1;

	for (unsigned int i = 0; i < plat.nr_cpus; i++) {
		const struct platform_cpu *c = &plat.cpu[i];

		if (c->mpidr == pcpus[0]->mpidr || !c->okay)
			continue;
		if (c->enable == PLATFORM_ENABLE_NONE) {
			log_line("cpu %u: no way to turn it on, left out", n);
			continue;
		}
		if (n == PCPU_MAX || (p = memory_cpu_stack()) == NULL) {
			log_line("cpu %u: too many, left out", n);
			break;
		}
		p->index = n;
		p->mpidr = c->mpidr;
		/* One from a spin table may see it from here on. */
		__atomic_store_n(&pcpus[n++], p, __ATOMIC_RELEASE);
		pcpu_count = n;
		up += start(c, p);
	}
	return (up);
}
