/*
 * pci_reset: PCI functions over a reset of the machine: DMA that was on its way
 * then, of QEMU's edu, which takes 100 ms for it (docs/specs/edu); and what
 * an NVMe controller was told, which has a function-level reset (NVM Express
 * Base Specification, 3.1). Which life it is, the clock tells: see reset.c.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "pci_test.h"

#define	RTC_LR		0x08
#define	MARK		0x17000000u
#define	EDU_FROM	0x80
#define	EDU_TO		0x88
#define	EDU_COUNT	0x90
#define	EDU_DMA		0x98		/* 1: go, 2: to RAM */
#define	EDU_BUFFER	0x40000ul	/* in its own addresses */
#define	BYTES		1024u
#define	DMA_MS		100u
#define	NVME_SLOT	1u
#define	NVME_ID		0x00101b36u	/* QEMU's */
#define	NVME_INTMS	0x0c		/* masked interrupts: ones are kept */
#define	NVME_MASK	0x5au
#define	CAP_EXPRESS	0x10
#define	EXPRESS_CAPS	4
#define	EXPRESS_FLR	(1u << 28)

const char guest_name[] = "pci_reset";

static void
start_dma(uint64_t from, uint64_t to, bool to_ram)
{

	dsb();
	*(volatile uint64_t *)(edu + EDU_FROM) = from;
	*(volatile uint64_t *)(edu + EDU_TO) = to;
	*(volatile uint64_t *)(edu + EDU_COUNT) = BYTES;
	*(volatile uint64_t *)(edu + EDU_DMA) = to_ram ? 3 : 1;
}

static void
end_dma(void)
{

	delay_us(2 * DMA_MS * 1000);
	REQUIRE((mmio_read(edu + EDU_DMA) & 1) == 0);
	dsb();
}

/* RAM far from the image. */
static volatile uint32_t *
far_page(void)
{

	return ((volatile uint32_t *)((memory_free_start() +
	    (8ul << 20)) & ~(PAGE_SIZE - 1)));
}

static bool
has_flr(void)
{
	uint32_t at;

	if (mmio_read(config(NVME_SLOT, 0)) != NVME_ID ||
	    (at = find_cap(NVME_SLOT, CAP_EXPRESS)) == 0)
		return (false);
	return ((mmio_read(config(NVME_SLOT, at + EXPRESS_CAPS)) &
	    EXPRESS_FLR) != 0);
}

/* Registers of the NVMe controller, behind those of edu. */
static uint64_t
nvme_on(void)
{

	mmio_write(config(NVME_SLOT, BAR(0)), pci.bus + 0x100000);
	mmio_write(config(NVME_SLOT, BAR(1)), 0);
	mmio_write(config(NVME_SLOT, COMMAND), MASTER_MEMORY);
	return (pci.window + 0x100000);
}

/* The first life ends in the middle of a write to the far page. */
static void
need_second(void)
{
	volatile uint32_t *p = far_page();
	uint64_t nvme;
	unsigned int i;

	if (mmio_read(machine.rtc_base + RTC_LR) == MARK)
		return;
	pci_find();
	if (has_flr()) {
		nvme = nvme_on();
		mmio_write(nvme + NVME_INTMS, NVME_MASK);
		REQUIRE(mmio_read(nvme + NVME_INTMS) == NVME_MASK);
	}
	for (i = 0; i < BYTES / 4; i++)
		p[i] = 0x9e3779b1 * (i + 1);
	start_dma((uint64_t)p, EDU_BUFFER, false);
	end_dma();
	mmio_write(machine.rtc_base + RTC_LR, MARK);
	print("boot 1: SYSTEM_RESET\n");
	start_dma(EDU_BUFFER, (uint64_t)p, true);
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	case_fail("pci_reset.c", __LINE__, "SYSTEM_RESET came back");
	case_end();
}

static void
old_dma(void)
{
	volatile uint32_t *p = far_page();
	unsigned int i;

	need_second();
	/* It may write again, and what it was told once is due by then. */
	pci_find();
	end_dma();
	for (i = 0; i < BYTES / 4; i++)
		if (p[i] != 0) {
			CHECK_EQ(0, p[i]);
			break;
		}
	start_dma(EDU_BUFFER, (uint64_t)p, true);
	end_dma();
	CHECK_EQ(0x9e3779b1, p[0]);
}

static void
function_reset(void)
{

	need_second();
	pci_find();
	if (!has_flr())
		case_skip("device 1 is no NVMe controller with such a reset");
	CHECK_EQ(0, mmio_read(config(NVME_SLOT, COMMAND)) & 0xffff);
	CHECK_EQ(0, mmio_read(config(NVME_SLOT, BAR(0))) & ~15u);
	CHECK_EQ(0, mmio_read(nvme_on() + NVME_INTMS));
}

const struct guest_case guest_cases[] = {
	{ "old_dma", old_dma, 1, NEED_RTC },
	{ "function_reset", function_reset, 1, NEED_RTC },
	{ NULL, NULL, 0, 0 },
};
