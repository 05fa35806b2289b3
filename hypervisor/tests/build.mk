# Host tests: every tests/{unit,model,fuzz}/NAME_test.c is an ATF program
# build/tests/NAME_test, under ASan and UBSan. What the tests are about is
# in one archive, so that a test's own stand-in of a function wins.
#
#	make unit-tests		builds, and writes build/tests/Kyuafile
#	make coverage		which lines of the pure rooms they reach
#	make fuzz-build		the same for libFuzzer, with clang:
#				build/fuzz/NAME_fuzz [FOLDER OF INPUTS]
#
# SPDX-License-Identifier: BSD-2-Clause

HT := $(BUILD)/tests
HT_TESTS := $(wildcard hypervisor/tests/unit/*_test.c \
	hypervisor/tests/model/*_test.c hypervisor/tests/fuzz/*_test.c)
HT_PROGRAMS := $(notdir $(HT_TESTS:.c=))

# Rooms that compile on the host: all of lib but the C library, the pure
# ones, and of the others the files that touch no hardware.
HT_SRCS := $(filter-out %/string.c %/stack_chk.c,$(wildcard \
	$(patsubst %,hypervisor/%/*.c,lib mm vgic vtimer vdev virtio \
	vits vfirmware platform arch/fake mm/ext platform/ext vmm/ext))) \
	$(patsubst %,hypervisor/arch/aarch64/ext/%.c,aarch32_decode image_other \
	option) \
	$(patsubst %,hypervisor/devices/%.c,devnode dma pci pci_config \
	pci_host pci_msi pci_smmu) hypervisor/its/its.c \
	hypervisor/its/its_queue.c hypervisor/smmu/smmu.c \
	hypervisor/smmu/smmu_table.c \
	$(patsubst %,hypervisor/vmm/%.c,psci smccc hypercall sysreg abort mmio \
	exits run stats bundle passthrough node image guest_fdt) \
	$(filter-out %/uart_io.c,$(wildcard hypervisor/uart/*.c))
HT_SHARED := hypervisor/tests/unit/vmm_fake.c \
	hypervisor/tests/model/vgic_ref.c hypervisor/tests/fuzz/vgic_fuzz.c

HT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -fno-common \
	-Wall -Wextra -Werror -Ihypervisor -Ihypervisor/include \
	-Ihypervisor/arch/fake -Ihypervisor/arch/arm -Ihypervisor/tests/unit \
	-I$(HV)/include
HT_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
HT_LIBS := -latf-c -lfdt -lpthread

.PHONY: unit-tests coverage-run fuzz-build

# $(1): folder, $(2): flags
define HT_RULES
$(1)/%.o: hypervisor/%.c | $(HV)/include/vmm/guest_tree.h
	@mkdir -p $$(@D)
	@echo '  HOSTCC  $$<'
	@gcc $(HT_CFLAGS) $(2) -MMD -MP -c -o $$@ $$<

$(1)/rooms.a: $(patsubst hypervisor/%.c,$(1)/%.o,$(HT_SRCS) $(HT_SHARED))
	@rm -f $$@
	@ar rc $$@ $$^

$(1)/%_test: $(1)/tests/unit/%_test.o $(1)/tests/asan_options.o \
    $(1)/rooms.a
	@gcc $(2) -o $$@ $$^ $(HT_LIBS)

$(1)/%_test: $(1)/tests/model/%_test.o $(1)/tests/asan_options.o \
    $(1)/rooms.a
	@gcc $(2) -o $$@ $$^ $(HT_LIBS)

$(1)/%_test: $(1)/tests/fuzz/%_test.o $(1)/tests/asan_options.o \
    $(1)/rooms.a
	@gcc $(2) -o $$@ $$^ $(HT_LIBS)

$(1)/Kyuafile: $(patsubst %,$(1)/%,$(HT_PROGRAMS)) hypervisor/tests/build.mk
	@{ echo 'syntax(2)'; echo 'test_suite("apiary")'; \
	for t in $(HT_PROGRAMS); do \
		echo "atf_test_program{name=\"$$$$t\", timeout=300}"; \
	done; } > $$@
endef
$(eval $(call HT_RULES,$(HT),$(HT_SANITIZE)))
$(eval $(call HT_RULES,$(BUILD)/coverage,--coverage))
# Kept: make would remove them after the link, and compile them all again.
.SECONDARY: $(foreach d,$(HT) $(BUILD)/coverage,$(d)/tests/asan_options.o \
	$(HT_TESTS:hypervisor/%.c=$(d)/%.o))

unit-tests: $(HT)/Kyuafile

coverage-run: $(BUILD)/coverage/Kyuafile
	@hypervisor/tests/coverage $(BUILD)/coverage

# The fuzz tests again, their main() put aside for libFuzzer's.
HT_FUZZERS := vgic bundle platform trap vdev virtio image pci vits vfirmware
# Clang minds NULL + 0, which GCC defines, as C will (WG14 N3322).
HT_FUZZ_SANITIZE := -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize=pointer-overflow \
	-fno-sanitize-recover=all -Wno-unknown-warning-option
FZ := $(BUILD)/fuzz

fuzz-build: $(HT_FUZZERS:%=$(FZ)/%_fuzz)

$(FZ)/%.o: hypervisor/%.c | $(HV)/include/vmm/guest_tree.h
	@mkdir -p $(@D)
	@echo '  FUZZ    $<'
	@clang $(HT_CFLAGS) $(HT_FUZZ_SANITIZE) -Dmain=fuzz_unused_main -MMD \
		-MP -c -o $@ $<

$(FZ)/rooms.a: $(patsubst hypervisor/%.c,$(FZ)/%.o,$(HT_SRCS) \
    $(filter-out %/vgic_fuzz.c,$(HT_SHARED)))
	@rm -f $@
	@ar rc $@ $^

$(FZ)/vgic_fuzz: $(FZ)/tests/fuzz/vgic_fuzz.o $(FZ)/rooms.a
	@clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(HT_LIBS)

$(FZ)/%_fuzz: $(FZ)/tests/fuzz/%_fuzz_test.o $(FZ)/rooms.a
	@clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(HT_LIBS)

.SECONDARY: $(patsubst hypervisor/%.c,$(FZ)/%.o,$(HT_SRCS) $(HT_SHARED) \
	$(wildcard hypervisor/tests/fuzz/*.c))

-include $(wildcard $(HT)/*/*.d $(HT)/*/*/*.d $(BUILD)/coverage/*/*.d \
	$(BUILD)/coverage/*/*/*.d $(FZ)/*/*.d $(FZ)/*/*/*.d)
