# SPDX-License-Identifier: GPL-2.0
#
# make            build the modules against the running kernel (KDIR=... another)
# make clean      remove what make built, here and below build/
# make demo       boot Debian's 6.1 kernel in QEMU and show the heap at work
# make test       run all tests in all lanes; LANE="..." and SUITE=GLOB for some,
#                 CPUS=N on that many CPUs
# make test-all   the lanes that take longer as well, and the model with three objects
# make coverage   which lines of module/ KUnit and the selftests reach
# make torture    OPS=n randomised operations, SEED=n; LANE=native unless given
# make soak       everything at once for MINUTES=n; LANE=debug unless given
# make bench      compare with kmalloc, kmem_cache, kvmalloc and vmalloc
# make lint       checkpatch, sparse, W=1, kernel-doc, docutils, shellcheck, Coccinelle
#
# All but the first two install the Debian packages they need.

KDIR ?= /lib/modules/$(shell uname -r)/build
LANE ?=
SUITE ?= *
CPUS ?=
MINUTES ?= 10
OPS ?= 10000000
SEED ?= 0

.PHONY: modules clean demo test test-all coverage torture soak bench lint help

# BTF is left out: it takes the vmlinux of that kernel, which headers lack.
modules:
	@if [ ! -e "$(KDIR)/Makefile" ]; then \
		echo "No kernel headers in $(KDIR)."; \
		echo "On Debian: apt install linux-headers-$$(uname -r)"; \
		echo "For another kernel: make KDIR=/path/to/its/build/folder"; \
		exit 1; \
	fi
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" CONFIG_DEBUG_INFO_BTF_MODULES= modules

clean:
	scripts/rig/modules --clean
	@if [ -e "$(KDIR)/Makefile" ]; then \
		$(MAKE) -C "$(KDIR)" M="$(CURDIR)" clean; \
	fi

demo:
	@scripts/demo

test:
	@scripts/test --suite '$(SUITE)' --cpus '$(CPUS)' $(LANE)

test-all:
	@scripts/test --suite '$(SUITE)' --cpus '$(CPUS)' --all

coverage:
	@scripts/coverage '$(SUITE)'

torture:
	@scripts/torture '$(OPS)' '$(SEED)' $(LANE)

soak:
	@scripts/soak '$(MINUTES)' $(LANE)

bench:
	@scripts/bench

lint:
	@scripts/lint

help:
	@sed -n '3,/^$$/s/^# \{0,1\}//p' Makefile
