/*
 * Debian's libfdt is compiled with stack protection and asks for these.
 * The rest of the hypervisor is not: its stacks end in guard pages.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdint.h>

extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = (uintptr_t)0x5ca1ab1e0ddba11ull;

void __stack_chk_fail(void) __attribute__((noreturn));

void
__stack_chk_fail(void)
{

	/* An illegal instruction: the vectors panic with a back-trace. */
	__builtin_trap();
}
