/*
 * GICv2 with Virtualization Extensions, as in GIC-400 (IHI 0048B): CPU
 * interface and list registers by memory-mapped register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic/private.h"
#include "arch/aarch64/sysreg.h"

static uintptr_t gicc, gich, gicc_dir;
static uint8_t interface[PCPU_MAX];	/* bit mask of each CPU's interface */
/*
 * Where a guest's EOI of a hardware-mapped interrupt does not have the line
 * looked at again (QEMU's model, as of 7.2), the list register is none of
 * hardware: its EOI interrupts us, and we deactivate.
 */
static bool by_software;
static uint16_t ours[PCPU_MAX];		/* such list registers of each CPU */
static uint16_t pintids[PCPU_MAX][16];	/* for what they are */

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
static __attribute__((noinline)) void
end_ours(void)
{
	unsigned int cpu = port_cpu();

	if (likely(ours[cpu] == 0))
		return;
	uint32_t bits = reg_read(gich, GICH_EISR) & ours[cpu];
	ours[cpu] &= ~bits;
	for (; bits != 0; bits &= bits - 1) {
		unsigned int n = (unsigned int)__builtin_ctz(bits);

		reg_write(gich, GICH_LR + n * 4, 0);
		clear_active(pintids[cpu][n]);
	}
}

/*
 * GICH_LR<n> (IHI 0048B, 5.3.9) has what ICH_LR<n>_EL2 has at other places:
 * the vINTID, with an SGI's source above; the pINTID or, ninth bit of the
 * same field, EOI; five bits of priority; State, Group and HW.
 */
static uint64_t
read_lr(unsigned int n)
{

	if (unlikely(ours[port_cpu()] >> n & 1))
		end_ours();
	uint64_t r = reg_read(gich, GICH_LR + n * 4);
	return ((r & 0x3ff) | (r >> 23 & 31) << 51 | (r >> 28 & 3) << 62 |
	    (r >> 30 & 1) << 60);
}

static void
write_lr(unsigned int n, uint64_t v)
{
	unsigned int cpu = port_cpu();

	if (unlikely(by_software)) {
		if (ours[cpu] >> n & 1)
			end_ours();
		ours[cpu] &= ~(1u << n);
		if (v & LR_HW) {
			ours[cpu] |= 1u << n;
			pintids[cpu][n] = v >> LR_PINTID_SHIFT & 0x3ff;
			v = (v & ~(LR_HW | 0x3ffull << LR_PINTID_SHIFT)) |
			    LR_EOI;
		}
	}
	reg_write(gich, GICH_LR + n * 4, (v & 0x1fff) |
	    (v >> 32 & 0x3ff) << 10 | (v >> 51 & 31) << 23 | v >> 62 << 28 |
	    (v >> 60 & 1) << 30 | (v >> 61 & 1) << 31);
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
	.deactivate = clear_active,
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
	return (NULL);
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

/*
 * A timer whose line stays high, ended as a guest ends it: it must come
 * again (IHI 0048B, 3.2.4 and 5.2.1).
 */
static COLD void
check(unsigned int timer)
{
	uintptr_t gicv = gic_desc->gicv.base.v;

	gic_enable(timer, false);
	port_set_deadline(0);
	uint32_t iar = ack();
	if ((iar & 0x3ff) == timer) {
		eoi(iar);
		write_lr(0, LR_PENDING | LR_HW |
		    (uint64_t)timer << LR_PINTID_SHIFT | timer);
		control(LR_HCR_EN);
		reg_write(gicv, GICV_PMR, 0xff);
		reg_write(gicv, GICV_CTLR, 1);
		reg_write(gicv, GICV_EOIR, reg_read(gicv, GICV_IAR));
		dsb(sy);
		iar = ack();
		by_software = (iar & 0x3ff) != timer;
		if (!by_software) {
			eoi(iar);
			deactivate(iar);
		}
		reg_write(gicv, GICV_CTLR, 0);
		write_lr(0, 0);
		control(0);
	}
	port_set_deadline(~0ull);
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
	.check = check,
};
