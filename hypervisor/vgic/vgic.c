/*
 * The virtual GIC's heart: its life, what comes in (lines, physical
 * interrupts), for which vCPU it is queued, and how one CPU gets at the
 * state another one has in its list registers. Must not know registers nor
 * the format of a list register.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vgic/vgic_private.h"
#include "lib/string.h"

#define	TYPER_IDBITS_10	(9u << 19)	/* GICv3: INTIDs have 10 bits */

VGIC_COLD void
vgic_init(struct vgic *vg, unsigned int version, unsigned int nvcpus,
    const struct vgic_ops *ops)
{

	*vg = (struct vgic){
		.version = version,
		.nvcpus = nvcpus,
		.ops = ops,
		.lr_all = (1u << lr_ops->count) - 1,
		.prio_mask = 0xff << (8 - lr_ops->prio_bits),
		.typer = (VGIC_WORDS - 1) | (version == 2 ?
		    (nvcpus - 1) << 5 : TYPER_IDBITS_10),
	};
}

VGIC_COLD void
vgic_cpu_init(struct vgic *vg, struct vgic_cpu *vc, unsigned int index)
{

	memset(vc, 0, sizeof(*vc));
	vc->vgic = vg;
	vc->index = index;
	vc->bank[0] = &vc->priv;
	for (unsigned int i = 1; i < VGIC_WORDS; i++) {
		vc->bank[i] = &vg->spi[i - 1];
		vc->bank[i]->word = i;
	}
	vg->cpus[index] = vc;
}

