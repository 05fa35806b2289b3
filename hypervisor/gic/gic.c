/*
 * Which interrupt controller drives this machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "gic/gic.h"
#include "lib/print.h"
#include "platform/platform.h"
#include "port/cpu.h"
#include "port/lr.h"

const struct gic_ops *gic;
const struct lr_ops *lr_ops;

int
gic_init(const struct platform_gic *g, char *err, size_t len)
{

	gic = g->version == 3 ? &gicv3_ops : &gicv2_ops;
	return (gic->init(g, err, len));
}

void
gic_enable_private(const unsigned int *intids, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (intids[i] >= 16 && intids[i] < 32)
			gic->enable(intids[i], false);
}

void
port_kick_cpu(unsigned int cpu)
{

	gic->kick(cpu);
}
