/*
 * Caches and bulk memory. <arch_mem.h>, found by the include path, supplies
 * static inline versions.
 *
 *	void port_zero_page(void *page)		4 KiB, and cleaned to PoC: a
 *		guest may read it with its caches off
 *	void port_clean_inval_poc(const void *, size_t)	to PoC
 *	void port_sync_icache(void)		all instruction caches, inner
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"
#include <arch_mem.h>
