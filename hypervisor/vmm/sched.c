/*
 * Round robin among the vCPUs of one CPU. A vCPU never moves to another
 * CPU, so each CPU looks only at its own ring and needs no lock.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/console.h"
#include "vmm/ext/family.h"
#include "vmm/irq.h"
#include "vmm/vm.h"

#define	BACKLOG_US	1000		/* try again to hand over input */

static inline uint64_t
earlier(uint64_t a, uint64_t b)
{

	return (a < b ? a : b);
}

__attribute__((cold)) void
sched_add(struct vcpu *v)
{
	struct pcpu *p = v->pcpu;
	uint64_t us = port_counter_hz() / 1000000;

	if (p->ring == NULL) {
		p->slice = p->turn = us * SCHED_SLICE_US;
		p->family = true;
		v->next = v;
		p->nvcpus = 1;
		__atomic_store_n(&p->ring, v, __ATOMIC_RELEASE);
		return;
	}
	/* They are added one after the other, each behind the first. */
	if (p->ring->vm != v->vm)
		p->family = false;
	if (p->family)
		p->slice = us * SCHED_FAMILY_US;
	else if (p->slice < us * SCHED_SLICE_US || p->ring->next->vm == v->vm)
		p->slice = us * SCHED_SIBLINGS_US;
	p->turn = p->slice;
	v->next = p->ring->next;
	__atomic_store_n(&p->ring->next, v, __ATOMIC_RELEASE);
	p->nvcpus++;
}

/* May it run now? */
static inline bool
ready(const struct vcpu *v)
{

	return (v->power == VCPU_ON && !v->waiting &&
	    v->vm->state == VM_RUNNING);
}

/* When v, which is not loaded, must be looked at for its virtual timer. */
static uint64_t
virtual_deadline(const struct vcpu *v)
{
	const struct arch_vcpu *a = &v->arch;
	struct vtimer t = { .ctl = a->cntv_ctl, .cval = a->cntv_cval,
	    .offset = v->vm->cntvoff };

	return (vtimer_deadline(&t));
}

/*
 * Attend to the timers of v that are due. Returns when to look again.
 */
static uint64_t
due(struct pcpu *p, struct vcpu *v, uint64_t now)
{
	uint64_t next = ~0ull, at;

	/*
	 * Asleep and not loaded: nobody watches its virtual timer. If the
	 * interrupt is with its GIC already and did not wake it, the guest
	 * does not want it.
	 */
	if (v->waiting && v != p->loaded && v->power == VCPU_ON &&
	    !vgic_has_hw(&v->gic, MACHINE_VTIMER_INTID)) {
		at = virtual_deadline(v);
		if (at <= now)
			v->waiting = 0;
		else
			next = at;
	}
	at = vtimer_deadline(&v->ptimer);
	if (at > now) {
		v->ptimer_told = false;
		next = earlier(next, at);
	} else if (!v->ptimer_told) {
		/* The emulated physical timer's line rises, once. */
		struct vcpu *self = p->loaded;

		v->ptimer_told = true;
		vgic_set_line(&v->vm->gic, self != NULL && self->vm == v->vm ?
		    &self->gic : NULL, v->index, MACHINE_PTIMER_INTID, true);
	}
	if (v->index == 0) {
		at = vpl031_deadline(&v->vm->rtc);
		if (at <= now)
			vpl031_tick(&v->vm->rtc);
		else
			next = earlier(next, at);
	}
	return (next);
}

/*
 * Attend to all timers, and set the EL2 timer to whatever comes first: one
 * of them, or the end of the turn. Returns how many vCPUs could run.
 */
static unsigned int
arm(struct pcpu *p)
{
	uint64_t next = ~0ull, now = port_counter();
	struct vcpu *v = p->ring;
	unsigned int want = 0;

	if (v == NULL)
		return (0);
	do {
		next = earlier(next, due(p, v, now));
		want += ready(v) || v->requests != 0;
		v = v->next;
	} while (v != p->ring);
	if (p->index == 0 && unlikely(console_backlog()))
		next = earlier(next,
		    now + port_counter_hz() / 1000000 * BACKLOG_US);
	p->timer_next = next;
	port_set_deadline(want > 1 ? earlier(next, p->look) : next);
	return (want);
}

/*
 * Where several take turns: a new turn begins. The other timers are as they
 * were, unless the one before has gone to sleep. If nobody else can run the
 * end of the turn finds that out.
 */
static void
begin_turn(struct pcpu *p, const struct vcpu *before)
{
	uint64_t now = port_counter();

	p->slice_end = now + p->slice;
	p->look = now + p->turn;
	if (before != NULL && before->waiting)
		arm(p);
	else
		port_set_deadline(earlier(p->timer_next, p->look));
}

void
sched_timer_changed(struct vcpu *v)
{

	if (v->pcpu->index == port_cpu())
		arm(v->pcpu);
	else
		port_kick_cpu(v->pcpu->index);
}

void
sched_soon(void)
{

	port_set_deadline(0);
}

bool
sched_timer(struct pcpu *p)
{

	if (p->index == 0 && console_backlog())
		console_pump();
	uint64_t now = port_counter();
	/* Nobody cuts a turn short: by naps one could have them all. */
	bool over = now >= p->look && (!p->family || family_gives_way(p, now));

	return (arm(p) > 1 && over);
}

void
sched_unload(struct pcpu *p)
{

	if (p->loaded == NULL)
		return;
	port_vcpu_save(p->loaded);
	vgic_save(&p->loaded->gic);
	p->loaded = NULL;
}

struct vcpu *
sched_next(struct pcpu *p, struct vcpu *v)
{
	struct vcpu *before = v;

	p->current = NULL;
	for (;;) {
		v = v != NULL ? v->next : p->ring;
		struct vcpu *first = v;
		while (v != NULL) {
			/* One may lead to the next: a stop to a restart. */
			while (unlikely(v->requests != 0))
				if (!vcpu_attend(v))
					break;
			if (ready(v))
				goto found;
			v = v->next;
			if (v == first)
				break;
		}
		/* A timer that is due only now wakes somebody, too. */
		if (arm(p) != 0)
			port_relax();
		else
			port_idle();
		irq_handle(p, p->loaded);
		/* Nobody kicks the vCPU that is loaded here: look. */
		if (p->loaded != NULL && p->loaded->waiting &&
		    vgic_pending(&p->loaded->gic))
			p->loaded->waiting = 0;
	}
found:
	if (p->loaded != v) {
		sched_unload(p);
		port_vcpu_load(v);
		vgic_load(&v->gic);
		p->loaded = v;
	}
	p->current = v;
	if (v->next != v)
		begin_turn(p, before);
	return (v);
}
