/*
 * The interrupt controller a guest sees: a GICv2 (IHI 0048B) or a GICv3 with
 * affinity routing always on and one security state (IHI 0069). Knows no
 * hardware: list registers and the virtual CPU interface are reached through
 * port/lr.h, other CPUs through struct vgic_ops. Must not know vCPUs, VMs,
 * traps or the scheduler.
 *
 * Map of the room
 *	vgic.h		this
 *	vgic_private.h	what the files below share: state of an interrupt
 *	gic_regs.h	registers that the real GIC has as well
 *	vgic.c		life; lines, injection, which vCPU an interrupt is
 *			queued for
 *	vgic_lr.c	list registers: fill, fold, maintenance
 *	vgic_reg.c	the registers of GICD and GICR
 *	vgic_sgi.c	software generated interrupts
 *
 * How it works. The state of 32 interrupts is a struct vgic_bank of bitmaps;
 * a vCPU's private ones are a bank like any other, all of whose interrupts
 * go to that vCPU.
 * What a vCPU should be told (pending, enabled, group enabled; or active
 * outside the list registers) is in its queue[]; the CPU where that vCPU is
 * loaded moves it into list registers. An interrupt stays with its list
 * register until somebody needs to know: `inlr` says that its pending and
 * active state is there and not in the bank. Only the CPU where a vCPU is
 * loaded touches its list registers; another CPU that needs the state holds
 * the vCPU (vgic_hold in vgic_lr.c) until it has folded them back.
 *
 * Locking: one lock per VM, inside. Callers hold none of it; they may hold a
 * device's lock. kick() is called with it held. The affinity of vCPU n is
 * 0.0.0.n (MPIDR_EL1 with Aff0 = n).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "abi/machine.h"
#include "lib/mmio.h"
#include "port/cpu.h"
#include "port/lr.h"

#define	VGIC_WORDS	(MACHINE_NR_INTID / 32)	/* banks of 32 */
#define	VGIC_SPIS	(MACHINE_NR_INTID - 32)
#define	VGIC_MAX_LRS	16
/*
 * LPIs are banks like those of SPIs, of a VM that has an ITS (vits/). In here
 * they are numbered from VGIC_LPI on, which is INTID 8192 in list registers.
 */
#define	VGIC_LPI	512
#define	VGIC_BANKS	32

struct vgic_cpu;

struct vgic_ops {
	/*
	 * Make this vCPU call vgic_sync() (if loaded: on its CPU before its
	 * guest runs on; wake it if it waits or is idle). The VM's vgic lock
	 * is held: only raise a flag and signal. Never for the caller's own
	 * vCPU.
	 */
	void	(*kick)(struct vgic_cpu *vc);
};

/* 32 interrupts, bit n of each word is the nth (vgic_private.h). */
struct vgic_bank {
	uint32_t	enabled, group, edge, latch, active;
	uint32_t	phys;		/* its physical one is active for us */
	uint32_t	inlr;		/* state is in a list register */
	uint32_t	blocked;	/* the rest waits for the LR's EOI */
	uint32_t	queued;		/* in some vCPU's queue */
	uint8_t		prio[32];
	uint8_t		owner[32];	/* vCPU where queued, inlr, active */
	uint8_t		dest[32];	/* vCPU it goes to */
	uint8_t		lr[32];		/* list register, if inlr */
	/* What a reset leaves alone. */
	uint32_t	level;
	uint32_t	hw;		/* hardware mapped, to: */
	uint16_t	pintid[32];
	unsigned int	word;		/* INTID of the first / 32 */
};

/* Of one vCPU; embedded there. */
struct vgic_cpu {
	struct vgic	*vgic;
	unsigned int	index;
	/* From here on what a reset clears; up to priv. */
	_Alignas(8) bool loaded;	/* between vgic_load and vgic_save */
	bool		live;		/* and its list registers are filled */
	bool		stale;		/* fold them, see vgic_resume() */
	bool		asleep;		/* GICR_WAKER.ProcessorSleep */
	uint32_t	holds;		/* CPUs that keep it from going live */
	uint32_t	undo;		/* private: deactivate the physical */
	uint32_t	hcr;		/* control as last written */
	uint32_t	lr_used, lr_eoi; /* LRs with an interrupt; with EOI */
	uint64_t	lr[VGIC_MAX_LRS]; /* as last written */
	uint8_t		sgi_from[16];	/* GICv2: pending, by source vCPU */
	uint8_t		sgi_active[16];	/* GICv2: source of the active one */
	struct lr_state	cpuif;		/* while not loaded */
	uint32_t	queue_words;	/* words of queue[] that are not 0 */
	uint32_t	queue[VGIC_BANKS];
	struct vgic_bank priv;
	/* priv; spi[] of the VM; those of LPIs, if it has any. */
	struct vgic_bank *bank[VGIC_BANKS];
};

