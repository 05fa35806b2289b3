/*
 * Guests' traps at random: syndromes and registers that no compiler would
 * make. Whatever comes, an outcome is one of those there are and one that
 * the way the trap came allows (the PC after an HVC is past it, so it
 * cannot be tried again), only registers that may change do, no lock stays
 * held, and a trap that is to be tried again has had something done for it.
 *
 * Configuration variable "iterations": how many of each kind; "seed".
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/entropy.h"
#include "vmm/exits.h"
#include "vmm/ext/workaround.h"
#include "vmm_fake.h"

#define	ITERATIONS	200000

static unsigned int
below(unsigned int n)
{

	return ((unsigned int)(entropy64() >> 20) % n);
}

/* Values at which things change their minds. */
static uint64_t
value(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 31, 0x7fffffff, 0x80000000,
	    0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
	    ~0ull, MACHINE_RAM_BASE, MACHINE_RAM_BASE + VMM_FAKE_MEMORY,
	    0x100, 0x101, 0x80000000, 0x84000000, 0xc4000003, 0x8600ff01 };

	switch (below(4)) {
	case 0:
		return (edges[below(nitems(edges))]);
	case 1:
		return (edges[below(nitems(edges))] + below(64) - 32);
	case 2:
		return (entropy64() >> below(64));
	}
	return (entropy64());
}

static uint32_t
fid(void)
{

	switch (below(4)) {
	case 0:			/* of the services that there are */
		return (0x80000000 | below(2) << 30 |
		    (uint32_t[]){ 0, 4, 6 }[below(3)] << 24 | below(18));
	case 1:
		return (0x80000000 | below(128) << 24 | below(0x20000));
	case 2:
		return ((uint32_t[]){ 0x8600ff01, 0x8600ff03, 0x80008000,
		    0x80007fff, 0x80003fff }[below(5)] ^ 1u << below(32));
	}
	return ((uint32_t)entropy64());
}

static struct vcpu *v;
static struct vcpu before;

static void
begin(void)
{
	unsigned int i;

	vmm_fake_reset();
	vmm_fake.wait = below(2) ? OUTCOME_DONE : OUTCOME_SWITCH;
	vmm_fake.stage2 = (enum stage2_result)below(4);
	vmm_fake.mmio_result = below(4) == 0 ? MMIO_FAULT : MMIO_OK;
	vmm_fake.mmio_value = entropy64();
	vmm_fake.pieces = below(3);
	vmm_vm.config.gic = 2 + below(2);
	vmm_vm.state = below(8) == 0 ? VM_STOPPING : VM_RUNNING;
	for (i = 0; i < VMM_FAKE_VCPUS; i++)
		vmm_vcpu[i].power = (enum vcpu_power)below(3);
	v = &vmm_vcpu[below(VMM_FAKE_VCPUS)];
	v->power = VCPU_ON;
	for (i = 0; i < nitems(v->x); i++)
		v->x[i] = value();
	before = *v;
}

