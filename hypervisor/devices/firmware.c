/*
 * Firmware of a VM's own: its image in a ROM at IPA 0, where the VM starts,
 * a flash for its variables and what it is to boot (vfirmware/), as QEMU's
 * virt has them with -bios. Both memories are mapped read-only past the
 * regions of stage 2, for a guest's RAM they are not. Must not know bundles'
 * nodes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "arch/aarch64/arch.h"
#include "arch/aarch64/sysreg.h"
#include "devices/private.h"
#include "lib/string.h"
#include "mm/pool.h"
#include "port/mem.h"
#include "port/trap.h"
#include "vfirmware/vflash.h"
#include "vfirmware/vfwcfg.h"
#include "vmm/exits.h"

/* Of one VM. */
static struct firmware {
	struct vm	*vm;
	const struct vm_mmio *row;	/* of its flash */
	pa_t		vars;
	struct vflash	flash;
	struct vfwcfg	cfg;
} *firmwares[VM_MAX];

static int
map(struct vm *vm, uint64_t ipa, pa_t pa, uint64_t size, bool exec)
{

	spin_lock(&vm->s2.lock);
	int error = pt_map(&vm->s2.pt, ipa, pa, size,
	    (struct pt_attr){ PT_NORMAL, true, false, exec });
	spin_unlock(&vm->s2.lock);
	return (error);
}

/*
 * One block among others of a table that stays: neither needs memory. If it
 * did and there were none, reads would trap, which is but slower.
 */
static void
direct(void *ctx, bool on)
{
	struct firmware *f = ctx;

	if (on) {
		map(f->vm, MACHINE_VARS_BASE, f->vars, MACHINE_VARS_SIZE,
		    false);
		return;
	}
	spin_lock(&f->vm->s2.lock);
	pt_unmap(&f->vm->s2.pt, MACHINE_VARS_BASE, MACHINE_VARS_SIZE);
	spin_unlock(&f->vm->s2.lock);
}

/* A guest may read it with its caches off. */
static void
changed(void *ctx, void *at, size_t n)
{

	(void)ctx;
	port_clean_inval_poc(at, n);
}

static const struct vflash_ops flash_ops = { direct, changed };

static void *
memory(void *ctx, uint64_t ipa, bool write)
{
	struct firmware *f = ctx;
	pa_t pa;

	return (stage2_translate(&f->vm->s2, IPA(ipa), write, &pa) ?
	    port_pa_to_ptr(pa) : NULL);
}

/* Is any of this passed through? */
static bool
taken(const struct vm_config *c, uint64_t base, uint64_t size, char *err)
{

	for (unsigned int i = 0; i < c->ndevices; i++)
		if (c->devices[i].ipa.v < base + size && base <
		    c->devices[i].ipa.v + c->devices[i].size) {
			print_fail(err, "passthrough: IPA 0x%lx: overlaps "
			    "what the VM's firmware has at 0x%lx",
			    c->devices[i].ipa.v, base);
			return (true);
		}
	return (false);
}

static int
create_rom(struct vm *vm, const struct tree_value *image, char *err)
{
	uint64_t size = round_up(image->len, PAGE_SIZE);
	pa_t pa;

	if (!host.ram_alloc(size, BLOCK_SIZE, &pa) &&
	    !host.ram_alloc(size, PAGE_SIZE, &pa))
		return (print_fail(err, "firmware: no %lu KiB of RAM in one "
		    "piece left", size >> 10));
	char *rom = port_pa_to_ptr(pa);
	memcpy(rom, image->data, image->len);
	memset(rom + image->len, 0xff, size - image->len);
	port_clean_inval_poc(rom, size);
	if (map(vm, MACHINE_ROM_BASE, pa, size, true) != 0)
		return (print_fail(err, "firmware: no memory for stage 2 "
		    "tables"));
	return (0);
}

/*
 * Of a permission fault HPFAR_EL2 need not tell (DDI 0487, HPFAR_EL2): the
 * guest's own stage 1 does. False: it has none there any more.
 */
