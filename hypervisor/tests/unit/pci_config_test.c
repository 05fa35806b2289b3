/*
 * Configuration space of a function that is passed through: what a guest
 * sees of it, and what it cannot do to it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "pci_fake.h"

static uint64_t
rd(uint32_t offset, uint8_t size)
{
	struct mmio m = { offset, size, false, 0 };

	ATF_REQUIRE_EQ(MMIO_OK, pci_config_mmio(&pci_bus, &m));
	return (m.value);
}

static void
wr(uint32_t offset, uint8_t size, uint32_t value)
{
	struct mmio m = { offset, size, true, value };

	ATF_REQUIRE_EQ(MMIO_OK, pci_config_mmio(&pci_bus, &m));
}

ATF_TC_WITHOUT_HEAD(others_are_not_there);
ATF_TC_BODY(others_are_not_there, tc)
{

	(void)tc;
	pci_fake_take();
	ATF_CHECK_EQ(0x10421af4, rd(0, 4));
	ATF_CHECK_EQ(0x1af4, rd(0, 2));
	ATF_CHECK_EQ(0x42, rd(2, 1));
	pci_writes = 0;
	for (uint32_t at = 0x1000; at < 0x100000; at += 0x1000) {
		ATF_CHECK_EQ(0xffffffff, rd(at, 4));
		ATF_CHECK_EQ(0xffff, rd(at + 2, 2));
		wr(at + PCI_COMMAND, 4, ~0u);
	}
	ATF_CHECK_EQ(0, pci_writes);
	/* The others of a device of several functions, and the space above. */
	ATF_CHECK_EQ(0, rd(PCI_CACHE_LINE + 2, 1));
	wr(0x100, 4, ~0u);
	ATF_CHECK_EQ(0, rd(0x100, 4));
	ATF_CHECK_EQ(0, pci_writes);
}

ATF_TC_WITHOUT_HEAD(of_wrong_size);
ATF_TC_BODY(of_wrong_size, tc)
{
	struct mmio m = { 0, 8, false, 0 };

	(void)tc;
	pci_fake_take();
	ATF_CHECK_EQ(MMIO_FAULT, pci_config_mmio(&pci_bus, &m));
	m = (struct mmio){ 2, 4, false, 0 };
	ATF_CHECK_EQ(MMIO_FAULT, pci_config_mmio(&pci_bus, &m));
}

ATF_TC_WITHOUT_HEAD(bars);
ATF_TC_BODY(bars, tc)
{

	(void)tc;
	pci_fake_take();
	/* Sizes, by all ones; I/O space is not there. */
	for (unsigned int i = 0; i < PCI_BARS; i++)
		wr(PCI_BAR(i), 4, ~0u);
	ATF_CHECK_EQ(0xfffff000, rd(PCI_BAR(0), 4));
	ATF_CHECK_EQ(0, rd(PCI_BAR(1), 4));
	ATF_CHECK_EQ(0, rd(PCI_BAR(2), 4));
	ATF_CHECK_EQ(0xffffc00c, rd(PCI_BAR(4), 4));
	ATF_CHECK_EQ(0xffffffff, rd(PCI_BAR(5), 4));
	wr(PCI_ROM, 4, ~0u);
	ATF_CHECK_EQ(0, rd(PCI_ROM, 4));
	/* Not decoded before all are in the window. */
	wr(PCI_BAR(0), 4, PCI_WINDOW + 0x4000);
	wr(PCI_COMMAND, 2, 7);
	ATF_CHECK_EQ(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
	    rd(PCI_COMMAND, 2));
	ATF_CHECK_EQ(PCI_COMMAND_MASTER, pci_regs[PCI_COMMAND]);
	wr(PCI_BAR(4), 4, PCI_WINDOW);
	ATF_CHECK_EQ(PCI_COMMAND_MASTER, pci_regs[PCI_COMMAND]);
	wr(PCI_BAR(5), 4, 0);
	ATF_CHECK_EQ(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
	    pci_regs[PCI_COMMAND]);
	ATF_CHECK_EQ(PCI_WINDOW + 0x4000, pci_dword(PCI_BAR(0)));
	ATF_CHECK_EQ(PCI_WINDOW | 12, pci_dword(PCI_BAR(4)));
	/* The last place there is, and one page further. */
	wr(PCI_BAR(0), 4, PCI_WINDOW + 0x7000);
	ATF_CHECK((pci_regs[PCI_COMMAND] & PCI_COMMAND_MEMORY) != 0);
	wr(PCI_BAR(0), 4, PCI_WINDOW + 0x8000);
	ATF_CHECK((pci_regs[PCI_COMMAND] & PCI_COMMAND_MEMORY) == 0);
	ATF_CHECK_EQ(PCI_WINDOW + 0x8000, rd(PCI_BAR(0), 4));
	wr(PCI_BAR(0), 4, PCI_WINDOW - 0x1000);
	ATF_CHECK((pci_regs[PCI_COMMAND] & PCI_COMMAND_MEMORY) == 0);
	wr(PCI_BAR(0) + 1, 1, 0x40);		/* by bytes */
	ATF_CHECK_EQ(PCI_WINDOW - 0x1000 - 0xf000 + 0x4000, rd(PCI_BAR(0), 4));
	pci_config_off(&pci_bus.slot[0]);
	ATF_CHECK_EQ(PCI_COMMAND_NO_INTX, pci_dword(PCI_COMMAND) & 0xffff);
	ATF_CHECK_EQ(0, rd(PCI_BAR(0), 4));
	ATF_CHECK_EQ(0, rd(PCI_COMMAND, 2));
}

