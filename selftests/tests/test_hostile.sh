#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Every mistake that users of a heap make is caught as the tables of misuse.rst
# say. They are read from there, so that they are true.

. "$(dirname "$0")/common.sh"

# What this needs of the kernel log, as it comes, so that each look at it is
# cheap.
follow_log()
{
	: >"$tmp/kmsg"
	cat /dev/kmsg >"$tmp/pipe" 2>/dev/null &
	follower=$!
	awk '/;(spanheap|spanheap_hostile|test_hostile): / { print; fflush() }' \
		<"$tmp/pipe" >"$tmp/kmsg" &
	exec 5<"$tmp/kmsg"
}

# said: what spanheap has said since the last call, in $tmp/said.
said()
{
	mark=$((mark + 1))
	echo "test_hostile: mark $mark" >/dev/kmsg
	: >"$tmp/said"
	waited=0
	while [ "$waited" -lt 1000 ]; do
		if ! read -r record <&5; then
			waited=$((waited + 1))
			# At first it is a matter of moments.
			[ "$waited" -lt 100 ] || usleep 10000
			continue
		fi
		case $record in
		*";test_hostile: mark $mark")	return ;;
		*";spanheap: "*)	echo "${record#*;spanheap: }" >>"$tmp/said" ;;
		*";spanheap_hostile: "*)	echo "${record#*;}" ;;
		esac
	done
	fail "the kernel log lags"
}

# has PATTERN: whether a line was said that begins so; * is anything.
has()
{
	while read -r line; do
		# shellcheck disable=SC2254	# it is a pattern
		case $line in
		$1*)	return ;;
		esac
	done <"$tmp/said"
	return 1
}

# as_expected WHAT: whether what was said is what a cell of the table says: a
# message in ``...``, several of them joined by "and" or "or"; anything else
# means none.
# shellcheck disable=SC2016	# nothing there is to be expanded
as_expected()
{
	case $1 in
	*'`` and ``'*)
		as_expected "${1%%"\`\` and \`\`"*}\`\`" &&
			as_expected "\`\`${1#*"\`\` and \`\`"}"
		;;
	*'`` or ``'*)
		as_expected "${1%%"\`\` or \`\`"*}\`\`" ||
			as_expected "\`\`${1#*"\`\` or \`\`"}"
		;;
	'``'*'``')
		pattern=${1#\`\`}
		has "${pattern%\`\`}"
		;;
	*)
		[ ! -s "$tmp/said" ]
		;;
	esac
}

# mistake NAME KIND EXPECTED
mistake()
{
	for try in 1 2 3; do
		# Reports are limited in rate.
		[ "$try" -eq 1 ] || sleep 1
		echo "$1 $2" >"$HOSTILE/run" || {
			said
			cat "$tmp/said"
			return 1
		}
		said
		heaps_intact || return 1
		! as_expected "$3" || return 0
	done
	echo "expected: $3"
	echo "but spanheap said:"
	head -n 5 "$tmp/said"
	return 1
}

# judge NAME KIND EXPECTED: one KTAP line. Unlike run_one without a process.
judge()
{
	if mistake "$@" >"$tmp/output" 2>&1; then
		ktap_test_pass "$1, $2 heap"
	else
		sed 's/^/# /' "$tmp/output"
		ktap_test_fail "$1, $2 heap"
	fi
}

# judge_unless_kasan NAME KIND EXPECTED KASAN: what KASAN alone reports is made by
# test_kasan.sh, in a boot of its own.
# shellcheck disable=SC2016	# nothing there is to be expanded
judge_unless_kasan()
{
	case $kasan:$3:$4 in
	'yes:not seen:``'*)
		ktap_test_skip "$1, $2 heap: KASAN reports it, see test_kasan.sh"
		;;
	*)
		judge "$1" "$2" "$3"
		;;
	esac
}

# The tables have every mistake there is, once.
tables_are_complete()
{
	misuse_rows | sed 's/|.*//' | sort >"$tmp/documented"
	sort "$HOSTILE/list" >"$tmp/made"
	cmp -s "$tmp/documented" "$tmp/made" && return
	diff "$tmp/documented" "$tmp/made"
	return 1
}

# An unknown mistake, or kind of heap, is an error and no passed test.
nothing_is_made_up()
{
	! echo "no_such_mistake ordinary" >"$HOSTILE/run" || return 1
	! echo "double_free peculiar" >"$HOSTILE/run" || return 1
	[ "$(misuse_rows | wc -l)" -ge 40 ] || fail "only $(misuse_rows | wc -l) mistakes"
}

setup spanheap_hostile
misuse_rows >"$tmp/rows"
mark=0
mkfifo "$tmp/pipe"
follow_log

kasan=no
! has_kasan || kasan=yes

ktap_print_header
ktap_set_plan $((2 * $(wc -l <"$tmp/rows") + 2))
run_one tables_are_complete tables_are_complete
run_one nothing_is_made_up nothing_is_made_up
while IFS='|' read -r name ordinary debug reported; do
	judge_unless_kasan "$name" ordinary "$ordinary" "$reported"
done <"$tmp/rows"
# Afresh: what is said once is to be said again.
unload_all && load spanheap && load spanheap_hostile
while IFS='|' read -r name ordinary debug reported; do
	judge_unless_kasan "$name" debug "$debug" "$reported"
done <"$tmp/rows"
kill "$follower"
unload_all
ktap_finished
