/*
 * The device tree of a guest; see bundle.h. What every VM has is written in
 * guest.dtsi, which dtc makes trees of at build time; here is what
 * differs from VM to VM.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>
#include "vmm/bundle.h"
#include "lib/dtw.h"
#include "lib/string.h"
#include "vmm/guest_tree.h"

#define	ADDED_BYTES	640		/* nodes below, less names and vCPUs */
#define	ADDED_NAMES	192

static void
chosen(struct dtw *t, const struct guest_fdt *g)
{

	dtw_node(t, "chosen");
	dtw_string(t, "stdout-path", "/pl011@9000000");
	if (g->bootargs[0] != '\0')
		dtw_string(t, "bootargs", g->bootargs);
	if (g->initrd_size != 0) {
		DTW_CELLS(t, "linux,initrd-start", DTW_PAIR(g->initrd.v));
		DTW_CELLS(t, "linux,initrd-end",
		    DTW_PAIR(g->initrd.v + g->initrd_size));
	}
	dtw_end(t);
}

static void
cpus(struct dtw *t, const struct vm_config *c)
{

	dtw_node(t, "cpus");
	DTW_CELLS(t, "#address-cells", 1);
	DTW_CELLS(t, "#size-cells", 0);
	for (unsigned int i = 0; i < c->nvcpus; i++) {
		dtw_node(t, "cpu@%x", i);
		dtw_string(t, "device_type", "cpu");
		dtw_string(t, "compatible", c->image.aarch32 ? "arm,armv7" :
		    "arm,armv8");
		DTW_CELLS(t, "reg", i);
		dtw_string(t, "enable-method", "psci");
		dtw_end(t);
	}
	dtw_end(t);
}

/* What every VM has: guest.dtsi. */
static const void *
base(const struct guest_fdt *g)
{

	return (g->config->extra.its ? guest_gicv3_its :
	    g->config->gic == 3 ? guest_gicv3 : guest_gicv2);
}

static size_t
names_bound(const struct guest_fdt *g)
{
	const struct vm_config *c = g->config;

	return (fdt_size_dt_strings(base(g)) + ADDED_NAMES +
	    c->nvcpus * 48ul + c->fdt_bytes / 4);
}

size_t
guest_fdt_bound(const struct guest_fdt *g)
{

	return (fdt_size_dt_struct(base(g)) + ADDED_BYTES + names_bound(g) +
	    strlen(g->bootargs) + g->config->nvcpus * 144ul +
	    g->config->fdt_bytes);
}

size_t
guest_fdt_write(const struct guest_fdt *g, void *buf, size_t size)
{
	const struct vm_config *c = g->config;
	struct dtw w, *t = &w;

	dtw_start(t, buf, size, names_bound(g), base(g));
	dtw_node(t, "memory@40000000");
	dtw_string(t, "device_type", "memory");
	DTW_CELLS(t, "reg", DTW_PAIR(c->ram_base), DTW_PAIR(c->memory));
	dtw_end(t);
	chosen(t, g);
	cpus(t, c);
	if (g->pmu) {
		dtw_node(t, "pmu");
		dtw_string(t, "compatible", "arm,armv8-pmuv3");
		DTW_CELLS(t, "interrupts", 1, MACHINE_PMU_INTID - 16,
		    c->gic == 3 ? 4 : 0xff04);
		dtw_end(t);
	}
	if (g->vm != NULL)
		passthrough_write(t, *g->vm);
	if (c->fdt_bytes != 0)
		host.devices->tree(t, c);
	return (dtw_finish(t));
}
