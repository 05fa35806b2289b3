/*
 * The end after a fault of our own: everything an engineer needs, then all
 * CPUs stop. Must not trust anything but the console.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/sysreg.h"
#include "boot/boot.h"
#include "gic/gic.h"
#include "vmm/console.h"
#include "vmm/host.h"
#include "vmm/log.h"
#include "vmm/pcpu.h"

#define	MAX_DEPTH	24
#define	STACK_SIZE	(2 * PAGE_SIZE)	/* memory_cpu_stack() */

struct panic_frame {
	uint64_t	x[31], sp, vector;
};
void panic_exception(const struct panic_frame *f) __attribute__((noreturn));

__attribute__((noinline)) void
panic_halt(void)
{

	for (;;)
		__asm__ volatile("wfe" : : : "memory");
}

/*
 * Stops the others, at their next exit; a CPU that panics while another does,
 * or in its panic, only stops.
 */
static void
begin(void)
{

	if (__atomic_exchange_n(&host.stop, panic_halt, __ATOMIC_SEQ_CST))
		panic_halt();
	for (unsigned int i = 0; gic != NULL && i < pcpu_count; i++)
		if (pcpus[i] != NULL && pcpus[i]->online &&
		    pcpus[i] != (void *)read_sysreg(tpidr_el2))
			gic->kick(i);
	console_panic();
}

/*
 * Frame records are {next frame, return address} (AAPCS64, 6.4.6). The first
 * may be missing, and x29 then be a guest's: only a record on the stack counts.
 */
static void
back_trace(uint64_t pc, uint64_t fp, uint64_t sp)
{
	uint64_t start = (uintptr_t)image_start, text = (uintptr_t)text_end;
	const uint64_t *record;

	for (unsigned int i = 0; i < MAX_DEPTH && pc >= start && pc < text;
	    i++) {
		log_line("  #%u 0x%llx", i, (unsigned long long)(pc - start));
		if (fp % 16 != 0 || fp - sp >= STACK_SIZE)
			break;
		record = (const uint64_t *)fp;
		pc = record[1];
		sp = fp + 16;
		fp = record[0];
	}
}

void
panic(const char *fmt, ...)
{
	va_list ap;

	begin();
	va_start(ap, fmt);
	log_panic(fmt, ap);
	va_end(ap);
	back_trace((uintptr_t)__builtin_return_address(0) - 4,
	    *(uint64_t *)__builtin_frame_address(0),
	    (uintptr_t)__builtin_frame_address(0));
	panic_halt();
}

void
panic_exception(const struct panic_frame *f)
{
	uint64_t elr = read_sysreg(elr_el2);

	begin();
	log_line("PANIC: exception in the hypervisor, vector %llu, EC 0x%llx",
	    (unsigned long long)f->vector,
	    (unsigned long long)read_sysreg(esr_el2) >> 26);
	log_line("ESR %016llx ELR %016llx FAR %016llx",
	    (unsigned long long)read_sysreg(esr_el2),
	    (unsigned long long)elr,
	    (unsigned long long)read_sysreg(far_el2));
	log_line("HPFAR %016llx SPSR %016llx SP %016llx",
	    (unsigned long long)read_sysreg(hpfar_el2),
	    (unsigned long long)read_sysreg(spsr_el2),
	    (unsigned long long)f->sp);
	for (unsigned int i = 0; i < 30; i += 2)
		log_line("x%-2u %016llx x%-2u %016llx", i,
		    (unsigned long long)f->x[i], i + 1,
		    (unsigned long long)f->x[i + 1]);
	log_line("x30 %016llx image at %p", (unsigned long long)f->x[30],
	    image_start);
	/* The caller of a function without a frame is in no record. */
	if (f->x[30] - (uintptr_t)image_start <
	    (uintptr_t)text_end - (uintptr_t)image_start)
		log_line("  lr 0x%llx", (unsigned long long)
		    (f->x[30] - (uintptr_t)image_start));
	back_trace(elr, f->x[29], f->sp);
	panic_halt();
}
