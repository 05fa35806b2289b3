/*
 * Debian's libfdt is compiled with stack protection and asks for these, as
 * do our own readers of bundles and images (build.mk). The exit path is not:
 * it has next to no arrays, and an exit is a few dozen instructions. All
 * stacks end in guard pages. The word is no secret: it is for our mistakes.
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
