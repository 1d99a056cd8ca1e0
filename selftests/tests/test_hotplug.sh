#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A CPU that goes and comes, ten times a second and more, while all of them
# allocate. HOTPLUG_SECONDS says how long.

. "$(dirname "$0")/common.sh"

# A kernel that checks everything takes long enough for all else.
seconds=30
! slow_kernel || seconds=5
seconds=${HOTPLUG_SECONDS:-$seconds}
cpu1=/sys/devices/system/cpu/cpu1/online

if [ ! -w "$cpu1" ]; then
	ktap_print_header
	ktap_skip_all "no second CPU that can go offline"
	exit "$KSFT_SKIP"
fi

# Rounds go to $tmp/rounds. Every round waits for several grace periods, which
# take most of its time unless they are expedited.
toggle()
{
	rounds=0
	renice -n -20 -p "$(exec sh -c 'echo $PPID')" >/dev/null
	echo 1 >/sys/kernel/rcu_expedited
	while [ -e "$tmp/busy" ]; do
		echo 0 >"$cpu1" || break
		echo 1 >"$cpu1" || break
		rounds=$((rounds + 1))
		echo "$rounds" >"$tmp/rounds"
		usleep 20000
	done
	echo 0 >/sys/kernel/rcu_expedited
	echo 1 >"$cpu1" 2>/dev/null
}

# Threads that check what they allocated, and scavenges in between.
load_until()
{
	while [ "$(cut -d . -f 1 /proc/uptime)" -lt "$1" ]; do
		client_test context_threads "" || return 1
		echo 1 >"$HEAPS/client/scavenge" || return 1
	done
}

hotplug_load()
{
	: >"$tmp/busy"
	toggle &
	toggler=$!
	read -r start _ </proc/uptime
	load_until $((${start%.*} + seconds))
	status=$?
	rm "$tmp/busy"
	wait "$toggler"
	awk -v start="$start" -v rounds="$(cat "$tmp/rounds")" '{
		printf "%d rounds in %.1f s, %.1f a second\n", rounds, $1 - start,
			rounds / ($1 - start)
	}' /proc/uptime
	[ "$(cat "$cpu1")" -eq 1 ] || fail "CPU 1 did not come back" || return 1
	heaps_intact && return "$status"
}

# What a CPU held when it went is found by a scavenge without it.
hotplug_giveback()
{
	client_test context_threads "" || return 1
	echo 0 >"$cpu1" || return 1
	echo 1 >"$HEAPS/client/scavenge"
	cached=$(stat_of "$HEAPS/client/stats" cached_bytes)
	resident=$(stat_of "$HEAPS/client/stats" resident)
	echo 1 >"$cpu1"
	[ "$cached" -eq 0 ] && [ "$resident" -lt 1048576 ] ||
		fail "$cached bytes cached, $resident resident" || return 1
	heaps_intact
}

setup spanheap_client
run_tests hotplug_giveback hotplug_load
