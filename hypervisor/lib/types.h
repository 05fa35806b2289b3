/*
 * The integer types of the hypervisor, and addresses that cannot be mixed
 * up: a pa_t (physical) and an ipa_t (intermediate physical, a guest's idea
 * of physical) are different types to the compiler. Knows nothing else.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct { uint64_t v; } pa_t;
typedef struct { uint64_t v; } ipa_t;

#define	PA(x)		((pa_t){ (x) })
#define	IPA(x)		((ipa_t){ (x) })

#define	PAGE_SHIFT	12
#define	PAGE_SIZE	4096ul
#define	PAGE_COUNT(bytes)	(((bytes) + PAGE_SIZE - 1) / PAGE_SIZE)
#define	BLOCK_SIZE	(2ul << 20)	/* level-2 block, 4 KiB granule */

#define	nitems(a)	(sizeof(a) / sizeof((a)[0]))
#define	round_down(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define	round_up(x, a)	round_down((x) + (a) - 1, (a))
#define	container_of(p, type, member)					\
	((type *)((char *)(p) - offsetof(type, member)))
#define	likely(x)	__builtin_expect(!!(x), 1)
#define	unlikely(x)	__builtin_expect(!!(x), 0)
