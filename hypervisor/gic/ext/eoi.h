/*
 * A GICv2 where a guest's EOI of a hardware-mapped interrupt does not have
 * the line looked at again (QEMU's model, as of 7.2). An extension: the
 * architecture has no such GIC.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "gic/gic.h"

/*
 * Tries it, on the boot CPU when its GIC is on, with the EL2 timer. Where it
 * is so, list registers (of ops, from now on) are none of hardware: their EOI
 * interrupts us, and we deactivate.
 */
void	eoi_check(struct lr_ops *ops);
