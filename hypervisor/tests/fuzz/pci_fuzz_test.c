/*
 * Random accesses of any offset and width to the configuration space of a
 * function: whatever is written, what the function decodes stays in the
 * VM's window, and messages, I/O space and the ROM stay off (pci_fake.h
 * looks at every write). Every run takes the same steps.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "pci_fake.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/entropy.h"

#define	STEPS	200000

static unsigned int decoded;

static uint32_t
rnd(uint32_t below)
{

	return ((uint32_t)(entropy64() >> 32) % below);
}

static void
step(void)
{
	struct mmio m = {
		.offset = rnd(16) == 0 ? rnd(1u << 20) : rnd(4) == 0 ?
		    rnd(0x1000) : rnd(0x100),
		.size = (uint8_t)(1u << rnd(4)),
		.write = rnd(2) != 0,
		.value = rnd(2) != 0 ? PCI_WINDOW + rnd(PCI_WINDOW_SIZE) :
		    rnd(2) != 0 ? rnd(16) : rnd(~0u),
	};

	if (rnd(2) != 0) {
		m.offset &= ~3u;
		m.size = 4;
	}
	/* Mostly what decides, and a driver's values. */
	if (rnd(4) == 0)
		m.offset = rnd(2) != 0 ? PCI_COMMAND : PCI_BAR(4 * rnd(2));
	if (rnd(8) == 0)
		m = (struct mmio){ PCI_BAR(5), 4, true, 0 };
	if (rnd(1000) == 0) {
		pci_config_off(&pci_bus.slot[0]);
		pci_bus.slot[0].messages = (uint8_t)rnd(5);
	}
	bool fault = m.size == 8 || m.offset % m.size != 0;
	ATF_REQUIRE_EQ(fault ? MMIO_FAULT : MMIO_OK,
	    pci_config_mmio(&pci_bus, &m));
	if (!fault && !m.write)
		ATF_REQUIRE_EQ(0, m.value >> (8 * m.size - 1) >> 1);
	pci_check();
	decoded += (pci_regs[PCI_COMMAND] & PCI_COMMAND_MEMORY) != 0;
}

ATF_TC_WITHOUT_HEAD(config);
ATF_TC_BODY(config, tc)
{

	(void)tc;
	entropy_use(NULL, 0);
	pci_fake_take();
	for (unsigned int i = 0; i < STEPS; i++)
		step();
	ATF_CHECK_MSG(decoded > 400, "%u decoded", decoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

	entropy_use(data, size);
	pci_fake_take();
	while (entropy_left > 0)
		step();
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, config);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
