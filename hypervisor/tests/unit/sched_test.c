/*
 * Turns: who has how long, and when the vCPUs of one VM give way to each
 * other. The clock stands still but where a test moves it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "vmm/sched.c"

#define	CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define	US		(CPU_FAKE_HZ / 1000000)
#define	LOOK		(SCHED_FAMILY_US * US / TURN_LOOKS)
/* Places of a kernel, further apart than any loop. */
#define	PLACE(n)	(0xffff800008000000ull + (n) * 4096)

static struct vm vms[2];
static struct vcpu vcpus[3];
static struct pcpu pcpu;

/* What the scheduler asks of others. */
bool
console_backlog(void)
{

	return (false);
}

void
console_pump(void)
{
}

bool
vcpu_attend(struct vcpu *v)
{

	v->requests = 0;
	return (true);
}

outcome_t
irq_handle(struct pcpu *p, struct vcpu *v)
{

	(void)p;
	(void)v;
	return (OUTCOME_RETRY);
}

void
vgic_load(struct vgic_cpu *vc)
{

	(void)vc;
}

void
vgic_save(struct vgic_cpu *self)
{

	(void)self;
}

bool
vgic_pending(struct vgic_cpu *vc)
{

	(void)vc;
	return (false);
}

void
vgic_set_line(struct vgic *g, struct vgic_cpu *self, unsigned int vcpu,
    unsigned int vintid, bool level)
{

	(void)g;
	(void)self;
	(void)vcpu;
	ATF_CHECK_EQ(MACHINE_PTIMER_INTID, vintid);
	ATF_CHECK(level);
}

/* n vCPUs on one CPU, of the first VM but for the last `others`. */
static void
machine(unsigned int n, unsigned int others)
{

	vcpu_fake_reset();
	memset(vms, 0, sizeof(vms));
	memset(vcpus, 0, sizeof(vcpus));
	memset(&pcpu, 0, sizeof(pcpu));
	for (unsigned int i = 0; i < n; i++) {
		struct vcpu *v = &vcpus[i];

		v->vm = &vms[i >= n - others];
		v->vm->state = VM_RUNNING;
		v->index = i + 1;		/* 0 looks after the clock */
		v->pcpu = &pcpu;
		v->power = VCPU_ON;
		sched_add(v);
	}
	ATF_REQUIRE_EQ(&vcpus[0], sched_next(&pcpu, NULL));
	/* The first thing that the timer does is to look at all of them. */
	ATF_REQUIRE(!sched_timer(&pcpu));
}

/* The guest goes on until the EL2 timer fires. */
static bool
run(uint64_t pc)
{

	ATF_REQUIRE(vcpu_fake.deadline > fake_counter);
	fake_counter = vcpu_fake.deadline;
	vcpu_fake.kernel_pc = pc;
	return (sched_timer(&pcpu));
}

/* As run(), for a turn: how many microseconds of it. */
static uint64_t
turn(uint64_t (*pc)(unsigned int look))
{
	uint64_t start = fake_counter;

	for (unsigned int i = 0; !run(pc(i)); i++)
		ATF_REQUIRE(i < 1000);
	sched_next(&pcpu, pcpu.current);
	return ((fake_counter - start) / US);
}

static uint64_t
user(unsigned int look)
{

	(void)look;
	return (0);
}

static uint64_t
kernel(unsigned int look)
{

	return (PLACE(look));
}

static uint64_t
leaves_kernel(unsigned int look)
{

	return (look < 3 ? PLACE(look) : 0);
}

static uint64_t
loop(unsigned int look)
{

	return (PLACE(500) + look % 8 * 4);
}

CASE(alone)
{

	machine(1, 0);
	ATF_CHECK_EQ(~0ull, vcpu_fake.deadline);
}

/* VMs that share a CPU have the same, whatever their vCPUs do. */
CASE(strangers)
{

	machine(2, 1);
	for (unsigned int i = 0; i < 4; i++) {
		ATF_CHECK_EQ(SCHED_SLICE_US, turn(kernel));
		ATF_CHECK_EQ(SCHED_SLICE_US, turn(loop));
		ATF_CHECK_EQ(SCHED_SLICE_US, turn(user));
	}
}

