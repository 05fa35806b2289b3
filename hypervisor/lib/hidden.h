/*
 * Included before everything by the compiler's command line: every symbol
 * is of this image, so that addresses are computed and not loaded from a
 * table. Must hold nothing else.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once
#ifndef __ASSEMBLER__
#pragma GCC visibility push(hidden)
#endif
