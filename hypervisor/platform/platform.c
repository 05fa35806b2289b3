/*
 * From device tree to struct platform; see platform.h. Must not know how a
 * tree is laid out in memory (tree.c), nor touch the machine.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <libfdt.h>

#include "lib/print.h"
#include "lib/string.h"
#include "platform/console.h"
#include "platform/intid.h"
#include "platform/ram.h"
#include "platform/tree.h"

#define	MPIDR_AFFINITY	0xff00ffffffull	/* DDI 0487 D19.2.101 */

/* struct tree_frame.kind */
enum { OTHER, CPUS, RESERVED };

/* What is needed until the end of the pass. */
struct pass {
	struct platform	*p;
	struct console_wish console;
	struct tree_value timer_irqs;
	const char	*timer_names[5];
	uint32_t	timer_parent;
	struct tree_value pmu_irqs;
	bool		pmu;
	bool		timer, timer_extended, memory_node, psci_odd;
	uint32_t	gic_phandle, gic_cells;
	const char	*gic_odd;	/* why a GIC found will not do */
	const char	*intc;		/* compatible of what we do not know */
	uint32_t	intc_phandle;
};

/* GICv2 with virtualisation (IHI 0048, chapter 5), by compatible string. */
static const char *const gicv2[] = {
	"arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic",
	"qcom,msm-qgic2",
};

static void
platform_chosen(struct tree *t, struct pass *s)
{
	struct platform *p = s->p;
	const char *args;
	uint64_t v;

	s->console.path = tree_string(t, TREE_STDOUT_PATH);
	if (s->console.path == NULL)
		s->console.path = tree_string(t, TREE_LINUX_STDOUT_PATH);
	if ((args = tree_string(t, TREE_BOOTARGS)) != NULL)
		p->bootargs = args;
	if (tree_u64(t, TREE_INITRD_START, &v))
		p->bundle_start = PA(v);
	if (tree_u64(t, TREE_INITRD_END, &v))
		p->bundle_end = PA(v);
}

static int
platform_cpu(struct tree *t, struct pass *s)
{
	struct platform *p = s->p;
	struct platform_cpu *c = &p->cpu[p->nr_cpus];
	uint64_t id, none;
	const char *str;
	unsigned int i;
	int rv;

	if (p->nr_cpus == PLATFORM_MAX_CPUS) {
		p->cpus_ignored++;
		return (0);
	}
	if ((rv = tree_reg(t, 0, &id, &none)) != 1)
		return (rv < 0 ? rv : tree_fail(t, "reg", "missing"));
	c->mpidr = id & MPIDR_AFFINITY;
	for (i = 0; i < p->nr_cpus; i++)
		if (p->cpu[i].mpidr == c->mpidr)
			return (tree_fail(t, "reg",
			    "the same as that of another CPU"));
	str = tree_string(t, TREE_COMPATIBLE);
	c->compatible = str == NULL ? "" : str;
	c->okay = t->frame[t->depth].okay;
	c->release = 0;
	c->enable = PLATFORM_ENABLE_NONE;
	if (tree_lists(t, TREE_ENABLE_METHOD, "psci"))
		c->enable = PLATFORM_ENABLE_PSCI;
	else if (tree_lists(t, TREE_ENABLE_METHOD, "spin-table")) {
		if (!tree_u64(t, TREE_CPU_RELEASE_ADDR, &c->release) ||
		    c->release == 0 || (c->release & 7) != 0)
			return (tree_fail(t, "cpu-release-addr",
			    "not an address of 64 bits"));
		c->enable = PLATFORM_ENABLE_SPIN_TABLE;
	}
	p->nr_cpus++;
	return (0);
}

static void
platform_psci(struct tree *t, struct pass *s)
{
	struct platform_psci *c = &s->p->psci;
	const char *method = tree_string(t, TREE_METHOD);

	if (method == NULL ||
	    (strcmp(method, "smc") != 0 && strcmp(method, "hvc") != 0)) {
		s->psci_odd = true;
		return;
	}
	c->present = true;
	c->hvc = method[0] == 'h';
	c->v0_1 = !tree_lists(t, TREE_COMPATIBLE, "arm,psci-1.0") &&
	    !tree_lists(t, TREE_COMPATIBLE, "arm,psci-0.2");
	c->cpu_on = tree_u32(t, TREE_CPU_ON, 0, 0);
	c->cpu_off = tree_u32(t, TREE_CPU_OFF, 0, 0);
	c->cpu_suspend = tree_u32(t, TREE_CPU_SUSPEND, 0, 0);
}

