/*
 * smp: several CPUs at once: start, interrupts between them, memory they
 * share. Must not know how many there will be.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

#define	ALREADY_ON	(-4)
#define	ON_PENDING	(-5)
#define	MPIDR_AFF	0xff00fffffful

static volatile uint32_t here[8], go, total, ready;
static volatile uint32_t wrong;

static void
all_on(void (*fn)(void *), void *arg)
{
	unsigned int i;

	go = total = ready = wrong = 0;
	for (i = 1; i < machine.ncpus; i++)
		REQUIRE(smp_on(i, fn, arg) == 0);
}

static void
all_off(void)
{
	unsigned int i;

	for (i = 1; i < machine.ncpus; i++)
		CHECK(smp_wait_off(i));
}

static void
add(volatile uint32_t *word)
{

	__atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
}

/* All of them are past this point n times. */
static bool
barrier(volatile uint32_t *word, uint32_t n)
{

	add(word);
	for (uint64_t start = counter(); *word < n * machine.ncpus;) {
		if (counter() - start > counter_hz())
			return (false);
		__asm__ volatile("yield");
	}
	return (true);
}

static void
tell(void *arg)
{
	unsigned int i = cpu_index();

	(void)arg;
	if ((read_sysreg(mpidr_el1) & MPIDR_AFF) != machine.mpidr[i])
		add(&wrong);
	here[i]++;
	barrier(&ready, 1);
}

static void
every_cpu(void)
{
	unsigned int i;

	memset((void *)(uintptr_t)here, 0, sizeof(here));
	all_on(tell, NULL);
	/* All are on together. */
	CHECK(barrier(&ready, 1));
	all_off();
	for (i = 1; i < machine.ncpus; i++)
		CHECK_EQ(here[i], 1);
	CHECK_EQ(wrong, 0);
}

static volatile uint32_t race_go, race_done;
static volatile int64_t race_result[2];

static void
until_done(void *arg)
{

	(void)arg;
	while (race_done < 2)
		__asm__ volatile("yield");
}

static void
racer(void *arg)
{

	(void)arg;
	wait_for(&race_go, 1);
	delay_us(10);
	race_result[1] = smp_on(2, until_done, NULL);
	add(&race_done);
}

/* Two turn on the same third: one succeeds, one is told. */
static void
on_race(void)
{
	unsigned int i, j, won[2] = { 0, 0 };

	for (i = 0; i < 20; i++) {
		race_go = race_done = 0;
		REQUIRE(smp_on(1, racer, NULL) == 0);
		publish(&race_go, 1);
		/* Now one is first, now the other. */
		if (i % 2 != 0)
			delay_us(i);
		race_result[0] = smp_on(2, until_done, NULL);
		add(&race_done);
		REQUIRE(wait_for(&race_done, 2));
		for (j = 0; j < 2; j++) {
			int64_t r = race_result[j];

			won[j] += r == 0;
			CHECK(r == 0 || r == ALREADY_ON || r == ON_PENDING);
		}
		CHECK_EQ(won[0] + won[1], i + 1);
		CHECK(smp_wait_off(1));
		CHECK(smp_wait_off(2));
	}
	print("CPU 0 won %u, CPU 1 won %u times\n", won[0], won[1]);
}

static volatile uint32_t pings, pongs;

static void
on_ping(uint32_t intid)
{

	if (cpu_index() != 0 && intid == 1) {
		pings++;
		gic_sgi(2, 0);
	} else if (cpu_index() == 0 && intid == 2)
		publish(&pongs, pongs + 1);
	else
		add(&wrong);
}

static void
take_irqs(void *arg)
{

	(void)arg;
	gic_enable(1);
	add(&ready);
	irq_on();
	while (go == 0)
		wfi();
	irq_off();
}

static void
ping_pong(void)
{
	uint32_t i, cpu;

	irq_handler(on_ping);
	gic_enable(2);
	all_on(take_irqs, NULL);
	REQUIRE(wait_for(&ready, machine.ncpus - 1));
	irq_on();
	for (cpu = 1; cpu < machine.ncpus; cpu++) {
		pings = pongs = 0;
		for (i = 1; i <= 100; i++) {
			gic_sgi(1, cpu);
			REQUIRE(wait_for(&pongs, i));
		}
		CHECK_EQ(pings, 100);
		CHECK_EQ(irq_count[cpu], 100);
	}
	irq_off();
	CHECK_EQ(wrong, 0);
	go = 1;
	gic_sgi_others(1);
	all_off();
}

static void
sgi_others(void)
{
	unsigned int i;

	all_on(take_irqs, NULL);
	gic_enable(1);
	REQUIRE(wait_for(&ready, machine.ncpus - 1));
	publish(&go, 1);
	gic_sgi_others(1);
	all_off();
	for (i = 1; i < machine.ncpus; i++)
		CHECK_EQ(irq_count[i], 1);
	CHECK(!gic_pending(1));
}

static void
add_1000(void *arg)
{
	unsigned int i;

	(void)arg;
	barrier(&ready, 1);
	for (i = 0; i < 1000; i++)
		add(&total);
	add(&go);
}

/* Exclusives under contention. */
static void
exclusives(void)
{

	all_on(add_1000, NULL);
	add_1000(NULL);
	CHECK(wait_for(&go, machine.ncpus));
	CHECK_EQ(total, 1000 * machine.ncpus);
	all_off();
}

static volatile uint32_t lock, inside;