VGIC_COLD void
vgic_map_hw(struct vgic *vg, unsigned int vintid, unsigned int pintid)
{

	for (unsigned int i = 0; i < vg->nvcpus; i++) {
		struct vgic_bank *b = vg->cpus[i]->bank[vintid / 32];

		b->hw |= 1u << vintid % 32;
		b->pintid[vintid % 32] = pintid;
	}
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

static void
deactivate(const struct vgic_bank *b, uint32_t bits)
{

	for (; bits != 0; bits &= bits - 1)
		lr_ops->deactivate(b->pintid[__builtin_ctz(bits)]);
}

VGIC_COLD void
vgic_pend_phys(const struct vgic_bank *b, uint32_t bits, bool pending)
{

	for (; bits != 0; bits &= bits - 1)
		lr_ops->pend(b->pintid[__builtin_ctz(bits)], pending);
}

static VGIC_COLD void
reset_bank(struct vgic_bank *b, uint8_t owner, uint8_t dest)
{

	memset(b, 0, offsetof(struct vgic_bank, level));
	memset(b->owner, owner, sizeof(b->owner));
	memset(b->dest, dest, sizeof(b->dest));
}

VGIC_COLD void
vgic_reset(struct vgic *vg)
{
	/* No target: but one CPU has no choice (IHI 0048B, 4.3.12). */
	uint8_t dest = vg->version == 2 && vg->nvcpus > 1 ? VGIC_NOWHERE : 0;

	spin_lock(&vg->lock);
	vg->group_on[0] = vg->group_on[1] = 0;
	for (unsigned int i = 0; i < VGIC_WORDS - 1; i++) {
		vgic_pend_phys(&vg->spi[i], vg->spi[i].hw, false);
		deactivate(&vg->spi[i], vg->spi[i].phys);
		reset_bank(&vg->spi[i], 0, dest);
	}
	memset(vg->route, 0, sizeof(vg->route));
	/* Their private physical ones: vgic_save() saw to that. */
	for (unsigned int i = 0; i < vg->nvcpus; i++) {
		struct vgic_cpu *vc = vg->cpus[i];

		memset((char *)vc + offsetof(struct vgic_cpu, loaded), 0,
		    offsetof(struct vgic_cpu, priv) -
		    offsetof(struct vgic_cpu, loaded));
		vc->asleep = true;
		reset_bank(&vc->priv, i, i);
		vc->priv.edge = 0xffff;		/* SGIs */
		vgic_cpu_on(vc);
	}
	spin_unlock(&vg->lock);
}

/* What of a bank belongs in a queue. */
static inline uint32_t
ready(const struct vgic *vg, const struct vgic_bank *b)
{
	uint32_t pend = vgic_pend(b) & ~(vgic_by_line(b) & b->inlr);

	return ((pend & ~b->blocked & vgic_enabled(vg, b)) | b->active);
}

void
vgic_update(struct vgic *vg, struct vgic_cpu *self, struct vgic_bank *b,
    uint32_t bits)
{
	uint32_t now = ready(vg, b);

	for (bits = b->queued & (bits | ~now); bits != 0; bits &= bits - 1)
		vgic_dequeue(vg->cpus[b->owner[__builtin_ctz(bits)]], b,
		    b->word, bits & -bits);
	for (bits = now & ~b->queued; bits != 0; bits &= bits - 1) {
		uint32_t bit = bits & -bits;
		unsigned int i = (unsigned int)__builtin_ctz(bits);

		/* Where it is active, or sits in a list register, it stays. */
		if (!((b->active | b->inlr) & bit)) {
			if (b->dest[i] == VGIC_NOWHERE)
				continue;
			b->owner[i] = b->dest[i];
		}
		struct vgic_cpu *vc = vg->cpus[b->owner[i]];
		vgic_enqueue(vc, b, b->word, bit);
		if (vc != self)
			vg->ops->kick(vc);
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
 * The vCPUs that have some of this state fold it and go live no more until
 * vgic_end(). Two CPUs may do this to each other: each gives up its own
 * list registers before it waits, and waits for its own release only after
 * releasing.
 */
VGIC_COLD uint32_t
vgic_begin(struct vgic *vg, struct vgic_cpu *self, struct vgic_bank *b,
    uint32_t bits)
{
	uint32_t held = 0;

	spin_lock(&vg->lock);
	if (b == NULL)
		held = (1u << vg->nvcpus) - 1;
	else
		for (bits &= b->inlr | b->active; bits != 0; bits &= bits - 1)
			held |= 1u << b->owner[__builtin_ctz(bits)];
	for (uint32_t left = held; left != 0; left &= left - 1) {
		struct vgic_cpu *vc = vg->cpus[__builtin_ctz(left)];

		vc->holds++;
		vc->stale = true;
		if (vc->live && vc != self)
			vg->ops->kick(vc);
	}
	if (held != 0) {
		vgic_lr_fold_all(self);
		self->live = false;
		self->stale = true;
	}
	for (uint32_t left = held; left != 0; left &= left - 1)
		while (vg->cpus[__builtin_ctz(left)]->live)
			wait_unlocked(vg);
	return (held);
}

VGIC_COLD void
vgic_end(struct vgic *vg, struct vgic_cpu *self, struct vgic_bank *b,
    uint32_t bits, uint32_t held)
{

	if (b != NULL)
		vgic_update(vg, self, b, bits);
	for (; held != 0; held &= held - 1)
		vg->cpus[__builtin_ctz(held)]->holds--;
	vgic_resume(self);
	spin_unlock(&vg->lock);
}

static VGIC_COLD void
settle_and_resume(struct vgic_cpu *self)
{

	vgic_lr_fold_all(self);
	self->live = false;
	while (self->holds != 0)
		wait_unlocked(self->vgic);
	self->live = true;
	self->stale = false;
	deactivate(&self->priv, self->undo);
	self->undo = 0;
	vgic_resume(self);
}

__attribute__((noinline)) void
vgic_resume(struct vgic_cpu *self)
{

	if (unlikely(self->stale))
		settle_and_resume(self);
	else if (self->queue_words != 0 || self->hcr != LR_HCR_EN)
		vgic_lr_deliver(self);
}

VGIC_COLD void
vgic_drop_phys(struct vgic *vg, struct vgic_cpu *self, struct vgic_bank *b,
    uint32_t bits)
{

	bits &= b->phys;
	b->phys &= ~bits;
	if (b->word != 0 || b == &self->priv)
		deactivate(b, bits);
	else {
		/* Not loaded, it is not active: vgic_save() saw to that. */
		struct vgic_cpu *vc = container_of(b, struct vgic_cpu, priv);

		if (bits != 0 && vc->loaded) {
			vc->undo |= bits;
			vc->stale = true;
			vg->ops->kick(vc);
		}
	}
}

VGIC_COLD void
vgic_deactivate(struct vgic *vg, struct vgic_cpu *self, struct vgic_bank *b,
    uint32_t bits)
{

	bits &= b->active;
	b->active &= ~bits;
	vgic_drop_phys(vg, self, b, bits & ~b->latch);
	vgic_update(vg, self, b, bits);
}

VGIC_COLD void
vgic_set_line(struct vgic *vg, struct vgic_cpu *self, unsigned int vcpu,
    unsigned int intid, bool level)
{
	struct vgic_bank *b = vg->cpus[vcpu]->bank[intid / 32];
	unsigned int i = intid % 32;
	uint32_t bit = 1u << i;

	spin_lock(&vg->lock);
	if (!(b->hw & bit) && (b->level >> i & 1) != level) {
		b->level ^= bit;
		if (level)
			b->latch |= b->edge & bit;
		if (b->inlr & vgic_by_line(b) & bit) {
			/* The list register says what is true no more. */
			struct vgic_cpu *vc = vg->cpus[b->owner[i]];

			vc->stale = true;
			if (vc != self)
				vg->ops->kick(vc);
		}
		vgic_update(vg, self, b, 0);
		if (self != NULL)
			vgic_resume(self);
	}
	spin_unlock(&vg->lock);
}

/*
 * Mostly the list register of the last time is there still, ended: only its
 * EOI let the physical interrupt come again. Only this CPU changes it, and
 * who changes the interrupt has it folded first: no lock.
 */
static inline bool
inject_again(struct vgic_cpu *self, const struct vgic_bank *b,
    unsigned int i, unsigned int vintid)
{
	unsigned int n = b->lr[i];
	uint64_t lr = self->lr[n];

	if (unlikely((lr & (LR_HW | LR_PENDING | 0x3ff)) != (LR_HW |
	    LR_PENDING | vintid)))
		return (false);
	lr_ops->write(n, lr);
	return (true);
}

void
vgic_inject(struct vgic *vg, struct vgic_cpu *self, unsigned int vintid)
{
	struct vgic_cpu *vc = self != NULL ? self : vg->cpus[0];
	struct vgic_bank *b = vc->bank[vintid / 32];

	if (self != NULL && inject_again(self, b, vintid % 32, vintid))
		return;

	spin_lock(&vg->lock);
	b->phys |= 1u << vintid % 32;
	b->latch |= 1u << vintid % 32;
	vgic_update(vg, self, b, 0);
	if (self != NULL)
		vgic_resume(self);
	spin_unlock(&vg->lock);
}

void
vgic_inject_private(struct vgic_cpu *self, unsigned int vintid)
{
	if (unlikely(!inject_again(self, &self->priv, vintid, vintid)))
		vgic_inject(self->vgic, self, vintid);
}

VGIC_COLD void
vgic_dir(struct vgic_cpu *self, uint64_t val)
{
	struct vgic *vg = self->vgic;
	/* GICv2: with the source CPU of an SGI above. */
	unsigned int intid = val & (vg->version == 3 ? 0xffffff : 0x3ff);

	if (intid >= MACHINE_NR_INTID ||
	    !(lr_ops->get(LR_REG_VMCR) & VMCR_VEOIM))
		return;
	spin_lock(&vg->lock);
	vgic_lr_fold_all(self);
	if (!vgic_is_sgi2(vg, intid) ||
	    self->sgi_active[intid] == LR_SOURCE(val))
		vgic_deactivate(vg, self, self->bank[intid / 32],
		    1u << intid % 32);
	vgic_resume(self);
	spin_unlock(&vg->lock);
}

VGIC_COLD enum mmio_result
vgic_dir_mmio(void *dev, unsigned int vcpu, struct mmio *m)
{
	struct vgic *vg = dev;

	if (m->size != 4)
		return (MMIO_FAULT);
	if (!m->write)
		m->value = 0;
	else if (m->offset == 0)
		vgic_dir(vg->cpus[vcpu], m->value);
	return (MMIO_OK);
}

void
vgic_load(struct vgic_cpu *vc)
{
	struct vgic *vg = vc->vgic;

	lr_ops->restore(&vc->cpuif);
	vc->hcr = LR_HCR_EN;
	lr_ops->control(LR_HCR_EN);
	spin_lock(&vg->lock);
	vc->loaded = vc->live = true;
	vc->stale = vc->holds != 0;	/* at once no more, then */
	for (uint32_t bits = vc->priv.phys; bits != 0; bits &= bits - 1)
		lr_ops->set_active(vc->priv.pintid[__builtin_ctz(bits)]);
	if (vc->stale || vc->queue_words != 0)
		vgic_resume(vc);
	spin_unlock(&vg->lock);
}

static VGIC_COLD void
save_lrs(struct vgic_cpu *self)
{
	struct vgic *vg = self->vgic;

	spin_lock(&vg->lock);
	vgic_lr_fold_all(self);
	/* And the next one's timer must be able to fire. */
	deactivate(&self->priv, self->undo | self->priv.phys);
	self->undo = 0;
	self->loaded = self->live = false;
	spin_unlock(&vg->lock);
}

void
vgic_save(struct vgic_cpu *self)
{

	if (self->lr_used | self->priv.phys | self->undo)
		save_lrs(self);
	/* With none in use there is nothing another CPU might want. */
	self->loaded = self->live = false;
	lr_ops->save(&self->cpuif);
	lr_ops->control(0);
}

void
vgic_sync(struct vgic_cpu *self)
{
	struct vgic *vg = self->vgic;

	spin_lock(&vg->lock);
	if (self->loaded) {
		if (self->lr_eoi != 0 || self->hcr != LR_HCR_EN)
			vgic_lr_fold_ended(self);
		vgic_resume(self);
	}
	spin_unlock(&vg->lock);
}
