/*
 * The virtual GIC's heart: its life, what comes in (lines, physical
 * interrupts), for which vCPU it is queued, and how one CPU gets at the
 * state another one has in its list registers. Must not know registers nor
 * the format of a list register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"

#define	TYPER_IDBITS_10	(9u << 19)	/* GICv3: INTIDs have 10 bits */

VGIC_COLD void
vgic_init(struct vgic *vg, unsigned int version, unsigned int nvcpus,
    const struct vgic_ops *ops)
{
	unsigned int bits = lr_ops->prio_bits;

	*vg = (struct vgic){
		.version = version,
		.nvcpus = nvcpus,
		.ops = ops,
		.lr_all = (1u << lr_ops->count) - 1,
		.prio_mask = 0xff << (8 - bits),
		.typer = (VGIC_WORDS - 1) | (version == 2 ?
		    (nvcpus - 1) << 5 : TYPER_IDBITS_10),
	};
}

VGIC_COLD void
vgic_cpu_init(struct vgic *vg, struct vgic_cpu *vc, unsigned int index)
{

	*vc = (struct vgic_cpu){ .vgic = vg, .index = index };
	vg->cpus[index] = vc;
}

VGIC_COLD void
vgic_map_hw(struct vgic *vg, unsigned int vintid, unsigned int pintid)
{
	unsigned int i, word = vintid / 32;

	vg->pintid[vintid] = pintid;
	for (i = 0; i < (word == 0 ? vg->nvcpus : 1); i++)
		vgic_bank(vg, vg->cpus[i], word)->hw |= 1u << vintid % 32;
}

VGIC_COLD void
vgic_cpu_on(struct vgic_cpu *vc)
{

	vc->cpuif = (struct lr_state){
		.vmcr = vc->vgic->version == 3 ? VMCR_VFIQEN : 0,
	};
	if (vc->loaded)
		lr_ops->restore(&vc->cpuif);
}

static VGIC_COLD void
reset_bank(struct vgic_bank *b)
{

	*b = (struct vgic_bank){ .level = b->level, .hw = b->hw };
}

VGIC_COLD void
vgic_reset(struct vgic *vg)
{
	struct vgic_cpu *vc;
	unsigned int i;

	spin_lock(&vg->lock);
	vg->group_on[0] = vg->group_on[1] = 0;
	for (i = 1; i < VGIC_WORDS; i++) {
		vgic_drop_phys(vg, NULL, NULL, i, ~0u);
		reset_bank(&vg->spi[i - 1]);
		vg->irm[i - 1] = 0;
	}
	for (i = 0; i < VGIC_SPIS; i++) {
		vg->route[i] = 0;
		/* No target: but one CPU has no choice (IHI 0048B, 4.3.12). */
		vg->dest[i] = vg->version == 2 && vg->nvcpus > 1 ?
		    VGIC_NOWHERE : 0;
	}
	for (i = 0; i < vg->nvcpus; i++) {
		vc = vg->cpus[i];
		reset_bank(&vc->priv);
		vc->priv.edge = 0xffff;		/* SGIs */
		*vc = (struct vgic_cpu){
			.vgic = vg,
			.index = i,
			.asleep = true,
			.priv = vc->priv,
		};
		vgic_cpu_on(vc);
	}
	spin_unlock(&vg->lock);
}

/* What of a word belongs in a queue. */
static inline uint32_t
ready(const struct vgic *vg, const struct vgic_bank *b)
{
	uint32_t pend = vgic_pend(b) & ~(vgic_by_line(b) & b->inlr);

	return ((pend & ~b->blocked & vgic_enabled(vg, b)) | b->active);
}

