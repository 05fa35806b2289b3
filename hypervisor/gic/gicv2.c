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
#include "arch/aarch64/sysreg.h"
#include "vmm/pcpu.h"

#define	PRIO_ALL	0xa0a0a0a0u

static uintptr_t gicd, gicc, gich, gicc_dir;
static uint8_t interface[PCPU_MAX];	/* bit mask of each CPU's interface */
static struct lr_ops lr;

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

static uint64_t
read_lr(unsigned int n)
{

	return (from_gich(reg_read(gich, GICH_LR + n * 4)));
}

static void
write_lr(unsigned int n, uint64_t v)
{

	reg_write(gich, GICH_LR + n * 4, to_gich(v));
}

static uint32_t
empty(void)
{

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
deactivate(uint32_t iar)
{

	reg_write(gicc_dir, 0, iar);
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
	.deactivate = deactivate,
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
};
