/*
 * pci_msi: messages of PCI functions as LPIs of the guest's ITS: MSI of QEMU's
 * edu (docs/specs/edu), MSI-X of an e1000e, whose causes can be set by hand
 * (Intel 82574 datasheet, 10.2.4). Two VMs run this at the same time, each
 * with functions of its own. Must not know what is behind the ITS.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "pci_test.h"

#define	NIC_ID		0x10d38086u
#define	NIC_EXT		0x18
#define	 NIC_EXT_PBA	(1u << 31)
#define	NIC_ICR		0xc0
#define	NIC_ICS		0xc8
#define	NIC_IMS		0xd0
#define	NIC_IVAR	0xe4
#define	NIC_VECTORS	4u		/* that have a cause of their own */
#define	NIC_CAUSE(n)	(1u << (20 + (n)))	/* RxQ0, RxQ1, TxQ0, TxQ1 */

#define	RTC_LR		0x08
#define	MARK		0x16000000u	/* see reset.c */

#define	NIC_SLOT	1u
/* LPIs: edu's one, and those of the NIC. */
#define	EDU_LPI		(LPI0 + 100)
#define	NIC_LPI(n)	(LPI0 + 200 + (n))

const char guest_name[] = "pci_msi";

static uint64_t nic, table;

/* The BARs of the NIC are behind edu's MiB. */
static void
place(void)
{

	mmio_write(config(NIC_SLOT, BAR(0)), pci.bus + 0x100000);
	mmio_write(config(NIC_SLOT, BAR(1)), pci.bus + 0x120000);
	mmio_write(config(NIC_SLOT, BAR(3)), pci.bus + 0x140000);
	mmio_write(config(NIC_SLOT, COMMAND), MASTER_MEMORY);
	nic = pci.window + 0x100000;
	table = pci.window + 0x140000;
}

static void
msix_write(unsigned int vector, uint64_t address, uint32_t data, bool masked)
{
	uint64_t entry = table + vector * 16;

	mmio_write(entry, (uint32_t)address);
	mmio_write(entry + 4, (uint32_t)(address >> 32));
	mmio_write(entry + 8, data);
	mmio_write(entry + 12, masked);
}

/* Both functions send what they have to, all LPIs on at CPU 0. */
static void
begin(void)
{
	static uint64_t itt[2];
	unsigned int i;

	pci_find();
	if (mmio_read(config(NIC_SLOT, 0)) != NIC_ID)
		case_skip("device 1 is no e1000e");
	place();
	its_start();
	for (i = 0; i < 2; i++) {
		if (itt[i] == 0)
			itt[i] = (uint64_t)its_memory(0x1000, 0x1000);
		its_itt = itt[i];
		its_mapd(DEVICE_ID(i), 0);
		its_mapd(DEVICE_ID(i), 3);
	}
	its_configure(EDU_LPI, 0xa0, true);
	its_mapti(DEVICE_ID(EDU_SLOT), 0, EDU_LPI, 0);
	for (i = 0; i < NIC_VECTORS; i++) {
		its_configure(NIC_LPI(i), 0xa0, true);
		its_mapti(DEVICE_ID(NIC_SLOT), i, NIC_LPI(i), 0);
		msix_write(i, machine.its + TRANSLATER, i, false);
	}
	its_post(ITS_INVALL, 0, 0, 0);
	its_sync(0);
	msi_write(machine.its + TRANSLATER, 0);
	mmio_write(config(NIC_SLOT, find_cap(NIC_SLOT, CAP_MSIX)), MSIX_ON);
	/* Vector n for cause n, and each cause is one for all time. */
	mmio_write(nic + NIC_EXT, NIC_EXT_PBA);
	mmio_write(nic + NIC_IVAR, 0xba98);
	mmio_write(nic + NIC_ICR, ~0u);
	mmio_write(nic + NIC_IMS, NIC_CAUSE(0) | NIC_CAUSE(1) | NIC_CAUSE(2) |
	    NIC_CAUSE(3));
	log_start();
}

/*
 * QEMU's says everything again 0.128 ms later (EITR): that has come, too,
 * and is pending as well, before it is looked for.
 */
static void
nic_sends(unsigned int vector)
{

	mmio_write(nic + NIC_ICS, NIC_CAUSE(vector));
	mmio_write(nic + NIC_ICR, NIC_CAUSE(vector));
	(void)mmio_read(nic + NIC_IMS);
	delay_us(SETTLE_US);
}

/* That LPI, and no other, is taken here. */
static bool
comes(uint32_t intid)
{
	uint32_t n = logged(cpu_index());

	if (!take(n + 1))
		return (false);
	return (irq_log[cpu_index()].intid[n % LOG_SIZE] == intid);
}

/*
 * What was sent before a reset, taken or not, is nothing to the machine that
 * comes after it.
 */
static void
old_life(void)
{

	begin();
	if (mmio_read(machine.rtc_base + RTC_LR) != MARK) {
		mmio_write(machine.rtc_base + RTC_LR, MARK);
		print("boot 1: SYSTEM_RESET\n");
		edu_sends();
		nic_sends(1);
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
		case_fail("pci_msi.c", __LINE__, "SYSTEM_RESET came back");
		case_end();
	}
	CHECK(nothing_comes());
	edu_sends();
	CHECK(comes(EDU_LPI));
}

