/*
 * In place of devices/pci_msi.c: no function has messages. For tests that are
 * not about them; a program includes it once.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "devices/pci.h"
#include "devices/private.h"

void
pci_msi_init(const struct pci_host *h)
{

	(void)h;
}

void
pci_msi_begin(const struct pci_host *h, struct vm *vm, struct vits *vits)
{

	(void)h;
	(void)vm;
	(void)vits;
}

const struct pt *
pci_msi_tables(const struct vm *vm)
{

	return (&vm->s2.pt);
}

void
pci_msi_give(const struct pci_host *h, const struct vm *vm,
    struct pci_function *f, unsigned int slot)
{

	(void)h;
	(void)vm;
	(void)f;
	(void)slot;
}

void
pci_msi_quiesce(const struct vm *vm, bool gone)
{

	(void)vm;
	(void)gone;
}

void
pci_msi_end(const struct vm *vm)
{

	(void)vm;
}
