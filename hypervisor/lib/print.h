/*
 * Formatted output to wherever the current sink points: the console, a
 * buffer. Knows nothing of UARTs or locks.
 * Formats: %s %d %u %x %lx %ld %lu %llx %llu %zu %p %%, with - flag, 0 flag,
 * width, and precision of %s by *.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <stdarg.h>
#include "lib/types.h"

#define	PRINTF_LIKE(f, a)	__attribute__((format(printf, f, a)))

/* Calls put(ctx, c) for each character. Returns how many. */
int	print_to(void (*put)(void *ctx, char c), void *ctx, const char *fmt,
	    va_list ap) PRINTF_LIKE(3, 0);
/* What is wrong, in a line of PRINT_LINE characters. Returns -1. */
#define	PRINT_LINE	160
int	print_fail(char *line, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* As vsnprintf(3), snprintf(3). */
int	print_va(char *buf, size_t size, const char *fmt, va_list ap)
	    PRINTF_LIKE(3, 0);
int	print_buf(char *buf, size_t size, const char *fmt, ...)
	    PRINTF_LIKE(3, 4);
