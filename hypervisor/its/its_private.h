/*
 * What its.c and its_queue.c share.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#pragma once

#include "its/its.h"
#include "its/its_regs.h"
#include "lib/types.h"

extern struct its {
	uintptr_t	regs;		/* 0: not started */
	struct pool	*pool;
	uint64_t	typer;
	uint64_t	*queue;		/* a page */
	uint32_t	at;		/* of the next command, in bytes */
	bool		broken;		/* it has not answered once */
} its;

static inline uint64_t
its_read(uint32_t reg)
{

	return (*(volatile uint64_t *)(its.regs + reg));
}

static inline void
its_write(uint32_t reg, uint64_t value)
{

	*(volatile uint64_t *)(its.regs + reg) = value;
}

static inline uint32_t
its_control(void)
{

	return (*(volatile uint32_t *)(its.regs + GITS_CTLR));
}

static inline void
its_set_control(uint32_t value)
{

	*(volatile uint32_t *)(its.regs + GITS_CTLR) = value;
}

/* Zeroed pages, as the ITS and redistributors find them; NULL: none. */
void	*its_memory(size_t pages, size_t align);
/* A redistributor as commands call it. */
uint64_t its_target(unsigned int cpu);
/* its_queue.c: collection n is CPU n. False: it does not answer. */
bool	its_collections(void);
