/*
 * Identities; see identity.h. Must not know how a call comes in.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "abi/hypercall.h"
#include "lib/string.h"
#include "vmm/ext/identity.h"
#include "vmm/vm.h"

bool
identity_query(struct vcpu *v)
{
	static const uint64_t uid[] = { HC_UID_0, HC_UID_1, HC_UID_2,
	    HC_UID_3 }, revision[] = { HC_VERSION_MAJOR, HC_VERSION_MINOR };
	uint32_t fid = smccc_fid(v);

	if (fid == HC_UID)
		memcpy(v->x, uid, sizeof(uid));
	else if (fid == HC_REVISION)
		memcpy(v->x, revision, sizeof(revision));
	return (fid == HC_UID || fid == HC_REVISION);
}

outcome_t
identity_whoami(struct vcpu *v)
{

	v->x[1] = v->vm->index;
	v->x[2] = v->index;
	v->x[3] = v->pcpu->index;
	return (smccc_return(v, HC_E_OK));
}
