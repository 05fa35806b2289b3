/*
 * GICv2 with Virtualization Extensions, as in GIC-400 (IHI 0048B):
 * distributor, CPU interface and list registers by memory-mapped register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic/gic.h"
#include "gic/reg.h"
#include "lib/print.h"
#include "platform/platform.h"
#include "port/cpu.h"
#include "port/lr.h"
#include "port/vcpu.h"
#include "arch/aarch64/sysreg.h"
#include "vmm/pcpu.h"

#define	PRIO_ALL	0xa0a0a0a0u

static uintptr_t gicd, gicc, gich, gicv, gicc_dir;
static uint8_t interface[PCPU_MAX];	/* bit mask of each CPU's interface */
static struct lr_ops lr;
/*
 * Where a guest's EOI of a hardware-mapped interrupt does not have the line
 * looked at again (QEMU's model, as of 7.2), the list register is none of
 * hardware: its EOI interrupts us, and we deactivate.
 */
static bool by_software;
static struct {
	uint32_t	used;		/* such list registers */
	uint16_t	pintid[16];
} ours[PCPU_MAX];

/*
 * ICH_LR<n>_EL2 to GICH_LR<n> (IHI 0048B, 5.3.9) and back: the same facts
 * at other places; priority has five bits.
 */
static uint32_t
to_gich(uint64_t v)
{
	uint32_t r = (v & 0x3ff) | (v >> 51 & 31) << 23 | (v >> 62) << 28;

	if (v & LR_GROUP1)
		r |= 1u << 30;
	if (v & LR_HW)
		return (r | 1u << 31 | (v >> LR_PINTID_SHIFT & 0x3ff) << 10);
	r |= (v >> LR_SOURCE_SHIFT & 7) << 10;
	return (v & LR_EOI ? r | 1u << 19 : r);
}

static uint64_t
from_gich(uint32_t r)
{
	uint64_t v = (r & 0x3ff) | (uint64_t)(r >> 23 & 31) << 51 |
	    (uint64_t)(r >> 28 & 3) << 62;

	if (r & 1u << 30)
		v |= LR_GROUP1;
	if (r & 1u << 31)
		return (v | LR_HW | (uint64_t)(r >> 10 & 0x3ff) <<
		    LR_PINTID_SHIFT);
	v |= (uint64_t)(r >> 10 & 7) << LR_SOURCE_SHIFT;
	return (r & 1u << 19 ? v | LR_EOI : v);
}

static void
deactivate(uint32_t iar)
{

	reg_write(gicc_dir, 0, iar);
}

/*
 * It may have been acknowledged by another CPU: DIR is for our own. (QEMU
 * keeps an active state for each CPU.)
 */
static void
clear_active(unsigned int intid)
{

	reg_write(gicd, GICD_ICACTIVER + intid / 32 * 4, 1u << intid % 32);
}

/* Those that a guest has ended. */
static void
end_ours(void)
{
	unsigned int cpu = port_cpu(), n;
	uint32_t bits;

	if (likely(ours[cpu].used == 0))
		return;
	bits = reg_read(gich, GICH_EISR) & ours[cpu].used;
	ours[cpu].used &= ~bits;
	for (; bits != 0; bits &= bits - 1) {
		n = (unsigned int)__builtin_ctz(bits);
		reg_write(gich, GICH_LR + n * 4, 0);
		clear_active(ours[cpu].pintid[n]);
	}
}

static uint64_t
read_lr(unsigned int n)
{
	uint64_t v;

	end_ours();
	v = from_gich(reg_read(gich, GICH_LR + n * 4));
	if (unlikely(ours[port_cpu()].used >> n & 1))
		v = (v & ~LR_EOI) | LR_HW |
		    (uint64_t)ours[port_cpu()].pintid[n] << LR_PINTID_SHIFT;
	return (v);
}

static void
write_lr(unsigned int n, uint64_t v)
{
	unsigned int cpu = port_cpu();

	if (unlikely(by_software)) {
		end_ours();
		ours[cpu].used &= ~(1u << n);
		if (v & LR_HW) {
			ours[cpu].used |= 1u << n;
			ours[cpu].pintid[n] = v >> LR_PINTID_SHIFT & 0x3ff;
			v = (v & ~(LR_HW | 0x3ffull << LR_PINTID_SHIFT)) |
			    LR_EOI;
		}
	}
	reg_write(gich, GICH_LR + n * 4, to_gich(v));
}

static uint32_t
empty(void)
{

	end_ours();
	return (reg_read(gich, GICH_ELRSR));
}

static void
control(uint32_t hcr)
{

	reg_write(gich, GICH_HCR, hcr);
}

static uint32_t
control_read(void)
{

	return (reg_read(gich, GICH_HCR));
}

/* GICH_VMCR has ICH_VMCR_EL2's layout, with the five bits of PMR on top. */
static uint32_t
vmcr(void)
{

	return (reg_read(gich, GICH_VMCR));
}

static void
save(struct lr_state *s)
{

	s->vmcr = reg_read(gich, GICH_VMCR);
	s->apr[0][0] = reg_read(gich, GICH_APR);
}

static void
restore(const struct lr_state *s)
{

	reg_write(gich, GICH_VMCR, s->vmcr);
	reg_write(gich, GICH_APR, s->apr[0][0]);
}

static void
set_active(unsigned int intid)
{

	reg_write(gicd, GICD_ISACTIVER + intid / 32 * 4, 1u << intid % 32);
}

static bool
line(unsigned int intid)
{

	return (reg_read(gicd, GICD_ISPENDR) >> intid & 1);
}

