/*
 * The fake architecture sees what it is there to see: each offence ends the
 * program.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pt_check.h"

static const struct pt_attr ram = { PT_NORMAL, true, true, true };
static const struct pt_attr device = { PT_DEVICE, true, false, false };
static struct spinlock lock;
static uint64_t slot;

static uint64_t
page(uint64_t pa)
{

	return (pte_leaf(PT_STAGE2, 3, PA(pa), ram));
}

static void
make_before_break(void)
{

	pte_write(&slot, page(0x1000));
	pte_write(&slot, page(0x2000));
}

static void
make_before_tlbi(void)
{

	pte_write(&slot, page(0x1000));
	pte_write(&slot, pte_none());
	pte_write(&slot, page(0x2000));
}

static void
no_barrier(void)
{

	port_mb();
	pte_write(&slot, pte_table(PA(MEM_FAKE_BASE)));
	slot = 0;
	pte_write(&slot, pte_table(PA(MEM_FAKE_BASE)));
}

static void
wrong_level(void)
{

	(void)pte_is_leaf(page(0x1000), 2);
}

static void
wrong_stage(void)
{

	(void)pte_attr(PT_STAGE1, page(0x1000));
}

static void
derived_from_none(void)
{

	(void)pte_derive(pte_none(), 3, 2, 0);
}

static void
unaligned_derived(void)
{

	(void)pte_derive(page(0x1000), 3, 2, 0);
}

static void
unaligned_block(void)
{

	(void)pte_leaf(PT_STAGE2, 2, PA(0x1000), ram);
}

static void
wide_address(void)
{

	(void)page(1ull << 48);
}

static void
no_such_memory(void)
{

	(void)port_pa_to_ptr(PA(0));
}

static void
no_such_pointer(void)
{

	(void)port_ptr_to_pa(&slot);
}

static void
empty_tlbi(void)
{

	port_tlb_stage2(1, IPA(0), 0);
}

static void
lock_twice(void)
{

	spin_lock(&lock);
	spin_lock(&lock);
}

static void
unlock_free(void)
{

	spin_unlock(&lock);
}

static void
kick_nobody(void)
{

	port_kick_cpu(CPU_FAKE_CPUS);
}

static bool
dies(void (*offence)(void))
{
	int status;
	pid_t pid = fork();

	ATF_REQUIRE(pid >= 0);
	if (pid == 0) {
		close(2);
		mem_fake_reset();
		offence();
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

ATF_TC_WITHOUT_HEAD(offences);
ATF_TC_BODY(offences, tc)
{
	static const struct {
		const char	*what;
		void		(*offence)(void);
	} list[] = {
		{ "make before break", make_before_break },
		{ "make before TLBI", make_before_tlbi },
		{ "table without barrier", no_barrier },
		{ "level", wrong_level }, { "stage", wrong_stage },
		{ "derived from nothing", derived_from_none },
		{ "unaligned derived", unaligned_derived },
		{ "unaligned block", unaligned_block },
		{ "wide address", wide_address },
		{ "no memory there", no_such_memory },
		{ "no pointer of the machine", no_such_pointer },
		{ "empty TLBI", empty_tlbi }, { "locked twice", lock_twice },
		{ "unlocked twice", unlock_free }, { "kick", kick_nobody },
	};
	unsigned int i;

	for (i = 0; i < nitems(list); i++)
		ATF_CHECK_MSG(dies(list[i].offence), "%s", list[i].what);
}

ATF_TC_WITHOUT_HEAD(entries);
ATF_TC_BODY(entries, tc)
{
	uint64_t e = pte_leaf(PT_STAGE1, 1, PA(3ull << 30), device);

	ATF_CHECK(pte_is_leaf(e, 1) && !pte_is_table(e, 1));
	ATF_CHECK_EQ(3ull << 30, pte_pa(e, 1).v);
	ATF_CHECK(check_same(device, pte_attr(PT_STAGE1, e)));
	e = pte_derive(e, 1, 2, 6ull << 20);
	ATF_CHECK_EQ(e, pte_leaf(PT_STAGE1, 2, PA((3ull << 30) + (6ull << 20)),
	    device));
	e = pte_table(PA(0x7000));
	ATF_CHECK(pte_is_table(e, 2) && !pte_is_leaf(e, 2));
	ATF_CHECK_EQ(0x7000, pte_pa(e, 2).v);
	mem_fake_reset();
	pte_write(&slot, page(0x1000));
	ATF_CHECK_EQ(0, mem_fake_pending());
	pte_write(&slot, pte_none());
	ATF_CHECK_EQ(1, mem_fake_pending());
	port_tlb_stage2(9, IPA(0x5000), PAGE_SIZE);
	ATF_CHECK_EQ(0, mem_fake_pending());
	ATF_CHECK_EQ(9, mem_fake.tlb_vmid);
	ATF_CHECK_EQ(0x5000, mem_fake.tlb_address);
	pte_write(&slot, page(0x2000));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, offences);
	ATF_TP_ADD_TC(tp, entries);
	return (atf_no_error());
}
