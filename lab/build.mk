# Programs of the lab: boards, the hypervisor's discovery as it is, compiled
# for the build host; and the KVM runner, for arm64 Linux.
#
# SPDX-License-Identifier: BSD-2-Clause

BOARDS := $(BUILD)/lab/boards
BOARDS_SRCS := lab/boards/boards.c $(wildcard hypervisor/platform/*.c \
	hypervisor/platform/ext/*.c) \
	$(filter-out %/uart_io.c,$(wildcard hypervisor/uart/*.c)) \
	$(filter-out %/string.c %/stack_chk.c,$(wildcard hypervisor/lib/*.c))

.PHONY: boards
boards: $(BOARDS)

$(BOARDS): $(BOARDS_SRCS) $(wildcard hypervisor/platform/*.h \
    hypervisor/platform/ext/*.h) lab/build.mk
	@mkdir -p $(@D)
	@echo '  HOSTCC  $@'
	@gcc -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror \
	    -fsanitize=address,undefined -fno-sanitize-recover=all \
	    -Ihypervisor -Ihypervisor/include -Ihypervisor/arch/fake \
	    -Ihypervisor/arch/arm -o $@ $(BOARDS_SRCS) -lfdt

RUNNER := $(BUILD)/peers/kvm-runner
RUNNER_SRCS := $(wildcard lab/peers/*.c)

.PHONY: peers
peers: $(RUNNER)

# Static: it may be all that a Linux has. With CROSS= it is built natively.
$(RUNNER): $(RUNNER_SRCS) lab/peers/runner.h lab/build.mk | $(LIBFDT_A)
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(CROSS)gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror \
	    -static -pthread -s -Wl,--build-id=none $(LIBFDT_CFLAGS) -o $@ \
	    $(RUNNER_SRCS) $(LIBFDT_A)

# The shim at EL3, for models without firmware.
SHIM := $(BUILD)/lab/shim
SHIM_OBJS := $(patsubst lab/shim/%,$(SHIM)/%.o,$(wildcard lab/shim/*.[cS]))

.PHONY: shim
shim: $(BUILD)/lab/shim.bin

$(SHIM)/shim.elf: $(SHIM_OBJS) lab/shim/shim.lds
	@echo '  LD      $@'
	@$(CROSS)gcc -nostdlib -static -Wl,--build-id=none -Wl,-T,lab/shim/shim.lds \
	    -o $@ $(SHIM_OBJS)

$(BUILD)/lab/shim.bin: $(SHIM)/shim.elf
	@echo '  IMAGE   $@'
	@$(CROSS)objcopy -O binary -j .text $< $@

$(SHIM)/%.o: lab/shim/% lab/shim/shim.h lab/build.mk
	@mkdir -p $(@D)
	@echo '  CC      $<'
	@$(CROSS)gcc -std=gnu11 -Os -g -ffreestanding -fno-builtin -fpic \
	    -fvisibility=hidden -mgeneral-regs-only -mstrict-align \
	    -march=armv8-a -fno-stack-protector \
	    -fno-asynchronous-unwind-tables -fno-jump-tables -Wall -Wextra \
	    -Werror $(if $(filter %.S,$<),-D__ASSEMBLER__) -c -o $@ $<
