#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Allocating and freeing in interrupts, on every CPU, and while CPUs go and come.

. "$(dirname "$0")/common.sh"

cpu1=/sys/devices/system/cpu/cpu1/online

# What an offline CPU held is not lost, and its return changes nothing.
context_hotplug()
{
	[ -w "$cpu1" ] || skip "no second CPU that can go offline" || return
	client_test context_threads "" || return 1
	echo 0 >"$cpu1" || return 1
	heaps_intact && client_test context_threads "" && heaps_intact
	status=$?
	echo 1 >"$cpu1" || return 1
	[ "$status" -eq 0 ] || return 1
	heaps_intact && client_test context_threads ""
}

# CPUs come and go while all of them allocate.
context_hotplug_busy()
{
	[ -w "$cpu1" ] || skip "no second CPU that can go offline" || return
	: >"$tmp/busy"
	(while [ -e "$tmp/busy" ]; do
		echo 0 >"$cpu1"
		echo 1 >"$cpu1"
	done) &
	toggler=$!
	client_test context_threads "" && client_test context_other_cpu ""
	status=$?
	rm "$tmp/busy"
	wait "$toggler"
	return "$status"
}

# Reading the debugfs files while heaps are busy.
context_debugfs()
{
	: >"$tmp/busy"
	(while [ -e "$tmp/busy" ]; do
		cat "$HEAPS"/*/* >"$tmp/read" 2>/dev/null
	done) &
	reader=$!
	client_test context_threads ""
	status=$?
	rm "$tmp/busy"
	wait "$reader"
	return "$status"
}

client_tests context context_hotplug context_hotplug_busy context_debugfs