ATF_TC_WITHOUT_HEAD(capabilities);
ATF_TC_BODY(capabilities, tc)
{

	(void)tc;
	pci_fake_take();
	pci_writes = 0;
	ATF_CHECK_EQ(0x6009, rd(0x40, 4));
	wr(0x44, 4, 0x12345678);
	ATF_CHECK_EQ(0x12345678, rd(0x44, 4));
	ATF_CHECK_EQ(1, pci_writes);
	/* Null, and the list goes on; nothing of them can be written. */
	ATF_CHECK_EQ(0x7000, rd(0x60, 4));
	ATF_CHECK_EQ(0, rd(0x70, 4));
	for (uint32_t at = 0x60; at < 0x6c; at++)
		wr(at, 1, 0xff);
	for (uint32_t at = 0x70; at < 0x7c; at++)
		wr(at, 1, 0xff);
	ATF_CHECK_EQ(1, pci_writes);
	wr(PCI_INTERRUPT, 1, 9);
	ATF_CHECK_EQ(0x109, rd(PCI_INTERRUPT, 2));
	ATF_CHECK_EQ(1, pci_writes);
	ATF_CHECK_EQ(1, pci_bus.slot[0].pin);
}

/* Where they are given there are no more than that. */
ATF_TC_WITHOUT_HEAD(messages);
ATF_TC_BODY(messages, tc)
{
	struct pci_function *f = &pci_bus.slot[0];

	(void)tc;
	pci_fake_take();
	ATF_CHECK_EQ(4, pci_config_messages(f));
	pci_set(0x70, 0x00080005);		/* MSI: 16 */
	ATF_CHECK_EQ(16, pci_config_messages(f));
	f->messages = 4;
	ATF_CHECK_EQ(0x00037011, rd(0x60, 4));
	ATF_CHECK_EQ(0x00040005, rd(0x70, 4));
	f->messages = 3;
	ATF_CHECK_EQ(0x00027011, rd(0x60, 4));
	ATF_CHECK_EQ(0x00020005, rd(0x70, 4));
	wr(0x62, 2, 0x8000);
	wr(0x72, 2, 1);
	wr(0x74, 4, 0x08090040);
	ATF_CHECK_EQ(0x80037011, pci_dword(0x60));
	ATF_CHECK_EQ(0x80027011, rd(0x60, 4));
	ATF_CHECK_EQ(0x00090005, pci_dword(0x70));
	ATF_CHECK_EQ(0x08090040, pci_dword(0x74));
	/* A reset turns them off, as does who takes the function over. */
	pci_config_off(f);
	ATF_CHECK_EQ(0x00037011, pci_dword(0x60));
	ATF_CHECK_EQ(0x00080005, pci_dword(0x70));
	pci_fake_start();
	pci_set(0x60, 0x80037011);
	ATF_REQUIRE(pci_config_init(f, &pci_fake_ops, PCI_RID) == NULL);
	ATF_CHECK_EQ(0, pci_dword(0x60) >> 31);
	ATF_CHECK_EQ(0, f->messages);
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	struct pci_function f;

	(void)tc;
	pci_fake_start();
	pci_set(PCI_VENDOR, ~0u);
	ATF_CHECK_STREQ("not there", pci_config_init(&f, &pci_fake_ops,
	    PCI_RID));
	pci_fake_start();
	pci_set(PCI_CACHE_LINE, 0x00010000);
	ATF_CHECK_STREQ("a bridge: what is behind it stays the "
	    "machine's", pci_config_init(&f, &pci_fake_ops,
	    PCI_RID));
	ATF_CHECK_EQ(0, pci_writes);
	pci_fake_start();
	pci_set(PCI_INTERRUPT, 0x0500);
	ATF_CHECK_STREQ("broken: its interrupt pin is none of four",
	    pci_config_init(&f, &pci_fake_ops, PCI_RID));
	pci_fake_start();
	pci_set(0x40, 0x00000014);
	ATF_CHECK_STREQ("of fixed addresses (Enhanced Allocation)",
	    pci_config_init(&f, &pci_fake_ops, PCI_RID));
	/* A list that is a loop. */
	pci_fake_start();
	pci_set(0x70, 0x00004005);
	ATF_CHECK(pci_config_init(&f, &pci_fake_ops, PCI_RID) == NULL);
}

