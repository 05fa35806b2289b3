/*
 * The EOI of hardware-mapped interrupts by software; see eoi.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/sysreg.h"
#include "gic/ext/eoi.h"
#include "gic/private.h"

#define	GICH_EISR	0x0020
#define	GICV_CTLR	0x0000
#define	GICV_PMR	0x0004
#define	GICV_IAR	0x000c
#define	GICV_EOIR	0x0010

static uint16_t ours[PCPU_MAX];		/* such list registers of each CPU */
static uint16_t pintids[PCPU_MAX][16];	/* for what they are */
static uintptr_t gicc, gich;
static struct irq_ops irq;

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
		gicv2_clear_active(pintids[cpu][n]);
	}
}

static uint64_t
read_lr(unsigned int n)
{

	if (unlikely(ours[port_cpu()] >> n & 1))
		end_ours();
	return (gicv2_lr(reg_read(gich, GICH_LR + n * 4)));
}

static void
write_lr(unsigned int n, uint64_t v)
{
	unsigned int cpu = port_cpu();

	if (ours[cpu] >> n & 1)
		end_ours();
	ours[cpu] &= ~(1u << n);
	if (v & LR_HW) {
		ours[cpu] |= 1u << n;
		pintids[cpu][n] = v >> LR_PINTID_SHIFT & 0x3ff;
		v = (v & ~(LR_HW | 0x3ffull << LR_PINTID_SHIFT)) | LR_EOI;
	}
	reg_write(gich, GICH_LR + n * 4, gicv2_gich_lr(v));
}

static uint32_t
ack(void)
{
	uint32_t iar = reg_read(gicc, GICC_IAR);

	dsb(sy);
	end_ours();		/* its maintenance interrupt, mostly */
	return (iar);
}

/*
 * A timer whose line stays high, ended as a guest ends it: it must come
 * again (IHI 0048B, 3.2.4 and 5.2.1).
 */
static COLD bool
comes_again(unsigned int timer, uintptr_t gicv)
{
	uint32_t iar;

	lr_ops->write(0, LR_PENDING | LR_HW |
	    (uint64_t)timer << LR_PINTID_SHIFT | timer);
	lr_ops->control(LR_HCR_EN);
	reg_write(gicv, GICV_PMR, 0xff);
	reg_write(gicv, GICV_CTLR, 1);
	reg_write(gicv, GICV_EOIR, reg_read(gicv, GICV_IAR));
	dsb(sy);
	iar = irq_ops->ack();
	if ((iar & 0x3ff) == timer) {
		irq_ops->eoi(iar);
		irq_ops->deactivate(iar);
	}
	reg_write(gicv, GICV_CTLR, 0);
	lr_ops->write(0, 0);
	lr_ops->control(0);
	return ((iar & 0x3ff) == timer);
}

COLD void
eoi_check(struct lr_ops *ops)
{
	unsigned int timer = irq_private.hyp_timer;

	gic_enable(timer, false);
	port_set_deadline(0);
	uint32_t iar = irq_ops->ack();
	if ((iar & 0x3ff) == timer) {
		irq_ops->eoi(iar);
		if (!comes_again(timer, gic_desc->gicv.base.v)) {
			gicc = gic_desc->gicc.base.v;
			gich = gic_desc->gich.base.v;
			irq = *irq_ops;
			irq.ack = ack;
			irq_ops = &irq;
			ops->read = read_lr;
			ops->write = write_lr;
		}
	}
	port_set_deadline(~0ull);
}
