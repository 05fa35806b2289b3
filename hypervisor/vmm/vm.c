/*
 * The life of a VM. Must not know bundles, nor how guests trap.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/vm.h"
#include "lib/string.h"
#include "mm/pool.h"
#include "port/mem.h"
#include "vmm/ext/flood.h"
#include "vmm/irq.h"

static struct vm *vms[VM_MAX];
unsigned int vm_count;
static struct spinlock vms_lock;
struct host host;
struct pcpu *pcpus[PCPU_MAX + 1];
unsigned int pcpu_count;

struct vm *
vm_by_index(unsigned int i)
{

	return (i < VM_MAX ? vms[i] : NULL);
}

unsigned int
vm_count_live(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < VM_MAX; i++)
		if (vms[i] != NULL && vms[i]->state != VM_STOPPED)
			n++;
	return (n);
}

/* The virtual GIC wants this vCPU to look at its interrupts. */
static void
gic_kick(struct vgic_cpu *c)
{

	vcpu_request(container_of(c, struct vcpu, gic), VCPU_REQ_GIC);
}

static const struct vgic_ops gic_ops = { .kick = gic_kick };

__attribute__((noinline)) void
vm_set_line(void *ctx, unsigned int intid, bool level)
{
	struct vm *vm = ctx;
	struct vcpu *v = pcpus[port_cpu()]->loaded;

	vgic_set_line(&vm->gic, v != NULL && v->vm == vm ? &v->gic : NULL, 0,
	    intid, level);
}

static void
rtc_deadline(void *ctx)
{
	struct vm *vm = ctx;

	vcpu_request(vm->vcpus[0], VCPU_REQ_TIMER);
}

static bool
uart_input(struct vm *vm, char c)
{

	return (vpl011_input(&vm->uart, c));
}

static const struct vpl011_ops uart_ops = { console_vm_put,
    vm_set_line, MACHINE_UART_INTID };
static const struct vpl031_ops rtc_ops = { vm_set_line,
    MACHINE_RTC_INTID, rtc_deadline };

/* The CPU with the fewest vCPUs. */
static struct pcpu *
least_loaded(void)
{
	struct pcpu *best = NULL;

	for (unsigned int i = 0; i < pcpu_count; i++)
		if (pcpus[i] != NULL && pcpus[i]->online && (best == NULL ||
		    pcpus[i]->assigned < best->assigned))
			best = pcpus[i];
	return (best);
}

static int
create_vcpus(struct vm *vm, char *err)
{
	struct vcpu *v;

	for (unsigned int i = 0; i < vm->config.nvcpus; i++) {
		uint64_t cpu = vm->config.cpus[i];
		struct pcpu *p = cpu == VM_CPU_ANY ? least_loaded() :
		    cpu < pcpu_count ? pcpus[cpu] : NULL;

		if (p == NULL || !p->online)
			return (print_fail(err, "cpus: CPU %lu is not there",
			    cpu));
		v = pool_alloc(host.pool, PAGE_COUNT(sizeof(*v)), 1);
		if (v == NULL)
			return (print_fail(err, "no memory for vCPU %u", i));
		v->vm = vm;
		v->index = i;
		/* RES1 bit 31; Aff0 numbers the vCPUs, as on QEMU's virt. */
		v->mpidr = 1ull << 31 | i;
		v->pcpu = p;
		p->assigned++;
		vm->vcpus[i] = v;
		vgic_cpu_init(&vm->gic, &v->gic, i);
	}
	return (0);
}

static __attribute__((noinline)) void
add_mmio(struct vm *vm, uint64_t base, uint64_t size, mmio_fn *access,
    void *dev)
{

	vm->mmio[vm->nmmio++] = (struct vm_mmio){ base, size, access, dev };
}

static int
create_memory(struct vm *vm, char *err)
{
	const struct vm_config *c = &vm->config;
	uint64_t align = c->memory >= 1ull << 30 ? 1ull << 30 :
	    c->memory >= BLOCK_SIZE ? BLOCK_SIZE : PAGE_SIZE;
	pa_t pa;

	pa = PA(c->ram_base);
	/* A 1 GiB block is nice to have; 2 MiB must do. */
	if (!c->extra.unsafe_dma && !host.ram_alloc(c->memory, align, &pa) &&
	    !host.ram_alloc(c->memory, align < BLOCK_SIZE ? align : BLOCK_SIZE,
	    &pa))
		return (print_fail(err, "memory: no %lu KiB of RAM in one "
		    "piece left", c->memory >> 10));
	vm->ram = pa;
	int error = stage2_add(&vm->s2, c->demand ? STAGE2_DEMAND : STAGE2_RAM,
	    IPA(c->ram_base), c->memory, pa);
	for (unsigned int i = 0; i < c->ndevices && error == 0; i++)
		error = stage2_add(&vm->s2, c->devices[i].read_only ?
		    STAGE2_READONLY : STAGE2_DEVICE, c->devices[i].ipa,
		    c->devices[i].size, c->devices[i].pa);
	if (c->gic == 2 && error == 0)
		error = stage2_add(&vm->s2, STAGE2_DEVICE,
		    IPA(MACHINE_GICC_BASE), PAGE_SIZE, host.gicv);
	/* Its tables, if it touches a page here and there: one a block. */
	size_t tables = c->demand ? c->memory / BLOCK_SIZE : 0;
	if (error == 0 && tables != 0)
		error = !host.ram_alloc(tables * PAGE_SIZE, PAGE_SIZE, &pa) ||
		    pool_add(host.pool, pa, tables) != 0;
	return (error == 0 ? 0 : print_fail(err, "no memory for stage 2 "
	    "tables"));
}

