/*
 * The hypervisor's own lines on the console: one line a call, whole lines
 * even when several CPUs speak.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/print.h"

void	log_line(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* What is to be said of one VM; fmt is a literal. */
#define	log_vm(vm, fmt, ...)						\
	log_line("vm %s: " fmt, (vm)->config.name, ##__VA_ARGS__)
