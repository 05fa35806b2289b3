/*
 * From device tree to struct platform; see platform.h. Must not know how a
 * tree is laid out in memory, nor touch the machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>

#include "lib/string.h"
#include "platform/ext/spin_table.h"
#include "platform/ext/unnamed.h"
#include "platform/ext/unsupported.h"
#include "port/cpu.h"

static void
note(struct platform *p, const char *text)
{
	size_t n = strlen(p->note);

	print_buf(p->note + n, sizeof(p->note) - n, "%s%s",
	    n == 0 ? "" : "; ", text);
}

static const char *
string_or_empty(const struct tree_node *n, const char *name)
{
	const char *s = tree_string(n, name);

	return (s == NULL ? "" : s);
}

static int
read_chosen(struct pass *s, const struct tree_node *n)
{
	struct platform *p = s->p;

	s->stdout_path = tree_string(n, "stdout-path");
	if (s->stdout_path == NULL)
		s->stdout_path = tree_string(n, "linux,stdout-path");
	tree_u64(n, "linux,initrd-start", &p->bundle_start.v);
	tree_u64(n, "linux,initrd-end", &p->bundle_end.v);
	return (0);
}

static int
read_cpu(struct pass *s, const struct tree_node *n)
{
	struct platform *p = s->p;
	struct platform_cpu *c = &p->cpu[p->nr_cpus];
	struct platform_range r;
	struct tree_value v;
	int rv;

	if (strcmp(string_or_empty(n, "device_type"), "cpu") != 0)
		return (0);
	if (p->nr_cpus == PLATFORM_MAX_CPUS) {
		p->cpus_ignored++;
		return (0);
	}
	if ((rv = pass_reg(s, n, 0, &r)) != 1)
		return (rv < 0 ? rv : pass_fail(s, n, "reg: missing"));
	c->mpidr = r.base.v & PORT_AFFINITY;
	for (unsigned int i = 0; i < p->nr_cpus; i++)
		if (p->cpu[i].mpidr == c->mpidr)
			return (pass_fail(s, n,
			    "reg: the same as that of another CPU"));
	c->compatible = string_or_empty(n, "compatible");
	c->okay = pass_okay(n);
	tree_get(n, "enable-method", &v);
	if (tree_lists(&v, "psci"))
		c->enable = PLATFORM_ENABLE_PSCI;
	else if (tree_lists(&v, "spin-table") && spin_table_read(s, n, c) != 0)
		return (-1);
	p->nr_cpus++;
	return (0);
}

static int
read_psci(struct pass *s, const struct tree_node *n)
{
	struct platform_psci *c = &s->p->psci;
	const char *method = string_or_empty(n, "method");

	c->hvc = strcmp(method, "hvc") == 0;
	c->present = c->hvc || strcmp(method, "smc") == 0;
	if (!c->present)
		note(s->p, "psci: method: not smc or hvc");
	c->v0_1 = s->version == 0;
	c->cpu_on = tree_u32(n, "cpu_on", 0);
	return (0);
}

/*
 * The binding of GICv3 has redistributors between distributor and CPU
 * interface; GICv2 has none, and the virtual interface must be there.
 */
