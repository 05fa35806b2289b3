/*
 * Interrupts that go to the GIC through an interrupt-map (Devicetree
 * Specification v0.4, 2.4.3).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "platform/pass.h"

/* n's interrupt, which spec tells, by nexus' map; if none, irq stays. */
void	nexus_map(const struct pass *s, const struct tree_node *n,
	    const struct tree_node *nexus, const struct tree_value *spec,
	    struct platform_irq *irq);
