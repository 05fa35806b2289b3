/*
 * One VM by /dev/kvm: memory, interrupt controller, vCPUs, exits (Linux:
 * Documentation/virt/kvm/api.rst). PSCI, timers and the interrupt controller
 * are the kernel's, the UART is ours. Must not know what the guest does.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/psci.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner.h"

#define	BLOCK		(2ul << 20)
#define	TREE_SIZE	0x10000ul
/* Where QEMU puts what has no Image header (hw/arm/boot). */
#define	FLAT_OFFSET	0x80000ul
#define	MPIDR_MASK	0xff00fffffful

struct header {				/* Linux: arm64/booting.rst */
	uint32_t	code[2];
	uint64_t	text_offset, image_size, flags, res[3];
	uint32_t	magic, res5;
};
#define	MAGIC		0x644d5241u	/* "ARM\x64" */

#define	CORE_REG(name)	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 |		\
	KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(name))

static struct vcpu {
	int		fd;
	struct kvm_run	*run;
	pthread_t	thread;
} vcpus[MAX_VCPUS];
static struct machine m;
static int kvm, vm;
static pthread_mutex_t devices = PTHREAD_MUTEX_INITIALIZER;
static int ended = -1;			/* what vm_run returns */
static pthread_cond_t end = PTHREAD_COND_INITIALIZER;

static int
must(int result, const char *what)
{

	if (result < 0)
		die("%s: %s", what, strerror(errno));
	return (result);
}

void
vm_irq_line(unsigned int spi, bool high)
{
	struct kvm_irq_level line = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT |
		    (spi + 32),
		.level = high,
	};

	must(ioctl(vm, KVM_IRQ_LINE, &line), "KVM_IRQ_LINE");
}

/* ---- memory and what is in it ----------------------------------------- */

static void
memory(void)
{
	size_t size = m.options->memory;
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM_BASE, .memory_size = size };
	uint8_t *at = mmap(NULL, size + BLOCK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		die("%zu MiB for the guest: %s", size >> 20, strerror(errno));
	/* Aligned as the guest sees it, or no huge page could be used. */
	at += -(uintptr_t)at & (BLOCK - 1);
	m.ram = at;
	if (madvise(at, size, m.options->thp ? MADV_HUGEPAGE :
	    MADV_NOHUGEPAGE) != 0 && errno != EINVAL)
		die("madvise: %s", strerror(errno));
	if (m.options->populate)
		memset(at, 0, size);
	region.userspace_addr = (uintptr_t)at;
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "guest memory");
}

static size_t
size_of(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		die("%s: %s", path, strerror(errno));
	return ((size_t)status.st_size);
}

static void
load(const char *path, uint64_t offset, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t done = 0;

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	if (offset > m.options->memory || size > m.options->memory - offset)
		die("%s: %zu KiB do not fit into the guest's memory", path,
		    size >> 10);
	while (done < size) {
		ssize_t n = read(fd, m.ram + offset + done, size - done);

		if (n <= 0)
			die("%s: %s", path, n < 0 ? strerror(errno) :
			    "is shorter than it was");
		done += (size_t)n;
	}
	close(fd);
}

/* Loads all; returns the entry. The tree's place is the end of memory. */
static uint64_t
images(void)
{
	const struct options *o = m.options;
	size_t size = size_of(o->guest), top = o->memory - TREE_SIZE;
	struct header header = { .magic = 0 };
	uint64_t offset = FLAT_OFFSET;
	FILE *file = fopen(o->guest, "rb");

	if (file == NULL || (fread(&header, sizeof(header), 1, file) != 1 &&
	    ferror(file)))
		die("%s: %s", o->guest, strerror(errno));
	fclose(file);
	if (header.magic == MAGIC) {
		/* image_size 0: an old kernel, text_offset is then fixed. */
		offset = header.image_size == 0 ? FLAT_OFFSET :
		    header.text_offset;
		if (header.image_size > size)
			size = header.image_size;
	}
	if (offset > top || size > top - offset)
		die("%s wants %zu KiB: the guest's memory is too small",
		    o->guest, size >> 10);
	load(o->guest, offset, size_of(o->guest));
	if (o->initrd != NULL) {
		size_t bytes = size_of(o->initrd);

		if (bytes > top - offset - size)
			die("%s: %zu KiB do not fit above the image",
			    o->initrd, bytes >> 10);
		m.initrd = RAM_BASE + ((top - bytes) & ~0xffful);
		m.initrd_end = m.initrd + bytes;
		load(o->initrd, m.initrd - RAM_BASE, bytes);
	}
	return (RAM_BASE + offset);
}

