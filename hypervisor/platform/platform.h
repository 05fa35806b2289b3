/*
 * What machine is this: the device tree the boot loader hands over, read
 * once into struct platform. Must not know what any of it is used for; it
 * touches no device. Compiles on the build host, where `apiary boards` and
 * the unit tests run it; the tree is untrusted input.
 *
 * Strings point into the device tree: they live as long as it stays mapped.
 * Addresses are physical, sizes in bytes, interrupts are INTIDs (an SPI n of
 * the tree is 32 + n, a PPI n is 16 + n).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/extent.h"
#include "uart/uart.h"

#define	PLATFORM_MAX_CPUS	64
#define	PLATFORM_MAX_GICR	16

struct platform_range {
	pa_t		base;
	uint64_t	size;		/* bytes; 0: absent */
};

struct platform_irq {
	uint16_t	intid;		/* 0: absent */
	bool		edge;
};

enum platform_enable {
	PLATFORM_ENABLE_NONE,		/* no method that we know */
	PLATFORM_ENABLE_PSCI,
	PLATFORM_ENABLE_SPIN_TABLE,
};

struct platform_cpu {
	uint64_t	mpidr;		/* affinity fields, as in MPIDR_EL1 */
	uint64_t	release;	/* spin table: cpu-release-addr */
	const char	*compatible;	/* "" when the tree has none */
	uint8_t		enable;		/* enum platform_enable */
	bool		okay;		/* status: may be started */
};

struct platform_psci {
	bool		present;
	bool		hvc;		/* conduit: HVC, otherwise SMC */
	bool		v0_1;		/* "arm,psci" only: use the id below */
	uint32_t	cpu_on;		/* 0: absent */
};

struct platform_gic {
	uint8_t		version;	/* 2 or 3; GICv4 is 3 here */
	union {
		/* GICv2: all but gicr; GICv3: gicc, gich, gicv may miss. */
		struct {
			struct platform_range gicd, gicc, gich, gicv;
			struct platform_range gicr[PLATFORM_MAX_GICR];
		};
		struct platform_range frame[4 + PLATFORM_MAX_GICR];
	};
	/*
	 * GICv2: the tree gives the CPU interface 128 KiB. Its two 4 KiB
	 * pages may then be 64 KiB apart, each aliased 16 times (GIC-400 as
	 * SBSA wires it): GICC_DIR is at 0x10000, or contiguous with the
	 * first page seen at 0xf000. Only a read of GICC_IIDR at 0xf000
	 * tells. The same holds for gicv.
	 */
	bool		maybe_spaced;
	uint8_t		nr_gicr;
	uint64_t	gicr_stride;	/* bytes; 0: as GICR_TYPER says */
	struct platform_irq maintenance;
};

struct platform_timer {
	struct platform_irq virt, hyp;
};

struct platform_console {
	/*
	 * desc.base.v is 0 where there is no console; then note says why.
	 * Whether a driver exists is uart_probe()'s to say.
	 */
	struct uart_desc desc;
	const char	*path;		/* node as found, "" without */
	struct platform_irq irq;
};

struct platform {
	/*
	 * RAM less everything reserved, in whole pages. The hypervisor's own
	 * image, the bundle and the device tree are still in it.
	 */
	struct extents	ram;
	uint64_t	ram_total;	/* bytes in all memory nodes */
	/* memory reservation block, and /reserved-memory with a reg. */
	struct extents	reserved;

	struct platform_cpu cpu[PLATFORM_MAX_CPUS];	/* in tree order */
	unsigned int	nr_cpus;
	unsigned int	cpus_ignored;	/* beyond the maximum */

	struct platform_psci psci;
	struct platform_gic gic;
	struct platform_timer timer;
	struct platform_irq pmu;	/* a PPI; SPIs: not used by guests */
	struct platform_console console;

	pa_t		bundle_start, bundle_end; /* linux,initrd-*; 0: none */
	const char	*model;		/* "" when there is none */
	uint32_t	dtb_size;	/* bytes, from the header */

	/* What is odd and yet survivable, one line; "" when nothing is. */
	char		note[160];
};

/*
 * Reads the tree at dtb, of which max bytes may be read. Returns 0, or -1
 * with one line in err that names node and property, or what is missing or
 * not supported. p is then not to be used, its console excepted: it is
 * filled in wherever it could be found, so that the line can be printed.
 */
int	platform_discover(struct platform *p, const void *dtb, size_t max,
	    char *err, size_t errlen);
