/*
 * Buses with addresses of their own (Devicetree Specification v0.4, 2.3.8).
 * Must not know what is on them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "platform/pass.h"

/* From an address on bus to that on its parent. What is wrong, or NULL. */
const char *bus_translate(const struct tree_node *bus,
	    const struct tree_value *ranges, uint64_t *addr);
