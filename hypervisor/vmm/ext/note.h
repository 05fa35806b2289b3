/*
 * A word to the one who wrote a guest, why an access is an abort. An extension:
 * the guest is told by the abort.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "vmm/vcpu.h"

/* Says it of a VM a few times; not for ever. */
void	note_abort(struct vcpu *v, const char *what, ipa_t ipa);
