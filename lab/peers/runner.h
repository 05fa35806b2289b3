/*
 * The parts of the KVM runner: arguments and start (runner.c), the VM (vm.c),
 * its device tree (tree.c), its UART (pl011.c). Must not know what the guest
 * does.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define	MAX_VCPUS	8

/* The machine is laid out as QEMU's virt (hw/arm/virt, its documentation). */
#define	RAM_BASE	0x40000000ul
#define	GICD_BASE	0x08000000ul
#define	GICD_SIZE	0x00010000ul
#define	GICC_BASE	0x08010000ul	/* GICv2 */
#define	GICC_SIZE	0x00010000ul
#define	GICR_BASE	0x080a0000ul	/* GICv3 */
#define	GICR_EACH	0x00020000ul
#define	UART_BASE	0x09000000ul
#define	UART_SIZE	0x00001000ul
#define	UART_SPI	1u
#define	TIMER_SECURE	13u		/* PPIs */
#define	TIMER_PHYSICAL	14u
#define	TIMER_VIRTUAL	11u
#define	TIMER_HYP	10u
#define	PMU_PPI		7u
#define	SPIS		256u

struct options {
	const char	*guest, *initrd, *append;
	unsigned int	vcpus, gic;	/* gic 0: the newest there is */
	size_t		memory;
	bool		pmu, populate, thp;
	int		cpu[MAX_VCPUS];	/* of each vCPU; -1: anywhere */
};

/* What the VM was found to be; its tree says it to the guest. */
struct machine {
	const struct options *options;
	uint8_t		*ram;
	unsigned int	gic;
	uint64_t	mpidr[MAX_VCPUS];
	uint64_t	initrd, initrd_end;	/* guest addresses; 0: none */
};

void	die(const char *format, ...) __attribute__((noreturn,
	    format(printf, 1, 2)));

/* Runs the guest to its end: 0 powered off, 3 reset itself. */
int	vm_run(const struct options *);
void	vm_irq_line(unsigned int spi, bool high);

/* Writes the tree into `size` bytes at `at`. */
void	tree_write(const struct machine *, void *at, size_t size);

uint32_t pl011_read(uint64_t offset);
void	pl011_write(uint64_t offset, uint32_t value);
