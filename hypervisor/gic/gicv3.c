/*
 * GICv3 and GICv4 (IHI 0069): redistributors, CPU interface and list
 * registers by system register. Non-secure, affinity routing on.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/sysreg.h"
#include "gic/private.h"

#define	ICC_SRE_ALL	0xf		/* SRE, DFB, DIB, Enable */
#define	ICC_CTLR_EOIMODE (1u << 1)

static struct lr_ops lr;

/* What takes the register's number as part of its name. */
#define	EACH_LR(OP)							\
	OP(0) OP(1) OP(2) OP(3) OP(4) OP(5) OP(6) OP(7)			\
	OP(8) OP(9) OP(10) OP(11) OP(12) OP(13) OP(14) OP(15)
#define	EACH_APR(OP) do {						\
	OP(0);								\
	if (lr.prio_bits > 5)						\
		OP(1);							\
	if (lr.prio_bits > 6) {						\
		OP(2);							\
		OP(3);							\
	}								\
} while (0)

static uint64_t
read_lr(unsigned int n)
{

	switch (n) {
#define	READ(n) case n: return (read_sysreg(ich_lr##n##_el2));
	EACH_LR(READ)
	}
	return (0);
}

static void
write_lr(unsigned int n, uint64_t lr)
{

	switch (n) {
#define	WRITE(n) case n: write_sysreg(ich_lr##n##_el2, lr); break;
	EACH_LR(WRITE)
	}
}

static uint32_t
get(enum lr_reg r)
{

	return (r == LR_REG_HCR ? read_sysreg(ich_hcr_el2) : r == LR_REG_VMCR ?
	    read_sysreg(ich_vmcr_el2) : read_sysreg(ich_elrsr_el2));
}

static void
control(uint32_t hcr)
{

	write_sysreg(ich_hcr_el2, hcr);
}

static void
save(struct lr_state *s)
{

	s->vmcr = read_sysreg(ich_vmcr_el2);
#define	SAVE(n) do {							\
	s->apr[0][n] = read_sysreg(ich_ap0r##n##_el2);			\
	s->apr[1][n] = read_sysreg(ich_ap1r##n##_el2);			\
} while (0)
	EACH_APR(SAVE);
}

static void
restore(const struct lr_state *s)
{

	write_sysreg(ich_vmcr_el2, s->vmcr);
#define	RESTORE(n) do {							\
	write_sysreg(ich_ap0r##n##_el2, s->apr[0][n]);			\
	write_sysreg(ich_ap1r##n##_el2, s->apr[1][n]);			\
} while (0)
	EACH_APR(RESTORE);
}

static void
deactivate(uint32_t intid)
{

	write_sysreg(icc_dir_el1, intid);
}

static struct lr_ops lr = {
	.read = read_lr,
	.write = write_lr,
	.get = get,
	.control = control,
	.save = save,
	.restore = restore,
	.deactivate = deactivate,
};

static COLD uintptr_t
find_redistributor(uint64_t mpidr)
{
	/* MPIDR_EL1's affinities as GICR_TYPER[63:32] has them. */
	uint32_t affinity = (mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff);
	uint64_t typer;

	for (unsigned int i = 0; i < gic_desc->nr_gicr; i++) {
		uintptr_t base = gic_desc->gicr[i].base.v;
		uintptr_t end = base + gic_desc->gicr[i].size;

		do {
			typer = *(volatile uint64_t *)(base + GICR_TYPER);
			if (typer >> 32 == affinity)
				return (base);
			if (gic_desc->gicr_stride != 0)
				base += gic_desc->gicr_stride;
			else
				base += typer & GICR_TYPER_VLPIS ? 0x40000 :
				    0x20000;
		} while (!(typer & GICR_TYPER_LAST) && base + 0x20000 <= end);
	}
	return (0);
}

static COLD const char *
init_cpu(uint64_t mpidr)
{
	uintptr_t rd = find_redistributor(mpidr);
	unsigned int spins = 0;

	if (rd == 0)
		return ("gic: no redistributor for CPU %lx");
	reg_write(rd, GICR_WAKER, reg_read(rd, GICR_WAKER) & ~GICR_WAKER_SLEEP);
	while (reg_read(rd, GICR_WAKER) & GICR_WAKER_ASLEEP)
		if (++spins > 1000000)
			return ("gic: redistributor of CPU %lx does not wake");
	write_sysreg(icc_sre_el2, ICC_SRE_ALL);
	isb();
	write_sysreg(icc_sre_el1, 7);
	isb();
	uint64_t vtr = read_sysreg(ich_vtr_el2);
	lr.prio_bits = (vtr >> 29 & 7) + 1;
	gic_init_cpu(rd + GICR_SGI, &lr, (vtr & 31) + 1);
	while (reg_read(rd, GICR_CTLR) & GICR_CTLR_RWP)
		port_relax();
	write_sysreg(icc_pmr_el1, 0xff);
	write_sysreg(icc_bpr1_el1, 0);
	write_sysreg(icc_ctlr_el1, ICC_CTLR_EOIMODE);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
	return (NULL);
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
route(unsigned int intid)
{

	*(volatile uint64_t *)(gicd + GICD_IROUTER + intid * 8) =
	    read_sysreg(mpidr_el1) & PORT_AFFINITY;
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
	.irq = { ack, eoi, deactivate, gic_enable },
	.version = 3,
	.init_cpu = init_cpu,
	.route = route,
	.kick = kick,
};
