# The way in: builds everything, runs everything. Thin on purpose: each room
# says in its own build.mk how it is built; lab/apiary and ci/ do the work.
# Must not know a source file, a compiler flag or a board.
#
# What a room's build.mk does: adds prerequisites to one of the phony targets
# below (`hypervisor: $(BUILD)/hypervisor/apiary.Image`), writes only under
# $(BUILD)/<room>/, and uses $(CROSS), $(LIBFDT_A) and $(LIBFDT_CFLAGS).
#
#	hypervisor	hypervisor/build.mk		the EL2 program
#	guests		guests/build.mk			test guests
#	bench-guests	bench/build.mk			benchmark guests
#	unit-tests	hypervisor/tests/build.mk	host tests, Kyuafile
#	coverage-run	hypervisor/tests/build.mk	what `make coverage` runs
#
# SPDX-License-Identifier: BSD-2-Clause

.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

BUILD ?= build
CROSS ?= aarch64-linux-gnu-
TARGET ?= qemu-virt-gicv3
export BUILD CROSS

# Debian's libfdt for arm64, unpacked by ci/deps beside the host's own.
LIBFDT_DIR := $(BUILD)/deps/libfdt
LIBFDT_A := $(LIBFDT_DIR)/usr/lib/aarch64-linux-gnu/libfdt.a
LIBFDT_CFLAGS := -isystem $(LIBFDT_DIR)/usr/include

# Goals that may run before any compiler is installed: for these the rooms'
# build.mk are not read, the recipes come back here for what they build.
OUTER := help deps deps-backports bench test test-full soak coverage lint check run clean \
	distclean report-junit report-html lock lock-check compare bisect \
	report
.PHONY: $(OUTER) all hypervisor guests bench-guests unit-tests coverage-run

# One job per CPU, unless the caller has said how many.
PARALLEL = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
AGAIN = +$(MAKE) --no-print-directory $(PARALLEL)

help:
	@echo 'make deps        install what is missing (NO_INSTALL=1: only list)'
	@echo 'make deps-backports   a newer QEMU, for machines that Debian 12 lacks'
	@echo 'make all         hypervisor, test guests, benchmark guests'
	@echo 'make bench       run the benchmarks: one table   [TARGET=... ARGS=...]'
	@echo 'make test        every test, in under ten minutes [FILTER=...]'
	@echo 'make test-full   the whole matrix of machines'
	@echo 'make soak        two Linux, a benchmark and a hostile guest, an hour'
	@echo '                 together [SOAK=seconds]'
	@echo 'make report      all stored runs as pages, in results/report/'
	@echo 'make compare     what a change did to each figure: BASE=rev [HEAD=rev]'
	@echo 'make bisect      which commit did it: BENCH=figure GOOD=rev BAD=rev'
	@echo 'make lock-check  costs are those of results/lock/; make lock: write them'
	@echo 'make run         boot one guest: GUEST=image [TARGET=... ARGS=...]'
	@echo 'make check       the rules of the code, each with file and line'
	@echo 'make lint        clang-tidy over the hypervisor'
	@echo 'make coverage    host unit tests: lines of the pure rooms covered'
	@echo 'make report-junit report-html   the last test run, under build/'
	@echo 'make hypervisor guests bench-guests unit-tests   build one part'
	@echo 'make clean       remove what was built; distclean: all of build/'

deps:
	@ci/deps

deps-backports: deps
	@ci/deps-backports

# Read before the rooms so that a room may name it as a prerequisite.
$(LIBFDT_A):
	@ci/deps

ifneq ($(filter-out $(OUTER),$(MAKECMDGOALS)),)
include $(wildcard hypervisor/build.mk guests/build.mk bench/build.mk \
	hypervisor/tests/build.mk lab/build.mk)
endif

all: hypervisor guests bench-guests boards peers shim

bench: deps
	$(AGAIN) hypervisor bench-guests
	@lab/apiary bench --target $(TARGET) $(ARGS)

test: deps
	@fixtures/fetch-linux && fixtures/fetch-linux armhf || \
	    echo 'make: tests with Linux are skipped'
	@fixtures/fetch-edk2 || echo 'make: tests with EDK2 are skipped'
	$(AGAIN) all unit-tests
	@ci/test $(if $(FILTER),--filter '$(FILTER)')

test-full:
	@ci/deps base fuzz lava
	@fixtures/fetch-lava-types
	@fixtures/fetch-uboot
	@fixtures/fetch-edk2
	@fixtures/fetch-dtbs
	@fixtures/fetch-xen
	-@fixtures/fetch-tfa
	-@ci/deps-backports
	$(AGAIN) all unit-tests fuzz-build
	@ci/test --full $(if $(FILTER),--filter '$(FILTER)')

soak: deps
	@fixtures/fetch-linux
	$(AGAIN) hypervisor guests bench-guests
	@lab/apiary soak --target $(TARGET) --seconds $(or $(SOAK),3600) $(ARGS)

# What the user has said, or all targets that have a lock.
LOCKED = $(if $(filter file,$(origin TARGET)),,--target $(TARGET)) $(ARGS)

lock lock-check: deps
	$(AGAIN) hypervisor bench-guests
	@lab/apiary $@ $(LOCKED)

report: deps
	@lab/apiary report $(ARGS)

compare: deps
	@lab/apiary compare --target $(TARGET) $(ARGS) -- \
	    $(or $(BASE),$(error BASE=rev is wanted)) $(HEAD)

bisect: deps
	@lab/apiary bisect --target $(TARGET) $(ARGS) \
	    --bench $(or $(BENCH),$(error BENCH=figure is wanted)) \
	    --good $(or $(GOOD),$(error GOOD=rev is wanted)) \
	    --bad $(or $(BAD),HEAD)

report-junit:
	@ci/test --report junit

report-html:
	@ci/test --report html

run: deps
	$(AGAIN) hypervisor
	@lab/apiary run --target $(TARGET) $(if $(GUEST),--guest '$(GUEST)') $(ARGS)

check: deps
	@ci/check

lint:
	@ci/deps base lint
	@ci/lint

coverage:
	@ci/deps base coverage
	$(AGAIN) coverage-run

clean:
	rm -rf $(filter-out $(BUILD)/deps,$(wildcard $(BUILD)/*))

distclean:
	rm -rf $(BUILD)