/* may: registers that this trap may change. */
static void
end(outcome_t o, uint64_t esr, uint32_t may)
{
	unsigned int n, i;

	ATF_REQUIRE_MSG(o >= OUTCOME_DONE && o <= OUTCOME_STOP,
	    "ESR %#lx: outcome %d", (unsigned long)esr, o);
	if (o != OUTCOME_DONE && o != OUTCOME_SWITCH)
		may = 0;
	for (n = 0; n < nitems(v->x); n++)
		ATF_REQUIRE_MSG(v->x[n] == before.x[n] || may & 1u << n,
		    "ESR %#lx x0 %#lx: x%u changes, outcome %d",
		    (unsigned long)esr, (unsigned long)before.x[0], n, o);
	ATF_REQUIRE_EQ(before.pcpu, v->pcpu);
	ATF_REQUIRE_EQ(before.vm, v->vm);
	for (i = 0; i < VMM_FAKE_VCPUS; i++) {
		if (&vmm_vcpu[i] == v)
			continue;
		ATF_REQUIRE_MSG(vmm_fake_changed(&vmm_vcpu[i]) == 0,
		    "ESR %#lx: registers of another vCPU",
		    (unsigned long)esr);
		ATF_REQUIRE(vmm_vcpu[i].power <= VCPU_ON);
	}
	spin_lock(&vmm_vm.lock);		/* hangs or ends if held */
	spin_unlock(&vmm_vm.lock);
	/* Once more with nothing done would be once more for ever. */
	if (o == OUTCOME_RETRY)
		ATF_REQUIRE(vcpu_fake.pmu + vcpu_fake.debug +
		    vcpu_fake.pauth + vmm_fake.cleans == 1 ||
		    (vmm_fake.faults == 1 && vmm_fake.stage2 == STAGE2_FIXED));
	/* It says why: itself, at most once; and in the end by the syndrome. */
	if (o == OUTCOME_STOP) {
		char why[32];

		ATF_REQUIRE(vmm_fake.logs <= 1);
		vmm_fake.logs = 0;
		run_outcome(o, v, esr);
		snprintf(why, sizeof(why), "ESR_EL2 0x%lx",
		    (unsigned long)esr);
		ATF_REQUIRE_EQ(1, vmm_fake.logs);
		ATF_REQUIRE_MSG(strstr(vmm_fake.log, why) != NULL,
		    "%s: no %s", vmm_fake.log, why);
	}
}

static void
machine(void)
{

	vmm_fake_reset();
	for (unsigned int i = 0; i < 64; i++)
		vcpu_fake.id[i] = entropy64();
	sysreg_init(40);
	workaround_init(false);
}

static unsigned int
start(const atf_tc_t *tc)
{

	entropy_use(NULL, 0);
	entropy_state = (uint64_t)atoll(atf_tc_get_config_var_wd(tc, "seed",
	    "1"));
	entropy_state = entropy_state * 0x9e3779b97f4a7c15 | 1;
	machine();
	return ((unsigned int)atoi(atf_tc_get_config_var_wd(tc, "iterations",
	    "0")) ?: ITERATIONS);
}

static void
call(void)
{
	uint64_t esr;
	outcome_t o;

	begin();
	if (below(8) != 0)
		v->x[0] = (v->x[0] & ~0xffffffffull) | fid();
	before = *v;
	if (below(2)) {
		esr = ESR(EC_HVC64, below(8) ? 0 : below(0x10000));
		o = smccc_hvc(v, esr);
	} else {
		esr = ESR(EC_SMC64, below(8) ? 0 : below(0x10000));
		o = smccc_hvc(v, esr);
	}
	/* A call is always past its instruction. */
	ATF_REQUIRE_MSG(o == OUTCOME_DONE || o == OUTCOME_SWITCH,
	    "x0 %#lx: outcome %d", (unsigned long)before.x[0], o);
	end(o, esr, 0xf);
	/* A vCPU ends only by calls that say so, and gives way then. */
	if (v->power != VCPU_ON || vmm_fake.stops != 0)
		ATF_REQUIRE_EQ(OUTCOME_SWITCH, o);
	/* Nobody starts outside of the VM's RAM. */
	if (vmm_fake.requests != 0) {
		ATF_REQUIRE_EQ(VM_RUNNING, vmm_vm.state);
		ATF_REQUIRE_EQ(VCPU_ON_PENDING,
		    vmm_fake.requested->power);
		ATF_REQUIRE(vmm_fake.requested->start_pc -
		    MACHINE_RAM_BASE < VMM_FAKE_MEMORY);
		ATF_REQUIRE(vmm_fake.requested != v);
	}
}

ATF_TC_WITHOUT_HEAD(calls);
ATF_TC_BODY(calls, tc)
{

	for (unsigned int n = start(tc); n > 0; n--)
		call();
}

