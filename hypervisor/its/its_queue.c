/*
 * The command queue of the ITS (IHI 0069, 5.3): some commands, then a SYNC,
 * and all of it is done. Must not know registers but the queue's.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "its/its_private.h"
#include "mm/pool.h"
#include "port/cpu.h"
#include "port/mem.h"
#include "port/pte.h"
#include "vmm/vcpu.h"

#define	COMMAND		(CMD_WORDS * 8)
#define	OFFSET		0xfffe0ull	/* of CREADR */

/* More than are ever posted before a wait: one is always free. */
_Static_assert((1u << ITS_EVENTS_BITS) + 2 < PAGE_SIZE / COMMAND &&
    PCPU_MAX + 1 < PAGE_SIZE / COMMAND, "queue");

static void
post(uint64_t w0, uint64_t w1, uint64_t w2)
{
	uint64_t *c = &its.queue[its.at / 8];

	c[0] = w0;
	c[1] = w1;
	c[2] = w2;
	c[3] = 0;
	port_clean_inval_poc(c, COMMAND);
	its.at = (its.at + COMMAND) % PAGE_SIZE;
}

/* A second at most; then it is never asked again. */
static bool
finish(unsigned int cpu)
{
	uint64_t end = port_counter() + port_counter_hz(), read;

	if (its.broken)
		return (false);
	post(CMD_SYNC, 0, its_target(cpu));
	its_write(GITS_CWRITER, its.at);
	while (((read = its_read(GITS_CREADR)) & OFFSET) != its.at) {
		its.broken = port_counter() > end ||
		    (read & CREADR_STALLED) != 0;
		if (its.broken)
			return (false);
		port_relax();
	}
	return (true);
}

bool
its_collections(void)
{
	unsigned int last = 0;

	for (unsigned int i = 0; i < pcpu_count; i++)
		if (pcpus[i] != NULL && pcpus[i]->online) {
			post(CMD_MAPC, 0, CMD_VALID | its_target(i) | i);
			last = i;
		}
	return (finish(last));
}

/* The same command about each event, and perhaps the device. */
static bool
each(const struct its_device *d, uint64_t command)
{

	for (unsigned int i = 0; i < d->events; i++)
		post(CMD_DEVICE(d->id) | command, i | (command == CMD_MAPTI ?
		    CMD_INTID(d->intid + i) : 0),
		    command == CMD_MAPTI ? d->cpu : 0);
	return (finish(d->cpu));
}

static void
mapd(const struct its_device *d, uint64_t valid)
{
	unsigned int bits = 1;

	while (d->events > 1u << bits)
		bits++;
	post(CMD_DEVICE(d->id) | CMD_MAPD, bits - 1, valid |
	    port_ptr_to_pa(d->itt).v);
}

const char *
its_map(struct its_device *d)
{

	/* A power of two of entries, of 16 bytes at most. */
	_Static_assert(16u << ITS_EVENTS_BITS <= PAGE_SIZE, "ITT");
	if (its.broken)
		return ("the ITS does not answer");
	if ((d->itt = its_memory(1, 1)) == NULL)
		return ("no memory for its ITT");
	mapd(d, CMD_VALID);
	if (each(d, CMD_MAPTI))
		return (NULL);
	/* It may write to its table yet: that is not given back. */
	d->itt = NULL;
	return ("the ITS does not answer");
}

bool
its_clear(const struct its_device *d)
{

	return (each(d, CMD_CLEAR));
}

bool
its_unmap(struct its_device *d)
{

	if (!each(d, CMD_DISCARD))
		return (false);
	mapd(d, 0);
	if (!finish(d->cpu))
		return (false);
	pool_free(its.pool, d->itt, 1);
	d->itt = NULL;
	return (true);
}