static void
capabilities(void)
{
	uint32_t msi, msix;

	begin();
	CHECK_EQ(0, cell("msi-map", 0));
	CHECK_EQ(0, cell("msi-map", 2));
	msi = find_cap(EDU_SLOT, CAP_MSI);
	msix = find_cap(NIC_SLOT, CAP_MSIX);
	REQUIRE(msi != 0 && msix != 0);
	/* One message, of 64 bits; five. */
	CHECK_EQ(0, mmio_read(config(EDU_SLOT, msi)) >> 17 & 7);
	CHECK(mmio_read(config(EDU_SLOT, msi)) >> 23 & 1);
	CHECK_EQ(4, mmio_read(config(NIC_SLOT, msix)) >> 16 & 0x7ff);
}

static void
msi(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 50; i++) {
		edu_sends();
		CHECK(comes(EDU_LPI));
	}
	/* By the number that the guest gives it. */
	its_event(ITS_DISCARD, DEVICE_ID(EDU_SLOT), 0);
	its_configure(EDU_LPI + 1, 0xa0, true);
	its_mapti(DEVICE_ID(EDU_SLOT), 0, EDU_LPI + 1, 0);
	its_event(ITS_INV, DEVICE_ID(EDU_SLOT), 0);
	edu_sends();
	CHECK(comes(EDU_LPI + 1));
}

static void
msix(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 5 * NIC_VECTORS; i++) {
		nic_sends(i * 3 % NIC_VECTORS);
		CHECK(comes(NIC_LPI(i * 3 % NIC_VECTORS)));
	}
}

/* In the function's table it waits, and in the ITS's configuration. */
static void
masked(void)
{

	begin();
	msix_write(2, machine.its + TRANSLATER, 2, true);
	nic_sends(2);
	CHECK(nothing_comes());
	nic_sends(1);
	CHECK(comes(NIC_LPI(1)));
	msix_write(2, machine.its + TRANSLATER, 2, false);
	CHECK(comes(NIC_LPI(2)));
	its_configure(NIC_LPI(3), 0xa0, false);
	its_event(ITS_INV, DEVICE_ID(NIC_SLOT), 3);
	nic_sends(3);
	CHECK(nothing_comes());
	its_configure(NIC_LPI(3), 0xa0, true);
	its_event(ITS_INV, DEVICE_ID(NIC_SLOT), 3);
	CHECK(comes(NIC_LPI(3)));
}

/* Events that nobody has, or not any more. */
static void
not_mapped(void)
{
	const uint32_t data[] = { 1, 5, 63, 64, 0x1000, 0xffff, ~0u };
	unsigned int i;

	begin();
	for (i = 0; i < nitems(data); i++) {
		msi_write(machine.its + TRANSLATER, data[i]);
		edu_sends();
		CHECK(nothing_comes());
	}
	msi_write(machine.its + TRANSLATER, 0);
	edu_sends();
	CHECK(comes(EDU_LPI));
	its_event(ITS_DISCARD, DEVICE_ID(NIC_SLOT), 0);
	nic_sends(0);
	CHECK(nothing_comes());
	its_mapd(DEVICE_ID(NIC_SLOT), 0);
	nic_sends(1);
	CHECK(nothing_comes());
}

/* A message is a store: what is RAM takes it, and no register else does. */
static void
elsewhere(void)
{
	static volatile uint32_t word;
	const uint64_t at[] = { machine.its, machine.its + 0x40,
	    machine.its + TRANSLATER + PAGE_SIZE, machine.gicd + 0x40, 0x40,
	    machine.ram_base + machine.ram_size, ~0ul << 12 };
	unsigned int i;

	begin();
	msi_write((uint64_t)&word, 0x1234);
	edu_sends();
	dsb();
	CHECK_EQ(0x1234, word);
	for (i = 0; i < nitems(at); i++) {
		msi_write(at[i], 0);
		edu_sends();
		CHECK(nothing_comes());
	}
	msi_write(machine.its + TRANSLATER, 0);
	edu_sends();
	CHECK(comes(EDU_LPI));
	CHECK_EQ(0x1234, word);
}

/* A CPU's write to the page is no device's. */
static void
cpu_writes(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 5; i++) {
		mmio_write(machine.its + TRANSLATER, i);
		CHECK(nothing_comes());
	}
	edu_sends();
	CHECK(comes(EDU_LPI));
}

/* MOVI: an LPI comes to the other CPU, and back. */
static void
other(void *unused)
{

	(void)unused;
	irq_on();
	log_reaches(1, 1);
	irq_off();
}

static void
other_cpu(void)
{

	begin();
	REQUIRE(smp_on(1, other, NULL) == 0);
	its_post(ITS_DEVICE(DEVICE_ID(EDU_SLOT)) | ITS_MOVI, 0, 1, 0);
	its_sync(1);
	edu_sends();
	CHECK(smp_wait_off(1));
	CHECK_EQ(1, logged(1));
	CHECK_EQ(EDU_LPI, irq_log[1].intid[0]);
	CHECK(nothing_comes());
	its_post(ITS_DEVICE(DEVICE_ID(EDU_SLOT)) | ITS_MOVI, 0, 0, 0);
	its_sync(0);
	edu_sends();
	CHECK(comes(EDU_LPI));
}

const struct guest_case guest_cases[] = {
	{ "old_life", old_life, 1, NEED_ITS | NEED_RTC },
	{ "capabilities", capabilities, 1, NEED_ITS },
	{ "msi", msi, 1, NEED_ITS },
	{ "msix", msix, 1, NEED_ITS },
	{ "masked", masked, 1, NEED_ITS },
	{ "not_mapped", not_mapped, 1, NEED_ITS },
	{ "elsewhere", elsewhere, 1, NEED_ITS },
	{ "cpu_writes", cpu_writes, 1, NEED_ITS | NEED_APIARY },
	{ "other_cpu", other_cpu, 2, NEED_ITS },
	{ NULL, NULL, 0, 0 },
};
