/*
 * pci: a PCI function of the machine in the guest's hands: the only one on
 * its bus, its BAR where the guest puts it, its INTx, and DMA that reaches
 * what is the VM's and nothing else. The function is QEMU's edu (docs/specs/
 * edu), whose DMA goes where it is told.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "pci_test.h"

#define	EDU_VERSION	0x00
#define	EDU_FROM	0x80
#define	EDU_TO		0x88
#define	EDU_COUNT	0x90
#define	EDU_DMA		0x98		/* 1: go, 2: to RAM, 4: interrupt */
#define	EDU_BUFFER	0x40000ul	/* in its own addresses */

#define	BYTES		2048u	/* QEMU 7.2 moves no more of its 4096 */
#define	DMA_US		1000000

const char guest_name[] = "pci";

static uint32_t line;			/* its INTID */
static volatile uint32_t seen;

static void
on_irq(uint32_t intid)
{

	if (intid != line)
		return;
	seen++;
	mmio_write(edu + EDU_ACK, mmio_read(edu + EDU_STATUS));
	(void)mmio_read(edu + EDU_STATUS);
}

/* The function decodes memory at the start of the window. */
static void
begin(void)
{

	pci_find();
	/* Unit address, pin, GIC and its unit address, type, number. */
	line = 32 + cell("interrupt-map", 8);
	irq_handler(on_irq);
	gic_edge(line, false);
	gic_route(line, 0);
	gic_enable(line);
	irq_on();
}

static void
write64(uint32_t reg, uint64_t v)
{

	dsb();
	*(volatile uint64_t *)(edu + reg) = v;
}

/* It takes the device a while; whether anything came of it, none tells. */
static void
dma(uint64_t from, uint64_t to, bool to_ram)
{

	write64(EDU_FROM, from);
	write64(EDU_TO, to);
	write64(EDU_COUNT, BYTES);
	seen = 0;
	write64(EDU_DMA, to_ram ? 7 : 5);
	REQUIRE(wait_irq(&seen, DMA_US));
	CHECK((mmio_read(edu + EDU_DMA) & 1) == 0);
	dsb();
}

static void
alone(void)
{

	begin();
	for (uint32_t at = 0x1000; at < 1u << 20; at += 0x1000)
		if (mmio_read(pci.ecam + at) != ~0u) {
			CHECK_EQ(~0u, mmio_read(pci.ecam + at));
			break;
		}
	mmio_write(pci.ecam + 0x8000 + COMMAND, 7);
	CHECK_EQ(~0u, mmio_read(pci.ecam + 0x8000 + COMMAND));
}

static void
bar(void)
{

	begin();
	CHECK_EQ(0x010000edu, mmio_read(edu + EDU_VERSION));
	/* A size of 1 MiB; then where nobody but others is. */
	mmio_write(pci.ecam + BAR(0), ~0u);
	CHECK_EQ(0xfff00000u, mmio_read(pci.ecam + BAR(0)));
	uint32_t end = pci.bus + cell("ranges", 6);	/* of the window */
	mmio_write(pci.ecam + BAR(0), end);
	CHECK_EQ(end, mmio_read(pci.ecam + BAR(0)));
	mmio_write(pci.ecam + BAR(0), pci.bus + 0x100000);
	CHECK_EQ(0x010000edu, mmio_read(pci.window + 0x100000 + EDU_VERSION));
}

static void
intx(void)
{

	begin();
	for (uint32_t i = 1; i <= 20; i++) {
		seen = 0;
		mmio_write(edu + EDU_RAISE, i);
		REQUIRE(wait_irq(&seen, DMA_US));
		CHECK_EQ(1, seen);
	}
}

/* Two pages, the first of a pattern. */
static uint32_t *
pages(uint32_t seed)
{
	static uint32_t *p;

	if (p == NULL)
		p = memory_alloc(2 * BYTES, 2 * BYTES);
	for (uint32_t i = 0; i < BYTES / 4; i++) {
		p[i] = seed * (i + 1);
		p[i + BYTES / 4] = 0;
	}
	return (p);
}

static void
dma_inside(void)
{
	uint32_t *p;

	begin();
	p = pages(0x9e3779b1);
	dma((uint64_t)p, EDU_BUFFER, false);
	dma(EDU_BUFFER, (uint64_t)p + BYTES, true);
	CHECK(memcmp(p, p + BYTES / 4, BYTES) == 0);
}

/*
 * What is written to places that are none of the VM's cannot be read back.
 * Were it let through, RAM of the machine would be there: argument outside.
 */
static void
dma_outside(void)
{
	uint64_t end = machine.ram_base + machine.ram_size;
	const uint64_t at[] = { machine_arg_number("outside", end), end,
	    machine.ram_base - BYTES, 0 };
	uint32_t *p;

	begin();
	for (unsigned int i = 0; i < nitems(at); i++) {
		p = pages(0x85ebca6b + i);
		dma((uint64_t)p, EDU_BUFFER, false);
		dma(EDU_BUFFER, at[i], true);
		/* Another pattern in the buffer, then what is there. */
		p = pages(0xc2b2ae35 + i);
		dma((uint64_t)p, EDU_BUFFER, false);
		dma(at[i], EDU_BUFFER, false);
		dma(EDU_BUFFER, (uint64_t)p + BYTES, true);
		CHECK(p[BYTES / 4] != 0x85ebca6b + i);
	}
	/* And it still works. */
	p = pages(0x27d4eb2f);
	dma((uint64_t)p, EDU_BUFFER, false);
	dma(EDU_BUFFER, (uint64_t)p + BYTES, true);
	CHECK(memcmp(p, p + BYTES / 4, BYTES) == 0);
}

const struct guest_case guest_cases[] = {
	{ "alone", alone, 0, 0 },
	{ "bar", bar, 0, 0 },
	{ "intx", intx, 0, 0 },
	{ "dma_inside", dma_inside, 0, 0 },
	{ "dma_outside", dma_outside, 0, 0 },
	{ NULL, NULL, 0, 0 },
};