int
vm_create(const struct vm_config *c, char *err)
{
	struct vm *vm;
	unsigned int i;

	vm = pool_alloc(host.pool, PAGE_COUNT(sizeof(*vm)), 1);
	if (vm == NULL)
		return (print_fail(err, "no memory for the VM itself"));
	vm->config = *c;
	vm->ways = (uint8_t)(c->stats + 2 * c->image.aarch32);
	spin_lock(&vms_lock);
	for (i = 0; i < VM_MAX && vms[i] != NULL; i++)
		;
	if (i < VM_MAX) {
		vms[i] = vm;
		vm_count++;
	}
	spin_unlock(&vms_lock);
	if (i == VM_MAX) {
		pool_free(host.pool, vm, PAGE_COUNT(sizeof(*vm)));
		return (print_fail(err, "more than %d VMs", VM_MAX));
	}
	vm->index = i;
	vm->state = VM_CREATED;
	for (i = 0; i < VM_MAX_PCPUS; i++)
		vm->last_vcpu[i] = MACHINE_MAX_VCPUS;
	vgic_init(&vm->gic, vm->config.gic, c->nvcpus, &gic_ops);
	/* A VMID has 8 bits, and 0 is nobody's. */
	_Static_assert(VM_MAX < 256, "VMIDs");
	if (stage2_init(&vm->s2, vm->index + 1, host.ipa_bits,
	    host.pool) != 0) {
		print_fail(err, "no memory for stage 2 tables");
		goto fail;
	}
	vm->vttbr = port_stage2_base(vm->s2.pt.root, vm->s2.pt.vmid);
	if (create_memory(vm, err) != 0 || create_vcpus(vm, err) != 0)
		goto fail;
	vgic_map_hw(&vm->gic, MACHINE_VTIMER_INTID, irq_private.vtimer);
	if (irq_private.pmu != 0)
		vgic_map_hw(&vm->gic, MACHINE_PMU_INTID, irq_private.pmu);
	vgic_reset(&vm->gic);
	/* Sorted by address. */
	add_mmio(vm, MACHINE_GICD_BASE, MACHINE_GICD_SIZE, vgic_dist_mmio,
	    &vm->gic);
	if (vm->config.gic == 2)
		add_mmio(vm, MACHINE_GICC_BASE + PAGE_SIZE, PAGE_SIZE,
		    vgic_dir_mmio, &vm->gic);
	else
		add_mmio(vm, MACHINE_GICR_BASE, MACHINE_GICR_STRIDE *
		    c->nvcpus, vgic_redist_mmio, &vm->gic);
	add_mmio(vm, MACHINE_UART_BASE, MACHINE_UART_SIZE, vpl011_mmio,
	    &vm->uart);
	add_mmio(vm, MACHINE_RTC_BASE, MACHINE_RTC_SIZE, vpl031_mmio, &vm->rtc);
	vm->input = uart_input;
	if (host.devices->create(vm, err) != 0)
		goto fail;
	vpl011_init(&vm->uart, &uart_ops, vm);
	vpl031_init(&vm->rtc, 0, &rtc_ops, vm);
	return (0);
fail:
	vm_destroy(vm);
	return (-1);
}

/*
 * What scrubbed memory has after power-on: the images. Demand RAM is zeroed as
 * it is touched; the pages of the images are touched now.
 */
