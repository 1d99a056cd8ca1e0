#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What an empty heap costs, in all the memory that the machine has less for it:
# records, per-CPU memory, page tables, files in debugfs.

. "$(dirname "$0")/common.sh"

LATENCY=$DEBUGFS/spanheap_latency

# So many that neither what else goes on matters nor what was free in slabs before.
HEAPS_MADE=1024

# KiB, with two CPUs, and for each more.
MOST_KB=64
MOST_KB_CPU=16
# With PREEMPT_RT a spinlock is a mutex: as much more in the record and in inodes.
MOST_KB_RT=8

# settled_kib: what is free once what was put off has been done.
settled_kib()
{
	sleep 1
	free_kib
}

# heaps NUMBER: have so many.
heaps()
{
	echo "heaps $1" >"$LATENCY/do" || fail "no $1 heaps"
}

cost_of_an_empty_heap()
{
	! slow_kernel || skip "a debugging kernel" || return
	cpus=$(nproc)
	most=$((MOST_KB + (cpus > 2 ? cpus - 2 : 0) * MOST_KB_CPU))
	! [ -e /sys/kernel/realtime ] || most=$((most + MOST_KB_RT))
	# What all heaps share is there before.
	heaps 4 || return 1
	before=$(settled_kib)
	heaps $((HEAPS_MADE + 4)) || return 1
	after=$(settled_kib)
	each=$(((before - after) / HEAPS_MADE))
	echo "an empty heap costs $each KiB on $cpus CPUs; at most $most"
	heaps 0
	[ "$each" -le "$most" ]
}

setup spanheap_latency
run_tests cost_of_an_empty_heap