static VGIC_COLD void
update_spi(struct vgic *vg, struct vgic_cpu *self, unsigned int word)
{
	struct vgic_bank *b = &vg->spi[word - 1];
	uint32_t now = ready(vg, b), bits, bit;
	struct vgic_cpu *vc;
	unsigned int spi;

	vgic_unqueue(vg, NULL, word, ~now);
	for (bits = now & ~b->queued; bits != 0; bits &= bits - 1) {
		bit = bits & -bits;
		spi = (word - 1) * 32 + (unsigned int)__builtin_ctz(bits);
		/* Where it is active, or sits in a list register, it stays. */
		if (!((b->active | b->inlr) & bit)) {
			if (vg->dest[spi] == VGIC_NOWHERE)
				continue;
			vg->owner[spi] = vg->dest[spi];
		}
		vc = vg->cpus[vg->owner[spi]];
		b->queued |= bit;
		vc->queue[word] |= bit;
		vc->queue_words |= 1u << word;
		if (vc != self)
			vg->ops->kick(vc);
	}
}

void
vgic_update(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    unsigned int word)
{
	uint32_t now, old;

	if (word != 0) {
		if (ready(vg, &vg->spi[word - 1]) != vg->spi[word - 1].queued)
			update_spi(vg, self, word);
		return;
	}
	now = ready(vg, &vc->priv);
	old = vc->queue[0];
	if (now == old)
		return;
	vc->priv.queued = vc->queue[0] = now;
	vc->queue_words = (vc->queue_words & ~1u) | (now != 0);
	if (vc != self && now & ~old)
		vg->ops->kick(vc);
}

VGIC_COLD void
vgic_unqueue(struct vgic *vg, struct vgic_cpu *vc, unsigned int word,
    uint32_t bits)
{
	struct vgic_bank *b = vgic_bank(vg, vc, word);

	for (bits &= b->queued; bits != 0; bits &= bits - 1) {
		b->queued &= ~(bits & -bits);
		if (word != 0)
			vc = vg->cpus[vg->owner[word * 32 - 32 +
			    (unsigned int)__builtin_ctz(bits)]];
		vc->queue[word] &= ~(bits & -bits);
		if (vc->queue[word] == 0)
			vc->queue_words &= ~(1u << word);
	}
}

static void
wait_unlocked(struct vgic *vg)
{

	spin_unlock(&vg->lock);
	port_relax();
	spin_lock(&vg->lock);
}

/*
 * Two CPUs may do this to each other: each gives up its own list registers
 * before it waits, and waits for its own release only after releasing.
 */
static VGIC_COLD uint32_t
hold(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc)
{

	vc->holds++;
	if (vc->live) {
		vg->ops->kick(vc);
		vgic_lr_fold_all(self);
		self->live = false;
	}
	while (vc->live)
		wait_unlocked(vg);
	return (1u << vc->index);
}

uint32_t
vgic_collect(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    unsigned int word, uint32_t bits)
{
	struct vgic_bank *b = vgic_bank(vg, vc, word);
	uint32_t in, held = 0;
	unsigned int i;

	while ((in = b->inlr & bits) != 0) {
		i = (unsigned int)__builtin_ctz(in);
		if (word != 0)
			vc = vg->cpus[vg->owner[word * 32 - 32 + i]];
		if (vc != self)
			held |= hold(vg, self, vc);
		else
			vgic_lr_fold(vc, word == 0 ? vc->lr_of[i] :
			    vg->spi_lr[word * 32 - 32 + i]);
	}
	/* An EOI without a list register may be for one of these. */
	if (unlikely((b->active & bits) != 0))
		for (i = 0; i < vg->nvcpus; i++) {
			vc = vg->cpus[i];
			if (!(vc->hcr & LR_HCR_LRENPIE) || !vc->live)
				continue;
			if (vc != self)
				held |= hold(vg, self, vc);
			else
				vgic_lr_fold_ended(vc);
		}
	return (held);
}

VGIC_COLD uint32_t
vgic_collect_all(struct vgic *vg, struct vgic_cpu *self)
{
	uint32_t held = 0;
	unsigned int i;

	for (i = 0; i < vg->nvcpus; i++)
		if (vg->cpus[i] != self)
			held |= hold(vg, self, vg->cpus[i]);
	vgic_lr_fold_all(self);
	return (held);
}

