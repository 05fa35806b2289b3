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
#include "vmm/vm.h"

#define	MAX_DEPTH	40
/* Below the struct pcpu: memory_cpu_stack(). */
#define	STACK_SIZE	(2 * PAGE_SIZE - round_up(sizeof(struct pcpu), 16))

/* DDI 0487, C6.2: calls. */
#define	A64_IS_BL(w)	((w) >> 26 == 0x25)
#define	A64_IS_BLR(w)	(((w) & 0xfffffc1f) == 0xd63f0000)

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
 * There are no frame records: what is on the stack and follows a call is
 * given with its place there. `apiary` knows by the ELF file's unwind tables
 * which of these are the callers, and which were left there before.
 */
static void
back_trace(uint64_t pc, uint64_t sp)
{
	uint64_t start = (uintptr_t)image_start;
	uint64_t size = (uintptr_t)text_end - start;
	uint64_t at = sp, top = (uintptr_t)boot_stack_top;
	unsigned int n = 0;

	if (pc - start < size)
		log_line("  #%u 0x%lx", n++, pc - start);
	if (top - sp > STACK_SIZE)
		top = read_sysreg(tpidr_el2);
	/* After an overflow sp is in the guard page. */
	if (top - sp > STACK_SIZE && top - sp < STACK_SIZE + PAGE_SIZE)
		at = top - STACK_SIZE;
	if (top - at > STACK_SIZE)
		return;
	for (at = round_up(at, 8); at < top && n < MAX_DEPTH; at += 8) {
		pc = *(uint64_t *)at - 4;
		if (pc - start < size && pc % 4 == 0 &&
		    (A64_IS_BL(*(uint32_t *)pc) || A64_IS_BLR(*(uint32_t *)pc)))
			log_line("  #%u 0x%lx sp+0x%lx", n++, pc + 4 - start,
			    at - sp);
	}
}

void
panic(const char *fmt, ...)
{
	char line[PRINT_LINE];
	va_list ap;

	begin();
	va_start(ap, fmt);
	print_va(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_line("PANIC: %s", line);
	back_trace((uintptr_t)__builtin_return_address(0) - 4,
	    (uintptr_t)__builtin_dwarf_cfa());
	panic_halt();
}

void
panic_exception(const struct panic_frame *f)
{
	uint64_t elr = read_sysreg(elr_el2);

	begin();
	log_line("PANIC: exception in the hypervisor, vector %lu, EC 0x%lx",
	    f->vector, read_sysreg(esr_el2) >> 26);
	log_line("ESR %016lx ELR %016lx FAR %016lx", read_sysreg(esr_el2), elr,
	    read_sysreg(far_el2));
	log_line("HPFAR %016lx SPSR %016lx SP %016lx", read_sysreg(hpfar_el2),
	    read_sysreg(spsr_el2), f->sp);
	for (unsigned int i = 0; i < 30; i += 2)
		log_line("x%-2u %016lx x%-2u %016lx", i, f->x[i], i + 1,
		    f->x[i + 1]);
	log_line("x30 %016lx image at %p", f->x[30], image_start);
	/* The caller of a function without a frame is in no record. */
	if (f->x[30] - (uintptr_t)image_start <
	    (uintptr_t)text_end - (uintptr_t)image_start)
		log_line("  lr 0x%lx", f->x[30] - (uintptr_t)image_start);
	back_trace(elr, f->sp);
	panic_halt();
}