/* Of one VM; embedded there. */
struct vgic {
	struct spinlock	lock;
	unsigned int	version;	/* 2 or 3 */
	unsigned int	nvcpus;
	uint32_t	typer;		/* GICD_TYPER */
	uint32_t	lr_all;		/* the list registers there are */
	uint32_t	group_on[2];	/* GICD_CTLR.EnableGrp: 0 or ~0 */
	uint8_t		prio_mask;	/* implemented bits of a priority */
	const struct vgic_ops *ops;
	struct vgic_cpu	*cpus[MACHINE_MAX_VCPUS];
	struct vgic_bank spi[VGIC_WORDS - 1];
	uint64_t	route[VGIC_SPIS];	/* ITARGETSR or IROUTER */
};

/*
 * Once per VM, then once per vCPU (index 0 .. nvcpus - 1), then
 * vgic_reset(). lr_ops must be set. vgic_map_hw() any time before the VM
 * runs, and stays over vgic_reset().
 */
void	vgic_init(struct vgic *vg, unsigned int version, unsigned int nvcpus,
	    const struct vgic_ops *ops);
void	vgic_cpu_init(struct vgic *vg, struct vgic_cpu *vc,
	    unsigned int index);
/* Virtual interrupt vintid (27, or an SPI) is physical interrupt pintid. */
void	vgic_map_hw(struct vgic *vg, unsigned int vintid,
	    unsigned int pintid);
/*
 * Power-on state; physical interrupts that wait for the guest are
 * deactivated. No vCPU of the VM may be loaded. Lines keep their level.
 */
void	vgic_reset(struct vgic *vg);
/* PSCI CPU_ON: the CPU interface of vc, loaded here or nowhere, is reset. */
void	vgic_cpu_on(struct vgic_cpu *vc);

/*
 * In what follows self is the vCPU loaded on this CPU, of the same VM; or
 * NULL where there is none and it says so.
 */

/*
 * An emulated device drives its line; vcpu is ignored for SPIs. A rising
 * edge latches if the guest has configured the interrupt as edge triggered.
 */
void	vgic_set_line(struct vgic *vg, struct vgic_cpu *self_or_null,
	    unsigned int vcpu, unsigned int intid, bool level);
/*
 * A hardware-mapped physical interrupt was acknowledged on this CPU: its
 * priority is dropped, it is still active. A private one is self's; an SPI
 * goes where the guest routes it. vgic_inject_private() is fast.
 */
void	vgic_inject(struct vgic *vg, struct vgic_cpu *self_or_null,
	    unsigned int vintid);
void	vgic_inject_private(struct vgic_cpu *self, unsigned int vintid);

/* Memory-mapped registers: mmio_fn, dev is a struct vgic; vcpu is self. */
enum mmio_result vgic_dist_mmio(void *dev, unsigned int vcpu, struct mmio *m);
/* All frames of the VM in a row, MACHINE_GICR_STRIDE bytes each. */
enum mmio_result vgic_redist_mmio(void *dev, unsigned int vcpu,
	    struct mmio *m);

/* Trapped writes of GICv3 system registers (IHI 0069, 12.2). */
void	vgic_sgi1r(struct vgic_cpu *self, uint64_t val);
/* ICC_ASGI1R_EL1 too: there is no other Security state (table 8-14). */
void	vgic_sgi0r(struct vgic_cpu *self, uint64_t val);
/* ICC_DIR_EL1; traps only while LR_HCR_TDIR is set. */
void	vgic_dir(struct vgic_cpu *self, uint64_t val);
/* A GICv2's page of GICC_DIR; dev is the vgic. */
enum mmio_result vgic_dir_mmio(void *dev, unsigned int vcpu, struct mmio *m);

/*
 * This vCPU takes this CPU's virtual CPU interface, or gives it up. Who
 * loads must not hold another one loaded there. Private physical interrupts
 * move with it, so: no physical interrupt is acknowledged in between.
 */
void	vgic_load(struct vgic_cpu *vc);
void	vgic_save(struct vgic_cpu *self);
/* After a kick, or a maintenance interrupt. A vCPU not loaded: no effect. */
void	vgic_sync(struct vgic_cpu *self);
/* Has the guest still to end this private physical interrupt? */
static inline bool
vgic_has_hw(const struct vgic_cpu *vc, unsigned int vintid)
{

	return (vc->priv.phys >> vintid & 1);
}

/*
 * Would a WFI end: is there an interrupt to signal, by the distributor's
 * and the CPU interface's enables, priority mask and running priority?
 * vc is loaded here or nowhere.
 */
bool	vgic_pending(struct vgic_cpu *vc);
