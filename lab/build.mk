# Host programs of the lab: boards, the hypervisor's discovery as it is,
# compiled for the build host.
#
# SPDX-License-Identifier: BSD-2-Clause

BOARDS := $(BUILD)/lab/boards
BOARDS_SRCS := lab/boards/boards.c $(wildcard hypervisor/platform/*.c) \
	$(filter-out %/uart_io.c,$(wildcard hypervisor/uart/*.c)) \
	$(filter-out %/string.c %/stack_chk.c,$(wildcard hypervisor/lib/*.c))

.PHONY: boards
boards: $(BOARDS)

$(BOARDS): $(BOARDS_SRCS) $(wildcard hypervisor/platform/*.h) lab/build.mk
	@mkdir -p $(@D)
	@echo '  HOSTCC  $@'
	@gcc -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror \
	    -fsanitize=address,undefined -fno-sanitize-recover=all \
	    -Ihypervisor -Ihypervisor/include -Ihypervisor/arch/fake \
	    -Ihypervisor/arch/arm -o $@ $(BOARDS_SRCS) -lfdt
