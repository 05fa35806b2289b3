/*
 * See vmm_fake.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm_fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vmm/log.h"
#include "vmm/vcpu.h"

struct vmm_fake vmm_fake;
struct vm vmm_vm;
struct vcpu vmm_vcpu[VMM_FAKE_VCPUS];
struct pcpu vmm_pcpu;
struct pcpu *pcpus[PCPU_MAX + 1] = { &vmm_pcpu };
unsigned int pcpu_count = 1;

static uint64_t
initial(unsigned int vcpu, unsigned int reg)
{

	return (0x1000 * vcpu + 0x100 + reg);
}

void
vmm_fake_reset(void)
{
	static const uint64_t affinity[VMM_FAKE_VCPUS] = { 0, 1, 0x100, 0x101 };
	unsigned int i, n;

	vcpu_fake_reset();
	memset(&vmm_fake, 0, sizeof(vmm_fake));
	memset(&vmm_vm, 0, sizeof(vmm_vm));
	memset(vmm_vcpu, 0, sizeof(vmm_vcpu));
	memset(&vmm_pcpu, 0, sizeof(vmm_pcpu));
	vmm_pcpu.index = 5;
	vmm_vm.index = 3;
	vmm_vm.state = VM_RUNNING;
	vmm_vm.config.nvcpus = VMM_FAKE_VCPUS;
	vmm_vm.config.memory = VMM_FAKE_MEMORY;
	vmm_vm.config.gic = 3;
	vmm_vm.config.ram_base = MACHINE_RAM_BASE;
	for (i = 0; i < VMM_FAKE_VCPUS; i++) {
		vmm_vm.vcpus[i] = &vmm_vcpu[i];
		vmm_vcpu[i].vm = &vmm_vm;
		vmm_vcpu[i].pcpu = &vmm_pcpu;
		vmm_vcpu[i].index = i;
		/* Bit 31 of MPIDR_EL1 is RES1. */
		vmm_vcpu[i].mpidr = 1ull << 31 | affinity[i];
		vmm_vcpu[i].power = i == 0 ? VCPU_ON : VCPU_OFF;
		for (n = 0; n < nitems(vmm_vcpu[i].x); n++)
			vmm_vcpu[i].x[n] = initial(i, n);
	}
	vmm_vm.mmio[0] = (struct vm_mmio){ MACHINE_GICD_BASE,
	    MACHINE_GICD_SIZE, vmm_fake_access, &vmm_vm.gic };
	vmm_vm.mmio[1] = (struct vm_mmio){ MACHINE_UART_BASE,
	    MACHINE_UART_SIZE, vmm_fake_access, &vmm_vm.uart };
	vmm_vm.mmio[2] = (struct vm_mmio){ MACHINE_RTC_BASE,
	    MACHINE_RTC_SIZE, vmm_fake_access, &vmm_vm.rtc };
	vmm_vm.nmmio = 3;
}

uint32_t
vmm_fake_changed(const struct vcpu *v)
{
	uint32_t changed = 0;
	unsigned int n;

	for (n = 0; n < nitems(v->x); n++)
		if (v->x[n] != initial(v->index, n))
			changed |= 1u << n;
	return (changed);
}

enum mmio_result
vmm_fake_access(void *dev, unsigned int vcpu, struct mmio *m)
{

	vmm_fake.mmio = *m;
	vmm_fake.mmio_dev = dev;
	vmm_fake.mmio_vcpu = vcpu;
	vmm_fake.mmios++;
	if (!m->write)
		m->value = vmm_fake.mmio_value;
	return (vmm_fake.mmio_result);
}

/* The real ones of these take the VM's lock: it must be free. */
static void
lock_is_free(struct vm *vm)
{

	spin_lock(&vm->lock);
	spin_unlock(&vm->lock);
}

void
vcpu_request(struct vcpu *v, uint32_t req)
{

	lock_is_free(v->vm);
	vmm_fake.requested = v;
	vmm_fake.request = req;
	vmm_fake.requests++;
}

outcome_t
vcpu_wait(struct vcpu *v)
{

	lock_is_free(v->vm);
	vmm_fake.waits++;
	return (vmm_fake.wait);
}

void
vm_stop(struct vm *vm, enum vm_stop why)
{

	lock_is_free(vm);
	vmm_fake.stopped = vm;
	vmm_fake.why = why;
	vmm_fake.stops++;
}

/* To the second vCPU, whoever asks. */
struct vcpu *
sched_next(struct pcpu *p, struct vcpu *v)
{

	(void)p;
	vmm_fake.before = v;
	vmm_fake.turns++;
	return (&vmm_vcpu[1]);
}

void
sched_timer_changed(struct vcpu *v)
{

	(void)v;
	vmm_fake.timer_changes++;
}

void
log_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(vmm_fake.log, sizeof(vmm_fake.log), fmt, ap);
	va_end(ap);
	vmm_fake.logs++;
}

enum stage2_result
stage2_fault(struct stage2 *s, ipa_t ipa, bool write, bool exec)
{

	(void)s;
	vmm_fake.fault_ipa = ipa;
	vmm_fake.fault_write = write;
	vmm_fake.fault_exec = exec;
	vmm_fake.faults++;
	return (vmm_fake.stage2);
}

int
stage2_release(struct stage2 *s, ipa_t ipa)
{

	(void)s;
	vmm_fake.released = ipa;
	return (ipa.v % PAGE_SIZE == 0 ? 0 : -1);
}

bool
stage2_clean(struct stage2 *s, uint64_t *from)
{

	(void)s;
	vmm_fake.cleans++;
	*from = *from < vmm_fake.pieces ? *from + 1 : 0;
	return (*from != 0);
}

static void
gic_call(const char *name, struct vgic_cpu *self, uint64_t val)
{

	vmm_fake.gic = name;
	vmm_fake.gic_self = self;
	vmm_fake.gic_value = val;
	vmm_fake.gic_calls++;
}

void
vgic_sgi1r(struct vgic_cpu *self, uint64_t val)
{

	gic_call("sgi1r", self, val);
}

void
vgic_sgi0r(struct vgic_cpu *self, uint64_t val)
{

	gic_call("sgi0r", self, val);
}

void
vgic_dir(struct vgic_cpu *self, uint64_t val)
{

	gic_call("dir", self, val);
}

void
vgic_set_line(struct vgic *vg, struct vgic_cpu *self_or_null,
    unsigned int vcpu, unsigned int intid, bool level)
{

	(void)vg;
	vmm_fake.gic_self = self_or_null;
	vmm_fake.line_vcpu = vcpu;
	vmm_fake.line_intid = intid;
	vmm_fake.line = level;
	vmm_fake.lines++;
}
