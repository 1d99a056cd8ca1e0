#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# KASAN reports wrong accesses to ordinary heaps as the last column of a table in
# misuse.rst says: once, where they are made, and no others.
#
# After the first report KASAN is silent and the kernel is tainted, so this needs
# a boot of its own, with kasan_multi_shot.

. "$(dirname "$0")/common.sh"

# The rows that have a column for KASAN, as name|KASAN
rows()
{
	misuse_rows | awk -F '|' 'NF == 4 { print $1 "|" $4 }'
}

# reports: what KASAN has reported since the mark.
reports()
{
	log_since | sed -n 's/^BUG: KASAN: //p'
}

# A line of the log for who judges it: the next report that begins so is meant.
# shellcheck disable=SC2016	# nothing there is to be expanded
expect()
{
	case $1 in
	'``'*'``')
		expected=${1#\`\`}
		expected=${expected%\`\`}
		echo "rig: expect kasan: $expected" >/dev/kmsg
		;;
	*)
		expected=
		;;
	esac
}

# mistake NAME CELL
mistake()
{
	log_mark
	expect "$2"
	status=0
	echo "$1 ordinary" >"$HOSTILE/run" || status=1
	echo "rig: no more expected" >/dev/kmsg
	reports >"$tmp/reports"
	heaps_intact || status=1
	if [ -z "$expected" ]; then
		[ ! -s "$tmp/reports" ] || status=1
	else
		[ "$(wc -l <"$tmp/reports")" -eq 1 ] || status=1
		grep -q "^$expected+" "$tmp/reports" || status=1
	fi
	[ "$status" -eq 0 ] || cat "$tmp/reports"
	return "$status"
}

# The function that made the mistake is in the stack.
# shellcheck disable=SC2016	# nothing there is to be expanded
report_says_who_did_it()
{
	log_mark
	expect '``use-after-free in hostile_write``'
	echo "write_after_free ordinary" >"$HOSTILE/run" || return 1
	echo "rig: no more expected" >/dev/kmsg
	log_since >"$tmp/report"
	! grep -q ' write_after_free+.*\[spanheap_hostile\]' "$tmp/report" ||
		! grep -q '^Write of size 8 at addr ' "$tmp/report" ||
		return 0
	cat "$tmp/report"
	return 1
}

# explained MISTAKE REPORT WHAT: a line after the report says whose memory it is.
explained()
{
	log_mark
	expect "$2"
	echo "$1 ordinary" >"$HOSTILE/run" || return 1
	echo "rig: no more expected" >/dev/kmsg
	log_since >"$tmp/report"
	! grep -q "^spanheap: that address is at offset $3\$" "$tmp/report" || return 0
	grep '^spanheap: ' "$tmp/report"
	fail "$1: not explained"
}

# shellcheck disable=SC2016	# nothing there is to be expanded
report_says_whose_memory_it_is()
{
	explained write_after_free '``use-after-free in hostile_write``' \
		"8 of a free object, heap hostile, size class 64" || return 1
	explained overflow_in_slack '``vmalloc-out-of-bounds in hostile_write``' \
		"52 of a live object, heap hostile, size class 64" || return 1
	explained overflow_in_slack_large '``vmalloc-out-of-bounds in hostile_write``' \
		"50000 of a live large object, heap hostile" || return 1
	explained read_after_free_large '``use-after-free in hostile_read``' \
		"4096 of free pages, heap hostile"
}

# As many as the table is meant to have of either kind.
# shellcheck disable=SC2016	# nothing there is to be expanded
table_is_complete()
{
	if [ "$(rows | grep -c '``')" -lt 8 ] || [ "$(rows | grep -c 'not seen')" -lt 8 ]; then
		fail "that is not the table: $(rows)"
	fi
}

unfit=
has_kasan || unfit="this kernel has no KASAN"
[ -n "$unfit" ] || grep -qw kasan_multi_shot /proc/cmdline ||
	unfit="the boot parameter kasan_multi_shot is missing: run the lane kasan"
if [ -n "$unfit" ]; then
	ktap_print_header
	ktap_skip_all "$unfit"
	exit
fi

setup spanheap_hostile
rows >"$tmp/rows"
ktap_print_header
ktap_set_plan $(($(wc -l <"$tmp/rows") + 3))
run_one table_is_complete table_is_complete
while IFS='|' read -r name cell; do
	run_one "$name" mistake "$name" "$cell"
done <"$tmp/rows"
run_one report_says_who_did_it report_says_who_did_it
run_one report_says_whose_memory_it_is report_says_whose_memory_it_is
unload_all
ktap_finished