static int
platform_frame(struct tree *t, unsigned int i, struct platform_range *r)
{
	uint64_t base, size;
	int rv;

	if ((rv = tree_reg(t, i, &base, &size)) == 1)
		*r = (struct platform_range){ PA(base), size };
	return (rv);
}

static int
platform_gicv2(struct tree *t, struct pass *s)
{
	struct platform_gic *g = &s->p->gic;
	struct platform_range *const r[] = {
		&g->gicd, &g->gicc, &g->gich, &g->gicv,
	};
	unsigned int i;
	int rv;

	for (i = 0; i < nitems(r); i++)
		if ((rv = platform_frame(t, i, r[i])) < 0)
			return (rv);
	if (g->gicd.size == 0 || g->gicc.size == 0)
		return (tree_fail(t, "reg", "no distributor or CPU interface"));
	if (g->gich.size == 0 || g->gicv.size == 0) {
		s->gic_odd = "its reg has no virtual interface (GICH, GICV)";
		return (0);
	}
	g->maybe_spaced = g->gicc.size >= 0x20000;
	g->version = 2;
	return (0);
}

static int
platform_gicv3(struct tree *t, struct pass *s)
{
	struct platform_gic *g = &s->p->gic;
	struct platform_range *const r[] = { &g->gicc, &g->gich, &g->gicv };
	uint32_t n = tree_u32(t, TREE_GICR_REGIONS, 0, 1);
	unsigned int i;
	int rv;

	if (n == 0 || n > PLATFORM_MAX_GICR)
		return (tree_fail(t, "#redistributor-regions",
		    "not 1 to 16"));
	if ((rv = platform_frame(t, 0, &g->gicd)) < 0)
		return (rv);
	for (i = 0; i < n; i++)
		if ((rv = platform_frame(t, 1 + i, &g->gicr[i])) < 0)
			return (rv);
	for (i = 0; i < nitems(r); i++)
		if ((rv = platform_frame(t, 1 + n + i, r[i])) < 0)
			return (rv);
	if (g->gicd.size == 0 || g->gicr[n - 1].size == 0)
		return (tree_fail(t, "reg",
		    "fewer entries than redistributor regions"));
	if (tree_has(t, TREE_GICR_STRIDE) &&
	    (!tree_u64(t, TREE_GICR_STRIDE, &g->gicr_stride) ||
	    (g->gicr_stride & 0xffff) != 0))
		return (tree_fail(t, "redistributor-stride",
		    "not a multiple of 64 KiB"));
	g->nr_gicr = (uint8_t)n;
	g->version = 3;
	return (0);
}

static int
platform_intc(struct tree *t, struct pass *s, const char *compatible)
{
	struct platform_gic *g = &s->p->gic;
	const struct tree_frame *f = &t->frame[t->depth];
	int rv;

	/* A second GIC serves a co-processor, or hangs off the first. */
	if (g->version != 0)
		return (0);
	g->compatible = compatible;
	rv = strcmp(compatible, "arm,gic-v3") == 0 ? platform_gicv3(t, s) :
	    platform_gicv2(t, s);
	if (rv != 0)
		return (rv);
	s->gic_phandle = f->phandle;
	s->gic_cells = f->irq_cells;
	if (f->irq_cells < 3 || f->irq_cells > 4)
		return (tree_fail(t, "#interrupt-cells", "not 3 or 4"));
	if (tree_has(t, TREE_INTERRUPTS))
		intid_decode(&t->prop[TREE_INTERRUPTS], 0, f->irq_cells, 0,
		    &g->maintenance);
	return (0);
}

static void
platform_timer(struct tree *t, struct pass *s)
{
	const char *name = NULL;
	unsigned int i;

	s->timer_extended = tree_has(t, TREE_INTERRUPTS_EXTENDED);
	s->timer = s->timer_extended || tree_has(t, TREE_INTERRUPTS);
	if (!s->timer)
		return;
	if (s->timer_extended) {
		s->timer_irqs = t->prop[TREE_INTERRUPTS_EXTENDED];
		s->timer_parent = s->timer_irqs.len < 4 ? 0 :
		    tree_cell(&s->timer_irqs, 0);
	} else {
		s->timer_irqs = t->prop[TREE_INTERRUPTS];
		s->timer_parent = t->frame[t->depth].irq_parent;
	}
	s->p->timer.frequency = tree_u32(t, TREE_CLOCK_FREQUENCY, 0, 0);
	for (i = 0; i < nitems(s->timer_names); i++) {
		name = tree_next(t, TREE_INTERRUPT_NAMES, name);
		if (name == NULL)
			break;
		s->timer_names[i] = name;
	}
}

