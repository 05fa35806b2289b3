/*
 * Virtual machine identifiers: 8 bits, as every Armv8 CPU has (DDI 0487,
 * D8.13.1). 0 is nobody's.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef MM_VMID_H
#define	MM_VMID_H

/* 1 to 255, or 0: all in use. */
unsigned int vmid_alloc(void);
/* The caller has invalidated the TLBs of it. */
void	vmid_free(unsigned int vmid);

#endif
