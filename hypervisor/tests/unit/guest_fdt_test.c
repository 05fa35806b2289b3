/*
 * The device tree of a guest against the one that QEMU 7.2 gives to what
 * runs on its virt machine (fixtures/dt, with its provenance): each node of
 * ours is there, and each property has the same value, but for those that
 * are ours on purpose.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <atf-c.h>
#include <libfdt.h>

#include "bundle_trees.h"
#include "vmm/bundle.h"

struct host host;
static uint64_t buf[4096];
static struct vm_config config;
static struct guest_fdt g;

/* Nothing is read of a bundle here. */
struct vm *
vm_by_index(unsigned int i)
{

	(void)i;
	return (NULL);
}

void
log_line(const char *fmt, ...)
{

	(void)fmt;
}

static void
fresh(unsigned int gic, unsigned int nvcpus)
{

	config = (struct vm_config){ .nvcpus = nvcpus, .gic = gic,
	    .memory = 512ull << 20, .ram_base = MACHINE_RAM_BASE };
	g = (struct guest_fdt){ .config = &config, .bootargs = "",
	    .pmu = true };
}

static void
write_tree(void)
{
	size_t n = guest_fdt_write(&g, buf, guest_fdt_bound(&g));

	ATF_REQUIRE(guest_fdt_bound(&g) <= sizeof(buf));
	ATF_REQUIRE(n != 0);
	ATF_CHECK_EQ(n, fdt_totalsize(buf));
	ATF_REQUIRE_EQ(0, fdt_check_full(buf, n));
}

static int
node(const char *path)
{
	int n = fdt_path_offset(buf, path);

	ATF_REQUIRE_MSG(n >= 0, "no %s", path);
	return (n);
}

static void
cells(const char *path, const char *name, const uint32_t *v, unsigned int n)
{
	const fdt32_t *p;
	unsigned int i;
	int len;

	p = fdt_getprop(buf, node(path), name, &len);
	ATF_REQUIRE_MSG(p != NULL, "no %s in %s", name, path);
	ATF_REQUIRE_EQ_MSG((int)n * 4, len, "%s: %s: %d bytes", path, name,
	    len);
	for (i = 0; i < n; i++)
		ATF_CHECK_EQ_MSG(v[i], fdt32_to_cpu(p[i]), "%s: %s: cell %u "
		    "is 0x%x", path, name, i, fdt32_to_cpu(p[i]));
}

#define	CELLS(path, name, ...) do {					\
	const uint32_t v_[] = { __VA_ARGS__ };				\
									\
	cells(path, name, v_, sizeof(v_) / 4);				\
} while (0)

static void
string(const char *path, const char *name, const char *s)
{
	const char *p;
	int len;

	p = fdt_getprop(buf, node(path), name, &len);
	ATF_REQUIRE_MSG(p != NULL, "no %s in %s", name, path);
	ATF_CHECK_EQ_MSG((int)strlen(s) + 1, len, "%s: %s", path, name);
	ATF_CHECK_STREQ(s, p);
}

/* Where we differ from QEMU, and why. */
static const char *const ours[] = {
	"/psci:method",			/* HVC: EL2 is us */
	"/intc@8000000:reg",		/* redistributors of 8 CPUs; no GICH
					   and GICV for a guest */
	"/timer:interrupts",		/* GICv2: for all CPUs there can be */
	"/pmu:interrupts",
	"/cpus/cpu@0:compatible",	/* whatever the CPU is */
	"/cpus/cpu@0:enable-method",	/* QEMU: not for one CPU */
};

static void
compare(const atf_tc_t *tc, const char *fixture)
{
	static char text[256];
	char path[128];
	const void *theirs, *ap, *bp;
	const char *name;
	int a, b, p, alen, blen, props = 0;
	size_t size;
	void *qemu;
	unsigned int i;

	write_tree();
	qemu = trees_make(tc, fixture, "", &size);
	theirs = qemu;
	for (a = 0; a >= 0; a = fdt_next_node(buf, a, NULL)) {
		ATF_REQUIRE_EQ(0, fdt_get_path(buf, a, path, sizeof(path)));
		b = fdt_path_offset(theirs, path);
		ATF_CHECK_MSG(b >= 0, "QEMU has no %s", path);
		fdt_for_each_property_offset(p, buf, a) {
			ap = fdt_getprop_by_offset(buf, p, &name, &alen);
			snprintf(text, sizeof(text), "%s:%s", path, name);
			for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
				if (strcmp(text, ours[i]) == 0)
					break;
			if (i < sizeof(ours) / sizeof(ours[0]))
				continue;
			bp = fdt_getprop(theirs, b, name, &blen);
			ATF_CHECK_MSG(bp != NULL && alen == blen &&
			    memcmp(ap, bp, (size_t)alen) == 0,
			    "%s is not as QEMU's", text);
			props++;
		}
	}
	/* The comparison is not of nothing. */
	ATF_CHECK_EQ_MSG((config.gic == 3 ? 43 : 42) + (config.extra.its ?
	    5 : 0), props, "%d", props);
	free(qemu);
}