static struct lr_ops lr = {
	.line = line,
	.prio_bits = 5,
	.read = read_lr,
	.write = write_lr,
	.empty = empty,
	.control = control,
	.control_read = control_read,
	.vmcr = vmcr,
	.save = save,
	.restore = restore,
	.deactivate = clear_active,
	.set_active = set_active,
};

static unsigned int
lines(void)
{
	unsigned int n = ((reg_read(gicd, GICD_TYPER) & 31) + 1) * 32;

	return (n > GIC_SPURIOUS ? GIC_SPURIOUS : n);
}

static int
init(const struct platform_gic *g, char *err, size_t len)
{
	unsigned int i, n;

	if (g->gich.size == 0 || g->gicv.size == 0) {
		print_buf(err, len, "gic: %s: no virtual CPU interface (reg "
		    "has no GICH and GICV)", g->compatible);
		return (-1);
	}
	gicd = g->gicd.base.v;
	gicc = g->gicc.base.v;
	gich = g->gich.base.v;
	gicv = g->gicv.base.v;
	gicc_dir = gicc + GICC_DIR;
	if (g->maybe_spaced && reg_read(gicc, 0xf0fc) == reg_read(gicc, 0xfc)) {
		/* 64 KiB apart: the last alias of the first page. */
		gicc_dir = gicc + 0x10000;
	}
	reg_write(gicd, GICD_CTLR, 0);
	n = lines();
	for (i = 32; i < n; i += 32) {
		reg_write(gicd, GICD_ICENABLER + i / 8, ~0u);
		reg_write(gicd, GICD_ICPENDR + i / 8, ~0u);
		reg_write(gicd, GICD_ICACTIVER + i / 8, ~0u);
	}
	for (i = 32; i < n; i += 4)
		reg_write(gicd, GICD_IPRIORITYR + i, PRIO_ALL);
	reg_write(gicd, GICD_CTLR, GICD_CTLR_GRP1);
	return (0);
}

static int
init_cpu(uint64_t mpidr, char *err, size_t len)
{
	unsigned int i;

	/* A read of a private target register gives the reader's own bit. */
	interface[port_cpu()] = reg_read(gicd, GICD_ITARGETSR);
	if (interface[port_cpu()] == 0 && pcpu_count > 1) {
		print_buf(err, len, "gic: CPU %lx has no interface number",
		    (unsigned long)mpidr);
		return (-1);
	}
	reg_write(gicd, GICD_ICENABLER, ~0u);
	reg_write(gicd, GICD_ICPENDR, ~0u);
	reg_write(gicd, GICD_ICACTIVER, ~0u);
	for (i = 0; i < 32; i += 4)
		reg_write(gicd, GICD_IPRIORITYR + i, PRIO_ALL);
	reg_write(gicd, GICD_ISENABLER, 1u << GIC_SGI_KICK);
	reg_write(gicc, GICC_PMR, 0xff);
	reg_write(gicc, GICC_BPR, 0);
	reg_write(gicc, GICC_CTLR, GICC_CTLR_GRP1 | GICC_CTLR_EOIMODE);
	lr.count = (reg_read(gich, GICH_VTR) & 63) + 1;
	if (lr.count > 16)
		lr.count = 16;		/* of 64: as many as we look at */
	lr_ops = &lr;
	for (i = 0; i < lr.count; i++)
		write_lr(i, 0);
	reg_write(gich, GICH_HCR, 0);
	reg_write(gich, GICH_APR, 0);
	return (0);
}

static uint32_t
ack(void)
{
	uint32_t iar = reg_read(gicc, GICC_IAR);

	dsb(sy);
	end_ours();		/* its maintenance interrupt, mostly */
	return (iar);
}

static void
eoi(uint32_t iar)
{

	reg_write(gicc, GICC_EOIR, iar);
}

static void
enable(unsigned int intid, bool edge)
{
	uint32_t cfg = reg_read(gicd, GICD_ICFGR + intid / 16 * 4);
	uint32_t bit = 2u << intid % 16 * 2;

	cfg = edge ? cfg | bit : cfg & ~bit;
	reg_write(gicd, GICD_ICFGR + intid / 16 * 4, cfg);
	if (intid >= 32)
		*(volatile uint8_t *)(gicd + GICD_ITARGETSR + intid) =
		    interface[port_cpu()];
	reg_write(gicd, GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

/*
 * A timer whose line stays high, ended as a guest ends it: it must come
 * again (IHI 0048B, 3.2.4 and 5.2.1).
 */
static void
check(unsigned int timer)
{
	uint32_t iar;

	enable(timer, false);
	port_set_deadline(0);
	iar = ack();
	if ((iar & 0x3ff) != timer)
		return;
	eoi(iar);
	write_lr(0, LR_PENDING | LR_HW | (uint64_t)timer << LR_PINTID_SHIFT |
	    timer);
	control(LR_HCR_EN);
	reg_write(gicv, GICV_PMR, 0xff);
	reg_write(gicv, GICV_CTLR, 1);
	reg_write(gicv, GICV_EOIR, reg_read(gicv, GICV_IAR));
	dsb(sy);
	iar = ack();
	if ((iar & 0x3ff) == timer) {
		eoi(iar);
		deactivate(iar);
	} else
		by_software = true;
	port_set_deadline(~0ull);
	reg_write(gicv, GICV_CTLR, 0);
	write_lr(0, 0);
	control(0);
}

static void
kick(unsigned int cpu)
{

	dsb(ishst);
	reg_write(gicd, GICD_SGIR, (uint32_t)interface[cpu] << 16 |
	    GIC_SGI_KICK);
}

const struct gic_ops gicv2_ops = {
	.version = 2,
	.init = init,
	.init_cpu = init_cpu,
	.ack = ack,
	.eoi = eoi,
	.deactivate = deactivate,
	.enable = enable,
	.lines = lines,
	.kick = kick,
	.check = check,
};
