/*
 * Start-up, from the first C to the first guest, in the order it happens.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/ext/e2h.h"
#include "arch/aarch64/ext/image_other.h"
#include "arch/aarch64/ext/sve.h"
#include "arch/aarch64/sysreg.h"
#include "boot/boot.h"
#include "boot/version.h"
#include "devices/devices.h"
#include "gic/gic.h"
#include "vmm/bundle.h"
#include "vmm/console.h"
#include "vmm/exits.h"
#include "vmm/ext/workaround.h"

#define	FDT_MAGIC_BE	0xedfe0dd0u	/* as a little-endian word */

void boot_early(pa_t dtb, uint64_t ticks, unsigned int el);
void boot_main(void) __attribute__((noreturn));

struct platform plat;
static struct uart console;
static pa_t dtb;
static unsigned int entry_el;
static bool released;			/* secondaries may look for guests */

static const struct console_ops console_ops = {
	uart_putc, uart_getc, uart_rx_irq
};

/* MMU off: only what cannot wait. */
void
boot_early(pa_t tree, uint64_t ticks, unsigned int el)
{
	const uint32_t *header = port_pa_to_ptr(tree);
	uint32_t size = 0;

	hypercall_boot_entry = ticks;
	entry_el = el;
	/* Some boards leave ATAGs where no device tree was given. */
	if (tree.v != 0 && tree.v % 8 == 0 && header[0] == FDT_MAGIC_BE)
		size = __builtin_bswap32(header[1]);
	if (size != 0 && size <= TREE_MAX)
		dtb = tree;
	if (el != 2)
		return;
	cpu_detect();
	e2h_init(header, dtb.v != 0 ? size : 0);
	memory_early(dtb, dtb.v != 0 ? size : 0);
}

void
port_power_off(void)
{

	uart_flush(&console);
	if (plat.psci.present && !plat.psci.v0_1)
		port_firmware(0x84000008u, 0, 0, 0);	/* SYSTEM_OFF */
	log_line("apiary: this machine has no power-off; stopped");
	panic_halt();
}

void
boot_stop(const char *why)
{

	log_line("apiary: %s", why);
	port_power_off();
}

static void
start_console(void)
{
	const struct uart_desc *d = &plat.console.desc;

	if (d->base.v != 0 && entry_el == 2)
		memory_map(d->base, d->size, PT_DEVICE);
	uart_probe(&console, d, d->base.v);
	console_init(&console_ops, &console);
	log_line("Apiary %s, entered at EL%u", VERSION, entry_el);
}

static void
find_machine(void)
{
	char err[PRINT_LINE];

	if (dtb.v == 0)
		panic("no device tree: x0 does not point at one");
	int error = platform_discover(&plat, port_pa_to_ptr(dtb), TREE_MAX, err,
	    sizeof(err));
	start_console();
	/* What is not understood, or not below us, turns nothing off. */
	if (error != 0 || entry_el > 2)
		plat.psci.present = false;
	arch_conduit_hvc = plat.psci.hvc;
	if (entry_el != 2)
		boot_stop("needs to be entered at EL2: turn virtualization on "
		    "(QEMU: -M virt,virtualization=on)");
	if (error != 0)
		boot_stop(err);
	if (plat.note[0] != '\0')
		log_line("platform: %s", plat.note);
}

static void
start_gic(void)
{
	char err[PRINT_LINE];

	irq_private = (struct irq_private){
		.vtimer = plat.timer.virt.intid,
		.hyp_timer = plat.timer.hyp.intid,
		.maintenance = plat.gic.maintenance.intid,
		.pmu = plat.pmu.intid < 32 ? plat.pmu.intid : 0,
	};
	for (unsigned int i = 0; i < nitems(plat.gic.frame); i++)
		memory_map(plat.gic.frame[i].base, plat.gic.frame[i].size,
		    PT_DEVICE);
	gic_init(&plat.gic);
	const char *why = gic->init_cpu(pcpus[0]->mpidr);
	if (why != NULL) {
		print_buf(err, sizeof(err), why, pcpus[0]->mpidr);
		boot_stop(err);
	}
	if (plat.console.irq.intid >= 32) {
		irq_own(plat.console.irq.intid, plat.console.irq.edge,
		    console_pump);
		uart_rx_irq(&console, true);
	}
}

void
boot_enter_guests(void)
{
	const unsigned int ppis[] = {
		irq_private.vtimer, irq_private.hyp_timer,
		irq_private.maintenance, irq_private.pmu,
	};

	for (unsigned int i = 0; i < nitems(ppis); i++)
		if (ppis[i] >= 16 && ppis[i] < 32)
			irq_ops->enable(ppis[i], false);
	while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
		__asm__ volatile("wfe");
	vectors_enter(sched_next(pcpus[port_cpu()], NULL));
}

static void
start_vms(void)
{
	uint64_t size = plat.bundle_end.v - plat.bundle_start.v;
	char err[VM_ERR];

	if (plat.bundle_start.v == 0)
		boot_stop("no bundle: give one as the initrd");
	memory_map(plat.bundle_start, size, PT_NORMAL);
	bundle_load(port_pa_to_ptr(plat.bundle_start), size);
	if (vm_count_live() == 0)
		boot_stop("no VM to run");
	for (unsigned int i = 0; i < VM_MAX; i++) {
		struct vm *vm = vm_by_index(i);

		if (vm != NULL && vm_start(vm, err) != 0) {
			log_vm(vm, "not started: %s", err);
			vm_destroy(vm);
		}
	}
}

/* On the boot CPU's own stack. */
static void
start_rest(void)
{

	start_gic();
	unsigned int cpus = smp_start();
	workaround_init(plat.psci.present && !plat.psci.v0_1);
	devices_init(port_pa_to_ptr(dtb), &plat, memory_map);
	sysreg_init(arch_ipa_bits);
	sve_init();
	log_line("%u CPUs%s, GICv%u, %u list registers, %lu MiB RAM", cpus,
	    e2h_report(), gic->version, lr_ops->count, plat.ram_total >> 20);
	start_vms();
	__atomic_store_n(&released, true, __ATOMIC_RELEASE);
	dsb(ishst);
	__asm__ volatile("sev");
	boot_enter_guests();
}

void
boot_main(void)
{

	find_machine();
	memory_init(dtb);
	struct pcpu *p = memory_cpu_stack();
	if (p == NULL)
		boot_stop("no memory for the boot CPU's stack");
	p->mpidr = read_sysreg(mpidr_el1) & PORT_AFFINITY;
	p->online = true;
	pcpus[0] = p;
	pcpu_count = 1;
	cpu_init(p);
	host = (struct host){
		.pool = &memory_pool,
		.ram_alloc = memory_ram_alloc,
		.ram_free = memory_ram_free,
		.ram_left = memory_ram_left,
		.gic_version = plat.gic.version,
		.gicv = plat.gic.gicv.base,
		.ipa_bits = arch_ipa_bits,
		.owner_of_pa = owner_of_pa,
		.owner_of_intid = owner_of_intid,
		.devices = &devices_ops,
		.image_other = image_other,
	};
	boot_on_stack(p, start_rest);
}
