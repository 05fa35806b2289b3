# The benchmark guest: one image, its operations chosen by boot arguments.
#
# SPDX-License-Identifier: BSD-2-Clause

BENCH := $(BUILD)/bench
BENCH_OBJS := $(patsubst bench/%,$(BENCH)/%.o,$(wildcard bench/*.[cS]))
# The table leaves out what is not so.
BENCH_CFLAGS = $(GUEST_CFLAGS) -Ibench -Wno-missing-field-initializers

# The floor of a machine: the same harness, other operations.
FLOOR_OBJS := $(patsubst bench/%,$(BENCH)/%.o,$(wildcard bench/floor/*.[cS]) \
	bench/clock.c bench/entry.S bench/harness.c bench/hist.c bench/sample.c)

bench-guests: $(BENCH)/bench.Image $(BENCH)/floor.Image

$(BENCH)/bench.elf: $(BENCH_OBJS) $(GUEST_LIB) guests/lib/image.lds
	@echo '  LD      $@'
	@$(call guest_link,$(BENCH_OBJS))

$(BENCH)/floor.elf: $(FLOOR_OBJS) $(GUEST_LIB) guests/lib/image.lds
	@echo '  LD      $@'
	@$(call guest_link,$(FLOOR_OBJS))

$(BENCH)/%.Image: $(BENCH)/%.elf
	@echo '  IMAGE   $@'
	@$(CROSS)objcopy -O binary $< $@

$(BENCH)/%.c.o: bench/%.c | $(LIBFDT_A)
	@mkdir -p $(@D)
	@echo '  CC      $<'
	@$(CROSS)gcc $(BENCH_CFLAGS) -MMD -MP -c -o $@ $<

$(BENCH)/%.S.o: bench/%.S
	@mkdir -p $(@D)
	@echo '  AS      $<'
	@$(CROSS)gcc $(BENCH_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

-include $(BENCH_OBJS:.o=.d)
