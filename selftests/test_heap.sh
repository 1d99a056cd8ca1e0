#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Making and destroying heaps.

. "$(dirname "$0")/common.sh"

# What a leak report must say: the heap, how many objects, how many bytes.
heap_leak_report()
{
	log_mark
	echo heap_destroy_leaks >"$CLIENT/run" || return 1
	log_since | grep '^spanheap: ' >"$tmp/said"
	grep -q 'leaky.*leak\|leak.*leaky' "$tmp/said" ||
		fail "the report does not name the heap" || return 1
	grep 'leaky' "$tmp/said" | grep -q '7 objects' ||
		fail "the report does not say 7 objects" || return 1
	! grep -E 'ffff[0-9a-f]{12}' "$tmp/said" || fail "that is a raw address"
}

# A heap that nobody destroys has a folder; one that was destroyed has none.
heap_folders()
{
	echo heap_two >"$CLIENT/run" || return 1
	[ -d "$HEAPS/client" ] || fail "no folder for a live heap" || return 1
	[ ! -e "$HEAPS/other" ] || fail "a folder for a dead heap"
}

client_tests heap heap_leak_report heap_folders
