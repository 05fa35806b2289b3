/*
 * The hypervisor's own lines on the console: one line a call, whole lines
 * even when several CPUs speak.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/print.h"

struct vm;

void	log_line(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* "vm NAME: ..." */
void	log_vm(const struct vm *vm, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "PANIC: ..." */
void	log_panic(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);
