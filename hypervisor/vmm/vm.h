/*
 * A virtual machine and its life: create, give it memory and images, start,
 * reset, stop, scrub, destroy. The bundle loader calls these at boot;
 * nothing here assumes that VMs are known at boot.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/tree.h"
#include "mm/stage2.h"
#include "vdev/vpl011.h"
#include "vdev/vpl031.h"
#include "vmm/console.h"
#include "vmm/ext/extra.h"
#include "vmm/log.h"
#include "vmm/vcpu.h"

#define	VM_MAX			16	/* VMs at a time */
#define	VM_NAME_MAX		32	/* with the ending NUL */
#define	VM_MAX_PASSTHROUGH	16	/* device ranges; and SPIs */
#define	VM_MAX_IMAGES		8	/* parts of the kernel, initrd, tree */
#define	VM_MAX_MMIO		8
#define	VM_MAX_PCPUS		64

/* Bytes to be copied into guest memory at start and at every reset. */
struct vm_image {
	ipa_t		ipa;
	const void	*data;
	size_t		size;		/* bytes of data; */
	size_t		zero;		/* zero bytes to follow (bss) */
};

struct image {
	/* Disjoint, inside of RAM; the last two are for initrd and tree. */
	struct vm_image	part[VM_MAX_IMAGES];
	unsigned int	nparts;			/* at least 1 */
	ipa_t		entry;			/* inside of a part */
	bool		is_linux;		/* arm64 Image or zImage */
	bool		aarch32;		/* EL1 is to run it so */
};

struct vm_device {
	ipa_t		ipa;
	pa_t		pa;
	uint64_t	size;
	bool		read_only;
};

struct vm_spi {
	uint32_t	intid;		/* physical = virtual */
	bool		edge;
};

/* What a VM is to be: filled in by the bundle loader, checked by it. */
struct vm_config {
	char		name[VM_NAME_MAX];
	unsigned int	nvcpus;
	uint64_t	cpus[MACHINE_MAX_VCPUS]; /* physical CPU index, or */
#define	VM_CPU_ANY	(~0ull)			 /* the least loaded */
	uint64_t	memory;			/* bytes, page aligned */
	uint64_t	ram_base;	/* IPA */
	uint32_t	fdt_bytes;	/* of its tree, for what not all have */
	struct vm_extra	extra;
	unsigned int	gic;			/* 2 or 3 */
	bool		demand, wfi_native, stats; /* demand: of stage 2 */
	struct vm_device devices[VM_MAX_PASSTHROUGH];
	unsigned int	ndevices;
	struct vm_spi	spis[VM_MAX_PASSTHROUGH];
	unsigned int	nspis;
	struct image	image;		/* its data stay while the VM lives */
	ipa_t		dtb;		/* boot vCPU's x0; AArch32: << 32 */
};

enum vm_state {
	VM_CREATED,		/* not started yet */
	VM_RUNNING,
	VM_STOPPING,		/* its vCPUs are being brought to a stop */
	VM_STOPPED,
};

enum vm_stop {			/* why it is stopping */
	VM_STOP_OFF,		/* PSCI SYSTEM_OFF */
	VM_STOP_RESET,		/* PSCI SYSTEM_RESET: it starts again */
	VM_STOP_FAULT,		/* it did what we cannot go on from */
};

struct vm_mmio {
	uint64_t	base, size;	/* IPA range */
	mmio_fn		*access;
	void		*dev;
};

struct vm {
	struct vm_mmio	mmio[VM_MAX_MMIO];	/* GICD first; size 0: not */
	unsigned int	nmmio;			/* in use */
	void		*devices;	/* of vm_device_ops; NULL: none */
	/* A character from the console; false: not taken, try again. */
	bool		(*input)(struct vm *vm, char c);
	/*
	 * An access that is to end in an abort; NULL: all are. True: it was
	 * looked after, and the PC is where to go on.
	 */
	bool		(*denied)(struct vcpu *v, uint64_t esr);
	struct vm_config config;
	uint8_t		ways;		/* of its exits: stats, AArch32 (2) */
	unsigned int	index;
	enum vm_state	state;		/* under lock; read freely */
	enum vm_stop	why;
	unsigned int	running;	/* vCPUs not yet stopped, under lock */
	struct spinlock	lock;		/* power states and state */
	struct vcpu	*vcpus[MACHINE_MAX_VCPUS];
	struct stage2	s2;
	struct vgic	gic;
	struct vpl011	uart;
	struct vpl031	rtc;
	pa_t		ram;		/* behind MACHINE_RAM_BASE */
	uint64_t	vttbr;		/* stage 2 table base and VMID */
	uint8_t		last_vcpu[VM_MAX_PCPUS]; /* that ran, by pcpu */
	uint64_t	cntvoff;
	uint64_t	copy_ticks, first_entry;	/* HC_BOOT */
	struct vm_console console;
};

