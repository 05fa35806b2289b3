/*
 * A distribution of samples, kept in place. Must not know what is sampled.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "guest.h"

#define	HIST_BINS	1024

/*
 * Values and counts, ascending: each value of its own as long as there is
 * room (lossless); then values are cut to their `bits` leading bits
 * (log-linear), ever fewer. n, min, max and sum stay exact.
 */
struct hist {
	uint64_t	n, min, max, sum;
	unsigned int	bins, bits;
	struct { uint64_t low, count; } bin[HIST_BINS];
};

void	hist_clear(struct hist *);
void	hist_add(struct hist *, uint64_t value);
/* Smallest value with at least that share (nearest rank); not 0. */
uint64_t hist_percentile(const struct hist *, unsigned int per_mille);
/* <APIARY_HIST> lines (lab/README.md). */
void	hist_print(const struct hist *, const char *name, const char *unit);