static void
access_register(void)
{
	unsigned int rt;
	uint64_t esr;
	outcome_t o;

	begin();
	esr = ESR(EC_SYSREG, entropy64() & 0x1ffffff);
	rt = SYS_RT(esr);
	o = sysreg_trap(v, esr);
	ATF_REQUIRE(o != OUTCOME_ABORT && o != OUTCOME_STOP);
	end(o, esr, SYS_READ(esr) && rt != 31 ? 1u << rt : 0);
	ATF_REQUIRE_EQ(0, vmm_fake.stops);
	ATF_REQUIRE_EQ(VCPU_ON, v->power);
}

ATF_TC_WITHOUT_HEAD(registers);
ATF_TC_BODY(registers, tc)
{

	for (unsigned int n = start(tc); n > 0; n--)
		access_register();
}

static uint64_t
address(void)
{

	switch (below(4)) {
	case 0:
		return (vmm_vm.mmio[below(3)].base + below(0x11000));
	case 1:
		return (vmm_vm.mmio[below(3)].base - below(16));
	case 2:
		return (MACHINE_RAM_BASE + entropy64() % VMM_FAKE_MEMORY);
	}
	return (value());
}

static void
fault(void)
{
	unsigned int rt;
	uint64_t esr, ipa;
	outcome_t o;

	begin();
	ipa = address();
	vcpu_fake.fault_ipa = IPA(ipa);
	esr = entropy64() & 0x1ffffff;
	if (below(8) != 0)
		esr = (esr & ~0x3full) | FSC_TRANSLATION | below(4);
	/* IL is clear for 16-bit instructions of AArch32. */
	esr |= below(8) ? ESR_IL : 0;
	if (below(4) == 0) {
		esr |= (uint64_t)EC_IABT_LOW << ESR_EC_SHIFT;
		o = abort_insn(v, esr);
		ATF_REQUIRE(o == OUTCOME_RETRY || o == OUTCOME_ABORT ||
		    o == OUTCOME_STOP);
		end(o, esr, 0);
		ATF_REQUIRE_EQ(0, vmm_fake.mmios);
		return;
	}
	esr |= (uint64_t)EC_DABT_LOW << ESR_EC_SHIFT;
	o = abort_data(v, esr);
	rt = ABT_SRT(esr);
	ATF_REQUIRE(o != OUTCOME_UNDEF && o != OUTCOME_SWITCH);
	end(o, esr, esr & ABT_ISV && !(esr & ABT_WRITE) && rt != 31 ?
	    1u << rt : 0);
	if (vmm_fake.mmios == 0)
		return;
	/* What a device gets is its own, aligned and complete. */
	ATF_REQUIRE_EQ(1, vmm_fake.mmios);
	ATF_REQUIRE_EQ(0, vmm_fake.faults);
	ATF_REQUIRE_EQ(ABT_SIZE(esr), vmm_fake.mmio.size);
	ATF_REQUIRE_EQ(0,
	    vmm_fake.mmio.offset & (vmm_fake.mmio.size - 1));
	ATF_REQUIRE(ipa < MACHINE_RAM_BASE);
	ATF_REQUIRE(vmm_fake.mmio.offset + vmm_fake.mmio.size <=
	    MACHINE_GICD_SIZE);
	if (vmm_fake.mmio.write && vmm_fake.mmio.size < 8)
		ATF_REQUIRE_EQ(0, vmm_fake.mmio.value >>
		    8 * vmm_fake.mmio.size);
}

ATF_TC_WITHOUT_HEAD(aborts);
ATF_TC_BODY(aborts, tc)
{

	for (unsigned int n = start(tc); n > 0; n--)
		fault();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

	if (size == 0)
		return (0);
	entropy_use(data + 1, size - 1);
	machine();
	do {
		if (data[0] % 3 == 0)
			call();
		else if (data[0] % 3 == 1)
			access_register();
		else
			fault();
	} while (entropy_left > 0);
	return (0);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, calls);
	ATF_TP_ADD_TC(tp, registers);
	ATF_TP_ADD_TC(tp, aborts);
	ATF_TP_ADD_TC(tp, corpus);
	return (atf_no_error());
}