ATF_TC_WITHOUT_HEAD(as_qemu_gicv3);
ATF_TC_BODY(as_qemu_gicv3, tc)
{

	fresh(3, 1);
	compare(tc, "dt/qemu-virt-gicv3-cpu1-512M.dts");
	CELLS("/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000,
	    0, 0x100000);
	CELLS("/timer", "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	CELLS("/pmu", "interrupts", 1, 7, 4);
	ATF_CHECK(fdt_path_offset(buf, "/intc@8000000/its@8080000") < 0);
	config.extra.its = true;
	compare(tc, "dt/qemu-virt-gicv3-cpu1-512M.dts");
	CELLS("/intc@8000000/its@8080000", "reg", 0, 0x8080000, 0, 0x20000);
}

ATF_TC_WITHOUT_HEAD(as_qemu_gicv2);
ATF_TC_BODY(as_qemu_gicv2, tc)
{

	fresh(2, 1);
	compare(tc, "dt/qemu-virt-gicv2-cpu1-512M.dts");
	CELLS("/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x8010000,
	    0, 0x2000);
}

ATF_TC_WITHOUT_HEAD(eight_cpus);
ATF_TC_BODY(eight_cpus, tc)
{
	char path[16];
	uint32_t i;

	fresh(3, 8);
	write_tree();
	for (i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "/cpus/cpu@%u", i);
		CELLS(path, "reg", i);
		string(path, "enable-method", "psci");
		string(path, "device_type", "cpu");
		string(path, "compatible", "arm,armv8");
	}
	ATF_CHECK(fdt_path_offset(buf, "/cpus/cpu@8") < 0);
	string("/psci", "method", "hvc");
	CELLS("/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000,
	    0, 0x100000);
	/* GICv2 names the CPUs in the flags of a PPI. */
	fresh(2, 8);
	write_tree();
	CELLS("/timer", "interrupts", 1, 13, 0xff04, 1, 14, 0xff04, 1, 11,
	    0xff04, 1, 10, 0xff04);
	CELLS("/pmu", "interrupts", 1, 7, 0xff04);
}

ATF_TC_WITHOUT_HEAD(chosen);
ATF_TC_BODY(chosen, tc)
{

	fresh(3, 1);
	g.bootargs = "a b=\"c\"";
	g.initrd = IPA(0x1fffff000);
	g.initrd_size = 0x2001;
	config.memory = 0x123456000;
	g.pmu = false;
	write_tree();
	string("/chosen", "bootargs", "a b=\"c\"");
	string("/chosen", "stdout-path", "/pl011@9000000");
	CELLS("/chosen", "linux,initrd-start", 1, 0xfffff000);
	CELLS("/chosen", "linux,initrd-end", 2, 0x1001);
	CELLS("/memory@40000000", "reg", 0, 0x40000000, 1, 0x23456000);
	ATF_CHECK(fdt_path_offset(buf, "/pmu") < 0);
	fresh(3, 1);
	write_tree();
	ATF_CHECK(fdt_getprop(buf, node("/chosen"), "bootargs", NULL) ==
	    NULL);
	ATF_CHECK(fdt_getprop(buf, node("/chosen"), "linux,initrd-start",
	    NULL) == NULL);
}

/* The most that a bundle can ask for fits the bound; less room is refused. */
ATF_TC_WITHOUT_HEAD(room);
ATF_TC_BODY(room, tc)
{
	static char args[2048];
	size_t n, i, bound;

	memset(args, 'x', sizeof(args) - 1);
	fresh(2, 8);
	g.bootargs = args;
	g.initrd_size = 1;
	bound = guest_fdt_bound(&g);
	ATF_REQUIRE(bound <= sizeof(buf));
	n = guest_fdt_write(&g, buf, bound);
	ATF_CHECK_MSG(n != 0, "bound %zu is not enough", bound);
	for (i = 0; i < n; i += i < 64 ? 1 : 97) {
		/* Of exactly this size: a sanitizer sees what goes beyond. */
		void *small = malloc(i);

		ATF_CHECK_EQ(0, guest_fdt_write(&g, small, i));
		free(small);
	}
	fresh(3, 1);
	bound = guest_fdt_bound(&g);
	ATF_CHECK(guest_fdt_write(&g, buf, bound) != 0);
	ATF_CHECK_MSG(bound <= PAGE_SIZE, "%zu: more than a page", bound);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, as_qemu_gicv3);
	ATF_TP_ADD_TC(tp, as_qemu_gicv2);
	ATF_TP_ADD_TC(tp, eight_cpus);
	ATF_TP_ADD_TC(tp, chosen);
	ATF_TP_ADD_TC(tp, room);
	return (atf_no_error());
}
