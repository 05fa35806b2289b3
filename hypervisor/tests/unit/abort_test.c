/*
 * What becomes of a guest's aborts: memory, a device, or nothing there.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <string.h>

#include "vmm_fake.h"

static struct vcpu *const v = &vmm_vcpu[0];

#define	RAM		(MACHINE_RAM_BASE + 0x1234ull)
#define	UART		(MACHINE_UART_BASE + 0x18ull)
#define	HOLE		0x30000000ull	/* below RAM */

/* A translation fault at level 3. */
#define	FAULT		(FSC_TRANSLATION | 3)
/* LDR Wrt, LDR Xrt */
#define	WORD(rt)	(ABT_ISV | 2u << 22 | (rt) << 16 | FAULT)
#define	LONG(rt)	(ABT_ISV | 3u << 22 | (rt) << 16 | ABT_SF | FAULT)

static outcome_t
data(uint64_t ipa, uint32_t iss)
{

	vcpu_fake.fault_ipa = IPA(ipa);
	return (abort_data(v, ESR(EC_DABT_LOW, iss)));
}

static outcome_t
insn(uint64_t ipa, uint32_t iss)
{

	vcpu_fake.fault_ipa = IPA(ipa);
	return (abort_insn(v, ESR(EC_IABT_LOW, iss)));
}

/* All the forms in which an access to memory faults. */
static const uint32_t forms[] = {
	WORD(5), WORD(5) | ABT_WRITE, LONG(29), LONG(29) | ABT_WRITE,
	ABT_ISV | FAULT, ABT_ISV | 1u << 22 | ABT_SSE | FAULT,
	FAULT, FAULT | ABT_WRITE,		/* LDP, STP, SIMD */
	FAULT | ABT_S1PTW, FAULT | ABT_S1PTW | ABT_WRITE,
	FSC_TRANSLATION, FSC_TRANSLATION | 1, FSC_TRANSLATION | 2,
};

ATF_TC_WITHOUT_HEAD(ram);
ATF_TC_BODY(ram, tc)
{
	static const enum stage2_result results[] = { STAGE2_FIXED,
	    STAGE2_DENIED, STAGE2_OUTSIDE, STAGE2_NOMEM };
	static const outcome_t outcomes[] = { OUTCOME_RETRY, OUTCOME_ABORT,
	    OUTCOME_ABORT, OUTCOME_STOP };
	unsigned int i, r;

	for (i = 0; i < nitems(forms); i++) {
		for (r = 0; r < nitems(results); r++) {
			vmm_fake_reset();
			vmm_fake.stage2 = results[r];
			ATF_CHECK_EQ_MSG(outcomes[r], data(RAM, forms[i]),
			    "form %u result %u", i, r);
			ATF_CHECK_EQ(1, vmm_fake.faults);
			ATF_CHECK_EQ(RAM, vmm_fake.fault_ipa.v);
			ATF_CHECK_EQ((forms[i] & ABT_WRITE) != 0,
			    vmm_fake.fault_write);
			ATF_CHECK(!vmm_fake.fault_exec);
			ATF_CHECK_EQ(0, vmm_fake.mmios);
			ATF_CHECK_EQ(0, vmm_fake_changed(v));
			ATF_CHECK_EQ(results[r] == STAGE2_NOMEM,
			    vmm_fake.logs);
		}
	}
}

/* A device passed through may lie anywhere that is not emulated. */
ATF_TC_WITHOUT_HEAD(low);
ATF_TC_BODY(low, tc)
{
	unsigned int i;

	for (i = 0; i < nitems(forms); i++) {
		vmm_fake_reset();
		ATF_CHECK_EQ(OUTCOME_RETRY, data(HOLE, forms[i]));
		ATF_CHECK_EQ(HOLE, vmm_fake.fault_ipa.v);
		vmm_fake.stage2 = STAGE2_OUTSIDE;
		ATF_CHECK_EQ(OUTCOME_ABORT, data(HOLE, forms[i]));
		ATF_CHECK_EQ(2, vmm_fake.faults);
		ATF_CHECK_EQ(0, vmm_fake.mmios);
	}
}

