#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Everything at once, for MINUTES: the traffic of spanheap_soak, a CPU that goes
# and comes, memory that runs short, faults, consumers that are loaded and
# unloaded, and the checker over and over. scripts/soak runs it and watches the
# kernel log. Prints "soak: NAME VALUE" lines; fails when anything was wrong.

. "$(dirname "$0")/common.sh"

SOAK=$DEBUGFS/spanheap_soak
until=$(($(cut -d . -f 1 /proc/uptime) + ${MINUTES:-1} * 60))
mkdir "$tmp/count"

# Count a round of some kind; each kind has one process that does.
count()
{
	nr=0
	[ ! -f "$tmp/count/$1" ] || read -r nr <"$tmp/count/$1"
	echo $((nr + 1)) >"$tmp/count/$1"
}

# wrong WHAT: something is, and that is the end.
wrong()
{
	echo "soak: wrong $*"
	echo "spanheap_soak: error: $*" >/dev/kmsg
	: >"$tmp/wrong"
}

going_on()
{
	[ ! -e "$tmp/wrong" ] && [ "$(cut -d . -f 1 /proc/uptime)" -lt "$until" ]
}

toggle_cpus()
{
	while going_on; do
		for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do
			[ -w "$cpu" ] || return
			echo 0 >"$cpu"
			sleep 0.5
			echo 1 >"$cpu"
			sleep 1
		done
		count hotplug
	done
}

# Nearly all memory there is, for a moment. What a node keeps for the reserves
# grows with the traffic: not here.
press_memory()
{
	echo 0 >/proc/sys/vm/watermark_boost_factor
	mkdir "$tmp/hog"
	while going_on; do
		want=$(($(meminfo MemAvailable) * 4 / 5 / 1024))
		mount -t tmpfs -o size=100% hog "$tmp/hog"
		while going_on && [ "$want" -gt 0 ] && fallocate -l 8M "$tmp/hog/$want"; do
			want=$((want - 8))
		done
		count pressure
		sleep 1
		umount "$tmp/hog"
		sleep 8
	done
}

# set_faults PERCENT: of tasks that ask for it.
set_faults()
{
	for attr in fail_spanheap fail_page_alloc failslab; do
		[ -d "$DEBUGFS/$attr" ] || continue
		echo Y >"$DEBUGFS/$attr/task-filter"
		echo 0 >"$DEBUGFS/$attr/verbose"
		echo -1 >"$DEBUGFS/$attr/times"
		echo "$1" >"$DEBUGFS/$attr/probability"
	done
	[ ! -d "$DEBUGFS/fail_page_alloc" ] || echo 0 >"$DEBUGFS/fail_page_alloc/min-order"
}

# By turns: none, some of spanheap's and the kernel's, all requests slow.
inject_faults()
{
	[ -d "$DEBUGFS/fail_spanheap" ] || return
	while going_on; do
		for points in 0 14 15; do
			echo "$points" >"$DEBUGFS/fail_spanheap/points"
			set_faults $((points ? 2 : 0))
			sleep 5
		done
		count faults
	done
	set_faults 0
	echo 0 >"$DEBUGFS/fail_spanheap/points"
}

# Other users of the heap come and go.
use()
{
	load spanheap_ballast idle_ms=1000 &&
		echo 24M 0 >"$BALLAST/fill"
	echo 3 >"$BALLAST/drop" && echo 1 >"$BALLAST/drop" && rmmod spanheap_ballast &&
		load spanheap_sample && head -n 3000 /proc/kallsyms >"$SAMPLE/load" &&
		rmmod spanheap_sample &&
		load spanheap_client && echo objects_churn >"$CLIENT/run" &&
		echo realloc_contents >"$CLIENT/run" &&
		rmmod spanheap_client
}

come_and_go()
{
	while going_on; do
		use || wrong "a consumer failed"
		count consumers
		sleep 2
	done
}

# Every heap there is, some of which are just being destroyed.
check_heaps()
{
	while going_on; do
		for heap in "$HEAPS"/*/check; do
			cat "$heap" >"$tmp/check" 2>/dev/null || continue
			verdict=$(tail -n 1 "$tmp/check")
			[ -z "$verdict" ] || [ "$verdict" = ok ] || {
				echo 1 >"$SOAK/stop"
				wrong "$heap: $(head -n 20 "$tmp/check");" \
					"at rest: $(head -n 20 "$heap")"
			}
		done
		[ "$(stat_of "$SOAK/figures" errors)" = 0 ] || wrong "errors in the log"
		bad=$(stat_of "$HEAPS/default/stats" bad_frees)
		[ "$bad" = 0 ] || wrong "$bad frees were refused"
		meminfo MemAvailable >>"$tmp/available"
		count checks
		sleep 0.5
	done
}

figures()
{
	while read -r name value; do
		echo "soak: $name $value"
	done <"$SOAK/figures"
	for kind in "$tmp/count"/*; do
		echo "soak: $(basename "$kind") $(cat "$kind")"
	done
	echo "soak: available $(meminfo MemAvailable) KiB," \
		"least $(sort -n "$tmp/available" | head -n 1) KiB"
}

# Figures twice a minute; what does not end although it is time to is named.
show_progress()
{
	while [ ! -e "$tmp/over" ]; do
		sleep 30
		echo "soak: at $(cut -d . -f 1 /proc/uptime) s of $until:"
		figures | sed 's/^soak: //' | paste -s -d ,
		going_on || ps -o pid,stat,args
	done
}

load spanheap arena_mb=8 scavenge_ms=2000 && load spanheap_soak || exit 1
jobs_to_wait_for=
for kind in toggle_cpus press_memory inject_faults come_and_go check_heaps; do
	"$kind" &
	jobs_to_wait_for="$jobs_to_wait_for $!"
done
show_progress &
# shellcheck disable=SC2086	# words
wait $jobs_to_wait_for
: >"$tmp/over"
figures
[ "$(stat_of "$SOAK/figures" errors)" -eq 0 ] || wrong "errors"
# Now that nothing moves, all sums must be right.
echo 1 >"$SOAK/stop"
heaps_intact || wrong "a heap is not intact"
rmmod spanheap_soak || wrong "spanheap_soak does not unload"
heaps_intact || wrong "a heap is not intact in the end"
rmmod spanheap || wrong "spanheap does not unload"
[ ! -e "$tmp/wrong" ]
