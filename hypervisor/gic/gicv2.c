/*
 * GICv2 with Virtualization Extensions, as in GIC-400 (IHI 0048B): CPU
 * interface and list registers by memory-mapped register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/sysreg.h"
#include "gic/ext/eoi.h"
#include "gic/private.h"

static uintptr_t gicc, gich, gicc_dir;
static uint8_t interface[PCPU_MAX];	/* bit mask of each CPU's interface */

/*
 * It may have been acknowledged by another CPU: DIR is for our own. (QEMU
 * keeps an active state for each CPU.)
 */
void
gicv2_clear_active(unsigned int intid)
{

	reg_write(gicd, GICD_ICACTIVER + intid / 32 * 4, 1u << intid % 32);
}

static uint64_t
read_lr(unsigned int n)
{

	return (gicv2_lr(reg_read(gich, GICH_LR + n * 4)));
}

static void
write_lr(unsigned int n, uint64_t v)
{

	reg_write(gich, GICH_LR + n * 4, gicv2_gich_lr(v));
}

/* GICH_VMCR has ICH_VMCR_EL2's layout, with the five bits of PMR on top. */
static uint32_t
get(enum lr_reg r)
{
	static const uint8_t at[] = {
		[LR_REG_HCR] = GICH_HCR,
		[LR_REG_VMCR] = GICH_VMCR,
		[LR_REG_EMPTY] = GICH_ELRSR,
	};

	return (reg_read(gich, at[r]));
}

static void
control(uint32_t hcr)
{

	reg_write(gich, GICH_HCR, hcr);
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

static struct lr_ops lr = {
	.prio_bits = 5,
	.read = read_lr,
	.write = write_lr,
	.get = get,
	.control = control,
	.save = save,
	.restore = restore,
	.deactivate = gicv2_clear_active,
};

static COLD const char *
init_cpu(uint64_t mpidr)
{

	(void)mpidr;
	gicc = gic_desc->gicc.base.v;
	gich = gic_desc->gich.base.v;
	gicc_dir = gicc + GICC_DIR;
	/* 64 KiB apart: the last alias of the first page. */
	if (gic_desc->maybe_spaced &&
	    reg_read(gicc, 0xf0fc) == reg_read(gicc, 0xfc))
		gicc_dir = gicc + 0x10000;
	/* A read of a private target register gives the reader's own bit. */
	interface[port_cpu()] = reg_read(gicd, GICD_ITARGETSR);
	if (interface[port_cpu()] == 0 && pcpu_count > 1)
		return ("gic: CPU %lx has no interface number");
	gic_init_cpu(gicd, &lr, (reg_read(gich, GICH_VTR) & 63) + 1);
	reg_write(gicc, GICC_PMR, 0xff);
	reg_write(gicc, GICC_BPR, 0);
	reg_write(gicc, GICC_CTLR, GICC_CTLR_GRP1 | GICC_CTLR_EOIMODE);
	if (port_cpu() == 0)
		eoi_check(&lr);
	return (NULL);
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
deactivate(uint32_t iar)
{

	reg_write(gicc_dir, 0, iar);
}

static void
route(unsigned int intid)
{

	*(volatile uint8_t *)(gicd + GICD_ITARGETSR + intid) =
	    interface[port_cpu()];
}

static void
kick(unsigned int cpu)
{

	dsb(ishst);
	reg_write(gicd, GICD_SGIR, (uint32_t)interface[cpu] << 16 |
	    GIC_SGI_KICK);
}

const struct gic_ops gicv2_ops = {
	.irq = { ack, eoi, deactivate, gic_enable },
	.version = 2,
	.init_cpu = init_cpu,
	.route = route,
	.kick = kick,
};
