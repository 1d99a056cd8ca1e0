#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Debug heaps: writes beside and after objects are seen, live objects listed.

. "$(dirname "$0")/common.sh"

# With debug=1 the default heap is one, and says who has what of it.
debug_default()
{
	unload_all && load spanheap debug=1 quarantine_kb=64 &&
		load spanheap_client || return 1
	[ "$(cat /sys/module/spanheap/parameters/debug)" = Y ] || return 1
	[ "$(stat -c %a "$HEAPS/default/objects")" = 400 ] ||
		fail "objects has mode $(stat -c %a "$HEAPS/default/objects")" || return 1
	cat "$HEAPS/default/objects" >"$tmp/objects" || return 1
	grep -q 'object .*bytes .*age_ms' "$tmp/objects" || fail "no heading" ||
		return 1
	no_addresses "$tmp/objects" || return 1
	client_test objects_array "" && heaps_intact
}

# No other heap has the file.
debug_objects_only_there()
{
	unload_all && load spanheap && load spanheap_client || return 1
	client_test heap_stats "" || return 1
	[ ! -e "$HEAPS/default/objects" ] || fail "an ordinary heap has objects"
}

client_tests debug debug_default debug_objects_only_there