static int
read_gic(struct pass *s, const struct tree_node *n)
{
	unsigned int version = s->version;
	struct platform_gic *g = &s->p->gic;
	uint32_t regions = 0;
	struct tree_value v;

	/* A second GIC serves a co-processor, or hangs off the first. */
	if (g->version != 0)
		return (0);
	if (version == 3)
		regions = tree_u32(n, "#redistributor-regions", 1);
	if (regions > PLATFORM_MAX_GICR || (version == 3 && regions == 0))
		return (pass_fail(s, n, "#redistributor-regions: not 1 to 16"));
	for (uint32_t i = 0; i < 4 + regions; i++) {
		struct platform_range *r = &g->frame[i == 0 ? 0 : i <= regions ?
		    3 + i : i - regions];

		if (pass_reg(s, n, i, r) < 0)
			return (-1);
		if (r->size == 0 && (version == 2 || i <= regions))
			return (pass_fail(s, n, version == 2 ?
			    "reg: no virtual interface (GICH, GICV)" :
			    "reg: fewer entries than redistributor regions"));
	}
	g->nr_gicr = (uint8_t)regions;
	g->maybe_spaced = version == 2 && g->gicc.size >= 0x20000;
	if (tree_get(n, "redistributor-stride", &v) &&
	    (!tree_u64(n, "redistributor-stride", &g->gicr_stride) ||
	    g->gicr_stride % 0x10000 != 0))
		return (pass_fail(s, n,
		    "redistributor-stride: not a multiple of 64 KiB"));
	s->gic = tree_u32(n, "phandle", 0);
	s->gic_cells = tree_u32(n, "#interrupt-cells", 0);
	s->gic_unit_cells = tree_u32(n, "#address-cells", 0);
	if (s->gic_cells < 3 || s->gic_cells > 4)
		return (pass_fail(s, n, "#interrupt-cells: not 3 or 4"));
	tree_get(n, "interrupts", &v);
	intid_decode(s, &v, 0, false, &g->maintenance);
	g->version = (uint8_t)version;
	return (0);
}

static int
read_timer(struct pass *s, const struct tree_node *n)
{
	const struct tree_node *nexus;

	s->timer_extended = tree_get(n, "interrupts-extended", &s->timer_irqs);
	if (s->timer_extended)
		s->timer_parent = tree_cell(&s->timer_irqs, 0);
	else if (tree_get(n, "interrupts", &s->timer_irqs))
		s->timer_parent = intid_parent(n, &nexus);
	tree_get(n, "interrupt-names", &s->timer_names);
	return (0);
}

static int
read_pmu(struct pass *s, const struct tree_node *n)
{

	tree_get(n, "interrupts", &s->pmu_irqs);
	return (0);
}

/* The nodes we want, wherever they are. GICv2: with virtualisation. */
static const struct {
	char		compatible[23];
	uint8_t		version;
	int		(*read)(struct pass *s, const struct tree_node *n);
} kinds[] = {
	{ "arm,gic-v3", 3, read_gic },
	{ "arm,gic-400", 2, read_gic },
	{ "arm,cortex-a15-gic", 2, read_gic },
	{ "arm,cortex-a7-gic", 2, read_gic },
	{ "qcom,msm-qgic2", 2, read_gic },
	{ "arm,psci-1.0", 1, read_psci },
	{ "arm,psci-0.2", 1, read_psci },
	{ "arm,psci", 0, read_psci },
	{ "arm,armv8-timer", 0, read_timer },
	{ "arm,armv7-timer", 0, read_timer },
	{ "arm,armv8-pmuv3", 0, read_pmu },
};

static int
read_compatible(struct pass *s, const struct tree_node *n)
{
	const char *c = NULL;
	struct tree_value v;

	tree_get(n, "compatible", &v);
	while ((c = tree_next(&v, c)) != NULL) {
		for (unsigned int i = 0; i < nitems(kinds); i++)
			if (strcmp(c, kinds[i].compatible) == 0) {
				s->version = kinds[i].version;
				return (pass_okay(n) ? kinds[i].read(s, n) : 0);
			}
		/* "arm,cortex-a53-pmu" and its like. */
		if (strncmp(c, "arm,cortex-", 11) == 0 &&
		    strcmp(c + strlen(c) - 4, "-pmu") == 0 && pass_okay(n))
			return (read_pmu(s, n));
	}
	return (0);
}

static int
read_node(void *ctx, struct tree_node *n)
{
	struct pass *s = ctx;
	const struct tree_node *up = n->up;

	if (up == NULL) {
		s->p->model = string_or_empty(n, "model");
	} else if (up->up == NULL) {
		if (strcmp(n->name, "chosen") == 0)
			return (read_chosen(s, n));
		if (strcmp(string_or_empty(n, "device_type"), "memory") == 0)
			return (pass_okay(n) ? ram_read(s, n, &s->p->ram) : 0);
	} else if (up->up->up == NULL) {
		if (strcmp(up->name, "cpus") == 0)
			return (read_cpu(s, n));
		if (strcmp(up->name, "reserved-memory") == 0)
			return (pass_okay(n) ?
			    ram_read(s, n, &s->p->reserved) : 0);
	}
	return (read_compatible(s, n));
}

