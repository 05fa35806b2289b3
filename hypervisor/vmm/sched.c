/*
 * Round robin among the vCPUs of one CPU. A vCPU never moves to another
 * CPU, so each CPU looks only at its own ring and needs no lock.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/sched.h"
#include "vmm/console.h"
#include "vmm/irq.h"
#include "vmm/pcpu.h"
#include "vmm/vm.h"

#define	BACKLOG_US	1000		/* try again to hand over input */

static uint64_t
us_to_ticks(uint64_t us)
{

	return (port_counter_hz() * us / 1000000);
}

void
sched_add(struct vcpu *v)
{
	struct pcpu *p = v->pcpu;

	if (p->ring == NULL) {
		v->next = v;
		p->nvcpus = 1;
		__atomic_store_n(&p->ring, v, __ATOMIC_RELEASE);
		return;
	}
	v->next = p->ring->next;
	__atomic_store_n(&p->ring->next, v, __ATOMIC_RELEASE);
	p->nvcpus++;
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
 * Set the EL2 timer to whatever comes first: the end of the turn, an
 * emulated timer, the virtual timer of one who sleeps without being loaded.
 */
static void
arm(struct pcpu *p)
{
	struct vcpu *v = p->ring;
	uint64_t next = ~0ull, at;
	unsigned int ready = 0;

	if (v == NULL)
		return;
	do {
		if (vcpu_runnable(v))
			ready++;
		else if (v != p->loaded && v->power == VCPU_ON &&
		    (at = virtual_deadline(v)) < next)
			next = at;
		if ((at = vtimer_deadline(&v->ptimer)) < next)
			next = at;
		if (v->index == 0 &&
		    (at = vpl031_deadline(&v->vm->rtc)) < next)
			next = at;
		v = v->next;
	} while (v != p->ring);
	if (ready > 1 && p->slice_end < next)
		next = p->slice_end;
	if (p->index == 0 && unlikely(console_backlog())) {
		at = port_counter() + us_to_ticks(BACKLOG_US);
		if (at < next)
			next = at;
	}
	port_set_deadline(next);
}

void
sched_timer_changed(struct vcpu *v)
{

	if (v->pcpu->index == port_cpu())
		arm(v->pcpu);
	else
		port_kick_cpu(v->pcpu->index);
}

static void
ptimer_fired(struct pcpu *p, struct vcpu *v)
{
	struct vcpu *self = p->loaded;

	vgic_set_line(&v->vm->gic, self != NULL && self->vm == v->vm ?
	    &self->gic : NULL, v->index, MACHINE_PTIMER_INTID, true);
	v->waiting = 0;
}

void
sched_timer(struct pcpu *p)
{
	struct vcpu *v = p->ring;
	uint64_t now = port_counter();

	if (v != NULL) {
		do {
			if (vtimer_deadline(&v->ptimer) <= now)
				ptimer_fired(p, v);
			if (v->waiting && v != p->loaded &&
			    virtual_deadline(v) <= now)
				v->waiting = 0;
			if (v->index == 0)
				vpl031_tick(&v->vm->rtc);
			v = v->next;
		} while (v != p->ring);
	}
	if (p->index == 0 && console_backlog())
		console_pump();
	arm(p);
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

static void
load(struct pcpu *p, struct vcpu *v)
{

	sched_unload(p);
	port_vcpu_load(v);
	vgic_load(&v->gic);
	p->loaded = v;
}

struct vcpu *
sched_next(struct pcpu *p, struct vcpu *v)
{
	struct vcpu *first;

	p->current = NULL;
	for (;;) {
		v = v != NULL ? v->next : p->ring;
		first = v;
		while (v != NULL) {
			if (unlikely(v->requests != 0))
				vcpu_attend(v);
			if (vcpu_runnable(v))
				goto found;
			v = v->next;
			if (v == first)
				break;
		}
		arm(p);
		port_idle();
		irq_handle(p, p->loaded);
	}
found:
	if (p->loaded != v)
		load(p, v);
	p->current = v;
	if (v->next != v) {
		p->slice_end = port_counter() + p->slice;
		arm(p);
	}
	return (v);
}
