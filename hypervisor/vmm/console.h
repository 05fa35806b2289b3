/*
 * The one physical console, shared: lines of the hypervisor, output of the
 * VMs (with "[name] " before each line when there are several), input to
 * the VM that has the focus. Ctrl-] moves the focus to the next VM.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

struct vm;

#define	CONSOLE_ESCAPE	0x1d		/* Ctrl-] */
#define	CONSOLE_LINE	200		/* characters held back of a line */

struct uart;				/* the device, which others know */

/* How to reach it; put may be called by one CPU at a time. */
struct console_ops {
	void	(*put)(struct uart *u, char c);
	int	(*get)(struct uart *u);		/* -1: nothing */
	/* Acknowledge; interrupt for input. */
	void	(*listen)(struct uart *u, bool on);
};

void	console_init(const struct console_ops *ops, struct uart *u);
/* Of one VM, zeroed. */
struct vm_console {
	uint64_t	paid;		/* when all that it said is due */
	unsigned int	n;		/* characters held in line */
	char		line[CONSOLE_LINE];
};

/* From a VM's UART. False: it has said too much of late, try again. */
bool	console_vm_put(void *vm, char c);
/* Print what a VM left unfinished. */
void	console_vm_flush(struct vm *vm);
/* Characters have come in, or the guest may have made room for them. */
void	console_pump(void);
/* Input waits for room in a guest's UART: call console_pump() soon. */
bool	console_backlog(void);
/* From now on a panic speaks: no locks. */
void	console_panic(void);