/* One of the timer's interrupts; without names it is the one at i. */
static void
timer_irq(const struct pass *s, const char *name, unsigned int i,
    struct platform_irq *irq)
{
	const char *e = NULL;

	if (s->timer_names.data != NULL)
		for (i = 0; (e = tree_next(&s->timer_names, e)) != NULL &&
		    strcmp(e, name) != 0; i++)
			;
	if (e != NULL || s->timer_names.data == NULL)
		intid_decode(s, &s->timer_irqs, i, s->timer_extended, irq);
}

static int
check_timer(struct pass *s)
{
	struct platform_timer *m = &s->p->timer;
	const char *why = NULL;

	timer_irq(s, "virt", 2, &m->virt);
	timer_irq(s, "hyp-phys", 3, &m->hyp);
	if (s->timer_irqs.data == NULL)
		why = "no arm,armv8-timer with interrupts";
	else if (s->timer_parent != s->gic)
		why = "its interrupts do not go to the GIC";
	else if (m->virt.intid == 0 || m->hyp.intid == 0)
		why = "no virtual or hypervisor timer interrupt";
	return (why == NULL ? 0 :
	    pass_fail(s, NULL, "no supported timer: %s", why));
}

static void
check_rest(struct platform *p)
{
	unsigned int none = 0;

	for (unsigned int i = 0; i < p->nr_cpus; i++) {
		if (p->cpu[i].enable == PLATFORM_ENABLE_PSCI &&
		    !p->psci.present)
			p->cpu[i].enable = PLATFORM_ENABLE_NONE;
		none += p->cpu[i].enable == PLATFORM_ENABLE_NONE;
	}
	if (none != 0 && p->nr_cpus > 1)
		note(p, "some CPUs have no way to be started");
	if (p->cpus_ignored != 0)
		note(p, "more than 64 CPUs, the rest is not used");
	if (p->bundle_end.v <= p->bundle_start.v) {
		if (p->bundle_end.v != 0 || p->bundle_start.v != 0)
			note(p, "/chosen: linux,initrd-end is not above "
			    "linux,initrd-start");
		p->bundle_start = p->bundle_end = PA(0);
	} else if (!extent_meets(&p->ram, p->bundle_start.v,
	    p->bundle_end.v - p->bundle_start.v)) {
		note(p, "/chosen: linux,initrd-start is not in RAM");
		p->bundle_start = p->bundle_end = PA(0);
	}
}

int
platform_discover(struct platform *p, const void *dtb, size_t max,
    char *err, size_t errlen)
{
	struct pass s = { .p = p, .err = err, .errlen = errlen };
	char why[128];

	memset(p, 0, sizeof(*p));
	p->model = p->console.path = "";
	if (tree_open(&s.root, dtb, max, err, errlen) != 0)
		return (-1);
	p->dtb_size = fdt_totalsize(dtb);
	struct tree_node root = s.root;
	int rv = tree_walk(&root, read_node, &s);

	/* Whatever else is wrong, it can be said if there is a console. */
	s.err = why;
	s.errlen = sizeof(why);
	if (console_find(&s) != 0) {
		note(p, why);
		root = s.root;
		tree_walk(&root, unnamed_console, &s);
	}
	s.err = err;
	s.errlen = errlen;
	if (rv != 0)
		return (-1);

	intid_decode(&s, &s.pmu_irqs, 0, false, &p->pmu);
	check_rest(p);
	if (p->gic.version == 0)
		return (unsupported_intc(&s));
	if (check_timer(&s) != 0)
		return (-1);
	if (p->nr_cpus == 0)
		return (pass_fail(&s, NULL,
		    "no supported CPU: none under /cpus"));
	/* Last: trees as built leave RAM to the boot loader to fill in. */
	if (ram_finish(&s, dtb) != 0)
		return (-1);
	if (p->ram.n == 0)
		return (pass_fail(&s, NULL, p->ram_total == 0 ?
		    "no supported RAM: no memory node has any" :
		    "no supported RAM: all of it is reserved"));
	return (0);
}
