/*
 * From a syndrome to a device's access and back: sizes, signs, registers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>

#include "vmm_fake.h"
#include "vmm/exits.h"

static struct vcpu *const v = &vmm_vcpu[1];

/* SAS: 0 to 3. */
static uint64_t
esr(unsigned int sas, unsigned int rt, uint64_t flags)
{

	return (ESR(EC_DABT_LOW, ABT_ISV | sas << 22 | rt << 16 |
	    FSC_TRANSLATION) | flags);
}

#define	UART	(&vmm_vm.mmio[1])

static uint64_t
read_as(unsigned int sas, uint64_t flags, uint64_t value)
{

	vmm_fake_reset();
	vmm_fake.mmio_value = value;
	ATF_REQUIRE_EQ(OUTCOME_DONE,
	    mmio_access(v, esr(sas, 7, flags), UART, 0x18));
	ATF_CHECK_EQ(1, vmm_fake.mmios);
	ATF_CHECK_EQ(0x18, vmm_fake.mmio.offset);
	ATF_CHECK_EQ(1u << sas, vmm_fake.mmio.size);
	ATF_CHECK(!vmm_fake.mmio.write);
	/* Nothing of the hypervisor's stack for a device that forgets. */
	ATF_CHECK_EQ(0, vmm_fake.mmio.value);
	ATF_CHECK_EQ(&vmm_vm.uart, vmm_fake.mmio_dev);
	ATF_CHECK_EQ(1, vmm_fake.mmio_vcpu);
	ATF_CHECK_EQ(0, vmm_fake_changed(v) & ~(1u << 7));
	return (v->x[7]);
}

ATF_TC_WITHOUT_HEAD(read);
ATF_TC_BODY(read, tc)
{
	const uint64_t value = 0x8182838485868788;

	ATF_CHECK_EQ(0x88, read_as(0, 0, value));
	ATF_CHECK_EQ(0x8788, read_as(1, 0, value));
	ATF_CHECK_EQ(0x85868788, read_as(2, 0, value));
	ATF_CHECK_EQ(value, read_as(3, ABT_SF, value));
	/* LDRSB and LDRSH to W registers, and to X registers, LDRSW. */
	ATF_CHECK_EQ(0xffffff88, read_as(0, ABT_SSE, value));
	ATF_CHECK_EQ(0xffff8788, read_as(1, ABT_SSE, value));
	ATF_CHECK_EQ(0xffffffffffffff88, read_as(0, ABT_SSE | ABT_SF, value));
	ATF_CHECK_EQ(0xffffffffffff8788, read_as(1, ABT_SSE | ABT_SF, value));
	ATF_CHECK_EQ(0xffffffff85868788, read_as(2, ABT_SSE | ABT_SF, value));
	ATF_CHECK_EQ(0x77, read_as(0, ABT_SSE | ABT_SF, 0x77));
	ATF_CHECK_EQ(0x7777, read_as(1, ABT_SSE, 0x7777));
}

ATF_TC_WITHOUT_HEAD(write);
ATF_TC_BODY(write, tc)
{
	static const uint64_t expect[4] = { 0x88, 0x8788, 0x85868788,
	    0x8182838485868788 };
	unsigned int sas;

	for (sas = 0; sas < 4; sas++) {
		vmm_fake_reset();
		v->x[29] = 0x8182838485868788;
		ATF_CHECK_EQ(OUTCOME_DONE,
		    mmio_access(v, esr(sas, 29, ABT_WRITE), UART, 0x20));
		ATF_CHECK(vmm_fake.mmio.write);
		ATF_CHECK_EQ(1u << sas, vmm_fake.mmio.size);
		ATF_CHECK_EQ(0x20, vmm_fake.mmio.offset);
		ATF_CHECK_EQ(expect[sas], vmm_fake.mmio.value);
		ATF_CHECK_EQ(1u << 29, vmm_fake_changed(v));
	}
}

/* Register 31 is XZR. */
ATF_TC_WITHOUT_HEAD(zero_register);
ATF_TC_BODY(zero_register, tc)
{
	struct pcpu *pcpu;

	vmm_fake_reset();
	pcpu = v->pcpu;
	vmm_fake.mmio_value = ~0ull;
	ATF_CHECK_EQ(OUTCOME_DONE, mmio_access(v, esr(3, 31, 0), UART, 0));
	ATF_CHECK_EQ(OUTCOME_DONE, mmio_read_word(v, esr(2, 31, 0), UART, 0));
	ATF_CHECK_EQ(0, vmm_fake_changed(v));
	ATF_CHECK_EQ(pcpu, v->pcpu);	/* what stands behind x[30] */
	ATF_CHECK_EQ(OUTCOME_DONE,
	    mmio_access(v, esr(3, 31, ABT_WRITE), UART, 0));
	ATF_CHECK_EQ(0, vmm_fake.mmio.value);
	vmm_fake.mmio.value = 1;
	ATF_CHECK_EQ(OUTCOME_DONE,
	    mmio_write_word(v, esr(2, 31, ABT_WRITE), UART, 0));
	ATF_CHECK_EQ(0, vmm_fake.mmio.value);
	ATF_CHECK_EQ(4, vmm_fake.mmios);
}