static int
fill_memory(struct vm *vm, char *err)
{
	uint64_t n;
	pa_t pa;

	uint64_t start = port_counter();
	for (unsigned int i = 0; i < vm->config.image.nparts; i++) {
		const struct vm_image *im = &vm->config.image.part[i];

		for (uint64_t off = 0; off < im->size; off += n) {
			n = PAGE_SIZE - ((im->ipa.v + off) & (PAGE_SIZE - 1));
			if (!vm->config.demand || n > im->size - off)
				n = im->size - off;
			if (!stage2_translate(&vm->s2, IPA(im->ipa.v + off),
			    true, &pa))
				return (print_fail(err,
				    "no memory to load to"));
			char *to = port_pa_to_ptr(pa);
			memcpy(to, (const char *)im->data + off, n);
			/* It starts with its caches off. */
			port_clean_inval_poc(to, n);
		}
	}
	port_sync_icache();
	vm->copy_ticks += port_counter() - start;
	return (0);
}

static void
start_boot_vcpu(struct vm *vm)
{
	struct vcpu *v = vm->vcpus[0];

	vm->state = VM_RUNNING;
	v->start_pc = vm->config.image.entry.v;
	v->start_x0 = vm->config.dtb.v;
	v->power = VCPU_ON_PENDING;
	vcpu_request(v, VCPU_REQ_START);
}

int
vm_start(struct vm *vm, char *err)
{

	/* Power-on of its virtual counter: from here on a guest sees time. */
	vm->cntvoff = port_counter();
	for (uint64_t at = 0; stage2_scrub(&vm->s2, &at);)
		;
	if (fill_memory(vm, err) != 0)
		return (-1);
	for (unsigned int i = 0; i < vm->config.nspis; i++) {
		vgic_map_hw(&vm->gic, vm->config.spis[i].intid,
		    vm->config.spis[i].intid);
		irq_assign(vm, vm->config.spis[i].intid,
		    vm->config.spis[i].edge);
	}
	for (unsigned int i = 0; i < vm->config.nvcpus; i++)
		sched_add(vm->vcpus[i]);
	log_vm(vm, "start");
	start_boot_vcpu(vm);
	return (0);
}

void
vm_stop(struct vm *vm, enum vm_stop why)
{

	spin_lock(&vm->lock);
	if (vm->state != VM_RUNNING) {
		spin_unlock(&vm->lock);
		return;
	}
	vm->state = VM_STOPPING;
	vm->why = why;
	vm->running = vm->config.nvcpus;
	spin_unlock(&vm->lock);
	for (unsigned int i = 0; i < vm->config.nvcpus; i++)
		vcpu_request(vm->vcpus[i], VCPU_REQ_STOP);
}

/* Nothing of the VM runs any more: devices and memory as after power-on. */
static void
restart(struct vm *vm)
{
	char err[VM_ERR];

	if (flood_pay(vm, 64))
		log_vm(vm, "reset");
	vgic_reset(&vm->gic);
	vpl011_reset(&vm->uart);
	vpl031_reset(&vm->rtc);
	if (fill_memory(vm, err) != 0) {
		log_vm(vm, "stopped: %s", err);
		vm->state = VM_STOPPED;
		return;
	}
	start_boot_vcpu(vm);
}

static void
ended(struct vm *vm)
{

	if (vm->config.stats)
		stats_print(vm);
	log_vm(vm, "%s", vm->why == VM_STOP_OFF ? "off" : "stopped");
	vm->state = VM_STOPPED;
	port_mb();
	spin_lock(&vms_lock);
	if (vm_count_live() == 0) {
		log_line("apiary: all VMs are off");
		port_power_off();
	}
	spin_unlock(&vms_lock);
}

bool
vm_vcpu_stopped(struct vm *vm)
{

	spin_lock(&vm->lock);
	bool last = --vm->running == 0;
	spin_unlock(&vm->lock);
	if (last) {
		console_vm_flush(vm);
		if (vm->devices != NULL)
			host.devices->reset(vm);
	}
	return (last);
}

bool
vm_scrub(struct vcpu *v)
{

	if (stage2_scrub(&v->vm->s2, &v->cleaned))
		return (false);
	if (v->vm->why == VM_STOP_RESET)
		restart(v->vm);
	else
		ended(v->vm);
	return (true);
}

void
vm_destroy(struct vm *vm)
{

	/* Never started, so no CPU knows it; but what has DMA may. */
	if (vm->devices != NULL)
		host.devices->reset(vm);
	for (unsigned int i = 0; i < vm->config.nvcpus; i++)
		if (vm->vcpus[i] != NULL) {
			vm->vcpus[i]->pcpu->assigned--;
			pool_free(host.pool, vm->vcpus[i],
			    PAGE_COUNT(sizeof(*vm->vcpus[i])));
		}
	stage2_destroy(&vm->s2);
	if (vm->ram.v != 0)
		host.ram_free(vm->ram, vm->config.memory);
	spin_lock(&vms_lock);
	vms[vm->index] = NULL;
	vm_count--;
	spin_unlock(&vms_lock);
	pool_free(host.pool, vm, PAGE_COUNT(sizeof(*vm)));
}