static bool
fault_ipa(uint64_t *ipa)
{
	uint64_t far, par, saved;

	__asm__ volatile("mrs %0, far_el2\n\tmrs %1, par_el1\n\t"
	    "at s1e1r, %0\n\tisb\n\tmrs %2, par_el1\n\tmsr par_el1, %1"
	    : "=&r" (far), "=&r" (saved), "=&r" (par) : : "memory");
	/* Bit 0: it failed; else PA[47:12]. */
	*ipa = (par & 0x0000fffffffff000ull) | (far & (PAGE_SIZE - 1));
	return ((par & 1) == 0);
}

/* A write to what is mapped read-only, in a way that can be emulated. */
static bool
denied(struct vcpu *v, uint64_t esr)
{
	const struct firmware *f = firmwares[v->vm->index];
	uint64_t ipa;

	if (FSC_TYPE(ABT_FSC(esr)) != FSC_PERMISSION ||
	    ESR_EC(esr) != EC_DABT_LOW || !(esr & ABT_ISV) ||
	    !(esr & ABT_WRITE))
		return (false);
	if (!fault_ipa(&ipa))
		return (true);		/* to try again */
	if (ipa - MACHINE_VARS_BASE < MACHINE_VARS_SIZE) {
		if (mmio_access(v, esr, f->row, ipa - MACHINE_VARS_BASE) !=
		    OUTCOME_DONE)
			return (false);
	} else if (ipa - MACHINE_ROM_BASE >= MACHINE_ROM_SIZE)
		return (false);
	/* What was written, or by a ROM ignored, is done. */
	write_sysreg(elr_el2, read_sysreg(elr_el2) + (esr & ESR_IL ? 4 : 2));
	return (true);
}

int
firmware_create(struct vm *vm, char *err)
{
	const struct vm_config *c = &vm->config;
	struct firmware *f;

	if (taken(c, MACHINE_ROM_BASE, MACHINE_ROM_SIZE + MACHINE_VARS_SIZE,
	    err) || taken(c, MACHINE_FWCFG_BASE, PAGE_SIZE, err) ||
	    create_rom(vm, &c->extra.firmware, err) != 0)
		return (-1);
	f = pool_alloc(host.pool, round_up(sizeof(*f), PAGE_SIZE) / PAGE_SIZE,
	    1);
	if (f == NULL || !host.ram_alloc(MACHINE_VARS_SIZE, BLOCK_SIZE,
	    &f->vars))
		return (print_fail(err, "firmware: no memory for its flash"));
	f->vm = vm;
	f->cfg.kernel = (struct vfwcfg_item){ c->extra.kernel.data,
	    c->extra.kernel.len };
	f->cfg.initrd = (struct vfwcfg_item){ c->extra.initrd.data,
	    c->extra.initrd.len };
	if (c->extra.bootargs[0] != '\0')
		f->cfg.cmdline = (struct vfwcfg_item){ c->extra.bootargs,
		    (uint32_t)strlen(c->extra.bootargs) + 1 };
	f->cfg.cpus = c->nvcpus;
	f->cfg.memory = memory;
	f->cfg.ctx = f;
	vfwcfg_reset(&f->cfg);
	vflash_init(&f->flash, &flash_ops, f, port_pa_to_ptr(f->vars),
	    MACHINE_VARS_SIZE);
	if (vm->nmmio + 2 > VM_MAX_MMIO)
		return (print_fail(err, "firmware: too many other devices"));
	f->row = &vm->mmio[vm->nmmio];
	vm->mmio[vm->nmmio++] = (struct vm_mmio){ MACHINE_VARS_BASE,
	    MACHINE_VARS_SIZE, vflash_mmio, &f->flash };
	vm->mmio[vm->nmmio++] = (struct vm_mmio){ MACHINE_FWCFG_BASE,
	    PAGE_SIZE, vfwcfg_mmio, &f->cfg };
	firmwares[vm->index] = f;
	vm->denied = denied;
	return (0);
}

void
firmware_reset(struct vm *vm)
{
	struct firmware *f = firmwares[vm->index];

	if (vm->denied == NULL)
		return;
	vflash_reset(&f->flash);
	vfwcfg_reset(&f->cfg);
}
