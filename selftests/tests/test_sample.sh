#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The sample consumer: what it is told it finds again, whatever it is told.

. "$(dirname "$0")/common.sh"

heap=$HEAPS/sample

# answers NAME LINE...: exactly these lines are found, in any order.
answers()
{
	name=$1
	shift
	echo "$name" >"$SAMPLE/lookup" || return 1
	printf '%s\n' "$@" | sort >"$tmp/want"
	sort "$SAMPLE/lookup" >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got" || {
		echo "look-up of '$name' gave:"
		cat "$tmp/got"
		return 1
	}
}

entries()
{
	now=$(stat_of "$SAMPLE/stats" entries)
	[ "$now" -eq "$1" ] || fail "$now entries, not $1"
}

# Nothing is loaded, and nothing is held.
empty()
{
	echo >"$SAMPLE/clear" && entries 0 || return 1
	for name in objects object_bytes; do
		now=$(stat_of "$heap/stats" $name)
		[ "$now" -eq 0 ] || fail "$name is $now" || return 1
	done
	heaps_intact
}

sample_lookup()
{
	empty || return 1
	printf '%s\n' "1 T one" "2 t two [mod]" "3 T one" "short" "two words" \
		"a b c d e f" >"$SAMPLE/load" || return 1
	entries 6 && answers one "1 T one" "3 T one" &&
		answers two "2 t two [mod]" && answers short short &&
		answers "two words" "two words" && answers c "a b c d e f" &&
		answers T "not found" && answers on "not found" &&
		answers oneone "not found" && answers "" "not found" && empty &&
		answers one "not found"
}

# Lines that come in pieces are put together.
sample_pieces()
{
	empty || return 1
	(for piece in "1 T" " alp" "ha
2 T be" "ta
" "3 T gam" "ma"; do
		printf '%s' "$piece"
	done) >"$SAMPLE/load" || return 1
	entries 3 && answers alpha "1 T alpha" && answers beta "2 T beta" &&
		answers gamma "3 T gamma" && empty
}

# Byte by byte, and with a buffer end at every possible place of a line.
sample_buffers()
{
	empty || return 1
	awk 'BEGIN { for (i = 0; i < 500; i++) print i " T name" i }' >"$tmp/text"
	for bs in 3 1000 4095 4096 4097; do
		dd if="$tmp/text" of="$SAMPLE/load" bs=$bs 2>/dev/null ||
			fail "dd bs=$bs" || return 1
		entries 500 && answers name0 "0 T name0" &&
			answers name499 "499 T name499" && empty || return 1
	done
}

sample_no_newline()
{
	empty || return 1
	printf '1 T end' >"$SAMPLE/load" && entries 1 &&
		answers end "1 T end" && empty
}

sample_empty_writes()
{
	empty || return 1
	: >"$SAMPLE/load" && entries 0 &&
		printf '\n\n\n' >"$SAMPLE/load" && entries 0 &&
		printf '\n1 T x\n\n' >"$SAMPLE/load" && entries 1 && empty
}

# Up to 4095 bytes and a newline; a longer line is refused, those before stay.
sample_long_line()
{
	empty || return 1
	long=$(head -c 4089 /dev/zero | tr '\0' x)
	printf '1 T %s\n' "${long}yy" >"$SAMPLE/load" && entries 1 &&
		answers "${long}yy" "1 T ${long}yy" && empty || return 1

	! (printf '1 T first\n1 T %s\n' "${long}yyy" >"$SAMPLE/load") 2>/dev/null ||
		fail "a longer line was accepted" || return 1
	entries 1 && answers first "1 T first" || return 1
	! (head -c 100000 /dev/zero >"$SAMPLE/load") 2>/dev/null ||
		fail "an endless line was accepted" || return 1
	entries 1 && empty || return 1

	# An error ends the load: what follows in the same file is refused too.
	! (exec 3>"$SAMPLE/load"
	   echo "$long$long" >&3
	   echo "1 T after" >&3) 2>/dev/null || fail "it went on" || return 1
	entries 0
}

# Any bytes at all, with their number of lines.
sample_binary()
{
	empty || return 1
	head -c 100000 /dev/urandom >"$tmp/binary"
	cat "$tmp/binary" >"$SAMPLE/load" || return 1
	entries "$(tr '\000' x <"$tmp/binary" | grep -c .)" || return 1
	heaps_intact && empty || return 1
	printf '1 T a\000b\n' >"$SAMPLE/load" || return 1
	printf 'a\000b' >"$SAMPLE/lookup" || return 1
	[ "$(tr '\000' 0 <"$SAMPLE/lookup")" = "1 T a0b" ] ||
		fail "a line with a zero byte is not found" || return 1
	answers a "not found" && empty
}

sample_long_lookup()
{
	empty || return 1
	head -c 5000 /dev/zero | tr '\0' x >"$tmp/name"
	# In one write: a pipe would cut it into names that are short enough.
	! dd if="$tmp/name" of="$SAMPLE/lookup" bs=5000 count=1 2>/dev/null ||
		fail "a name of 5000 bytes was accepted"
}

# Two files open at once do not mix their lines.
sample_two_writers()
{
	empty || return 1
	exec 3>"$SAMPLE/load" 4>"$SAMPLE/load"
	printf '1 T fi' >&3
	printf '2 T sec' >&4
	printf 'rst\n' >&3
	printf 'ond\n' >&4
	exec 3>&- 4>&-
	entries 2 && answers first "1 T first" && answers second "2 T second" &&
		empty
}

# The module cannot go while a file is open, and takes all with it when it goes.
sample_unload()
{
	empty || return 1
	exec 3>"$SAMPLE/load"
	printf '1 T open' >&3
	if rmmod spanheap_sample 2>/dev/null; then
		exec 3>&-
		fail "unloaded with a file open"
		return 1
	fi
	exec 3>&-
	head -n 3000 /proc/kallsyms >"$SAMPLE/load" || return 1
	log_mark
	rmmod spanheap_sample || return 1
	[ ! -e "$heap" ] || fail "$heap is still there" || return 1
	! log_since | grep '^spanheap' || fail "unloading said this" || return 1
	load spanheap_sample && empty
}

# Load, clear, load, clear: the memory of one is that of the next.
sample_again()
{
	empty || return 1
	head -n 5000 /proc/kallsyms >"$tmp/text"
	for round in 1 2 3 4; do
		cat "$tmp/text" >"$SAMPLE/load" || return 1
		entries "$(wc -l <"$tmp/text")" || return 1
		sys=$(stat_of "$heap/stats" sys)
		[ "$round" -ne 1 ] || first=$sys
		# What CPUs keep for themselves may cost a step or two of 1 MiB.
		[ "$sys" -le $((first + 2 * 1048576)) ] ||
			fail "round $round took $sys, the first $first" ||
			return 1
		empty || return 1
	done
}

setup spanheap_sample
run_tests sample_lookup sample_pieces sample_buffers sample_no_newline \
	sample_empty_writes sample_long_line sample_binary sample_long_lookup \
	sample_two_writers sample_unload sample_again