/* Is the node this? 0: yes, and dealt with; 1: no; -1: broken. */
static int
platform_compatible(struct tree *t, struct pass *s, const char *c)
{
	unsigned int i;

	if (strcmp(c, "arm,gic-v3") == 0)
		return (platform_intc(t, s, c));
	for (i = 0; i < nitems(gicv2); i++)
		if (strcmp(c, gicv2[i]) == 0)
			return (platform_intc(t, s, c));
	if (strncmp(c, "arm,psci", 8) == 0)
		platform_psci(t, s);
	else if (strcmp(c, "arm,armv8-timer") == 0 ||
	    strcmp(c, "arm,armv7-timer") == 0)
		platform_timer(t, s);
	else if (strcmp(c, "arm,armv8-pmuv3") == 0 ||
	    (strncmp(c, "arm,cortex-", 11) == 0 && strstr(c, "-pmu"))) {
		s->pmu = tree_has(t, TREE_INTERRUPTS);
		s->pmu_irqs = t->prop[TREE_INTERRUPTS];
	} else
		return (1);
	return (0);
}

static int
platform_node(struct tree *t, void *ctx)
{
	struct pass *s = ctx;
	struct tree_frame *f = &t->frame[t->depth];
	const char *c = NULL, *str;
	int rv;

	if (t->depth == 0) {
		str = tree_string(t, TREE_MODEL);
		s->p->model = str == NULL ? "" : str;
		s->intc_phandle = f->irq_parent;
		return (0);
	}
	if (f[-1].kind == CPUS) {
		str = tree_string(t, TREE_DEVICE_TYPE);
		return (str != NULL && strcmp(str, "cpu") == 0 ?
		    platform_cpu(t, s) : 0);
	}
	if (!f->okay)
		return (0);
	if (f[-1].kind == RESERVED)
		return (ram_reserved(s->p, t));
	if (t->depth == 1) {
		if (strcmp(f->name, "chosen") == 0)
			platform_chosen(t, s);
		else if (strcmp(f->name, "aliases") == 0)
			s->console.aliases = t->first;
		else if (strcmp(f->name, "cpus") == 0)
			f->kind = CPUS;
		else if (strcmp(f->name, "reserved-memory") == 0)
			f->kind = RESERVED;
		else if (tree_lists(t, TREE_DEVICE_TYPE, "memory")) {
			s->memory_node = true;
			return (ram_bank(s->p, t));
		}
	}
	while ((c = tree_next(t, TREE_COMPATIBLE, c)) != NULL)
		if ((strncmp(c, "arm,", 4) == 0 || c[0] == 'q') &&
		    (rv = platform_compatible(t, s, c)) != 1)
			return (rv);
	return (0);
}

/* Looks for the interrupt controller that is not what we hoped for. */
static int
platform_find_intc(struct tree *t, void *ctx)
{
	struct pass *s = ctx;

	if (s->intc_phandle == 0 ||
	    t->frame[t->depth].phandle != s->intc_phandle)
		return (0);
	s->intc = tree_string(t, TREE_COMPATIBLE);
	return (1);
}

static int
platform_no(struct tree *t, const char *what, const char *why)
{

	print_buf(t->err, t->errlen, "no supported %s: %s", what, why);
	return (-1);
}

static int
platform_check_gic(struct tree *t, struct pass *s)
{
	char why[96];

	if (s->p->gic.version != 0)
		return (0);
	if (s->gic_odd != NULL) {
		print_buf(why, sizeof(why), "%s, but %s",
		    s->p->gic.compatible, s->gic_odd);
		return (platform_no(t, "interrupt controller", why));
	}
	/* The timer's: what the CPUs' own interrupts go through. */
	if (s->timer_parent != 0)
		s->intc_phandle = s->timer_parent;
	if (tree_walk(t, platform_find_intc, s) < 0)
		return (-1);
	print_buf(why, sizeof(why), "found %s",
	    s->intc == NULL ? "none" : s->intc);
	return (platform_no(t, "interrupt controller", why));
}

