#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory pressure: a heap full of idle memory beside somebody who needs all the
# memory there is.

. "$(dirname "$0")/common.sh"

heap=$HEAPS/ballast
hog=$tmp/hog

resident_mib()
{
	echo $(($(stat_of "$heap/stats" resident) / 1048576))
}

# Take MIB of memory, as files of a tmpfs, which are never swapped here.
hog()
{
	# Not a reserve against fragmentation, which grows with the traffic.
	echo 0 >/proc/sys/vm/watermark_boost_factor
	mkdir "$hog" && mount -t tmpfs -o size=100% hog "$hog" || return 1
	count=0
	while [ "$count" -lt "$1" ]; do
		fallocate -l $((16 << 20)) "$hog/$count" || return 1
		count=$((count + 16))
	done
}

unhog()
{
	umount "$hog" && rmdir "$hog"
}

# The heap holds up to 512 MiB, most of it idle; the hog wants all but a tenth of
# what was free before that. It gets it, nobody is killed, and what is in use
# stays as it is.
pressure_hog()
{
	free=$(($(meminfo MemAvailable) / 1024))
	idle=$((free * 6 / 10))
	[ "$idle" -lt 512 ] || idle=512
	! slow_kernel || [ "$idle" -lt 192 ] || idle=192
	# Each CPU keeps some free pages to itself.
	want=$((free * 9 / 10 - 8 * $(nproc)))

	log_mark
	echo "${idle}M 64K" >"$BALLAST/fill" && echo 1 >"$BALLAST/drop" || return 1
	echo "16M 0" >"$BALLAST/fill" && echo 2 >"$BALLAST/drop" || return 1
	before=$(resident_mib)
	status=0
	hog "$want" || fail "the hog does not get $want MiB" || status=1
	after=$(resident_mib)
	unhog

	echo "$free MiB free, heap idle with $before MiB, hog of $want MiB:" \
		"heap has $after MiB"
	grep -E '^(pressure_bytes|shootdowns|busy_us)' "$heap/scavenger"
	[ "$(stat_of "$heap/scavenger" pressure_bytes)" -gt 0 ] ||
		fail "nothing given back under pressure" || status=1
	[ "$after" -lt "$before" ] || fail "the heap did not shrink" || status=1
	! log_since | grep -iE 'out of memory|oom-kill|killed process' ||
		fail "somebody was killed" || status=1
	echo 1 >"$BALLAST/drop" || fail "an object in use has changed" || status=1
	heaps_intact && return "$status"
}

setup spanheap_ballast
run_tests pressure_hog
