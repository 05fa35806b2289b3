/*
 * Start-up: what its files share. main.c is the page to read.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/print.h"
#include "platform/platform.h"
#include "port/pte.h"

struct pcpu;
struct pool;

/* image.lds */
extern char image_start[], image_end[], text_end[], rodata_end[];
extern char boot_stack_top[];
/* head.S */
extern char secondary_start[], boot_panic_stack_top[];
void	boot_mmu_on(void);
void	boot_on_stack(void *sp, void (*fn)(void)) __attribute__((noreturn));

/* memory.c: the hypervisor's own address space, and who has which RAM. */
extern struct pool memory_pool;
/*
 * MMU off: maps the image and the device tree, turns the MMU on. After that
 * boot_mmu_on() does for every other CPU.
 */
void	memory_early(pa_t dtb, size_t dtb_size);
/* Whole pages: of device registers, or of RAM that is only read. */
void	memory_map(pa_t base, uint64_t size, enum pt_memory memory);
/* Takes stock of RAM, where image, tree and bundle stay; fills the pool. */
void	memory_init(pa_t dtb);
bool	memory_ram_alloc(uint64_t size, uint64_t align, pa_t *pa);
void	memory_ram_free(pa_t pa, uint64_t size);
/* A stack with guard pages, struct pcpu on top; NULL: no memory. */
struct pcpu *memory_cpu_stack(void);
/* Bytes of RAM not given away. */
uint64_t memory_ram_left(void);

/* smp.c: how many CPUs there are then. */
unsigned int smp_start(void);

/* owner.c: for struct host. */
const char *owner_of_pa(pa_t pa, uint64_t size);
const char *owner_of_intid(unsigned int intid);

/* panic.c */
void	panic(const char *fmt, ...) PRINTF_LIKE(1, 2)
	    __attribute__((noreturn));
void	panic_halt(void) __attribute__((noreturn));

/* main.c: the machine we are on. */
extern struct platform plat;
/* This CPU is ready for guests; does not return. */
void	boot_enter_guests(void) __attribute__((noreturn));
/* Not even one can run: says why, and turns the machine off. */
void	boot_stop(const char *why) __attribute__((noreturn));
