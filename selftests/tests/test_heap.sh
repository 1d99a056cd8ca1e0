#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Making and destroying heaps.

. "$(dirname "$0")/common.sh"

# A leak report says how much of what sizes, and hides addresses.
heap_leak_report()
{
	log_mark
	echo heap_destroy_leaks >"$CLIENT/run" || return 1
	log_since | grep '^spanheap: heap leaky: ' >"$tmp/said"
	grep -q ' 7 objects of [0-9]* bytes' "$tmp/said" ||
		fail "not how many and how much" || return 1
	for what in 'size class 8$' 'size class 4096$' '2 large'; do
		grep -q "$what" "$tmp/said" || fail "nothing of '$what'" ||
			return 1
	done
	no_addresses "$tmp/said"
}

# A heap that nobody destroys has a folder; one that was destroyed has none.
heap_folders()
{
	echo heap_two >"$CLIENT/run" || return 1
	[ -d "$HEAPS/client" ] || fail "no folder for a live heap" || return 1
	[ ! -e "$HEAPS/other" ] || fail "a folder for a dead heap"
}

client_tests heap heap_leak_report heap_folders
