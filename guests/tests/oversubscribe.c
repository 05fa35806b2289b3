/*
 * oversubscribe: as many vCPUs as there are, all busy: none starves, timers
 * and sleepers are right however CPUs are shared. Meant for more vCPUs than
 * CPUs, and true without. Must not know how many CPUs there are. *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "guest.h"

static volatile uint32_t stop, ready, bad, lock;
static volatile uint64_t work[8], lateness[8];

static uint64_t
ticks(uint64_t us)
{

	return (counter_hz() * us / 1000000);
}

static void
add(volatile uint32_t *word)
{

	__atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
}

/*
 * Starts fn on all CPUs. They begin together, when all are there: until
 * then nobody has an advantage.
 */
static void
start(void (*fn)(void *))
{
	unsigned int i;

	stop = ready = bad = lock = 0;
	memset((void *)(uintptr_t)work, 0, sizeof(work));
	memset((void *)(uintptr_t)lateness, 0, sizeof(lateness));
	for (i = 1; i < machine.ncpus; i++)
		REQUIRE(smp_on(i, fn, NULL) == 0);
}

static void
together(void)
{

	add(&ready);
	while (ready < machine.ncpus && !stop)
		delay_us(1);
}

static void
finish(void)
{
	unsigned int i;

	publish(&stop, 1);
	for (i = 1; i < machine.ncpus; i++)
		CHECK(smp_wait_off(i));
	CHECK_EQ(bad, 0);
}

/*
 * Some thousands of instructions of work. YIELD is nothing to a hypervisor,
 * but an emulator that has one thread for all its CPUs goes to the next one
 * here, instead of after 100 ms.
 */
static void
toil(void)
{
	uint64_t n = 2000;

	__asm__ volatile("1: subs %0, %0, #1\n b.ne 1b\n yield" : "+r" (n) : :
	    "cc", "memory");
}

static void
busy(void *unused)
{
	unsigned int me = cpu_index();

	(void)unused;
	together();
	while (!stop) {
		work[me]++;
		toil();
	}
}

static void
busy_for(uint64_t us)
{
	uint64_t from = counter();

	together();
	while (counter() - from < ticks(us)) {
		work[0]++;
		toil();
	}
	publish(&stop, 1);
}

static void
all_progress(void)
{
	unsigned int i;

	start(busy);
	busy_for(100000);
	finish();
	for (i = 0; i < machine.ncpus; i++)
		CHECK(work[i] > 0);
}

/*
 * Those that do the same get the same, within a factor: 3 leaves room for
 * CPUs that carry one vCPU more than others do.
 */
static void
fair(void)
{
	uint64_t least = ~0ul, most = 0;
	unsigned int i;

	start(busy);
	busy_for(50000ul * machine.ncpus);
	finish();
	for (i = 1; i < machine.ncpus; i++) {
		least = work[i] < least ? work[i] : least;
		most = work[i] > most ? work[i] : most;
	}
	print("least %lu most %lu\n", least, most);
	CHECK(least > 0);
	CHECK(most <= 3 * least);
}

static void
on_vtimer(uint32_t intid)
{
	unsigned int me = cpu_index();
	uint64_t now = counter(), at;

	if (intid != machine.vtimer_intid) {
		add(&bad);
		return;
	}
	at = read_sysreg(cntv_cval_el0);
	if (now < at)
		add(&bad);
	else if (now - at > lateness[me])
		lateness[me] = now - at;
	if (++work[me] < 100)
		vtimer_set(at + ticks(2000));
	else
		vtimer_off();
}

/* A period of 2 ms on every CPU, 100 times, all of them busy as well. */
static void
ticking(void *unused)
{
	unsigned int me = cpu_index();

	(void)unused;
	gic_enable(machine.vtimer_intid);
	together();
	vtimer_set(counter() + ticks(2000));
	irq_on();
	while (work[me] < 100 && !stop)
		toil();
	irq_off();
	vtimer_off();
	add(&ready);
}

static void
timers(void)
{
	unsigned int i;

	irq_handler(on_vtimer);
	start(ticking);
	ticking(NULL);
	CHECK(wait_for(&ready, 2 * machine.ncpus));
	finish();
	for (i = 0; i < machine.ncpus; i++) {
		CHECK_EQ(work[i], 100);
		/* Others' turns come in between, not a hundred of them. */
		if (lateness[i] > ticks(20000)) {
			print("CPU %u: %lu us late\n", i,
			    lateness[i] * 1000000 / counter_hz());
			CHECK(!"in time");
		}
	}
}

/* Half sleep and tick, half are busy: a sleeper gets its CPU back soon. */
static void
sleeper_or_busy(void *unused)
{
	unsigned int me = cpu_index(), n;
	uint32_t never = 0;

	(void)unused;
	together();
	if (me % 2 == 0) {
		while (!stop) {
			work[me]++;
			toil();
		}
		return;
	}
	for (n = 0; n < 20 && !stop; n++) {
		uint64_t from = counter(), late;

		wait_irq(&never, 2000);
		late = counter() - from - ticks(2000);
		if ((int64_t)late < 0)
			add(&bad);
		else if (late > lateness[me])
			lateness[me] = late;
		work[me]++;
	}
}