/* The short ways do what the long one does. */
ATF_TC_WITHOUT_HEAD(words);
ATF_TC_BODY(words, tc)
{
	unsigned int rt;

	for (rt = 0; rt < 31; rt++) {
		vmm_fake_reset();
		vmm_fake.mmio_value = 0x8182838485868788;
		ATF_CHECK_EQ(OUTCOME_DONE,
		    mmio_read_word(v, esr(2, rt, 0), UART, 0xffc));
		ATF_CHECK_EQ(0x85868788, v->x[rt]);
		ATF_CHECK_EQ(1u << rt, vmm_fake_changed(v));
		ATF_CHECK_EQ(0xffc, vmm_fake.mmio.offset);
		ATF_CHECK_EQ(4, vmm_fake.mmio.size);
		ATF_CHECK(!vmm_fake.mmio.write);
		ATF_CHECK_EQ(0, vmm_fake.mmio.value);
		ATF_CHECK_EQ(1, vmm_fake.mmio_vcpu);
		v->x[rt] = 0x1112131415161718;
		ATF_CHECK_EQ(OUTCOME_DONE,
		    mmio_write_word(v, esr(2, rt, ABT_WRITE), UART, 0x14));
		ATF_CHECK_EQ(0x15161718, vmm_fake.mmio.value);
		ATF_CHECK_EQ(0x14, vmm_fake.mmio.offset);
		ATF_CHECK_EQ(4, vmm_fake.mmio.size);
		ATF_CHECK(vmm_fake.mmio.write);
		ATF_CHECK_EQ(1, vmm_fake.mmio_vcpu);
		ATF_CHECK_EQ(&vmm_vm.uart, vmm_fake.mmio_dev);
	}
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	unsigned int sas, offset;

	vmm_fake_reset();
	for (sas = 1; sas < 4; sas++) {
		for (offset = 1; offset < 1u << sas; offset++) {
			ATF_CHECK_EQ(OUTCOME_ABORT,
			    mmio_access(v, esr(sas, 0, 0), UART, offset));
			ATF_CHECK_EQ(OUTCOME_ABORT, mmio_access(v,
			    esr(sas, 0, ABT_WRITE), UART, 0xff8 + offset));
		}
	}
	for (offset = 1; offset < 4; offset++) {
		ATF_CHECK_EQ(OUTCOME_ABORT,
		    mmio_read_word(v, esr(2, 0, 0), UART, offset));
		ATF_CHECK_EQ(OUTCOME_ABORT, mmio_write_word(v,
		    esr(2, 0, ABT_WRITE), UART, 0xffc + offset));
	}
	ATF_CHECK_EQ(0, vmm_fake.mmios);
	/* The device says no: nothing of it reaches the register. */
	vmm_fake.mmio_result = MMIO_FAULT;
	vmm_fake.mmio_value = ~0ull;
	ATF_CHECK_EQ(OUTCOME_ABORT, mmio_access(v, esr(2, 0, 0), UART, 0));
	ATF_CHECK_EQ(OUTCOME_ABORT, mmio_read_word(v, esr(2, 0, 0), UART, 0));
	ATF_CHECK_EQ(OUTCOME_ABORT,
	    mmio_access(v, esr(2, 0, ABT_WRITE), UART, 0));
	ATF_CHECK_EQ(OUTCOME_ABORT,
	    mmio_write_word(v, esr(2, 0, ABT_WRITE), UART, 0));
	ATF_CHECK_EQ(4, vmm_fake.mmios);
	ATF_CHECK_EQ(0, vmm_fake_changed(v));
	/* It has more to do. */
	vmm_fake.mmio_result = MMIO_AGAIN;
	ATF_CHECK_EQ(OUTCOME_RETRY,
	    mmio_write_word(v, esr(2, 0, ABT_WRITE), UART, 0));
	ATF_CHECK_EQ(OUTCOME_RETRY,
	    mmio_access(v, esr(0, 0, ABT_WRITE), UART, 0));
}

ATF_TC_WITHOUT_HEAD(find);
ATF_TC_BODY(find, tc)
{
	unsigned int i;

	vmm_fake_reset();
	for (i = 0; i < vmm_vm.nmmio; i++) {
		const struct vm_mmio *r = &vmm_vm.mmio[i];

		ATF_CHECK_EQ(r, mmio_find(&vmm_vm, IPA(r->base)));
		ATF_CHECK_EQ(r, mmio_find(&vmm_vm,
		    IPA(r->base + r->size - 1)));
		ATF_CHECK_EQ(NULL, mmio_find(&vmm_vm, IPA(r->base - 1)));
		ATF_CHECK_EQ(NULL, mmio_find(&vmm_vm,
		    IPA(r->base + r->size)));
	}
	ATF_CHECK_EQ(NULL, mmio_find(&vmm_vm, IPA(0)));
	ATF_CHECK_EQ(NULL, mmio_find(&vmm_vm, IPA(~0ull)));
	/* The last row, with none free. */
	for (i = vmm_vm.nmmio; i < VM_MAX_MMIO; i++)
		vmm_vm.mmio[i] = (struct vm_mmio){ 0x20000000 + i * 0x1000,
		    0x1000, vmm_fake_access, NULL };
	ATF_CHECK_EQ(&vmm_vm.mmio[VM_MAX_MMIO - 1], mmio_find(&vmm_vm,
	    IPA(0x20000fff + (VM_MAX_MMIO - 1) * 0x1000)));
	ATF_CHECK_EQ(NULL, mmio_find(&vmm_vm,
	    IPA(0x20000000 + VM_MAX_MMIO * 0x1000)));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, read);
	ATF_TP_ADD_TC(tp, write);
	ATF_TP_ADD_TC(tp, zero_register);
	ATF_TP_ADD_TC(tp, words);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, find);
	return (atf_no_error());
}