static void
locked(void *arg)
{
	unsigned int i;

	(void)arg;
	barrier(&ready, 1);
	for (i = 0; i < 200; i++) {
		while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			__asm__ volatile("yield");
		if (inside++ != 0)
			add(&wrong);
		/* Not atomic: what is lost shows. */
		uint32_t t = total;
		__asm__ volatile("yield; nop; nop" : : : "memory");
		total = t + 1;
		inside--;
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
	add(&go);
}

static void
mutual_exclusion(void)
{

	all_on(locked, NULL);
	locked(NULL);
	CHECK(wait_for(&go, machine.ncpus));
	CHECK_EQ(wrong, 0);
	CHECK_EQ(total, 200 * machine.ncpus);
	all_off();
}

static void
meet(void *arg)
{
	uint32_t i;

	(void)arg;
	for (i = 1; i <= 100; i++)
		if (!barrier(&total, i))
			add(&wrong);
}

static void
barriers(void)
{

	all_on(meet, NULL);
	meet(NULL);
	all_off();
	CHECK_EQ(wrong, 0);
	CHECK_EQ(total, 100 * machine.ncpus);
}

static struct {
	volatile uint32_t full;
	uint64_t	data[16];
} mail;

static void
reader(void *arg)
{
	uint32_t round, i;

	(void)arg;
	for (round = 1; round <= 200; round++) {
		if (!wait_for(&mail.full, 1))
			add(&wrong);
		for (i = 0; i < nitems(mail.data); i++)
			if (mail.data[i] != round * 1000 + i)
				add(&wrong);
		publish(&mail.full, 0);
	}
}

/* What was written before the flag is seen after it. */
static void
mailbox(void)
{
	uint32_t round, i;

	mail.full = 0;
	wrong = 0;
	REQUIRE(smp_on(1, reader, NULL) == 0);
	for (round = 1; round <= 200; round++) {
		REQUIRE(wait_for(&mail.full, 0));
		for (i = 0; i < nitems(mail.data); i++)
			mail.data[i] = round * 1000 + i;
		publish(&mail.full, 1);
	}
	CHECK(wait_for(&mail.full, 0));
	CHECK(smp_wait_off(1));
	CHECK_EQ(wrong, 0);
}

static volatile uint32_t step;
static struct trap seen[3];

static void
touch(uint64_t addr)
{

	*(volatile uint32_t *)addr;
}

static void
toucher(void *page)
{
	uint32_t i;

	for (i = 0; i < 3; i++) {
		if (!wait_for(&step, 2 * i + 1))
			return;
		seen[i] = trap_catch(touch, (uint64_t)page);
		publish(&step, 2 * i + 2);
	}
}

/* A TLB invalidation by one CPU holds for the other. */
static void
tlb_broadcast(void)
{
	void *page = memory_alloc(PAGE_SIZE, PAGE_SIZE);

	step = 0;
	REQUIRE(smp_on(1, toucher, page) == 0);
	publish(&step, 1);
	REQUIRE(wait_for(&step, 2));
	mmu_unmap((uint64_t)page, PAGE_SIZE);
	publish(&step, 3);
	REQUIRE(wait_for(&step, 4));
	mmu_map((uint64_t)page, PAGE_SIZE, false, true);
	publish(&step, 5);
	REQUIRE(wait_for(&step, 6));
	CHECK_EQ(seen[0].taken, 0);
	CHECK_EQ(seen[1].taken, 1);
	CHECK_EQ(ESR_EC(seen[1].esr), 0x25);
	CHECK_EQ(ESR_FSC(seen[1].esr), 7);	/* translation, level 3 */
	CHECK_EQ(seen[1].far, (uint64_t)page);
	CHECK_EQ(seen[2].taken, 0);
}

static uint32_t code[2] __attribute__((aligned(64)));

static void
runner(void *arg)
{
	uint32_t i;

	(void)arg;
	for (i = 1; i <= 20; i++) {
		if (!wait_for(&step, 2 * i - 1))
			return;
		isb();
		if (((uint32_t (*)(void))(uintptr_t)code)() != i)
			add(&wrong);
		publish(&step, 2 * i);
	}
}

/* Instructions that one CPU writes, another runs. */
static void
code_broadcast(void)
{
	uint32_t i;

	step = wrong = 0;
	REQUIRE(smp_on(1, runner, NULL) == 0);
	for (i = 1; i <= 20; i++) {
		code[0] = 0x52800000 | i << 5;		/* movz w0, #i */
		code[1] = 0xd65f03c0;			/* ret */
		sync_code(code, sizeof(code));
		publish(&step, 2 * i - 1);
		REQUIRE(wait_for(&step, 2 * i));
	}
	CHECK_EQ(wrong, 0);
}

const char guest_name[] = "smp";
const struct guest_case guest_cases[] = {
	{ "every_cpu", every_cpu, 2, 0 },
	{ "eight_cpus", every_cpu, 8, 0 },
	{ "on_race", on_race, 3, 0 },
	{ "ping_pong", ping_pong, 2, 0 },
	{ "sgi_others", sgi_others, 2, 0 },
	{ "exclusives", exclusives, 2, 0 },
	{ "mutual_exclusion", mutual_exclusion, 2, 0 },
	{ "barriers", barriers, 2, 0 },
	{ "mailbox", mailbox, 2, 0 },
	{ "tlb_broadcast", tlb_broadcast, 2, 0 },
	{ "code_broadcast", code_broadcast, 2, 0 },
	{ NULL, NULL, 0, 0 }
};