/* ---- the interrupt controller ----------------------------------------- */

static int
attribute(int fd, uint32_t group, uint64_t attr, const void *value)
{
	struct kvm_device_attr a = { .group = group, .attr = attr,
	    .addr = (uintptr_t)value };

	return (ioctl(fd, KVM_SET_DEVICE_ATTR, &a));
}

static void
gic_create(void)
{
	struct kvm_create_device device = { .flags = 0 };
	unsigned int wanted = m.options->gic;
	uint64_t dist = GICD_BASE, other;
	uint32_t irqs = SPIS + 32;
	uint64_t what;

	device.type = KVM_DEV_TYPE_ARM_VGIC_V3;
	m.gic = 3;
	if (wanted == 2 || ioctl(vm, KVM_CREATE_DEVICE, &device) != 0) {
		if (wanted == 3)
			die("no virtual GICv3 on this machine");
		device.type = KVM_DEV_TYPE_ARM_VGIC_V2;
		m.gic = 2;
		if (ioctl(vm, KVM_CREATE_DEVICE, &device) != 0)
			die("no virtual GICv%s on this machine",
			    wanted == 2 ? "2" : "3 or v2");
	}
	other = m.gic == 3 ? GICR_BASE : GICC_BASE;
	what = m.gic == 3 ? KVM_VGIC_V3_ADDR_TYPE_DIST :
	    KVM_VGIC_V2_ADDR_TYPE_DIST;
	must(attribute((int)device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, what, &dist),
	    "GICD");
	what = m.gic == 3 ? KVM_VGIC_V3_ADDR_TYPE_REDIST :
	    KVM_VGIC_V2_ADDR_TYPE_CPU;
	must(attribute((int)device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, what,
	    &other), "GICR or GICC");
	must(attribute((int)device.fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &irqs),
	    "number of interrupts");
	must(attribute((int)device.fd, KVM_DEV_ARM_VGIC_GRP_CTRL,
	    KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), "start of the GIC");
}

/* ---- vCPUs ------------------------------------------------------------ */

static void
reg(const struct vcpu *v, uint64_t id, uint64_t value)
{
	struct kvm_one_reg one = { .id = id, .addr = (uintptr_t)&value };

	must(ioctl(v->fd, KVM_SET_ONE_REG, &one), "KVM_SET_ONE_REG");
}

