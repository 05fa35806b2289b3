/*
 * What an exit handler decides. A handler never touches control flow: it
 * returns one of these, and one place (vmm/run.c, and the vectors for the
 * common ones) moves the PC, injects, switches, stops.
 * Usable from C and from assembly: the numbers are known to the vectors.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#define	OUTCOME_DONE	0	/* emulated: PC past the instruction, resume */
#define	OUTCOME_SWITCH	1	/* emulated; and let the scheduler choose */
#define	OUTCOME_RETRY	2	/* run the same instruction again */
#define	OUTCOME_UNDEF	3	/* inject an undefined instruction */
#define	OUTCOME_ABORT	4	/* inject a synchronous external abort */
#define	OUTCOME_STOP	5	/* stop this VM with a register dump */

#ifndef __ASSEMBLER__
typedef int outcome_t;		/* OUTCOME_* */
#endif
