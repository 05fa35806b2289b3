/*
 * Emulated PL031; see vpl031.h. Registers are those of DDI 0224C, chapter 3.
 * The clock runs from the start: CR reads as enabled, and as in hardware it
 * cannot be stopped.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vdev/primecell.h"
#include "vdev/vpl031.h"

enum { DR, MR, LR, CR, IMSC, RIS, MIS, ICR };

static void
vpl031_line(struct vpl031 *r)
{
	bool level = (r->reg[RIS] & r->reg[IMSC]) != 0;

	if (level != r->level) {
		r->level = level;
		r->ops->line(r->ctx, r->ops->intid, level);
	}
}

/* Brings the raw status up to date. */
static void
vpl031_match(struct vpl031 *r, uint64_t now)
{

	if (now >= r->alarm) {
		r->alarm = VPL031_NEVER;
		r->reg[RIS] = 1;
	}
}

static uint64_t
vpl031_elapsed(const struct vpl031 *r, uint64_t now)
{

	return ((now - r->zero) / port_counter_hz());
}

/* The match register or the time was written: when will they be equal? */
static void
vpl031_set_alarm(struct vpl031 *r, uint64_t now)
{
	uint64_t elapsed = vpl031_elapsed(r, now);
	uint32_t ahead = r->reg[MR] - (uint32_t)(r->reg[LR] + elapsed);

	r->alarm = r->zero + (elapsed + ahead) * port_counter_hz();
	vpl031_match(r, now);
}

static uint64_t
vpl031_next(const struct vpl031 *r)
{

	return (r->reg[IMSC] && !r->reg[RIS] ? r->alarm : VPL031_NEVER);
}

static uint32_t
vpl031_read(void *dev, unsigned int reg)
{
	struct vpl031 *r = dev;

	if (reg == DR)
		return (r->reg[LR] + vpl031_elapsed(r, port_counter()));
	if (reg == MIS)
		return (r->reg[RIS] & r->reg[IMSC]);
	return (reg < nitems(r->reg) ? r->reg[reg] : 0);
}

static void
vpl031_write(void *dev, unsigned int reg, uint32_t v)
{
	struct vpl031 *r = dev;
	uint64_t now = port_counter();

	if (reg == IMSC)
		r->reg[IMSC] = v & 1;
	else if (reg == ICR)
		r->reg[RIS] &= ~v;
	else if (reg == MR || reg == LR) {
		r->reg[reg] = v;
		if (reg == LR)
			r->zero = now;
		vpl031_set_alarm(r, now);
	}
}

enum mmio_result
vpl031_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	static const struct primecell regs = {
		vpl031_read, vpl031_write,
		{ 0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 },
	};
	struct vpl031 *r = dev;

	(void)vcpu;
	spin_lock(&r->lock);
	uint64_t deadline = vpl031_next(r);
	vpl031_match(r, port_counter());
	enum mmio_result result = primecell_access(&regs, r, m);
	vpl031_line(r);
	if (vpl031_next(r) != deadline)
		r->ops->deadline_changed(r->ctx);
	spin_unlock(&r->lock);
	return (result);
}

uint64_t
vpl031_deadline(struct vpl031 *r)
{

	spin_lock(&r->lock);
	uint64_t deadline = vpl031_next(r);
	spin_unlock(&r->lock);
	return (deadline);
}

void
vpl031_tick(struct vpl031 *r)
{

	spin_lock(&r->lock);
	vpl031_match(r, port_counter());
	vpl031_line(r);
	spin_unlock(&r->lock);
}

void
vpl031_reset(struct vpl031 *r)
{

	spin_lock(&r->lock);
	r->alarm = VPL031_NEVER;
	r->reg[MR] = r->reg[IMSC] = r->reg[RIS] = 0;
	vpl031_line(r);
	spin_unlock(&r->lock);
}

void
vpl031_init(struct vpl031 *r, uint32_t seconds, const struct vpl031_ops *ops,
    void *ctx)
{

	*r = (struct vpl031){
		.ops = ops, .ctx = ctx, .zero = port_counter(),
		.reg = { [LR] = seconds, [CR] = 1 },
	};
	vpl031_reset(r);
}
