/*
 * What the device tree says, the tables of stage 1, other CPUs, the
 * interrupt controller. Must not know what is tested.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "armv7.h"

#define	GICD_CTLR	0x000
#define	GICD_IGROUPR	0x080
#define	GICD_ISENABLER	0x100
#define	GICD_ICENABLER	0x180
#define	GICD_ISPENDR	0x200
#define	GICD_IPRIORITYR	0x400
#define	GICD_ITARGETSR	0x800
#define	GICD_SGIR	0xf00
#define	GICD_IROUTER	0x6000
#define	GICC_CTLR	0x00
#define	GICC_PMR	0x04
#define	GICC_IAR	0x0c
#define	GICC_EOIR	0x10
#define	GICR_WAKER	0x14
#define	GICR_SGI	0x10000

#define	FDT_BEGIN_NODE	1
#define	FDT_END_NODE	2
#define	FDT_PROP	3
#define	FDT_NOP		4

size_t	strlen(const char *s);
int	memcmp(const void *a, const void *b, size_t n);
void	gic_dispatch(void);
void	smp_secondary(struct smp_boot *b) __attribute__((noreturn));

struct machine machine;
uint32_t entry_state[4];
struct smp_boot smp_boot[MAX_CPUS];
volatile uint32_t irq_count[MAX_CPUS], irq_last[MAX_CPUS];
extern char stacks[];
static uint32_t sections[4096] __attribute__((aligned(16384)));

static uint32_t
be32(const uint32_t *p)
{

	return (__builtin_bswap32(*p));
}

static void
property(const char *name, const char *value, uint32_t len)
{

	if (memcmp(name, "bootargs", 9) == 0)
		machine.bootargs = value;
	else if (memcmp(name, "device_type", 12) == 0 &&
	    memcmp(value, "cpu", 4) == 0)
		machine.ncpus++;
	else if (memcmp(name, "compatible", 11) == 0 && len >= 11 &&
	    memcmp(value, "arm,gic-v3", 11) == 0)
		machine.gic = 3;
}

void
machine_init(void)
{
	const uint32_t *fdt = (const uint32_t *)entry_state[2];
	const char *base = (const char *)fdt, *names = base + be32(&fdt[3]);
	const uint32_t *p = (const uint32_t *)(base + be32(&fdt[2]));

	machine = (struct machine){ .gic = 2, .bootargs = "" };
	for (;;) {
		switch (be32(p++)) {
		case FDT_BEGIN_NODE:
			p += strlen((const char *)p) / 4 + 1;
			break;
		case FDT_PROP:
			property(names + be32(&p[1]), (const char *)&p[2],
			    be32(&p[0]));
			p += 2 + (be32(&p[0]) + 3) / 4;
			break;
		case FDT_END_NODE:
		case FDT_NOP:
			break;
		default:
			return;
		}
	}
}

bool
machine_arg(const char *word)
{
	size_t n = strlen(word);

	for (const char *p = machine.bootargs; *p != '\0'; p++)
		if (memcmp(p, word, n) == 0)
			return (true);
	return (false);
}

void
mmu_section(uint32_t va, uint32_t descriptor)
{
	uint32_t *entry = &sections[va >> 20];

	*entry = descriptor;
	mcr(p15, 0, 7, 10, 1, (uint32_t)entry);		/* DCCMVAC */
	dsb();
	mcr(p15, 0, 8, 3, 0, 0);			/* TLBIALLIS */
	dsb();
	isb();
}

uint32_t
mmu_section_of(uint32_t va)
{

	return (sections[va >> 20]);
}

void
mmu_init(void)
{

	for (uint32_t i = 0; i < nitems(sections); i++)
		sections[i] = i << 20 |
		    (i << 20 >= MACHINE_RAM_BASE && i < 0xc00 ? SECTION_RAM :
		    SECTION_DEVICE);
	/* Below RAM a section that is not there. */
	sections[0x300] = 0;
}

void
mmu_on(void)
{

	mcr(p15, 0, 2, 0, 2, 0);			/* TTBCR */
	/* TTBR0: inner and outer write-back, shareable. */
	mcr(p15, 0, 2, 0, 0, (uint32_t)sections | 0x4a);
	mcr(p15, 0, 3, 0, 0, 1);			/* DACR: client */
	mcr(p15, 0, 8, 7, 0, 0);			/* TLBIALL */
	dsb();
	isb();
	set_sctlr(sctlr() | SCTLR_M | SCTLR_C | SCTLR_I);
}

/* To memory and out of the caches: for who has them off. */
static void
flush(const void *start, const void *end)
{

	for (uint32_t p = (uint32_t)start & ~31u; p < (uint32_t)end; p += 32)
		mcr(p15, 0, 7, 14, 1, p);		/* DCCIMVAC */
	dsb();
}

void
mmu_off(void)
{
	extern char image_start[], bss_end[];

	flush(image_start, bss_end);
	set_sctlr(sctlr() & ~(SCTLR_M | SCTLR_C | SCTLR_I));
}

void
smp_secondary(struct smp_boot *b)
{

	mmu_on();
	gic_cpu_init();
	b->fn();
	hvc(PSCI_CPU_OFF, 0, 0, 0);
	for (;;)
		;
}

