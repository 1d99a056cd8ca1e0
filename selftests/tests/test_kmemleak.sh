#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kmemleak: lists objects that nothing points to, and nothing that an object of
# ours points to.

. "$(dirname "$0")/common.sh"

LEAKS=$DEBUGFS/kmemleak
LOST="kmalloc small zeroed bulk large pages half shrunk"

# It lists what it found unreferenced and some seconds old, twice.
scan()
{
	sleep 6
	for _ in 1 2; do
		echo scan >"$LEAKS" || fail "kmemleak has given up" || return 1
	done
}

plant()
{
	client_test kmemleak_plant "" || return 1
	# For scripts/ktap: the kernel log is to say how many are new.
	echo "rig: expect kmemleak" >/dev/kmsg
	scan && cat "$LEAKS" >"$tmp/leaks"
}

reap()
{
	client_test kmemleak_reap "heap client_leak: destroyed with" || return 1
	grep -q "heap client_leak_debug: destroyed with" "$tmp/said" ||
		fail "the debug heap had nothing left"
}

listed()
{
	grep -c " lost_$1+" "$tmp/leaks"
}

check_leaks()
{
	for kind in $LOST; do
		echo "lost_$kind is listed $(listed "$kind") times"
		[ "$(listed "$kind")" -gt 0 ] || return 1
	done
	all=$(grep -c "^unreferenced object" "$tmp/leaks")
	[ "$(listed ".*")" -eq "$all" ] || fail "not all $all were lost:" ||
		{ grep -B 12 "held_by_" "$tmp/leaks"; return 1; }
}

lists_what_is_lost()
{
	[ -w "$LEAKS" ] || skip "no kmemleak" || return
	plant || return 1
	check_leaks
	listed_status=$?
	reap && return "$listed_status"
}

# What went with a heap is forgotten: the same addresses come again.
forgets_what_goes_with_a_heap()
{
	[ -w "$LEAKS" ] || skip "no kmemleak" || return
	for round in 1 2; do
		echo "round $round"
		client_test kmemleak_plant "" || return 1
		reap || return 1
	done
	scan || return 1
	cat "$LEAKS" >"$tmp/leaks"
	! grep -B 12 "lost_\|held_by_" "$tmp/leaks" || fail "these are gone"
}

setup spanheap_client
run_tests lists_what_is_lost forgets_what_goes_with_a_heap
