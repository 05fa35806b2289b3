# Bare-metal guests: a run-time library and one image for each file in
# guests/tests. bench/ links the same library:
#
#	$(GUEST_CFLAGS)		to compile a guest
#	$(GUEST_LIB)		what it is linked with, build/guests/lib.a
#	$(call guest_link,OBJ)	the recipe of an .elf
#
# SPDX-License-Identifier: BSD-2-Clause

GUEST := $(BUILD)/guests
GUEST_LIB := $(GUEST)/lib.a
GUEST_LIB_SRCS := $(wildcard guests/lib/*.[cS])
GUEST_LIB_OBJS := $(GUEST_LIB_SRCS:guests/%=$(GUEST)/%.o)
GUEST_TESTS := $(basename $(notdir $(wildcard guests/tests/*.c)))

# FP and SIMD registers belong to the tests, which use them in assembly.
GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin -fpie \
	-mgeneral-regs-only -mstrict-align -march=armv8-a \
	-mno-outline-atomics -fno-stack-protector -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables -fno-common -fvisibility=hidden \
	-ffunction-sections -fdata-sections \
	-Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes \
	-Iguests/lib -Ihypervisor/include $(LIBFDT_CFLAGS)
GUEST_LDFLAGS := -nostdlib -static-pie -Wl,--no-dynamic-linker -Wl,-z,text \
	-Wl,-z,norelro -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,--gc-sections \
	-Wl,-z,max-page-size=4096 -Wl,-T,guests/lib/image.lds
guest_link = $(CROSS)gcc $(GUEST_LDFLAGS) -o $@ $(1) \
	-Wl,--undefined=image_start $(GUEST_LIB) $(LIBFDT_A) $(GUEST_LIB)

guests: $(GUEST_TESTS:%=$(GUEST)/%.Image) $(GUEST)/flat.flat \
	$(GUEST)/armv7.zImage

# A guest of 32 bits, with a library of its own.
CROSS32 ?= arm-linux-gnueabihf-
ARMV7_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin -fno-pie \
	-march=armv7ve+nofp -mfloat-abi=soft -marm -mno-unaligned-access \
	-fno-stack-protector -fno-common -Wall -Wextra -Werror \
	-Wmissing-prototypes -Wstrict-prototypes -Iguests/armv7 -Iguests/lib \
	-Ihypervisor/include
ARMV7_OBJS := $(patsubst guests/%,$(GUEST)/%.o,\
	$(wildcard guests/armv7/*.[cS])) $(GUEST)/armv7/crc.o

$(GUEST)/armv7/%.c.o: guests/armv7/%.c guests/build.mk
	@mkdir -p $(@D)
	@echo '  CC32    $<'
	@$(CROSS32)gcc $(ARMV7_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST)/armv7/%.S.o: guests/armv7/%.S guests/build.mk
	@mkdir -p $(@D)
	@echo '  AS32    $<'
	@$(CROSS32)gcc $(ARMV7_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

$(GUEST)/armv7/crc.o: guests/lib/crc.c
	@mkdir -p $(@D)
	@$(CROSS32)gcc $(ARMV7_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST)/armv7.elf: $(ARMV7_OBJS) guests/armv7/image.lds
	@echo '  LD      $@'
	@$(CROSS32)gcc -nostdlib -static -no-pie -Wl,--build-id=none \
	    -Wl,--no-warn-rwx-segments -Wl,-z,noexecstack \
	    -Wl,-T,guests/armv7/image.lds -o $@ \
	    $(ARMV7_OBJS) -lgcc

$(GUEST)/armv7.zImage: $(GUEST)/armv7.elf
	@echo '  IMAGE   $@'
	@$(CROSS32)objcopy -O binary $< $@

# With no Image header, for the one address where such a binary is loaded.
$(GUEST)/flat.flat: $(GUEST)/flat/flat.c.o
	@echo '  FLAT    $@'
	@$(CROSS)gcc -nostdlib -static -Wl,--build-id=none \
	    -Wl,-Ttext-segment=0x40080000 -Wl,--section-start=.head=0x40080000 \
	    -Wl,--entry=start -o $(GUEST)/flat/flat.elf $<
	@$(CROSS)objcopy -O binary $(GUEST)/flat/flat.elf $@

$(GUEST)/%.elf: $(GUEST)/tests/%.c.o $(GUEST_LIB) guests/lib/image.lds
	@echo '  LD      $@'
	@$(call guest_link,$<)

$(GUEST)/%.Image: $(GUEST)/%.elf
	@echo '  IMAGE   $@'
	@$(CROSS)objcopy -O binary $< $@

$(GUEST_LIB): $(GUEST_LIB_OBJS)
	@echo '  AR      $@'
	@rm -f $@
	@$(CROSS)ar rcs $@ $^

$(GUEST)/%.c.o: guests/%.c | $(LIBFDT_A)
	@mkdir -p $(@D)
	@echo '  CC      $<'
	@$(CROSS)gcc $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST)/%.S.o: guests/%.S
	@mkdir -p $(@D)
	@echo '  AS      $<'
	@$(CROSS)gcc $(GUEST_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

.SECONDARY: $(GUEST_TESTS:%=$(GUEST)/%.elf) \
	$(GUEST_TESTS:%=$(GUEST)/tests/%.c.o)
-include $(GUEST_LIB_OBJS:.o=.d) $(ARMV7_OBJS:.o=.d) $(GUEST_TESTS:%=$(GUEST)/tests/%.c.d)