ATF_TC_WITHOUT_HEAD(device);
ATF_TC_BODY(device, tc)
{
	struct {
		uint64_t	ipa;
		void		*dev;
		uint32_t	offset;
	} at[] = {
		{ MACHINE_GICD_BASE, &vmm_vm.gic, 0 },
		{ MACHINE_GICD_BASE + 0xfff8, &vmm_vm.gic, 0xfff8 },
		{ UART, &vmm_vm.uart, 0x18 },
		{ MACHINE_RTC_BASE + 0xff8, &vmm_vm.rtc, 0xff8 },
	};
	unsigned int i;

	for (i = 0; i < nitems(at); i++) {
		vmm_fake_reset();
		vmm_fake.mmio_value = 0xf1f2f3f4f5f6f7f8;
		ATF_CHECK_EQ(OUTCOME_DONE, data(at[i].ipa, WORD(29)));
		ATF_CHECK_EQ(0xf5f6f7f8, v->x[29]);
		ATF_CHECK_EQ(at[i].dev, vmm_fake.mmio_dev);
		ATF_CHECK_EQ(at[i].offset, vmm_fake.mmio.offset);
		ATF_CHECK_EQ(4, vmm_fake.mmio.size);
		ATF_CHECK_EQ(OUTCOME_DONE, data(at[i].ipa, LONG(3)));
		ATF_CHECK_EQ(0xf1f2f3f4f5f6f7f8, v->x[3]);
		ATF_CHECK_EQ(8, vmm_fake.mmio.size);
		/* LDRSW; LDRSB to a W register */
		ATF_CHECK_EQ(OUTCOME_DONE,
		    data(at[i].ipa, WORD(3) | ABT_SSE | ABT_SF));
		ATF_CHECK_EQ(0xfffffffff5f6f7f8, v->x[3]);
		ATF_CHECK_EQ(OUTCOME_DONE,
		    data(at[i].ipa, ABT_ISV | ABT_SSE | 3 << 16 | FAULT));
		ATF_CHECK_EQ(0xfffffff8, v->x[3]);
		ATF_CHECK_EQ(at[i].offset, vmm_fake.mmio.offset);
		ATF_CHECK_EQ(OUTCOME_DONE,
		    data(at[i].ipa, WORD(29) | ABT_WRITE));
		ATF_CHECK_EQ(0xf5f6f7f8, vmm_fake.mmio.value);
		ATF_CHECK(vmm_fake.mmio.write);
		ATF_CHECK_EQ(OUTCOME_DONE,
		    data(at[i].ipa, LONG(3) | ABT_WRITE));
		ATF_CHECK_EQ(0xfffffff8, vmm_fake.mmio.value);
		ATF_CHECK_EQ(at[i].dev, vmm_fake.mmio_dev);
		ATF_CHECK_EQ(6, vmm_fake.mmios);
		ATF_CHECK_EQ(0, vmm_fake.faults);
		ATF_CHECK_EQ(1u << 29 | 1u << 3, vmm_fake_changed(v));
	}
}

ATF_TC_WITHOUT_HEAD(device_refuses);
ATF_TC_BODY(device_refuses, tc)
{

	vmm_fake_reset();
	vmm_fake.mmio_result = MMIO_FAULT;
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART, WORD(1)));
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART, WORD(1) | ABT_WRITE));
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART, LONG(1)));
	ATF_CHECK_EQ(3, vmm_fake.mmios);
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART + 2, WORD(1)));
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART + 2, WORD(1) | ABT_WRITE));
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART + 4, LONG(1)));
	ATF_CHECK_EQ(3, vmm_fake.mmios);
	ATF_CHECK_EQ(0, vmm_fake_changed(v));
	ATF_CHECK_EQ(0, vmm_fake.faults);
}

/* LDP, post-index, SIMD: the syndrome says too little. Said, but not often. */
ATF_TC_WITHOUT_HEAD(no_syndrome);
ATF_TC_BODY(no_syndrome, tc)
{
	unsigned int i;

	vmm_fake_reset();
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART, FAULT));
	ATF_CHECK_EQ(1, vmm_fake.logs);
	ATF_CHECK(strstr(vmm_fake.log, "0x9000018") != NULL);
	ATF_CHECK(strstr(vmm_fake.log, "pair") != NULL);
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART, FAULT | ABT_S1PTW));
	ATF_CHECK_EQ(2, vmm_fake.logs);
	ATF_CHECK(strstr(vmm_fake.log, "translation table") != NULL);
	for (i = 0; i < 100; i++)
		ATF_CHECK_EQ(OUTCOME_ABORT, data(UART, FAULT | ABT_WRITE));
	ATF_CHECK(vmm_fake.logs < 10);
	ATF_CHECK(strstr(vmm_fake.log, "no more") != NULL);
	ATF_CHECK_EQ(0, vmm_fake.mmios);
	ATF_CHECK_EQ(0, vmm_fake.faults);
	ATF_CHECK_EQ(0, vmm_fake_changed(v));
	/* Of another VM it is still said. */
	i = vmm_fake.logs;
	vmm_vm.index = 4;
	ATF_CHECK_EQ(OUTCOME_ABORT, data(UART, FAULT));
	ATF_CHECK_EQ(i + 1, vmm_fake.logs);
}

