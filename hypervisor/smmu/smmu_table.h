/*
 * The SMMU's stream table: of one level, or of two where the SMMU has that;
 * what nobody has asked for has no entry then. Callers lock. Must not know
 * registers nor commands.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "lib/types.h"

#define	SMMU_TABLE_MAX	(1u << 20)	/* bytes of it in one piece */

struct pool;

extern struct smmu_table {
	pa_t		base;		/* as STRTAB_BASE and its CFG want it */
	uint32_t	format;
	/* Its own. */
	struct pool	*pool;
	uint64_t	*top;
	uint32_t	last;		/* stream */
	unsigned int	split;		/* 0: of one level */
} smmu_table;

/* For streams from 0 to last, all of them aborting; NULL, or why not. */
const char *smmu_table_init(struct pool *pool, uint32_t last, bool two_level);
/* NULL: it has none, and aborts. */
uint64_t *smmu_table_entry(uint32_t stream);
/* NULL: no memory, or no such stream. */
uint64_t *smmu_table_make(uint32_t stream);
