#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tracepoints, through the kernel's tracefs: there, silent when off, and telling
# the truth about the sample at work.

. "$(dirname "$0")/common.sh"

TRACING=/sys/kernel/tracing
EVENTS=$TRACING/events/spanheap

listen()
{
	[ -d "$EVENTS" ] || skip "no tracefs" || return
	echo 0 >"$EVENTS/enable"
	echo 4096 >"$TRACING/buffer_size_kb"
	echo >"$TRACING/trace"
	for event; do
		echo 1 >"$EVENTS/$event/enable" || return 1
	done
}

# heard EVENT: its lines, of the heap of the sample.
heard()
{
	echo 0 >"$EVENTS/enable"
	grep " $1: heap=sample " "$TRACING/trace"
}

trace_events()
{
	[ -d "$EVENTS" ] || skip "no tracefs" || return
	for event in alloc free refill flush grow populate release scavenge \
			heap_create heap_destroy bad_free; do
		[ -f "$EVENTS/$event/format" ] || fail "no event $event" ||
			return 1
		grep -q 'heap' "$EVENTS/$event/format" ||
			fail "$event does not name the heap" || return 1
	done
}

# As many events as the heap counts objects.
trace_counts()
{
	listen alloc free || return
	before=$(stat_of "$HEAPS/sample/stats" mallocs)
	freed=$(stat_of "$HEAPS/sample/stats" frees)
	head -n 1000 /proc/kallsyms >"$SAMPLE/load"
	echo >"$SAMPLE/clear"
	allocs=$(heard alloc | wc -l)
	frees=$(grep -c ' free: heap=sample ' "$TRACING/trace")
	mallocs=$(stat_of "$HEAPS/sample/stats" mallocs)
	[ "$allocs" -eq $((mallocs - before)) ] ||
		fail "$allocs events alloc, $((mallocs - before)) objects" ||
		return 1
	[ "$frees" -eq $(($(stat_of "$HEAPS/sample/stats" frees) - freed)) ] ||
		fail "$frees events free" || return 1
	[ "$allocs" -ge 2000 ] || fail "only $allocs objects"
}

trace_alloc_form()
{
	listen alloc free || return
	head -n 20 /proc/kallsyms >"$SAMPLE/load"
	echo >"$SAMPLE/clear"
	heard alloc >"$tmp/alloc"
	grep ' free: heap=sample ' "$TRACING/trace" >"$tmp/free"
	site='call_site=[a-z_.0-9]+\+0x[0-9a-f]+/0x[0-9a-f]+ \[spanheap_sample\]'
	rest='bytes_req=[0-9]+ bytes_alloc=[0-9]+ gfp_flags=[A-Z_|]+'
	! grep -vE "$site ptr=[0-9a-f]+ $rest\$" "$tmp/alloc" ||
		fail "that is no event alloc" || return 1
	! grep -vE "$site ptr=[0-9a-f]+ bytes=[0-9]+\$" "$tmp/free" ||
		fail "that is no event free" || return 1
	no_addresses "$tmp/alloc" && no_addresses "$tmp/free"
}

trace_slow_paths()
{
	listen refill flush grow populate release scavenge || return
	cat /proc/kallsyms >"$SAMPLE/load"
	echo >"$SAMPLE/clear"
	echo 1 >"$HEAPS/sample/scavenge"
	for event in refill flush grow populate release scavenge; do
		heard $event >"$tmp/$event"
		[ -s "$tmp/$event" ] || fail "no event $event" || return 1
	done
	grep -q ' reason=request ' "$tmp/scavenge" || fail "no reason"
}

# Events of heaps that come and go, and of a refused free.
trace_heaps()
{
	listen heap_create heap_destroy bad_free || return
	load spanheap_client && echo free_interior >"$CLIENT/run"
	rmmod spanheap_client
	echo 0 >"$EVENTS/enable"
	for event in heap_create heap_destroy bad_free; do
		grep -q " $event: heap=client" "$TRACING/trace" ||
			fail "no event $event" || return 1
	done
	grep ' bad_free: ' "$TRACING/trace" | grep -q 'what="interior pointer"' ||
		fail "the mistake has no name"
}

trace_off()
{
	listen || return
	head -n 100 /proc/kallsyms >"$SAMPLE/load"
	echo >"$SAMPLE/clear"
	! grep ' heap=' "$TRACING/trace" || fail "events while all are off"
}

# What was listened to goes with the module.
trace_unload()
{
	listen alloc || return
	rmmod spanheap_sample || return 1
	rmmod spanheap || return 1
	[ ! -d "$EVENTS" ] || fail "events of a module that is gone"
}

setup spanheap_sample
run_tests trace_events trace_counts trace_alloc_form trace_slow_paths \
	trace_heaps trace_off trace_unload
