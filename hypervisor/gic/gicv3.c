/*
 * GICv3 and GICv4 (IHI 0069): distributor, redistributors, CPU interface
 * and list registers by system register. Non-secure, affinity routing on.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/sysreg.h"
#include "gic/gic.h"
#include "gic/reg.h"
#include "lib/print.h"
#include "platform/platform.h"
#include "port/cpu.h"
#include "port/lr.h"
#include "vmm/pcpu.h"

#define	ICC_SRE_ALL	0xf		/* SRE, DFB, DIB, Enable */
#define	ICC_CTLR_EOIMODE (1u << 1)
#define	PRIO_ALL	0xa0a0a0a0u

static const struct platform_gic *desc;
static uintptr_t gicd;
static uintptr_t gicr[PCPU_MAX];	/* by pcpu */

static void
wait_rwp(uintptr_t base)
{

	while (reg_read(base, GICD_CTLR) & GICD_CTLR_RWP)
		port_relax();
}

static uint64_t
read_lr(unsigned int n)
{

	switch (n) {
#define	LR(n) case n: return (read_sysreg(ich_lr##n##_el2))
	LR(0); LR(1); LR(2); LR(3); LR(4); LR(5); LR(6); LR(7);
	LR(8); LR(9); LR(10); LR(11); LR(12); LR(13); LR(14); LR(15);
#undef LR
	}
	return (0);
}

static void
write_lr(unsigned int n, uint64_t lr)
{

	switch (n) {
#define	LR(n) case n: write_sysreg(ich_lr##n##_el2, lr); break
	LR(0); LR(1); LR(2); LR(3); LR(4); LR(5); LR(6); LR(7);
	LR(8); LR(9); LR(10); LR(11); LR(12); LR(13); LR(14); LR(15);
#undef LR
	}
}

static uint32_t
empty(void)
{

	return (read_sysreg(ich_elrsr_el2));
}

static void
control(uint32_t hcr)
{

	write_sysreg(ich_hcr_el2, hcr);
}

static uint32_t
control_read(void)
{

	return (read_sysreg(ich_hcr_el2));
}

static uint32_t
vmcr(void)
{

	return (read_sysreg(ich_vmcr_el2));
}

static struct lr_ops lr;

static void
save(struct lr_state *s)
{

	s->vmcr = read_sysreg(ich_vmcr_el2);
	s->apr[0][0] = read_sysreg(ich_ap0r0_el2);
	s->apr[1][0] = read_sysreg(ich_ap1r0_el2);
	if (lr.prio_bits > 5) {
		s->apr[0][1] = read_sysreg(ich_ap0r1_el2);
		s->apr[1][1] = read_sysreg(ich_ap1r1_el2);
	}
	if (lr.prio_bits > 6) {
		s->apr[0][2] = read_sysreg(ich_ap0r2_el2);
		s->apr[1][2] = read_sysreg(ich_ap1r2_el2);
		s->apr[0][3] = read_sysreg(ich_ap0r3_el2);
		s->apr[1][3] = read_sysreg(ich_ap1r3_el2);
	}
}

static void
restore(const struct lr_state *s)
{

	write_sysreg(ich_vmcr_el2, s->vmcr);
	write_sysreg(ich_ap0r0_el2, s->apr[0][0]);
	write_sysreg(ich_ap1r0_el2, s->apr[1][0]);
	if (lr.prio_bits > 5) {
		write_sysreg(ich_ap0r1_el2, s->apr[0][1]);
		write_sysreg(ich_ap1r1_el2, s->apr[1][1]);
	}
	if (lr.prio_bits > 6) {
		write_sysreg(ich_ap0r2_el2, s->apr[0][2]);
		write_sysreg(ich_ap1r2_el2, s->apr[1][2]);
		write_sysreg(ich_ap0r3_el2, s->apr[0][3]);
		write_sysreg(ich_ap1r3_el2, s->apr[1][3]);
	}
}

static void
deactivate(uint32_t intid)
{

	write_sysreg(icc_dir_el1, intid);
}

static void
set_active(unsigned int intid)
{

	if (intid < 32)
		reg_write(gicr[port_cpu()], GICR_SGI + GICD_ISACTIVER,
		    1u << intid);
	else
		reg_write(gicd, GICD_ISACTIVER + intid / 32 * 4,
		    1u << intid % 32);
}

static bool
line(unsigned int intid)
{

	return (reg_read(gicr[port_cpu()], GICR_SGI + GICD_ISPENDR) >>
	    intid & 1);
}

static struct lr_ops lr = {
	.line = line,
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

	(void)err;
	(void)len;
	desc = g;
	gicd = g->gicd.base.v;
	reg_write(gicd, GICD_CTLR, 0);
	wait_rwp(gicd);
	n = lines();
	for (i = 32; i < n; i += 32) {
		reg_write(gicd, GICD_ICENABLER + i / 8, ~0u);
		reg_write(gicd, GICD_ICPENDR + i / 8, ~0u);
		reg_write(gicd, GICD_ICACTIVER + i / 8, ~0u);
		reg_write(gicd, GICD_IGROUPR + i / 8, ~0u);
	}
	for (i = 32; i < n; i += 4)
		reg_write(gicd, GICD_IPRIORITYR + i, PRIO_ALL);
	wait_rwp(gicd);
	reg_write(gicd, GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_V3_GRP1 | 1);
	wait_rwp(gicd);
	return (0);
}

