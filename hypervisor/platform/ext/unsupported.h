/*
 * What to say of a machine that cannot be supported. An extension, as no VM
 * runs there.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "platform/pass.h"

/* Names the interrupt controller that is none of ours. Returns -1. */
int	unsupported_intc(struct pass *s);
