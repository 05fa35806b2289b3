/*
 * Random numbers for guests: ChaCha20 (virtio/chacha.h) keyed by the best
 * source that the machine has: RNDR of the CPU (FEAT_RNG), mixed in again at
 * each request; else the firmware's TRNG (DEN 0098), once; else the seed
 * that the boot loader left in /chosen/rng-seed, as good as that. Must not
 * know devices.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "devices/private.h"
#include "port/vcpu.h"
#include "virtio/chacha.h"
#include "vmm/log.h"

#define	SEED		32		/* bytes; below that there is none */
#define	ID_AA64ISAR0	(6 * 8 + 0)	/* for port_id_reg() */
#define	PSCI_FEATURES	0x8400000aul	/* DEN 0022 */
#define	SMCCC_VERSION	0x80000000ul	/* DEN 0028 */
#define	TRNG_VERSION	0x84000050ul	/* DEN 0098, 2.2 */
#define	TRNG_RND64	0xc4000053ul	/* 2.5: at most 192 bits a call */
#define	TRIES		100

static struct chacha state;
static bool started, has_rndr;

/* False: not now. */
static bool
rndr(uint64_t *x)
{
	uint64_t ok;

	/* RNDR; Z is set where it has none (DDI 0487, D19.2). */
	__asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %1, ne"
	    : "=r" (*x), "=r" (ok) : : "cc");
	return (ok);
}

static bool
from_cpu(uint64_t seed[SEED / 8])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < TRIES && n < SEED / 8; i++)
		n += rndr(&seed[n]);
	return (n == SEED / 8);
}

static uint64_t
call(uint64_t fn, uint64_t arg, uint64_t r[3])
{
	register uint64_t x0 __asm__("x0") = fn;
	register uint64_t x1 __asm__("x1") = arg;
	register uint64_t x2 __asm__("x2") = 0;
	register uint64_t x3 __asm__("x3") = 0;

	/* Firmware of SMCCC 1.1 keeps the others (DEN 0028, 2.6). */
	__asm__ volatile("cbz %w4, 1f; hvc #0; b 2f\n1:	smc #0\n2:"
	    : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3)
	    : "r" (devices_machine.plat->psci.hvc) : "memory");
	r[0] = x1;
	r[1] = x2;
	r[2] = x3;
	return (x0);
}

static bool
from_firmware(uint64_t seed[SEED / 8])
{
	const struct platform_psci *psci = &devices_machine.plat->psci;
	uint64_t r[3];

	/* What an older one does with an unknown call is its own affair. */
	if (!psci->present || psci->v0_1 ||
	    (int32_t)port_firmware(PSCI_FEATURES, SMCCC_VERSION, 0, 0) < 0 ||
	    (int32_t)call(TRNG_VERSION, 0, r) < 0x10000)
		return (false);
	for (unsigned int n = 0, i = 0; i < TRIES; i++)
		if (call(TRNG_RND64, 128, r) == 0) {
			seed[n++] = r[2];
			seed[n++] = r[1];
			if (n == SEED / 8)
				return (true);
		}
	return (false);
}

static bool
from_tree(struct tree_value *v)
{
	struct tree_node root, chosen;
	char err[PRINT_LINE];

	return (tree_open(&root, devices_machine.dtb, DEVICES_DTB_MAX,
	    err, sizeof(err)) == 0 && tree_find(&root, "chosen", 6, &chosen) &&
	    tree_get(&chosen, "rng-seed", v) && v->len >= SEED);
}

bool
entropy_start(void)
{
	uint64_t seed[SEED / 8] = { 0 };
	struct tree_value v;
	const char *what;

	if (started)
		return (true);
	has_rndr = port_id_reg(ID_AA64ISAR0) >> 60 != 0;
	if (has_rndr && from_cpu(seed))
		what = "the CPU's RNDR";
	else if (from_firmware(seed))
		what = "the firmware's TRNG";
	else if (from_tree(&v)) {
		what = "the boot loader's rng-seed";
		for (uint32_t at = 0; at + SEED <= v.len; at += SEED)
			chacha_seed(&state, (const char *)v.data + at, SEED);
	} else
		return (false);
	chacha_seed(&state, seed, SEED);
	log_line("devices: random numbers are made of %s", what);
	started = true;
	return (true);
}

void
entropy_fill(void *buf, size_t n)
{
	uint64_t x;

	if (has_rndr && rndr(&x))
		chacha_seed(&state, &x, sizeof(x));
	chacha_fill(&state, buf, n);
}
