/*
 * See smmu_table.h (IHI 0070, 3.3.1 and 5.1).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "smmu/smmu_table.h"
#include "mm/pool.h"
#include "port/mem.h"
#include "port/pte.h"
#include "smmu/smmu_regs.h"

#define	LEAF_LOG2	8		/* a PCI bus: 16 KiB of entries */
#define	STE_BYTES	(STE_WORDS * 8ul)

struct smmu_table smmu_table;

/* Aligned to its size, as the SMMU wants it. */
static uint64_t *
take(size_t bytes)
{
	size_t pages = PAGE_COUNT(bytes);
	uint64_t *t = pool_alloc(smmu_table.pool, pages, pages);

	if (t != NULL)
		port_clean_inval_poc(t, bytes);
	return (t);
}

static uint64_t *
take_entries(unsigned int log2)
{
	uint64_t *e = take(STE_BYTES << log2);

	for (unsigned int i = 0; e != NULL && i < 1u << log2; i++)
		e[i * STE_WORDS] = STE_VALID;
	if (e != NULL)
		port_clean_inval_poc(e, STE_BYTES << log2);
	return (e);
}

const char *
smmu_table_init(struct pool *pool, uint32_t last, bool two_level)
{
	unsigned int log2 = LEAF_LOG2;

	while ((uint64_t)last >> log2 != 0)
		log2++;
	smmu_table = (struct smmu_table){ .pool = pool, .last = last,
	    .split = two_level ? LEAF_LOG2 : 0,
	    .format = STRTAB_LOG2(log2) | (two_level ?
	    STRTAB_2LEVEL(LEAF_LOG2) : 0) };
	if (!two_level && STE_BYTES << log2 > SMMU_TABLE_MAX)
		return ("has stream tables of one level only, and streams from "
		    "16384 on: too large a table");
	if (two_level && 8ul << (log2 - LEAF_LOG2) > SMMU_TABLE_MAX)
		return ("has streams from 33554432 on: too large a table");
	smmu_table.top = two_level ? take(8ul << (log2 - LEAF_LOG2)) :
	    take_entries(log2);
	if (smmu_table.top == NULL)
		return ("finds no memory for its stream table");
	smmu_table.base = port_ptr_to_pa(smmu_table.top);
	return (NULL);
}

uint64_t *
smmu_table_entry(uint32_t stream)
{
	unsigned int split = smmu_table.split;
	uint64_t d;

	if (smmu_table.top == NULL || stream > smmu_table.last)
		return (NULL);
	if (split == 0)
		return (&smmu_table.top[stream * STE_WORDS]);
	d = smmu_table.top[stream >> split];
	if (d == 0)
		return (NULL);
	return ((uint64_t *)port_pa_to_ptr(PA(d - L1_DESC(0, split))) +
	    (stream & ((1u << split) - 1)) * STE_WORDS);
}

uint64_t *
smmu_table_make(uint32_t stream)
{
	unsigned int split = smmu_table.split;
	uint64_t *e = smmu_table_entry(stream), *d;

	if (e != NULL || smmu_table.top == NULL || stream > smmu_table.last)
		return (e);
	/* All of it aborts before it is there. */
	if ((e = take_entries(split)) == NULL)
		return (NULL);
	d = &smmu_table.top[stream >> split];
	*d = L1_DESC(port_ptr_to_pa(e).v, split);
	port_clean_inval_poc(d, 8);
	return (smmu_table_entry(stream));
}
