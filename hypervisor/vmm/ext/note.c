/*
 * Words to the one who wrote a guest; see note.h.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vmm/ext/note.h"
#include "vmm/vm.h"

#define	NOTES_MAX	4		/* lines about one VM */

void
note_abort(struct vcpu *v, const char *what, ipa_t ipa)
{
	static unsigned int notes[VM_MAX];
	struct vm *vm = v->vm;

	spin_lock(&vm->lock);
	unsigned int n = notes[vm->index];
	if (n < NOTES_MAX)
		notes[vm->index]++;
	spin_unlock(&vm->lock);
	if (n < NOTES_MAX)
		log_vm(vm, "vCPU %u: %s at IPA 0x%lx: external abort%s",
		    v->index, what, ipa.v,
		    n == NOTES_MAX - 1 ? " (no more of these lines)" : "");
}
