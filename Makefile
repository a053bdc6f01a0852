# SPDX-License-Identifier: GPL-2.0-only
# The front door. Each target is one script in scripts/, which says what it does.
.DEFAULT_GOAL := help
export FORCE BASE ONTO UPSTREAM SUITE MUTANT ONLY SIDE FLAVOUR JOBS MEM SMP TIMEOUT KVM APPEND QEMU_ARGS DEVICES SEED MINUTES
MAKEFLAGS += --no-print-directory
.PHONY: help setup prepare refresh export build debug-build run shell test check check-each compile type1 mutants \
	bench races fuzz emulator forgetful rehearse docs deb kabi clean

help:
	@scripts/help
setup prepare refresh export run test check check-each mutants bench races fuzz emulator forgetful rehearse docs deb:
	@scripts/$@
compile type1 kabi:
	@scripts/check-$@
build:
	@scripts/build run
debug-build:
	@scripts/build debug
shell:
	@scripts/shell
clean:
	@scripts/clean