/* Cache maintenance: on memory as a read, elsewhere there is none to do. */
ATF_TC_WITHOUT_HEAD(cache);
ATF_TC_BODY(cache, tc)
{
	const uint32_t cm = FAULT | ABT_CM | ABT_WRITE;

	vmm_fake_reset();
	ATF_CHECK_EQ(OUTCOME_RETRY, data(RAM, cm));
	ATF_CHECK_EQ(1, vmm_fake.faults);
	ATF_CHECK(!vmm_fake.fault_write);
	vmm_fake.stage2 = STAGE2_NOMEM;
	ATF_CHECK_EQ(OUTCOME_STOP, data(RAM, cm));
	vmm_fake.stage2 = STAGE2_OUTSIDE;
	ATF_CHECK_EQ(OUTCOME_DONE, data(HOLE, cm));
	ATF_CHECK_EQ(3, vmm_fake.faults);
	vmm_fake.stage2 = STAGE2_FIXED;
	ATF_CHECK_EQ(OUTCOME_DONE, data(UART, cm));
	ATF_CHECK_EQ(3, vmm_fake.faults);
	ATF_CHECK_EQ(0, vmm_fake.mmios);
	ATF_CHECK_EQ(1, vmm_fake.logs);
	ATF_CHECK_EQ(0, vmm_fake_changed(v));
}

/*
 * Permission faults never go away by trying again; HPFAR_EL2 need not be
 * valid, so the address is not looked at.
 */
ATF_TC_WITHOUT_HEAD(permission);
ATF_TC_BODY(permission, tc)
{
	unsigned int level;

	vmm_fake_reset();
	for (level = 0; level < 4; level++) {
		ATF_CHECK_EQ(OUTCOME_ABORT, data(RAM,
		    FSC_PERMISSION | level | ABT_WRITE));
		ATF_CHECK_EQ(OUTCOME_ABORT, data(UART, ABT_ISV | 2u << 22 |
		    FSC_PERMISSION | level | ABT_WRITE));
		ATF_CHECK_EQ(OUTCOME_ABORT, insn(RAM, FSC_PERMISSION | level));
	}
	ATF_CHECK_EQ(0, vmm_fake.faults);
	ATF_CHECK_EQ(0, vmm_fake.mmios);
}

/* The rest is the guest's own, or impossible: then its VM stops. */
ATF_TC_WITHOUT_HEAD(other_codes);
ATF_TC_BODY(other_codes, tc)
{
	unsigned int fsc, isv;
	outcome_t expect;

	for (fsc = 0; fsc < 0x40; fsc++) {
		if (FSC_TYPE(fsc) == FSC_TRANSLATION)
			continue;
		expect = FSC_TYPE(fsc) == FSC_ACCESS || fsc == 0x30 ||
		    fsc == 0x31 ? OUTCOME_STOP : OUTCOME_ABORT;
		for (isv = 0; isv < 2; isv++) {
			vmm_fake_reset();
			ATF_CHECK_EQ_MSG(expect, data(UART, fsc | (isv ?
			    ABT_ISV | 2u << 22 : 0)), "FSC %#x", fsc);
			ATF_CHECK_EQ(0, vmm_fake.logs);
			ATF_CHECK_EQ(0, vmm_fake.mmios);
			ATF_CHECK_EQ(0, vmm_fake.faults);
		}
		vmm_fake_reset();
		ATF_CHECK_EQ(expect, insn(RAM, fsc));
	}
}

ATF_TC_WITHOUT_HEAD(instruction);
ATF_TC_BODY(instruction, tc)
{

	vmm_fake_reset();
	ATF_CHECK_EQ(OUTCOME_RETRY, insn(RAM, FAULT));
	ATF_CHECK_EQ(RAM, vmm_fake.fault_ipa.v);
	ATF_CHECK(vmm_fake.fault_exec);
	ATF_CHECK(!vmm_fake.fault_write);
	ATF_CHECK_EQ(OUTCOME_RETRY, insn(RAM, FAULT | ABT_S1PTW));
	ATF_CHECK_EQ(OUTCOME_RETRY, insn(HOLE, FAULT));
	ATF_CHECK_EQ(3, vmm_fake.faults);
	vmm_fake.stage2 = STAGE2_DENIED;
	ATF_CHECK_EQ(OUTCOME_ABORT, insn(HOLE, FAULT));
	vmm_fake.stage2 = STAGE2_OUTSIDE;
	ATF_CHECK_EQ(OUTCOME_ABORT, insn(HOLE, FAULT));
	vmm_fake.stage2 = STAGE2_NOMEM;
	ATF_CHECK_EQ(OUTCOME_STOP, insn(RAM, FAULT));
	ATF_CHECK_EQ(6, vmm_fake.faults);
	/* A device holds no instructions. */
	vmm_fake.stage2 = STAGE2_FIXED;
	ATF_CHECK_EQ(OUTCOME_ABORT, insn(UART, FAULT));
	ATF_CHECK_EQ(6, vmm_fake.faults);
	ATF_CHECK_EQ(0, vmm_fake.mmios);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, ram);
	ATF_TP_ADD_TC(tp, low);
	ATF_TP_ADD_TC(tp, device);
	ATF_TP_ADD_TC(tp, device_refuses);
	ATF_TP_ADD_TC(tp, no_syndrome);
	ATF_TP_ADD_TC(tp, cache);
	ATF_TP_ADD_TC(tp, permission);
	ATF_TP_ADD_TC(tp, other_codes);
	ATF_TP_ADD_TC(tp, instruction);
	return (atf_no_error());
}
