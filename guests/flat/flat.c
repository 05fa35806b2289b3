/*
 * A flat binary as kvm-unit-tests makes them: no Image header, linked to
 * where `qemu-system-aarch64 -M virt -kernel` puts what has none, and all that
 * it knows is that machine. Checks how it was started. Links no library; must
 * not know who started it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdbool.h>
#include <stdint.h>

#define	LOADED_AT	0x40080000ul	/* QEMU: hw/arm/boot */
#define	UARTDR		0x09000000ul	/* PL011 (DDI 0183) */
#define	TREE_MAGIC	0xedfe0dd0u	/* as a little-endian word */
#define	PSCI_VERSION	0x84000000u	/* DEN 0022, 5.1 */
#define	SYSTEM_OFF	0x84000008u
#define	SCTLR_M		(1u << 0)

void	flat_main(const uint32_t *tree, uint64_t at) __attribute__((noreturn));

__asm__(".section .head, \"ax\"\n"
    ".globl start\n"
    "start:	adr x1, start\n"
    "	adrp x9, stack_top\n"
    "	add x9, x9, :lo12:stack_top\n"
    "	mov sp, x9\n"
    "	mov x29, xzr\n"
    "	bl flat_main\n"
    "	.bss\n"
    "	.balign 16\n"
    "	.space 4096\n"
    "stack_top:\n"
    "	.text\n");

#define	SYSREG(name) ({							\
	uint64_t v;							\
									\
	__asm__ volatile("mrs %0, " #name : "=r" (v));			\
	v; })

static uint64_t
psci(uint64_t fn)
{
	register uint64_t x0 __asm__("x0") = fn;

	__asm__ volatile("hvc #0" : "+r" (x0) : : "x1", "x2", "x3", "memory");
	return (x0);
}

static void
put(const char *s)
{

	for (; *s != '\0'; s++) {
		if (*s == '\n')
			*(volatile uint32_t *)UARTDR = '\r';
		*(volatile uint32_t *)UARTDR = (unsigned char)*s;
	}
}

static void
verdict(const char *name, bool good)
{

	put("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=flat.");
	put(name);
	put(good ? " RESULT=pass>\n" : " RESULT=fail>\n");
}

void
flat_main(const uint32_t *tree, uint64_t at)
{

	put("<APIARY_GUEST NAME=flat CASES=5>\n");
	verdict("load_address", at == LOADED_AT);
	verdict("el1", (SYSREG(CurrentEL) >> 2 & 3) == 1);
	verdict("mmu_off", (SYSREG(sctlr_el1) & SCTLR_M) == 0);
	verdict("device_tree", tree != (void *)0 && *tree == TREE_MAGIC);
	verdict("psci_hvc", (psci(PSCI_VERSION) & ~0xffffull) != 0 &&
	    (uint32_t)psci(PSCI_VERSION) >> 31 == 0);
	put("<APIARY_DONE NAME=flat>\n");
	psci(SYSTEM_OFF);
	for (;;)
		__asm__ volatile("wfi");
}