void
vgic_finish(struct vgic *vg, struct vgic_cpu *self, uint32_t held)
{

	for (; held != 0; held &= held - 1)
		vg->cpus[__builtin_ctz(held)]->holds--;
	vgic_resume(self);
}

static VGIC_COLD void
undo(struct vgic_cpu *vc)
{

	for (; vc->undo != 0; vc->undo &= vc->undo - 1)
		lr_ops->deactivate(vc->vgic->pintid[
		    __builtin_ctz(vc->undo)]);
}

void
vgic_resume(struct vgic_cpu *self)
{

	while (unlikely(!self->live)) {
		if (self->holds == 0)
			self->live = true;
		else
			wait_unlocked(self->vgic);
	}
	if (unlikely(self->undo != 0))
		undo(self);
	if (self->queue_words != 0 || self->hcr != LR_HCR_EN)
		vgic_lr_deliver(self);
}

VGIC_COLD void
vgic_drop_phys(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    unsigned int word, uint32_t bits)
{
	struct vgic_bank *b = vgic_bank(vg, vc, word);

	bits &= b->phys;
	b->phys &= ~bits;
	if (word == 0 && vc != self) {
		/* Not loaded, it is not active: vgic_save() saw to that. */
		if (bits != 0 && vc->loaded) {
			vc->undo |= bits;
			vg->ops->kick(vc);
		}
		return;
	}
	for (; bits != 0; bits &= bits - 1)
		lr_ops->deactivate(vg->pintid[word * 32 +
		    (unsigned int)__builtin_ctz(bits)]);
}

void
vgic_set_line(struct vgic *vg, struct vgic_cpu *self, unsigned int vcpu,
    unsigned int intid, bool level)
{
	unsigned int word = intid / 32, i = intid % 32;
	struct vgic_cpu *vc = vg->cpus[word == 0 ? vcpu : 0];
	struct vgic_bank *b = vgic_bank(vg, vc, word);
	uint32_t bit = 1u << i;

	spin_lock(&vg->lock);
	if (b->hw & bit || (b->level >> i & 1) == level) {
		spin_unlock(&vg->lock);
		return;
	}
	b->level ^= bit;
	if (level)
		b->latch |= b->edge & bit;
	if (b->inlr & vgic_by_line(b) & bit) {
		/* The list register says what is true no more. */
		if (word != 0)
			vc = vg->cpus[vg->owner[intid - 32]];
		if (vc == self)
			vgic_lr_fold(vc, word == 0 ? vc->lr_of[i] :
			    vg->spi_lr[intid - 32]);
		else {
			vc->refold = true;
			vg->ops->kick(vc);
		}
	}
	vgic_update(vg, self, vc, word);
	if (self != NULL)
		vgic_resume(self);
	spin_unlock(&vg->lock);
}

static void
inject(struct vgic *vg, struct vgic_cpu *self, struct vgic_cpu *vc,
    unsigned int vintid)
{
	unsigned int word = vintid / 32;
	struct vgic_bank *b = vgic_bank(vg, vc, word);

	spin_lock(&vg->lock);
	b->phys |= 1u << vintid % 32;
	b->latch |= 1u << vintid % 32;
	vgic_update(vg, self, vc, word);
	if (self != NULL)
		vgic_resume(self);
	spin_unlock(&vg->lock);
}

void
vgic_inject_hw(struct vgic_cpu *self, unsigned int vintid)
{
	unsigned int n = self->lr_of[vintid];
	uint64_t lr = self->lr[n];

	/*
	 * Mostly the list register of the last time is there still, ended:
	 * only its EOI let the physical interrupt come again. Only this CPU
	 * changes it: no lock.
	 */
	if (likely((lr & (LR_HW | LR_PENDING | 0x3ff)) == (LR_HW |
	    LR_PENDING | vintid)))
		lr_ops->write(n, lr);
	else
		inject(self->vgic, self, self, vintid);
}

