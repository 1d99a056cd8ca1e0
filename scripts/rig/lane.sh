# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034	# read by those who source this
#
# Lanes: a kernel, a machine, and the tests that run there. Each is a file of
# shell variables in scripts/lanes/, named after the lane; a variant of another
# lane starts with `. "$LANES/debug"` and changes what differs. Variables:
#
#   KERNEL       name of the kernel; lanes with the same one share its build
#   PACKAGED     "SUITE IMAGE HEADERS": a kernel of Debian's, or else
#   BASE_CONFIG  the make target of the configuration to start from, and
#   CONFIGS      the fragments of scripts/configs merged over it, in order
#   BUILD_ARGS   more arguments of make for building the kernel itself
#   KARCH        x86_64 (default; boots in QEMU) or um (boots as a process)
#   CPUS MEM     of the machine (2, 1G)
#   NODES        NUMA nodes that share these evenly, QEMU only (1)
#   CPU          QEMU's model of it (max,-cx16: CMPXCHG16B leaves wrong flags
#                behind in QEMU 7.2, which Linux 6.12 trips over)
#   THREADS      multi (default): a host thread for each of its CPUs; single: one
#                for all, for kernels that patch their own code (jump labels),
#                since QEMU may run an old copy on another CPU
#   ICOUNT       yes: one CPU that counts instructions: each takes a nanosecond (no)
#   APPEND       more kernel command line
#   TESTS        what runs there: kunit, selftests, or both
#   KUNIT_ARGS   parameters of spanheap_kunit.ko, as kunit/main.c has them
#   ONLY         only selftests that match this glob, as test_GLOB.sh (all)
#   KMEMLEAK     yes: scan for leaks before the machine stops
#   WEIGHT       about how many seconds it takes: long ones begin first (100)
#   IN_TEST      yes: part of a plain `make test`; all: of `make test-all` only

LANES=$SPANHEAP_ROOT/scripts/lanes

# lane_load LANE: set the variables above, with their defaults.
lane_load()
{
	[ -f "$LANES/$1" ] || die "no lane '$1'; there are: $(lane_list | paste -sd ' ')"

	LANE=$1
	PACKAGED='' BASE_CONFIG='' CONFIGS='' BUILD_ARGS='' KARCH=x86_64
	CPUS=2 MEM=1G NODES=1 CPU=max,-cx16 THREADS=multi ICOUNT=no
	APPEND='' TESTS='' KUNIT_ARGS='' ONLY='*' KMEMLEAK=no WEIGHT=100 IN_TEST=no
	# shellcheck source=/dev/null
	. "$LANES/$1"
}

lane_list()
{
	ls "$LANES"
}

# lanes_in_test [all]: those that run without being asked for by name, of a plain
# `make test` or of all, the longest first.
lanes_in_test()
{
	local lane

	for lane in $(lane_list); do
		lane_load "$lane"
		case $IN_TEST in
		yes|"${1:-yes}")	echo "$WEIGHT $lane" ;;
		esac
	done | sort -k 1nr -k 2 | cut -d ' ' -f 2
}
