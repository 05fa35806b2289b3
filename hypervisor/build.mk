# The EL2 program: one image for every board.
#
#	build/hypervisor/apiary.elf	with symbols
#	build/hypervisor/apiary.Image	what boot loaders take
#
# SPDX-License-Identifier: BSD-2-Clause

HV := $(BUILD)/hypervisor
# Extensions (README.md): folders named here, in image.lds and in ci/checks.
HV_EXT := virtio vits vfirmware its smmu devices \
	$(patsubst %,%/ext,mm vmm arch/aarch64 platform gic boot)
HV_ROOMS := lib mm vgic vtimer vdev vmm arch/aarch64 gic uart platform boot \
	$(HV_EXT)
HV_SRCS := $(foreach r,$(HV_ROOMS),$(wildcard hypervisor/$(r)/*.[cS]))
HV_OBJS := $(HV_SRCS:hypervisor/%=$(HV)/%.o)
HV_MADE := $(HV)/include/boot/version.h $(HV)/include/vmm/guest_tree.h

# The exit path keeps x18 for the guest; FP and SIMD are the guests' alone.
# The whole image lies within 1 MiB: an address takes one instruction.
HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin -fpie \
	-mcmodel=tiny \
	-mgeneral-regs-only -mstrict-align -march=armv8-a \
	-mno-outline-atomics -ffixed-x18 -fno-stack-protector \
	-fomit-frame-pointer -fno-unwind-tables \
	-fno-asynchronous-unwind-tables \
	-falign-functions=4 -falign-jumps=1 -falign-loops=1 \
	-falign-labels=1 -fno-common -include hypervisor/lib/hidden.h \
	-ffunction-sections -fdata-sections \
	-Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes \
	-Ihypervisor -Ihypervisor/include -Ihypervisor/arch/aarch64 \
	-Ihypervisor/arch/arm $(LIBFDT_CFLAGS) -I$(HV)/include
# What runs only at start, or rarely, is built for size: a page table of the
# exit path is worth more than the microseconds of a boot.
HV_SMALL := $(foreach r,lib platform uart boot gic vdev,\
	    $(wildcard hypervisor/$(r)/*.c)) \
	$(patsubst %,hypervisor/vmm/%.c,bundle console exits guest_fdt \
	    hypercall image node passthrough psci smccc stats sysreg vcpu vm) \
	$(patsubst %,hypervisor/mm/%.c,pt pool) hypervisor/vgic/vgic_lr.c \
	hypervisor/vtimer/vtimer.c \
	$(patsubst %,hypervisor/arch/aarch64/%.c,cpu lazy vcpu walk)
$(HV_SMALL:hypervisor/%=$(HV)/%.o): HV_CFLAGS += -Os
# The section of extensions goes by the objects' names, which optimisation at
# link time does not keep.
$(foreach r,$(HV_EXT),$(patsubst hypervisor/%,$(HV)/%.o,\
    $(wildcard hypervisor/$(r)/*.c))): HV_CFLAGS += -Os
# What reads bundles and images, before any guest runs, has its stack watched,
# too: that costs no exit.
HV_WATCHED := $(wildcard hypervisor/devices/*.c) hypervisor/boot/main.c \
	$(patsubst %,hypervisor/vmm/%.c,bundle node image passthrough guest_fdt)
$(HV_WATCHED:hypervisor/%=$(HV)/%.o): HV_CFLAGS += -fstack-protector-strong
# Most of it is optimised as one, when it is linked: not the interrupt
# controller, which exits go through, nor what has a place of its own in
# image.lds or is called by what the compiler makes up. A constant takes less to
# make again than a register to keep it in; an epilogue is worth one copy.
HV_LTO := $(filter-out hypervisor/gic/% \
	$(patsubst %,hypervisor/lib/%.c,string extent stack_chk),$(HV_SMALL))
$(HV_LTO:hypervisor/%=$(HV)/%.o): HV_CFLAGS += -flto \
	-fno-move-loop-invariants -fno-shrink-wrap
HV_LDFLAGS := -nostdlib -static-pie -Wl,--no-dynamic-linker -Wl,-z,text \
	-Wl,-z,norelro -Wl,--build-id=none -Wl,--gc-sections \
	-Wl,-z,max-page-size=4096 -Wl,-T,hypervisor/boot/image.lds

.PHONY: hypervisor
hypervisor: $(HV)/apiary.Image

$(HV)/apiary.elf: $(HV_OBJS) hypervisor/boot/image.lds $(LIBFDT_A)
	@echo '  LD      $@'
	@$(CROSS)gcc $(HV_CFLAGS) -flto -flto-partition=none $(HV_LDFLAGS) \
		-o $@ $(HV_OBJS) $(LIBFDT_A)

$(HV)/apiary.Image: $(HV)/apiary.elf
	@echo '  IMAGE   $@'
	@$(CROSS)objcopy -O binary $< $@

$(HV)/%.c.o: hypervisor/%.c hypervisor/build.mk | $(HV_MADE) $(LIBFDT_A)
	@mkdir -p $(@D)
	@echo '  CC      $<'
	@$(CROSS)gcc $(HV_CFLAGS) -MMD -MP -c -o $@ $<

$(HV)/%.S.o: hypervisor/%.S hypervisor/build.mk
	@mkdir -p $(@D)
	@echo '  AS      $<'
	@$(CROSS)gcc $(HV_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

# What the banner says. Not the commit: the image is a function of its source.
$(HV)/include/boot/version.h: hypervisor/VERSION
	@mkdir -p $(@D)
	@printf '#define\tVERSION "%s"\n' "$$(cat $<)" > $@

# The device trees that guests' are made of, as arrays.
$(HV)/%.dtb: hypervisor/%.dts hypervisor/vmm/guest.dtsi \
    hypervisor/vmm/guest_gicv3.dts \
    hypervisor/include/abi/machine.h
	@mkdir -p $(@D)
	@echo '  DTC     $@'
	@$(CROSS)gcc -E -P -undef -nostdinc -D__ASSEMBLER__ \
		-x assembler-with-cpp -Ihypervisor/include $< | \
		dtc -I dts -O dtb -o $@ -

$(HV)/include/vmm/guest_tree.h: $(HV)/vmm/guest_gicv2.dtb \
    $(HV)/vmm/guest_gicv3.dtb $(HV)/vmm/guest_gicv3_its.dtb
	@mkdir -p $(@D)
	@for tree in $^; do \
		printf 'static const _Alignas(8) unsigned char %s[] = {\n' \
			"$$(basename $$tree .dtb)"; \
		od -An -v -tu1 $$tree | sed 's/[0-9]\+/&,/g'; \
		echo '};'; \
	done > $@

-include $(HV_OBJS:.o=.d)
