/*
 * A hostile guest at the virtual GIC: bytes become register accesses of any
 * offset, width and value, system-register writes, lines, physical
 * interrupts, acknowledges and switches of two vCPUs on two CPUs. Whatever
 * it does, nothing crashes or hangs, list registers are programmed as the
 * manual allows (lr_fake.c aborts if not), and maintenance interrupts end.
 *
 * Made for libFuzzer (clang -fsanitize=fuzzer); vgic_fuzz_test.c feeds it
 * random bytes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arch/fake/lr_fake.h"
#include "vgic/vgic_private.h"

#define	VCPUS	2

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vgic vg;
static struct vgic_cpu vcs[VCPUS];
static uint32_t kicked;
static bool loaded[VCPUS];

static void
kick(struct vgic_cpu *vc)
{

	kicked |= 1u << vc->index;
}

static const struct vgic_ops ops = { .kick = kick };

/*
 * One thread plays all CPUs, so a CPU that is waited for gives up its list
 * registers here, as vgic_sync() does before it waits for its release.
 */
static void
relax(void)
{
	unsigned int c, here = lr_fake_cpu();

	for (c = 0; c < VCPUS; c++)
		if (loaded[c] && vcs[c].holds != 0 && vcs[c].live) {
			lr_fake_select(c);
			spin_lock(&vg.lock);
			vgic_lr_fold_all(&vcs[c]);
			vcs[c].live = false;
			spin_unlock(&vg.lock);
			lr_fake_select(here);
		}
}

static void
serve(void)
{
	unsigned int c, n = 0;

	for (c = 0; c < VCPUS; c++)
		while (loaded[c] && (kicked >> c & 1 || !vcs[c].live ||
		    lr_fake_maintenance(c))) {
			if (n++ > 100) {
				fprintf(stderr, "interrupt storm\n");
				abort();
			}
			kicked &= ~(1u << c);
			lr_fake_select(c);
			vgic_sync(&vcs[c]);
		}
}

static void
physical(unsigned int c, unsigned int vintid)
{
	bool *active = lr_fake_active(c, vcs[c].bank[vintid / 32]->
	    pintid[vintid % 32]);

	if (*active)
		return;
	*active = true;
	if (vintid < 32)
		vgic_inject_private(&vcs[c], vintid);
	else
		vgic_inject(&vg, &vcs[c], vintid);
}

static void
one(unsigned int op, unsigned int c, uint32_t off, uint64_t val)
{
	struct mmio m = { off, 1u << (op >> 4 & 3), op >> 6 & 1, val };
	unsigned int id;

	if (op & 0x80) {	/* well formed, where most registers are */
		m.size = 4;
		m.offset &= ~0x50u;
	}
	if (op & 0x80 && off & 1)
		m.offset &= 0x103ff | MACHINE_GICR_STRIDE;
	m.offset &= ~(m.size - 1u);	/* as lib/mmio.h has it */
	switch (op & 15) {
	case 0 ... 3:
		m.offset &= MACHINE_GICD_SIZE - 1;
		if ((op & 15) > 0)	/* mostly where there is something */
			m.offset &= 0xfff;
		vgic_dist_mmio(&vg, c, &m);
		break;
	case 4 ... 6:
		m.offset &= VCPUS * MACHINE_GICR_STRIDE - 1;
		if ((op & 15) > 4)
			m.offset = (m.offset & MACHINE_GICR_STRIDE) |
			    0x10000 | (m.offset & 0xfff);
		vgic_redist_mmio(&vg, c, &m);
		break;
	case 7:
		if (vg.version == 2)	/* traps as undefined */
			break;
		if (op & 0x80)
			vgic_sgi0r(&vcs[c], val);
		else
			vgic_sgi1r(&vcs[c], val);
		break;
	case 8:
		if (vg.version == 3)
			vgic_dir(&vcs[c], val);
		break;
	case 9:
		vgic_set_line(&vg, &vcs[c], val >> 1 & 1, 16 + off %
		    (MACHINE_NR_INTID - 16), val & 1);
		break;
	case 10:
		physical(c, off & 1 ? 27 : 50);
		break;
	case 11 ... 12:
		lr_fake_ack(op >> 4 & 1);
		break;
	case 13:
		id = op & 0x80 ? val & 0x1fff : off % 64;
		if (op & 0x40)
			lr_fake_eoi(op >> 4 & 1, id);
		else if (lr_fake_dir(id))
			vgic_dir(&vcs[c], id);
		break;
	case 14:
		lr_fake_set_vmcr(~0u, (uint32_t)val | (op & 0x80 ?
		    0xff000003 : 0));
		(void)vgic_pending(&vcs[c]);
		break;
	case 15:
		vgic_save(&vcs[c]);
		loaded[c] = false;
		if (op & 0x80 && !loaded[!c])
			vgic_reset(&vg);
		else
			(void)vgic_pending(&vcs[c]);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int c, version;
	uint32_t off;
	uint64_t val;

	if (size < 1)
		return (0);
	fake_relax = relax;
	version = data[0] & 1 ? 3 : 2;
	lr_fake_init(version, 1 + (data[0] >> 1 & 15), 5 + (data[0] >> 5 & 3));
	vgic_init(&vg, version, VCPUS, &ops);
	for (c = 0; c < VCPUS; c++) {
		vgic_cpu_init(&vg, &vcs[c], c);
		loaded[c] = false;
	}
	vgic_map_hw(&vg, 27, 27);
	vgic_map_hw(&vg, 50, 50);
	vgic_reset(&vg);
	kicked = 0;
	for (data++, size--; size >= 12; data += 12, size -= 12) {
		c = data[1] & 1;
		memcpy(&off, data, sizeof(off));
		off >>= 10;
		memcpy(&val, data + 4, sizeof(val));
		lr_fake_select(c);
		if (!loaded[c]) {
			vgic_load(&vcs[c]);
			loaded[c] = true;
		}
		one(data[0], c, off, val);
		serve();
	}
	return (0);
}