struct dtw;

/* Devices beyond UART and clock: room devices/, which is no part of us. */
struct vm_device_ops {
	/* A node of a VM that nobody else knows; false: a line was said. */
	bool	(*read)(struct tree_node *n, struct vm_config *c);
	/* Right after that, if c->fdt_bytes: nodes of its tree. */
	void	(*tree)(struct dtw *t, const struct vm_config *c);
	/*
	 * May it have what is passed through? And where c->extra.any, sets
	 * vm->devices. 0, or -1 and err.
	 */
	int	(*create)(struct vm *vm, char *err);
	/* Where vm->devices is set: by a reset of the VM, or its end. */
	void	(*reset)(struct vm *vm);
};

/*
 * All of these return 0, or a negative number with a line for people in
 * err (VM_ERR bytes) that names what is wrong.
 */
#define	VM_ERR	PRINT_LINE
int	vm_create(const struct vm_config *c, char *err);
/* Copies the images and lets vCPU 0 run. */
int	vm_start(struct vm *vm, char *err);
/* From any CPU; returns at once, the vCPUs stop as they exit. */
void	vm_stop(struct vm *vm, enum vm_stop why);
/* A vCPU has come to its stop. True: it is the last one, and is to call */
bool	vm_vcpu_stopped(struct vm *vm);
/* this until it is true: scrubs a piece of memory, then ends or restarts. */
bool	vm_scrub(struct vcpu *v);
/* Only when stopped: zero its memory; give everything back. */
void	vm_destroy(struct vm *vm);

/* A device of the VM's drives its line, an SPI; from any CPU. */
void	vm_set_line(void *vm, unsigned int intid, bool level);

extern unsigned int vm_count;			/* that there are */
struct vm *vm_by_index(unsigned int i);		/* NULL: no such */
unsigned int vm_count_live(void);

/* What the machine gives to the VMM, filled in once by start-up. */

struct host {
	struct pool	*pool;		/* pages of the hypervisor's own */
	/*
	 * Guest memory: contiguous, mapped for the hypervisor (it copies
	 * and zeroes), not zeroed. PA(0) with size 0 bytes: none. align is
	 * a power of two.
	 */
	bool		(*ram_alloc)(uint64_t size, uint64_t align, pa_t *pa);
	void		(*ram_free)(pa_t pa, uint64_t size);
	uint64_t	(*ram_left)(void);	/* bytes, all pieces */
	unsigned int	gic_version;	/* of the hardware: 2 or 3 */
	pa_t		gicv;		/* GICv2: two pages for guests */
	unsigned int	ipa_bits;	/* of stage 2 */
	/*
	 * Why no guest may have this range or interrupt, in words to follow
	 * "is", as "the hypervisor's console"; NULL: it may.
	 */
	const char	*(*owner_of_pa)(pa_t pa, uint64_t size);
	const char	*(*owner_of_intid)(unsigned int intid);
	void		(*stop)(void);	/* set by a panic: does not return */
	const struct vm_device_ops *devices;
	/* As image_read(), for what is neither arm64 Image nor ELF64. */
	int		(*image_other)(struct image *im, const void *data,
			    size_t size, uint64_t memory, char *err);
};

extern struct host host;

/* Exits counted and timed. */

/* The abi's class of an index of vcpu->exits[]. */
enum exit_class stats_class(unsigned int ec);
/* Exits of v in this class. */
uint64_t stats_exits(const struct vcpu *v, enum exit_class c);
/* The exit being left belongs to the current vCPU: add up its time. */
void	stats_add_time(void);
void	stats_print(const struct vm *vm);