/* MPIDR_EL1 affinities as GICR_TYPER[63:32] has them. */
static uint32_t
affinity(uint64_t mpidr)
{

	return ((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff));
}

static uintptr_t
find_redistributor(uint64_t mpidr)
{
	unsigned int i;
	uint64_t off, typer, stride;

	for (i = 0; i < desc->nr_gicr; i++) {
		off = 0;
		do {
			uintptr_t base = desc->gicr[i].base.v + off;

			typer = reg_read64(base, GICR_TYPER);
			if (typer >> 32 == affinity(mpidr))
				return (base);
			stride = desc->gicr_stride;
			if (stride == 0)
				stride = typer & GICR_TYPER_VLPIS ?
				    0x40000 : 0x20000;
			off += stride;
		} while (!(typer & GICR_TYPER_LAST) &&
		    off + 0x20000 <= desc->gicr[i].size);
	}
	return (0);
}

static int
init_cpu(uint64_t mpidr, char *err, size_t len)
{
	uintptr_t rd = find_redistributor(mpidr), sgi = rd + GICR_SGI;
	uint64_t vtr;
	unsigned int i, spins = 0;

	if (rd == 0) {
		print_buf(err, len, "gic: no redistributor for CPU %lx",
		    (unsigned long)mpidr);
		return (-1);
	}
	gicr[port_cpu()] = rd;
	reg_write(rd, GICR_WAKER, reg_read(rd, GICR_WAKER) &
	    ~GICR_WAKER_SLEEP);
	while (reg_read(rd, GICR_WAKER) & GICR_WAKER_ASLEEP)
		if (++spins > 1000000) {
			print_buf(err, len, "gic: redistributor of CPU %lx "
			    "does not wake", (unsigned long)mpidr);
			return (-1);
		}
	reg_write(sgi, GICD_ICENABLER, ~0u);
	reg_write(sgi, GICD_ICPENDR, ~0u);
	reg_write(sgi, GICD_ICACTIVER, ~0u);
	reg_write(sgi, GICD_IGROUPR, ~0u);
	for (i = 0; i < 32; i += 4)
		reg_write(sgi, GICD_IPRIORITYR + i, PRIO_ALL);
	reg_write(sgi, GICD_ISENABLER, 1u << GIC_SGI_KICK);
	wait_rwp(rd);

	write_sysreg(icc_sre_el2, ICC_SRE_ALL);
	isb();
	write_sysreg(icc_sre_el1, 7);
	isb();
	write_sysreg(icc_pmr_el1, 0xff);
	write_sysreg(icc_bpr1_el1, 0);
	write_sysreg(icc_ctlr_el1, ICC_CTLR_EOIMODE);
	write_sysreg(icc_igrpen1_el1, 1);
	vtr = read_sysreg(ich_vtr_el2);
	lr.count = (vtr & 31) + 1;
	lr.prio_bits = (vtr >> 29 & 7) + 1;
	lr_ops = &lr;
	for (i = 0; i < lr.count; i++)
		write_lr(i, 0);
	write_sysreg(ich_hcr_el2, 0);
	isb();
	return (0);
}

static uint32_t
ack(void)
{
	uint32_t intid = read_sysreg(icc_iar1_el1);

	/* What we read next must see what the interrupt is about. */
	dsb(sy);
	return (intid);
}

static void
eoi(uint32_t iar)
{

	write_sysreg(icc_eoir1_el1, iar);
}

static void
enable(unsigned int intid, bool edge)
{
	uintptr_t base = intid < 32 ? gicr[port_cpu()] + GICR_SGI : gicd;
	uint32_t cfg = reg_read(base, GICD_ICFGR + intid / 16 * 4);
	uint32_t bit = 2u << intid % 16 * 2;

	cfg = edge ? cfg | bit : cfg & ~bit;
	reg_write(base, GICD_ICFGR + intid / 16 * 4, cfg);
	if (intid >= 32)
		reg_write64(gicd, GICD_IROUTER + intid * 8,
		    read_sysreg(mpidr_el1) & 0xff00ffffffull);
	reg_write(base, GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
	wait_rwp(intid < 32 ? gicr[port_cpu()] : gicd);
}

static void
kick(unsigned int cpu)
{
	uint64_t m = pcpus[cpu]->mpidr;

	/* What the other CPU is to find must be there first. */
	dsb(ishst);
	write_sysreg(icc_sgi1r_el1, (m >> 32 & 0xff) << 48 |
	    (m >> 16 & 0xff) << 32 | (m >> 8 & 0xff) << 16 |
	    (m >> 4 & 0xf) << 44 | (uint64_t)GIC_SGI_KICK << 24 |
	    1ull << (m & 0xf));
	isb();
}

const struct gic_ops gicv3_ops = {
	.version = 3,
	.init = init,
	.init_cpu = init_cpu,
	.ack = ack,
	.eoi = eoi,
	.deactivate = deactivate,
	.enable = enable,
	.lines = lines,
	.kick = kick,
};
