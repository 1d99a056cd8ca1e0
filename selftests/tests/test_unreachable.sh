#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The list of objects that nothing refers to: by the call, and by the file of a heap.

. "$(dirname "$0")/common.sh"

heap=$HEAPS/sample

# logged TEXT: since log_mark, a line of the heap's begins so.
logged()
{
	log_since >"$tmp/log"
	grep -q "^spanheap: heap sample: $1" "$tmp/log" || {
		echo "no line \"$1\" but:"
		cat "$tmp/log"
		return 1
	}
}

# address_of SYMBOL [MODULE]: a variable; none where the kernel does not list them.
address_of()
{
	awk -v name="$1" -v module="${2:+[$2]}" '
		$3 == name && $4 == module { print $1 }' /proc/kallsyms
}

# From the table of the sample all can be reached, from a word that is no reference
# nothing. Its entries refer to each other: without any root none is listed.
unreachable_lists()
{
	table=$(address_of buckets spanheap_sample)
	nothing=$(address_of linux_banner)
	[ -n "$table" ] && [ -n "$nothing" ] || skip "no variables in kallsyms" || return
	printf '%s\n' "1 T one" "2 T two" "3 T three" >"$SAMPLE/load" || return 1
	log_mark
	printf '%s\n' "$nothing" "" "0x$table" >"$heap/unreachable" || return 1
	logged "no unreachable objects" || return 1
	log_mark
	echo >"$heap/unreachable" || return 1
	logged "no unreachable objects" || return 1
	log_mark
	echo "$nothing" >"$heap/unreachable" || return 1
	logged "[1-9][0-9]* objects of [0-9]* bytes that only unreachable objects refer to$" &&
		logged "  [1-9][0-9]* of [0-9]* bytes" || return 1
	echo >"$SAMPLE/clear" || return 1
	heaps_intact
}

# refuses TEXT WHY: what is written is refused, for that reason.
refuses()
{
	! (echo "$1" >"$heap/unreachable") 2>"$tmp/said" ||
		fail "'$1' is taken" || return 1
	grep -q "$2" "$tmp/said" || fail "'$1': $(cat "$tmp/said"), not $2"
}

unreachable_bad_input()
{
	refuses "roots" "Invalid argument" && refuses "-1" "Invalid argument" &&
		refuses "ffffffffffffffffffff" "Invalid argument" || return 1
	log_mark
	refuses "8" "Bad address" &&
		logged "root 0 of 1 is not the address of a pointer" || return 1
	! cat "$heap/unreachable" 2>/dev/null || fail "it can be read" || return 1
	! dd if=/dev/zero of="$heap/unreachable" bs=100000 count=1 2>/dev/null ||
		fail "more than 64 KiB are taken" || return 1
	! dd if=/dev/zero of="$heap/unreachable" bs=10 count=1 2>/dev/null ||
		fail "NULs are taken" || return 1
	heaps_intact
}

setup spanheap_sample
run_tests unreachable_lists unreachable_bad_input
