#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Managed heaps: a list that nobody frees, what is refused, and the files of such a heap.

. "$(dirname "$0")/common.sh"

heap=$HEAPS/managed

# shows FILE REGEX: some line of it does.
shows()
{
	grep -Eq "$2" "$heap/$1" || {
		echo "no line \"$2\" in $1 but:"
		cat "$heap/$1"
		return 1
	}
}

# 100 objects of a type are in use, and 50 were freed.
managed_files_tell()
{
	echo managed_files >"$CLIENT/run" || return 1
	shows types "^ +100 +1600 +[1-9][0-9]* +150 +16 +1 exact link$" &&
		shows gc "^phase idle$" && shows gc "^cycles [1-9]" &&
		shows gc "^percent off$" && shows gc "^freed_objects 50$" &&
		shows gc "^roots 1$" && shows gc "^pins 1$" && shows gc "^wrong 0$" &&
		shows verify "^ok: 100 reached, 0 others$" &&
		shows check "^ok$" && shows stats "^objects 100$" &&
		shows config "^flags managed$" || return 1
	[ ! -e "$heap/unreachable" ] || fail "a managed heap lists unreachable objects" || return 1
	log_mark
	echo managed_pin_left_behind >"$CLIENT/run" || return 1
	[ ! -e "$heap" ] || fail "the heap is still there" || return 1
	log_since | grep -q "heap managed: destroyed with 1 objects that are pinned" ||
		fail "the pin was not reported"
}

client_tests managed managed_files_tell
