#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Allocations where reclaim is forbidden in part, and inside reclaim.

. "$(dirname "$0")/common.sh"

# All shrinkers are called, again and again, while every CPU allocates.
reclaim_busy()
{
	[ -w /proc/sys/vm/drop_caches ] || skip "no drop_caches" || return
	: >"$tmp/busy"
	(while [ -e "$tmp/busy" ]; do
		echo 2 >/proc/sys/vm/drop_caches
	done) &
	reclaimer=$!
	client_test context_threads ""
	status=$?
	rm "$tmp/busy"
	wait "$reclaimer"
	return "$status"
}

# Small ones, so that every other allocation needs another.
ARENA_MB=1
client_tests reclaim reclaim_busy
