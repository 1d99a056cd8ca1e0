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

# listed BYTES SIZE: so many bytes of objects are, each of that size, and below
# each the functions of the module that allocated it.
listed()
{
	cat "$HEAPS/ballast/objects" >"$tmp/objects" || return 1
	no_addresses "$tmp/objects" || return 1
	awk -v want="$1" -v size="$2" '
		NR == 1 { next }
		/^ +[0-9a-f]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+$/ {
			if ($2 != size)
				wrong("an object of " $2 " bytes")
			if (nr++ && !by)
				wrong("an object by nobody")
			bytes += $2
			by = 0
			next
		}
		/^    [^ ]+\+0x[0-9a-f]+\/0x[0-9a-f]+( \[[a-z_]+\])?$/ {
			by += / (fill|add_object|write_fill).*\[spanheap_ballast\]$/
			next
		}
		{ wrong("no line of this file: " $0) }
		function wrong(what) { if (!said++) print what }
		END {
			if (nr && !by)
				wrong("the last object is by nobody")
			if (bytes + 0 != want)
				wrong(bytes + 0 " bytes, not " want)
		}' "$tmp/objects" >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || { cat "$tmp/wrong"; return 1; }
}

# Who has what: more of it than one reading brings, and less when it is freed.
debug_objects_listed()
{
	unload_all && load spanheap && load spanheap_ballast debug=1 || return 1
	listed 0 0 || return 1
	echo "200000 1000" >"$BALLAST/fill"
	listed 200000 1000 || return 1
	echo 2 >"$BALLAST/drop"
	listed 100000 1000 || return 1
	echo 1 >"$BALLAST/drop"
	listed 0 0 && heaps_intact
}

client_tests debug debug_default debug_objects_only_there debug_objects_listed