void
vgic_inject_hw_spi(struct vgic *vg, struct vgic_cpu *self,
    unsigned int vintid)
{

	inject(vg, self, NULL, vintid);
}

VGIC_COLD void
vgic_dir(struct vgic_cpu *self, uint64_t val)
{
	struct vgic *vg = self->vgic;
	/* GICv2: with the source CPU of an SGI above. */
	unsigned int intid = val & (vg->version == 3 ? 0xffffff : 0x3ff);
	unsigned int word = intid / 32;
	struct vgic_bank *b;
	uint32_t bit = 1u << intid % 32;

	if (intid >= MACHINE_NR_INTID || !vgic_lr_eoimode())
		return;
	b = vgic_bank(vg, self, word);
	spin_lock(&vg->lock);
	vgic_lr_fold_all(self);
	if (b->active & bit && (!vgic_is_sgi2(vg, intid) ||
	    self->sgi_active[intid] == LR_SOURCE(val))) {
		vgic_unqueue(vg, self, word, bit);
		b->active &= ~bit;
		vgic_drop_phys(vg, self, self, word, bit & ~b->latch);
		vgic_update(vg, self, self, word);
	}
	vgic_resume(self);
	spin_unlock(&vg->lock);
}

VGIC_COLD enum mmio_result
vgic_dir_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vgic *vg = dev;

	if (m->size != 4 || m->offset % 4 != 0)
		return (MMIO_FAULT);
	if (m->write && m->offset == 0)
		vgic_dir(vg->cpus[vcpu], m->value);
	m->value = m->write ? m->value : 0;
	return (MMIO_OK);
}

void
vgic_load(struct vgic_cpu *vc)
{
	struct vgic *vg = vc->vgic;
	uint32_t bits;

	lr_ops->restore(&vc->cpuif);
	vc->hcr = LR_HCR_EN;
	lr_ops->control(LR_HCR_EN);
	spin_lock(&vg->lock);
	vc->loaded = true;
	vc->live = vc->holds == 0;
	for (bits = vc->priv.phys; bits != 0; bits &= bits - 1)
		lr_ops->set_active(vg->pintid[__builtin_ctz(bits)]);
	if (!vc->live || vc->queue_words != 0)
		vgic_resume(vc);
	spin_unlock(&vg->lock);
}

static VGIC_COLD void
save_lrs(struct vgic_cpu *self)
{
	struct vgic *vg = self->vgic;
	uint32_t bits;

	spin_lock(&vg->lock);
	vgic_lr_fold_all(self);
	undo(self);
	/* The next one's timer must be able to fire. */
	for (bits = self->priv.phys; bits != 0; bits &= bits - 1)
		lr_ops->deactivate(vg->pintid[__builtin_ctz(bits)]);
	self->loaded = self->live = false;
	spin_unlock(&vg->lock);
}

void
vgic_save(struct vgic_cpu *self)
{

	if (self->lr_used | self->priv.phys | self->undo)
		save_lrs(self);
	/* With none in use there is nothing another CPU might want. */
	self->loaded = self->live = self->refold = false;
	lr_ops->save(&self->cpuif);
	lr_ops->control(0);
}

void
vgic_sync(struct vgic_cpu *self)
{
	struct vgic *vg = self->vgic;

	spin_lock(&vg->lock);
	if (self->loaded) {
		if (unlikely(self->holds != 0)) {
			vgic_lr_fold_all(self);
			self->live = false;
		} else if (unlikely(self->refold))
			vgic_lr_fold_all(self);
		else if (self->lr_eoi != 0 || self->hcr != LR_HCR_EN)
			vgic_lr_fold_ended(self);
		self->refold = false;
		vgic_resume(self);
	}
	spin_unlock(&vg->lock);
}

VGIC_COLD bool
vgic_pending(struct vgic_cpu *vc)
{
	bool pending;

	spin_lock(&vc->vgic->lock);
	pending = vgic_lr_signalled(vc);
	spin_unlock(&vc->vgic->lock);
	return (pending);
}