/* Off comes first, and nothing is written while the function rests. */
ATF_TC_WITHOUT_HEAD(function_level_reset);
ATF_TC_BODY(function_level_reset, tc)
{
	struct pci_function *f = &pci_bus.slot[0];

	(void)tc;
	pci_fake_take();
	ATF_CHECK_EQ(0, f->flr);
	pci_writes = 0;
	pci_config_reset(f);
	ATF_CHECK_EQ(0, pci_writes);
	for (unsigned int has = 0; has < 2; has++) {
		pci_fake_start();
		pci_set(0x70, 0x00008005);
		pci_set(0x80, 0x00000010);		/* PCI Express */
		pci_set(0x84, 0x8000 | has << 28);
		pci_set(0x88, 0x00202810);
		ATF_REQUIRE(pci_config_init(f, &pci_fake_ops, PCI_RID) ==
		    NULL);
		ATF_CHECK_EQ(has ? 0x80 : 0, f->flr);
		f->window = PCI_WINDOW;
		f->window_size = PCI_WINDOW_SIZE;
		wr(PCI_COMMAND, 2, PCI_COMMAND_MASTER);
		ATF_CHECK_EQ(PCI_COMMAND_MASTER, pci_dword(PCI_COMMAND) &
		    0xffff);
		pci_config_off(f);
		ATF_CHECK_EQ(PCI_COMMAND_NO_INTX, pci_dword(PCI_COMMAND) &
		    0xffff);
		ATF_CHECK_EQ(0, rd(PCI_COMMAND, 2));
		pci_writes = 0;
		pci_config_reset(f);
		ATF_CHECK_EQ(has, pci_writes);
		/* With what else stood there. */
		ATF_CHECK_EQ(has ? 0x0020a810 : 0x00202810, pci_dword(0x88));
		/* What a reset leaves. */
		pci_set(PCI_COMMAND, 0x00100000);
		pci_config_on(f);
		ATF_CHECK_EQ(PCI_COMMAND_NO_INTX, pci_dword(PCI_COMMAND) &
		    0xffff);
	}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, others_are_not_there);
	ATF_TP_ADD_TC(tp, of_wrong_size);
	ATF_TP_ADD_TC(tp, bars);
	ATF_TP_ADD_TC(tp, capabilities);
	ATF_TP_ADD_TC(tp, messages);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, function_level_reset);
	return (atf_no_error());
}
