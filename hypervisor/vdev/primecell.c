/*
 * One access to a device of Arm; see primecell.h. Must not know which.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "vdev/primecell.h"

#define	IDS	(0xfe0 / 4)
#define	END	(0x1000 / 4)

enum mmio_result
primecell_access(const struct primecell *p, void *dev, struct mmio *m)
{
	unsigned int reg = m->offset / 4;

	if (m->size > 4 || (m->offset & (m->size - 1u)) != 0)
		return (MMIO_FAULT);
	if ((m->offset & 3) != 0 || reg >= END)
		m->value = m->write ? m->value : 0;
	else if (m->write && reg < IDS)
		p->write(dev, reg, (uint32_t)m->value);
	else if (!m->write)
		m->value = (reg < IDS ? p->read(dev, reg) :
		    p->ids[reg - IDS]) & (~0u >> (32 - 8 * m->size));
	return (MMIO_OK);
}