int32_t
smp_on(unsigned int index, uint32_t entry, void (*fn)(void))
{
	struct smp_boot *b = &smp_boot[index];

	*b = (struct smp_boot){ (uint32_t)stacks + STACK_SIZE * (index + 1),
	    index, 0, 0, fn };
	flush(b, b + 1);
	int32_t error = (int32_t)hvc(PSCI_CPU_ON, index, entry,
	    (uint32_t)b).r[0];
	uint64_t from = counter();
	while (error == 0 && counter() - from < counter_hz()) {
		flush(b, b + 1);
		if (*(volatile uint32_t *)&b->state != 0)
			return (0);
		__asm__ volatile("yield");
	}
	return (error);
}

bool
smp_wait_off(unsigned int index)
{
	uint64_t from = counter();

	while (hvc(PSCI_AFFINITY_INFO, index, 0, 0).r[0] != 1) {
		if (counter() - from > counter_hz())
			return (false);
		__asm__ volatile("yield");
	}
	return (true);
}

/* The frame of an interrupt's registers: private ones are in GICR. */
static uint32_t
frame(uint32_t intid)
{

	return (intid < 32 && machine.gic == 3 ? MACHINE_GICR_BASE + GICR_SGI +
	    MACHINE_GICR_STRIDE * cpu_index() : MACHINE_GICD_BASE);
}

void
gic_init(void)
{

	/* GICv3: both groups, affinity routing. */
	mmio_write(MACHINE_GICD_BASE + GICD_CTLR, machine.gic == 3 ? 0x13 : 1);
}

void
gic_cpu_init(void)
{
	uint32_t r = frame(0) - GICR_SGI;

	if (machine.gic == 2) {
		mmio_write(MACHINE_GICC_BASE + GICC_PMR, 0xff);
		mmio_write(MACHINE_GICC_BASE + GICC_CTLR, 1);
		return;
	}
	mmio_write(r + GICR_WAKER, mmio_read(r + GICR_WAKER) & ~2u);
	while (mmio_read(r + GICR_WAKER) & 4)
		;
	mmio_write(frame(0) + GICD_IGROUPR, ~0u);
	mcr(p15, 0, 12, 12, 5, 7);			/* ICC_SRE */
	isb();
	mcr(p15, 0, 4, 6, 0, 0xff);			/* ICC_PMR */
	mcr(p15, 0, 12, 12, 7, 1);			/* ICC_IGRPEN1 */
	isb();
}

void
gic_enable(uint32_t intid)
{
	uint32_t f = frame(intid);

	__asm__ volatile("strb %0, [%1]" : : "r" (0x80),
	    "r" (f + GICD_IPRIORITYR + intid) : "memory");
	if (intid >= 32 && machine.gic == 2)
		__asm__ volatile("strb %0, [%1]" : : "r" (1 << cpu_index()),
		    "r" (f + GICD_ITARGETSR + intid) : "memory");
	if (intid >= 32 && machine.gic == 3) {
		uint32_t group = f + GICD_IGROUPR + intid / 32 * 4;

		/* A 64-bit register by its halves (IHI 0069, 12.1.3). */
		mmio_write(f + GICD_IROUTER + 8 * intid, cpu_index());
		mmio_write(f + GICD_IROUTER + 8 * intid + 4, 0);
		mmio_write(group, mmio_read(group) | 1u << intid % 32);
	}
	mmio_write(f + GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

void
gic_disable(uint32_t intid)
{

	mmio_write(frame(intid) + GICD_ICENABLER + intid / 32 * 4,
	    1u << intid % 32);
	dsb();
}

void
gic_pend(uint32_t intid)
{

	mmio_write(frame(intid) + GICD_ISPENDR + intid / 32 * 4,
	    1u << intid % 32);
}

void
gic_sgi(unsigned int intid, unsigned int cpu)
{

	dsb();
	if (machine.gic == 2)
		mmio_write(MACHINE_GICD_BASE + GICD_SGIR,
		    1u << (16 + cpu) | intid);
	else
		mcrr(p15, 0, 12, (uint64_t)intid << 24 | 1u << cpu);
	isb();
}

/* From the vectors. A level that stays is turned off: nobody drops it. */
void
gic_dispatch(void)
{
	unsigned int cpu = cpu_index();
	uint32_t iar = machine.gic == 3 ? mrc(p15, 0, 12, 12, 0) :
	    mmio_read(MACHINE_GICC_BASE + GICC_IAR);
	uint32_t intid = iar & 0x3ff;

	if (intid >= 1020)
		return;
	irq_last[cpu] = intid;
	if (intid == MACHINE_VTIMER_INTID)
		mcr(p15, 0, 14, 3, 1, 0);		/* CNTV_CTL */
	if (intid == MACHINE_PTIMER_INTID)
		mcr(p15, 0, 14, 2, 1, 0);		/* CNTP_CTL */
	isb();
	if (machine.gic == 3)
		mcr(p15, 0, 12, 12, 1, iar);
	else
		mmio_write(MACHINE_GICC_BASE + GICC_EOIR, iar);
	irq_count[cpu]++;
}

bool
wait_irq(uint32_t count, uint32_t us)
{
	uint64_t from = counter();
	uint64_t ticks = (uint64_t)us * (counter_hz() >> 10) >> 10;

	irq_on();
	while (irq_count[cpu_index()] == count && counter() - from < ticks)
		__asm__ volatile("yield" : : : "memory");
	irq_off();
	return (irq_count[cpu_index()] != count);
}