static void
sleepers(void)
{
	unsigned int i;

	start(sleeper_or_busy);
	busy_for(400000);
	finish();
	for (i = 1; i < machine.ncpus; i += 2) {
		CHECK_EQ(work[i], 20);
		if (lateness[i] > ticks(20000)) {
			print("CPU %u: %lu us late\n", i,
			    lateness[i] * 1000000 / counter_hz());
			CHECK(!"awake in time");
		}
	}
}

/* Callee-saved and all other registers survive being switched. */
static void
registers(void *unused)
{
	uint64_t seed = 0x0101010101010101ul * (cpu_index() + 1), wrong;
	unsigned int n;

	(void)unused;
	together();
	for (n = 0; n < 40; n++) {
		__asm__ volatile(
		    "mov x0, %1\n"
		    "add x2, x0, #2\n add x3, x0, #3\n add x4, x0, #4\n"
		    "add x5, x0, #5\n add x6, x0, #6\n add x7, x0, #7\n"
		    "add x8, x0, #8\n add x9, x0, #9\n add x10, x0, #10\n"
		    "add x11, x0, #11\n add x12, x0, #12\n"
		    "add x13, x0, #13\n add x14, x0, #14\n"
		    "add x15, x0, #15\n add x16, x0, #16\n"
		    "add x17, x0, #17\n add x18, x0, #18\n"
		    "mov x1, #0x10000\n"
		    "1: subs x1, x1, #1\n b.ne 1b\n"
		    "sub x2, x2, #2\n eor x1, x2, x0\n"
		    "sub x2, x3, #3\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x4, #4\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x5, #5\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x6, #6\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x7, #7\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x8, #8\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x9, #9\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x10, #10\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x11, #11\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x12, #12\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x13, #13\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x14, #14\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x15, #15\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x16, #16\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x17, #17\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "sub x2, x18, #18\n eor x2, x2, x0\n orr x1, x1, x2\n"
		    "eor x0, x0, %1\n orr %0, x1, x0\n"
		    : "=&r" (wrong) : "r" (seed) : "x0", "x1", "x2", "x3",
		    "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
		    "x13", "x14", "x15", "x16", "x17", "x18", "cc");
		if (wrong != 0)
			add(&bad);
	}
	add(&ready);
}

static void
registers_kept(void)
{

	start(registers);
	registers(NULL);
	REQUIRE(wait_for(&ready, 2 * machine.ncpus));
	finish();
}

/* System registers of EL1 are each vCPU's own. */
static void
own_sysregs(void *unused)
{
	uint64_t mine = 0x1000 + cpu_index(), from;

	(void)unused;
	together();
	write_sysreg(tpidr_el0, mine);
	write_sysreg(tpidrro_el0, mine << 16);
	write_sysreg(contextidr_el1, mine);
	write_sysreg(afsr0_el1, mine);
	from = counter();
	while (counter() - from < ticks(30000)) {
		if (read_sysreg(tpidr_el0) != mine ||
		    read_sysreg(tpidrro_el0) != mine << 16 ||
		    read_sysreg(contextidr_el1) != mine)
			add(&bad);
	}
	add(&ready);
}

static void
sysregs_kept(void)
{

	start(own_sysregs);
	own_sysregs(NULL);
	REQUIRE(wait_for(&ready, 2 * machine.ncpus));
	finish();
}

static void
lock_loop(void *unused)
{
	unsigned int i, me = cpu_index();

	(void)unused;
	together();
	for (i = 0; i < 50; i++) {
		while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			__asm__ volatile("yield");
		work[me]++;
		if (i % 10 == 9)
			delay_us(100);
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
	add(&ready);
}

/* Who holds a lock loses its turn now and then; nobody waits for ever. */
static void
lock_holders(void)
{

	start(lock_loop);
	lock_loop(NULL);
	CHECK(wait_for(&ready, 2 * machine.ncpus));
	finish();
}

static volatile uint32_t pongs;

static void
on_ping(uint32_t intid)
{

	if (intid == 1)
		gic_sgi(2, 0);
	else
		publish(&pongs, pongs + 1);
}

static void
answering(void *unused)
{

	(void)unused;
	gic_enable(1);
	together();
	irq_on();
	while (!stop)
		toil();
	irq_off();
}

/* An interrupt for a vCPU that has no CPU just now waits and comes. */
static void
ipi_to_waiting(void)
{
	uint32_t i;

	pongs = 0;
	irq_handler(on_ping);
	gic_enable(2);
	start(answering);
	together();
	irq_on();
	for (i = 0; i < 30; i++) {
		gic_sgi(1, 1 + i % (machine.ncpus - 1));
		REQUIRE(wait_for(&pongs, i + 1));
	}
	irq_off();
	finish();
}

const char guest_name[] = "oversubscribe";
const struct guest_case guest_cases[] = {
	{ "all_progress", all_progress, 2, 0 },
	{ "fair", fair, 3, 0 },
	{ "timers", timers, 2, 0 },
	{ "sleepers", sleepers, 2, 0 },
	{ "registers", registers_kept, 2, 0 },
	{ "sysregs", sysregs_kept, 2, 0 },
	{ "lock_holders", lock_holders, 2, 0 },
	{ "ipi_to_waiting", ipi_to_waiting, 2, 0 },
	{ NULL, NULL, 0, 0 }
};
