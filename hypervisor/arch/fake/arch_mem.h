/*
 * Caches of the build host: answers port/mem.h; see mem_fake.h for what is
 * counted.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "arch/fake/mem_fake.h"

static inline void
port_zero_page(void *page)
{

	mem_fake_zero(page);
}

static inline void
port_clean_inval_poc(const void *start, size_t size)
{

	mem_fake_clean(start, size, true);
}

static inline void
port_sync_icache(void)
{

	mem_fake.icache++;
}
