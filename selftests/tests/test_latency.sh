#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# How long others wait for the CPU while a heap is at work. Only a machine that
# counts instructions (the lane "latency") gives the same answer each time: a
# nanosecond is an instruction there.

. "$(dirname "$0")/common.sh"

LATENCY=$DEBUGFS/spanheap_latency
RATE=/sys/module/spanheap/parameters/profile_rate

# Instructions without a preemption point, and with interrupts off.
MOST_BUSY=1000000
MOST_OFF=100000

# Instructions of an allocation that a limit refuses.
MOST_REFUSED=20000

# What the heap has, in objects of each size.
BYTES=512M

counting()
{
	[ "${SPANHEAP_ICOUNT:-0}" = 1 ] || skip "not in a machine that counts instructions"
}

order()
{
	echo "$*" >"$LATENCY/do" || fail "$*: failed"
}

# verdict WHAT: no longer than the bars since "start".
verdict()
{
	order stop || return 1
	busy=$(stat_of "$LATENCY/longest" thread_ns)
	off=$(stat_of "$LATENCY/longest" timer_ns)
	echo "$1: $busy without a preemption point, $off with interrupts off"
	[ "$busy" -le "$MOST_BUSY" ] && [ "$off" -le "$MOST_OFF" ]
}

# watched WHAT COMMAND...: run it under watch.
watched()
{
	what=$1
	shift
	order start || return 1
	status=0
	"$@" || status=1
	verdict "$what" || status=1
	return $status
}

heap_file()
{
	cat "$HEAPS/latency/$1" >/dev/null
}

# life SIZE: what a heap with objects of that size goes through.
life()
{
	bad=0
	order create || return 1
	watched "fill $1" order fill "$BYTES" "$1" || bad=1
	for file in map stats spans occupancy classes; do
		watched "$file $1" heap_file "$file" || bad=1
	done
	watched "drop half $1" order drop 2 || bad=1
	watched "map of half $1" heap_file map || bad=1
	watched "scavenge half $1" order scavenge || bad=1
	watched "map of a quarter $1" heap_file map || bad=1
	watched "drop all $1" order drop 1 || bad=1
	watched "zeroed $1" order zero "$BYTES" "$1" || bad=1
	watched "drop zeroed $1" order drop 1 || bad=1
	watched "scavenge all $1" order scavenge || bad=1
	watched "fill again $1" order fill "$BYTES" "$1" || bad=1
	order forget
	watched "destroy $1" order destroy || bad=1
	return $bad
}

latency_small()
{
	counting && life 256
}

latency_spans()
{
	counting && life 24K
}

latency_large()
{
	counting && life 1M
}

latency_huge()
{
	counting && life 32M
}

# Each object has a record, which goes when the heap goes.
latency_samples()
{
	counting || return
	bad=0
	rate=$(cat "$RATE")
	echo 1 >"$RATE"
	order create || return 1
	watched "fill sampled" order fill 32M 16 || bad=1
	order forget
	watched "destroy sampled" order destroy || bad=1
	echo "$rate" >"$RATE"
	return $bad
}

# As many free objects as a debug heap holds back, and a large one in their place.
latency_quarantine()
{
	counting || return
	bad=0
	order debug && order fill 4M 64 && order drop 1 || return 1
	order fill 512K 128K || return 1
	watched "drop large" order drop 1 || bad=1
	order destroy && order debug || return 1
	order fill 1M 64 && order drop 1 || return 1
	watched "scavenge held back" order scavenge || bad=1
	order destroy
	return $bad
}

# busy COMMAND...: instructions that it takes, those of workers included.
busy()
{
	order "$@" || return 1
	stat_of "$LATENCY/longest" busy_ns
}

# Who asks at the limit again and again is refused at little cost.
latency_refusals()
{
	counting || return
	order create && order limit 8M || return 1
	! (echo "fill 16M 4K" >"$LATENCY/do") 2>/dev/null ||
		fail "the limit is none" || return 1
	for size in 4K 64K 1M 16M; do
		each=$(busy refuse 1000 "$size") || return 1
		each=$((each / 1000))
		echo "$size refused in $each instructions"
		[ "$each" -le "$MOST_REFUSED" ] || return 1
	done
	order drop 1 && order destroy
}

# An arena is one vmap(), which is the kernel's and takes its time: small ones.
setup spanheap_latency profile_rate=2097152 arena_mb=32
run_tests latency_small latency_spans latency_large latency_huge \
	latency_samples latency_quarantine latency_refusals