static void
vcpu_create(unsigned int i)
{
	struct vcpu *v = &vcpus[i];
	struct kvm_vcpu_init init;
	struct kvm_one_reg one = { .id = ARM64_SYS_REG(3, 0, 0, 0, 5),
	    .addr = (uintptr_t)&m.mpidr[i] };
	int size = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "mmap size");

	v->fd = must(ioctl(vm, KVM_CREATE_VCPU, i), "KVM_CREATE_VCPU");
	v->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    v->fd, 0);
	if (v->run == MAP_FAILED)
		die("struct kvm_run: %s", strerror(errno));
	must(ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init), "preferred target");
	init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
	if (i > 0)
		init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
	if (m.options->pmu)
		init.features[0] |= 1u << KVM_ARM_VCPU_PMU_V3;
	must(ioctl(v->fd, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
	must(ioctl(v->fd, KVM_GET_ONE_REG, &one), "MPIDR_EL1");
	m.mpidr[i] &= MPIDR_MASK;
}

static void
pmu_start(const struct vcpu *v)
{
	int intid = PMU_PPI + 16;

	must(attribute(v->fd, KVM_ARM_VCPU_PMU_V3_CTRL,
	    KVM_ARM_VCPU_PMU_V3_IRQ, &intid), "interrupt of the PMU");
	must(attribute(v->fd, KVM_ARM_VCPU_PMU_V3_CTRL,
	    KVM_ARM_VCPU_PMU_V3_INIT, NULL), "start of the PMU");
}

static void
mmio(struct kvm_run *run)
{
	uint64_t offset = run->mmio.phys_addr - UART_BASE, value = 0;
	size_t len = run->mmio.len;

	if (offset >= UART_SIZE)
		die("guest %s %zu bytes at %#llx, where nothing is",
		    run->mmio.is_write ? "writes" : "reads", len,
		    (unsigned long long)run->mmio.phys_addr);
	/* Reads change nothing, and are measured: no lock. */
	if (!run->mmio.is_write) {
		value = pl011_read(offset);
		memcpy(run->mmio.data, &value, sizeof(run->mmio.data));
		return;
	}
	memcpy(&value, run->mmio.data, sizeof(value));
	pthread_mutex_lock(&devices);
	pl011_write(offset, len < 4 ? (uint32_t)value & ((1u << 8 * len) - 1) :
	    (uint32_t)value);
	pthread_mutex_unlock(&devices);
}

static void
stop(int how)
{

	pthread_mutex_lock(&devices);
	ended = how;
	pthread_cond_signal(&end);
	pthread_mutex_unlock(&devices);
}

static void *
vcpu_thread(void *of)
{
	struct vcpu *v = of;
	int cpu = m.options->cpu[v - vcpus];
	cpu_set_t set;

	if (cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET((unsigned int)cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set) != 0)
			die("CPU %d: %s", cpu, strerror(errno));
	}
	for (;;) {
		if (ioctl(v->fd, KVM_RUN, 0) != 0 && errno != EINTR)
			die("KVM_RUN: %s", strerror(errno));
		switch (v->run->exit_reason) {
		case KVM_EXIT_MMIO:
			mmio(v->run);
			break;
		case KVM_EXIT_INTR:
			break;
		case KVM_EXIT_SYSTEM_EVENT:
			stop(v->run->system_event.type ==
			    KVM_SYSTEM_EVENT_SHUTDOWN ? 0 : 3);
			pause();
			break;
		default:
			die("vCPU %zd: exit %u", v - vcpus,
			    v->run->exit_reason);
		}
	}
}

/* ---- all of it -------------------------------------------------------- */

int
vm_run(const struct options *o)
{
	uint64_t entry, tree = o->memory - TREE_SIZE;
	unsigned int i;

	m.options = o;
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		die("/dev/kvm: another API than version %d", KVM_API_VERSION);
	vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	memory();
	entry = images();
	for (i = 0; i < o->vcpus; i++)
		vcpu_create(i);
	gic_create();
	for (i = 0; i < o->vcpus && o->pmu; i++)
		pmu_start(&vcpus[i]);
	tree_write(&m, m.ram + tree, TREE_SIZE);
	reg(&vcpus[0], CORE_REG(regs.pc), entry);
	reg(&vcpus[0], CORE_REG(regs.regs[0]), RAM_BASE + tree);
	for (i = 0; i < o->vcpus; i++)
		if (pthread_create(&vcpus[i].thread, NULL, vcpu_thread,
		    &vcpus[i]) != 0)
			die("no thread for vCPU %u", i);
	pthread_mutex_lock(&devices);
	while (ended < 0)
		pthread_cond_wait(&end, &devices);
	fflush(stdout);
	return (ended);
}