static int
platform_check_timer(struct tree *t, struct pass *s)
{
	struct platform_timer *m = &s->p->timer;
	const struct {
		const char	*name;
		struct platform_irq *irq;
	} want[] = {
		{ "sec-phys", &m->secure }, { "phys", &m->phys },
		{ "virt", &m->virt }, { "hyp-phys", &m->hyp },
		{ "hyp-virt", &m->hyp_virt },
	};
	unsigned int i, j;

	if (!s->timer)
		return (platform_no(t, "timer",
		    "no arm,armv8-timer with interrupts"));
	if (s->timer_parent != s->gic_phandle)
		return (platform_no(t, "timer",
		    "its interrupts do not go to the GIC"));
	for (i = 0; i < nitems(want); i++) {
		/* Without names they come in this order. */
		for (j = 0; s->timer_names[0] != NULL &&
		    j < nitems(s->timer_names); j++)
			if (s->timer_names[j] != NULL &&
			    strcmp(s->timer_names[j], want[i].name) == 0)
				break;
		intid_decode(&s->timer_irqs,
		    s->timer_names[0] != NULL ? j : i, s->gic_cells,
		    s->timer_extended ? s->gic_phandle : 0, want[i].irq);
	}
	if (m->virt.intid == 0 || m->hyp.intid == 0)
		return (platform_no(t, "timer",
		    "no virtual or hypervisor timer interrupt"));
	return (0);
}

static void
platform_note(struct platform *p, const char *text)
{
	size_t n = strlen(p->note);

	print_buf(p->note + n, sizeof(p->note) - n, "%s%s",
	    n == 0 ? "" : "; ", text);
}

static void
platform_check_rest(struct pass *s)
{
	struct platform *p = s->p;
	unsigned int i, none = 0;

	if (s->pmu)
		intid_decode(&s->pmu_irqs, 0, s->gic_cells, 0, &p->pmu);
	for (i = 0; i < p->nr_cpus; i++) {
		if (p->cpu[i].enable == PLATFORM_ENABLE_PSCI &&
		    !p->psci.present)
			p->cpu[i].enable = PLATFORM_ENABLE_NONE;
		none += p->cpu[i].enable == PLATFORM_ENABLE_NONE;
	}
	if (s->psci_odd && !p->psci.present)
		platform_note(p, "psci: method: not smc or hvc");
	if (none != 0 && p->nr_cpus > 1)
		platform_note(p, "some CPUs have no way to be started");
	if (p->cpus_ignored != 0)
		platform_note(p, "more than 64 CPUs, the rest is not used");
	if (p->bundle_end.v <= p->bundle_start.v) {
		if (p->bundle_start.v != 0 || p->bundle_end.v != 0)
			platform_note(p, "/chosen: linux,initrd-end is not "
			    "above linux,initrd-start");
		p->bundle_start = p->bundle_end = PA(0);
	}
}

static int
platform_read(struct platform *p, const void *dtb, size_t max, char *err,
    size_t errlen)
{
	struct tree t;
	struct pass s = { .p = p };
	char why[128] = "";
	int rv;

	memset(p, 0, sizeof(*p));
	p->bootargs = p->model = p->console.path = "";
	if (tree_open(&t, dtb, max, err, errlen) != 0)
		return (-1);
	p->dtb_size = fdt_totalsize(dtb);
	rv = tree_walk(&t, platform_node, &s);

	/* Whatever else is wrong, it can be said if there is a console. */
	t.err = why;
	t.errlen = sizeof(why);
	console_find(&t, &s.console, s.gic_phandle, s.gic_cells, p);
	if (why[0] != '\0')
		platform_note(p, why);
	t.err = err;
	t.errlen = errlen;
	if (rv != 0)
		return (-1);

	platform_check_rest(&s);
	if (platform_check_gic(&t, &s) != 0 ||
	    platform_check_timer(&t, &s) != 0)
		return (-1);
	if (p->nr_cpus == 0)
		return (platform_no(&t, "CPU", "none under /cpus"));
	/* Last: trees as built leave RAM to the boot loader to fill in. */
	if (ram_finish(p, &t) != 0)
		return (-1);
	if (p->nr_ram == 0)
		return (platform_no(&t, "RAM", !s.memory_node ?
		    "no node with device_type memory" :
		    "the memory nodes give none that is free"));
	return (0);
}

/* Names are quoted from the tree, and may be anything. */
static void
platform_printable(char *s)
{

	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

int
platform_discover(struct platform *p, const void *dtb, size_t max,
    char *err, size_t errlen)
{
	int rv = platform_read(p, dtb, max, err, errlen);

	platform_printable(p->note);
	if (rv != 0 && errlen != 0)
		platform_printable(err);
	return (rv);
}

int
platform_reserve(struct platform *p, pa_t base, uint64_t size)
{

	return (ram_take(p, base.v, size));
}