CASE(siblings_and_a_stranger)
{

	machine(3, 1);
	for (unsigned int i = 0; i < 4; i++) {
		ATF_CHECK_EQ(SCHED_SIBLINGS_US, turn(kernel));
		ATF_CHECK_EQ(SCHED_SIBLINGS_US, turn(loop));
		ATF_CHECK_EQ(SCHED_SIBLINGS_US, turn(user));
	}
	machine(3, 2);
	ATF_CHECK_EQ(SCHED_SIBLINGS_US, turn(kernel));
}

CASE(family_in_user_code)
{

	machine(2, 0);
	for (unsigned int i = 0; i < 4; i++) {
		ATF_CHECK_EQ(&vcpus[i % 2], pcpu.current);
		ATF_CHECK_EQ(SCHED_FAMILY_US, turn(user));
	}
}

/* It may leave its kernel first, but not for long. */
CASE(family_in_the_kernel)
{

	machine(2, 0);
	ATF_CHECK_EQ(SCHED_FAMILY_US + 3 * LOOK / US, turn(leaves_kernel));
	ATF_CHECK_EQ(2 * SCHED_FAMILY_US, turn(kernel));
	ATF_CHECK_EQ(SCHED_FAMILY_US, turn(user));
}

/* A look behind the end finds a loop; after that it is found at once. */
CASE(family_that_waits)
{

	machine(2, 0);
	ATF_CHECK_EQ(SCHED_FAMILY_US + LOOK / US, turn(loop));
	ATF_CHECK_EQ(LOOK / US, turn(loop));
	ATF_CHECK_EQ(LOOK / US, turn(loop));
	/* Whoever was waited for goes where it can, and all is as before. */
	ATF_CHECK_EQ(4 * LOOK / US, turn(leaves_kernel));
	ATF_CHECK_EQ(SCHED_FAMILY_US, turn(user));
	/* The place is known; what is near it waits, too. */
	ATF_CHECK_EQ(SCHED_FAMILY_US, turn(loop));
	ATF_CHECK_EQ(2 * SCHED_FAMILY_US, turn(kernel));
}

/* Who sleeps has no turn, and then nobody looks at the other's. */
CASE(family_asleep)
{

	machine(2, 0);
	vcpus[0].waiting = 1;
	ATF_CHECK_EQ(&vcpus[1], sched_next(&pcpu, &vcpus[0]));
	ATF_CHECK_EQ(~0ull, vcpu_fake.deadline);
	/* It wakes up while the other's turn lasts. */
	vcpus[0].waiting = 0;
	fake_counter += 10 * US;
	vcpu_fake.kernel_pc = PLACE(1);
	ATF_CHECK(!sched_timer(&pcpu));
	ATF_CHECK_EQ(fake_counter + (SCHED_FAMILY_US - 10) * US,
	    vcpu_fake.deadline);
}

/* Between the look for who is ready and sleep: an abort() if it sleeps. */
CASE(due_at_the_last_moment)
{

	machine(2, 0);
	vcpus[0].waiting = vcpus[1].waiting = 1;
	vcpus[1].arch.cntv_ctl = 1;
	vcpus[1].arch.cntv_cval = fake_counter;
	ATF_CHECK_EQ(&vcpus[1], sched_next(&pcpu, &vcpus[0]));
}

/* A timer that is due is seen to, though it is a look that finds it. */
CASE(family_timer)
{

	machine(2, 0);
	ATF_CHECK_EQ(SCHED_FAMILY_US + LOOK / US, turn(loop));
	vcpus[1].ptimer = (struct vtimer){ .ctl = 1,
	    .cval = fake_counter + LOOK };
	sched_timer_changed(&vcpus[1]);
	ATF_CHECK_EQ(fake_counter + LOOK, vcpu_fake.deadline);
	ATF_CHECK(!run(PLACE(1)));
	ATF_CHECK(vcpus[1].ptimer_told);
	ATF_CHECK_EQ(fake_counter + LOOK, vcpu_fake.deadline);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, alone);
	ATF_TP_ADD_TC(tp, strangers);
	ATF_TP_ADD_TC(tp, siblings_and_a_stranger);
	ATF_TP_ADD_TC(tp, family_in_user_code);
	ATF_TP_ADD_TC(tp, family_in_the_kernel);
	ATF_TP_ADD_TC(tp, family_that_waits);
	ATF_TP_ADD_TC(tp, family_asleep);
	ATF_TP_ADD_TC(tp, due_at_the_last_moment);
	ATF_TP_ADD_TC(tp, family_timer);
	return (atf_no_error());
}
