/*
 * HC_RELEASE; see release.h. Must not know how a page is taken away.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "vmm/ext/release.h"
#include "vmm/vm.h"

outcome_t
release_page(struct vcpu *v)
{

	return (smccc_return(v, stage2_release(&v->vm->s2, IPA(v->x[1])) == 0 ?
	    HC_E_OK : HC_E_INVALID));
}
